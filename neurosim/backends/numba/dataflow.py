"""Where threads must wait for each other."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from ...program import Compete, Diffuse, Events, Imprint, Map, MatMul, Operation, Play, Propagate, Reduce, Sweep
from .layout import Layout
from .memory import BLOCK


@dataclass
class Access:
    """What an operation touches: lists or buffers of other threads' shares, and what it writes of its own."""

    crosses: set[str] = field(default_factory=set)
    delayed: dict[str, int] = field(default_factory=dict)
    writes: set[str] = field(default_factory=set)
    spreads: bool = False
    """Whether one thread writes into the shares of others."""


def access(group: Sequence[Operation], layout: Layout) -> Access:
    """The accesses of operations that run as one, by the arrays that twins share."""
    found = [_access(op, layout) for op in group]
    program = layout.program

    def at_home(names: set[str]) -> set[str]:
        arrays = {layout.array_symbol(n) for n in names if n in program.buffers and not layout.is_number(n)}
        return arrays | {layout.list_symbol(n) for n in names if n in program.lists}

    delayed = {layout.list_symbol(n): d for a in found for n, d in a.delayed.items()}
    return Access(at_home(set().union(*(a.crosses for a in found))), delayed,
                  at_home(set().union(*(a.writes for a in found))), any(a.spreads for a in found))


def _access(op: Operation, layout: Layout) -> Access:
    """The accesses of one operation; ``delayed`` are event lists with the shortest delay of reading them."""
    program = layout.program
    if isinstance(op, Play):
        return Access(writes={op.into})
    if isinstance(op, Map | Events):
        segments = {r.buffer for r in op.names.values() if r.side in ("segment", "at")}
        changed = {a.target for a in op.body} if isinstance(op, Map) else set()
        written = {r.buffer for n, r in op.names.items() if n in changed}
        return Access(crosses=segments, writes=written if isinstance(op, Map) else {op.into})
    if isinstance(op, Sweep):
        changed = {op.spins, op.seen, *op.overlaps}
        return Access(changed | {op.patterns} | {r.buffer for r in op.names.values()}, writes=changed, spreads=True)
    if isinstance(op, Imprint):
        # a product may read columns that another thread owns
        return Access(crosses={op.source}, writes={op.weight, *([op.filled] if op.filled else [])})
    if isinstance(op, Reduce | MatMul | Compete):
        crosses = {op.source} | ({op.target} if isinstance(op, Compete) else set())
        crosses |= {op.weight} if isinstance(op, MatMul) else set()
        spreads = isinstance(op, Compete) and BLOCK % op.group != 0
        return Access(crosses=crosses, writes={op.target}, spreads=spreads)
    delays = program.edges[op.edges].delays
    sources = {r.buffer for r in op.names.values() if r.side == "source"}
    if isinstance(op, Diffuse):
        return Access(crosses=sources, writes={op.target})
    if isinstance(op, Propagate):
        return Access(sources, {op.events: int(delays[0])} if len(delays) else {}, {op.target})
    written = {op.names[a.target].buffer for a in op.body if a.target in op.names} | ({op.stamp} if op.stamp else set())
    delayed = {op.events: int(delays[0])} if op.at == "source" and op.events and len(delays) else {}
    return Access(sources, delayed, written)


@dataclass(frozen=True)
class Waits:
    """Before which operations to wait (by number; that behind the last is the recording), and every how many steps."""

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
            # who writes into shares of others waits until those have recorded the step before
            if crossing & written or a.writes & read or a.spreads:
                before.add(k)
                written, read = set(), set()
            written |= a.writes
            read |= crossing
            if a.spreads:
                before.add(k + 1)
                written, read = set(), set()
    return Waits(frozenset(before), 1)
