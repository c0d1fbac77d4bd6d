"""Units that change one after another: a block for each replica, whose threads share the patterns.

A sum over patterns is that of 64 lanes, pattern k in lane k % 64, as on the other backends. So at most 64 threads work.
"""

import numpy as np

from ...equations import names, parse
from ...kernels.constants import SECOND_WORD
from ...program import Sweep
from .emit_draws import word
from .kernel import Kernel
from .layout import Layout, symbol
from .text import Text, read_names

LANES = 64
ORDER_DRAW, STATE_DRAW = 0, 1
PATTERNS = f"for (int lane = threadIdx.x; lane < {LANES}; lane += blockDim.x)"


def lay_sweeps(layout: Layout) -> None:
    """Room for the order in which each sweep visits the units."""
    for op in layout.program.operations:
        if isinstance(op, Sweep):
            layout.add("order_" + symbol(op.spins), (layout.program.replicas, _size(layout, op.spins)), np.int32)


def emit_sweep(op: Sweep, layout: Layout) -> Kernel:
    """All visits of one step."""
    kernel = Kernel(layout, f"Sweep, {op.order}")
    kernel.threads = LANES
    text = Text(kernel, op.names)
    kernel.time(read_names([op.field, op.temperature, *(a.value for a in op.response)]))
    units, count = kernel.whole("units", _size(layout, op.spins)), kernel.whole("count", _size(layout, op.overlaps[0]))
    spins, seen = kernel.array(op.spins, writes=True), kernel.array(op.seen, writes=True)
    kernel.add(0, f"__shared__ F lanes[{LANES}];", "__shared__ F chosen;", f"for (i64 j = 0; j < {units}; ++j) {{",
               f"    const F change = F({spins}[j]) - F({seen}[j]);", "    if (change != F(0)) {")
    _emit_turn(kernel, 2, op, count)
    kernel.add(0, "    }", "}", "__syncthreads();")
    _emit_order(kernel, op, units)
    kernel.add(0, f"for (i64 n = 0; n < {units}; ++n) {{", "    const i64 j = order[n];",
               f"    const F state = F({spins}[j]);")
    _emit_terms(kernel, op, text, count)
    kernel.add(1, "__syncthreads();", "if (threadIdx.x == 0) {", "    F x__sum = F(0);",
               f"    for (int lane = 0; lane < {LANES}; ++lane) x__sum += lanes[lane];")
    _emit_choice(kernel, op, text)
    kernel.add(1, "}", "__syncthreads();", "if (chosen != state) {", "    const F change = chosen - state;")
    _emit_turn(kernel, 2, op, count)
    kernel.add(1, "}", "__syncthreads();", f"if (threadIdx.x == 0) {spins}[j] = chosen;", "__syncthreads();")
    kernel.add(0, "}", f"for (i64 j = threadIdx.x; j < {units}; j += blockDim.x) {seen}[j] = {spins}[j];")
    return kernel


def _emit_order(kernel: Kernel, op: Sweep, units: str) -> None:
    """The order of Fisher and Yates, from the last place on."""
    order = kernel.pointer("orders", "order_" + symbol(op.spins), writes=True)
    kernel.add(0, f"int* order = {order} + r * {units};",
               f"for (i64 n = threadIdx.x; n < {units}; n += blockDim.x) order[n] = int(n);", "__syncthreads();")
    if op.order == "random":
        drawn = word(kernel, "n", ORDER_DRAW, op.stream)
        kernel.add(0, "if (threadIdx.x == 0)", f"    for (i64 n = {units} - 1; n > 0; --n) {{",
                   f"        const i64 other = i64((u64({drawn}) * u64(n + 1)) >> 32);",
                   "        const int here = order[n];", "        order[n] = order[other];",
                   "        order[other] = here;", "    }", "__syncthreads();")


def _emit_terms(kernel: Kernel, op: Sweep, text: Text, count: str) -> None:
    """Each lane's sum of entry times response over its patterns."""
    read = read_names([a.value for a in op.response])
    patterns, first = kernel.array(op.patterns), kernel.array(op.overlaps[0], writes=True)
    if "_top" in read:
        kernel.add(1, f"F x__top = F({first}[0]);",
                   f"for (i64 k = 1; k < {count}; ++k) x__top = F({first}[k]) > x__top ? F({first}[k]) : x__top;")
    kernel.add(1, PATTERNS + " {", "    F sum = F(0);", f"    for (i64 k = lane; k < {count}; k += {LANES}) {{",
               f"        const F x__x = F({patterns}[j * {count} + k]);", "        F power = x__x;")
    for n, name in enumerate(op.overlaps):
        kernel.add(3, *(["power = power * x__x * x__x;"] if n else []),
                   f"const F x__p{2 * n + 1} = F({kernel.array(name, writes=True)}[k]) - power * state;")
    known = {"_x", "_top", *(f"_p{2 * n + 1}" for n in range(len(op.overlaps)))}
    for name, ref in op.names.items():
        if name in read and not kernel.layout.is_number(ref.buffer):
            kernel.add(3, text.load(name, f"{kernel.array(ref.buffer)}[k]"))
            known.add(name)
    kernel.add(3, *text.assignments(op.response, known), "sum += x__x * x__response;")
    kernel.add(1, "    }", "    lanes[lane] = sum;", "}")


def _emit_choice(kernel: Kernel, op: Sweep, text: Text) -> None:
    """The new state: drawn above a temperature of 0, else the sign of the field."""
    bits = 8 * kernel.layout.dtype.itemsize
    numbers = [STATE_DRAW, STATE_DRAW + SECOND_WORD][: bits // 32]
    words = ", ".join(word(kernel, "j", number, op.stream) for number in numbers)
    used = names(parse(op.field)) | names(parse(op.temperature))
    for name, ref in op.names.items():
        if name in used and not kernel.layout.is_number(ref.buffer):
            kernel.add(2, text.load(name, f"{kernel.array(ref.buffer)}[j]"))
    kernel.add(2, f"const F field = {text.value(op.field)}, heat = {text.value(op.temperature)};", "chosen = state;",
               "if (heat > F(0)) {", f"    const F above = F(1) / (F(1) + exp{bits}(F(-2) * field / heat));",
               f"    chosen = uniform{bits}({words}) < above ? F(1) : F(-1);",
               "} else if (field > F(0)) {", "    chosen = F(1);", "} else if (field < F(0)) {",
               "    chosen = F(-1);", "}")


def _emit_turn(kernel: Kernel, depth: int, op: Sweep, count: str) -> None:
    """What the ``change`` of unit j does to the overlaps; each thread has patterns of its own."""
    kernel.add(depth, PATTERNS, f"    for (i64 k = lane; k < {count}; k += {LANES}) {{",
               f"        const F entry = F({kernel.array(op.patterns)}[j * {count} + k]);", "        F power = entry;")
    for n, name in enumerate(op.overlaps):
        kernel.add(depth + 2, *(["power = power * entry * entry;"] if n else []),
                   f"{kernel.array(name, writes=True)}[k] += power * change;")
    kernel.add(depth, "    }")


def _size(layout: Layout, buffer: str) -> int:
    return layout.size(layout.program.buffers[buffer].space or "")
