"""Edges that come and go while a network runs: between two steps, by the rules of its joins."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from ..connectivity import Edges
from ..errors import CheckpointError, NetworkError, RecordingError
from ..families import Part
from ..families.plasticity import Change, Lots, Wires
from ..program import Buffer, EdgeSpace, MapEdges, Program
from ..program.initial import stream_number
from ..units import display_unit
from .edge_numbers import edge_numbers
from .ends import ends_of
from .join import CheckedJoin
from .structures import groups_of

IN_DEGREE = "in_degree"
"""The variable of a join with a structure that counts the edges into each target."""
ENDS = ("source", "target")


@dataclass(frozen=True, kw_only=True)
class Rewired:
    """A network behind a rewiring.

    Parameters
    ----------
    program
        With the edges as they are now; the same object where none came or went.
    state
        All that the further run depends on.
    changed
        Names of the variables of parts that the rules have set.
    """

    program: Program
    state: Mapping[str, np.ndarray]
    changed: tuple[str, ...]


class Rewiring:
    """The joins of a network whose edges come and go.

    Edges that stay keep their variables. New ones begin as the join says, with draws of their own, and as if no spike
    had reached them. Spikes on their way are in the lists of their sources: a new edge passes on those that its delay
    covers, one that dies loses them.

    Parameters
    ----------
    joins, parts
        Of the network, by name.
    program
        What it was built into.
    """

    def __init__(self, joins: Mapping[str, CheckedJoin], parts: Mapping[str, Part], program: Program):
        self._joins, self._parts = joins, parts
        described = {name: checked.join for name, checked in joins.items()}
        self._groups = groups_of(described, program.dt, program.replicas)
        self.names = tuple(name for group in self._groups for name in group.joins)
        for name in self.names:
            _check_edges(program, name)

    def due(self, step: int, stop: int) -> int:
        """The first step behind ``step`` that a rewiring follows, ``stop`` at the latest."""
        return min([stop, *((step // group.steps + 1) * group.steps for group in self._groups)])

    def is_due(self, step: int) -> bool:
        """Whether edges are to be rewired when ``step`` steps are done."""
        return step > 0 and any(step % group.steps == 0 for group in self._groups)

    def apply(self, program: Program, step: int, state: Mapping[str, np.ndarray]) -> Rewired:
        """Rewire what is due when ``step`` steps are done; ``state`` is all that the run depends on."""
        now, changed = dict(state), []
        for group in self._groups:
            if step % group.steps:
                continue
            wires = [_wires(program, name) for name in group.joins]
            lots = Lots(program.seed, stream_number("/".join([*group.joins, "structure"])), step)
            changes, numbers = group.structure.rewire(wires, partial(_shown, program, now), lots)
            for name, values in numbers.items():
                factor = display_unit(program.buffers[name].dimension).factor
                now[name] = (np.asarray(values) * factor).astype(now[name].dtype)
                changed.append(name)
            for name, change in changes.items():
                if not change.is_none:
                    program = self._with_edges(program, step, now, name, change)
        return Rewired(program=program, state=now, changed=tuple(changed))

    def saved(self, program: Program, read: Callable[[str], np.ndarray]) -> dict[str, np.ndarray]:
        """What of the edges a checkpoint needs besides the state; ``read`` gives a variable."""
        found: dict[str, np.ndarray] = {}
        for name in self.names:
            wires = _wires(program, name)
            found |= {f"{name}#source": wires.starts, f"{name}#target": wires.ends}
            found |= {b.name: read(b.name) for b in _constants(program, name)}
        return found

    def take_up(self, program: Program, state: dict[str, np.ndarray]) -> Program:
        """The program with the edges of a checkpoint, whose ``state`` is left with what else it holds."""
        for name in self.names:
            try:
                starts, ends = (state.pop(f"{name}#{end}").astype(np.int64) for end in ENDS)
            except KeyError:
                raise CheckpointError(f"the state lacks the edges of {name!r}") from None
            edges = program.edges[name].edges
            if starts.shape != ends.shape or _outside(starts, edges.sources) or _outside(ends, edges.targets):
                raise CheckpointError(f"the state is damaged: the edges of {name!r} do not fit its parts")
            buffers = dict(program.buffers)
            for buffer in _along(program, name):
                if np.ndim(buffer.initial) or buffer.kind == "state":
                    kept = state.pop if buffer.kind == "parameter" else state.__getitem__
                    buffers[buffer.name] = replace(buffer, initial=kept(buffer.name))
            space = _space(program.edges[name], _edges_of(edges, starts, ends))
            program = replace(program, edges={**program.edges, name: space}, buffers=buffers)
        return program

    def check_recorded(self, names: Iterable[str], program: Program) -> None:
        """Refuse to record variables of edges that come and go."""
        for name in names:
            space = program.buffers[name].space if name in program.buffers else None
            if space in self.names:
                raise RecordingError(f"record {name!r}: the edges of {space!r} come and go; record "
                                     f"'{space}.{IN_DEGREE}', and look at the edges with get between runs")

    def _with_edges(self, program: Program, step: int, state: dict[str, np.ndarray], name: str,
                    change: Change) -> Program:
        """The program with the edges of one join changed, and all that lies along them, in ``state`` too."""
        old = program.edges[name]
        starts = np.concatenate([old.edges.source[change.kept].astype(np.int64), change.starts])  # type: ignore
        ends = np.concatenate([old.edges.target[change.kept].astype(np.int64), change.ends])
        order = np.lexsort((ends, starts))  # leaves edges of one pair in their order, new ones last
        origin = np.concatenate([np.flatnonzero(change.kept), np.full(change.starts.size, -1)])[order]
        edges = _edges_of(old.edges, starts[order], ends[order])
        new = _edges_of(old.edges, starts[order][origin < 0], ends[order][origin < 0])
        stamps = {op.stamp for op in program.operations if isinstance(op, MapEdges)}
        buffers = dict(program.buffers)
        for buffer in _along(program, name):
            fresh = step if buffer.name in stamps else self._fresh(name, buffer, new, program, step)
            if buffer.name in state:
                state[buffer.name] = _carried(state[buffer.name], origin, fresh)
            if buffer.kind == "state":
                buffers[buffer.name] = replace(buffer, initial=state[buffer.name])
            elif np.ndim(buffer.initial):
                buffers[buffer.name] = replace(buffer, initial=_carried(buffer.initial, origin, fresh))
        degrees = f"{name}.{IN_DEGREE}"
        state[degrees] = np.bincount(edges.target, minlength=edges.targets).astype(state[degrees].dtype)
        return replace(program, edges={**program.edges, name: _space(old, edges)}, buffers=buffers)

    def _fresh(self, name: str, buffer: Buffer, new: Edges, program: Program, step: int) -> Any:
        """What a variable or constant begins with on new edges."""
        checked, own = self._joins[name], buffer.name.removeprefix(f"{name}.")
        ends = ends_of(checked.join, self._parts[checked.join.source], self._parts[checked.join.target])
        stream = stream_number(f"{buffer.name}/{step}")
        return edge_numbers(checked, own, new, *ends, seed=program.seed, stream=stream, dt=program.dt)


def _check_edges(program: Program, name: str) -> None:
    if not isinstance(program.edges[name].edges.delay, int):
        raise NetworkError(f"join {name!r}: edges that come and go need one delay for all")
    for buffer in _along(program, name):
        if buffer.inner and np.ndim(buffer.initial):
            raise NetworkError(f"join {name!r}: numbers in the equations of edges that come and go must be the same "
                               "for all edges")


def _along(program: Program, name: str) -> list[Buffer]:
    """The variables and constants that lie along the edges of a join."""
    return [buffer for buffer in program.buffers.values() if buffer.space == name]


def _constants(program: Program, name: str) -> list[Buffer]:
    return [buffer for buffer in _along(program, name) if buffer.kind == "parameter"]


def _wires(program: Program, name: str) -> Wires:
    space = program.edges[name]
    return Wires(join=name, source=space.source, target=space.target, sources=space.edges.sources,
                 targets=space.edges.targets, starts=space.edges.source.astype(np.int64),  # type: ignore[attr-defined]
                 ends=space.edges.target.astype(np.int64))


def _space(like: EdgeSpace, edges: Edges) -> EdgeSpace:
    return EdgeSpace(like.name, like.source, like.target, edges)


def _edges_of(like: Any, starts: np.ndarray, ends: np.ndarray) -> Edges:
    """Edges between the same parts with the same delay; ``starts`` ascend, and ``ends`` for each of them."""
    first = np.searchsorted(starts, np.arange(like.sources + 1)).astype(np.int64)
    return Edges(sources=like.sources, targets=like.targets, first=first, target=ends.astype(like.target.dtype),
                 delay=like.delay)


def _carried(old: Any, origin: np.ndarray, fresh: Any) -> np.ndarray:
    """Values of the edges as they are now: of those that stayed, and ``fresh`` ones of the others."""
    values = np.zeros(origin.size, np.asarray(old).dtype)
    values[origin >= 0] = np.asarray(old)[origin[origin >= 0]]
    values[origin < 0] = fresh
    return values


def _shown(program: Program, state: Mapping[str, np.ndarray], name: str) -> np.ndarray:
    """A variable or constant by its full name, as it is shown."""
    buffer = program.buffer(name)
    values = np.asarray(state.get(name, buffer.initial))
    return values / display_unit(buffer.dimension).factor


def _outside(indices: np.ndarray, size: int) -> bool:
    return bool(np.any((indices < 0) | (indices >= size)))
