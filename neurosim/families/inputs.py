"""Populations that only send: Poisson processes and spikes known beforehand."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..equations import Equations, calls, check, evaluate, names, parse, unparse
from ..equations.expressions import RANDOM
from ..errors import DescriptionError, fields_by_name, take_count
from ..program import EventSchedule, Scope
from ..units import FREQUENCY, TIME, Dimension, to_internal
from .part import Part
from .plain import shown
from .timed import TimedArray


@fields_by_name
@dataclass(frozen=True, eq=False, repr=False, init=False)
class Poisson(Part):
    r"""Independent Poisson processes; in each step a neuron fires with probability ``rate * dt``.

    A rate that does not change must lie in [0, 1/dt], else it is refused. Where a text in ``t`` leaves that range
    during a run, the probability is cut to [0, 1]: below 0 Hz no neuron fires, above 1/dt each does in every step.

    Parameters
    ----------
    size
        Number of neurons, N.
    rates
        Rate of each neuron, Hz: a number, an array (N,), a text in ``t`` (ms) and ``i`` (own index) such as
        ``"20*Hz + 10*Hz*sin(2*pi*t*5*Hz)"``, or a TimedArray.
    """

    size: int
    rates: Any

    def __init__(self, size: int, rates: Any):
        object.__setattr__(self, "size", size)
        take_count(self, "size")
        object.__setattr__(self, "rates", _rates(rates, self.size))

    @property
    def dimensions(self) -> Mapping[str, Dimension]:
        """``rates``, where they are numbers."""
        return {} if isinstance(self.rates, str) else {"rates": FREQUENCY}

    @property
    def spiking(self) -> bool:
        """It has spikes."""
        return True

    def build(self, scope: Scope) -> None:
        """An index space, its rates and one draw per neuron and step."""
        scope.space(self.size)
        rate = "rates"
        if isinstance(self.rates, str):
            rate = _rate_text(self.rates)
            lasting = _lasting(rate, self.size)
            if lasting is not None:
                check_probable(lasting, scope.prefix, scope.dt)
        elif isinstance(self.rates, TimedArray):
            check_probable(self.rates.internal(FREQUENCY, "Poisson.rates"), scope.prefix, scope.dt)
            self.rates.build(scope, "rates", FREQUENCY, self.size)
        else:
            values = to_internal(self.rates, FREQUENCY, "Poisson.rates")
            check_probable(values, scope.prefix, scope.dt)
            scope.value("rates", values, FREQUENCY)
        scope.events("spikes", f"rand() < ({rate}) * dt")


@fields_by_name
@dataclass(frozen=True, eq=False, repr=False, init=False)
class SpikeGenerator(Part):
    """Spikes known beforehand; a spike at time x fires in step ``round(x / dt)``.

    Parameters
    ----------
    size
        Number of neurons, N.
    indices, times
        Which neuron fires and when, both (n,), ms, in any order; two spikes of one neuron
        may not fall into one step.
    """

    size: int
    indices: Any
    times: Any

    def __init__(self, size: int, indices: Any, times: Any):
        object.__setattr__(self, "size", size)
        take_count(self, "size")
        which = np.atleast_1d(np.asarray(indices))
        when = np.atleast_1d(np.asarray(to_internal(times, TIME, "SpikeGenerator.times"), dtype=float))
        if which.ndim != 1 or which.shape != when.shape:
            raise DescriptionError(
                f"SpikeGenerator.indices and .times must be (n,) both, got {which.shape} and {when.shape}"
            )
        if which.size and which.dtype.kind not in "iu":
            raise DescriptionError(f"SpikeGenerator.indices must be whole numbers, got {which.dtype}")
        outside = (which < 0) | (which >= size)
        if outside.any():
            raise DescriptionError(
                f"SpikeGenerator.indices must be in 0..{size - 1}, got {which[outside][0]}"
            )
        wrong = ~np.isfinite(when) | (when < 0)
        if wrong.any():
            raise DescriptionError(f"SpikeGenerator.times must be >= 0 and finite, got {when[wrong][0]}")
        object.__setattr__(self, "indices", which.astype(np.int64))
        object.__setattr__(self, "times", when)

    @property
    def dimensions(self) -> Mapping[str, Dimension]:
        """It has no variables."""
        return {}

    @property
    def spiking(self) -> bool:
        """It has spikes."""
        return True

    def build(self, scope: Scope) -> None:
        """An index space and its schedule of spikes."""
        steps = np.rint(self.times / scope.dt).astype(np.int64)
        order = np.lexsort((self.indices, steps))
        steps, indices = steps[order], self.indices[order]
        twice = (np.diff(steps) == 0) & (np.diff(indices) == 0)
        if twice.any():
            at = int(np.argmax(twice))
            raise DescriptionError(
                f"{scope.prefix}: neuron {indices[at]} has two spikes within the step at "
                f"{steps[at] * scope.dt:g} ms; "
                f"a step of dt = {scope.dt:g} ms holds one"
            )
        scope.space(self.size)
        scope.builder.add_list(scope.full("spikes"), scope.prefix)
        schedule = EventSchedule(name=scope.full("schedule"), steps=steps, indices=indices.astype(np.int32))
        scope.builder.add_schedule(schedule, scope.full("spikes"), "threshold")


def _rates(rates: Any, size: int) -> Any:
    """The rates, checked; numbers and arrays in Hz."""
    if isinstance(rates, str):
        lasting = _lasting(_rate_text(rates), size)
        if lasting is not None:
            _check_not_negative(lasting * 1000.0)
        return rates
    if isinstance(rates, TimedArray):
        values = rates.internal(FREQUENCY, "Poisson.rates")
        if values.ndim > 1 and values.shape[-1] != size:
            raise DescriptionError(
                f"Poisson.rates needs a TimedArray of shape (T,) or (T, {size}), got {values.shape}"
            )
        values = values * 1000.0
    else:
        values = np.asarray(shown(rates, FREQUENCY, "Poisson.rates"), dtype=float)
        if values.ndim and values.shape != (size,):
            raise DescriptionError(f"Poisson.rates must be one number or ({size},), got shape {values.shape}")
    _check_not_negative(values)
    return rates if isinstance(rates, TimedArray) else values if values.ndim else float(values)


def _rate_text(text: str) -> str:
    """The text of a rate with its units resolved; 1/ms."""
    checked = check(Equations(""), expressions={"rates": (text, FREQUENCY)}, known={}, where="Poisson.rates")
    if checked.free:
        raise DescriptionError(f"Poisson.rates: unknown name {sorted(checked.free)[0]!r} in {text!r}")
    value = checked.expressions["rates"]
    return value if isinstance(value, str) else unparse(value)


def _lasting(text: str, size: int) -> np.ndarray | None:
    """The numbers that the resolved text of a rate stands for, 1/ms; None where they change or are drawn."""
    if "t" in names(parse(text)) or "dt" in names(parse(text)) or set(calls(parse(text))) & RANDOM:
        return None
    constants = {"i": np.arange(size, dtype=float), "N": float(size), "pi": np.pi, "e": np.e}
    return np.asarray(evaluate(text, constants))


def _check_not_negative(rates: np.ndarray) -> None:
    wrong = ~(np.isfinite(rates) & (rates >= 0))
    if wrong.any():
        raise DescriptionError(f"Poisson.rates must be >= 0 and finite, got {rates[wrong].flat[0]} Hz")


def check_probable(rates: Any, name: str, dt: float) -> None:
    """Refuse rates of the part ``name``, 1/ms, that give more than one spike per step of ``dt`` ms."""
    highest = float(np.max(rates))
    if highest * dt > 1.0:
        raise DescriptionError(
            f"{name}: Poisson.rates of {highest * 1000:g} Hz give more than one spike per step of "
            f"{dt:g} ms; the highest rate there is {1000 / dt:g} Hz"
        )
