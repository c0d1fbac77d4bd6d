"""From a rule to edges."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from ..errors import DescriptionError
from .delays import DelayLaw, delay_law
from .edges import Edges, smallest_unsigned
from .fitting import check_fit
from .given import draw_given
from .pending import PendingEdges
from .plans import (
    Plan,
    Task,
    compiled_loops,
    excludes,
    plan_all,
    plan_bernoulli,
    plan_in_degree,
    plan_one,
    plan_out_degree,
    plan_total,
)
from .rules import (
    RULES,
    AllToAll,
    Bernoulli,
    Distance,
    FixedInDegree,
    FixedOutDegree,
    FixedTotal,
    FromArrays,
    FromMatrix,
    OneToOne,
    Rule,
)
from .space import expected_by_distance, plan_distance
from .workers import check_memory, run_blocks, usable_threads

PLANS: dict[type, Callable[[Any, Task], Plan]] = {
    AllToAll: plan_all,
    OneToOne: plan_one,
    Bernoulli: plan_bernoulli,
    FixedInDegree: plan_in_degree,
    FixedOutDegree: plan_out_degree,
    FixedTotal: plan_total,
}
Within = tuple[range, range]
"""The sources and the targets between which a rule connects."""
# rows are filled in pieces of about so many edges: their buffers stay in the second-level cache
BLOCK = 1 << 16
MANY_THREADS = 300_000
"""Edges above which all cores draw."""


def draw(
    rule: Rule,
    *,
    sources: int,
    targets: int,
    seed: int,
    stream: int,
    same: bool = False,
    within: Within | None = None,
    delay: Any = None,
    max_memory: int | None = None,
    source_positions: Any = None,
    target_positions: Any = None,
    threads: int | None = None,
) -> Edges:
    """Draw the edges of a rule; the same ones for any number of threads.

    Parameters
    ----------
    rule, sources, targets
        Who connects to whom, and the number of neurons on either side.
    seed, stream
        Which random numbers: below 2**64 and 2**32 (`philox.stream_number`).
    same
        Whether both sides are one population, so that edges to oneself exist.
    within
        Ranges of sources and of targets between which the rule connects, as if they were populations of their own:
        indices that the rule gives count from their beginnings. None is all.
    delay
        Steps: a number, a distribution (cut to at least one step as if shorter ones were drawn again, then
        rounded), or (E,) for given edges; 1 by default.
    max_memory
        Bytes allowed; by default what is free.
    source_positions, target_positions
        (N, 1 to 3) for the rule `Distance`.
    threads
        By default one, or all cores from a few hundred thousand edges on.

    Raises
    ------
    DescriptionError, MemoryForeseenError
        When the rule cannot be drawn for these sizes; when the edges would not fit, before they are drawn.
    """
    task = _task(rule, sources, targets, seed, stream, same, threads, within)
    if within is not None:
        source_positions, target_positions = _of_ranges(within, source_positions, target_positions)
    edges = _between(rule, task, delay, max_memory, (source_positions, target_positions), chosen=threads is not None)
    return edges if within is None else edges.placed(sources, targets, *(part.start for part in within))


def _of_ranges(within: Within, *positions: Any) -> list[Any]:
    """Places of the neurons in the ranges."""
    return [None if points is None else np.asarray(points, float)[part.start : part.stop]
            for part, points in zip(within, positions, strict=True)]


def _between(rule: Any, task: Task, delay: Any, max_memory: int | None, positions: tuple[Any, Any], *,
             chosen: bool) -> Edges:
    """The edges between two whole populations; ``chosen`` is whether the number of threads is."""
    if isinstance(rule, FromArrays | FromMatrix):
        return draw_given(rule, task, delay, max_memory)
    law = delay_law(1 if delay is None else delay)
    expected = _expected(rule, task, positions)
    _check_room(rule, task, law, expected, max_memory)
    task = task if chosen else _with_threads(task, expected)
    return _drawn(rule, task, law, max_memory, _plan(rule, task, positions))


def pending(
    rule: Rule,
    *,
    sources: int,
    targets: int,
    seed: int,
    stream: int,
    same: bool = False,
    delay: Any = None,
) -> PendingEdges | None:
    """The edges that `draw` would draw, without drawing them; None for rules that must, to know how many there are.

    Parameters
    ----------
    rule, sources, targets, seed, stream, same, delay
        As for `draw`.

    Raises
    ------
    DescriptionError
        When the rule cannot be drawn for these sizes.
    """
    if type(rule) not in PLANS:
        return None
    task = _task(rule, sources, targets, seed, stream, same, None)
    law = delay_law(1 if delay is None else delay)
    expected = _expected(rule, task, (None, None))
    task = _with_threads(task, expected)

    def fill(plan: Callable[[], Plan]) -> Edges:
        _check_room(rule, task, law, expected, None)
        return _drawn(rule, task, law, None, plan())

    return PendingEdges(rule, task, law, lambda: _plan(rule, task, (None, None)), fill)


def _with_threads(task: Task, edges: float) -> Task:
    """The task with as many threads as pay."""
    return replace(task, threads=usable_threads()) if edges > MANY_THREADS else task


def _check_room(rule: Any, task: Task, law: DelayLaw | int, edges: float, max_memory: int | None) -> None:
    """Refuse edges that do not fit into memory."""
    check_memory(_what(rule, edges), _bytes(rule, task, law, edges), max_memory)


def _drawn(rule: Any, task: Task, law: DelayLaw | int, max_memory: int | None, plan: Plan) -> Edges:
    """The edges of a plan, if there is room for as many as they turned out to be."""
    if plan.target is None:
        exact = int(plan.first[-1])
        _check_room(rule, task, law, exact, max_memory)
    return _assemble(plan, task, law)


def check_rule(
    rule: Rule, *, sources: int, targets: int, same: bool = False, within: Within | None = None
) -> None:
    """Refuse a rule that does not fit the populations that it connects; nothing is drawn.

    Raises
    ------
    DescriptionError
        As ``draw`` would, but for the positions that ``Distance`` needs.
    """
    _task(rule, sources, targets, 0, 0, same, 1, within)


def _plan(rule: Any, task: Task, positions: tuple[Any, Any]) -> Plan:
    if isinstance(rule, Distance):
        return plan_distance(rule, task, *positions)
    return PLANS[type(rule)](rule, task)


def estimate(
    rule: Rule,
    *,
    sources: int,
    targets: int,
    same: bool = False,
    within: Within | None = None,
    delay: Any = None,
    source_positions: Any = None,
    target_positions: Any = None,
) -> tuple[int, int]:
    """Expected number of edges and the bytes that drawing them takes, without drawing them.

    For `Distance` the number is measured on up to 256 sources.
    """
    task, placing = _task(rule, sources, targets, 0, 0, same, 1, within), 0
    if within is not None:
        source_positions, target_positions = _of_ranges(within, source_positions, target_positions)
    expected = round(_expected(rule, task, (source_positions, target_positions)))
    law = 1 if isinstance(rule, FromArrays | FromMatrix) else delay_law(1 if delay is None else delay)
    if within is not None:
        placing = expected * smallest_unsigned(targets - 1).itemsize + 8 * sources
    return expected, _bytes(rule, task, law, expected) + placing


def _task(
    rule: Any, sources: int, targets: int, seed: int, stream: int, same: bool, threads: int | None,
    within: Within | None = None,
) -> Task:
    if not isinstance(rule, RULES):
        names = ", ".join(kind.__name__ for kind in RULES)
        raise DescriptionError(f"rule must be one of {names}, got {rule!r}")
    for name, value, low, high in (
        ("sources", sources, 1, 2**32),
        ("targets", targets, 1, 2**32),
        ("seed", seed, 0, 2**64 - 1),
        ("stream", stream, 0, 2**32 - 1),
        ("threads", 1 if threads is None else threads, 1, 1024),
    ):
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or not low <= value <= high:
            raise DescriptionError(f"{name} must be a whole number from {low} to {high}, got {value!r}")
    if same and sources != targets:
        raise DescriptionError(f"one population cannot have {sources} sources and {targets} targets")
    rows, columns = (range(int(sources)), range(int(targets))) if within is None else within
    for name, part, whole in (("sources", rows, sources), ("targets", columns, targets)):
        if not (0 <= part.start < part.stop <= whole and part.step == 1):
            raise DescriptionError(f"within must be ranges of neighbouring {name} below {whole}, got {part!r}")
    task = Task(
        sources=len(rows),
        targets=len(columns),
        shift=rows.start - columns.start if same else None,
        seed=int(seed),
        stream=int(stream),
        threads=threads or 1,
    )
    check_fit(rule, task)
    return task


def _expected(rule: Any, task: Task, positions: tuple[Any, Any]) -> float:
    if isinstance(rule, FromArrays):
        return rule.source.size
    if isinstance(rule, FromMatrix):
        return rule.matrix.nnz
    if isinstance(rule, Distance):
        return expected_by_distance(rule, task, *positions)
    if isinstance(rule, OneToOne):
        return task.sources
    if isinstance(rule, FixedInDegree):
        return task.targets * rule.degree
    if isinstance(rule, FixedOutDegree):
        return task.sources * rule.degree
    if isinstance(rule, FixedTotal):
        return rule.count
    pairs = task.sources * task.targets - len(task.shared) * excludes(rule, task)
    return pairs * rule.p if isinstance(rule, Bernoulli) else pairs


def _what(rule: Any, edges: float) -> str:
    return f"{type(rule).__name__} with {edges:,.0f} edges"


def _bytes(rule: Any, task: Task, law: DelayLaw | int, edges: float) -> int:
    """Bytes while drawing: the arrays kept, the beginnings of rows, and the working memory of threads."""
    if isinstance(rule, FromArrays | FromMatrix):
        return int(48 * edges + 8 * task.sources)
    per_edge = smallest_unsigned(task.targets - 1).itemsize
    if isinstance(law, DelayLaw):
        per_edge += smallest_unsigned(law.high).itemsize
    if isinstance(rule, Distance):
        # pieces of rows, before they are joined
        per_edge += smallest_unsigned(task.targets - 1).itemsize
    places = task.sources * (task.threads + 2) if isinstance(rule, FixedInDegree) else 0
    return int(edges * per_edge + 8 * (3 * task.sources + places) + task.threads * 24 * BLOCK)


def _row_blocks(first: np.ndarray) -> list[tuple[int, int]]:
    """Ranges of rows with about BLOCK edges each, at least one row."""
    rows = first.size - 1
    cuts = np.searchsorted(first, np.arange(BLOCK, max(int(first[-1]), 1), BLOCK))
    bounds = np.unique(np.concatenate([[0], np.minimum(cuts, rows), [rows]]))
    return [(int(a), int(b)) for a, b in zip(bounds[:-1], bounds[1:], strict=True)]


def _assemble(plan: Plan, task: Task, law: DelayLaw | int) -> Edges:
    """Fill the rows block by block: targets, then delays, then both in the order of delay."""
    first = plan.first
    count = int(first[-1])
    target = np.empty(count, smallest_unsigned(task.targets - 1)) if plan.target is None else plan.target
    delay = np.empty(count, smallest_unsigned(law.high)) if isinstance(law, DelayLaw) else law
    if count and (plan.target is None or isinstance(law, DelayLaw)):
        blocks = _row_blocks(first)
        longest = int(max((first[b] - first[a] for a, b in blocks), default=0))
        longest_row = int(np.diff(first).max(initial=0))

        def make_scratch() -> tuple[Any, ...]:
            buffers = (np.empty(longest, np.uint32), np.empty(longest, np.uint32))
            return plan.make_scratch(), *buffers, _sorting_room(law, longest_row)

        def work(block: tuple[int, int], scratch: tuple[Any, ...]) -> None:
            rows, targets, delays, room = scratch
            begin, end = int(first[block[0]]), int(first[block[1]])
            plan.fill(*block, targets, rows)
            if isinstance(law, DelayLaw):
                loops = compiled_loops()
                words = rows.words
                loops.delays(begin, end, law.low, law.thresholds, law.guide, task.key, words, delays)
                loops.sort_delays(*block, first, law.low, law.high, room[0], targets, delays, *room[1:])
                delay[begin:end] = delays[: end - begin]  # type: ignore[index]
            target[begin:end] = targets[: end - begin]

        run_blocks(work, blocks, make_scratch, task.threads)
    return Edges(sources=task.sources, targets=task.targets, first=first, target=target, delay=delay)


def _sorting_room(law: DelayLaw | int, longest_row: int) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
    """Counters per delay, a copy of a row's targets, and keys for rows with fewer edges than delays."""
    if not isinstance(law, DelayLaw):
        return None
    span = law.high - law.low + 1
    keys = min(longest_row, span // 4 + 1)
    return np.empty(span, np.int64), np.empty(longest_row, np.uint32), np.empty(keys, np.int64)
