"""How the rows of each rule are drawn: their lengths, and a function that fills a range of them."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from ..kernels.loader import load, prelude_text, source_text
from .edges import smallest_unsigned
from .rules import AllToAll, Bernoulli, FixedInDegree, FixedOutDegree, FixedTotal, OneToOne
from .workers import run_blocks

Fill = Callable[[int, int, np.ndarray, "Scratch"], None]


@cache
def compiled_loops() -> ModuleType:
    """The compiled loops, from the cache where they have been compiled before."""
    folder = Path(__file__).parent
    files = ("rows.py", "near.py", "densities.py")
    return load("connectivity", prelude_text(), *(source_text(folder / file) for file in files))


@dataclass(frozen=True, kw_only=True)
class Task:
    """What is drawn: sizes of both sides, the key, how many threads.

    Source r is target r + ``shift``, where there is one, if both sides are of one population; else ``shift`` is None.
    """

    sources: int
    targets: int
    shift: int | None
    seed: int
    stream: int
    threads: int

    @property
    def shared(self) -> range:
        """The sources that are targets, too."""
        shift = self.targets if self.shift is None else self.shift
        begin = min(max(0, -shift), self.sources)
        return range(begin, max(begin, min(self.sources, self.targets - shift)))

    @property
    def key(self) -> tuple[np.uint64, np.uint64, np.uint64]:
        """Stream and the two halves of the seed."""
        return np.uint64(self.stream), np.uint64(self.seed & 0xFFFFFFFF), np.uint64(self.seed >> 32)

    def split(self, count: int, per_block: int) -> list[tuple[int, int]]:
        """Ranges of at most ``per_block`` that cover ``count``."""
        return [(start, min(start + per_block, count)) for start in range(0, count, per_block)]


class Scratch:
    """Working memory of one thread: marks of whom a row has seen, and room for one row."""

    def __init__(self, seen: int, longest: int) -> None:
        self.words = np.empty(64, np.uint32)
        self.gaps = np.empty(64, np.float64)
        self.marks = np.zeros(seen + 1, np.int64)
        self.values = np.empty(longest, np.uint32)
        self.heads = np.empty(longest, np.int64)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Rows ready to be filled.

    ``first`` is (sources + 1,); ``fill(r0, r1, out, scratch)`` writes the sorted targets of a range of rows
    into ``out``, uint32; ``make_scratch`` gives each thread its working memory. ``target`` is (E,) where
    all targets are there already; it may be overwritten.
    """

    first: np.ndarray
    fill: Fill
    make_scratch: Callable[[], Scratch]
    target: np.ndarray | None = None


def starts(counts: np.ndarray) -> np.ndarray:
    """Where each row begins, and the end of the last."""
    first = np.zeros(counts.size + 1, np.int64)
    np.cumsum(counts, out=first[1:])
    return first


def plan_ready(first: np.ndarray, target: np.ndarray) -> Plan:
    """Rows whose targets are there already, sorted."""

    def fill(r0: int, r1: int, out: np.ndarray, scratch: Scratch) -> None:
        out[: first[r1] - first[r0]] = target[first[r0] : first[r1]]

    return Plan(first=first, fill=fill, make_scratch=lambda: Scratch(0, 0), target=target)


def excludes(rule: Any, task: Task) -> bool:
    """Whether a row must avoid itself."""
    return bool(task.shared and not rule.self_connections)


def avoided(rule: Any, task: Task) -> int:
    """The shift by which rows find themselves among the targets, to leave that one out; ``NOBODY`` if they need not."""
    return task.shift if excludes(rule, task) and task.shift is not None else compiled_loops().NOBODY


def plan_all(rule: AllToAll, task: Task) -> Plan:
    """Every pair."""
    shift, lengths = avoided(rule, task), np.full(task.sources, task.targets, np.int64)
    if excludes(rule, task):
        lengths[task.shared.start : task.shared.stop] -= 1

    def fill(r0: int, r1: int, out: np.ndarray, scratch: Scratch) -> None:
        compiled_loops().all_rows(r0, r1, task.targets, shift, out)

    return Plan(first=starts(lengths), fill=fill, make_scratch=lambda: Scratch(0, 0))


def plan_one(rule: OneToOne, task: Task) -> Plan:
    """The diagonal."""
    def fill(r0: int, r1: int, out: np.ndarray, scratch: Scratch) -> None:
        out[: r1 - r0] = np.arange(r0, r1)

    return Plan(first=np.arange(task.sources + 1), fill=fill, make_scratch=lambda: Scratch(0, 0))


def of_gaps(p: float) -> float:
    """1 / log(1 - p), for gaps between targets; 0 where p is 0, or its inverse no number, and no row is drawn."""
    return 1.0 / np.log1p(-p) if p > 1e-300 else 0.0


def plan_bernoulli(rule: Bernoulli, task: Task) -> Plan:
    """Geometric gaps, once to count and once to write."""
    shift = avoided(rule, task)
    if rule.p == 1.0:
        return plan_all(AllToAll(self_connections=rule.self_connections), task)
    nothing, counts = np.empty(0, np.uint32), np.zeros(task.sources, np.int64)
    inverse_log = of_gaps(rule.p)

    def run(r0: int, r1: int, out: np.ndarray, scratch: Scratch) -> None:
        compiled_loops().bernoulli_rows(
            r0, r1, task.targets, inverse_log, shift, task.key, scratch.words, scratch.gaps, counts, out
        )

    def make_scratch() -> Scratch:
        return Scratch(0, 0)

    if inverse_log:
        per_block = max(1, int(100_000 / (1.0 + rule.p * task.targets)))
        blocks = task.split(task.sources, per_block)
        run_blocks(
            lambda block, scratch: run(block[0], block[1], nothing, scratch),
            blocks,
            make_scratch,
            task.threads,
        )
    return Plan(first=starts(counts), fill=run, make_scratch=make_scratch)


def _degree_plan(task: Task, first: np.ndarray, shift: int, distinct: bool) -> Plan:
    longest = int(np.diff(first).max(initial=0))

    def fill(r0: int, r1: int, out: np.ndarray, scratch: Scratch) -> None:
        s = scratch
        compiled_loops().degree_rows(
            r0, r1, first, task.targets, shift, distinct, task.key, s.words, s.marks, s.values, s.heads, out
        )

    return Plan(first=first, fill=fill, make_scratch=lambda: Scratch(task.targets if distinct else 0, longest))


def plan_out_degree(rule: FixedOutDegree, task: Task) -> Plan:
    """Each row from its own counter, sorted by buckets."""
    first = np.arange(task.sources + 1, dtype=np.int64) * rule.degree
    return _degree_plan(task, first, avoided(rule, task), not rule.multiple)


def plan_total(rule: FixedTotal, task: Task) -> Plan:
    """Multinomial row lengths, then each row as with a fixed out-degree."""
    size = task.targets - excludes(rule, task)
    if rule.multiple:
        counts = _multinomial(task, 0, rule.count)
    elif 2 * rule.count <= task.sources * size:
        counts = _distinct_degrees(task, rule.count, size)
    else:  # the pairs left out are fewer
        counts = size - _distinct_degrees(task, task.sources * size - rule.count, size)
    return _degree_plan(task, starts(counts), avoided(rule, task), not rule.multiple)


def _multinomial(task: Task, begin: int, end: int) -> np.ndarray:
    """How often each source occurs among the draws of the given numbers."""
    loops, counts = compiled_loops(), []

    def make_scratch() -> tuple[np.ndarray, np.ndarray]:
        counts.append(np.zeros(task.sources, np.int64))
        return counts[-1], np.empty(64, np.uint32)

    def work(block: tuple[int, int], scratch: tuple[np.ndarray, np.ndarray]) -> None:
        loops.degrees(begin + block[0], begin + block[1], task.sources, task.key, scratch[1], scratch[0])

    run_blocks(work, task.split(end - begin, 1 << 22), make_scratch, task.threads)
    return np.stack(counts).sum(axis=0)


def _distinct_degrees(task: Task, count: int, size: int) -> np.ndarray:
    """Row lengths of a set of ``count`` different pairs, all sets alike.

    Pairs are drawn one after another until so many are different. A round draws as many as are still
    missing, so it can reach the number only with its last draw and never passes it.
    """
    loops, nothing = compiled_loops(), np.empty(0, np.uint32)
    draws, different = np.zeros(task.sources, np.int64), np.zeros(task.sources, np.int64)
    missing, drawn = count, 0
    while missing:
        more = _multinomial(task, drawn, drawn + missing)
        draws += more
        drawn += missing
        rows = np.flatnonzero(more)

        def work(part: np.ndarray, scratch: Scratch, draws: np.ndarray = draws) -> None:
            s = scratch
            loops.distinct_after(part, draws, size, task.key, s.words, s.marks, nothing, different)

        per_block = max(1, int(100_000 * task.sources / (count + task.sources)))
        blocks = [rows[start : start + per_block] for start in range(0, rows.size, per_block)]
        run_blocks(work, blocks, lambda: Scratch(size, 0), task.threads)
        missing = count - int(different.sum())
    return different


def plan_in_degree(rule: FixedInDegree, task: Task) -> Plan:
    """Sources drawn for each target, twice, and sorted into rows by counting.

    Threads take targets in ascending ranges and each has its own place in every row, so rows come out sorted
    by target however many threads there are.
    """
    places = count_columns(rule, task)
    first = starts(places.sum(axis=0))
    places[:] = first[:-1] + np.cumsum(places, axis=0) - places
    target = np.empty(first[-1], smallest_unsigned(task.targets - 1))
    _columns(rule, task, places, target)
    return plan_ready(first, target)


def count_columns(rule: FixedInDegree, task: Task) -> np.ndarray:
    """How often each source is drawn, (threads, sources), by each range of the targets."""
    places = np.zeros((len(_column_ranges(task)), task.sources), np.int64)
    _columns(rule, task, places, np.empty(0, smallest_unsigned(task.targets - 1)))
    return places


def _column_ranges(task: Task) -> list[tuple[int, int]]:
    return task.split(task.targets, -(-task.targets // task.threads))


def _columns(rule: FixedInDegree, task: Task, places: np.ndarray, into: np.ndarray) -> None:
    """Count the sources of all targets in ``places``, or place the targets there."""
    shift, loops, distinct = avoided(rule, task), compiled_loops(), not rule.multiple
    ranges = _column_ranges(task)

    def work(number: int, s: Scratch) -> None:
        loops.columns(
            *ranges[number], rule.degree, task.sources, shift, distinct, task.key, s.words, s.marks, s.values,
            places[number], into,
        )  # fmt: skip

    seen = task.sources if distinct else 0
    run_blocks(work, range(len(ranges)), lambda: Scratch(seen, rule.degree), task.threads)
