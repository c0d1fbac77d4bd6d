"""Spikes counted in bins of time."""

from typing import NamedTuple

import numpy as np

from ..errors import DescriptionError
from ..recording import Spikes
from ..recording.clock import whole_steps


def bin_steps(spikes: Spikes, bin: float) -> tuple[int, int]:
    """Steps per bin, and how many whole bins the recording has; ``bin`` in ms.

    Raises
    ------
    DescriptionError
        When ``bin`` is not a multiple of the time step, or longer than the recording.
    """
    steps = whole_steps("a bin", bin, spikes.dt)
    number = (spikes.stop_step - spikes.start_step) // steps
    if number < 1:
        raise DescriptionError(f"a bin must fit into the {spikes.duration:g} ms recorded, got {bin:g} ms")
    return steps, number


def bin_population(spikes: Spikes, bin: float) -> tuple[np.ndarray, np.ndarray]:
    """Spikes of all neurons per bin, (T,) or (B, T) int64, and the centres of the bins, (T,) ms."""
    steps, number = bin_steps(spikes, bin)
    place = (np.asarray(spikes.steps) - spikes.start_step) // steps
    whole = place < number
    batch = spikes.batch or 1
    if spikes.replicas is not None:
        place = place + np.asarray(spikes.replicas, np.int64) * number
    counts = np.bincount(place[whole], minlength=batch * number)
    times = (spikes.start_step + steps * (np.arange(number) + 0.5)) * spikes.dt
    return (counts if spikes.batch is None else counts.reshape(batch, number)), times


class BinnedTrains(NamedTuple):
    """The bins that hold a spike, train after train; all others are empty.

    Parameters
    ----------
    train, bin, number
        (M,) int64: which train and bin, in this order, and how many spikes.
    trains, bins
        How many trains and bins there are.
    """

    train: np.ndarray
    bin: np.ndarray
    number: np.ndarray
    trains: int
    bins: int

    def moments(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean and variance (over all bins) of the count of each train, (trains,)."""
        # the sums are of integers below 2**53, so nothing is lost by taking the difference of squares
        total = np.bincount(self.train, self.number, self.trains)
        squares = np.bincount(self.train, self.number**2, self.trains)
        return total / self.bins, (squares * self.bins - total**2) / self.bins**2


def bin_trains(spikes: Spikes, bin: float) -> BinnedTrains:
    """Spikes of each train per bin, without the empty bins: linear in the number of spikes."""
    steps, number = bin_steps(spikes, bin)
    when, first = spikes.by_train()
    place = (when - spikes.start_step) // steps
    whole = place < number
    # trains lie one after another and ascend in time, so equal keys are neighbours
    keys = (np.repeat(np.arange(spikes.trains_count) * number, np.diff(first)) + place)[whole]
    starts = np.flatnonzero(np.diff(keys, prepend=-1))
    counts = np.diff(starts, append=keys.size)
    train, bins = np.divmod(keys[starts], number)
    return BinnedTrains(train, bins, counts, spikes.trains_count, number)
