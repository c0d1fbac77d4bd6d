"""Delays as whole numbers of steps."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import DescriptionError
from .distributions import CONTINUOUS, Constant, Continuous, Normal, limits
from .rules import is_number

LONGEST = 1_000_000


@dataclass(frozen=True, kw_only=True, eq=False)
class DelayLaw:
    """A delay is ``low`` plus the number of ``thresholds`` (uint32) that a random word reaches.

    ``guide``, (4096,), is where to begin for the top 12 bits of the word, so that a draw takes about one
    comparison and is exact to 2**-32.
    """

    low: int
    thresholds: np.ndarray
    guide: np.ndarray

    @property
    def high(self) -> int:
        """The longest delay."""
        return self.low + self.thresholds.size


def delay_law(delay: Any) -> DelayLaw | int:
    """What a delay in steps, a number or a distribution, means for a draw.

    A number is rounded to whole steps. A distribution is cut to its bounds, at least one step, as if
    numbers outside were drawn again; then rounded.
    """
    if isinstance(delay, Constant):
        delay = delay.value
    if is_number(delay):
        return whole_delay(delay)
    if not isinstance(delay, CONTINUOUS):
        raise DescriptionError(f"delay must be a number of steps, an array or a distribution, got {delay!r}")
    if isinstance(delay, Normal) and delay.sd == 0:
        return whole_delay(delay.mean)
    return _from_distribution(delay)


def whole_delay(delay: float) -> int:
    """A delay rounded to whole steps, at least one."""
    steps = round(delay)
    if not 1 <= steps <= LONGEST:
        raise DescriptionError(f"delay must be from 1 to {LONGEST} steps, got {delay!r}")
    return steps


def _from_distribution(delay: Continuous) -> DelayLaw | int:
    low, high = limits(delay)
    # a lower bound of one step may come out of a division by dt a little below one
    if delay.low is not None and low < 1.0 - 1e-6:
        raise DescriptionError(f"delay.low must be at least one step, got {low!r} in {delay!r}")
    low = max(low, 1.0)
    below, above = delay.cdf(np.array([low, high]))
    if not above - below >= 1e-12:
        raise DescriptionError(f"{delay!r} has no delays of at least one step")
    first = round(low)
    last = min(high, first + 64.0)
    while last < high and delay.cdf(np.array(last)) < above - 2.0**-32 * (above - below):
        last = min(high, 2.0 * last)
        if last > 2.0 * LONGEST:
            break
    steps = np.arange(first, round(last) + 1)
    reached = (delay.cdf(np.minimum(steps + 0.5, high)) - below) / (above - below)
    thresholds = np.floor(reached[reached < 1.0 - 2.0**-32] * 2.0**32).astype(np.uint32)
    if first + thresholds.size > LONGEST:
        raise DescriptionError(f"delays must be at most {LONGEST} steps; {delay!r} has longer ones")
    # delays that are never drawn at the short end
    never = int(np.count_nonzero(thresholds == 0))
    first, thresholds = first + never, thresholds[never:]
    if thresholds.size == 0:
        return first
    starts = (np.arange(4096) << 20).astype(np.uint32)
    return DelayLaw(low=first, thresholds=thresholds, guide=np.searchsorted(thresholds, starts, side="right"))
