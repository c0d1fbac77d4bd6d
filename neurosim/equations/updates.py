"""What a solver returns: the text of one step, and the numbers that text needs."""

import ast
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..errors import DescriptionError
from . import trees
from .evaluator import evaluate
from .expressions import RANDOM, calls, children, names, rebuilt, unparse
from .text import Assign

Values = Mapping[str, Any]
Compute = Callable[[Values, float], dict[str, Any]]
Lines = list[tuple[str, ast.expr]]


@dataclass(frozen=True)
class Update:
    """One step of the equations as text.

    Parameters
    ----------
    method, reason
        The solver, and why it was taken.
    body
        Assignments in order, all with ``=``. A target that begins with an underscore is local to the step.
        Names in the values: variables, constants, coefficients, earlier locals, and ``t``, ``dt``,
        ``not_refractory`` where needed.
    coefficients
        Names in the body that are numbers (or one per neuron) fixed before the run.
    compute
        ``compute(values, dt)`` gives the coefficients from the values of constants and parameters, each a
        number or an (N,) array, and the step, ms. Arrays come out only where arrays went in.
    reads
        Names of the constants that ``compute`` uses.
    """

    method: str
    reason: str
    body: tuple[Assign, ...]
    coefficients: tuple[str, ...] = ()
    compute: Compute = field(default=lambda values, dt: {}, repr=False, compare=False)
    reads: tuple[str, ...] = field(default=(), repr=False, compare=False)

    def numbers(self, values: Values, dt: float, where: str) -> dict[str, Any]:
        """The coefficients as ``compute`` gives them, all finite.

        Raises
        ------
        DescriptionError
            When one is not; it names ``where``, the solver, and the values that it computed from.
        """
        with np.errstate(all="ignore"):
            found = self.compute(values, dt)
            for value in found.values():
                bad = ~np.isfinite(value)
                if np.any(bad):
                    got = float(np.asarray(value)[bad].flat[0])
                    given = ", ".join(f"{name} = {_brief(values[name])}" for name in self.reads if name in values)
                    raise DescriptionError(
                        f"{where}: the solver {self.method!r} must have finite numbers for a step of {dt:g} ms, "
                        f"got {got} from {given}"
                    )
        return found

    def __str__(self) -> str:
        return "\n".join([f"# {self.method}: {self.reason}", *map(str, self.body)])


class Hoist:
    """Takes what is constant during a run out of the step, as named coefficients.

    Parameters
    ----------
    constants
        Names that do not change during a run; ``dt`` is one of them.
    """

    def __init__(self, constants: Iterable[str]):
        self._constants = frozenset(constants) | {"dt"}
        self._found: dict[str, tuple[str, ast.expr]] = {}

    def is_constant(self, expr: ast.expr) -> bool:
        """Whether the value is the same in every step."""
        return names(expr) <= self._constants and not set(calls(expr)) & RANDOM

    def hoisted(self, expr: ast.expr) -> ast.expr:
        """The expression with its largest constant parts replaced by coefficients."""
        inner = children(expr)
        if not inner:
            return expr
        if names(expr) and self.is_constant(expr):
            # a sign in front stays, so that one coefficient serves both signs
            if isinstance(expr, ast.UnaryOp) and isinstance(expr.op, ast.USub) and not children(expr.operand):
                return expr
            text = unparse(expr)
            name, _ = self._found.setdefault(text, (f"_c{len(self._found)}", expr))
            return trees.name(name)
        return rebuilt(expr, [self.hoisted(child) for child in inner])

    def update(self, method: str, reason: str, lines: Lines) -> Update:
        """The update whose body is ``lines``, with everything constant taken out."""
        body = tuple(Assign(target, "=", unparse(self.hoisted(expr))) for target, expr in lines)
        found = dict(self._found.values())

        def compute(values: Values, dt: float) -> dict[str, Any]:
            env = {**values, "dt": dt}
            values_of = {name: evaluate(expr, env) for name, expr in found.items()}
            return {name: value if np.ndim(value) else float(value) for name, value in values_of.items()}

        read = frozenset().union(*(names(expr) for expr in found.values())) - {"dt"}
        return Update(method, reason, body, tuple(found), compute, tuple(sorted(read)))


def _brief(value: Any) -> str:
    numbers = np.asarray(value)
    return f"{float(numbers):g}" if not numbers.ndim else f"{np.min(numbers):g} to {np.max(numbers):g}"


def assigned(updates: Mapping[str, ast.expr], before: Mapping[str, Lines] | None = None) -> Lines:
    """Lines that give each variable its new value, all computed from the old ones.

    A variable is assigned at once when no later line reads its old value, else through a local.
    ``before`` holds lines that belong in front of a variable's own.
    """
    lines: Lines = []
    late: Lines = []
    order = list(updates)
    for position, variable in enumerate(order):
        own = (before or {}).get(variable, [])
        lines += own
        later = [updates[name] for name in order[position + 1 :]]
        later += [expr for name in order[position + 1 :] for _, expr in (before or {}).get(name, [])]
        if any(variable in names(expr) for expr in later):
            lines.append((f"_new_{variable}", updates[variable]))
            late.append((variable, trees.name(f"_new_{variable}")))
        else:
            lines.append((variable, updates[variable]))
    return lines + late
