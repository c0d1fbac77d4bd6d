"""What a program must fulfil to run; told before anything runs."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ..errors import BackendError, DescriptionError, NetworkError, listing, nearest
from .operations import (
    Compete,
    Events,
    Map,
    MapEdges,
    MatMul,
    Operation,
    Play,
    Propagate,
    Reduce,
)
from .probes import Probe
from .program import Program


def check_program(program: Program) -> None:
    """Refuse operations that do not fit what they name."""
    filled = Counter(op.into for op in program.operations if isinstance(op, Events | Play))
    for name, times in filled.items():
        if times > 1 and name in program.lists:
            raise BackendError(f"the event list {name} must be filled by one operation, got {times}")
    for place, op in enumerate(program.operations):
        _check_order(op, program.operations[place + 1 :])
        check = _CHECKS.get(type(op))
        if check is not None:
            check(op, program)


def _check_order(op: Operation, later: Sequence[Operation]) -> None:
    """Who works at the events of this step stands behind who collects them."""
    if isinstance(op, Map):
        name = op.at
    elif isinstance(op, MapEdges) and op.at == "target":
        name = op.events
    else:
        return
    if any(isinstance(o, Events | Play) and o.into == name for o in later):
        raise BackendError(f"{type(op).__name__} at {name} must stand after the operation that fills it")


def check_probes(program: Program, probes: Sequence[Probe]) -> None:
    """Refuse probes of what is not there."""
    for probe in probes:
        if probe.kind == "events":
            if probe.source not in program.lists:
                hint, known = nearest(probe.source, program.lists), listing(program.lists)
                raise NetworkError(f"no event list {probe.source!r}{hint}; there are: {known}")
            size = program.size_of(program.lists[probe.source].space)
        else:
            space = program.buffer(probe.source).space
            size = 1 if space is None else program.size_of(space)
        if probe.indices is not None and np.any((probe.indices < 0) | (probe.indices >= size)):
            raise DescriptionError(f"the indices of {probe.source} to record must be in [0, {size}), "
                                   f"got {int(np.min(probe.indices))} to {int(np.max(probe.indices))}")


def _size(program: Program, name: str) -> int:
    space = program.buffer(name).space
    return 1 if space is None else program.size_of(space)


def _check_list(op: Propagate | MapEdges, program: Program) -> None:
    if op.events not in program.lists:
        known = listing(program.lists)
        raise BackendError(f"{type(op).__name__}.events must be one of {known}, got {op.events!r}")


def _check_delays(op: Propagate | MapEdges, program: Program) -> None:
    space = program.edges[op.edges]
    _check_list(op, program)
    if not space.size:
        return
    shortest, longest = int(space.delays[0]), int(space.delays[-1])
    if shortest < 1:
        raise BackendError(f"the delays of {op.edges} must be at least 1 step, got {shortest}")
    history = program.lists[op.events or ""].history
    if history <= longest:
        raise BackendError(f"the history of {op.events} must be longer than {longest} steps, got {history}")


def _check_map_edges(op: MapEdges, program: Program) -> None:
    for assign in op.body:
        ref = op.names.get(assign.target)
        if ref is None or ref.side == "edge" or (ref.side == "target" and assign.op == "+="):
            continue
        raise BackendError(
            f"a body on the edges {op.edges} must assign edge variables or add to those of the target, "
            f"got {assign.target} {assign.op} {assign.value} ({ref.side} side)"
        )
    if op.at == "source":
        _check_delays(op, program)
    elif op.at == "target":
        _check_list(op, program)


def _check_matmul(op: MatMul, program: Program) -> None:
    sources, targets, weights = (_size(program, name) for name in (op.source, op.target, op.weight))
    if weights != sources * targets:
        raise BackendError(f"{op.weight} must have {sources} x {targets} values, got {weights}")


def _check_reduce(op: Reduce, program: Program) -> None:
    source, target = _size(program, op.source), _size(program, op.target)
    if source % target:
        raise BackendError(f"{op.source} must have a multiple of {target} ({op.target}) values, got {source}")


def _check_compete(op: Compete, program: Program) -> None:
    source, target = _size(program, op.source), _size(program, op.target)
    if source != target:
        raise BackendError(f"{op.target} must be as large as {op.source} ({source}), got {target}")
    if op.group < 1 or source % op.group:
        raise BackendError(f"Compete.group must divide the size of {op.source} ({source}), got {op.group}")
    if not 1 <= op.winners <= op.group or (op.how == "drawn" and op.winners != 1):
        most = 1 if op.how == "drawn" else op.group
        raise BackendError(f"Compete.winners must be in [1, {most}], got {op.winners}")


_CHECKS: Mapping[type, Callable[[Any, Program], None]] = {
    Propagate: _check_delays,
    MapEdges: _check_map_edges,
    MatMul: _check_matmul,
    Reduce: _check_reduce,
    Compete: _check_compete,
}
