"""Operations that treat every index on its own: ``Map``, ``Events`` and ``Play``."""

import numpy as np

from ...equations import evaluate
from ...program import Events, EventSchedule, Map, Play
from .draws import draw_all
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
    draw_all(op, env, indices, step)
    for assign in op.body:
        value = evaluate(assign.value, env)
        if assign.op == "+=":
            value = 1.0 * env[assign.target] + value  # what is true counts as 1
        if assign.target in op.names:
            replica.buffers[op.names[assign.target].buffer][indices] = value
        else:
            env.locals[assign.target] = value


def run_events(op: Events, replica: Replica, step: int) -> None:
    """This step's entry of ``into``: the indices where the condition holds, ascending."""
    indices = np.arange(replica.program.size_of(op.space))
    env = Environment(replica, step, op.names, {"own": indices}, indices.size)
    draw_all(op, env, indices, step)
    holds = np.asarray(evaluate(op.condition, env), bool)
    replica.put(op.into, step, np.flatnonzero(np.broadcast_to(holds, indices.shape)))


def run_play(op: Play, replica: Replica, step: int) -> None:
    """This step's events into a list, or row ``min(step // every, T - 1)`` of a table into a buffer."""
    schedule = replica.program.schedules[op.schedule]
    if isinstance(schedule, EventSchedule):
        low, high = np.searchsorted(schedule.steps, [step, step + 1])
        replica.put(op.into, step, np.asarray(schedule.indices[low:high], np.int64))
    else:
        row = np.asarray(schedule.values[min(step // schedule.every, len(schedule.values) - 1)])
        replica.buffers[op.into][...] = row[replica.number] if row.ndim == 2 else row
