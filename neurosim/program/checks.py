"""What a program must fulfil to run; told before anything runs."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ..errors import BackendError, DescriptionError, NetworkError, listing, nearest
from .bit_checks import check_bit_rows, check_bits, check_imprint
from .body_checks import check_along, check_list, check_own, check_sweep, check_written
from .buffers import EventSchedule, Table, check_finite
from .operations import (
    Compete,
    Diffuse,
    Events,
    Imprint,
    Map,
    MapEdges,
    MatMul,
    Operation,
    Play,
    Propagate,
    Reduce,
    Sweep,
)
from .probes import Probe
from .program import Program


def check_program(program: Program) -> None:
    """Refuse operations that do not fit what they name.

    Raises
    ------
    BackendError
        When an operation breaks a rule; the message names the operation, the field, the rule and the value.
    NetworkError
        When it names a variable that there is not.
    """
    filled = Counter(op.into for op in program.operations if isinstance(op, Events | Play))
    for name, times in filled.items():
        if times > 1 and name in program.lists:
            raise BackendError(f"the event list {name} must be filled by one operation, got {times}")
    for place, op in enumerate(program.operations):
        _check_order(op, program.operations[place + 1 :])
        check_bits(op, program)
        _CHECKS[type(op)](op, program)
    _check_tables(program)


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


def _check_tables(program: Program) -> None:
    """A table has its buffer for itself: a row is written when it begins, and nothing may change it until it ends."""
    played = [op.into for op in program.operations if isinstance(op, Play) and op.into in program.buffers]
    for op in program.operations:
        both = _written(op).intersection(played)
        for name in sorted(both):
            if not isinstance(op, Play) or played.count(name) > 1:
                raise BackendError(f"{name} must be written by one table and nothing else, "
                                   f"got {type(op).__name__} as well")


def _written(op: Operation) -> set[str]:
    """The buffers that an operation writes."""
    if isinstance(op, Map | MapEdges):
        return {op.names[a.target].buffer for a in op.body if a.target in op.names}
    if isinstance(op, Sweep):
        return {op.spins, op.seen, *op.overlaps}
    if isinstance(op, Imprint):
        return {op.weight, *([op.filled] if op.filled else [])}
    return set() if isinstance(op, Events) else {op.into if isinstance(op, Play) else op.target}


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
            if program.buffer(probe.source).dtype == "bit":
                raise NetworkError(f"{probe.source} is a matrix of bits, which is not recorded; read it between runs")
            size = 1 if space is None else program.size_of(space)
        if probe.indices is not None and np.any((probe.indices < 0) | (probe.indices >= size)):
            raise DescriptionError(f"the indices of {probe.source} to record must be in [0, {size}), "
                                   f"got {int(np.min(probe.indices))} to {int(np.max(probe.indices))}")


def _check_propagate(op: Propagate, program: Program) -> None:
    check_along(op, program)
    _check_delays(op, program)


def _check_map_edges(op: MapEdges, program: Program) -> None:
    check_along(op, program)
    _check_choice(op, "at", ["source", "target", "all"])
    if op.at == "source":
        _check_delays(op, program)
    elif op.at == "target":
        check_list("MapEdges.events", op.events, program.edges[op.edges].target, program)
    elif op.events is not None:
        raise BackendError(f"MapEdges.events must be None where at is 'all', got {op.events!r}")


def _check_delays(op: Propagate | MapEdges, program: Program) -> None:
    space = program.edges[op.edges]
    check_list(f"{type(op).__name__}.events", op.events, space.source, program)
    if not space.size:
        return
    shortest, longest = int(space.delays[0]), int(space.delays[-1])
    if shortest < 1:
        raise BackendError(f"the delays of {op.edges} must be at least 1 step, got {shortest}")
    history = program.lists[op.events or ""].history
    if history <= longest:
        raise BackendError(f"the history of {op.events} must be longer than {longest} steps, got {history}")


def _check_matmul(op: MatMul, program: Program) -> None:
    _check_ends(op, program)
    if program.buffer(op.target).dtype != "float":
        raise BackendError(f"MatMul.target must be of float, got {op.target} of {program.buffer(op.target).dtype}")
    if op.weight == op.target:
        raise BackendError(f"MatMul.weight must differ from its target, got {op.weight} for both")
    if program.buffer(op.weight).space is None:
        raise BackendError(f"MatMul.weight must be an array, got {op.weight}, a number that all share")
    sources, targets, weights = (_size(program, name) for name in (op.source, op.target, op.weight))
    if weights != sources * targets:
        raise BackendError(f"{op.weight} must have {sources} x {targets} values, got {weights}")
    if program.buffer(op.weight).dtype == "bit":
        rows, columns = (targets, sources) if op.transpose else (sources, targets)
        check_bit_rows("MatMul.weight", op.weight, rows, columns, program)


def _check_reduce(op: Reduce, program: Program) -> None:
    _check_ends(op, program)
    _check_choice(op, "how", ["sum", "mean", "max"])
    source, target = _size(program, op.source), _size(program, op.target)
    if source % target:
        raise BackendError(f"{op.source} must have a multiple of {target} ({op.target}) values, got {source}")


def _check_compete(op: Compete, program: Program) -> None:
    _check_ends(op, program)
    _check_choice(op, "how", ["greatest", "drawn"])
    source, target = _size(program, op.source), _size(program, op.target)
    if source != target:
        raise BackendError(f"{op.target} must be as large as {op.source} ({source}), got {target}")
    if op.group < 1 or source % op.group:
        raise BackendError(f"Compete.group must divide the size of {op.source} ({source}), got {op.group}")
    if not 1 <= op.winners <= op.group or (op.how == "drawn" and op.winners != 1):
        most = 1 if op.how == "drawn" else op.group
        raise BackendError(f"Compete.winners must be in [1, {most}], got {op.winners}")


def _check_ends(op: MatMul | Reduce | Compete, program: Program) -> None:
    """Source and target are two arrays over index spaces, and the target may change."""
    kind = type(op).__name__
    check_written(f"{kind}.target", op.target, program)
    for field, name in (("source", op.source), ("target", op.target)):
        space = program.buffer(name).space
        if space not in program.spaces:
            got = "a number that all share" if space is None else f"a variable of the edges {space}"
            raise BackendError(f"{kind}.{field} must lie on an index space, got {name}, {got}")
    if op.source == op.target:
        raise BackendError(f"{kind}.target must differ from its source, got {op.target} for both")


def _check_choice(op: Operation, field: str, choices: Sequence[str]) -> None:
    value = getattr(op, field)
    if value not in choices:
        raise BackendError(f"{type(op).__name__}.{field} must be one of {listing(choices)}, got {value!r}")


def _check_play(op: Play, program: Program) -> None:
    if op.schedule not in program.schedules:
        raise BackendError(f"Play.schedule must be one of {listing(program.schedules)}, got {op.schedule!r}")
    schedule = program.schedules[op.schedule]
    if isinstance(schedule, EventSchedule):
        if op.into not in program.lists:
            raise BackendError(f"Play.into of the events {schedule.name} must be one of {listing(program.lists)}, "
                               f"got {op.into!r}")
        _check_event_schedule(schedule, program.size_of(program.lists[op.into].space))
        return
    check_written("Play.into", op.into, program)
    space = program.buffer(op.into).space or ""
    if space not in program.spaces:
        raise BackendError(f"Play.into must lie on an index space, got {op.into}, a variable of the edges {space}")
    _check_table(schedule, program.replicas, program.size_of(space))


def _check_event_schedule(schedule: EventSchedule, size: int) -> None:
    """Steps and indices are in range and ascend; no index comes twice in a step."""
    steps, indices, name = np.asarray(schedule.steps), np.asarray(schedule.indices), schedule.name
    if steps.ndim != 1 or steps.shape != indices.shape:
        raise BackendError(f"{name}: steps and indices must both be (n,), got {steps.shape} and {indices.shape}")
    for field, values in (("steps", steps), ("indices", indices)):
        if values.size and values.dtype.kind not in "iu":
            raise BackendError(f"{name}.{field} must be whole numbers, got {values.dtype}")
    if not steps.size:
        return
    if steps.min() < 0:
        raise BackendError(f"{name}.steps must be >= 0, got {steps.min()}")
    if indices.min() < 0 or indices.max() >= size:
        outside = indices[(indices < 0) | (indices >= size)][0]
        raise BackendError(f"{name}.indices must be in [0, {size}), got {outside}")
    # compared, not subtracted: differences of unsigned numbers wrap around
    same = steps[1:] == steps[:-1]
    wrong = (steps[1:] < steps[:-1]) | (same & (indices[1:] <= indices[:-1]))
    if wrong.any():
        at = int(wrong.argmax())
        pairs = [(int(steps[k]), int(indices[k])) for k in (at, at + 1)]
        raise BackendError(f"{name} must ascend by (step, index) and hold no pair twice, got {pairs[1]} "
                           f"after {pairs[0]}")


def _check_table(schedule: Table, replicas: int, size: int) -> None:
    """Rows are one value, one for each index, or those for each copy, and there is at least one."""
    shape, name = np.shape(schedule.values), schedule.name
    if shape[1:] not in ((), (size,), (replicas, size)) or not shape or not shape[0]:
        raise BackendError(f"{name}.values must be (T,), (T, {size}) or (T, {replicas}, {size}) with T >= 1, "
                           f"got shape {shape}")
    every = schedule.every
    if isinstance(every, bool) or not isinstance(every, int | np.integer) or every < 1:
        raise BackendError(f"{name}.every must be a whole number of steps >= 1, got {every!r}")
    check_finite(f"{name}.values", schedule.values)


def _size(program: Program, name: str) -> int:
    return program.size_of(program.buffer(name).space or "")


_CHECKS: Mapping[type, Callable[[Any, Program], None]] = {
    Play: _check_play,
    Map: check_own,
    Events: check_own,
    Propagate: _check_propagate,
    MapEdges: _check_map_edges,
    Diffuse: check_along,
    MatMul: _check_matmul,
    Reduce: _check_reduce,
    Compete: _check_compete,
    Sweep: check_sweep,
    Imprint: check_imprint,
}
