"""Parts of one kind side by side in memory, and their joins as one.

Eight populations with the same variables become eight ranges of one array, and their sixty-four projections the rows
of one edge space: a spike then finds all its targets of one delay in one piece, which is what delivery is bound by.
"""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from ...equations import names, parse
from ...program import (
    Buffer,
    EdgeSpace,
    Events,
    EventSchedule,
    Map,
    Operation,
    Play,
    Program,
    Propagate,
    Ref,
    Space,
)
from .bundles import bundle_edges
from .memory import padded, shares


@dataclass(frozen=True)
class Place:
    """Where a space lies: the home it shares with others of its kind, and its first index there."""

    home: str
    offset: int


Places = Mapping[str, Place]


def settle(program: Program, lanes: int) -> tuple[Program, Places]:
    """Put twins that bundles of joins reach into common homes, which ``lanes`` threads share; all others stay alone.

    Returns the program with bundles for joins, and the place of every space, homes included.
    """
    kinds = _kinds(program)
    bundles = [ops for ops in _bundles(program, kinds) if len(ops) > 1]
    reached = {kinds[program.edges[op.edges].source] for ops in bundles for op in ops}
    reached |= {kinds[program.edges[op.edges].target] for ops in bundles for op in ops}
    places: dict[str, Place] = {}
    sizes: dict[str, int] = {}
    for space in _in_order_of_events(program):
        members = [s for s in kinds if kinds[s] == kinds[space]] if kinds[space] in reached else [space]
        home = space if len(members) == 1 else f"home_of_{members[0]}"
        places[space] = Place(home, sizes.get(home, 0))
        sizes[home] = sizes.get(home, 0) + padded(program.spaces[space].size)
    homes = {p.home for s, p in places.items() if p.home != s}
    spaces = {**program.spaces, **{home: Space(home, sizes[home]) for home in homes}}
    places |= {home: Place(home, 0) for home in homes}
    return _with_bundles(replace(program, spaces=spaces), bundles, places, lanes), places


def _in_order_of_events(program: Program) -> list[str]:
    """Spaces in the order in which their events are collected, so that a common list is ascending."""
    collected = [program.lists[op.into].space for op in program.operations if isinstance(op, Events | Play)
                 and op.into in program.lists]
    return list(dict.fromkeys([*collected, *program.spaces]))


def _kinds(program: Program) -> dict[str, Hashable]:
    """Spaces whose variables, constants and event lists are called and typed alike have the same kind."""
    plain = set(program.spaces)
    for op in program.operations:
        if isinstance(op, Map | Events) and all(ref.side == "own" for ref in op.names.values()):
            continue
        if isinstance(op, Play) and isinstance(program.schedules[op.schedule], EventSchedule):
            continue
        if isinstance(op, Propagate):
            edges = program.edges[op.edges]
            if all(program.buffers[r.buffer].space in (None, op.edges) for r in op.names.values()):
                continue
            plain -= {edges.source, edges.target}
            continue
        plain -= _touched(op, program)
    kinds: dict[str, Hashable] = {}
    for space in program.spaces:
        own = [b for b in program.buffers.values() if b.space == space]
        described = [(b.name.removeprefix(space), b.kind, b.dtype, np.ndim(b.initial) == 2) for b in own]
        lists = [name.removeprefix(space) for name, found in program.lists.items() if found.space == space]
        alike = space in plain and all(b.name.startswith(space + ".") for b in own)
        kinds[space] = (frozenset(described), frozenset(lists)) if alike else space
    return kinds


def _touched(op: Operation, program: Program) -> set[str]:
    """The spaces of all buffers, lists and edges that an operation names."""
    named = [v for v in vars(op).values() if isinstance(v, str)]
    named += [r.buffer for r in getattr(op, "names", {}).values()]
    found = {program.buffers[n].space for n in named if n in program.buffers}
    found |= {program.lists[n].space for n in named if n in program.lists}
    for n in named:
        if n in program.edges:
            found |= {program.edges[n].source, program.edges[n].target}
    return {s for s in found if s is not None}


def _bundles(program: Program, kinds: Mapping[str, Hashable]) -> list[list[Propagate]]:
    """Propagations that one can take the place of: same kinds of parts, same variable, weights said alike."""
    found: dict[Hashable, list[Propagate]] = {}
    for op in program.operations:
        if not isinstance(op, Propagate) or program.edges[op.edges].size == 0:
            continue
        edges = program.edges[op.edges]
        refs = [program.buffers[r.buffer] for r in op.names.values()]
        simple = len(refs) == 1 and op.value in op.names and refs[0].dtype == "float" and refs[0].kind == "parameter"
        target = op.target.removeprefix(edges.target)
        if not simple or np.ndim(refs[0].initial) > 1 or kinds[edges.source] == edges.source:
            continue
        key = (kinds[edges.source], op.events.removeprefix(edges.source), kinds[edges.target], target,
               refs[0].space is None)
        found.setdefault(key, []).append(op)
    return [ops for ops in found.values() if _may_move_together(ops, program) and _weights_fit(ops, program)]


def _may_move_together(ops: list[Propagate], program: Program) -> bool:
    """Nothing but additions stands between the first and the last of them, and none that reads what they add to."""
    places = [k for k, op in enumerate(program.operations) if op in ops]
    between = [op for op in program.operations[places[0] : places[-1]] if op not in ops]
    adding = all(isinstance(op, Propagate) or (isinstance(op, Map) and op.at is None
                 and all(a.op == "+=" or a.target.startswith("_") for a in op.body)) for op in between)
    read = {buffer for op in between for buffer in _read(op)}
    return adding and read.isdisjoint(op.target for op in ops)


def _read(op: Operation) -> set[str]:
    """The buffers that the texts of an operation read; what they only add to is not among them."""
    texts = [op.value] if isinstance(op, Propagate) else [a.value for a in getattr(op, "body", ())]
    texts += [draw.argument for draw in getattr(op, "draws", ()) if draw.argument]
    return {op.names[name].buffer for text in texts for name in names(parse(text)) & set(op.names)}  # type: ignore


def _weights_fit(ops: list[Propagate], program: Program) -> bool:
    """Weights along edges always do; numbers do when each source has one for all its targets."""
    of_source: dict[str, set[float]] = {}
    for op in ops:
        weight = program.buffers[op.names[op.value].buffer]
        if weight.space is None:
            of_source.setdefault(program.edges[op.edges].source, set()).add(float(weight.initial))
    return all(len(found) == 1 for found in of_source.values())


def _with_bundles(program: Program, bundles: list[list[Propagate]], places: Places, lanes: int) -> Program:
    operations = list(program.operations)
    edges, buffers = dict(program.edges), dict(program.buffers)
    for number, ops in enumerate(bundles):
        name = f"bundle_{number}"
        source, target = (places[getattr(edges[ops[0].edges], side)].home for side in ("source", "target"))
        joined = [edges[op.edges] for op in ops]
        weights = [buffers[op.names[op.value].buffer] for op in ops]
        per_edge = [w.initial for w in weights] if weights[0].space is not None else None
        drawn, weight, step = bundle_edges(
            joined, per_edge, [places[e.source].offset for e in joined], [places[e.target].offset for e in joined],
            program.spaces[source].size, shares(program.spaces[target].size, lanes),
        )
        side = "edge"
        if weight is None:
            side, weight = "source", np.zeros(program.spaces[source].size)
            for e, w in zip(joined, weights, strict=True):
                start = places[e.source].offset
                weight[start : start + program.spaces[e.source].size] = w.initial
        edges[name] = EdgeSpace(name, source, target, drawn)
        buffers[f"{name}.w"] = Buffer(name=f"{name}.w", space=name if side == "edge" else source, kind="parameter",
                                      dtype="int" if weight.dtype.kind == "i" else "float", initial=weight)
        value = "w" if step == 1.0 else f"w*{step!r}"
        new = Propagate(edges=name, events=ops[0].events, target=ops[0].target, value=value,
                        names={"w": Ref(f"{name}.w", side)})  # type: ignore[arg-type]
        operations[operations.index(ops[0])] = new
        operations = [op for op in operations if op not in ops]
    return replace(program, operations=tuple(operations), edges=edges, buffers=buffers)


def folded(program: Program) -> frozenset[str]:
    """Constants that a bundle has taken into its weights: those of joins that no operation names any more."""
    named = {op.edges for op in program.operations if isinstance(op, Propagate)}
    bundled = tuple(e + "." for e in program.edges if e not in named)
    return frozenset(n for n, b in program.buffers.items() if b.kind == "parameter" and n.startswith(bundled))
