"""Products, reductions, competitions and schedules."""

from ...program import Compete, EventSchedule, MatMul, Play, Reduce
from . import spans
from .emit_maps import goes_on
from .functions import Function
from .layout import Layout
from .memory import symbol

SOURCES, TARGETS = 4, 8
"""Rows that a product adds in one pass over the targets; targets that a transposed one sums side by side."""


def emit_matmul(op: MatMul, layout: Layout) -> Function:
    """A dense product for one replica: each target adds up its sources in their order.

    That order is the same for any number of threads and however many are taken at once.
    """
    f = Function(layout, "MatMul")
    source, target, weight = (f.array(n) for n in (op.source, op.target, op.weight))
    space = _space(layout, op.target)
    rows, size, ranges = spans.size(f, _space(layout, op.source), "rows"), spans.size(f, space), spans.ranges(f, space)
    f.add(0, f"start, end = {ranges}[q], min({ranges}[q + 1], {size})")
    if not op.accumulate:
        f.add(0, f"{target}[start:end] = F(0)")
    if op.transpose:
        _emit_transposed(f, source, target, weight, rows)
    else:
        _emit_rows(f, source, target, weight, rows, size)
    return f


def _emit_rows(f: Function, source: str, target: str, weight: str, rows: str, size: str) -> None:
    """Rows of weights onto the targets, without those of sources that are 0.

    Some rows at once, so that a target is loaded and stored once for them.
    """
    taken = [f"k{n}" for n in range(SOURCES)]
    f.add(0, f"own = {target}[start:end]", f"waiting, {', '.join(taken)} = 0{', 0' * SOURCES}",
          f"for i in range({rows}):", f"    if {source}[i] != F(0):",
          f"        {', '.join(taken)} = {', '.join(taken[1:])}, i", "        waiting += 1",
          f"        if waiting == {SOURCES}:", "            waiting = 0")
    for n, k in enumerate(taken):
        f.add(3, f"row{n}, x{n} = {weight}[{k} * {size} + start:{k} * {size} + end], {source}[{k}]")
    f.add(3, "for j in range(own.size):", "    total = own[j]",
          *(f"    total += row{n}[j] * x{n}" for n in range(SOURCES)), "    own[j] = total")
    for n, k in enumerate(taken[1:], 1):
        f.add(0, f"if waiting >= {SOURCES - n}:",
              f"    row, x = {weight}[{k} * {size} + start:{k} * {size} + end], {source}[{k}]",
              "    for j in range(own.size):", "        own[j] += row[j] * x")


def _emit_transposed(f: Function, source: str, target: str, weight: str, rows: str) -> None:
    """A sum for each target, some of them side by side, since each has to wait for its own last addition."""
    some = range(TARGETS)
    f.add(0, f"whole = start + (end - start) // {TARGETS} * {TARGETS}", f"for j in range(start, whole, {TARGETS}):",
          f"    {', '.join(f'total{n}' for n in some)} = {', '.join('F(0)' for n in some)}",
          *(f"    row{n} = {weight}[(j + {n}) * {rows}:(j + {n + 1}) * {rows}]" for n in some),
          f"    for i in range({rows}):", f"        x = {source}[i]",
          *(f"        total{n} += row{n}[i] * x" for n in some),
          *(f"    {target}[j + {n}] += total{n}" for n in some),
          "for j in range(whole, end):", "    total = F(0)", f"    for i in range({rows}):",
          f"        total += {weight}[j * {rows} + i] * {source}[i]", f"    {target}[j] += total")


def emit_reduce(op: Reduce, layout: Layout) -> Function:
    """Sum, mean or greatest value of equally long segments."""
    f = Function(layout, f"Reduce by {op.how}")
    source, target, space = f.array(op.source), f.array(op.target), _space(layout, op.target)
    size, ranges = spans.size(f, space), spans.ranges(f, space)
    f.add(0, f"length = {spans.size(f, _space(layout, op.source), 'longer')} // {size}",
          f"for s in range({ranges}[q], min({ranges}[q + 1], {size})):",
          f"    found = {source}[s * length]",
          "    for k in range(s * length + 1, (s + 1) * length):")
    f.add(2, f"found = max(found, {source}[k])" if op.how == "max" else f"found += {source}[k]")
    f.add(1, f"{target}[s] = found / F(length)" if op.how == "mean" else f"{target}[s] = found")
    return f


def emit_compete(op: Compete, layout: Layout) -> Function:
    """Winners of each group; a group belongs to the thread that owns its first index."""
    f = Function(layout, f"Compete: {op.how}")
    source, target, space = f.array(op.source), f.array(op.target), _space(layout, op.target)
    ranges, group = spans.ranges(f, space), op.group
    one = "np.uint8(1)" if layout.program.buffers[op.target].dtype == "bool" else "F(1)"
    zero = one.replace("(1)", "(0)")
    f.add(0, f"first = -(-{ranges}[q] // {group})",
          f"last = min({spans.size(f, space)} // {group}, -(-{ranges}[q + 1] // {group}))",
          "for n in range(first, last):",
          f"    own, out = {source}[n * {group}:(n + 1) * {group}], {target}[n * {group}:(n + 1) * {group}]",
          f"    out[:] = {zero}")
    if op.how == "greatest":
        f.add(1, f"for _ in range({op.winners}):", "    best = -1", f"    for k in range({group}):",
              f"        if out[k] == {zero} and (best < 0 or own[k] > own[best]):", "            best = k",
              f"    out[best] = {one}")
    else:
        _emit_drawn(f, op, one)
    return f


def _emit_drawn(f: Function, op: Compete, one: str) -> None:
    """The first index whose cumulative sum passes a uniform number times the sum."""
    bits = 8 * f.layout.dtype.itemsize
    words, key, stream = spans.scratch(f, "words"), f.need("key", "keys[r]"), f.integer("stream", op.stream)
    f.add(1, "if n == first or n & 63 == 0:")  # a block of words serves 64 groups
    for row in range(bits // 32):
        f.add(2, f"philox_block(n >> 6, t, {0x8000 * row}, {stream}, {key}[0], {key}[1], {words}[{row}])")
    taken = ", ".join(f"{words}[{row}, n & 63]" for row in range(bits // 32))
    # counting the sums that do not pass instead of leaving at the first that does: nothing to foretell wrongly
    f.add(1, "total, mark, place = F(0), F(0), 0", f"for k in range({op.group}):", "    mark += own[k]",
          f"mark = uniform{bits}({taken}) * mark", f"for k in range({op.group}):", "    total += own[k]",
          "    place += 0 if total > mark else 1", f"if place < {op.group}:", f"    out[place] = {one}")


def emit_play(op: Play, layout: Layout) -> Function:
    """What a schedule holds for this step."""
    schedule, s = layout.program.schedules[op.schedule], symbol(op.schedule)
    if isinstance(schedule, EventSchedule):
        f = Function(layout, "Play events")
        ring, counts = f.events(op.into)
        ranges = spans.ranges(f, layout.program.lists[op.into].space)
        when, who = f.need("when", "when_" + s), f.need("who", "who_" + s)
        begun = f"{counts}[slot, q] if {f.integer('goes_on', goes_on(op.into, layout))} else 0"
        space = layout.program.lists[op.into].space
        f.add(0, f"slot = t & ({ring}.shape[0] - 1)", f"n, base = {begun}, {spans.splits(f, space)}[q]",
              f"start, end = {ranges}[q] - {spans.offset(f, space)}, {ranges}[q + 1] - {spans.offset(f, space)}",
              f"k = np.searchsorted({when}, t)",
              f"while k < {when}.size and {when}[k] == t:",
              f"    if start <= {who}[k] < end:",
              f"        {ring}[slot, base + n] = {who}[k] + {spans.offset(f, space)}", "        n += 1", "    k += 1",
              f"{counts}[slot, q] = n")
        return f
    f = Function(layout, "Play a table")
    array, ranges = f.array(op.into), spans.ranges(f, _space(layout, op.into))
    own = "r" if layout.arrays[f"table_{s}"].shape[0] > 1 else "0"
    table, every = f.need("table", f"table_{s}[{own}]"), f.need("every", "every_" + s)
    f.add(0, f"if t % {every} == 0 and t // {every} < {table}.shape[0]:",
          f"    row, start, end = {table}[t // {every}], {ranges}[q], {ranges}[q + 1]",
          "    behind = min(end, row.size) if row.size > 1 else start",
          f"    own, given = {array}[start:behind], row[start:behind]",
          "    for k in range(own.size):",  # from 0, else every index is looked at for whether it is negative
          "        own[k] = given[k]",
          "    for k in range(behind, end):",
          f"        {array}[k] = row[row.size - 1]")
    return f


def _space(layout: Layout, buffer: str) -> str:
    return layout.program.buffers[buffer].space or ""
