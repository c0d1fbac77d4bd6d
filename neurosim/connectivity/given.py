"""Edges that the user gives one by one."""

from typing import Any

import numpy as np

from ..errors import DescriptionError
from .delays import LONGEST, DelayLaw, delay_law
from .edges import Edges, smallest_unsigned
from .plans import Task, compiled_loops, starts
from .rules import FromArrays, FromMatrix
from .workers import check_memory


def draw_given(rule: FromArrays | FromMatrix, task: Task, delay: Any, max_memory: int | None) -> Edges:
    """Bring given edges into canonical order, remembering where each came from; takes E log E time."""
    if isinstance(rule, FromMatrix):
        rule = rule.arrays
    count = rule.source.size
    # order, its inverse parts and the keys of the sort
    check_memory(f"{count:,} given edges", 48 * count + 8 * task.sources, max_memory)
    order = _sorted((rule.source, rule.target))
    steps = _steps(rule, task, delay, order)
    ordered: np.ndarray | int
    if isinstance(steps, np.ndarray):
        # given delays are in the user's order, drawn ones belong to the edges sorted by source and target
        order = order[_sorted((rule.source[order], steps[order]))]
        if count and steps.min() == steps.max():
            ordered = int(steps[0])
        else:
            ordered = steps[order].astype(smallest_unsigned(int(steps.max(initial=0))))
    else:
        ordered = steps
    return Edges(
        sources=task.sources,
        targets=task.targets,
        first=starts(np.bincount(rule.source, minlength=task.sources)),
        target=rule.target[order].astype(smallest_unsigned(task.targets - 1)),
        delay=ordered,
        order=None if np.array_equal(order, np.arange(count)) else order,
    )


def _sorted(keys: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    return np.lexsort(keys[::-1])


def _steps(rule: FromArrays, task: Task, delay: Any, order: np.ndarray) -> np.ndarray | int:
    """Delays in the user's order, or one for all."""
    count = rule.source.size
    if rule.delay is not None:
        if delay is not None:
            raise DescriptionError("delay is given twice: in FromArrays.delay and beside the rule")
        return _checked("FromArrays.delay", rule.delay, count)
    if isinstance(delay, np.ndarray | list | tuple):
        return _checked("delay", np.asarray(delay), count)
    law = delay_law(1 if delay is None else delay)
    if not isinstance(law, DelayLaw):
        return law
    drawn = np.empty(count, np.uint32)
    words = np.empty(64, np.uint32)
    compiled_loops().delays(0, count, law.low, law.thresholds, law.guide, task.key, words, drawn)
    steps = np.empty(count, np.int64)
    steps[order] = drawn
    return steps


def _checked(name: str, delay: np.ndarray, count: int) -> np.ndarray:
    if delay.shape != (count,):
        raise DescriptionError(
            f"{name} must have one number for each of {count} edges, got shape {delay.shape}"
        )
    with np.errstate(invalid="ignore"):
        steps = np.rint(delay)
        wrong = np.flatnonzero(~((steps >= 1) & (steps <= LONGEST)))
    if wrong.size:
        where = int(wrong[0])
        raise DescriptionError(f"{name}[{where}] must be from 1 to {LONGEST} steps, got {delay[where]!r}")
    return steps.astype(np.int64)
