"""Operations along edges. Each thread visits the edges whose targets it owns, in an order all thread counts share."""

from collections.abc import Sequence

from ...equations import ELAPSED
from ...program import Diffuse, MapEdges, Propagate
from . import spans
from .bundles import BundledEdges
from .emit_draws import emit_edge_draws
from .functions import Function
from .layout import Layout
from .memory import symbol
from .text import Text, emit_time, load, store

AHEAD, LINE, MOST_LINES = 12, 64, 8
"""Prefetching: spikes ahead, bytes of a cache line, lines of a row after which the processor goes on by itself."""

_AT = {"source": "i", "target": "j", "edge": "e"}


def emit_propagate(op: Propagate, layout: Layout) -> Function:
    """``target[j] += value`` for the edges of what fired a delay ago."""
    f = Function(layout, "Propagate")
    text, texts = Text(f, op.names), [op.value, *_means(op)]
    emit_time(f, _used(texts))
    if op.target not in {r.buffer for r in op.names.values()}:
        f.add(0, "no_overlap()")
    depth = _open_delayed(f, op.edges, op.events)
    _prefetch(f, depth, op)
    _load(f, depth, text, "source", texts)
    f.add(depth, "for e in range(a, z):")
    target = f"{_edge_array(f, 'target', op.edges)}[e]"
    if any(r.side == "target" for n, r in op.names.items() if n in _used(texts)):
        f.add(depth + 1, f"j = {target}")
        target = "j"
    _load(f, depth + 1, text, "target", texts)
    _load(f, depth + 1, text, "edge", texts)
    emit_edge_draws(f, depth + 1, op, layout)
    out = f.out(op.target, layout.program.edges[op.edges].target)
    if isinstance(layout.program.edges[op.edges].edges, BundledEdges):
        # targets of a bundle count from their owner's first
        home = layout.program.edges[op.edges].target
        f.lines.insert(0, f"    own = {out}[{f.need('shares', 's_' + symbol(home))}[q]:]")
        out = "own"
    f.add(depth + 1, f"{out}[{target}] += {text.value(op.value)}")
    return f


def emit_map_edges(op: MapEdges, layout: Layout) -> Function:
    """Update the edges that an event reaches, or all."""
    f = Function(layout, f"MapEdges at {op.at}")
    emit_time(f, _used([*(a.value for a in op.body), *_means(op)]))
    if op.at == "target":
        depth = _open_columns(f, op)
    else:
        depth = _open_delayed(f, op.edges, op.events or "") if op.at == "source" else _open_all(f, op.edges)
        f.add(depth, "for e in range(a, z):", f"    j = {_edge_array(f, 'target', op.edges)}[e]")
        depth += 1
    _emit_edge_body(f, depth, op)
    return f


def emit_diffuse(op: Diffuse, layout: Layout) -> Function:
    """``target[j] = sum over incoming edges``."""
    f = Function(layout, "Diffuse")
    text, target = Text(f, op.names), f.array(op.target)
    ranges = spans.ranges(f, layout.program.edges[op.edges].target)
    emit_time(f, _used([op.value]))
    f.add(0, f"{target}[{ranges}[q]:{ranges}[q + 1]] = F(0)")
    depth = _open_all(f, op.edges)
    _load(f, depth, text, "source", [op.value])
    f.add(depth, "for e in range(a, z):", f"    j = {_edge_array(f, 'target', op.edges)}[e]")
    for side in ("target", "edge"):
        _load(f, depth + 1, text, side, [op.value])
    f.add(depth + 1, f"{target}[j] += {text.value(op.value)}")
    return f


def _open_delayed(f: Function, edges: str, events: str) -> int:
    """Loops over delays (longest first), then sources; leaves the row's chunk in ``a`` to ``z``."""
    first, bounds, delays = (_edge_array(f, kind, edges) for kind in ("first", "bounds", "delays"))
    ring, counts = f.events(events)
    source = f.layout.program.edges[edges].source
    splits, offset = spans.splits(f, source), spans.offset(f, source)
    alone = f.layout.is_alone(source) or f.layout.place(source).home == source
    skip = [] if alone else [f"            if i < 0 or i >= {first}.size - 1:", "                continue"]
    f.add(
        0, f"lanes = {splits}.size - 1",
        f"for d in range({delays}.size - 1, -1, -1):",
        f"    slot = (t - {delays}[d]) & ({ring}.shape[0] - 1)",
        "    for lane in range(lanes):",
        f"        start, count = {splits}[lane], {counts}[slot, lane]",
        "        for n in range(count):",
        f"            i = {ring}[slot, start + n] - {offset}",
        *skip,
        f"            a = {first}[i] + np.int64({bounds}[i, d * lanes + q])",
        f"            z = {first}[i] + np.int64({bounds}[i, d * lanes + q + 1])",
    )
    return 3


def _prefetch(f: Function, depth: int, op: Propagate) -> None:
    """Ask for the edges of a spike some spikes ahead: rows lie anywhere in memory, and nothing takes longer."""
    first, bounds = (_edge_array(f, kind, op.edges) for kind in ("first", "bounds"))
    ring, _ = f.events(op.events)
    offset = spans.offset(f, f.layout.program.edges[op.edges].source)
    f.add(
        depth, f"if n + {AHEAD} < count:",
        f"    k = {ring}[slot, start + n + {AHEAD}] - {offset}",
        f"    if 0 <= k < {first}.size - 1:",
        f"        begin = {first}[k] + np.int64({bounds}[k, d * lanes + q])",
        f"        length = np.int64({bounds}[k, d * lanes + q + 1]) - np.int64({bounds}[k, d * lanes + q])",
    )
    target = f.layout.arrays[f"target_{symbol(op.edges)}"]
    along = {_edge_array(f, "target", op.edges): target.itemsize}
    for ref in op.names.values():
        if ref.side == "edge" and not f.layout.is_number(ref.buffer):
            along[f.array(ref.buffer)] = f.layout.arrays[f.layout.array_symbol(ref.buffer)].itemsize
    for array, itemsize in along.items():
        f.add(depth + 2, f"for c in range(0, min(length, {MOST_LINES * LINE // itemsize}), {LINE // itemsize}):",
              f"    prefetch({array}, begin + c)")


def _open_all(f: Function, edges: str) -> int:
    """Loops over all sources and their chunks; leaves the chunk in ``a`` to ``z``."""
    first, bounds, delays = (_edge_array(f, kind, edges) for kind in ("first", "bounds", "delays"))
    lanes = f.need("lanes", "lanes")
    f.add(
        0, f"for i in range({first}.size - 1):",
        f"    for d in range({delays}.size):",
        f"        a = {first}[i] + np.int64({bounds}[i, d * {lanes} + q])",
        f"        z = {first}[i] + np.int64({bounds}[i, d * {lanes} + q + 1])",
    )
    return 2


def _open_columns(f: Function, op: MapEdges) -> int:
    """Loops over this step's own events of the target and their incoming edges."""
    ring, counts = f.events(op.events or "")
    ranges = spans.ranges(f, f.layout.program.edges[op.edges].target)
    first, edge, source = (_edge_array(f, kind, op.edges) for kind in ("colfirst", "coledge", "colsource"))
    f.add(
        0, f"slot = t & ({ring}.shape[0] - 1)",
        f"for n in range({counts}[slot, q]):",
        f"    j = {ring}[slot, {ranges}[q] + n]",
        f"    for c in range({first}[j], {first}[j + 1]):",
        f"        e, i = {edge}[c], {source}[c]",
    )
    return 2


def _emit_edge_body(f: Function, depth: int, op: MapEdges) -> None:
    text = Text(f, op.names)
    texts = [*(a.value for a in op.body), *(a.target for a in op.body if a.op == "+="), *_means(op)]
    for side in _AT:
        _load(f, depth, text, side, texts)
    emit_edge_draws(f, depth, op, f.layout)
    if op.stamp is not None:
        stamp = f"{f.array(op.stamp)}[e]"
        f.add(depth, f"x_{ELAPSED} = F((t - {stamp}) * {f.need('dt', 'dt')})", f"{stamp} = t")
    for assign in op.body:
        ref = op.names.get(assign.target)
        if ref is not None and ref.side == "target":
            array = f.array(ref.buffer)
            f.add(depth, f"{array}[j] += {text.value(assign.value)}", f"x_{assign.target} = {array}[j]")
        else:
            f.add(depth, text.statement(assign))
    for name in dict.fromkeys(a.target for a in op.body):
        ref = op.names.get(name)
        if ref is not None and ref.side == "edge":
            f.add(depth, f"{f.array(ref.buffer)}[e] = {store(text, name)}")


def _means(op: MapEdges | Propagate) -> list[str]:
    """The texts that draws of an operation read."""
    return [draw.argument for draw in op.draws if draw.argument]


def _used(texts: Sequence[str]) -> set[str]:
    return {n for t in texts for n in Text.names(t)}


def _load(f: Function, depth: int, text: Text, side: str, texts: Sequence[str]) -> None:
    used = _used(texts)
    for name, ref in text.refs.items():
        if name in used and ref.side == side and not f.layout.is_number(ref.buffer):
            f.add(depth, f"x_{name} = {load(text, name, f'{f.array(ref.buffer)}[{_AT[side]}]')}")


def _edge_array(f: Function, kind: str, edges: str) -> str:
    """One of the arrays of an edge space, such as ``target``."""
    return f.need(kind, f"{kind}_{symbol(edges)}")
