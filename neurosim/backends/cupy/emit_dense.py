"""Products, imprints, reductions, competitions and schedules: a thread for each target, segment or group."""

from ...program import Compete, EventSchedule, Imprint, MatMul, Play, Reduce
from .emit_draws import word
from .kernel import Kernel
from .layout import Layout, symbol, tiles

OWN = "for (i64 k = block * TILE + threadIdx.x; k < least({0}, (block + 1) * TILE); k += blockDim.x) {{"
"""The loop over the indices of a tile; as many threads as indices on a GPU, fewer in proofs on a processor."""


def emit_matmul(op: MatMul, layout: Layout) -> Kernel:
    """A dense product: each target adds up in the order of the sources and passes over sources that are 0."""
    kernel = Kernel(layout, "MatMul")
    rows, size = _length(layout, op.source), _length(layout, op.target)
    kernel.blocks = tiles(size)
    source, weight = kernel.array(op.source), kernel.array(op.weight)
    target, n, m = kernel.array(op.target, writes=True), kernel.whole("rows", rows), kernel.whole("size", size)
    element = f"{weight}[k * {n} + i]" if op.transpose else f"{weight}[i * {m} + k]"
    buffers = layout.program.buffers
    counts = buffers[op.weight].dtype == "bit" and buffers[op.source].dtype == "bool"
    first = f"{target}[k]" if op.accumulate else "F(0)"
    if op.transpose or counts:  # the sum is whole before it is added
        begun, last = "F(0)", f"{first} + total" if op.accumulate else "total"
    else:
        begun, last = first, "total"
    kernel.add(0, OWN.format(m), f"    F total = {begun};", f"    for (i64 i = 0; i < {n}; ++i) {{",
               f"        const F x = F({source}[i]);",
               f"        {'' if op.transpose else 'if (x != F(0)) '}total += F({element}) * x;", "    }",
               f"    {target}[k] = {last};", "}")
    return kernel


def emit_imprint(op: Imprint, layout: Layout) -> Kernel:
    """Set the bits between true sources and true targets, a thread for each target."""
    kernel = Kernel(layout, "Imprint")
    rows, size = _length(layout, op.source), _length(layout, op.target)
    kernel.blocks = tiles(size)
    source, target = kernel.array(op.source), kernel.array(op.target)
    weight, n, m = kernel.array(op.weight, writes=True), kernel.whole("rows", rows), kernel.whole("size", size)
    masked = f" && {kernel.array(op.mask)}[i * {m} + k]" if op.mask is not None else ""
    kernel.add(0, OWN.format(m), f"    if (!{target}[k]) continue;", "    int fresh = 0;",
               f"    for (i64 i = 0; i < {n}; ++i)",
               f"        if ({source}[i] && !{weight}[i * {m} + k]{masked}) {{",
               f"            {weight}[i * {m} + k] = 1;", "            fresh += 1;", "        }")
    if op.filled is not None:
        filled = f"{kernel.array(op.filled, writes=True)}[k]"
        kernel.add(1, f"if (fresh) {filled} = {_element(op.filled, layout)}({filled} + fresh);")
    kernel.add(0, "}")
    return kernel


def emit_reduce(op: Reduce, layout: Layout) -> Kernel:
    """Sum, mean or greatest value of equally long segments."""
    kernel = Kernel(layout, f"Reduce by {op.how}")
    size = _length(layout, op.target)
    kernel.blocks = tiles(size)
    source, target = kernel.array(op.source), kernel.array(op.target, writes=True)
    length = kernel.whole("length", _length(layout, op.source) // size)
    further = f"F({source}[k * {length} + n])"
    joined = f"{further} > found ? {further} : found" if op.how == "max" else f"found + {further}"
    result = f"found / F({length})" if op.how == "mean" else "found"
    kernel.add(0, OWN.format(kernel.whole("size", size)), f"    F found = F({source}[k * {length}]);",
               f"    for (i64 n = 1; n < {length}; ++n)",
               f"        found = {joined};", f"    {target}[k] = {_element(op.target, layout)}({result});", "}")
    return kernel


def emit_compete(op: Compete, layout: Layout) -> Kernel:
    """Winners of each group."""
    kernel = Kernel(layout, f"Compete: {op.how}")
    groups = _length(layout, op.source) // op.group
    kernel.blocks = tiles(groups)
    source, target = kernel.array(op.source), kernel.array(op.target, writes=True)
    group, kind = kernel.whole("group", op.group), _element(op.target, layout)
    kernel.add(0, OWN.format(kernel.whole("groups", groups)),
               f"    const auto* own = {source} + k * {group};", f"    auto* out = {target} + k * {group};",
               f"    for (i64 n = 0; n < {group}; ++n) out[n] = {kind}(0);")
    if op.how == "greatest":
        kernel.add(1, f"for (i64 won = 0; won < {kernel.whole('winners', op.winners)}; ++won) {{", "    i64 best = -1;",
                   f"    for (i64 n = 0; n < {group}; ++n)",
                   f"        if (out[n] == {kind}(0) && (best < 0 || own[n] > own[best])) best = n;",
                   f"    out[best] = {kind}(1);", "}")
    else:
        bits = 8 * layout.dtype.itemsize
        words = ", ".join(word(kernel, "k", 0x8000 * n, op.stream) for n in range(bits // 32))
        kernel.add(1, "F total = F(0), mark = F(0);", f"for (i64 n = 0; n < {group}; ++n) mark += F(own[n]);",
                   f"mark = uniform{bits}({words}) * mark;", f"for (i64 n = 0; n < {group}; ++n) {{",
                   "    total += F(own[n]);", "    if (total > mark) {", f"        out[n] = {kind}(1);",
                   "        break;", "    }", "}")
    kernel.add(0, "}")
    return kernel


def emit_play(op: Play, layout: Layout) -> Kernel:
    """What a schedule holds for this step."""
    schedule, at = layout.program.schedules[op.schedule], symbol(op.schedule)
    if isinstance(schedule, EventSchedule):
        kernel = Kernel(layout, "Play events")
        when, who = kernel.pointer("when", "when_" + at), kernel.pointer("who", "who_" + at)
        length = kernel.whole("length", layout.arrays["when_" + at].shape[0])
        ring, count = kernel.entry(op.into, "t", writes=True)
        kernel.add(0, f"const i64 a = first_not_below({when}, 0, {length}, t);",
                   f"const i64 z = first_not_below({when}, a, {length}, t + 1);", f"int* now = {ring};",
                   f"for (i64 n = threadIdx.x; n < z - a; n += blockDim.x) now[n] = {who}[a + n];",
                   f"if (threadIdx.x == 0) {count} = int(z - a);")
        return kernel
    kernel = Kernel(layout, "Play a table")
    size = _length(layout, op.into)
    kernel.blocks = tiles(size)
    rows, copies, width = layout.arrays["table_" + at].shape
    table, array = kernel.pointer("table", "table_" + at), kernel.array(op.into, writes=True)
    every, last = kernel.whole("every", schedule.every), kernel.whole("last", rows - 1)
    wide, several = kernel.whole("wide", width), kernel.whole("several", copies)  # a row for each copy, or for all
    kernel.add(0, f"const auto* row = {table} + (least(t / {every}, {last}) * {several} + r % {several}) * {wide};",
               OWN.format(kernel.whole("size", size)),
               f"    {array}[k] = {_element(op.into, layout)}(row[least(k, {wide} - 1)]);", "}")
    return kernel


def _length(layout: Layout, buffer: str) -> int:
    return layout.size(layout.program.buffers[buffer].space or "")


def _element(buffer: str, layout: Layout) -> str:
    """What makes a number an element of a buffer."""
    kinds = {"float": "F", "int": "int", "int8": "(signed char)", "bool": "(unsigned char)"}
    return kinds[layout.program.buffers[buffer].dtype]
