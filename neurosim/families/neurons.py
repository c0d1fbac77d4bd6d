"""Neurons described by equations."""

import ast
import dataclasses
from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np

from ..equations import Checked, Equations, Update, calls, check, names, parse, solve
from ..errors import DescriptionError, EquationError, listing, nearest, take_count
from ..program import Scope
from ..units import LENGTH, TIME, Dimension, to_internal, unit_named
from .part import Part
from .plain import call, checked_mapping, fields_of, shown
from .slow import checked_step, own_steps
from .timed import TimedArray


@dataclasses.dataclass(frozen=True, eq=False, repr=False, init=False)
class Neurons(Part):
    """Neurons whose equations are given as text, in the syntax that Brian 2 users know.

    Parameters
    ----------
    size
        Number of neurons, N.
    equations
        Differential equations, subexpressions and parameters, one a line: ``dv/dt = (E_L - v)/tau : mV``.
        A parameter that is declared (``I : pA``) may be changed by joins and drives; declared ``(constant)``,
        or not declared but given as keyword, it stays as it is.
    threshold, reset
        Condition for a spike, tested after each step, and what a spike does: ``"v > -50"``, ``"v = -60"``.
    refractory
        How long equations marked ``(unless refractory)`` rest and no spike is made after a spike: ms, an
        array (N,), an expression of time, or a condition that keeps a neuron refractory while it is true.
        A spike in step k with n = floor(refractory / dt) leaves the neuron refractory in steps k+1 .. k+n-1.
    method
        ``auto`` or the name of a solver.
    initial
        Value of each variable at the start: a number, an array (N,), or a text with ``rand()``, ``randn()``,
        ``i``, ``N`` and the names of parameters. A variable that is not named begins at 0.
    positions
        Where the neurons are, (N, 1..3), µm; None where no join asks.
    dt
        Time step of its own for what changes slowly, ms, a multiple of the run's: equations, threshold and reset
        then act in the last step of each, from what has arrived by then, and a coupling onto it is summed then.
        None for every step of the run.
    **parameters
        A number, an array (N,), a quantity, a text as for ``initial``, or a TimedArray for a parameter that
        the equations declare. Plain numbers are in the unit in which the parameter is shown (mV, ms, pA, Hz).

    States
    ------
    Every variable of a differential equation and every declared parameter that is not constant, (N,);
    ``refractory_left``, (N,) steps, where there is a refractory time.

    Examples
    --------
    >>> from neurosim import Neurons
    >>> Neurons(10, "dv/dt = -v/tau : mV", threshold="v > 10", reset="v = 0", tau=20.0)
    Neurons(10, equations='dv/dt = -v/tau : mV', threshold='v > 10', reset='v = 0', tau=20.0)
    """

    size: int
    equations: str = ""
    threshold: str | None = None
    reset: str = ""
    refractory: Any = None
    method: str = "auto"
    initial: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    positions: Any = None
    dt: Any = None
    parameters: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    def __init__(
        self,
        size: int,
        equations: str = "",
        *,
        threshold: str | None = None,
        reset: str = "",
        refractory: Any = None,
        method: str = "auto",
        initial: Mapping[str, Any] | None = None,
        positions: Any = None,
        dt: Any = None,
        **parameters: Any,
    ):
        given = {
            "size": size,
            "equations": equations,
            "threshold": threshold,
            "reset": reset,
            "refractory": refractory,
            "method": method,
            "initial": checked_mapping(initial, "Neurons.initial"),
            "positions": positions,
            "dt": dt,
            "parameters": parameters,
        }
        for name, value in given.items():
            object.__setattr__(self, name, value)
        take_count(self, "size")
        _check_fields(self)
        object.__setattr__(self, "dt", checked_step(self, dt))
        object.__setattr__(self, "refractory", _refractory(refractory, self.size))
        object.__setattr__(self, "parameters", self._converted(parameters, "Neurons."))
        object.__setattr__(self, "initial", self._converted(self.initial, "Neurons.initial "))
        object.__setattr__(self, "positions", checked_positions(self))
        _ = self.texts
        if method != "auto":
            _ = self.update  # an unsuitable method is refused here, not when the network is built

    @cached_property
    def parsed(self) -> Equations:
        """The definitions of ``equations``."""
        return Equations(self.equations)

    @cached_property
    def checked(self) -> Checked:
        """The equations, threshold, reset and refractoriness with units resolved and dimensions known."""
        checked = check(
            self.parsed,
            conditions={name: text for name, text in (("threshold", self.threshold),) if text is not None}
            | ({"refractory": self.refractory} if self.refractory_kind == "condition" else {}),
            statements={"reset": self.reset} if self.reset.strip() else {},
            expressions={"refractory": (self.refractory, TIME)}
            if self.refractory_kind == "expression"
            else {},
            known={},
            where="Neurons",
        )
        _check_parameters(self, checked)
        return checked

    @cached_property
    def dimensions(self) -> Mapping[str, Dimension]:  # type: ignore[override]
        """The variables and constants of the equations, without subexpressions, which are kept nowhere."""
        hidden = {"t", "dt", "i", "N", "lastspike", "not_refractory", *self.parsed.subexpressions}
        return {name: dim for name, dim in self.checked.dimensions.items() if name not in hidden}

    @cached_property
    def texts(self) -> Mapping[str, str]:
        """Parameters and initial values given as text, with units resolved; initial ones as ``initial v``."""
        dimensions = self.dimensions
        given = {
            name: (value, dimensions.get(name))
            for name, value in self.parameters.items()
            if isinstance(value, str)
        }
        given |= {
            f"initial {name}": (value, dimensions[name])
            for name, value in self.initial.items()
            if isinstance(value, str)
        }
        if not given:
            return {}
        known = {
            name: dim for name, dim in dimensions.items() if name in self.parameters or name in self.initial
        }
        checked = check(Equations(""), expressions=given, known=known, where="Neurons")
        for name in sorted(checked.free):
            if name not in self.parameters:
                choices = [*self.parameters, *self.initial]
                raise EquationError(
                    f"Neurons: unknown name {name!r} in a value given as text{nearest(name, choices)}; "
                    f"such a text may name: {listing(choices)}"
                )
        return dict(checked.expressions)

    @cached_property
    def update(self) -> Update:
        """One step of the differential equations: the method, why it was chosen, and its body."""
        return solve(self.checked, method=self.method)

    @property
    def variables(self) -> tuple[str, ...]:
        """What changes: differential variables and declared parameters that are not constant."""
        own = self.parsed
        free = [n for n, p in own.parameters.items() if p.flags.isdisjoint({"constant", "shared"})]
        return (*own.differential, *free)

    @property
    def constants(self) -> tuple[str, ...]:
        """What does not: parameters declared constant or shared, and names that only the values define."""
        own = self.parsed
        declared = [n for n, p in own.parameters.items() if not p.flags.isdisjoint({"constant", "shared"})]
        extra = [
            name for name in self.parameters if name not in own.variables and name not in self.checked.free
        ]
        return (*declared, *sorted(self.checked.free), *extra)

    @property
    def targets(self) -> frozenset[str]:
        """The variables that a join or drive may change."""
        return frozenset(self.variables)

    @cached_property
    def pinned(self) -> Mapping[str, str]:
        """Variables that rest at a constant reset while refractory, and the text of that constant.

        Input to them need not be kept out: they are put back at the beginning of each refractory step.
        """
        found: dict[str, str] = {}
        for assign in self.checked.statements.get("reset", ()):
            constant = names(parse(assign.value)) <= {*self.constants} and not calls(parse(assign.value))
            if assign.target in self._frozen and assign.op == "=" and constant and assign.target not in found:
                found[assign.target] = assign.value
            else:
                found.pop(assign.target, None)
        return found

    @property
    def guarded(self) -> frozenset[str]:
        """Variables marked ``(unless refractory)`` whose reset is no constant."""
        return self._frozen - set(self.pinned)

    @property
    def _frozen(self) -> frozenset[str]:
        if self.refractory_kind is None:
            return frozenset()
        found = self.parsed.differential.items()
        return frozenset(name for name, v in found if "unless refractory" in v.flags)

    @property
    def spiking(self) -> bool:
        """Whether there is a threshold."""
        return self.threshold is not None

    @property
    def refractory_kind(self) -> str | None:
        """``duration``, ``expression``, ``condition``, or None."""
        if self.refractory is None:
            return None
        if not isinstance(self.refractory, str):
            return "duration"
        tree = parse(self.refractory)
        negated = isinstance(tree, ast.UnaryOp) and isinstance(tree.op, ast.Not)
        logical = isinstance(tree, ast.Compare | ast.BoolOp) or negated
        return "condition" if logical else "expression"

    def own_steps(self, step: float) -> int:
        """How many steps of ``step`` ms one of its own is."""
        return own_steps(self.dt, step, "Neurons")

    def build(self, scope: Scope) -> None:
        """Variables, constants, and the operations of a step: integrate, threshold, reset."""
        from .lowering import lower  # the other half of this module, which imports it

        lower(self, scope)

    @property
    def observable(self) -> tuple[str, ...]:
        """The subexpressions of the equations."""
        return tuple(self.parsed.subexpressions)

    def observe(self, scope: Scope, name: str) -> None:
        """Keep a subexpression as a variable, which shows it for the state at the end of each step."""
        from .lowering import observe  # as for build

        observe(self, scope, name)

    def to_dict(self) -> dict[str, Any]:
        """The fields as plain numbers, texts and lists, the parameters among them."""
        return {"family": "Neurons", **_flat(self)}

    def __repr__(self) -> str:
        return call("Neurons", _flat(self))

    def _repr_latex_(self) -> str:
        return self.parsed._repr_latex_()

    def _converted(self, values: Mapping[str, Any], where: str) -> dict[str, Any]:
        """The values as plain numbers and arrays in display units; texts and timed arrays as they are."""
        converted = {}
        for name, value in values.items():
            dimension = self.dimensions.get(name)
            if isinstance(value, str | TimedArray) or dimension is None:
                if isinstance(value, TimedArray) and dimension is not None:
                    value.internal(dimension, where + name)
                converted[name] = value
                continue
            internal = np.asarray(to_internal(value, dimension, where + name))
            if internal.ndim and internal.shape != (self.size,):
                raise DescriptionError(
                    f"{where}{name} must be one number or ({self.size},), got shape {internal.shape}"
                )
            if np.isnan(internal).any():
                raise DescriptionError(f"{where}{name} must not be NaN")
            converted[name] = shown(value, dimension, where + name)
        return converted


def _flat(part: Neurons) -> dict[str, Any]:
    given = fields_of(part)
    parameters = given.pop("parameters", {})
    return {**given, **parameters}


def _check_fields(part: Neurons) -> None:
    for name in ("equations", "reset", "method"):
        if not isinstance(getattr(part, name), str):
            raise DescriptionError(f"Neurons.{name} must be a text, got {getattr(part, name)!r:.60}")
    for name in part.parameters:
        if unit_named(name) is not None and name not in part.parsed.variables:
            raise DescriptionError(f"Neurons: {name!r} is a unit in equations; give the parameter another name")
    if part.threshold is None:
        for name in ("reset", "refractory"):
            if getattr(part, name) not in (None, ""):
                raise DescriptionError(f"Neurons.{name} needs a threshold: without one there are no spikes")
    elif not isinstance(part.threshold, str):
        raise DescriptionError(
            f"Neurons.threshold must be a text such as 'v > -50', got {part.threshold!r:.60}"
        )


_FIELDS = [field.name for field in dataclasses.fields(Neurons)]
"""A misspelt one arrives among the parameters."""


def _check_parameters(part: Neurons, checked: Checked) -> None:
    """Everything that the equations need is given, once, and nothing else is."""
    own, given = part.parsed, part.parameters
    needed = [*checked.free, *(n for n, p in own.parameters.items() if "constant" in p.flags)]
    missing = sorted(name for name in needed if name not in given)
    if missing:
        unused = [name for name in given if name not in needed]
        hints = "".join(nearest(name, [*unused, *own.variables]) for name in missing)
        raise EquationError(f"Neurons needs a value for: {', '.join(missing)}{hints}")
    texts = [value for value in (*given.values(), *part.initial.values()) if isinstance(value, str)]
    mentioned = set().union(*(names(parse(text)) for text in texts)) if texts else set()
    for name, value in given.items():
        if name not in needed and name not in own.parameters and name not in mentioned:
            choices = [*needed, *own.parameters]
            if name in own.differential:
                raise DescriptionError(
                    f"Neurons: {name!r} is a variable; give its start as initial={{{name!r}: ...}}"
                )
            raise DescriptionError(
                f"Neurons has no parameter {name!r}{nearest(name, [*choices, *_FIELDS])}; there are: {listing(choices)}"
            )
        if isinstance(value, TimedArray) and name not in part.variables:
            raise DescriptionError(
                f"Neurons.{name} is a TimedArray, so the equations must declare it: add '{name} : unit'"
            )
    for name in part.initial:
        if name not in part.variables:
            raise DescriptionError(
                f"Neurons.initial: no variable {name!r}{nearest(name, part.variables)}; "
                f"there are: {listing(part.variables)}"
            )
        if name in given:
            raise DescriptionError(f"Neurons.{name} is given twice, as a parameter and in initial")


def _refractory(value: Any, size: int) -> Any:
    if value is None or isinstance(value, str):
        return value
    times = np.asarray(to_internal(value, TIME, "Neurons.refractory"))
    if times.ndim and times.shape != (size,):
        raise DescriptionError(f"Neurons.refractory must be one number or ({size},), got shape {times.shape}")
    wrong = ~(np.isfinite(times) & (times >= 0))
    if wrong.any():
        raise DescriptionError(f"Neurons.refractory must be >= 0 and finite, got {times[wrong].flat[0]} ms")
    return times if times.ndim else float(times)


def checked_positions(part: Any) -> np.ndarray | None:
    """The field ``positions`` of a part, (N, 1..3), µm, or None."""
    if part.positions is None:
        return None
    where = f"{type(part).__name__}.positions"
    points = np.asarray(to_internal(part.positions, LENGTH, where))
    if points.ndim == 1:
        points = points[:, np.newaxis]
    if points.ndim != 2 or points.shape[0] != part.size or not 1 <= points.shape[1] <= 3:
        raise DescriptionError(f"{where} must be ({part.size}, 1..3), got an array of shape {points.shape}")
    return points
