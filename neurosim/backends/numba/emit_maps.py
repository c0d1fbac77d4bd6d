"""Elementwise operations on one space, fused into one loop over blocks of 64.

A block's inner loops run over plain ``range(64)`` on views of the block: LLVM vectorises that and nothing else.
Floating point is strict, so a lane's result does not depend on how it was vectorised.
"""

from collections.abc import Collection, Sequence

from ...program import Events, Map, Play
from . import spans
from .emit_draws import Elementwise, emit_block_draws, emit_draw_values
from .functions import Function
from .layout import Layout
from .memory import BLOCK
from .text import Text, emit_time, load, store

MOST_IN_ONE_LOOP = 12
"""Buffers up to which a threshold is tested inside the loop of the update."""


def emit_group(operations: Sequence[Elementwise], layout: Layout) -> Function:
    """One function for neighbouring elementwise operations on one space."""
    space = operations[0].space
    f = Function(layout, ", ".join(type(op).__name__ for op in operations))
    f.add(0, "no_overlap()")  # every buffer of the space has an array of its own, named once
    ranges = spans.ranges(f, space)
    f.add(0, f"start, end = {ranges}[q], {ranges}[q + 1]", f"base = {spans.splits(f, space)}[q]")
    made = [op.into for op in operations if isinstance(op, Events)]
    for n, found in enumerate(made):
        ring, counts = f.events(found)
        begun = f"{counts}[slot{n}, q] if {f.integer('goes_on', goes_on(found, layout), found)} else 0"
        f.add(0, f"slot{n} = t & ({ring}.shape[0] - 1)", f"count{n} = {begun}")
    read = {name for op in operations for text in _texts(op) for name in Text.names(text)}
    emit_time(f, read)
    if "N" in read:
        f.add(0, f"x_N = F({spans.size(f, space)})")
    blockwise = [op for op in operations if isinstance(op, Events) or op.at is None]
    if made:
        f.add(0, f"raised = {spans.scratch(f, 'flag')}.view(np.uint64)")
    if blockwise:
        f.add(0, f"for b in range(start, end, {BLOCK}):")
        for view in _arrays(blockwise, f, layout):
            f.add(1, f"s{view} = {view}[b:b + {BLOCK}]")
        for before, op in zip([None, *operations], operations, strict=False):
            _emit_in_block(f, op, layout, made, before)
    for op in operations:
        if isinstance(op, Map) and op.at is not None and op.at not in made:
            _emit_at_list(f, op, layout)
    for n, found in enumerate(made):
        f.add(0, f"{f.events(found)[1]}[slot{n}, q] = count{n}")
    return f


def goes_on(found: str, layout: Layout) -> int:
    """1 when a part before this one has begun the common list in the same step, else 0."""
    home = layout.place(layout.program.lists[found].space).home
    sharing = [name for name, at in layout.program.lists.items() if layout.place(at.space).home == home
               and layout.list_symbol(name) == layout.list_symbol(found)]
    first = next(op.into for op in layout.program.operations
                 if isinstance(op, Events | Play) and op.into in sharing)
    return int(first != found)


def _texts(op: Elementwise) -> list[str]:
    texts = [op.condition] if isinstance(op, Events) else [a.value for a in op.body]
    return texts + [d.argument for d in op.draws if d.argument]


def _arrays(operations: Sequence[Elementwise], f: Function, layout: Layout) -> list[str]:
    buffers = {ref.buffer: None for op in operations for ref in op.names.values()
               if ref.side == "own" and not layout.is_number(ref.buffer)}
    return [f.array(b) for b in buffers]


def _emit_in_block(f: Function, op: Elementwise, layout: Layout, made: list[str], before: Elementwise | None) -> None:
    if isinstance(op, Map) and op.at is not None:
        if op.at in made:
            n, ring = made.index(op.at), f.events(op.at)[0]
            f.add(1, f"for j in range(before{n}, count{n}):", f"    k = {ring}[slot{n}, base + j]")
            _emit_body(f, 2, op, layout, at="k", inside=False)
        return
    known = _still_known(before, op)
    if known is None:
        emit_block_draws(f, 1, op, layout, f"(b - {spans.offset(f, op.space)}) >> 6" if op.draws else "")
        f.add(1, f"for lane in range({BLOCK}):")
    if isinstance(op, Map):
        _emit_body(f, 2, op, layout, at="lane", inside=True)
        return
    _emit_loads(f, 2, op, _texts(op), layout, "lane", True, known or ())
    emit_draw_values(f, 2, op, layout, "lane")
    f.add(2, f"{spans.scratch(f, 'flag')}[lane] = {Text(f, op.names).condition(op.condition)}")
    _emit_compaction(f, op, made.index(op.into))


def _still_known(before: Elementwise | None, op: Elementwise) -> Collection[str] | None:
    """The names whose values the loop of ``before`` has at hand when ``op`` may go on inside it, else None.

    One loop spares loading again; with many arrays LLVM gives up its checks of overlap, so then it stays two.
    """
    if not (isinstance(before, Map) and before.at is None and isinstance(op, Events)) or op.draws:
        return None
    both = {**before.names, **op.names}
    same = all(before.names[n] == r for n, r in op.names.items() if n in before.names)
    if not same or len({r.buffer for r in both.values()}) > MOST_IN_ONE_LOOP:
        return None
    read = {name for text in _texts(before) for name in Text.names(text)} | {a.target for a in before.body}
    return read & set(op.names)


def _emit_compaction(f: Function, op: Events, n: int) -> None:
    """Indices of the lanes whose flag byte is 1, gathered to one word of 64 bits; padding never counts."""
    f.add(
        1, f"before{n} = count{n}",
        "if raised[0] | raised[1] | raised[2] | raised[3] | raised[4] | raised[5] | raised[6] | raised[7]:",
        "    bits = np.uint64(0)",
        "    for w in range(8):",
        "        bits |= ((raised[w] * GATHER_BITS) >> np.uint64(56)) << np.uint64(8 * w)",
        "    left = np.int64(bits)",
        "    while left != 0:",
        "        k = b + ctz(left)",
        "        left &= left - 1",
        f"        if k < {f.integer('behind', f.layout.span(op.space)[1])}:",
        f"            {f.events(op.into)[0]}[slot{n}, base + count{n}] = k",
        f"            count{n} += 1",
    )


def _emit_at_list(f: Function, op: Map, layout: Layout) -> None:
    """A map over the events that an earlier function collected in this step."""
    ring, counts = f.events(op.at or "")
    f.add(0, f"slot = t & ({ring}.shape[0] - 1)", f"for j in range({counts}[slot, q]):",
          f"    k = {ring}[slot, base + j]", "    if start <= k < end:")
    _emit_body(f, 2, op, layout, at="k", inside=False)


def _emit_body(f: Function, depth: int, op: Map, layout: Layout, *, at: str, inside: bool) -> None:
    """Load, compute, store for one index; ``inside`` a block the views of the block are used."""
    if not inside:
        # one index at a time draws its whole block: rare, and the numbers stay the same
        emit_block_draws(f, depth, op, layout, f"(k - {spans.offset(f, op.space)}) >> 6" if op.draws else "")
    _emit_loads(f, depth, op, [*_texts(op), *(a.target for a in op.body if a.op == "+=")], layout, at, inside)
    emit_draw_values(f, depth, op, layout, "lane" if inside else "k & 63")
    text = Text(f, op.names)
    f.add(depth, *map(text.statement, op.body))
    for name in dict.fromkeys(a.target for a in op.body if a.target in op.names):
        array = ("s" if inside else "") + f.array(op.names[name].buffer)
        f.add(depth, f"{array}[{at}] = {store(text, name)}")


def _emit_loads(f: Function, depth: int, op: Elementwise, texts: list[str], layout: Layout, at: str,
                inside: bool, known: Collection[str] = ()) -> None:
    used = {name for text in texts for name in Text.names(text)} - set(known)
    text = Text(f, op.names)
    own = "b + lane" if inside else "k"
    for name, ref in op.names.items():
        if name not in used or layout.is_number(ref.buffer):
            continue
        if ref.side == "at":
            where = f.array(ref.index or "")
            size = spans.size(f, layout.program.buffers[ref.buffer].space or "", "other")
            f.add(depth, f"there = {where}[{own}]", f"known = there >= 0 and there < {size}",
                  # unsigned: Numba looks at a signed index for whether it counts from the end
                  f"x_{name} = {load(text, name, f'{f.array(ref.buffer)}[np.uint32(there if known else 0)]')}")
            zero = "False" if layout.program.buffers[ref.buffer].dtype == "bool" else "F(0)"
            f.add(depth, f"x_{name} = x_{name} if known else {zero}")
            continue
        if ref.side == "segment":
            # a segment of whole blocks is one value for the block, which is then looked up once
            within = "b" if inside and spans.segment_length(f, op.space, ref.buffer) % BLOCK == 0 else own
            element = f"{f.array(ref.buffer)}[{spans.segments(f, op.space, ref.buffer)}[{within}]]"
        else:
            element = f"{'s' if inside else ''}{f.array(ref.buffer)}[{at}]"
        f.add(depth, f"x_{name} = {load(text, name, element)}")
    if "i" in used:
        f.add(depth, f"x_i = F({own} - {spans.offset(f, op.space)})")
