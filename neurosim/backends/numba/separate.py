"""Reading what an operation is adding to: the values from before it, kept in a buffer of their own."""

from collections.abc import Collection
from dataclasses import replace
from functools import reduce

from ...equations import Assign
from ...errors import CheckpointError
from ...program import Buffer, Diffuse, Map, MapEdges, Operation, Program, Propagate, Ref

BEFORE = ".before"
"""Marks the names of buffers that hold such copies; they are no state."""


def separated(program: Program) -> Program:
    """The program with a copy taken wherever the source side of a buffer is read while its targets are added to.

    Else a thread would read sums that another has begun.
    """
    operations: list[Operation] = []
    buffers = dict(program.buffers)
    for op in program.operations:
        names = _read_and_added(op)
        operations += [_copy(buffers[name], buffers) for name in names]
        operations.append(reduce(_reading_copy, names, op))
    return replace(program, buffers=buffers, operations=tuple(operations))


def _reading_copy(op: Operation, name: str) -> Operation:
    if not isinstance(op, Propagate | Diffuse | MapEdges):
        return op
    names = {n: replace(r, buffer=name + BEFORE) if (r.buffer, r.side) == (name, "source") else r
             for n, r in op.names.items()}
    return replace(op, names=names)


def _read_and_added(op: Operation) -> list[str]:
    if isinstance(op, Propagate | Diffuse):
        added = {op.target}
    elif isinstance(op, MapEdges):
        refs = [op.names[a.target] for a in op.body if a.target in op.names]
        added = {r.buffer for r in refs if r.side == "target"}
    else:
        return []
    return sorted(added & {r.buffer for r in op.names.values() if r.side == "source"})


def _copy(old: Buffer, buffers: dict[str, Buffer]) -> Map:
    new = replace(old, name=old.name + BEFORE)
    buffers[new.name] = new
    return Map(space=old.space or "", body=(Assign("before", "=", "now"),),
               names={"before": Ref(new.name), "now": Ref(old.name)})


def check_complete(program: Program, state: Collection[str]) -> None:
    """See that a saved state holds all that changes, and the events of all lists."""
    needed = {b.name for b in program.buffers.values() if b.kind == "state" and BEFORE not in b.name}
    missing = (needed | {f"{n}#steps" for n in program.lists}) - set(state)
    if missing:
        raise CheckpointError(f"the saved state lacks {', '.join(sorted(missing))}")
