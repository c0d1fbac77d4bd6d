"""Edges that are known but not drawn: how many, with which delays, and what drawing them takes."""

from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np

from ..kernels.recipes import EdgeRecipe
from .delays import DelayLaw
from .edges import Edges
from .plans import Plan, Task, compiled_loops, count_columns, excludes, of_gaps, starts
from .rules import AllToAll, Bernoulli, FixedInDegree, FixedOutDegree, FixedTotal, OneToOne
from .workers import run_blocks

MakePlan = Callable[[], Plan]
NO_THRESHOLDS = np.zeros(0, np.uint32)


class PendingEdges:
    """The edges of a rule before they are drawn.

    Parameters
    ----------
    rule, task, law
        Who connects to whom, between how many, and how late.
    plan
        Makes the plan of the rows.
    fill
        Draws the edges of what it is given, a plan that it may still have to make.
    """

    def __init__(self, rule: Any, task: Task, law: DelayLaw | int, plan: MakePlan, fill: Callable[[MakePlan], Edges]):
        self.rule, self.task, self.law = rule, task, law
        self.sources, self.targets = task.sources, task.targets
        self._make_plan, self._fill = plan, fill

    @cached_property
    def count(self) -> int:
        """Number of edges, E."""
        match self.rule:
            case FixedInDegree(degree=degree):
                return self.targets * degree
            case FixedTotal(count=count):
                return count
        return int(self.first[-1])

    @cached_property
    def first(self) -> np.ndarray:
        """(sources + 1,) int64: where each row begins, and the end of the last."""
        if isinstance(self.rule, FixedInDegree):
            return starts(count_columns(self.rule, self.task).sum(axis=0))
        return self._plan.first

    @cached_property
    def delays(self) -> np.ndarray:
        """The different delays in ascending order, (D,), steps."""
        if not isinstance(self.law, DelayLaw):
            return np.array([self.law], np.int64)
        return self.law.low + np.flatnonzero(_reached(self.law, self.task, self.count))

    @property
    def recipe(self) -> EdgeRecipe:
        """What drawing takes, in plain numbers."""
        rule, task, law, loops = self.rule, self.task, self.law, compiled_loops()
        avoid = not isinstance(rule, OneToOne) and excludes(rule, task)
        own: dict[str, Any] = {}
        match rule:
            case Bernoulli(p=p) if p < 1.0:
                own = {"kind": "gaps", "inverse_log": of_gaps(p)}
            case Bernoulli() | AllToAll():
                own = {"kind": "all"}
            case OneToOne():
                own = {"kind": "one"}
            case FixedInDegree(degree=degree):
                own = {"kind": "columns", "degree": degree, "distinct": not rule.multiple}
            case FixedOutDegree() | FixedTotal():
                own = {"kind": "rows", "distinct": not rule.multiple}
        return EdgeRecipe(
            **own,
            size=(self.sources if isinstance(rule, FixedInDegree) else self.targets) - avoid,
            avoid=avoid,
            key=tuple(int(part) for part in task.key),  # type: ignore[arg-type]
            target_draw=loops.TARGETS,
            delay_draw=loops.DELAYS,
            low=law.low if isinstance(law, DelayLaw) else law,
            thresholds=law.thresholds if isinstance(law, DelayLaw) else NO_THRESHOLDS,
        )

    def draw(self) -> Edges:
        """The edges, anew at each call."""
        # the plan of columns holds all targets, and is not kept
        return self._fill(self._make_plan if isinstance(self.rule, FixedInDegree) else lambda: self._plan)

    @cached_property
    def _plan(self) -> Plan:
        return self._make_plan()


def _reached(law: DelayLaw, task: Task, count: int) -> np.ndarray:
    """Which numbers of thresholds the words of ``count`` edges reach.

    Nearly all are met among the first edges; after those, words are only compared with the range that is known.
    """
    loops, whole = compiled_loops(), 1 << 32
    head, all_seen = min(count, 1 << 16), []

    def mark(block: tuple[int, int], words: np.ndarray, known: tuple[int, int], seen: np.ndarray) -> None:
        begin, width = np.uint32(known[0]), np.uint32(known[1])
        loops.mark_delays(*block, law.thresholds, law.guide, begin, width, task.key, words, seen)

    def make_scratch() -> tuple[np.ndarray, np.ndarray]:
        all_seen.append(np.zeros(law.thresholds.size + 1, bool))
        return np.empty(64, np.uint32), all_seen[-1]

    first = make_scratch()
    mark((0, head), first[0], (0, 0), first[1])
    ends = np.concatenate([[0], law.thresholds.astype(np.int64), [whole]])
    runs = np.flatnonzero(np.diff(np.concatenate([[0], first[1], [0]]))).reshape(-1, 2)
    known = max(((int(ends[a]), int(ends[z])) for a, z in runs), key=lambda run: run[1] - run[0], default=(0, 0))
    if known[1] - known[0] < whole:
        blocks = [(head + a, head + z) for a, z in task.split(count - head, 1 << 22)]
        run_blocks(
            lambda block, scratch: mark(block, scratch[0], (known[0], known[1] - known[0]), scratch[1]),
            blocks,
            make_scratch,
            task.threads,
        )
    return np.logical_or.reduce(all_seen)
