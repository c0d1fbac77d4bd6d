"""Where threads must wait for each other."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from ...program import Compete, Diffuse, Events, Map, MatMul, Operation, Play, Propagate, Reduce
from .layout import Layout


@dataclass
class Access:
    """What an operation touches: lists or buffers of other threads' shares, and what it writes of its own."""

    crosses: set[str] = field(default_factory=set)
    delayed: dict[str, int] = field(default_factory=dict)
    writes: set[str] = field(default_factory=set)


def access(group: Sequence[Operation], layout: Layout) -> Access:
    """The accesses of operations that run as one, by the arrays that twins share."""
    found = [_access(op, layout) for op in group]
    program = layout.program

    def at_home(names: set[str]) -> set[str]:
        arrays = {layout.array_symbol(n) for n in names if n in program.buffers and not layout.is_number(n)}
        return arrays | {layout.list_symbol(n) for n in names if n in program.lists}

    delayed = {layout.list_symbol(n): d for a in found for n, d in a.delayed.items()}
    return Access(at_home(set().union(*(a.crosses for a in found))), delayed,
                  at_home(set().union(*(a.writes for a in found))))


def _access(op: Operation, layout: Layout) -> Access:
    """The accesses of one operation; ``delayed`` are event lists with the shortest delay of reading them."""
    program = layout.program
    if isinstance(op, Map):
        return Access(writes={r.buffer for n, r in op.names.items() if any(a.target == n for a in op.body)})
    if isinstance(op, Events | Play):
        return Access(writes={op.into})
    if isinstance(op, Reduce | MatMul | Compete):
        crosses = {op.source} | ({op.target} if isinstance(op, Compete) else set())
        crosses |= {op.weight} if isinstance(op, MatMul) else set()
        return Access(crosses=crosses, writes={op.target})
    delays = program.edges[op.edges].delays
    sources = {r.buffer for r in op.names.values() if r.side == "source"}
    if isinstance(op, Diffuse):
        return Access(crosses=sources, writes={op.target})
    if isinstance(op, Propagate):
        return Access(sources, {op.events: int(delays[0])} if len(delays) else {}, {op.target})
    written = {op.names[a.target].buffer for a in op.body if a.target in op.names}
    delayed = {op.events: int(delays[0])} if op.at == "source" and op.events and len(delays) else {}
    return Access(sources, delayed, written)


@dataclass(frozen=True)
class Waits:
    """Before which operations to wait (by number), and every how many steps."""

    before: frozenset[int]
    every: int


def waits(groups: Sequence[Sequence[Operation]], layout: Layout) -> Waits:
    """Wait before a group of operations that reads what others wrote, or writes what others may still be reading.

    Where only event lists with delays of at least m steps cross, waiting every m steps is enough.
    """
    found = [access(group, layout) for group in groups]
    shortest = min((d for a in found for d in a.delayed.values()), default=None)
    buffers_cross = any(a.crosses & {w for b in found for w in b.writes} for a in found)
    if shortest is not None and not buffers_cross:
        first = next(k for k, a in enumerate(found) if a.delayed)
        return Waits(frozenset({first}), shortest)
    before: set[int] = set()
    written: set[str] = set()
    read: set[str] = set()
    for _ in range(2):  # the second time round sees what the step before left
        for k, a in enumerate(found):
            crossing = a.crosses | set(a.delayed)
            if crossing & written or a.writes & read:
                before.add(k)
                written, read = set(), set()
            written |= a.writes
            read |= crossing
    return Waits(frozenset(before), 1)
