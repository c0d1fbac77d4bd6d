"""What the texts of operations may read and assign."""

from collections.abc import Iterable, Mapping

import numpy as np

from ..equations import ELAPSED, Assign, names, parse
from ..errors import BackendError, listing, nearest
from .operations import Diffuse, Draw, Events, Map, MapEdges, Propagate, Ref, Sweep
from .program import Program

ALWAYS = frozenset({"t", "dt"})
OF_A_SPACE = frozenset({"i", "N"})


def check_own(op: Map | Events, program: Program) -> None:
    """A ``Map`` or ``Events`` reads and assigns what lies on its own space, and shared numbers."""
    kind = type(op).__name__
    if op.space in program.edges:
        instead = '; use MapEdges with at="all"' if isinstance(op, Map) else ""
        raise BackendError(f"{kind}.space must be an index space, got the edges {op.space}{instead}")
    if op.space not in program.spaces:
        raise BackendError(f"{kind}.space must be one of {listing(program.spaces)}, got {op.space!r}")
    what = f"{kind} over {op.space}"
    special = ALWAYS | OF_A_SPACE
    _check_refs(what, op.names, {"own": op.space}, special, program)
    if isinstance(op, Events):
        check_list(f"{kind}.into", op.into, op.space, program)
        _check_reads(what, [Assign("_condition", "=", op.condition)], op.names, special, op.draws)
        return
    if op.at is not None:
        check_list(f"{kind}.at", op.at, op.space, program)
    _check_reads(what, op.body, op.names, special, op.draws)
    for assign in op.body:
        _check_assigned(what, assign, op.names, program)


def check_along(op: Propagate | MapEdges | Diffuse, program: Program) -> None:
    """An operation along edges reads its two ends, the edges and shared numbers."""
    kind = type(op).__name__
    if op.edges not in program.edges:
        raise BackendError(f"{kind}.edges must be one of {listing(program.edges)}, got {op.edges!r}")
    space, what = program.edges[op.edges], f"{kind} along {op.edges}"
    sides = {"source": space.source, "target": space.target, "edge": op.edges}
    _check_refs(what, op.names, sides, ALWAYS, program)
    if isinstance(op, MapEdges):
        if op.stamp is not None:
            _check_stamp(op.stamp, op.edges, program)
        known = ALWAYS if op.stamp is None else ALWAYS | {ELAPSED}
        _check_reads(what, op.body, op.names, known, op.draws)
        for assign in op.body:
            _check_edge_assign(what, assign, op, program)
        return
    draws = op.draws if isinstance(op, Propagate) else ()
    _check_reads(what, [Assign("_value", "=", op.value)], op.names, ALWAYS, draws)
    check_written(f"{kind}.target", op.target, program)
    if program.buffer(op.target).space != space.target:
        raise BackendError(f"{kind}.target must lie on {space.target}, got {_shown(op.target, program)}")
    if isinstance(op, Diffuse):
        for name in names(parse(op.value)) & set(op.names):
            if op.names[name].buffer == op.target:
                raise BackendError(f"{what}: the value must not read the target {op.target}, got {name!r}")


def check_sweep(op: Sweep, program: Program) -> None:
    """Spins, patterns and overlaps fit together, and the texts of a ``Sweep`` read what is there."""
    for name in (op.spins, op.seen, *op.overlaps):
        check_written("a buffer of Sweep", name, program)
    units, stored = (program.buffer(name).space or "" for name in (op.spins, op.overlaps[0]))
    for field, name, space in [("seen", op.seen, units), *(("overlaps", name, stored) for name in op.overlaps)]:
        if space not in program.spaces or program.buffer(name).space != space:
            raise BackendError(f"Sweep.{field} must lie on {space}, got {_shown(name, program)}")
    _check_entries(op, program, program.size_of(units) * program.size_of(stored))
    _check_refs("Sweep", op.names, {"own": units, "source": stored}, ALWAYS, program)
    sides = {side: {n for n, ref in op.names.items() if program.buffer(ref.buffer).space in (None, space)}
             for side, space in (("own", units), ("source", stored))}
    given = {"_top", *(f"_p{2 * k + 1}" for k in range(len(op.overlaps)))}
    given |= {"_x"} if op.entries == "numbers" else set()
    response = dict.fromkeys(sides["source"] | given, Ref(""))
    _check_reads("Sweep.response", [*op.response, Assign("_end", "=", "_response")], response, ALWAYS)
    own = ALWAYS | sides["own"]
    _check_text("Sweep.field", op.field, own | {"_sum"})
    _check_text("Sweep.temperature", op.temperature, own)
    for assign in op.response:
        if not assign.target.startswith("_") or assign.op != "=":
            raise BackendError(f"Sweep.response must set locals, which begin with _, got '{assign}'")


def _check_entries(op: Sweep, program: Program, count: int) -> None:
    """The matrix of patterns has its shape, and holds what is promised."""
    patterns = program.buffer(op.patterns)
    size = 1 if patterns.space is None else program.size_of(patterns.space)
    if patterns.kind != "parameter" or patterns.dtype == "bool" or size != count:
        raise BackendError(f"Sweep.patterns must be a parameter of {count} numbers, got {op.patterns} "
                           f"({patterns.kind}, {patterns.dtype}, {size} values)")
    for field, choices in (("order", ("ascending", "random")), ("entries", ("numbers", "signs", "ternary"))):
        if getattr(op, field) not in choices:
            raise BackendError(f"Sweep.{field} must be one of {listing(choices)}, got {getattr(op, field)!r}")
    if op.entries == "numbers":
        return
    low, high = np.min(patterns.initial), np.max(patterns.initial)
    zeros = np.size(patterns.initial) - np.count_nonzero(patterns.initial) if op.entries == "signs" else 0
    if patterns.dtype != "int8" or low < -1 or high > 1 or zeros or len(op.overlaps) != 1:
        raise BackendError(f"Sweep.entries of {op.entries!r} need one overlap and patterns of type int8 that are "
                           f"{'-1 or 1' if op.entries == 'signs' else '-1, 0 or 1'}, got {len(op.overlaps)} and "
                           f"{op.patterns} ({patterns.dtype}, from {low} to {high}, {zeros} zeros)")


def check_list(field: str, name: str | None, space: str, program: Program) -> None:
    """The event list ``name`` exists and lies on ``space``."""
    if name is None or name not in program.lists:
        raise BackendError(f"{field} must be one of {listing(program.lists)}, got {name!r}")
    if program.lists[name].space != space:
        raise BackendError(f"{field} must be an event list of {space}, got {name} of {program.lists[name].space}")


def check_written(field: str, name: str, program: Program) -> None:
    """What an operation writes is a state with a value for each index."""
    buffer = program.buffer(name)
    if buffer.space is None:
        raise BackendError(f"{field} must have a value for each index, got {name}, a number that all share")
    if buffer.kind != "state":
        raise BackendError(f"{field} must be a state, got the {buffer.kind} {name}")


def _check_refs(what: str, refs: Mapping[str, Ref], spaces: Mapping[str, str], special: frozenset[str],
                program: Program) -> None:
    """Each name has no meaning yet and stands for a number, or for a buffer on the space of its side."""
    elementwise = spaces.keys() == {"own"}
    for name, ref in refs.items():
        if name in special:
            raise BackendError(f"{what}: names must differ from {listing(special)}, got {name!r} for {ref.buffer}")
        space = program.buffer(ref.buffer).space
        if space is None:
            continue
        if ref.side == "segment" and elementwise:
            _check_segment(what, name, ref.buffer, spaces["own"], program)
            continue
        if ref.side == "at" and elementwise:
            _check_at(what, name, ref, spaces["own"], program)
            continue
        if ref.side not in spaces:
            sides = [*spaces, *(["at", "segment"] if elementwise else [])]
            raise BackendError(f"{what}: the side of {name!r} must be one of {listing(sides)}, got {ref.side!r}")
        if space != spaces[ref.side]:
            raise BackendError(
                f"{what}: {name!r} must stand for a number or a buffer of {spaces[ref.side]} ({ref.side} side), "
                f"got {_shown(ref.buffer, program)}"
            )


def _check_segment(what: str, name: str, buffer: str, own: str, program: Program) -> None:
    """The buffer lies on another index space, whose size divides that of the own one."""
    space, size = program.buffer(buffer).space or "", program.size_of(own)
    if space == own or space not in program.spaces:
        raise BackendError(f"{what}: {name!r} must stand for a buffer of another index space (segment side), "
                           f"got {_shown(buffer, program)}")
    if not program.size_of(space) or size % program.size_of(space):
        raise BackendError(f"{what}: {name!r} must stand for a buffer whose size divides {size} (segment side), "
                           f"got {program.size_of(space)} of {buffer}")


def _check_at(what: str, name: str, ref: Ref, own: str, program: Program) -> None:
    """The buffer lies on another index space, and a whole number of the own index says where."""
    space, index = program.buffer(ref.buffer).space or "", program.buffer(ref.index or "")
    if space == own or space not in program.spaces:
        raise BackendError(f"{what}: {name!r} must stand for a buffer of another index space (at side), "
                           f"got {_shown(ref.buffer, program)}")
    if index.dtype != "int" or index.space != own:
        raise BackendError(f"{what}: the index of {name!r} must be an int variable of {own}, "
                           f"got {_shown(index.name, program)}")


def _check_reads(what: str, body: Iterable[Assign], refs: Mapping[str, Ref], special: frozenset[str],
                 draws: Iterable[Draw] = ()) -> None:
    """Each name that is read is known by then: listed, special, drawn, or a local assigned before."""
    known = special | set(refs)
    for draw in draws:
        if draw.argument is not None:
            _check_text(what, draw.argument, known)
    known |= {draw.name for draw in draws}
    for assign in body:
        _check_text(what, assign.value, known)
        if assign.op == "+=":
            _check_text(what, assign.target, known)
        known |= {assign.target}


def _check_text(what: str, text: str, known: frozenset[str]) -> None:
    for name in sorted(names(parse(text)) - known):
        if name in OF_A_SPACE:
            raise BackendError(f"{what}: i and N have no meaning along edges, got {name!r} in {text}")
        raise BackendError(f"{what}: unknown name {name!r} in {text}{nearest(name, known)}; "
                           f"there are: {listing(known)}")


def _check_assigned(what: str, assign: Assign, refs: Mapping[str, Ref], program: Program) -> None:
    """The target of an assignment is a local or a state."""
    name = assign.target
    if name in refs:
        if refs[name].side in ("segment", "at"):
            raise BackendError(f"{what}: '{assign}' must assign what lies on the own space, got {refs[name].buffer} "
                               f"(segment side)")
        check_written(f"{what}: what '{assign}' assigns", refs[name].buffer, program)
    elif not name.startswith("_"):
        raise BackendError(f"{what}: '{assign}' must assign a listed name or a local, which begins with _, "
                           f"got {name!r}; there are: {listing(refs)}")


def _check_edge_assign(what: str, assign: Assign, op: MapEdges, program: Program) -> None:
    _check_assigned(what, assign, op.names, program)
    ref = op.names.get(assign.target)
    if ref is None or ref.side == "edge" or (ref.side == "target" and assign.op == "+="):
        return
    raise BackendError(f"{what}: a body must assign edge variables or add to those of the target, "
                       f"got {assign} ({ref.side} side)")


def _check_stamp(name: str, edges: str, program: Program) -> None:
    buffer = program.buffer(name)
    if (buffer.space, buffer.kind, buffer.dtype) != (edges, "state", "int"):
        raise BackendError(f"MapEdges.stamp must be an int state of {edges}, got the {buffer.dtype} {buffer.kind} "
                           f"{_shown(name, program)}")


def _shown(name: str, program: Program) -> str:
    space = program.buffer(name).space
    return f"{name}, a number that all share" if space is None else f"{name} of {space}"
