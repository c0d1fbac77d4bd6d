"""Working memory of places: three spatial tasks of WorM, in symbols instead of images.

A frame is the content of an image: which cells are lit, which way an arrow points. Trials of different lengths are
padded with zeros behind; the mask says when an answer is due. Sizes are smaller than the published ones.

References
----------
Sikarwar & Zhang (2023). NeurIPS 2023 Datasets and Benchmarks, doi:10.48550/arXiv.2307.10768; generators:
github.com/ZhangLab-DeepNeuroCogLab/WorM
"""

from dataclasses import dataclass

import numpy as np

from ..errors import DescriptionError, check_count, fields_by_name, take_count
from .task import Range, Task, Trials, check_range, one_hot, padded


def take_counts(owner: object, name: str) -> None:
    """The field is a tuple of whole numbers, 0 or more, in ascending order."""
    value = getattr(owner, name)
    whole = all(isinstance(v, int | np.integer) and not isinstance(v, bool) and v >= 0 for v in value)
    if not value or not whole or list(value) != sorted(set(value)):
        raise DescriptionError(
            f"{type(owner).__name__}.{name} must be whole numbers >= 0 in ascending order, got {value!r}"
        )
    object.__setattr__(owner, name, tuple(map(int, value)))


class YesNo(Task):
    """A task with the answers no and yes, equally often."""

    @property
    def classes(self) -> int:
        """No and yes."""
        return 2

    @property
    def chance(self) -> float:
        """One half."""
        return 0.5


@fields_by_name
@dataclass(frozen=True, kw_only=True)
class SpatialCoordination(YesNo):
    """Cells of a grid light up one by one: is the whole symmetric about the vertical axis?

    Half of the list are random cells of the left half, which may repeat, the others their mirror images, shuffled. In
    asymmetric trials some cells of the right half are moved to places that have no mirror image in the list.
    The last frame is the question: a channel of its own.

    Parameters
    ----------
    side
        Cells along a side of the grid, an even number.
    lengths
        How many cells light up, even numbers; drawn.
    moved
        How many cells are moved in asymmetric trials; drawn.
    """

    side: int = 6
    lengths: tuple[int, ...] = (4, 6, 8)
    moved: tuple[int, ...] = (1, 2)

    def __post_init__(self) -> None:
        check_count(self, "side")
        for name in ("lengths", "moved"):
            take_counts(self, name)
        if self.side % 2 or any(length % 2 for length in self.lengths) or not self.lengths[0]:
            raise DescriptionError(
                f"SpatialCoordination.side and .lengths must be even and > 0, got {self.side!r} and {self.lengths!r}"
            )
        half = self.side * self.side // 2
        if not 1 <= self.moved[0] <= self.moved[-1] <= self.lengths[0] // 2 or self.lengths[-1] // 2 > half // 2:
            raise DescriptionError(
                f"SpatialCoordination.moved must be in 1..{self.lengths[0] // 2} (half of the shortest list), and the "
                f"longest list at most {half} cells, got {self.moved!r} and {self.lengths!r}"
            )

    @property
    def channels(self) -> int:
        """The cells and the question."""
        return self.side * self.side + 1

    def mirrored(self, cells: np.ndarray) -> np.ndarray:
        """The mirror image of each cell."""
        return cells // self.side * self.side + self.side - 1 - cells % self.side

    def _make(self, trials: int, rng: np.random.Generator) -> Trials:
        targets = rng.integers(0, 2, trials)
        lists = [self.figure(bool(symmetric), rng) for symmetric in targets]
        frames = [one_hot(np.append(cells, self.channels - 1), self.channels) for cells in lists]
        mask = [np.arange(len(frame)) == len(frame) - 1 for frame in frames]
        about = {"cells": padded(lists, -1), "length": np.array(list(map(len, lists)))}
        return Trials(padded(frames), targets, padded(mask), about)

    def figure(self, symmetric: bool, rng: np.random.Generator) -> np.ndarray:
        """The cells of one trial in the order in which they light up, (length,)."""
        length = int(rng.choice(self.lengths))
        row, column = rng.integers(0, [self.side, self.side // 2], (length // 2, 2)).T
        left = row * self.side + column
        right = self.mirrored(left)
        if not symmetric:
            everywhere = np.arange(self.side * self.side)
            right_half = everywhere[everywhere % self.side >= self.side // 2]
            unused = np.setdiff1d(right_half, right)
            which = rng.choice(len(right), int(rng.choice(self.moved)), replace=False)
            right[which] = rng.choice(unused, len(which), replace=False)
        return rng.permutation(np.concatenate([left, right]))


@fields_by_name
@dataclass(frozen=True, kw_only=True)
class SpatialFreeRecall(Task):
    """Cells light up one by one; then name all of them, in any order.

    The last frame is the question. Targets are (B, cells), 1 for each cell that was lit; an answer is a number for each
    cell, and the score the share of the lit cells among the ``list length`` greatest.

    Parameters
    ----------
    cells
        Number of cells.
    length
        Fewest and most cells that light up, each once.
    """

    cells: int = 25
    length: Range = Range(1, 6)

    def __post_init__(self) -> None:
        take_count(self, "cells")
        check_range(self, "length", 1)
        if self.length.high > self.cells:
            raise DescriptionError(f"SpatialFreeRecall.length must be <= cells ({self.cells}), got {self.length!r}")

    @property
    def channels(self) -> int:
        """The cells and the question."""
        return self.cells + 1

    @property
    def classes(self) -> int:
        """One value for each cell."""
        return self.cells

    @property
    def chance(self) -> float:
        """A list of k cells has a share k / cells of any k others."""
        return (self.length.low + self.length.high) / 2 / self.cells

    def score(self, trials: Trials, answers: np.ndarray) -> float:
        """Mean share of the lit cells among the greatest answers, as many as were lit; equals count by cell number."""
        answers = np.asarray(answers)
        if answers.shape != trials.targets.shape:
            raise DescriptionError(
                f"answers must have the shape of targets, {trials.targets.shape}, got {answers.shape}"
            )
        order = np.argsort(-answers, axis=1, kind="stable")
        rank = np.empty_like(order)
        np.put_along_axis(rank, order, np.arange(self.cells)[None, :], axis=1)
        lit = trials.targets.sum(axis=1)
        return float(np.mean(((rank < lit[:, None]) * trials.targets).sum(axis=1) / lit))

    def _make(self, trials: int, rng: np.random.Generator) -> Trials:
        order = rng.random((trials, self.cells)).argsort(axis=1)
        length = rng.integers(self.length.low, self.length.high + 1, trials)
        steps = np.arange(self.length.high + 1)
        shown = np.where(steps < length[:, None], order[:, : self.length.high + 1][:, steps % self.cells], -1)
        question = steps == length[:, None]
        inputs = one_hot(np.where(question, self.cells, shown), self.channels)
        targets = np.zeros((trials, self.cells), np.int64)
        np.put_along_axis(targets, order, (np.arange(self.cells) < length[:, None]).astype(np.int64), axis=1)
        return Trials(inputs, targets, question, {"length": length})


@fields_by_name
@dataclass(frozen=True, kw_only=True)
class SpatialIntegration(YesNo):
    """A path is shown in parts, in any order: is the figure at the end the whole of it?

    The path avoids itself and takes steps to one of the eight neighbours on a grid of vertices. A wrong figure differs
    in its last segments. Channels are the segments between neighbours, then the question.

    Parameters
    ----------
    side
        Vertices along a side of the grid.
    segments
        Length of the path.
    parts
        How many segments a frame may hold; divisors of ``segments``, drawn.
    differing
        Fewest and most of the last segments that differ in a wrong figure.
    """

    side: int = 5
    segments: int = 12
    parts: tuple[int, ...] = (1, 2, 3, 4, 6, 12)
    differing: Range = Range(1, 4)

    def __post_init__(self) -> None:
        take_count(self, "side", "segments")
        take_counts(self, "parts")
        check_range(self, "differing", 1)
        if not self.parts[0] or any(self.segments % part for part in self.parts):
            raise DescriptionError(
                f"SpatialIntegration.parts must divide segments ({self.segments}), got {self.parts!r}"
            )
        if self.differing.high > self.segments or self.segments > self.side**2 // 2:
            raise DescriptionError(
                f"SpatialIntegration.segments must be >= differing ({self.differing.high}) and <= side**2 / 2 "
                f"({self.side**2 // 2}), got {self.segments!r}"
            )

    @property
    def channels(self) -> int:
        """The segments and the question."""
        return 2 * self.side * (self.side - 1) + 2 * (self.side - 1) ** 2 + 1

    def neighbours(self) -> dict[tuple[int, int], int]:
        """The number of the segment between two neighbouring vertices, both ways round."""
        found: dict[tuple[int, int], int] = {}
        for vertex in range(self.side**2):
            for dy, dx in ((0, 1), (1, -1), (1, 0), (1, 1)):
                y, x = vertex // self.side + dy, vertex % self.side + dx
                if y < self.side and 0 <= x < self.side:
                    other = y * self.side + x
                    found[vertex, other] = found[other, vertex] = len(found) // 2
        return found

    def _make(self, trials: int, rng: np.random.Generator) -> Trials:
        targets = rng.integers(0, 2, trials)
        segment_of = self.neighbours()
        near: dict[int, list[int]] = {}
        for one, other in segment_of:
            near.setdefault(one, []).append(other)
        frames, sizes = [], []
        for whole in targets:
            shown, lure = self._figures(near, segment_of, rng)
            size = int(rng.choice(self.parts))
            frames.append(self._frames(shown, shown if whole else lure, size, rng))
            sizes.append(size)
        mask = [np.arange(len(frame)) == len(frame) - 1 for frame in frames]
        return Trials(padded(frames), targets, padded(mask), {"part": np.array(sizes)})

    def _segments(self, path: list[int], segment_of: dict[tuple[int, int], int]) -> list[int]:
        return [segment_of[pair] for pair in zip(path, path[1:], strict=False)]

    def _walk(self, path: list[int], near: dict[int, list[int]], rng: np.random.Generator) -> list[int] | None:
        """The path walked on to its full length; None where it runs into a corner."""
        while len(path) <= self.segments:
            free = [vertex for vertex in near[path[-1]] if vertex not in path]
            if not free:
                return None
            path = [*path, free[int(rng.integers(len(free)))]]
        return path

    def _figures(
        self, near: dict[int, list[int]], segment_of: dict[tuple[int, int], int], rng: np.random.Generator
    ) -> tuple[list[int], list[int]]:
        """Segments of a path, and of one that leaves it some segments before its end and does so at once.

        Both are made for every trial: from some paths nothing else branches off, and those are no figures of either.
        """
        while True:
            path = self._walk([int(rng.integers(self.side**2))], near, rng)
            if path is None:
                continue
            kept = path[: len(path) - int(rng.integers(self.differing.low, self.differing.high + 1))]
            other = self._walk(kept, near, rng)
            if other is not None and other[len(kept)] != path[len(kept)]:
                shown, lure = self._segments(path, segment_of), self._segments(other, segment_of)
                if set(shown) != set(lure):
                    return shown, lure

    def _frames(self, shown: list[int], probe: list[int], size: int, rng: np.random.Generator) -> np.ndarray:
        parts = rng.permutation(np.reshape(shown, (-1, size)))
        frames = np.zeros((len(parts) + 1, self.channels), np.float32)
        np.put_along_axis(frames[:-1], parts, 1.0, axis=1)
        frames[-1, [*probe, self.channels - 1]] = 1.0
        return frames
