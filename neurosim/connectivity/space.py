"""The grid behind the rule `Distance`."""

import numpy as np

from ..errors import DescriptionError
from .edges import smallest_unsigned
from .plans import Plan, Scratch, Task, avoided, compiled_loops, plan_ready, starts
from .rules import KERNELS, Distance, checked_positions
from .workers import run_blocks

RANGES = 1024
"""Ranges of the squared distance for which the largest probability is tabulated."""


def plan_distance(rule: Distance, task: Task, source_positions: object, target_positions: object) -> Plan:
    """Targets met cell by cell; each block of rows grows its own piece."""
    near = Near(rule, task, source_positions, target_positions)
    rows = np.arange(task.sources)
    blocks = task.split(task.sources, max(1, min(4096, task.sources // 64)))
    pieces: dict[int, np.ndarray] = {}
    width = smallest_unsigned(task.targets - 1)
    counts = np.zeros(task.sources, np.int64)

    def work(block: tuple[int, int], scratch: Scratch) -> None:
        pieces[block[0]] = near.targets(rows, *block, scratch, counts).astype(width)

    run_blocks(work, blocks, near.make_scratch, task.threads)
    return plan_ready(starts(counts), np.concatenate([pieces[start] for start, _ in blocks]))


def expected_by_distance(
    rule: Distance, task: Task, source_positions: object, target_positions: object, sample: int = 256
) -> float:
    """Number of edges, from the rows of up to ``sample`` sources spread over all."""
    near = Near(rule, task, source_positions, target_positions)
    rows = np.unique(np.linspace(0, task.sources - 1, min(sample, task.sources)).astype(np.int64))
    counts = np.zeros(rows.size, np.int64)
    near.targets(rows, 0, rows.size, near.make_scratch(), counts)
    return float(counts.mean() * task.sources)


class Near:
    """Targets sorted into the cells of a grid, and what the compiled loop wants to know."""

    def __init__(
        self, rule: Distance, task: Task, source_positions: object, target_positions: object
    ) -> None:
        points = checked_positions("source_positions", source_positions, task.sources)
        ends = checked_positions("target_positions", target_positions, task.targets)
        dimensions = points.shape[1]
        if ends.shape[1] != dimensions:
            raise DescriptionError(
                f"target_positions must have {dimensions} columns as source_positions, got {ends.shape[1]}"
            )
        box = np.zeros(3)
        if rule.periodic is not None:
            if len(rule.periodic) != dimensions:
                raise DescriptionError(
                    f"Distance.periodic must have {dimensions} sizes, as positions, got {rule.periodic!r}"
                )
            box[3 - dimensions :] = rule.periodic
            points, ends = np.mod(points, rule.periodic), np.mod(ends, rule.periodic)
        self.task, self.box = task, box
        self.shift = avoided(rule, task)
        self.law = np.array([KERNELS.index(rule.kernel), rule.scale, rule.p_max, rule.reach], float)
        self.upper, self.hazard = np.empty(RANGES + 1), np.empty(RANGES + 1)
        compiled_loops().tabulate(self.law, self.upper, self.hazard)
        self.points = _three_columns(points)
        self._sort(_three_columns(ends), dimensions, rule.reach)

    def _sort(self, ends: np.ndarray, dimensions: int, reach: float) -> None:
        """Group targets by cell: smaller cells waste fewer draws, larger ones fewer visits."""
        low = np.where(self.box > 0.0, 0.0, ends.min(axis=0))
        extent = np.where(self.box > 0.0, self.box, ends.max(axis=0) - low)
        side = reach / (4.0 if dimensions < 3 else 2.5)
        cells = _cells(extent, side)
        # not many more cells than targets: empty ones cost time and memory
        while cells.prod() > max(8.0, 0.5 * len(ends)):
            side *= 1.25
            cells = _cells(extent, side)
        self.cells = cells.astype(np.int64)
        self.origin = low
        # where everything lies in one point any width will do
        self.side = np.where(extent > 0.0, extent / cells, 1.0)
        place = np.minimum(((ends - low) / self.side).astype(np.int64), self.cells - 1)
        cell = (place[:, 0] * self.cells[1] + place[:, 1]) * self.cells[2] + place[:, 2]
        self.members = np.argsort(cell, kind="stable")
        self.centres = ends[self.members]
        self.begins = starts(np.bincount(cell, minlength=int(self.cells.prod())))

    def make_scratch(self) -> Scratch:
        """Working memory of one thread: a row may reach every target."""
        return Scratch(0, self.task.targets)

    def targets(self, rows: np.ndarray, r0: int, r1: int, scratch: Scratch, counts: np.ndarray) -> np.ndarray:
        """Targets of ``rows[r0:r1]`` one after another, uint32; their numbers into ``counts[r0:r1]``."""
        state, parts, room = np.empty(2, np.int64), [], 1 << 14
        while r0 < r1:
            out = np.empty(room, np.uint32)
            r0, used = compiled_loops().near_rows(
                r0, r1, rows, self.points, self.centres, self.begins, self.members, self.cells,
                self.origin, self.side, self.box, self.law, self.upper, self.hazard, self.shift, self.task.key,
                scratch.words, state, scratch.values, counts, out,
            )  # fmt: skip
            parts.append(out[:used])
            room *= 2
        return np.concatenate(parts)


def _three_columns(points: np.ndarray) -> np.ndarray:
    """Axes that there are not come first: the loops run along the last."""
    return np.ascontiguousarray(np.pad(points, ((0, 0), (3 - points.shape[1], 0))))


def _cells(extent: np.ndarray, side: float) -> np.ndarray:
    return np.maximum(1.0, np.floor(extent / side))
