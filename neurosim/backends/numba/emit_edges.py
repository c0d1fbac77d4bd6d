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

CHUNKS = 1024
"""Chunks of rows that a thread notes before it delivers them."""
AHEAD, LINE, MOST_LINES = 8, 64, 8
"""Prefetching: chunks ahead, bytes of a cache line, lines of a chunk after which the processor goes on by itself."""

_AT = {"source": "i", "target": "j", "edge": "e"}


def emit_propagate(op: Propagate, layout: Layout) -> Function:
    """``target[j] += value`` for the edges of what fired a delay ago."""
    f = Function(layout, "Propagate")
    text, texts = Text(f, op.names), [op.value, *_means(op)]
    emit_time(f, _used(texts))
    if op.target not in {r.buffer for r in op.names.values()}:
        f.add(0, "no_overlap()")
    depth = _open_chunks(f, op)
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
    delays = _edge_array(f, "delays", edges)
    opened, found = _list(f, edges, events), _chunk(f, edges, events)
    f.add(0, f"lanes = {_splits(f, edges)}.size - 1", f"for d in range({delays}.size - 1, -1, -1):",
          "    for lane in range(lanes):")
    f.add(2, *opened, "for n in range(count):")
    f.add(3, *found)
    return 3


def _open_chunks(f: Function, op: Propagate) -> int:
    """Loops over what ``_open_delayed`` visits, in its order, with ``i`` the source.

    Where chunks lie is noted first and followed then, so that each is asked for some chunks ahead: rows lie anywhere in
    memory, and nothing takes longer than waiting for them.
    """
    opens, closes, whose = (spans.scratch(f, kind) for kind in ("opens", "closes", "whose"))
    delays, splits = _edge_array(f, "delays", op.edges), _splits(f, op.edges)
    opened, found = _list(f, op.edges, op.events), _chunk(f, op.edges, op.events)
    f.add(0, f"lanes, d, lane, begun = {splits}.size - 1, {delays}.size - 1, 0, 0", "while d >= 0:", "    filled = 0",
          f"    while d >= 0 and filled < {CHUNKS}:")
    f.add(2, *opened, f"last = min(count, begun + {CHUNKS} - filled)", "for n in range(begun, last):")
    f.add(3, *found, f"{opens}[filled], {closes}[filled], {whose}[filled] = a, z, i", "filled += np.int64(a < z)")
    f.add(2, "begun = last", "if last == count:", "    begun, lane = 0, lane + 1", "    if lane == lanes:",
          "        lane, d = 0, d - 1")
    f.add(1, f"for c in range(-{AHEAD}, filled):", f"    if c + {AHEAD} < filled:",
          f"        a, z = {opens}[c + {AHEAD}], {closes}[c + {AHEAD}]")
    for array, itemsize in _along(f, op).items():
        f.add(3, f"for e in range(a, min(z, a + {MOST_LINES * LINE // itemsize}), {LINE // itemsize}):",
              f"    prefetch({array}, e)", f"prefetch({array}, z - 1)")
    f.add(2, "if c < 0:", "    continue", f"i, a, z = {whose}[c], {opens}[c], {closes}[c]")
    return 2


def _splits(f: Function, edges: str) -> str:
    return spans.splits(f, f.layout.program.edges[edges].source)


def _list(f: Function, edges: str, events: str) -> list[str]:
    """Lines that find the events of ``lane`` that are due after the ``d``-th delay."""
    ring, counts = f.events(events)
    delays, splits = _edge_array(f, "delays", edges), _splits(f, edges)
    return [f"slot = (t - {delays}[d]) & ({ring}.shape[0] - 1)", f"start, count = {splits}[lane], {counts}[slot, lane]"]


def _chunk(f: Function, edges: str, events: str) -> list[str]:
    """Lines that find the source of the ``n``-th event of a list, and its chunk of the ``d``-th delay."""
    first, bounds = (_edge_array(f, kind, edges) for kind in ("first", "bounds"))
    ring, _ = f.events(events)
    source = f.layout.program.edges[edges].source
    alone = f.layout.is_alone(source) or f.layout.place(source).home == source
    skip = [] if alone else [f"if i < 0 or i >= {first}.size - 1:", "    continue"]
    return [
        f"i = {ring}[slot, start + n] - {spans.offset(f, source)}", *skip,
        f"a = {first}[i] + np.int64({bounds}[i, d * lanes + q])",
        f"z = {first}[i] + np.int64({bounds}[i, d * lanes + q + 1])",
    ]


def _along(f: Function, op: Propagate) -> dict[str, int]:
    """The arrays with an element for each edge that are read, and the bytes of one."""
    found = {_edge_array(f, "target", op.edges): f.layout.arrays[f"target_{symbol(op.edges)}"].itemsize}
    for ref in op.names.values():
        if ref.side == "edge" and not f.layout.is_number(ref.buffer):
            found[f.array(ref.buffer)] = f.layout.arrays[f.layout.array_symbol(ref.buffer)].itemsize
    return found


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
