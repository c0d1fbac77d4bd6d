"""Which questions a learner is asked, stage after stage, as a task with a number n becomes harder.

References
----------
Khajehabdollahi et al. (2024). ICLR 2024, doi:10.48550/arXiv.2309.12927
"""

from collections.abc import Iterator

from ..errors import DescriptionError

FIRST = 2
"""The smallest n of N-parity and N-delayed match to sample."""


def single_head(most: int, *, first: int = FIRST) -> Iterator[tuple[int, ...]]:
    """One n a stage, and one head that learns each anew.

    >>> list(single_head(4))
    [(2,), (3,), (4,)]
    """
    _check(first, most)
    return ((n,) for n in range(first, most + 1))


def multi_head(most: int, *, first: int = FIRST) -> Iterator[tuple[int, ...]]:
    """One n and its head more in each stage; none is dropped.

    >>> list(multi_head(4))
    [(2,), (2, 3), (2, 3, 4)]
    """
    _check(first, most)
    return (tuple(range(first, n + 1)) for n in range(first, most + 1))


def sliding(most: int, *, heads: int = 10, step: int = 5, first: int = FIRST) -> Iterator[tuple[int, ...]]:
    """A window of ``heads`` numbers, of which the lowest ``step`` are dropped from one stage to the next.

    >>> list(sliding(7, heads=3, step=2))
    [(2, 3, 4), (4, 5, 6)]
    """
    _check(first, most)
    if not 1 <= step <= heads or first + heads - 1 > most:
        raise DescriptionError(f"sliding needs 1 <= step <= heads and a first window up to most ({most}), got step "
                               f"{step!r} and heads {heads!r}")
    return (tuple(range(n, n + heads)) for n in range(first, most - heads + 2, step))


def _check(first: int, most: int) -> None:
    if first < FIRST or most < first:
        raise DescriptionError(f"a curriculum needs {FIRST} <= first <= most, got {first!r} and {most!r}")
