"""A program unrolled over a sequence: operations on values that are made once in a step and never changed.

A simulation changes buffers in place; what is to be differentiated is better written as values. A value of a step
is (B, N): a row for each copy of the batch. ``carries`` tell which values of earlier steps a step begins with.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from ..equations import Assign

Kind = Literal["input", "parameter", "matrix", "carry", "step", "total"]


@dataclass(frozen=True)
class Value:
    """Something with a name.

    Parameters
    ----------
    name, space
        Its name, and the index space of its last axis; None for a number.
    kind
        ``input``: given for each step, (T, B, N). ``parameter``: (N,) or a number, the same for all steps and
        copies. ``matrix``: (M, N) weights. ``carry``: what an earlier step has made. ``step``: what an operation
        makes, (B, N). ``total``: a sum over steps and copies, shaped as the parameter or matrix it belongs to.
    rows
        The space of the first axis of a matrix.
    binary
        Whether it is 0 or 1, so that a product with it may run over events.
    """

    name: str
    space: str | None
    kind: Kind
    rows: str | None = None
    binary: bool = False


@dataclass(frozen=True)
class Carry:
    """``start`` in step t is what ``final`` was in step t - ``lag`` (t + ``lag`` where time runs backwards).

    A value that is read at several lags has one past: that of its longest carry, see ``Scan.pasts``.
    """

    start: str
    final: str
    lag: int = 1


@dataclass(frozen=True, kw_only=True)
class Step:
    """Elementwise: the body on each index of ``space``, from values to values.

    ``reads`` and ``writes`` tell which value each name of the body stands for. A name in ``segments`` is read at the
    index's own segment: index j of M reads j // (M / N) of N. What ``totals`` names is added up over steps and copies.
    """

    space: str
    body: tuple[Assign, ...]
    reads: Mapping[str, str]
    writes: Mapping[str, str]
    totals: Mapping[str, str] = field(default_factory=dict)
    segments: frozenset[str] = frozenset()
    surrogate: str = ""


@dataclass(frozen=True, kw_only=True)
class Product:
    """``target = source @ weight``; the weight is (sources, targets), or with ``transpose`` the other way round.

    With ``cut`` no gradient goes on to the source.
    """

    source: str
    weight: str
    target: str
    transpose: bool = False
    cut: bool = False


@dataclass(frozen=True, kw_only=True)
class Outer:
    """``total[m, n]`` += the sum over steps and copies of ``left[m] * right[n]``."""

    left: str
    right: str
    total: str


@dataclass(frozen=True, kw_only=True)
class Along:
    """``target[j] = sum over edges i -> j of weight * source[i]``, or with ``transpose`` from j to i.

    ``weight`` is a parameter over the edges, or a number. With ``cut`` no gradient goes on to the source.
    """

    edges: str
    source: str
    weight: str
    target: str
    transpose: bool = False
    cut: bool = False


@dataclass(frozen=True, kw_only=True)
class AlongOuter:
    """``total[e]`` += the sum over steps and copies of ``left[i] * right[j]`` for each edge e from i to j."""

    edges: str
    left: str
    right: str
    total: str


@dataclass(frozen=True, kw_only=True)
class Fold:
    """``target[s]`` = ``scale`` times the sum of ``source`` over the s-th of equally long segments."""

    source: str
    target: str
    scale: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Winner:
    """``target`` is 1 at the greatest of ``source``, the first among equals, and 0 elsewhere; it has no slope."""

    source: str
    target: str


Work = Step | Product | Outer | Along | AlongOuter | Fold | Winner


@dataclass(frozen=True, kw_only=True)
class Scan:
    """What one step does, and what is wanted of all steps.

    Parameters
    ----------
    spaces
        Sizes of the index spaces by name.
    values
        Everything that operations name.
    work
        The operations of a step, first to last.
    carries
        What a step begins with.
    outputs
        Values wanted for every step, (T, B, N).
    edges
        For each edge space its (E,) sources and targets.
    reverse
        Whether time runs from the last step to the first.
    """

    spaces: Mapping[str, int]
    values: Mapping[str, Value]
    work: tuple[Work, ...]
    carries: tuple[Carry, ...] = ()
    outputs: tuple[str, ...] = ()
    edges: Mapping[str, "Edges"] = field(default_factory=dict)
    reverse: bool = False

    def of_kind(self, *kinds: Kind) -> list[str]:
        """Names of the values of some kinds, in order."""
        return [name for name, value in self.values.items() if value.kind in kinds]

    def size(self, name: str) -> int:
        """Length of the last axis of a value; 1 for a number."""
        space = self.values[name].space
        return 1 if space is None else self.spaces[space]

    def shape(self, name: str) -> tuple[int, ...]:
        """Shape of a parameter, matrix or total."""
        value = self.values[name]
        if value.space is None:
            return ()
        return (self.spaces[value.rows], self.size(name)) if value.rows else (self.size(name),)

    def pasts(self) -> list[Carry]:
        """The longest carry of each value: what a run begins with and ends with is given for these."""
        longest: dict[str, Carry] = {}
        for carry in self.carries:
            if carry.final not in longest or carry.lag > longest[carry.final].lag:
                longest[carry.final] = carry
        return list(longest.values())

    def origin(self, name: str) -> tuple[str, int]:
        """The value that a name stands for, and how many steps before: for the start of a carry what was made then."""
        return next(((c.final, c.lag) for c in self.carries if c.start == name), (name, 0))

    def history(self, final: str) -> int:
        """The longest lag at which a value is read again; 0 when it is not."""
        return max((c.lag for c in self.carries if c.final == final), default=0)


@dataclass(frozen=True)
class Edges:
    """Edges between two spaces: (E,) arrays of source and target, ascending by source."""

    source: str
    target: str
    sources: np.ndarray = field(repr=False, compare=False)
    targets: np.ndarray = field(repr=False, compare=False)

    def by_source(self, count: int) -> tuple[np.ndarray, np.ndarray]:
        """First edge of each of ``count`` sources, (M + 1,) int64, and targets, (E,) int32."""
        first = np.searchsorted(self.sources, np.arange(count + 1)).astype(np.int64)
        return first, np.asarray(self.targets, np.int32)


def read_by(op: Work) -> Iterator[str]:
    """The values that an operation reads, in order, each once."""
    match op:
        case Step(reads=reads):
            return iter(dict.fromkeys(reads.values()))
        case Product(source=source, weight=weight) | Along(source=source, weight=weight):
            return iter((source, weight))
        case Outer(left=left, right=right) | AlongOuter(left=left, right=right):
            return iter(dict.fromkeys((left, right)))
        case Fold(source=source) | Winner(source=source):
            return iter((source,))


def made_by(op: Work) -> Iterator[str]:
    """The values that an operation makes; what it only adds to is not among them."""
    match op:
        case Step(writes=writes):
            return iter(writes.values())
        case Product(target=target) | Along(target=target) | Fold(target=target) | Winner(target=target):
            return iter((target,))
    return iter(())


def added_by(op: Work) -> Iterator[str]:
    """The totals that an operation adds to."""
    match op:
        case Step(totals=totals):
            return iter(totals.values())
        case Outer(total=total) | AlongOuter(total=total):
            return iter((total,))
    return iter(())
