"""Units that change one after another: ``Sweep``."""

import numpy as np

from ...equations import evaluate
from ...kernels import philox
from ...program import Sweep
from .environment import Environment
from .replica import Replica

LANES = 64
ORDER_DRAW, STATE_DRAW = 0, 1


def run_sweep(op: Sweep, replica: Replica, step: int) -> None:
    """Visit every unit once, in a random order or ascending.

    The order is that of Fisher and Yates: from the last place n down to 1, the unit there changes places with
    number ``floor(w * (n + 1) / 2**32)``, where w is word n of draw 0. Unit j compares the uniform number j of draw
    1. A sum over patterns is added up in 64 lanes (pattern k in lane k % 64, ascending), and then over the lanes.
    """
    spins, seen = replica.buffers[op.spins], replica.buffers[op.seen]
    patterns = replica.buffers[op.patterns].reshape(spins.size, -1)
    uniform = philox.uniform(replica.seed, op.stream, step, np.arange(spins.size), STATE_DRAW)
    bring_up_to_date(op, replica)
    for j in _order(op, replica, step, spins.size):
        heat = float(evaluate(op.temperature, _environment(op, replica, step, "own", j)))
        new = _drawn(field_of(op, replica, step, j), heat, uniform[j], spins[j])
        if new != spins[j]:
            _turn(op, replica, patterns[j], new - spins[j])
            spins[j] = seen[j] = new


def bring_up_to_date(op: Sweep, replica: Replica) -> None:
    """Let the overlaps know of the spins that others have turned, ascending."""
    spins, seen = replica.buffers[op.spins], replica.buffers[op.seen]
    patterns = replica.buffers[op.patterns].reshape(spins.size, -1)
    for j in np.flatnonzero(spins != seen):
        _turn(op, replica, patterns[j], spins[j] - seen[j])
        seen[j] = spins[j]


def field_of(op: Sweep, replica: Replica, step: int, unit: int) -> float:
    """The field of a unit, from the overlaps as they are."""
    spins = replica.buffers[op.spins]
    row = replica.buffers[op.patterns].reshape(spins.size, -1)[unit].astype(float)
    env = _environment(op, replica, step, "own", unit)
    env.locals["_sum"] = _in_lanes(_terms(op, replica, row, spins[unit], step))
    return float(evaluate(op.field, env))


def _turn(op: Sweep, replica: Replica, entries: np.ndarray, change: float) -> None:
    """Add what a change of one spin does to the overlaps."""
    x = entries.astype(float)
    power = x
    for name in op.overlaps:
        replica.buffers[name] += power * change
        power = power * x * x


def _terms(op: Sweep, replica: Replica, x: np.ndarray, spin: float, step: int) -> np.ndarray:
    """``x * _response`` of each pattern."""
    env = _environment(op, replica, step, "source", np.arange(x.size))
    env.locals |= {"_x": x, "_top": replica.buffers[op.overlaps[0]].max()}
    power = x
    for k, name in enumerate(op.overlaps):
        env.locals[f"_p{2 * k + 1}"] = replica.buffers[name] - power * spin
        power = power * x * x
    for assign in op.response:
        env.locals[assign.target] = evaluate(assign.value, env)
    return x * env["_response"]


def _environment(op: Sweep, replica: Replica, step: int, side: str, at: object) -> Environment:
    """The names that may be read on one side; those of the other have no place there."""
    names = {name: ref for name, ref in op.names.items() if ref.side == side or replica.buffers[ref.buffer].ndim == 0}
    return Environment(replica, step, names, {side: np.asarray(at)})


def _in_lanes(terms: np.ndarray) -> float:
    """The sum of all terms, in the order of 64 lanes."""
    whole = np.zeros(-(-terms.size // LANES) * LANES)
    whole[: terms.size] = terms
    return float(np.cumsum(whole.reshape(-1, LANES).cumsum(axis=0)[-1])[-1])


def _drawn(field: float, temperature: float, uniform: float, spin: float) -> float:
    """The new state of a unit."""
    if temperature > 0.0:
        with np.errstate(over="ignore"):
            return 1.0 if uniform < 1.0 / (1.0 + np.exp(-2.0 * field / temperature)) else -1.0
    return spin if field == 0.0 else float(np.sign(field))


def _order(op: Sweep, replica: Replica, step: int, size: int) -> np.ndarray:
    order = np.arange(size)
    if op.order == "ascending":
        return order
    words = philox.words(replica.seed, op.stream, step, order, ORDER_DRAW)
    for n in range(size - 1, 0, -1):
        other = (int(words[n]) * (n + 1)) >> 32
        order[n], order[other] = order[other], order[n]
    return order
