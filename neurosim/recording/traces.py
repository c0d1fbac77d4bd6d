"""Variables over time."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..errors import RecordingError
from .clock import check_clock, first_step_at
from .spikes import describe


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Traces:
    """A variable of some neurons, sampled over time; NumPy functions take it as its values.

    Parameters
    ----------
    values
        (T, n), or (T, B, n) with B replicas, in ``unit``.
    steps
        (T,) int64 ascending: a sample is the state at the end of its step, at ``(step + 1) * dt``.
    indices
        (n,) the neurons sampled.
    unit
        Display unit; empty for a bare number.
    dt
        Time step of the simulation, ms.
    label
        What to call it in a legend.
    """

    values: np.ndarray
    steps: np.ndarray
    indices: np.ndarray
    unit: str = ""
    dt: float
    label: str = ""

    def __post_init__(self) -> None:
        check_clock("Traces", self.dt, 0, 0)
        shape = np.shape(self.values)
        if len(shape) not in (2, 3) or shape[0] != len(self.steps) or shape[-1] != len(self.indices):
            raise RecordingError(
                f"Traces.values must be (T, n) or (T, B, n) with T = {len(self.steps)} and "
                f"n = {len(self.indices)}, got {shape}"
            )

    @property
    def times(self) -> np.ndarray:
        """(T,) time of each sample, ms."""
        return (np.asarray(self.steps) + 1) * self.dt

    @property
    def batch(self) -> int | None:
        """Number of replicas, B; None for a single network."""
        return self.values.shape[1] if self.values.ndim == 3 else None

    @property
    def shape(self) -> tuple[int, ...]:
        """(T, n), or (T, B, n) with replicas."""
        return self.values.shape

    def of(self, neurons: int | Sequence[int] | np.ndarray) -> "Traces":
        """The traces of some of the sampled neurons, in the order asked for."""
        chosen = np.atleast_1d(np.asarray(neurons, np.int64))
        order = np.argsort(self.indices, kind="stable")
        places = np.searchsorted(self.indices, chosen, sorter=order).clip(max=len(order) - 1)
        columns = order[places] if len(order) else np.zeros(0, np.int64)
        wrong = chosen[self.indices[columns] != chosen] if len(order) else chosen
        if wrong.size:
            held = describe(np.asarray(self.indices))
            raise RecordingError(f"neuron {wrong[0]} was not sampled; there are {held}")
        return replace(self, values=self.values[..., columns], indices=chosen)

    def between(self, start: float, stop: float) -> "Traces":
        """The samples of ``start <= t < stop``, ms; there may be none."""
        bounds = [first_step_at(time, self.dt) - 1 for time in (start, stop)]
        rows = slice(*np.searchsorted(self.steps, bounds))
        return replace(self, values=self.values[rows], steps=self.steps[rows])

    def replica(self, number: int) -> "Traces":
        """The traces of one of the B replicas."""
        if self.batch is None or not 0 <= number < self.batch:
            raise RecordingError(f"no replica {number!r}; there are {self.batch or 'none'}")
        return replace(self, values=self.values[:, number])

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self.values, dtype=dtype, copy=copy)

    def __getitem__(self, key: Any) -> Any:
        return self.values[key]

    def __len__(self) -> int:
        return len(self.steps)

    def __repr__(self) -> str:
        name = f"{self.label}: " if self.label else ""
        copies = "" if self.batch is None else f", {self.batch} replicas"
        unit = f", {self.unit}" if self.unit else ""
        when = f" from {self.times[0]:g} to {self.times[-1]:g} ms" if len(self) else ""
        return f"Traces({name}{len(self):,} samples of {len(self.indices):,} neurons{copies}{when}{unit})"
