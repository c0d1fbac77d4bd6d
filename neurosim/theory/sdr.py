r"""How surely sparse codes and the segments that detect them are told apart: exact counts.

All are sums over hypergeometric counts, done in whole numbers, so nothing underflows on the way. With ``exact=True``
a function returns a ``Fraction``, which is as small as it needs to be; a float below 1e-308 is 0.

References
----------
Ahmad & Hawkins (2016). arXiv:1601.00720. doi:10.48550/arXiv.1601.00720
Ahmad & Hawkins (2015). arXiv:1503.07469. doi:10.48550/arXiv.1503.07469
"""

from collections.abc import Iterable
from fractions import Fraction
from functools import lru_cache
from math import comb
from numbers import Integral
from statistics import median

from ..errors import DescriptionError
from .checks import check_whole

Probability = float | Fraction


def codes(n: int, active: int) -> int:
    """Number of codes of ``n`` cells with ``active`` active ones."""
    check_whole(0, n=n, active=active)
    return comb(n, active)


def overlaps(n: int, first: int, second: int, shared: int) -> int:
    """Number of codes with ``second`` active cells that share exactly ``shared`` with a given one of ``first``."""
    check_whole(0, n=n, first=first, second=second, shared=shared)
    _check_within(n, max(first, second))
    return comb(first, shared) * comb(n - first, second - shared) if shared <= second else 0


def false_match(n: int, first: int, second: int, threshold: int, exact: bool = False) -> Probability:
    """Probability that a random code of ``second`` active cells shares ``threshold`` or more with one of ``first``."""
    check_whole(0, n=n, first=first, second=second)
    _check_within(n, max(first, second))
    _check_threshold(threshold)
    if threshold <= 0:
        return _given(Fraction(1), exact)
    found = sum(overlaps(n, first, second, b) for b in range(threshold, min(first, second) + 1))
    return _given(Fraction(found, comb(n, second)), exact)


def false_positive(n: int, active: int, synapses: int, threshold: int, exact: bool = False) -> Probability:
    """Probability that a random code makes a segment fire that it was not meant for.

    Parameters
    ----------
    n, active
        Number of cells, and of active ones.
    synapses, threshold
        Of the segment, and how many must be active.
    exact
        Whether to return a ``Fraction``.
    """
    return false_match(n, synapses, active, threshold, exact)


def false_positive_of_set(n: int, active: int, synapses: int, threshold: int, stored: int,
                          exact: bool = False) -> Probability:
    """Upper bound for a match with any of ``stored`` segments or codes; poor near 1."""
    check_whole(0, stored=stored)
    one = Fraction(false_positive(n, active, synapses, threshold, exact=True))
    return _given(min(Fraction(1), stored * one), exact)


def false_positive_of_neuron(n: int, active: int, synapses: int, threshold: int, segments: int,
                             exact: bool = False) -> Probability:
    """Probability that a random code makes any of ``segments`` independent segments fire."""
    check_whole(0, segments=segments)
    one = Fraction(false_positive(n, active, synapses, threshold, exact=True))
    return _given(1 - (1 - one) ** segments, exact)


def union_size(n: int, synapses: int, patterns: int) -> float:
    """Expected number of different synapses when samples of ``patterns`` codes lie on one segment."""
    check_whole(0, n=n, synapses=synapses, patterns=patterns)
    check_whole(1, n=n)
    _check_within(n, synapses)
    return n * (1.0 - (1.0 - synapses / n) ** patterns)


def false_positive_of_union(n: int, active: int, synapses: int, threshold: int, patterns: int,
                            exact: bool = False) -> Probability:
    """False positives of a segment that holds samples of ``patterns`` codes, at the expected size, rounded.

    Real unions vary in size and the tail is convex, so their mean lies somewhat above.
    """
    return false_positive(n, active, round(union_size(n, synapses, patterns)), threshold, exact)


def false_member(n: int, active: int, patterns: int) -> float:
    """Probability that all cells of a random code lie in the union of ``patterns`` others (recalled, not read)."""
    return (union_size(n, active, patterns) / n) ** active


def false_negative(active: int, synapses: int, threshold: int, changed: int, exact: bool = False) -> Probability:
    """Probability that a segment misses its code when ``changed`` of the active cells are replaced.

    A replacement that hits the segment by chance is left out, which is negligible for few synapses.
    """
    check_whole(0, active=active, synapses=synapses, changed=changed)
    _check_threshold(threshold)
    if max(synapses, changed) > active:
        raise DescriptionError(f"synapses and changed must be <= active ({active}), got {synapses} and {changed}")
    if threshold <= 0:
        return _given(Fraction(0), exact)
    lost = range(max(synapses - threshold + 1, 0), min(synapses, changed) + 1)
    found = sum(comb(synapses, b) * comb(active - synapses, changed - b) for b in lost if b <= changed)
    return _given(Fraction(found, comb(active, changed)), exact)


def false_positive_of_large(n: int, active: int, synapses: int, threshold: int, exact: bool = False) -> Probability:
    """The binomial form, for which cells are active independently; good where few of many are."""
    check_whole(0, n=n, active=active, synapses=synapses)
    check_whole(1, n=n)
    _check_within(n, active)
    _check_threshold(threshold)
    p = Fraction(active, n)
    tail = range(max(threshold, 0), synapses + 1)
    return _given(sum((comb(synapses, b) * p**b * (1 - p) ** (synapses - b) for b in tail), Fraction(0)), exact)


SIZES, SPARSITIES, SYNAPSES = range(1000, 17001, 4000), (0.005, 0.01, 0.015, 0.02, 0.025, 0.03), range(20, 51, 5)
"""The grid over which a threshold is judged: cells, active fraction and synapses."""


@lru_cache(maxsize=64)
def median_false_positive(threshold: int) -> float:
    """Median error over 210 settings of cells, sparsity and synapses that a threshold may meet."""
    found = [float(false_positive(n, round(n * p), s, threshold)) for n in SIZES for p in SPARSITIES for s in SYNAPSES]
    return median(found)


def least_threshold(error: float, thresholds: Iterable[int] = range(1, 31)) -> int:
    """The smallest threshold whose median error is below ``error``: the one that tolerates most noise."""
    if not 0 < error < 1:
        raise DescriptionError(f"error must be in (0, 1), got {error!r}")
    for threshold in thresholds:
        if median_false_positive(threshold) < error:
            return threshold
    raise DescriptionError(f"error must be reached by one of the thresholds, got {error!r}")


def _given(value: Fraction, exact: bool) -> Probability:
    return value if exact else float(value)


def _check_within(n: int, active: int) -> None:
    if active > n:
        raise DescriptionError(f"active cells must be <= n ({n}), got {active}")


def _check_threshold(threshold: int) -> None:
    if isinstance(threshold, bool) or not isinstance(threshold, Integral):
        raise DescriptionError(f"threshold must be a whole number, got {threshold!r}")
