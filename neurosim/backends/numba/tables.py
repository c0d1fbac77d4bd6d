"""Arrays that generated code needs beside the state: scratch rows, segments and tables of Poisson numbers."""

from typing import Any

import numpy as np

from ...equations import evaluate, parse
from ...kernels.philox import poisson_thresholds
from ...program import Compete, Events, EventSchedule, Imprint, Map, MatMul, Program, Table
from . import spans
from .emit_draws import is_tabulated, scratch_rows, thresholds_symbol
from .emit_edges import CHUNKS
from .layout import Layout
from .memory import BLOCK, padded, symbol


def scratch(program: Program, layout: Layout, workers: int) -> dict[str, Any]:
    """Per thread: flags and random words of a block, and chunks of rows; and the periods of schedules."""
    elementwise = [op for op in program.operations if isinstance(op, Map | Events)]
    rows = max([scratch_rows(op, layout) for op in elementwise] + [2 * any(
        isinstance(op, Compete) for op in program.operations)], default=0)
    draws = max([len(op.draws) for op in elementwise], default=0)
    arrays: dict[str, Any] = {
        "flag": np.zeros((workers, BLOCK), np.uint8),
        "words": np.zeros((workers, max(rows, 1), BLOCK), np.uint32),
        "counts": np.zeros((workers, max(draws, 1), BLOCK), layout.dtype),
    }
    arrays |= {name: np.zeros((workers, CHUNKS), np.int64) for name in ("opens", "closes", "whose")}
    longest = padded(max((space.size for space in program.spaces.values() if space.name in _beside_bits(program)),
                         default=1))
    arrays["tally"] = np.zeros((workers, longest), np.uint8)
    arrays["packed"] = np.zeros((workers, longest // BLOCK), np.uint64)
    for schedule in program.schedules.values():
        if isinstance(schedule, Table):
            arrays[f"every_{symbol(schedule.name)}"] = schedule.every
    assert all(isinstance(s, Table | EventSchedule) for s in program.schedules.values())
    return arrays


def _beside_bits(program: Program) -> set[str]:
    """The spaces between which there are matrices of bits."""
    ends: set[str | None] = set()
    for op in program.operations:
        if isinstance(op, MatMul | Imprint) and program.buffers[op.weight].dtype == "bit":
            ends |= {program.buffers[op.source].space, program.buffers[op.target].space}
    return {end for end in ends if end is not None}


def segments(program: Program) -> dict[str, np.ndarray]:
    """For each index of a space that of its segment in a smaller one, (padded M,), where a text reads such."""
    found: dict[str, np.ndarray] = {}
    for op in program.operations:
        if isinstance(op, Map | Events):
            for ref in op.names.values():
                if ref.side == "segment" and program.buffers[ref.buffer].space is not None:
                    name = spans.segments_symbol(program, op.space, ref.buffer)
                    size, length = map(int, name.split("_")[1:])
                    # unsigned: Numba looks at a signed index for whether it counts from the end
                    found[name] = (np.arange(padded(size)) // length).astype(np.uint32)
    return found


def poisson_tables(program: Program, layout: Layout) -> dict[str, np.ndarray]:
    """Thresholds of the Poisson draws with a shared mean, (B, K), and how many count for each replica, (B,)."""
    found: dict[str, np.ndarray] = {}
    for op in program.operations:
        if not isinstance(op, Map | Events):
            continue
        for draw in (d for d in op.draws if is_tabulated(d, op, layout)):
            rows = []
            for numbers in layout.arrays["numbers"]:
                env: dict[str, Any] = {n: float(numbers[layout.numbers[r.buffer]]) for n, r in op.names.items()
                                       if layout.is_number(r.buffer)}
                rows.append(poisson_thresholds(float(evaluate(parse(draw.argument or "0"), {**env, "dt": program.dt}))))
            table = np.zeros((len(rows), max(map(len, rows))), np.uint32)
            for row, thresholds in zip(table, rows, strict=True):
                row[: len(thresholds)] = thresholds
            found[thresholds_symbol(op, draw)] = table
            found[thresholds_symbol(op, draw) + "_size"] = np.array([len(r) for r in rows], np.int64)
    return found
