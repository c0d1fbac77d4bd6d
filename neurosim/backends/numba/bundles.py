"""Several edge spaces as one, whose rows are sorted by delay and then target."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ...program import EdgeSpace
from .index import kernels
from .memory import cores


@dataclass(frozen=True, eq=False)
class BundledEdges:
    """Edges of many joins, cut by the thread that owns their targets.

    ``chunks[s, d * owners + q]`` is where those of the d-th delay and owner q begin in the row of source s. Targets
    count from the first index of their owner, which keeps them short; ``delay`` holds the different delays.
    """

    sources: int
    targets: int
    first: np.ndarray
    target: np.ndarray
    delay: np.ndarray
    chunks: np.ndarray = field(repr=False)

    @property
    def count(self) -> int:
        """Number of edges, E."""
        return int(self.target.size)


def bundle_edges(joined: Sequence[EdgeSpace], weights: Sequence[np.ndarray] | None, from_source: Sequence[int],
                 from_target: Sequence[int], sources: int, splits: np.ndarray) -> tuple[BundledEdges, Any]:
    """One edge space for all; source i of a join becomes ``from_source + i``, targets likewise.

    ``splits``, (owners + 1,), says where the share of each owner of targets begins.

    Returns the edges and their weights, (E,), or None without ``weights``.
    """
    delays = np.unique(np.concatenate([e.delays for e in joined]))
    slot = np.zeros(int(delays[-1]) + 1, np.int32)
    slot[delays] = np.arange(len(delays))
    owners = len(splits) - 1
    chunks = np.zeros((sources, len(delays) * owners + 1), np.uint32)

    def count(begin: int) -> None:
        for n in (n for n in range(len(joined)) if from_source[n] == begin):
            edges = joined[n].edges
            kernels().count_chunks(edges.first, edges.target, *_delay(joined[n]), slot, begin, from_target[n], splits,
                                   chunks)

    with ThreadPoolExecutor(cores()) as pool:  # rows of different sources share nothing
        list(pool.map(count, sorted(set(from_source))))
    first = np.zeros(sources + 1, np.int64)
    kernels().open_rows(chunks, first)
    target = np.zeros(int(first[-1]), np.min_scalar_type(max(int(np.diff(splits).max()) - 1, 0)))
    weight = None if weights is None else np.zeros(int(first[-1]), np.result_type(*weights))
    place = np.zeros((sources, len(delays) * owners), np.uint32)

    def fill(start: int) -> None:
        # in the order of the targets, so that every chunk comes out sorted by target
        for n in sorted((n for n in range(len(joined)) if from_source[n] == start), key=lambda n: from_target[n]):
            own = np.zeros(1, np.float32) if weights is None else np.ascontiguousarray(weights[n])
            out = np.zeros(1, np.float32) if weight is None else weight
            kernels().fill_chunks(joined[n].edges.first, joined[n].edges.target, *_delay(joined[n]), own, slot,
                                  start, from_target[n], splits, chunks, place, first, target, out,
                                  weight is not None)

    with ThreadPoolExecutor(cores()) as pool:
        list(pool.map(fill, sorted(set(from_source))))
    return BundledEdges(sources, int(splits[-1]), first, target, delays, chunks), weight


def _delay(edges: EdgeSpace) -> tuple[np.ndarray, bool]:
    delay = edges.edges.delay
    many = np.ndim(delay) > 0
    return (delay if many else np.full(1, delay, np.uint16)), many
