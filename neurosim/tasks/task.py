"""The contract of a task: trials drawn from one seed, and what guessing reaches."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np

from ..errors import DescriptionError
from ..kernels.philox import stream_number

Measure = Literal["accuracy", "error"]


@dataclass(frozen=True)
class Trials:
    """Inputs and what they ask for.

    Parameters
    ----------
    inputs
        (B, T, I): B trials of T steps with I channels.
    targets
        Class numbers (int64) or values (float32), with the axes B, T and whatever one answer has; without T
        where each trial is answered once.
    mask
        (B, T), true where the answer counts: for one answer a trial, the step at which it is due.
    about
        What else is known of each trial, such as its set size; arrays whose first axis is B.
    """

    inputs: np.ndarray
    targets: np.ndarray
    mask: np.ndarray
    about: dict[str, np.ndarray] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.inputs)

    @property
    def steps(self) -> int:
        """Length of every trial, T."""
        return self.inputs.shape[1]

    def time_first(self) -> np.ndarray:
        """The inputs as (T, B, I), which is how spiking networks in PyTorch take them."""
        return np.ascontiguousarray(self.inputs.transpose(1, 0, 2))


class Task(ABC):
    """A frozen description of a task; ``draw`` gives trials.

    Attributes
    ----------
    measure
        ``accuracy`` (a fraction of the answers that count) or ``error`` (their mean squared error).
    """

    measure: ClassVar[Measure] = "accuracy"

    @property
    @abstractmethod
    def channels(self) -> int:
        """Number of input channels, I."""

    @property
    @abstractmethod
    def classes(self) -> int:
        """How many answers there are; for values, how many values an answer has."""

    @property
    @abstractmethod
    def chance(self) -> float:
        """What the best answer reaches that does not look at the input, by ``measure``."""

    @abstractmethod
    def _make(self, trials: int, rng: np.random.Generator) -> Trials:
        """The trials, by the numbers of ``rng``."""

    def score(self, trials: Trials, answers: np.ndarray) -> float:
        """Accuracy or mean squared error of answers of the shape of ``trials.targets``, where they count."""
        answers, targets = np.asarray(answers), trials.targets
        if answers.shape != targets.shape:
            raise DescriptionError(f"answers must have the shape of targets, {targets.shape}, got {answers.shape}")
        if targets.shape[:2] == trials.mask.shape:
            answers, targets = answers[trials.mask], targets[trials.mask]
        if self.measure == "accuracy":
            return float(np.mean(answers == targets))
        return float(np.mean((answers - targets) ** 2))

    def draw(self, trials: int, *, seed: int) -> Trials:
        """``trials`` trials; the same seed gives the same ones, and every task has numbers of its own."""
        if isinstance(trials, bool) or not isinstance(trials, int | np.integer) or trials < 1:
            raise DescriptionError(f"trials must be a whole number >= 1, got {trials!r}")
        return self._make(int(trials), generator(type(self).__name__, seed))


def generator(name: str, seed: int) -> np.random.Generator:
    """The numbers of one purpose under one seed: NumPy's Philox, keyed by both."""
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or not 0 <= seed < 1 << 64:
        raise DescriptionError(f"seed must be a whole number in [0, 2**64), got {seed!r}")
    return np.random.Generator(np.random.Philox(key=[int(seed), stream_number(name)]))


def at_the_end(trials: int, steps: int) -> np.ndarray:
    """(B, T), true at the last step."""
    mask = np.zeros((trials, steps), bool)
    mask[:, -1] = True
    return mask


def padded(rows: list[np.ndarray], fill: float = 0.0) -> np.ndarray:
    """Arrays of different lengths as one, (B, longest, ...), with ``fill`` behind the shorter ones."""
    longest = max(map(len, rows))
    found = np.full((len(rows), longest, *rows[0].shape[1:]), fill, rows[0].dtype)
    for place, row in zip(found, rows, strict=True):
        place[: len(row)] = row
    return found


def one_hot(indices: np.ndarray, size: int) -> np.ndarray:
    """Vectors with a 1 at each index, float32; a negative index gives zeros."""
    found = np.zeros((*np.shape(indices), size), np.float32)
    inside = np.asarray(indices) >= 0
    found[inside, np.asarray(indices)[inside]] = 1.0
    return found


class Range(NamedTuple):
    """Whole numbers from ``low`` to ``high``, both included."""

    low: int
    high: int


def check_range(owner: Any, name: str, least: int) -> None:
    """The field is a pair of whole numbers, ``least <= low <= high``."""
    value = getattr(owner, name)
    whole = isinstance(value, tuple) and len(value) == 2 and all(isinstance(v, int | np.integer) for v in value)
    if not whole or not least <= value[0] <= value[1]:
        raise DescriptionError(
            f"{type(owner).__name__}.{name} must be a pair (low, high) with {least} <= low <= high, got {value!r}"
        )
    object.__setattr__(owner, name, Range(*map(int, value)))
