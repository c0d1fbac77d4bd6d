"""Spikes as events, and what is asked of them most."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..errors import RecordingError
from .clock import check_clock, window


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Spikes:
    """The spikes of a population, sorted by step, then replica, then neuron.

    Parameters
    ----------
    steps, indices
        (S,) int64 step and (S,) int32 neuron of each spike; the time of a spike is ``step * dt``.
    size
        Neurons in the population, N.
    dt
        Time step, ms.
    start_step, stop_step
        Recorded were the steps ``start_step <= k < stop_step``.
    recorded
        (n,) ascending neurons that were watched; None for all N.
    replicas, batch
        (S,) int32 replica of each spike and their number, B; both None for a single network.
    label
        What to call the population in a legend.
    """

    steps: np.ndarray
    indices: np.ndarray
    size: int
    dt: float
    start_step: int = 0
    stop_step: int
    recorded: np.ndarray | None = None
    replicas: np.ndarray | None = None
    batch: int | None = None
    label: str = ""

    def __post_init__(self) -> None:
        check_clock("Spikes", self.dt, self.start_step, self.stop_step)
        if (self.replicas is None) != (self.batch is None):
            raise RecordingError("Spikes.replicas and Spikes.batch must be given together")
        columns = [self.steps, self.indices, *([] if self.replicas is None else [self.replicas])]
        if len({np.shape(column) for column in columns}) != 1 or np.ndim(self.steps) != 1:
            raise RecordingError(
                f"Spikes.steps, indices must be (S,) alike, got {[np.shape(c) for c in columns]}"
            )
        # what is mapped from a file was checked when it was recorded: do not read all of it here
        if not isinstance(self.steps, np.memmap):
            self._tidy()

    def _tidy(self) -> None:
        """Give the columns their types, refuse what is out of range, sort."""
        columns: dict[str, np.ndarray] = {
            "steps": np.asarray(self.steps, np.int64),
            "indices": np.asarray(self.indices, np.int32),
        }
        limits = {"steps": (self.start_step, self.stop_step), "indices": (0, self.size)}
        if self.replicas is not None:
            columns["replicas"] = np.asarray(self.replicas, np.int32)
            limits["replicas"] = (0, int(self.batch or 0))
        for name, column in columns.items():
            low, high = limits[name]
            if column.size and (column.min() < low or column.max() >= high):
                raise RecordingError(
                    f"Spikes.{name} must be >= {low} and < {high}, got {column.min()} to {column.max()}"
                )
        for name, column in sort_events(columns).items():
            object.__setattr__(self, name, column)

    @classmethod
    def from_times(
        cls,
        times: Any,
        indices: Any,
        *,
        size: int,
        stop: float,
        dt: float = 0.1,
        start: float = 0.0,
        label: str = "",
    ) -> "Spikes":
        """Spikes from (S,) times, ms, each taken to its nearest step, and (S,) neurons, in any order.

        >>> Spikes.from_times([3.0, 1.0], [0, 1], size=2, stop=10.0)
        Spikes(2 spikes of 2 neurons in 10 ms, 100 Hz)
        """
        times = np.asarray(times, float)
        if not np.all(np.isfinite(times)):
            raise RecordingError("the times of spikes must be finite")
        return cls(
            steps=np.rint(times / dt).astype(np.int64),
            indices=np.asarray(indices, np.int32),
            size=size,
            dt=dt,
            start_step=round(start / dt),
            stop_step=round(stop / dt),
            label=label,
        )

    @property
    def start(self) -> float:
        """When recording began, ms."""
        return self.start_step * self.dt

    @property
    def stop(self) -> float:
        """When recording ended, ms."""
        return self.stop_step * self.dt

    @property
    def duration(self) -> float:
        """How long was recorded, ms."""
        return (self.stop_step - self.start_step) * self.dt

    @property
    def times(self) -> np.ndarray:
        """(S,) time of each spike, ms."""
        return np.asarray(self.steps) * self.dt

    @property
    def count(self) -> int:
        """Number of spikes, S."""
        return int(self.steps.size)

    @property
    def neurons(self) -> np.ndarray:
        """(n,) the neurons watched, ascending."""
        return np.arange(self.size) if self.recorded is None else np.asarray(self.recorded)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of a number per train: (n,), or (B, n) with replicas."""
        n = self.size if self.recorded is None else len(self.recorded)
        return (n,) if self.batch is None else (self.batch, n)

    @property
    def trains_count(self) -> int:
        """How many spike trains there are: n, or B n with replicas."""
        return int(np.prod(self.shape))

    @property
    def slots(self) -> np.ndarray:
        """(S,) int64 position of each spike's train among all, counted over ``shape``."""
        places = np.asarray(self.indices, np.int64)
        if self.recorded is not None:
            places = np.searchsorted(self.recorded, places)
        return (
            places if self.replicas is None else places + np.asarray(self.replicas, np.int64) * self.shape[-1]
        )

    def by_train(self) -> tuple[np.ndarray, np.ndarray]:
        """Steps (S,) train after train, ascending in each, and (trains + 1,) where each train begins."""
        slots = self.slots
        # narrow keys: NumPy sorts 16 bits by radix, ten times faster
        keys = slots.astype(np.uint16) if self.trains_count <= 1 << 16 else slots
        first = np.zeros(self.trains_count + 1, np.int64)
        np.cumsum(np.bincount(slots, minlength=self.trains_count), out=first[1:])
        return np.asarray(self.steps)[np.argsort(keys, kind="stable")], first

    def rates(self) -> np.ndarray:
        """Mean rate of each train, Hz: (n,), or (B, n) with replicas."""
        counts = np.bincount(self.slots, minlength=self.trains_count).reshape(self.shape)
        return counts * (1000.0 / self.duration) if self.duration else np.full(self.shape, np.nan)

    def mean_rate(self) -> float:
        """Mean rate over all trains, Hz."""
        observed = self.trains_count * self.duration
        return 1000.0 * self.count / observed if observed else float("nan")

    def train(self, neuron: int) -> np.ndarray:
        """Spike times of one neuron, ms; with replicas take one by ``replica`` first."""
        if self.batch is not None:
            raise RecordingError(f"there are {self.batch} replicas: take one first, as in spikes.replica(0)")
        return self.of(neuron).times

    def trains(self) -> list[np.ndarray]:
        """Spike times of each train, ms; with replicas all trains of the first, then of the second, ..."""
        steps, first = self.by_train()
        return np.split(steps * self.dt, first[1:-1]) if self.trains_count else []

    def between(self, start: float, stop: float) -> "Spikes":
        """The spikes of ``start <= t < stop``, ms."""
        bounds = window(start, stop, self.dt, (self.start_step, self.stop_step))
        chosen = self._take(slice(*np.searchsorted(self.steps, bounds)))
        return replace(chosen, start_step=bounds[0], stop_step=bounds[1])

    def of(self, neurons: int | slice | Sequence[int] | np.ndarray) -> "Spikes":
        """The spikes of some neurons: a number, a slice of the population, or a list of them."""
        if isinstance(neurons, slice):
            neurons = np.arange(self.size)[neurons]
            if self.recorded is not None:
                neurons = np.intersect1d(neurons, self.recorded)
        chosen = np.unique(np.atleast_1d(np.asarray(neurons, np.int64)))
        wrong = np.setdiff1d(chosen, self.neurons)
        if wrong.size:
            raise RecordingError(f"neuron {wrong[0]} was not recorded; there are {describe(self.neurons)}")
        keep = np.zeros(self.size, bool)
        keep[chosen] = True
        return replace(self._take(np.flatnonzero(keep[self.indices])), recorded=chosen)

    def replica(self, number: int) -> "Spikes":
        """The spikes of one of the B replicas."""
        if self.replicas is None or self.batch is None or not 0 <= number < self.batch:
            raise RecordingError(f"no replica {number!r}; there are {self.batch or 'none'}")
        chosen = self._take(np.flatnonzero(self.replicas == number))
        return replace(chosen, replicas=None, batch=None)

    def _take(self, rows: slice | np.ndarray) -> "Spikes":
        replicas = None if self.replicas is None else self.replicas[rows]
        return replace(self, steps=self.steps[rows], indices=self.indices[rows], replicas=replicas)

    def __len__(self) -> int:
        return self.count

    def __repr__(self) -> str:
        name = f"{self.label}: " if self.label else ""
        copies = "" if self.batch is None else f", {self.batch} replicas"
        return (
            f"Spikes({name}{self.count:,} spikes of {self.shape[-1]:,} neurons in {self.duration:g} ms"
            f"{copies}, {self.mean_rate():.3g} Hz)"
        )


def sort_events(columns: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The columns ``steps``, ``indices`` and perhaps ``replicas``, sorted by step, replica and index."""
    if in_order(**columns):
        return columns
    order = np.lexsort([columns[name] for name in ("indices", "replicas", "steps") if name in columns])
    return {name: column[order] for name, column in columns.items()}


def in_order(steps: np.ndarray, indices: np.ndarray, replicas: np.ndarray | None = None) -> bool:
    """Whether events are sorted by step, then replica, then index."""
    if steps.size < 2:
        return True
    later = steps[1:] > steps[:-1]
    sorted_within = indices[1:] >= indices[:-1]
    if replicas is not None:
        sorted_within = (replicas[1:] > replicas[:-1]) | ((replicas[1:] == replicas[:-1]) & sorted_within)
    return bool(np.all(later | ((steps[1:] == steps[:-1]) & sorted_within)))


def describe(neurons: np.ndarray) -> str:
    """The neurons in few words: ``0 to 99``, or the first few."""
    if not neurons.size:
        return "none"
    if neurons.size == neurons[-1] - neurons[0] + 1:
        return f"{neurons[0]} to {neurons[-1]}"
    shown = ", ".join(str(n) for n in neurons[:5])
    return shown if neurons.size <= 5 else f"{shown}, ... ({neurons.size} of them)"
