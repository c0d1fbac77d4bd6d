"""Products with matrices of bits, and setting their bits.

A row is a run of words with 64 bits each; what lies behind its last column is never set. A thread owns whole words of
every row, because it owns whole blocks of targets.
"""

from ...program import Imprint, MatMul
from . import spans
from .functions import Function
from .layout import Layout

MOST_COUNTED = 255
"""Rows that a tally of bytes can count before it must be emptied."""


def emit_bit_product(op: MatMul, layout: Layout) -> Function:
    """A product with a matrix of bits for one replica.

    Truth values by rows: the bits of each row whose source is true are counted, 64 columns at once. Transposed: the
    source is packed, and each target counts the bits that it shares with it. Numbers are added bit by bit.
    """
    f = Function(layout, "MatMul of bits")
    space = layout.program.buffers[op.target].space or ""
    target, ranges, size = f.array(op.target, "target"), spans.ranges(f, space), spans.size(f, space)
    f.add(0, f"start, end = {ranges}[q], min({ranges}[q + 1], {size})")
    if not op.accumulate:
        f.add(0, f"{target}[start:end] = F(0)")
    boolean = layout.program.buffers[op.source].dtype == "bool"
    if op.transpose:
        (_emit_shared if boolean else _emit_added_transposed)(f, op)
    else:
        (_emit_counted if boolean else _emit_added)(f, op)
    return f


def emit_imprint(op: Imprint, layout: Layout) -> Function:
    """Set the bits between true sources and the true ones of the targets that a thread owns."""
    f = Function(layout, "Imprint")
    space = layout.program.buffers[op.target].space or ""
    ranges, size = spans.ranges(f, space), spans.size(f, space)
    weight, target = f.array(op.weight, "weight"), f.array(op.target, "target")
    packed = spans.scratch(f, "packed")
    f.add(
        0,
        f"start, end, words = {ranges}[q] >> 6, (min({ranges}[q + 1], {size}) + 63) >> 6, ({size} + 63) >> 6",
        "some = False",
        "for w in range(start, end):",
        f"    {packed}[w] = packed_flags({target}, w << 6, {size})",
        f"    some = some or {packed}[w] != 0",
        "if some:",
    )
    _open_true(f, 1, op.source, layout)
    new = f"{packed}[w] & ~{weight}[i * words + w]"
    if op.mask is not None:
        mask = f.array(op.mask, "mask")
        new += f" & {mask}[i * words + w]"
    f.add(
        3,
        "for w in range(start, end):",
        f"    new = {new}",
        "    if new != 0:",
        f"        {weight}[i * words + w] |= new",
    )
    if op.filled is not None:
        filled = f.array(op.filled, "filled")
        f.add(
            5,
            "left = np.int64(new)",
            "while left != 0:",
            f"    {filled}[(w << 6) + ctz(left)] += F(1)",
            "    left &= left - 1",
        )
    return f


def _emit_counted(f: Function, op: MatMul) -> None:
    weight, target = f.array(op.weight, "weight"), f.array(op.target, "target")
    tally = spans.scratch(f, "tally")
    size = spans.size(f, f.layout.program.buffers[op.target].space or "")
    f.add(
        0,
        f"first, last, words = start >> 6, (end + 63) >> 6, ({size} + 63) >> 6",
        f"{tally}[start:end] = 0",
        "counted = 0",
    )
    _open_true(f, 0, op.source, f.layout)
    f.add(
        2,
        "for w in range(first, last):",
        f"    tally_bits({tally}, w << 6, {weight}[i * words + w])",
        "counted += 1",
        f"if counted == {MOST_COUNTED}:",
        "    counted = 0",
        "    for j in range(start, end):",
        f"        {target}[j] += F({tally}[j])",
        f"        {tally}[j] = 0",
    )
    f.add(0, "for j in range(start, end):", f"    {target}[j] += F({tally}[j])")


def _emit_shared(f: Function, op: MatMul) -> None:
    source, weight, target = (f.array(getattr(op, n), n) for n in ("source", "weight", "target"))
    packed = spans.scratch(f, "packed")
    columns = spans.size(f, f.layout.program.buffers[op.source].space or "", "columns")
    f.add(
        0,
        f"words = ({columns} + 63) >> 6",
        "for w in range(words):",
        f"    {packed}[w] = packed_flags({source}, w << 6, {columns})",
        "for j in range(start, end):",
        "    shared = 0",
        "    for w in range(words):",
        f"        shared += popcount(np.int64({weight}[j * words + w] & {packed}[w]))",
        f"    {target}[j] += F(shared)",
    )


def _emit_added(f: Function, op: MatMul) -> None:
    source, weight, target = (f.array(getattr(op, n), n) for n in ("source", "weight", "target"))
    size = spans.size(f, f.layout.program.buffers[op.target].space or "")
    rows = spans.size(f, f.layout.program.buffers[op.source].space or "", "rows")
    f.add(0, f"words = ({size} + 63) >> 6", f"for i in range({rows}):", f"    x = F({source}[i])", "    if x != F(0):")
    f.add(
        2,
        "for j in range(start, end):",
        f"    bit = ({weight}[i * words + (j >> 6)] >> np.uint64(j & 63)) & np.uint64(1)",
        f"    {target}[j] += x * F(bit)",
    )


def _emit_added_transposed(f: Function, op: MatMul) -> None:
    source, weight, target = (f.array(getattr(op, n), n) for n in ("source", "weight", "target"))
    columns = spans.size(f, f.layout.program.buffers[op.source].space or "", "columns")
    f.add(
        0,
        f"words = ({columns} + 63) >> 6",
        "for j in range(start, end):",
        "    total = F(0)",
        f"    for i in range({columns}):",
        f"        bit = ({weight}[j * words + (i >> 6)] >> np.uint64(i & 63)) & np.uint64(1)",
        f"        total += F({source}[i]) * F(bit)",
        f"    {target}[j] += total",
    )


def _open_true(f: Function, depth: int, source: str, layout: Layout) -> None:
    """Loop over the indices ``i`` at which ``source`` is true, ascending; the body is two levels deeper."""
    array = f.array(source, "source")
    rows = spans.size(f, layout.program.buffers[source].space or "", "rows")
    f.add(
        depth,
        f"for block in range(0, {rows}, 64):",
        f"    open_flags = np.int64(packed_flags({array}, block, {rows}))",
        "    while open_flags != 0:",
        "        i = block + ctz(open_flags)",
        "        open_flags &= open_flags - 1",
    )
