"""Operations along edges.

In the exact mode each block owns a range of targets and walks everything that is due in the one order there is:
delays descending, sources ascending, edges. Threads share the edges of one row, whose targets differ; edges of one
row with the same target lie together and are one thread's. So every sum has the bits of the other backends. In the
fast mode blocks share out rows and add in whatever order they come.
"""

from collections.abc import Sequence

from ...equations import ELAPSED
from ...program import Diffuse, MapEdges, Propagate
from .emit_dense import OWN
from .emit_draws import emit_draws
from .kernel import SPREAD, Kernel
from .layout import TILE, Layout, adds_to_target, symbol, tiles
from .text import Text, read_names

OWNED = 64
"""Fewest targets that a block owns in the exact mode; fewer would leave threads of a row's tile idle."""
MOST_OWNERS = 528
"""Blocks that own targets at the most: four for each of the 132 processors of the largest card."""

OF_ROWS = ("first", "bounds", "delays", "target")
"""What is known of the rows of an edge space."""

Along = Propagate | MapEdges | Diffuse
_AT = {"source": "i", "target": "j", "edge": "e"}


def emit_propagate(op: Propagate, layout: Layout, exact: bool = True) -> Kernel:
    """``target[j] += value`` for the edges of what fired a delay ago."""
    kernel = Kernel(layout, "Propagate" if exact else "Propagate in any order")
    kernel.time(read_names(_texts(op)))
    if not exact:
        _emit_rows(kernel, op)
        return kernel
    text = Text(kernel, op.names)
    depth = _open_due(kernel, op, op.events, text)
    _emit_addition(kernel, depth, op, text)
    _close_due(kernel)
    return kernel


def may_come_in_any_order(op: Propagate) -> bool:
    """Whether additions see nothing of each other, so that only rounding depends on their order."""
    return op.target not in {r.buffer for r in op.names.values()}


def emit_map_edges(op: MapEdges, layout: Layout) -> Kernel:
    """Update the edges that an event reaches, or all."""
    kernel = Kernel(layout, f"MapEdges at {op.at}")
    kernel.time(read_names(_texts(op)))
    text = Text(kernel, op.names)
    if op.at == "source":
        depth = _open_due(kernel, op, op.events or "", text)
        _emit_body(kernel, depth, op, text)
        _close_due(kernel)
    elif op.at == "target":
        _emit_at_targets(kernel, op, text)
    elif adds_to_target(op):
        kernel.blocks = tiles(layout.size(layout.program.edges[op.edges].target))
        _emit_columns(kernel, op, text, "")
    else:
        _emit_all(kernel, op, text)
    return kernel


def emit_diffuse(op: Diffuse, layout: Layout) -> Kernel:
    """``target[j] = sum over incoming edges``."""
    kernel = Kernel(layout, "Diffuse")
    kernel.time(read_names(_texts(op)))
    kernel.blocks = tiles(layout.size(layout.program.edges[op.edges].target))
    _emit_columns(kernel, op, Text(kernel, op.names), "F total = F(0);")
    return kernel


def _open_due(kernel: Kernel, op: Propagate | MapEdges, events: str, text: Text) -> int:
    """Loops over delays, sources and edges that are due; ``i``, ``j`` and ``e`` are at hand inside."""
    space = kernel.layout.program.edges[op.edges]
    size = kernel.layout.size(space.target)
    share = max(OWNED, -(-size // MOST_OWNERS))
    kernel.blocks = max(-(-size // share), 1)
    first, bounds, delays, target = (edge_array(kernel, kind, op.edges) for kind in OF_ROWS)
    many = kernel.whole("delay_count", len(space.delays))
    kernel.add(0, "i64 *begins = shared_places(), *ends = begins + TILE;",
               f"const i64 low = block * {kernel.whole('share', share)}, high = low + share;",
               f"for (i64 d = {many} - 1; d >= 0; --d) {{")
    list_, count = kernel.entry(events, f"t - {delays}[d]")
    kernel.add(1, f"const i64 count = {count};", f"const int* fired = {list_};",
               "for (i64 start = 0; start < count; start += blockDim.x) {",
               "    const i64 length = least(count - start, blockDim.x);",
               "    __syncthreads();",
               "    if (threadIdx.x < length) {  // each thread finds the own part of a row",
               "        const i64 i = fired[start + threadIdx.x];",
               f"        const i64 a = {first}[i] + {bounds}[i * ({many} + 1) + d];",
               f"        const i64 z = {first}[i] + {bounds}[i * ({many} + 1) + d + 1];",
               f"        begins[threadIdx.x] = first_not_below({target}, a, z, low);",
               f"        ends[threadIdx.x] = first_not_below({target}, begins[threadIdx.x], z, high);", "    }",
               "    __syncthreads();", "    for (i64 n = 0; n < length; ++n) {",
               "        const i64 a = begins[n], z = ends[n];", "        if (a == z) continue;",
               "        const i64 i = fired[start + n];")
    emit_edge_loads(kernel, 3, op, text, "source")
    kernel.add(3, "for (i64 head = a + threadIdx.x; head < z; head += blockDim.x) {",
               f"    const i64 j = {target}[head];",
               f"    if (head > a && i64({target}[head - 1]) == j) continue;",
               f"    for (i64 e = head; e < z && i64({target}[e]) == j; ++e) {{")
    return 5


def _close_due(kernel: Kernel) -> None:
    kernel.add(0, "                }", "            }", "            __syncthreads();", "        }", "    }", "}")


def _emit_addition(kernel: Kernel, depth: int, op: Propagate, text: Text) -> None:
    """One edge's value onto its target."""
    for side in ("target", "edge"):
        emit_edge_loads(kernel, depth, op, text, side)
    emit_draws(kernel, depth, op, "e")
    out = kernel.array(op.target, local="out", writes=True)
    kernel.add(depth, f"{out}[j] += {text.value(op.value)};")


def _emit_rows(kernel: Kernel, op: Propagate) -> None:
    """Rows dealt out to blocks; additions are atomic."""
    text, space = Text(kernel, op.names), kernel.layout.program.edges[op.edges]
    kernel.blocks, kernel.threads = SPREAD, TILE // 2
    first, bounds, delays, target = (edge_array(kernel, kind, op.edges) for kind in OF_ROWS)
    many = kernel.whole("delay_count", len(space.delays))
    list_, count = kernel.entry(op.events, f"t - {delays}[d]")
    kernel.add(0, "i64 item = block;", f"for (i64 d = {many} - 1; d >= 0; --d) {{",
               f"    const i64 count = {count};", f"    const int* fired = {list_};",
               "    for (; item < count; item += blocks) {", "        const i64 i = fired[item];",
               f"        const i64 a = {first}[i] + {bounds}[i * ({many} + 1) + d];",
               f"        const i64 z = {first}[i] + {bounds}[i * ({many} + 1) + d + 1];")
    emit_edge_loads(kernel, 2, op, text, "source")
    kernel.add(2, "for (i64 e = a + threadIdx.x; e < z; e += blockDim.x) {", f"    const i64 j = {target}[e];")
    for side in ("target", "edge"):
        emit_edge_loads(kernel, 3, op, text, side)
    emit_draws(kernel, 3, op, "e")
    out = kernel.array(op.target, local="out", adds=True)
    kernel.add(3, f"atomicAdd({out} + j, F({text.value(op.value)}));")
    kernel.add(0, "        }", "    }", "    item -= count;", "}")


def _emit_at_targets(kernel: Kernel, op: MapEdges, text: Text) -> None:
    """The edges into each target with an event; where they add to it, one thread takes them one by one."""
    first, edge, source = (edge_array(kernel, kind, op.edges) for kind in ("colfirst", "coledge", "colsource"))
    list_, count = kernel.entry(op.events or "", "t")
    kernel.blocks, kernel.threads = SPREAD, TILE // 2
    alone = adds_to_target(op)
    kernel.add(0, f"const int* fired = {list_};", f"for (i64 n = block; n < {count}; n += blocks) {{",
               "    const i64 j = fired[n];")
    where, stride = ("", "1") if alone else (" + threadIdx.x", "blockDim.x")
    if alone:
        kernel.add(1, "if (threadIdx.x != 0) continue;")
    kernel.add(1, f"for (i64 c = {first}[j]{where}; c < {first}[j + 1]; c += {stride}) {{",
               f"    const i64 e = {edge}[c], i = {source}[c];")
    emit_edge_loads(kernel, 2, op, text, "source")
    _emit_body(kernel, 2, op, text)
    kernel.add(0, "    }", "}")


def _emit_columns(kernel: Kernel, op: MapEdges | Diffuse, text: Text, begin: str) -> None:
    """A thread for each target walks the edges that enter it, sources ascending."""
    first, edge, source = (edge_array(kernel, kind, op.edges) for kind in ("colfirst", "coledge", "colsource"))
    size = kernel.layout.size(kernel.layout.program.edges[op.edges].target)
    kernel.add(0, OWN.format(kernel.whole("size", size)), "    const i64 j = k;", *(["    " + begin] if begin else []),
               f"    for (i64 c = {first}[j]; c < {first}[j + 1]; ++c) {{",
               f"        const i64 e = {edge}[c], i = {source}[c];")
    emit_edge_loads(kernel, 2, op, text, "source")
    if isinstance(op, MapEdges):
        _emit_body(kernel, 2, op, text)
        kernel.add(0, "    }", "}")
        return
    for side in ("target", "edge"):
        emit_edge_loads(kernel, 2, op, text, side)
    kernel.add(2, f"total += {text.value(op.value)};")
    kernel.add(0, "    }", f"    {kernel.array(op.target, writes=True)}[j] = total;", "}")


def _emit_all(kernel: Kernel, op: MapEdges, text: Text) -> None:
    """Every edge on its own: blocks share out the rows, threads their edges."""
    space = kernel.layout.program.edges[op.edges]
    first, target = edge_array(kernel, "first", op.edges), edge_array(kernel, "target", op.edges)
    rows = kernel.layout.size(space.source)
    kernel.blocks = SPREAD
    kernel.add(0, f"for (i64 i = block; i < {kernel.whole('rows', rows)}; i += blocks) {{")
    emit_edge_loads(kernel, 1, op, text, "source")
    kernel.add(1, f"for (i64 e = {first}[i] + threadIdx.x; e < {first}[i + 1]; e += blockDim.x) {{",
               f"    const i64 j = {target}[e];")
    _emit_body(kernel, 2, op, text)
    kernel.add(0, "    }", "}")


def _emit_body(kernel: Kernel, depth: int, op: MapEdges, text: Text) -> None:
    """The body at one edge; what is at its source is at hand."""
    known = {n for n, r in op.names.items() if r.side == "source"}
    known |= emit_edge_loads(kernel, depth, op, text, "target") | emit_edge_loads(kernel, depth, op, text, "edge")
    known |= emit_draws(kernel, depth, op, "e")
    if op.stamp is not None:
        stamp = f"{kernel.array(op.stamp, writes=True)}[e]"
        dt = kernel.real("dt", kernel.layout.program.dt)
        kernel.add(depth, f"const F x_{ELAPSED} = F(double(t - {stamp}) * {dt});", f"{stamp} = int(t);")
    for assign in op.body:
        ref = op.names.get(assign.target)
        if ref is not None and ref.side == "target":
            array = kernel.array(ref.buffer, writes=True)
            kernel.add(depth, f"{array}[j] += {text.value(assign.value)};")
            if assign.target in known:
                kernel.add(depth, f"x_{assign.target} = {array}[j];")
        else:
            kernel.add(depth, *text.assignments([assign], known))
    for name in dict.fromkeys(a.target for a in op.body):
        ref = op.names.get(name)
        if ref is not None and ref.side == "edge":
            kernel.add(depth, text.store(name, f"{kernel.array(ref.buffer, writes=True)}[e]"))


def emit_edge_loads(kernel: Kernel, depth: int, op: Along, text: Text, side: str) -> set[str]:
    """Locals for what the texts read on one side; gives their names."""
    used, found = read_names(_texts(op)), set[str]()
    for name, ref in op.names.items():
        if name in used and ref.side == side and not kernel.layout.is_number(ref.buffer):
            kernel.add(depth, text.load(name, f"{kernel.array(ref.buffer)}[{_AT[side]}]"))
            found.add(name)
    return found


def _texts(op: Along) -> Sequence[str]:
    """Every text of an operation, and the variables that it adds to."""
    means = [] if isinstance(op, Diffuse) else [d.argument for d in op.draws if d.argument]
    if not isinstance(op, MapEdges):
        return [op.value, *means]
    return [*(a.value for a in op.body), *(a.target for a in op.body if a.op == "+="), *means]


def edge_array(kernel: Kernel, kind: str, edges: str) -> str:
    """One of the arrays of an edge space, such as ``target``."""
    return kernel.pointer(kind, f"{kind}_{symbol(edges)}")
