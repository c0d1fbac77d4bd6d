"""Several edge spaces as one, whose rows are sorted by delay and then target."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ...program import EdgeSpace
from ...program.redrawn import RedrawnValues
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


def bundle_edges(joined: Sequence[EdgeSpace], weights: Sequence[Any] | None, from_source: Sequence[int],
                 from_target: Sequence[int], sources: int, splits: np.ndarray) -> tuple[BundledEdges, Any, float]:
    """One edge space for all; source i of a join becomes ``from_source + i``, targets likewise.

    One population of sources follows another, and lets its joins go, so that edges are hardly ever in memory twice.

    Parameters
    ----------
    joined
        The edge spaces.
    weights
        For each (E,), or None; those with a ``packed_step`` come out as short integers.
    from_source, from_target
        Where each begins in the homes of its ends.
    sources
        Size of the home of the sources.
    splits
        (owners + 1,): where the share of each owner of targets begins.

    Returns
    -------
    The edges; their weights, (E,), or None; and the number that whole weights count in, 1.0 for others.
    """
    delays = np.unique(np.concatenate([e.delays for e in joined]))
    slot = np.zeros(int(delays[-1]) + 1, np.int32)
    slot[delays] = np.arange(len(delays))
    columns, total = len(delays) * (len(splits) - 1), sum(e.size for e in joined)
    chunks = np.zeros((sources, columns + 1), np.uint32)
    first = np.zeros(sources + 1, np.int64)
    target = np.empty(total, np.min_scalar_type(max(int(np.diff(splits).max()) - 1, 0)))
    step = packed_step(weights or ())
    kind = np.int16 if step else np.result_type(*(w.dtype for w in weights or ()), np.float32)
    weight = None if weights is None else np.empty(total, kind)
    begins = sorted(set(from_source))
    for begin, end in zip(begins, [*begins[1:], sources], strict=True):
        # in the order of the targets, so that every chunk comes out sorted by target
        own = sorted((n for n in range(len(joined)) if from_source[n] == begin), key=lambda n: from_target[n])
        for n in own:
            _by_rows(kernels().count_chunks, joined[n], slot, begin, from_target[n], splits, chunks)
        kernels().open_rows(begin, end, chunks, first)
        place = np.zeros((end - begin, columns), np.uint32)
        for n in own:
            given = np.zeros(0, np.float32) if weights is None else np.ascontiguousarray(weights[n])
            _by_rows(kernels().fill_chunks, joined[n], slot, begin, from_target[n], splits, chunks, place, first,
                     target, given, 1.0 / (step or 1.0), given if weight is None else weight)
            joined[n].release()
    return BundledEdges(sources, int(splits[-1]), first, target, delays, chunks), weight, step or 1.0


def packed_step(weights: Sequence[Any]) -> float:
    """The step of which all weights are multiples that fit into 16 bits, a power of two; 0.0 when there is none."""
    steps = {w.step for w in weights if isinstance(w, RedrawnValues)}
    step: float = steps.pop() if len(steps) == 1 else 0.0
    return step if step > 0 and all(_fits(w, step) for w in weights) else 0.0


def _fits(weight: Any, step: float) -> bool:
    most = step * np.iinfo(np.int16).max
    if isinstance(weight, RedrawnValues):
        return weight.bound <= most
    return bool((np.abs(weight) <= most).all() and (np.rint(weight / step) * step == weight).all())


def _by_rows(kernel: Any, joined: EdgeSpace, *arguments: Any) -> None:
    """Call a kernel for pieces of the rows of a join, which share nothing."""
    edges = joined.edges
    many = np.ndim(edges.delay) > 0
    delay = edges.delay if many else np.full(1, edges.delay, np.uint16)
    cuts = np.linspace(0, edges.sources, 4 * cores() + 1).astype(int).tolist()
    with ThreadPoolExecutor(cores()) as pool:
        list(pool.map(lambda low, high: kernel(low, high, edges.first, edges.target, delay, many, *arguments),
                      cuts[:-1], cuts[1:]))
