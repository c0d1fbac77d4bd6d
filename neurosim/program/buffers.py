"""What a program works on: index spaces, the edges between them, named arrays and event lists."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, Protocol

import numpy as np

from ..errors import DescriptionError
from ..kernels.recipes import EdgeRecipe
from ..units import DIMENSIONLESS, Dimension
from .redrawn import RedrawnValues

MANY = 1 << 20
"""Edges above which it is worth letting them go, and drawing their numbers only when they are asked for."""

DType = Literal["float", "int", "int8", "bool", "bit"]
Kind = Literal["state", "parameter"]


class EdgeArrays(Protocol):
    """Edges in canonical order: by source, then delay, then target (see ``connectivity.Edges``)."""

    @property
    def sources(self) -> int: ...

    @property
    def targets(self) -> int: ...

    @property
    def first(self) -> np.ndarray: ...

    @property
    def target(self) -> np.ndarray: ...

    @property
    def delay(self) -> Any: ...

    @property
    def count(self) -> int: ...


class PendingEdges(Protocol):
    """Edges that are known and can be drawn at any time (see ``connectivity.pending``)."""

    @property
    def sources(self) -> int: ...

    @property
    def targets(self) -> int: ...

    @property
    def first(self) -> np.ndarray: ...

    @property
    def count(self) -> int: ...

    @property
    def delays(self) -> np.ndarray: ...

    @property
    def recipe(self) -> EdgeRecipe: ...

    def draw(self) -> EdgeArrays: ...


@dataclass(frozen=True)
class Space:
    """A range of indices 0..size-1: the neurons of a part, the rows of a memory."""

    name: str
    size: int


class EdgeSpace:
    """The edges of one join, an index space of its own.

    Parameters
    ----------
    name, source, target
        Its name, and the spaces between which they run.
    edges
        Who and how late; None for those that are drawn when they are asked for.
    redraw
        Draws the same edges anew, so that ``release`` may let them go.
    pending
        What is known of edges that are not drawn yet.
    """

    def __init__(self, name: str, source: str, target: str, edges: EdgeArrays | None,
                 redraw: Callable[[], EdgeArrays] | None = None, pending: PendingEdges | None = None):
        self.name, self.source, self.target, self.pending = name, source, target, pending
        self._edges, self._redraw = edges, redraw if pending is None else pending.draw

    @cached_property
    def size(self) -> int:
        """Number of edges, E."""
        return self.edges.count if self.pending is None else self.pending.count

    @property
    def edges(self) -> EdgeArrays:
        """Who and how late; drawn again when they have been let go."""
        if self._edges is None and self._redraw is not None:
            self._edges = self._redraw()
        assert self._edges is not None
        return self._edges

    def release(self) -> None:
        """Give the memory of many edges back, if they can be drawn again."""
        if self._redraw is not None and self.size > MANY:
            _ = self.delays  # found once, and short
            self._edges = None

    def __repr__(self) -> str:
        return f"EdgeSpace({self.name!r}, {self.source!r} -> {self.target!r}: {self.size:,} edges)"

    @cached_property
    def delays(self) -> np.ndarray:
        """The different delays in ascending order, (D,), steps."""
        if self.pending is not None:
            return self.pending.delays
        delay = np.atleast_1d(self.edges.delay)
        if delay.dtype.kind != "u":
            return np.unique(delay).astype(np.int64)
        seen = np.zeros(1 << 8 * min(delay.itemsize, 2), bool)
        for start in range(0, delay.size, 1 << 20):  # by pieces, because an index of that many takes eight bytes each
            piece = delay[start : start + (1 << 20)]
            if piece.max(initial=0) >= seen.size:
                return np.unique(delay).astype(np.int64)
            seen[piece] = True
        return np.flatnonzero(seen)


@dataclass(frozen=True, kw_only=True)
class Buffer:
    """A named array over a space, or one number when ``space`` is None.

    Parameters
    ----------
    name, space
        Full name (``exc.v``) and the index space it lies on; None for a number that all share.
    kind
        ``state`` changes with time, ``parameter`` does not.
    dtype
        ``float`` follows the precision of the run; ``int`` is 32 bits wide, ``int8`` 8 bits. ``bit`` is a
        truth value of a matrix that backends may pack 64 to a word; only ``MatMul`` reads it, and ``Imprint`` sets it.
    initial
        A number, (size,) values, or (replicas, size) values; internal units.
    dimension
        Its physical dimension, for display.
    columns
        Length of a row of a matrix of bits; None for all others.
    inner
        Whether it is a number of a solver or the like, which errors need not offer.
    """

    name: str
    space: str | None
    kind: Kind
    dtype: DType = "float"
    initial: Any = field(default=0.0, repr=False, compare=False)
    dimension: Dimension = DIMENSIONLESS
    columns: int | None = None
    inner: bool = False


@dataclass(frozen=True)
class EventList:
    """The indices of ``space`` where something happened, ascending, for the last ``history`` steps."""

    name: str
    space: str
    history: int = 1


@dataclass(frozen=True, kw_only=True)
class EventSchedule:
    """Events known beforehand: ``indices[n]`` at step ``steps[n]``, ascending by (step, index), no pair twice."""

    name: str
    steps: np.ndarray = field(repr=False, compare=False)
    indices: np.ndarray = field(repr=False, compare=False)


@dataclass(frozen=True, kw_only=True)
class Table:
    """Values known beforehand, (T,), (T, N) or (T, replicas, N): row ``min(step // every, T - 1)`` holds for a step."""

    name: str
    values: np.ndarray = field(repr=False, compare=False)
    every: int = 1


Schedule = EventSchedule | Table


def check_finite(name: str, values: Any) -> None:
    """Refuse NaN and infinity in the values of the buffer ``name``."""
    if isinstance(values, RedrawnValues):
        return
    values = np.asarray(values)
    if values.dtype.kind != "f":
        return
    # a sum is not finite when a term is not, and takes no memory; it may also overflow, so look closely then
    with np.errstate(all="ignore"):
        if np.isfinite(values.sum()):
            return
    bad = ~np.isfinite(values)
    if bad.any():
        where = np.argwhere(bad)[0].tolist()
        at = f" at index {where[0] if len(where) == 1 else tuple(where)}" if where else ""
        raise DescriptionError(f"{name} must be finite, got {values[tuple(where)]}{at}")
