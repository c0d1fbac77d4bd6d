"""Random numbers: in elementwise loops the words of a block at once, then a value per lane; along edges one by one."""

from ...kernels.constants import SECOND_UNIFORM, SECOND_WORD
from ...program import Draw, Events, Map, MapEdges, Propagate
from . import spans
from .functions import Function
from .layout import Layout
from .memory import symbol
from .text import Text

Elementwise = Map | Events
Drawing = Elementwise | MapEdges | Propagate


def word_rows(op: Drawing, layout: Layout) -> list[tuple[Draw, list[int]]]:
    """For each draw the draw numbers of the words it takes, as the functions of the prelude take them."""
    wide = layout.dtype.itemsize == 8
    rows = []
    for draw in op.draws:
        starts = [draw.number, draw.number + SECOND_UNIFORM] if draw.kind == "normal" else [draw.number]
        needs_low = wide and draw.kind != "poisson"
        rows.append((draw, [n for s in starts for n in ((s, s + SECOND_WORD) if needs_low else (s,))]))
    return rows


def scratch_rows(op: Elementwise, layout: Layout) -> int:
    """Rows of 64 words that the operation needs at once."""
    return sum(len(numbers) for _, numbers in word_rows(op, layout))


def emit_block_draws(f: Function, depth: int, op: Elementwise, layout: Layout, block: str) -> None:
    """Fill the words of a block of 64 indices."""
    row = 0
    for draw, numbers in word_rows(op, layout):
        words, stream = spans.scratch(f, "words"), f.integer("stream", op.stream, str(op.stream))
        key = f.need("key", "keys[r]")
        for number in numbers:
            f.add(depth, f"philox_block({block}, t, {number}, {stream}, {key}[0], {key}[1], {words}[{row}])")
            row += 1
        if is_tabulated(draw, op, layout):
            s = thresholds_symbol(op, draw)
            table, size = f.need("table", f"{s}[r]", "table_"), f.need("table_size", f"{s}_size[r]", "table_size_")
            counts = spans.scratch(f, "counts")
            f.add(depth, f"poisson_block({words}[{row - 1}], {table}[:{size}], {counts}[{draw.number}])")


def emit_draw_values(f: Function, depth: int, op: Elementwise, layout: Layout, lane: str) -> None:
    """The value of each draw for one lane."""
    bits, row = 8 * layout.dtype.itemsize, 0
    text = Text(f, op.names)
    for draw, numbers in word_rows(op, layout):
        taken = ", ".join(f"words[{row + k}, {lane}]" for k in range(len(numbers)))
        row += len(numbers)
        if draw.kind != "poisson":
            value = f"{draw.kind}{bits}({taken})"
        elif is_tabulated(draw, op, layout):
            value = f"counts[{draw.number}, {lane}]"
        else:
            value = f"F(poisson_inverse({taken}, {text.value(draw.argument or '0')}))"
        f.add(depth, f"x_{draw.name} = {value}")


def emit_edge_draws(f: Function, depth: int, op: MapEdges | Propagate, layout: Layout) -> None:
    """The value of each draw for the edge ``e``; its number does not depend on how edges are visited."""
    text = Text(f, op.names)
    for draw, numbers in word_rows(op, layout):
        stream, key = f.integer("stream", op.stream, str(op.stream)), f.need("key", "keys[r]")
        words = ", ".join(f"philox_word(e, t, {n}, {stream}, {key}[0], {key}[1])" for n in numbers)
        if draw.kind == "poisson":
            value = f"F(poisson_inverse({words}, {text.value(draw.argument or '0')}))"
        else:
            value = f"{draw.kind}{8 * layout.dtype.itemsize}({words})"
        f.add(depth, f"x_{draw.name} = {value}")


def is_tabulated(draw: Draw, op: Elementwise, layout: Layout) -> bool:
    """Whether a Poisson draw has one mean for all indices and times, so that a table serves it."""
    if draw.kind != "poisson":
        return False
    names = Text.names(draw.argument or "0")
    return all(n == "dt" or (n in op.names and layout.is_number(op.names[n].buffer)) for n in names)


def thresholds_symbol(op: Elementwise, draw: Draw) -> str:
    """The symbol of the table of a Poisson draw, (B, K)."""
    return f"poisson_{symbol(op.space)}_{op.stream}_{draw.number}"
