"""Recorded spikes: lists of events with labels, in the record arrays that Tonic and its transforms use.

An event has a time ``t`` (µs), a channel or column ``x``, a row ``y`` where there is one, and a polarity ``p``
(0 or 1).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import DescriptionError, check_positive, fields_by_name, listing, nearest, take_count
from .task import Trials, at_the_end, generator

EVENT = np.dtype([("t", np.int64), ("x", np.int16), ("y", np.int16), ("p", np.int8)])
"""One event; ``y`` and ``p`` are 0 where the sensor has none."""


@dataclass(frozen=True, eq=False)
class EventSet:
    """Recordings with labels; indexing gives ``(events, label)`` as data sets of Tonic do.

    Parameters
    ----------
    samples
        Record arrays of events, one for each recording.
    labels
        Class of each recording, (n,).
    sensor
        Columns, rows and polarities.
    classes
        Number of classes.
    about
        What else is known of each recording; arrays whose first axis is n.
    """

    samples: Sequence[np.ndarray]
    labels: np.ndarray
    sensor: tuple[int, int, int]
    classes: int
    about: dict[str, np.ndarray]

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, index: int) -> tuple[np.ndarray, int]:
        return self.samples[index], int(self.labels[index])

    def __iter__(self) -> Iterator[tuple[np.ndarray, int]]:
        return (self[index] for index in range(len(self)))

    @property
    def channels(self) -> int:
        """Columns times rows times polarities, I."""
        return int(np.prod(self.sensor))

    @property
    def chance(self) -> float:
        """Share of the commonest class."""
        return float(np.bincount(self.labels).max() / len(self.labels))

    def binned(self, bin: float, steps: int, which: Any = None) -> Trials:
        """Counts in bins of ``bin`` ms from time 0; what comes after ``steps`` bins is dropped.

        A channel is ``(p * rows + y) * columns + x``.

        Parameters
        ----------
        bin, steps
            Width of a bin, ms, and how many there are, T.
        which
            Indices of the recordings; None takes all.
        """
        chosen = np.arange(len(self)) if which is None else np.atleast_1d(np.asarray(which, dtype=np.int64))
        inputs = np.zeros((len(chosen), steps, self.channels), np.float32)
        for place, index in zip(inputs, chosen, strict=True):
            count_into(place, self.samples[index], bin, self.sensor)
        about = {name: np.asarray(values)[chosen] for name, values in self.about.items()}
        return Trials(inputs, self.labels[chosen], at_the_end(len(chosen), steps), about)


def count_into(counts: np.ndarray, events: np.ndarray, bin: float, sensor: tuple[int, int, int]) -> None:
    """Add events to (T, I) counts in bins of ``bin`` ms."""
    if not 0 < bin < np.inf:
        raise DescriptionError(f"bin must be > 0 and finite, got {bin!r}")
    columns, rows, _ = sensor
    # in whole numbers: times are in µs, and a quotient of floats may fall into the bin before
    width = round(bin * 1000)
    step = events["t"] // width if width >= 1 and width == bin * 1000 else np.floor(events["t"] / (bin * 1000))
    step = np.asarray(step, np.int64)
    channel = (events["p"].astype(np.int64) * rows + events["y"]) * columns + events["x"]
    inside = (step >= 0) & (step < len(counts))
    np.add.at(counts, (step[inside], channel[inside]), 1.0)


def read_tonic(name: str, folder: str | Path, **options: Any) -> EventSet:
    """A data set by the name of its class in Tonic, such as ``SHD`` or ``NMNIST``, read whole.

    It is read here from the folder where Tonic keeps it; what is not there, Tonic itself downloads.

    Parameters
    ----------
    name, folder
        Of the data set.
    **options
        What Tonic's class takes, such as ``train=False``.

    Raises
    ------
    DescriptionError
        Where Tonic is not installed or has no such data set.
    """
    try:
        import tonic
    except ImportError:
        raise DescriptionError("read_tonic needs Tonic: pip install tonic; without it read_shd and read_n_mnist read "
                               "the files themselves") from None
    made = getattr(tonic.datasets, name, None)
    if not isinstance(made, type):
        known = [one for one, value in vars(tonic.datasets).items() if isinstance(value, type)]
        raise DescriptionError(f"Tonic has no data set {name!r}{nearest(name, known)}; there are: {listing(known)}")
    data = made(save_to=str(folder), **options)
    return from_tonic(data, len(data.classes))


def from_tonic(data: Any, classes: int, sensor: tuple[int, int, int] | None = None) -> EventSet:
    """A data set of Tonic, or anything that gives ``(events, label)`` by index, read whole.

    Parameters
    ----------
    data
        The data set; its events are record arrays with ``t`` (µs), ``x``, and perhaps ``y`` and ``p``.
    classes
        Number of classes.
    sensor
        Columns, rows and polarities; None takes ``data.sensor_size``.

    Raises
    ------
    DescriptionError
        Where events lack a field, lie outside the sensor, or a label is no class.
    """
    size = sensor if sensor is not None else getattr(data, "sensor_size", None)
    if size is None or len(size) != 3:
        raise DescriptionError(f"sensor must be (columns, rows, polarities), got {size!r}; data has no sensor_size")
    columns, rows, polarities = (int(part) for part in size)
    samples, labels = [], []
    for index in range(len(data)):
        events, label = data[index]
        samples.append(checked_events(events, (columns, rows, polarities), f"data[{index}]"))
        labels.append(_checked_label(label, classes, f"data[{index}]"))
    return EventSet(samples, np.array(labels, np.int64), (columns, rows, polarities), classes, {})


def checked_events(events: Any, sensor: tuple[int, int, int], where: str) -> np.ndarray:
    """Events in our own fields, those that are missing 0; each inside the sensor."""
    fields = getattr(getattr(events, "dtype", None), "names", None) or ()
    if not {"t", "x"} <= set(fields):
        raise DescriptionError(f"{where} must be a record array with t and x, got the fields {list(fields)}")
    found = np.zeros(len(events), EVENT)
    # one polarity tells nothing apart, whatever number stands for it: Tonic writes 1 into SHD
    for name in ({"t", "x", "y", "p"} if sensor[2] > 1 else {"t", "x", "y"}) & set(fields):
        found[name] = events[name]
    for name, size in zip(("x", "y", "p"), sensor, strict=True):
        outside = (found[name] < 0) | (found[name] >= size)
        if outside.any():
            raise DescriptionError(f"{where}.{name} must be in 0..{size - 1}, got {found[name][outside][0]}")
    return found


def _checked_label(label: Any, classes: int, where: str) -> int:
    number = int(label)
    if not 0 <= number < classes:
        raise DescriptionError(f"the label of {where} must be in 0..{classes - 1}, got {label!r}")
    return number


@fields_by_name
@dataclass(frozen=True, kw_only=True)
class SpokenAdding:
    """Two recordings one after the other are to be added: SHD-Adding, where labels are digits modulo 10.

    Both are drawn with replacement, whatever their speaker and language.

    Parameters
    ----------
    recordings
        Recordings of digits; the label modulo 10 is the digit.
    bin, steps
        Width of a bin, ms, and bins of one recording; a trial has twice as many.
    """

    recordings: EventSet
    bin: float = 10.0
    steps: int = 100

    def __post_init__(self) -> None:
        check_positive(self, "bin")
        take_count(self, "steps")

    @property
    def channels(self) -> int:
        """Those of the recordings."""
        return self.recordings.channels

    @property
    def classes(self) -> int:
        """Sums from 0 to 18."""
        return 19

    @property
    def chance(self) -> float:
        """Share of the commonest sum."""
        share = np.bincount(self.recordings.labels % 10, minlength=10) / len(self.recordings)
        return float(np.convolve(share, share).max())

    def draw(self, trials: int, *, seed: int) -> Trials:
        """``trials`` pairs; the same seed gives the same ones."""
        pairs = generator("SpokenAdding", seed).integers(0, len(self.recordings), (trials, 2))
        both = [self.recordings.binned(self.bin, self.steps, pairs[:, k]).inputs for k in range(2)]
        inputs = np.concatenate(both, axis=1)
        targets = (self.recordings.labels[pairs] % 10).sum(axis=1)
        return Trials(inputs, targets, at_the_end(trials, 2 * self.steps), {"pair": pairs})
