"""Working memory that is changed while it is kept: two spatial tasks of WorM, in symbols instead of images.

See ``working_memory_spatial`` for what is kept and what is left out.

References
----------
Sikarwar & Zhang (2023). NeurIPS 2023 Datasets and Benchmarks, doi:10.48550/arXiv.2307.10768
"""

from dataclasses import dataclass

import numpy as np

from ..errors import DescriptionError, check_probability, fields_by_name, take_count
from .task import Range, Task, Trials, check_range, one_hot, padded

ARROWS = tuple((dy, dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1) if (dy, dx) != (0, 0))
"""The eight directions, row by row."""


@fields_by_name
@dataclass(frozen=True, kw_only=True)
class SpatialMemoryUpdating(Task):
    """Boxes with a marker each; arrows move the markers; then say where each of them is.

    A box is a grid of 3 by 3. Frames name a box and show its cell (at first), an arrow (updates, one box after the
    other; the marker always stays inside), or the question (every box once, in random order).

    Parameters
    ----------
    boxes
        Fewest and most boxes of a trial.
    updates
        Number of arrows.
    """

    boxes: Range = Range(1, 4)
    updates: int = 4

    def __post_init__(self) -> None:
        check_range(self, "boxes", 1)
        take_count(self, "updates")

    @property
    def channels(self) -> int:
        """Boxes, nine cells, eight arrows, the question."""
        return self.boxes.high + 9 + 8 + 1

    @property
    def classes(self) -> int:
        """The cells."""
        return 9

    @property
    def chance(self) -> float:
        """Share of the answers that are the middle cell, from which all arrows may leave and which most may reach."""
        moves = (
            np.array([[_moved(cell, arrow) == other for arrow in range(8)] for cell in range(9) for other in range(9)])
            .reshape(9, 9, 8)
            .sum(axis=2)
        )
        step = moves / moves.sum(axis=1, keepdims=True)
        where = [np.full(9, 1.0 / 9.0)]
        for _ in range(self.updates):
            where.append(where[-1] @ step)
        counts = [
            len(range(box, self.updates, size))
            for size in range(self.boxes.low, self.boxes.high + 1)
            for box in range(size)
        ]
        return float(np.mean([where[count] for count in counts], axis=0).max())

    def _make(self, trials: int, rng: np.random.Generator) -> Trials:
        rows = [self._trial(rng) for _ in range(trials)]
        frames, answers, mask = (list(part) for part in zip(*rows, strict=True))
        size = np.array([int(row.sum()) for row in mask])
        return Trials(padded(frames), padded(answers), padded(mask), {"boxes": size})

    def _trial(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        size = int(rng.integers(self.boxes.low, self.boxes.high + 1))
        cells = rng.integers(0, 9, size)
        steps = 2 * size + self.updates
        frames = np.zeros((steps, self.channels), np.float32)
        box = np.concatenate([np.arange(size), np.arange(self.updates) % size, rng.permutation(size)])
        frames[np.arange(steps), box] = 1.0
        cell_0, arrow_0 = self.boxes.high, self.boxes.high + 9
        frames[np.arange(size), cell_0 + cells] = 1.0
        for step in range(size, size + self.updates):
            allowed = [arrow for arrow in range(8) if _moved(cells[box[step]], arrow) >= 0]
            arrow = int(rng.choice(allowed))
            cells[box[step]] = _moved(cells[box[step]], arrow)
            frames[step, arrow_0 + arrow] = 1.0
        frames[-size:, -1] = 1.0
        answers, mask = np.zeros(steps, np.int64), np.arange(steps) >= steps - size
        answers[mask] = cells[box[mask]]
        return frames, answers, mask


def _moved(cell: int, arrow: int) -> int:
    """Where an arrow moves the marker in a grid of 3 by 3; -1 for outside."""
    y, x = cell // 3 + ARROWS[arrow][0], cell % 3 + ARROWS[arrow][1]
    return y * 3 + x if 0 <= y < 3 and 0 <= x < 3 else -1


@fields_by_name
@dataclass(frozen=True, kw_only=True)
class SpatialTaskSwitching(Task):
    """A marker in a grid of 2 by 2 is judged by the rule that the last cue named.

    Answers are 0 for up or left, 1 for down or right, 2 at cues, where they do not count. Both rules agree on two of
    the four cells, so that who forgets the rule is right in 3/4 of the steps.

    Parameters
    ----------
    steps
        Length of a trial; its first step is a cue.
    switch
        Chance that a later step is a cue, which changes the rule.
    """

    steps: int = 20
    switch: float = 0.2

    def __post_init__(self) -> None:
        take_count(self, "steps")
        check_probability(self, "switch")
        if self.steps < 2 or self.switch == 1.0:
            raise DescriptionError(
                f"SpatialTaskSwitching.steps must be >= 2 and .switch < 1, got {self.steps!r} and {self.switch!r}"
            )

    @property
    def channels(self) -> int:
        """Four cells and two cues."""
        return 6

    @property
    def classes(self) -> int:
        """Up or left, down or right, cue."""
        return 3

    @property
    def chance(self) -> float:
        """One half."""
        return 0.5

    @property
    def memoryless(self) -> float:
        """What an answer from the marker alone reaches."""
        return 0.75

    def _make(self, trials: int, rng: np.random.Generator) -> Trials:
        cue = rng.random((trials, self.steps)) < self.switch
        cue[:, 0] = True
        rule = (rng.integers(0, 2, (trials, 1)) + np.cumsum(cue, axis=1)) % 2
        cell = rng.integers(0, 4, (trials, self.steps))
        inputs = one_hot(np.where(cue, 4 + rule, cell), 6)
        answers = np.where(cue, 2, np.where(rule == 0, cell // 2, cell % 2))
        return Trials(inputs, answers, ~cue, {"rule": rule})
