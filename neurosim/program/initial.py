"""Values drawn or computed before a run: what texts such as ``-60 + 10*rand()`` stand for."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..equations import calls, evaluate, parse
from ..kernels import philox
from ..kernels.philox import stream_number

__all__ = ["RANDOM", "initial_values", "stream_number"]

CONSTANTS = {"pi": math.pi, "e": math.e, "inf": math.inf}
RANDOM = frozenset({"rand", "randn", "poisson"})
"""Functions that draw."""


def initial_values(
    text: str,
    env: Mapping[str, Any],
    *,
    size: int,
    seed: int,
    stream: int,
    replicas: int = 1,
    dt: float = math.nan,
) -> Any:
    """The values of a text over an index space, in internal units.

    Parameters
    ----------
    text
        An expression that may draw with ``rand()``, ``randn()`` and ``poisson(mean)`` and may read ``i``
        (own index), ``N`` (size), ``dt`` and the names of ``env``.
    env
        Numbers, (size,) arrays or (replicas, size) arrays; an ``i`` among them is taken for the own index.
    size, seed, stream, replicas
        Number of indices; seed and stream of the draws. Replica b draws with ``seed + b``.

    Returns
    -------
    float, (size,) array, or (replicas, size) array where replicas differ
    """
    tree = parse(text)
    draws = not RANDOM.isdisjoint(calls(tree))
    several = draws and replicas > 1
    values = []
    for replica in range(replicas if several else 1):
        own = {
            name: value[replica] if several and np.ndim(value) == 2 else value for name, value in env.items()
        }
        drawn = _Draws(seed + replica, stream, np.arange(size))
        values.append(
            evaluate(
                tree,
                {
                    **CONSTANTS,
                    "i": np.arange(size, dtype=float),
                    "N": float(size),
                    "dt": dt,
                    "t": 0.0,
                    **own,
                    "rand": drawn.uniform,
                    "randn": drawn.normal,
                    "poisson": drawn.poisson,
                },
            )
        )
    result = np.asarray(values if several else values[0], dtype=float)
    return float(result) if result.ndim == 0 else result


class _Draws:
    """The draws of one text; each call takes the next number."""

    def __init__(self, seed: int, stream: int, indices: np.ndarray):
        self.seed, self.stream, self.indices, self.number = seed, stream, indices, 0

    def _next(self) -> int:
        self.number += 1
        return self.number - 1

    def uniform(self) -> np.ndarray:
        return philox.uniform(self.seed, self.stream, 0, self.indices, self._next())

    def normal(self) -> np.ndarray:
        return philox.normal(self.seed, self.stream, 0, self.indices, self._next())

    def poisson(self, mean: Any) -> np.ndarray:
        words = philox.words(self.seed, self.stream, 0, self.indices, self._next())
        means = np.broadcast_to(np.asarray(mean, dtype=float), words.shape)
        result = np.empty(words.shape)
        for value in np.unique(means):
            chosen = means == value
            result[chosen] = philox.poisson(words[chosen], float(value))
        return result
