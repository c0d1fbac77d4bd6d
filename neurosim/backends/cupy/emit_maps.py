"""Elementwise operations on one space, fused into one kernel: a thread for each index."""

from collections.abc import Sequence

from ...program import Events, Map, Operation, Ref
from .emit_draws import emit_draws
from .emit_push import emit_arrival
from .flights import Arrival, Push
from .kernel import SPREAD, Kernel
from .layout import TILE, Layout, symbol, tiles
from .text import Text, read_names

Elementwise = Map | Events | Arrival
Step = Operation | Push | Arrival


def groups(operations: Sequence[Step]) -> list[list[Step]]:
    """Elementwise operations on one space together, every other operation alone.

    An elementwise operation moves up past those on other spaces, with which it shares nothing. One at events joins
    those that find these events; where an earlier kernel has found them, it walks the list in a kernel of its own.
    """
    found: list[list[Step]] = []
    for op in operations:
        place = _place(op, found) if isinstance(op, Elementwise) else None
        if place is None:
            found.append([op])
        else:
            found[place].append(op)
    return found


def _place(op: Elementwise, found: Sequence[Sequence[Step]]) -> int | None:
    """The number of the group that an operation may join, or None."""
    for place in range(len(found) - 1, -1, -1):
        first = found[place][0]
        if not isinstance(first, Elementwise):
            return None
        if first.space == op.space:
            return place if _joins(found[place], op) else None  # type: ignore[arg-type]
        if any(ref.side in ("segment", "at") for o in (op, *found[place]) for ref in o.names.values()):  # type: ignore[union-attr]
            return None  # it may read what the others write, or they what it writes
    return None


def _joins(group: Sequence[Elementwise], op: Elementwise) -> bool:
    made = [other.into for other in group if isinstance(other, Events)]
    first = group[0]
    walks = isinstance(first, Map) and first.at is not None
    return not walks and (not isinstance(op, Map) or op.at is None or op.at in made)


def lay_events(layout: Layout) -> None:
    """Room in which the tiles of a space note what they find, before it becomes a list."""
    for op in layout.program.operations:
        if isinstance(op, Events):
            count, at = tiles(layout.size(op.space)), symbol(op.into)
            layout.add("found_" + at, (layout.program.replicas, count * TILE), "int32")
            layout.add("tally_" + at, (layout.program.replicas, count), "int32")
            layout.add("arrived_" + at, (layout.program.replicas,), "uint32")


def emit_group(operations: Sequence[Elementwise], layout: Layout) -> Kernel:
    """One kernel for neighbouring elementwise operations on one space."""
    kernel = Kernel(layout, ", ".join(type(op).__name__ for op in operations))
    space = operations[0].space
    names = read_names([text for op in operations for text in texts(op)])
    kernel.blocks = tiles(layout.size(space))
    kernel.time(names)
    size = kernel.whole("size", layout.size(space))
    first = operations[0]
    if isinstance(first, Map) and first.at is not None:
        list_, count = kernel.entry(first.at, "t")
        kernel.add(0, f"const int* now = {list_};",
                   f"for (i64 n = block * blockDim.x + threadIdx.x; n < {count}; n += blocks * blockDim.x) {{",
                   "    const i64 k = now[n];")
        _emit_map(kernel, 1, first, size)
        kernel.add(0, "}")
        kernel.blocks = SPREAD  # events are few
        return kernel
    made = [op.into for op in operations if isinstance(op, Events)]
    for n in range(len(made)):
        kernel.add(0, f"__shared__ u32 raised{n}[TILE / 4];", f"int any{n} = 0;")
    kernel.add(0, "for (int lane = threadIdx.x; lane < TILE; lane += blockDim.x) {",
               "    const i64 k = block * TILE + lane;")
    for n in range(len(made)):
        kernel.add(1, f"bool fires{n} = false;")
    kernel.add(1, f"if (k < {size}) {{")
    for op in operations:
        if isinstance(op, Events):
            _emit_events(kernel, 2, op, size, made.index(op.into))
        elif isinstance(op, Arrival):
            kernel.add(2, "{")
            emit_arrival(kernel, 3, op)
            kernel.add(2, "}")
        else:
            when = f"if (fires{made.index(op.at)}) " if op.at is not None else ""
            kernel.add(2, when + "{")
            _emit_map(kernel, 3, op, size)
            kernel.add(2, "}")
    kernel.add(1, "}")
    for n in range(len(made)):
        kernel.add(1, f"((unsigned char*)raised{n})[lane] = fires{n};", f"any{n} |= fires{n};")
    kernel.add(0, "}")
    for n, into in enumerate(made):
        _emit_collection(kernel, n, into)
    return kernel


def texts(op: Elementwise) -> list[str]:
    """Every text of an operation."""
    if isinstance(op, Arrival):
        return []
    found = [op.condition] if isinstance(op, Events) else [a.value for a in op.body]
    return found + [d.argument for d in op.draws if d.argument]


def _emit_events(kernel: Kernel, depth: int, op: Events, size: str, number: int) -> None:
    kernel.add(depth, "{")
    text = Text(kernel, op.names)
    _emit_loads(kernel, depth + 1, op, texts(op), text, size)
    emit_draws(kernel, depth + 1, op, "k")
    kernel.add(depth + 1, f"fires{number} = {text.condition(op.condition)};")
    kernel.add(depth, "}")


def _emit_map(kernel: Kernel, depth: int, op: Map, size: str) -> None:
    """Load, compute, store for the index ``k``."""
    text = Text(kernel, op.names)
    wanted = [*texts(op), *(a.target for a in op.body if a.op == "+=")]
    known = _emit_loads(kernel, depth, op, wanted, text, size) | emit_draws(kernel, depth, op, "k")
    kernel.add(depth, *text.assignments(op.body, known))
    for name in dict.fromkeys(a.target for a in op.body if a.target in op.names):
        kernel.add(depth, text.store(name, f"{kernel.array(op.names[name].buffer, writes=True)}[k]"))


def _emit_loads(kernel: Kernel, depth: int, op: Elementwise, wanted: Sequence[str], text: Text, size: str) -> set[str]:
    """Locals for what the texts read; gives their names."""
    used, known = read_names(wanted), set[str]()
    for name, ref in op.names.items():
        if name in used and not kernel.layout.is_number(ref.buffer):
            kernel.add(depth, text.load(name, _element(kernel, op.space, ref)))
            known.add(name)
    if "i" in used:
        kernel.add(depth, "const F x_i = F(k);")
    if "N" in used:
        kernel.add(depth, f"const F x_N = F({size});")
    return known


def _element(kernel: Kernel, space: str, ref: Ref) -> str:
    """What a name stands for at the own index ``k``."""
    array, layout = kernel.array(ref.buffer), kernel.layout
    other = layout.program.buffers[ref.buffer].space or ""
    if ref.side == "segment":
        return f"{array}[k / {kernel.whole('segment', layout.size(space) // layout.size(other), other)}]"
    if ref.side == "at":
        index, size = f"{kernel.array(ref.index or '')}[k]", kernel.whole("other_size", layout.size(other), other)
        return f"({index} >= 0 && {index} < {size} ? {array}[{index}] : 0)"
    return f"{array}[k]"


def _emit_collection(kernel: Kernel, number: int, into: str) -> None:
    """The indices that fire, ascending, into this step's entry of the list."""
    at = symbol(into)
    found = kernel.pointer("found", "found_" + at, writes=True)
    tally = kernel.pointer("tally", "tally_" + at, writes=True)
    arrived = kernel.pointer("arrived", "arrived_" + at, writes=True)
    ring, counts = kernel.entry(into, "t", writes=True)
    kernel.add(0, "__syncthreads();",
               f"collect(raised{number}, any{number}, block, blocks, {found} + r * blocks * TILE,",
               f"        {tally} + r * blocks, {arrived} + r, {ring}, &{counts});")
