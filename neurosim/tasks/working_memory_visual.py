"""Working memory of patterns: the visual tasks and the complex span of WorM, in symbols instead of images.

See ``working_memory_spatial`` for what is kept and what is left out. How probes are laid out in channels is ours.

References
----------
Sikarwar & Zhang (2023). NeurIPS 2023 Datasets and Benchmarks, doi:10.48550/arXiv.2307.10768
"""

from dataclasses import dataclass

import numpy as np

from ..errors import DescriptionError, check_choice, fields_by_name, take_count
from .task import Range, Task, Trials, check_range, one_hot, padded
from .working_memory_spatial import SpatialCoordination, YesNo, take_counts
from .working_memory_updating import ARROWS


def patterns(count: int, cells: int, rng: np.random.Generator) -> np.ndarray:
    """Different patterns in which half of the cells are on, (count, cells), 0 or 1."""
    found: dict[bytes, np.ndarray] = {}
    while len(found) < count:
        pattern = (rng.permutation(cells) < cells // 2).astype(np.float32)
        found[pattern.tobytes()] = pattern
    return np.array(list(found.values()))


def changed(pattern: np.ndarray, differing: int, rng: np.random.Generator) -> np.ndarray:
    """The pattern with half of ``differing`` cells switched on and as many off."""
    lure = pattern.copy()
    for value in (0.0, 1.0):
        lure[rng.choice(np.flatnonzero(pattern == value), differing // 2, replace=False)] = 1.0 - value
    return lure


def _check_patterns(owner: object, cells: int, length: Range, differing: tuple[int, ...]) -> None:
    name = type(owner).__name__
    if cells % 2 or cells < 6:
        raise DescriptionError(f"{name}.cells must be an even number >= 6, got {cells!r}")
    if length.high > 2 ** (cells // 2):
        raise DescriptionError(f"{name}.length must be <= 2**(cells / 2) ({2 ** (cells // 2)}), got {length!r}")
    if any(one % 2 or not 2 <= one <= cells for one in differing):
        raise DescriptionError(f"{name}.differing must be even and in 2..{cells} (cells), got {differing!r}")


@fields_by_name
@dataclass(frozen=True, kw_only=True)
class VisualItemRecognition(YesNo):
    """A list of patterns, a delay, then two patterns: is the old one on the right?

    Channels hold two patterns, left and right, and the question; the list is shown on the left. The other
    pattern of the question differs from the old one in ``differing`` cells.

    Parameters
    ----------
    cells
        Cells of a pattern, half of which are on.
    length
        Fewest and most patterns of a list.
    delays
        How many blank frames there may be; drawn.
    differing
        How many cells differ.
    """

    cells: int = 16
    length: Range = Range(4, 6)
    delays: tuple[int, ...] = (0, 2, 4)
    differing: int = 4

    def __post_init__(self) -> None:
        take_count(self, "cells", "differing")
        check_range(self, "length", 1)
        take_counts(self, "delays")
        _check_patterns(self, self.cells, self.length, (self.differing,))

    @property
    def channels(self) -> int:
        """Two patterns and the question."""
        return 2 * self.cells + 1

    def _make(self, trials: int, rng: np.random.Generator) -> Trials:
        targets = rng.integers(0, 2, trials)
        frames, place, delays = [], [], []
        for right in targets:
            items = patterns(int(rng.integers(self.length.low, self.length.high + 1)), self.cells, rng)
            asked, delay = int(rng.integers(len(items))), int(rng.choice(self.delays))
            frame = np.zeros((len(items) + delay + 1, self.channels), np.float32)
            frame[: len(items), : self.cells] = items
            frame[-1] = _pair(items, asked, bool(right), self.differing, rng)
            frames.append(frame)
            place.append(asked)
            delays.append(delay)
        mask = [np.arange(len(frame)) == len(frame) - 1 for frame in frames]
        return Trials(padded(frames), targets, padded(mask), {"asked": np.array(place), "delay": np.array(delays)})


def _pair(items: np.ndarray, asked: int, right: bool, differing: int, rng: np.random.Generator) -> np.ndarray:
    """Old pattern and lure side by side, and the question; the lure is no item of the list."""
    lure = changed(items[asked], differing, rng)
    while (items == lure).all(axis=1).any():
        lure = changed(items[asked], differing, rng)
    both = (lure, items[asked]) if right else (items[asked], lure)
    return np.append(np.concatenate(both), 1.0)


@fields_by_name
@dataclass(frozen=True, kw_only=True)
class VisualSerialRecall(Task):
    """A list of patterns, then all of them at random places at once: where is the first, the second, ...?

    Channels hold the pattern of the list, then the places, then the question. The places are shown as often as there
    are patterns; targets are (B, T).

    Parameters
    ----------
    cells
        Cells of a pattern, half of which are on.
    length
        Fewest and most patterns of a list.
    places
        How many places there are.
    """

    cells: int = 16
    length: Range = Range(2, 6)
    places: int = 9

    def __post_init__(self) -> None:
        take_count(self, "cells", "places")
        check_range(self, "length", 1)
        _check_patterns(self, self.cells, self.length, ())
        if self.places < self.length.high:
            raise DescriptionError(
                f"VisualSerialRecall.places must be >= the longest list ({self.length.high}), got {self.places!r}"
            )

    @property
    def channels(self) -> int:
        """A pattern, the places, the question."""
        return self.cells * (1 + self.places) + 1

    @property
    def classes(self) -> int:
        """The places."""
        return self.places

    @property
    def chance(self) -> float:
        """One of the places."""
        return 1.0 / self.places

    def _make(self, trials: int, rng: np.random.Generator) -> Trials:
        frames, answers, mask = [], [], []
        for _ in range(trials):
            items = patterns(int(rng.integers(self.length.low, self.length.high + 1)), self.cells, rng)
            size = len(items)
            place = rng.choice(self.places, size, replace=False)
            probe = np.zeros((self.places, self.cells), np.float32)
            probe[place] = items
            frame = np.zeros((2 * size, self.channels), np.float32)
            frame[:size, : self.cells] = items
            frame[size:, self.cells : -1] = probe.ravel()
            frame[size:, -1] = 1.0
            frames.append(frame)
            answers.append(np.concatenate([np.zeros(size, np.int64), place]))
            mask.append(np.arange(2 * size) >= size)
        about = {"length": np.array([int(row.sum()) for row in mask])}
        return Trials(padded(frames), padded(answers), padded(mask), about)


@fields_by_name
@dataclass(frozen=True, kw_only=True)
class VisualSerialRecognition(YesNo):
    """A list of patterns, then one pair of patterns for each, in the same order: is the old one on the right?

    Channels as in ``VisualItemRecognition``; targets are (B, T).

    Parameters
    ----------
    cells
        Cells of a pattern, half of which are on.
    length
        Fewest and most patterns of a list.
    differing
        In how many cells old and new differ; drawn for each pair.
    """

    cells: int = 16
    length: Range = Range(2, 6)
    differing: tuple[int, ...] = (2, 4, 6)

    def __post_init__(self) -> None:
        take_count(self, "cells")
        check_range(self, "length", 1)
        take_counts(self, "differing")
        _check_patterns(self, self.cells, self.length, self.differing)

    @property
    def channels(self) -> int:
        """Two patterns and the question."""
        return 2 * self.cells + 1

    def _make(self, trials: int, rng: np.random.Generator) -> Trials:
        frames, answers, mask = [], [], []
        for _ in range(trials):
            items = patterns(int(rng.integers(self.length.low, self.length.high + 1)), self.cells, rng)
            size = len(items)
            right = rng.integers(0, 2, size)
            frame = np.zeros((2 * size, self.channels), np.float32)
            frame[:size, : self.cells] = items
            for k in range(size):
                frame[size + k] = _pair(items, k, bool(right[k]), int(rng.choice(self.differing)), rng)
            frames.append(frame)
            answers.append(np.concatenate([np.zeros(size, np.int64), right]))
            mask.append(np.arange(2 * size) >= size)
        about = {"length": np.array([int(row.sum()) for row in mask])}
        return Trials(padded(frames), padded(answers), padded(mask), about)


FEATURES = ("colour", "orientation", "size", "gap")


@fields_by_name
@dataclass(frozen=True, kw_only=True)
class ChangeDetection(YesNo):
    """Some bars, a delay, the bars again: has one of them changed?

    A slot has five channels: whether there is a bar, and four features of two values (``FEATURES``). The last channel
    is the question. In half of the trials one feature of one bar changes.

    Parameters
    ----------
    slots
        Number of places.
    sizes
        How many bars there may be; drawn.
    delays
        How many blank frames there may be; drawn.
    feature
        Which one changes; ``conjunction`` draws one of the four.
    """

    slots: int = 6
    sizes: tuple[int, ...] = (2, 4, 6)
    delays: tuple[int, ...] = (0, 2, 4)
    feature: str = "conjunction"

    def __post_init__(self) -> None:
        take_count(self, "slots")
        take_counts(self, "sizes")
        take_counts(self, "delays")
        check_choice(self, "feature", (*FEATURES, "conjunction"))
        if not 1 <= self.sizes[0] <= self.sizes[-1] <= self.slots:
            raise DescriptionError(f"ChangeDetection.sizes must be in 1..{self.slots} (slots), got {self.sizes!r}")

    @property
    def channels(self) -> int:
        """Five for each slot, and the question."""
        return 5 * self.slots + 1

    def _make(self, trials: int, rng: np.random.Generator) -> Trials:
        targets = rng.integers(0, 2, trials)
        size, delay = rng.choice(self.sizes, trials), rng.choice(self.delays, trials)
        order = rng.random((trials, self.slots)).argsort(axis=1)
        bars = np.zeros((trials, self.slots, 5), np.float32)
        np.put_along_axis(bars[..., 0], order, (np.arange(self.slots) < size[:, None]).astype(np.float32), axis=1)
        bars[..., 1:] = rng.integers(0, 2, (trials, self.slots, 4)) * bars[..., :1]
        which = order[np.arange(trials), rng.integers(0, size)]
        feature = rng.integers(0, 4, trials)
        if self.feature != "conjunction":
            feature[:] = FEATURES.index(self.feature)
        again = bars.copy()
        place = np.flatnonzero(targets), which[targets == 1], 1 + feature[targets == 1]
        again[place] = 1.0 - again[place]
        steps, every = 2 + self.delays[-1], np.arange(trials)
        inputs, mask = np.zeros((trials, steps, self.channels), np.float32), np.zeros((trials, steps), bool)
        inputs[:, 0, :-1] = bars.reshape(trials, -1)
        inputs[every, 1 + delay, :-1] = again.reshape(trials, -1)
        inputs[every, 1 + delay, -1] = 1.0
        mask[every, 1 + delay] = True
        return Trials(inputs, targets, mask, {"size": size, "delay": delay, "feature": feature})


@fields_by_name
@dataclass(frozen=True, kw_only=True)
class ComplexSpan(Task):
    """Keep two things in mind while judging others; then find both among eight.

    Two times: a thing to keep for three frames, then five frames of which some hold a judgement. Then two questions,
    one for each thing. A visual thing is a pattern, a spatial one three arrows, one a frame. A visual judgement is red
    or blue, a spatial one whether a figure is symmetric. Targets are (B, 18); answers at the judgements do not count.

    Classes: 0 and 1 for red and blue, 2 and 3 for not symmetric and symmetric, 4 to 11 the place of a spatial thing
    among the eight shown, 12 to 19 that of a visual one, 20 for nothing to say.

    Parameters
    ----------
    storage, judged
        ``spatial`` or ``visual``: what is kept, and what is judged.
    loads
        How many judgements there may be in each interval, at most 5; drawn.
    cells
        Cells of a pattern.
    side
        Cells along a side of the figures judged.
    """

    storage: str = "visual"
    judged: str = "spatial"
    loads: tuple[int, ...] = (0, 1, 3, 5)
    cells: int = 16
    side: int = 6

    def __post_init__(self) -> None:
        for name in ("storage", "judged"):
            check_choice(self, name, ("spatial", "visual"))
        take_counts(self, "loads")
        take_count(self, "cells", "side")
        _check_patterns(self, self.cells, Range(8, 8), ())
        if self.loads[-1] > 5:
            raise DescriptionError(f"ComplexSpan.loads must be <= 5, got {self.loads!r}")
        self._figures()

    @property
    def channels(self) -> int:
        """The thing kept, the judgement, eight things to choose from, the question."""
        kept = self.cells if self.storage == "visual" else 8
        judged = 2 if self.judged == "visual" else self.side**2
        return kept + judged + 8 * self._width + 1

    @property
    def classes(self) -> int:
        """See above."""
        return 21

    @property
    def chance(self) -> float:
        """One of eight."""
        return 0.125

    @property
    def _width(self) -> int:
        """Channels of one thing to choose."""
        return self.cells if self.storage == "visual" else 3 * len(ARROWS)

    def _figures(self) -> SpatialCoordination:
        return SpatialCoordination(side=self.side, lengths=(2 * (self.side // 2),), moved=(2,))

    def _make(self, trials: int, rng: np.random.Generator) -> Trials:
        inputs = np.zeros((trials, 18, self.channels), np.float32)
        targets = np.full((trials, 18), 20)
        load, figures = rng.choice(self.loads, trials), self._figures()
        for trial in range(trials):
            for start, probe in ((0, 16), (8, 17)):
                self._item(inputs[trial], targets[trial], start, probe, rng)
                busy = np.sort(rng.choice(5, load[trial], replace=False)) + start + 3
                for step in busy:
                    self._judgement(inputs[trial], targets[trial], int(step), figures, rng)
        mask = np.zeros((trials, 18), bool)
        mask[:, 16:] = True
        return Trials(inputs, targets, mask, {"load": load})

    def _item(self, frames: np.ndarray, answers: np.ndarray, start: int, probe: int, rng: np.random.Generator) -> None:
        """A thing in three frames, and its question."""
        place = int(rng.integers(8))
        if self.storage == "visual":
            choices = patterns(8, self.cells, rng)
            frames[start : start + 3, : self.cells] = choices[place]
        else:
            numbers = rng.choice(8**3, 8, replace=False)
            arrows = np.stack([numbers // 64, numbers // 8 % 8, numbers % 8], axis=1)
            choices = one_hot(arrows, 8).reshape(8, -1)
            frames[np.arange(start, start + 3), arrows[place]] = 1.0
        frames[probe, -1 - 8 * self._width : -1] = choices.ravel()
        frames[probe, -1] = 1.0
        answers[probe] = place + (12 if self.storage == "visual" else 4)

    def _judgement(
        self, frames: np.ndarray, answers: np.ndarray, step: int, figures: SpatialCoordination, rng: np.random.Generator
    ) -> None:
        """A colour or a figure."""
        yes, first = int(rng.integers(2)), self.cells if self.storage == "visual" else 8
        if self.judged == "visual":
            frames[step, first + yes] = 1.0
            answers[step] = yes
        else:
            frames[step, first + figures.figure(bool(yes), rng)] = 1.0
            answers[step] = 2 + yes
