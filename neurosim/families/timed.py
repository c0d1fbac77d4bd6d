"""Values that follow a table over time."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import DescriptionError, UnitError, check_positive, fields_by_name
from ..program import Scope, Table
from ..units import TIME, Dimension, display_unit, parse_unit, to_internal
from .plain import fields_of, show, to_plain

BRIAN_BASES = ("m", "kg", "s", "A", "K", "mol", "cd")


@fields_by_name
@dataclass(frozen=True, eq=False, repr=False, init=False)
class TimedArray:
    """Values known beforehand: row ``k`` holds from ``k*dt`` to ``(k + 1)*dt``, the last one ever after.

    Parameters
    ----------
    values
        (T,) values for all, (T, N) values one per neuron, or (T, B, N) for each of B replicas; a quantity brings its
        own unit.
    dt
        How long a row holds, ms; a whole multiple of the time step of the run.
    unit
        Unit of plain ``values``, such as ``"nA"``; None for the unit in which the variable is shown.

    Examples
    --------
    >>> from neurosim import TimedArray
    >>> TimedArray([0.0, 120.0, 0.0], dt=100.0, unit="pA")
    TimedArray(values=[0.0, 120.0, 0.0], dt=100.0, unit='pA')
    """

    values: Any
    dt: float
    unit: str | None = None

    def __init__(self, values: Any, dt: Any, unit: str | None = None):
        numbers, own = _split(values)
        if numbers.ndim not in (1, 2, 3) or not numbers.size:
            raise DescriptionError(
                f"TimedArray.values must be (T,), (T, N) or (T, B, N), got an array of shape {numbers.shape}"
            )
        bad = np.argwhere(~np.isfinite(numbers))
        if len(bad):
            place = ", ".join(map(str, bad[0]))
            raise DescriptionError(f"TimedArray.values[{place}] must be finite, got {numbers[tuple(bad[0])]}")
        if own is not None and unit is not None:
            raise DescriptionError("TimedArray.unit must be None where values is a quantity")
        numbers.setflags(write=False)
        object.__setattr__(self, "values", numbers)
        object.__setattr__(self, "dt", to_internal(dt, TIME, "TimedArray.dt"))
        object.__setattr__(self, "unit", own if own is not None else unit)
        check_positive(self, "dt")
        if self.unit is not None:
            parse_unit(self.unit)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TimedArray) and to_plain(self) == to_plain(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return show(self)

    def to_dict(self) -> dict[str, Any]:
        """The fields as plain numbers, texts and lists."""
        return fields_of(self)

    def internal(self, dimension: Dimension, where: str) -> np.ndarray:
        """The values in internal units of ``dimension``, (T,), (T, N) or (T, B, N)."""
        if self.unit is None:
            return np.asarray(to_internal(self.values, dimension, where))
        unit = parse_unit(self.unit)
        if unit.dimension != dimension:
            raise UnitError(f"{where} must be in {display_unit(dimension)}, got a TimedArray in {self.unit}")
        return self.values * unit.factor

    def build(self, scope: Scope, name: str, dimension: Dimension, size: int, space: str | None = None) -> None:
        """Make ``name`` a variable of the part, or over ``space``, whose values are replaced row by row."""
        where = scope.full(name)
        values = self.internal(dimension, where)
        replicas = scope.builder.replicas
        if values.ndim > 1 and values.shape[1:] not in ((size,), (replicas, size)):
            raise DescriptionError(
                f"{where} needs a TimedArray of shape (T,), (T, {size}) or (T, {replicas}, {size}) for {replicas} "
                f"replicas, got {values.shape}"
            )
        every = round(self.dt / scope.dt)
        if every < 1 or abs(every * scope.dt - self.dt) > 1e-6 * self.dt:
            raise DescriptionError(
                f"{where}: TimedArray.dt must be a multiple of the time step {scope.dt:g} ms, "
                f"got {self.dt:g} ms"
            )
        scope.state(name, values[0], dimension, space=space)
        table = Table(name=scope.full(f"{name}_table"), values=values, every=every)
        scope.builder.add_schedule(table, scope.full(name), "arrive")


def current_steps(times: Any, values: Any, dt: float, unit: str | None = None) -> TimedArray:
    """A TimedArray that takes ``values[n]`` from ``times[n]`` on, and 0 before the first.

    Parameters
    ----------
    times, dt
        When each step begins and the grain of the table, ms; the times are multiples of ``dt``.
    values
        One value per step, (n,), or one for each neuron, (n, N).

    Raises
    ------
    DescriptionError
        When shapes do not fit, or times are negative, do not ascend or are no multiples of ``dt``.
    """
    when = np.asarray(to_internal(times, TIME, "current_steps: times"), dtype=float)
    grain = float(to_internal(dt, TIME, "current_steps: dt"))
    numbers, own = _split(values)
    if when.ndim != 1 or numbers.ndim not in (1, 2) or when.size != len(numbers) or not when.size:
        raise DescriptionError(
            f"current_steps: times must be (n,) and values (n,) or (n, N), got {when.shape} and {numbers.shape}"
        )
    if not grain > 0:
        raise DescriptionError(f"current_steps: dt must be > 0, got {dt!r}")
    starts = np.rint(when / grain).astype(int) if np.isfinite(when).all() else np.array([-1])
    if starts[0] < 0 or (np.diff(starts) <= 0).any():
        raise DescriptionError("current_steps: times must not be negative and must ascend by at least dt")
    between = np.abs(starts * grain - when) > 1e-6 * grain
    if between.any():
        raise DescriptionError(
            f"current_steps: times must be multiples of dt = {grain:g} ms, got {when[between][0]:g} ms; take a finer dt"
        )
    table = np.zeros((int(starts[-1]) + 1, *numbers.shape[1:]))
    for start, value in zip(starts, numbers, strict=True):
        table[start:] = value
    return TimedArray(table, dt, own if own is not None else unit)


def _split(values: Any) -> tuple[np.ndarray, str | None]:
    """Plain numbers and the unit that a pint or Brian 2 quantity brings."""
    unit = None
    if hasattr(values, "dimensionality") and hasattr(values, "magnitude"):
        values, unit = values.magnitude, str(values.units) or "1"
    elif callable(getattr(getattr(values, "dim", None), "get_dimension", None)):
        powers = {base: values.dim.get_dimension(base) for base in BRIAN_BASES}
        unit = "*".join(f"{base}**{power:g}" for base, power in powers.items() if power) or "1"
    try:
        return np.array(values, dtype=float, subok=False), unit
    except (TypeError, ValueError):
        raise DescriptionError(f"TimedArray.values must be numbers, got {values!r:.80}") from None
