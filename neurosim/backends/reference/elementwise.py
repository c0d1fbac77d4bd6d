"""Operations that treat every index on its own: ``Map``, ``Events`` and ``Play``."""

from typing import Any

import numpy as np

from ...equations import evaluate
from ...kernels import philox
from ...program import Draw, Events, EventSchedule, Map, Play
from .environment import Environment
from .replica import Replica


def run_map(op: Map, replica: Replica, step: int) -> None:
    """Run the body at every index, or at those in this step's entry of the event list ``at``.

    ``+=`` adds to the value that is there. An integer variable takes what is assigned without its fraction.
    """
    size = replica.program.size_of(op.space)
    indices = np.arange(size) if op.at is None else replica.events_of(op.at, step)
    if not indices.size:
        return
    env = Environment(replica, step, op.names, {"own": indices}, size)
    _draw(op, env, indices, step)
    for assign in op.body:
        value = evaluate(assign.value, env)
        if assign.op == "+=":
            value = env[assign.target] + value
        if assign.target in op.names:
            replica.buffers[op.names[assign.target].buffer][indices] = value
        else:
            env.locals[assign.target] = value


def run_events(op: Events, replica: Replica, step: int) -> None:
    """This step's entry of ``into``: the indices where the condition holds, ascending."""
    indices = np.arange(replica.program.size_of(op.space))
    env = Environment(replica, step, op.names, {"own": indices}, indices.size)
    _draw(op, env, indices, step)
    holds = np.asarray(evaluate(op.condition, env), bool)
    replica.put(op.into, step, np.flatnonzero(np.broadcast_to(holds, indices.shape)))


def run_play(op: Play, replica: Replica, step: int) -> None:
    """This step's events into a list, or row ``min(step // every, T - 1)`` of a table into a buffer."""
    schedule = replica.program.schedules[op.schedule]
    if isinstance(schedule, EventSchedule):
        low, high = np.searchsorted(schedule.steps, [step, step + 1])
        replica.put(op.into, step, np.asarray(schedule.indices[low:high], np.int64))
    else:
        row = min(step // schedule.every, len(schedule.values) - 1)
        replica.buffers[op.into][...] = schedule.values[row]


def _draw(op: Map | Events, env: Environment, indices: np.ndarray, step: int) -> None:
    """Draw all random numbers of the operation into its locals, before anything is assigned."""
    values = {draw.name: _drawn(draw, op.stream, env, indices, step) for draw in op.draws}
    env.locals.update(values)


def _drawn(draw: Draw, stream: int, env: Environment, indices: np.ndarray, step: int) -> np.ndarray:
    """One number for each index, a function of (seed, stream, step, index, number of the draw)."""
    seed = env.replica.seed
    if draw.kind == "uniform":
        return philox.uniform(seed, stream, step, indices, draw.number)
    if draw.kind == "normal":
        return philox.normal(seed, stream, step, indices, draw.number)
    words = philox.words(seed, stream, step, indices, draw.number)
    return _poisson(evaluate(draw.argument or "", env), words)


def _poisson(mean: Any, words: np.ndarray) -> np.ndarray:
    """Poisson numbers as floats, (n,), of one mean or one for each index."""
    means = np.broadcast_to(np.asarray(mean, float), words.shape)
    counts = np.empty(words.shape)
    for value in np.unique(means):
        chosen = means == value
        counts[chosen] = philox.poisson(words[chosen], float(value))
    return counts
