"""Random numbers in kernels: each index makes its own word from the counter, so nothing is stored."""

from typing import Any

import numpy as np

from ...equations import evaluate, names, parse
from ...kernels.constants import SECOND_UNIFORM, SECOND_WORD
from ...kernels.philox import poisson_thresholds
from ...program import Draw, Events, Map, MapEdges, Propagate
from .kernel import Kernel
from .layout import Layout, symbol
from .text import Text

Drawing = Map | Events | MapEdges | Propagate


def emit_draws(kernel: Kernel, depth: int, op: Drawing, index: str) -> set[str]:
    """A local for each draw at ``index``; gives their names."""
    text, bits = Text(kernel, op.names), 8 * kernel.layout.dtype.itemsize
    for draw in op.draws:
        words = ", ".join(word(kernel, index, number, op.stream) for number in word_numbers(draw, bits))
        if draw.kind != "poisson":
            value = f"{draw.kind}{bits}({words})"
        elif is_tabulated(draw, op, kernel.layout):
            at = thresholds_symbol(op, draw)
            table, cuts = kernel.pointer("table", at), kernel.pointer("cuts", at + "_cuts")
            value = f"F(poisson_count({words}, {table} + {cuts}[r], {cuts}[r + 1] - {cuts}[r]))"
        else:
            value = f"F(poisson_inverse({words}, {text.value(draw.argument or '0')}))"
        kernel.add(depth, f"const F x_{draw.name} = {value};")
    return {draw.name for draw in op.draws}


def word(kernel: Kernel, index: str, number: int, stream: int) -> str:
    """The word of one draw number."""
    keys, at = kernel.pointer("keys", "keys"), kernel.whole("stream", stream, str(stream))
    return f"philox_word({index}, t, {number}u, u32({at}), {keys}[2 * r], {keys}[2 * r + 1])"


def word_numbers(draw: Draw, bits: int) -> list[int]:
    """The draw numbers of the words that a draw takes, as the functions of the prelude take them."""
    starts = [draw.number, draw.number + SECOND_UNIFORM] if draw.kind == "normal" else [draw.number]
    wide = bits == 64 and draw.kind != "poisson"
    return [n for s in starts for n in ((s, s + SECOND_WORD) if wide else (s,))]


def is_tabulated(draw: Draw, op: Drawing, layout: Layout) -> bool:
    """Whether a Poisson draw has one mean for all indices and times, so that a table serves it."""
    if draw.kind != "poisson" or not isinstance(op, Map | Events):
        return False
    found = names(parse(draw.argument or "0"))
    return all(n == "dt" or (n in op.names and layout.is_number(op.names[n].buffer)) for n in found)


def thresholds_symbol(op: Drawing, draw: Draw) -> str:
    """The symbol of the table of a Poisson draw."""
    return f"poisson_{symbol(getattr(op, 'space', ''))}_{op.stream}_{draw.number}"


def poisson_tables(layout: Layout, numbers: np.ndarray) -> dict[str, np.ndarray]:
    """Thresholds of the Poisson draws with a shared mean, those of all replicas one after another, and the cuts.

    ``numbers``, (replicas, K), are what all indices share.
    """
    found: dict[str, np.ndarray] = {}
    for op in layout.program.operations:
        if not isinstance(op, Map | Events):
            continue
        for draw in (d for d in op.draws if is_tabulated(d, op, layout)):
            rows = []
            for row in numbers:
                env: dict[str, Any] = {n: float(row[layout.numbers[r.buffer]]) for n, r in op.names.items()
                                       if layout.is_number(r.buffer)}
                mean = evaluate(parse(draw.argument or "0"), {**env, "dt": layout.program.dt})
                rows.append(poisson_thresholds(float(mean)))
            found[thresholds_symbol(op, draw)] = np.concatenate([*rows, np.zeros(1, np.uint32)])
            found[thresholds_symbol(op, draw) + "_cuts"] = np.cumsum([0, *map(len, rows)], dtype=np.int64)
    return found
