"""Spikes that are sent at once: additions in any order, of whole numbers (``fixed``) or of floats (``fast``)."""

import numpy as np

from ...equations import names, parse
from .emit_edges import OF_ROWS, edge_array, emit_edge_loads
from .flights import Arrival, Flight, Push
from .kernel import SPREAD, Kernel
from .layout import TILE, Layout
from .text import Text


def emit_push(sent: Push, layout: Layout) -> Kernel:
    """The rows of the events of the last step into the ring."""
    op, flight, number = sent.op, sent.flight, sent.number
    kernel = Kernel(layout, "Propagate at once")
    text, space = Text(kernel, op.names), layout.program.edges[op.edges]
    kernel.time(set(names(parse(op.value))) - {"t"})
    kernel.blocks, kernel.threads = SPREAD, TILE // 2
    first, bounds, delays, target = (edge_array(kernel, kind, op.edges) for kind in OF_ROWS)
    many = kernel.whole("delay_count", len(space.delays))
    list_, count = kernel.entry(op.events, "t - 1")
    place = _ring(kernel, flight, f"t - 1 + {delays}[d]", adds=True)
    kernel.add(0, f"const i64 count = {count};", f"const int* fired = {list_};",
               "for (i64 n = block; n < count; n += blocks) {", "    const i64 i = fired[n];",
               f"    const i64 begin = {first}[i], length = {first}[i + 1] - begin;",
               f"    const auto* cuts = {bounds} + i * ({many} + 1);")
    emit_edge_loads(kernel, 1, op, text, "source")
    kernel.add(1, "for (i64 c = threadIdx.x; c < length; c += blockDim.x) {",
               f"    const i64 d = first_not_below(cuts, 1, {many}, c + 1) - 1;  // rows are sorted by delay",
               "    const i64 e = begin + c;", f"    const i64 j = {target}[e];")
    for side in ("target", "edge"):
        emit_edge_loads(kernel, 2, op, text, side)
    value = text.value(op.value)
    if layout.arrays[flight.symbol].dtype == np.int64:
        scale = f"{kernel.pointer('scales', 'scales')}[{kernel.whole('flight_number', number, flight.symbol)}]"
        kernel.add(2, f"atomicAdd((u64*){place} + j, u64(__double2ll_rn(double({value}) * {scale})));")
    else:
        kernel.add(2, f"atomicAdd({place} + j, F({value}));")
    kernel.add(0, "    }", "}")
    return kernel


def emit_arrival(kernel: Kernel, depth: int, arrival: Arrival) -> None:
    """What arrives at the index ``k``; sums of floats are those of ``fast``."""
    place = f"{_ring(kernel, arrival.flight, 't', writes=True)}[k]"
    found = "F(arriving)"
    if kernel.layout.arrays[arrival.flight.symbol].dtype == np.int64:
        scales = kernel.pointer("scales", "scales")
        number = kernel.whole("flight_number", arrival.number, arrival.flight.symbol)
        found = f"F(double(arriving) / {scales}[{number}])"
    kernel.add(depth, f"const auto arriving = {place};", "if (arriving != 0) {",
               f"    {kernel.array(arrival.flight.target, writes=True)}[k] += {found};", f"    {place} = 0;", "}")


def _ring(kernel: Kernel, flight: Flight, step: str, *, adds: bool = False, writes: bool = False) -> str:
    """This replica's row of a flight at a step."""
    _, ring, size = kernel.layout.arrays[flight.symbol].shape
    local = kernel.pointer("flight", flight.symbol, writes=writes, adds=adds)
    mask, width = kernel.whole("flight_mask", ring - 1, local), kernel.whole("flight_size", size, local)
    return f"({local} + (r * ({mask} + 1) + (({step}) & {mask})) * {width})"
