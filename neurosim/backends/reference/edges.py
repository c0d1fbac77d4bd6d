"""Operations along edges: ``Propagate``, ``MapEdges`` and ``Diffuse``."""

from collections.abc import Mapping, Sequence

import numpy as np

from ...equations import ELAPSED, Assign, evaluate, names, parse
from ...program import Diffuse, MapEdges, Propagate, Ref
from .draws import draw_all
from .environment import Environment
from .replica import NO_EVENTS, Replica, Wiring


def run_propagate(op: Propagate, replica: Replica, step: int) -> None:
    """A ``MapEdges`` at the source whose body is one addition to the target."""
    refs = {**op.names, "_target": Ref(op.target, "target")}
    visited = _due(replica.wiring[op.edges], replica, op.events, step)
    _visit(op, visited, (Assign("_target", "+=", op.value),), refs, replica, step)


def run_map_edges(op: MapEdges, replica: Replica, step: int) -> None:
    """Run the body at each edge that is due, one after another.

    ``source``: edges of d steps whose source had an event in step - d; longest delays first, then sources
    ascending, then edges. ``target``: edges whose target has an event in this step, whatever their delay;
    targets ascending, then sources, then edges. ``all``: every edge in canonical order.

    An edge sees what the edges before it added to its target. The source side of a buffer that the body
    adds to is read as it was before the operation: otherwise the result would depend on how far the
    additions to *another* index have come, which threads that own ranges of targets cannot know.
    """
    wiring = replica.wiring[op.edges]
    if op.at == "source":
        visited = _due(wiring, replica, op.events or "", step)
    elif op.at == "target":
        visited = wiring.entering(replica.events_of(op.events or "", step))
    else:
        visited = np.arange(wiring.target.size)
    _visit(op, visited, op.body, op.names, replica, step)


def run_diffuse(op: Diffuse, replica: Replica, step: int) -> None:
    """Set the target to the sum of ``value`` over the edges that enter it, added in canonical order.

    Delays do not count, and the value never reads the target.
    """
    wiring = replica.wiring[op.edges]
    visited = np.arange(wiring.target.size)
    env = _environment(wiring, visited, op.names, replica, step)
    values = np.broadcast_to(evaluate(op.value, env), visited.shape)
    target = replica.buffers[op.target]
    target[...] = 0
    _add(target, wiring.target, values)


def _due(wiring: Wiring, replica: Replica, events: str, step: int) -> np.ndarray:
    """The edges along which an event arrives in this step: delay descending, source, edge."""
    parts = [wiring.leaving(replica.events_of(events, step - delay), delay) for delay in wiring.delays]
    return np.concatenate(parts) if parts else NO_EVENTS


def _visit(op: Propagate | MapEdges, visited: np.ndarray, body: Sequence[Assign], refs: Mapping[str, Ref],
           replica: Replica, step: int) -> None:
    """Run a body at the edges ``visited``: all at once, or one by one where one sees another's addition."""
    if not visited.size:
        return
    wiring = replica.wiring[op.edges]
    added = {refs[a.target].buffer for a in body if a.target in refs and refs[a.target].side == "target"}
    before = {name: replica.buffers[name].copy() for name in added}
    groups = np.split(visited, visited.size) if _order_matters(body, refs) else [visited]
    for group in groups:
        env = _environment(wiring, group, refs, replica, step, before)
        draw_all(op, env, group, step)
        stamps = replica.buffers[op.stamp] if isinstance(op, MapEdges) and op.stamp else None
        if stamps is not None:
            env.locals[ELAPSED] = (step - stamps[group].astype(np.int64)) * replica.program.dt
        for assign in body:
            _assign(assign, env, wiring.target[group])
        if stamps is not None:
            stamps[group] = step


def _order_matters(body: Sequence[Assign], refs: Mapping[str, Ref]) -> bool:
    """Whether the body reads a target variable that it adds to, or adds to one more than once."""
    added = [refs[a.target].buffer for a in body if a.target in refs and refs[a.target].side == "target"]
    read = {refs[name] for a in body for name in names(parse(a.value)) if name in refs}
    return len(set(added)) < len(added) or any(Ref(buffer, "target") in read for buffer in added)


def _environment(wiring: Wiring, edges: np.ndarray, refs: Mapping[str, Ref], replica: Replica, step: int,
                 before: Mapping[str, np.ndarray] | None = None) -> Environment:
    """Names at the two ends of ``edges`` and at the edges themselves."""
    positions = {"edge": edges, "source": wiring.source[edges], "target": wiring.target[edges]}
    return Environment(replica, step, refs, positions, before=before)


def _assign(assign: Assign, env: Environment, targets: np.ndarray) -> None:
    """Carry out one assignment at the edges of ``env``, whose targets are ``targets``."""
    value = evaluate(assign.value, env)
    ref = env.names.get(assign.target)
    if ref is not None and ref.side == "target":
        _add(env.replica.buffers[ref.buffer], targets, np.broadcast_to(value, targets.shape))
        return
    if assign.op == "+=":
        value = 1.0 * env[assign.target] + value  # what is true counts as 1
    if ref is None:
        env.locals[assign.target] = value
    else:
        env.replica.buffers[ref.buffer][env.positions["edge"]] = value


def _add(buffer: np.ndarray, at: np.ndarray, values: np.ndarray) -> None:
    """Add ``values[n]`` to ``buffer[at[n]]`` one after another."""
    if buffer.dtype.kind == "f":
        np.add.at(buffer, at, values)
    else:  # add.at refuses to cut off fractions
        for index, value in zip(at, values, strict=True):
            buffer[index] = float(buffer[index]) + value
