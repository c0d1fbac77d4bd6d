"""The differential equations of one part, as solvers look at them."""

import ast
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property

from ..errors import EquationError
from .affine import Affine, affine
from .checking import Checked
from .expressions import RANDOM, calls, names, substitute
from .inference import is_noise
from .text import Variable
from .updates import Lines

HELD = "not_refractory"


@dataclass(frozen=True)
class System:
    """Equations that advance together, with subexpressions and the names that stay constant.

    Parameters
    ----------
    equations
        Right-hand side of each differential equation that is not event-driven, in internal units.
    held
        Variables that stand still during refractoriness.
    subexpressions
        In dependency order, without those that are constant during the run (these are put in).
    sampled
        Subexpressions that keep the value of the step's beginning.
    constants, inputs
        Names that do not change during a run; parameters and outside names that do, but not within a step.
    where
        The part, for error messages.
    """

    equations: dict[str, ast.expr]
    held: frozenset[str]
    subexpressions: dict[str, ast.expr]
    sampled: frozenset[str]
    constants: frozenset[str]
    inputs: frozenset[str]
    where: str

    @cached_property
    def noise(self) -> tuple[str, ...]:
        """The noise terms, ``xi`` or ``xi_<name>``."""
        found = {name for expr in self.equations.values() for name in names(expr) if is_noise(name)}
        return tuple(sorted(found))

    def inlined(self, expr: ast.expr, keep: Collection[str] = ()) -> ast.expr:
        """The expression with subexpressions put in, but those in ``keep`` and the sampled ones."""
        for name in reversed(self.subexpressions):
            if name not in keep and name not in self.sampled:
                expr = substitute(expr, {name: self.subexpressions[name]})
        return expr

    def reads(self, expr: ast.expr) -> frozenset[str]:
        """Names that an expression depends on, directly or through subexpressions."""
        found = names(expr)
        for name in reversed(self.subexpressions):
            if name in found:
                found |= names(self.subexpressions[name])
        return found

    def independent(self, variable: str) -> frozenset[str]:
        """Subexpressions that do not depend on ``variable``, which an analysis need not look into."""
        return frozenset(n for n, expr in self.subexpressions.items() if variable not in self.reads(expr))

    def affine_in(self, variable: str) -> Affine | None:
        """The equation of a variable as an affine function of that variable alone, or None."""
        return affine(self.inlined(self.equations[variable], self.independent(variable)), {variable})

    def needed(self, used: frozenset[str]) -> Lines:
        """The subexpressions that ``used`` calls for, in order, each under its own name."""
        wanted = set(used)
        for name in reversed(self.subexpressions):
            if name in wanted:
                wanted |= names(self.subexpressions[name])
        return [(name, expr) for name, expr in self.subexpressions.items() if name in wanted]


def system(checked: Checked, constant: Collection[str] = ()) -> System:
    """The clock-driven equations of a part.

    Parameters
    ----------
    checked
        The checked texts.
    constant
        Parameters that do not change during a run although they are not flagged so.
    """
    every = checked.equations
    driven = {n for n, v in every.differential.items() if "event-driven" in v.flags}
    advancing = {name: v for name, v in every.differential.items() if name not in driven}
    constants = (
        checked.free | set(constant) | {n for n, v in every.parameters.items() if "constant" in v.flags}
    )
    subexpressions: dict[str, ast.expr] = {}
    fixed: dict[str, ast.expr] = {}
    for name, variable in every.subexpressions.items():
        expr = substitute(_right(variable), fixed)
        known = names(expr) <= constants | {"dt"} and not set(calls(expr)) & RANDOM
        (fixed if known else subexpressions)[name] = expr
    equations = {name: substitute(_right(v), fixed) for name, v in advancing.items()}
    special = {"t", "dt", "i", "N", "lastspike", HELD, "inf"}
    outside = set(checked.dimensions) - set(every.variables) - checked.free - special
    inputs = (set(every.parameters) | outside | {"i", "N", "lastspike", HELD}) - constants
    whole = System(
        equations=equations,
        held=frozenset(n for n, v in advancing.items() if "unless refractory" in v.flags),
        subexpressions=subexpressions,
        sampled=frozenset(n for n, v in every.subexpressions.items() if "constant over dt" in v.flags)
        - set(fixed),
        constants=frozenset(constants),
        inputs=frozenset(inputs),
        where=checked.where,
    )
    _refuse_event_driven(whole, driven)
    return whole


def _right(variable: Variable) -> ast.expr:
    if variable.expression is None:
        raise EquationError(f"{variable.name} has no right-hand side")
    return variable.expression


def _refuse_event_driven(whole: System, driven: set[str]) -> None:
    for name, expr in whole.equations.items():
        stale = sorted(whole.reads(expr) & driven)
        if stale:
            raise EquationError(
                f"{whole.where or 'equations'}: d{name}/dt reads {stale[0]}, which is event-driven "
                "and so only known at events; make it clock-driven"
            )
