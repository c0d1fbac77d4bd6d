"""Random numbers of texts: functions of seed, stream, step, index and number of the draw."""

from typing import Any

import numpy as np

from ...equations import evaluate
from ...kernels import philox
from ...program import Draw, Events, Map, MapEdges, Propagate
from .environment import Environment


def draw_all(op: Map | Events | Propagate | MapEdges, env: Environment, indices: np.ndarray, step: int) -> None:
    """Draw all random numbers of the operation into its locals, before anything is assigned.

    ``indices`` are those of the own space, or the numbers of edges in canonical order.
    """
    values = {draw.name: _drawn(draw, op.stream, env, indices, step) for draw in op.draws}
    env.locals.update(values)


def _drawn(draw: Draw, stream: int, env: Environment, indices: np.ndarray, step: int) -> np.ndarray:
    """One number for each index."""
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
