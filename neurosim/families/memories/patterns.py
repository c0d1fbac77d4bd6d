"""Patterns to store and noisy examples of them, said in a few numbers and drawn when a network is built."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ...errors import DescriptionError, check_not_negative, check_positive, fields_by_name, take_count
from ...kernels import philox
from ...kernels.philox import stream_number
from ..arrays import taken

ROWS_AT_ONCE = 1 << 22
"""Entries drawn at once, few enough that what is drawn hardly shows beside what is kept."""


@fields_by_name
@dataclass(frozen=True)
class RandomPatterns:
    """Patterns of independent entries: 0 with probability ``dilution``, else -1 or 1 with equal chance.

    Parameters
    ----------
    count, size
        Number of patterns, K, and of units, N.
    dilution
        Share of blank entries, d, in [0, 1).
    seed
        The same seed gives the same patterns everywhere.

    Examples
    --------
    >>> from neurosim import RandomPatterns
    >>> RandomPatterns(3, 8, seed=1).draw().shape
    (3, 8)
    """

    count: int
    size: int
    dilution: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        take_count(self, "count", "size")
        _check_seed(self)
        check_not_negative(self, "dilution")
        if not self.dilution < 1.0:
            raise DescriptionError(f"RandomPatterns.dilution must be in [0, 1), got {self.dilution!r}")

    def draw(self, first: int = 0, last: int | None = None) -> np.ndarray:
        """The patterns from ``first`` on, before ``last``, (last - first, N) int8."""
        last = self.count if last is None else last
        if not 0 <= first <= last <= self.count:
            raise DescriptionError(f"first and last must rise within 0..{self.count}, got {first!r} and {last!r}")
        drawn = self._signs(first, last)
        if self.dilution:
            words = philox.words_between(self.seed, stream_number("patterns"), 1, first * self.size, last * self.size)
            drawn[(words < _share(self.dilution)).reshape(drawn.shape)] = 0
        return drawn

    def by_unit(self) -> np.ndarray:
        """The patterns unit by unit, (N, K) int8: as a sweep reads them."""
        found = np.empty((self.size, self.count), np.int8)
        rows = max(ROWS_AT_ONCE // self.size, 1)
        for first in range(0, self.count, rows):
            found[:, first : first + rows] = self.draw(first, min(first + rows, self.count)).T
        return found

    def _signs(self, first: int, last: int) -> np.ndarray:
        """Entries -1 and 1 of the patterns ``first`` to ``last - 1``: 32 of a word."""
        each = -(-self.size // 32)
        words = philox.words_between(self.seed, stream_number("patterns"), 0, first * each, last * each)
        bits = np.unpackbits(words.astype("<u4").view(np.uint8), bitorder="little").reshape(last - first, -1)
        return (2 * bits[:, : self.size]).astype(np.int8) - np.int8(1)


@fields_by_name
@dataclass(frozen=True)
class Examples:
    """Noisy examples of each pattern: an entry keeps its sign with probability (1 + quality) / 2; blanks stay blank.

    Parameters
    ----------
    count
        Number of examples of each pattern, M.
    quality
        Mean product of an example's entry with that of its pattern, r, in (0, 1].
    seed
        Seed of the noise.
    """

    count: int
    quality: float
    seed: int = 0

    def __post_init__(self) -> None:
        take_count(self, "count")
        _check_seed(self)
        check_positive(self, "quality")
        if self.quality > 1.0:
            raise DescriptionError(f"Examples.quality must be in (0, 1], got {self.quality!r}")

    @property
    def entropy(self) -> float:
        """What is left unknown of a pattern, rho = (1 - r^2) / (M r^2)."""
        return (1.0 - self.quality**2) / (self.count * self.quality**2)

    def draw(self, patterns: np.ndarray) -> np.ndarray:
        """Examples of ``patterns`` (K, N), (K, M, N) int8."""
        patterns = np.asarray(patterns, np.int8)
        found = np.empty((patterns.shape[0], self.count, patterns.shape[1]), np.int8)
        each, stream = found[0].size, stream_number("examples")
        for number, (pattern, rows) in enumerate(zip(patterns, found, strict=True)):
            words = philox.words_between(self.seed, stream, 0, number * each, (number + 1) * each)
            turned = words.reshape(rows.shape) < _share(0.5 * (1.0 - self.quality))
            rows[...] = np.where(turned, -pattern, pattern)
        return found


def _check_seed(owner: Any) -> None:
    seed = owner.seed
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or not 0 <= seed < 2**64:
        raise DescriptionError(f"{type(owner).__name__}.seed must be a whole number in [0, 2**64), got {seed!r}")


def _share(probability: float) -> np.uint32:
    """The word below which that share of all words lies."""
    return np.uint32(min(round(probability * 2**32), 2**32 - 1))


def _one_pattern(given: Any) -> np.ndarray:
    """(N,) numbers that have an opposite."""
    pattern = taken(given, "pattern")
    if pattern.ndim != 1 or pattern.dtype.kind not in "if":
        raise DescriptionError(f"pattern must be (N,) numbers such as -1 and 1, got {pattern.dtype} {pattern.shape}")
    return pattern


def corrupted(pattern: Any, fraction: float, seed: int = 0) -> np.ndarray:
    """The pattern (N,) with ``round(fraction * N)`` entries, drawn at random, turned round."""
    if not isinstance(fraction, int | float) or not 0.0 <= fraction <= 1.0:
        raise DescriptionError(f"fraction must be in [0, 1], got {fraction!r}")
    pattern = _one_pattern(pattern).copy()
    order = np.argsort(philox.uniform(seed, stream_number("corrupted"), 0, np.arange(pattern.size)))
    turned = order[: round(fraction * pattern.size)]
    pattern[turned] = -pattern[turned]
    return pattern


def filled(pattern: Any, seed: int = 0) -> np.ndarray:
    """The pattern (N,) with -1 or 1, drawn with equal chance, in the place of each 0."""
    pattern = _one_pattern(pattern)
    coins = philox.uniform(seed, stream_number("filled"), 0, np.arange(pattern.size)) < 0.5
    return np.where(pattern == 0, np.where(coins, 1, -1), pattern).astype(pattern.dtype)
