"""What the texts of operations may read and assign."""

from collections.abc import Iterable, Mapping

from ..equations import Assign, names, parse
from ..errors import BackendError, listing, nearest
from .operations import Diffuse, Draw, Events, Map, MapEdges, Propagate, Ref
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
        _check_reads(what, op.body, op.names, ALWAYS)
        for assign in op.body:
            _check_edge_assign(what, assign, op, program)
        return
    _check_reads(what, [Assign("_value", "=", op.value)], op.names, ALWAYS)
    check_written(f"{kind}.target", op.target, program)
    if program.buffer(op.target).space != space.target:
        raise BackendError(f"{kind}.target must lie on {space.target}, got {_shown(op.target, program)}")
    if isinstance(op, Diffuse):
        for name in names(parse(op.value)) & set(op.names):
            if op.names[name].buffer == op.target:
                raise BackendError(f"{what}: the value must not read the target {op.target}, got {name!r}")


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
    for name, ref in refs.items():
        if name in special:
            raise BackendError(f"{what}: names must differ from {listing(special)}, got {name!r} for {ref.buffer}")
        space = program.buffer(ref.buffer).space
        if space is None:
            continue
        if ref.side not in spaces:
            raise BackendError(f"{what}: the side of {name!r} must be one of {listing(spaces)}, got {ref.side!r}")
        if space != spaces[ref.side]:
            raise BackendError(
                f"{what}: {name!r} must stand for a number or a buffer of {spaces[ref.side]} ({ref.side} side), "
                f"got {_shown(ref.buffer, program)}"
            )


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


def _shown(name: str, program: Program) -> str:
    space = program.buffer(name).space
    return f"{name}, a number that all share" if space is None else f"{name} of {space}"
