r"""Hawkins & Ahmad (2016): neurons whose distal segments predict them make a memory for sequences.

A stream of elements, each 40 of 2,048 columns: periods of four random ones and one of five sequences of six, in which
the first element tells which letters follow. So five of ten elements can be predicted, and 0.5 is the highest accuracy.
Sequences are exchanged for others in the middle of the stream.

References
----------
Hawkins & Ahmad (2016). Front Neural Circuits 10, 23. doi:10.3389/fncir.2016.00023
"""

from functools import lru_cache
from typing import Any

import numpy as np

from neurosim import Network, SequenceMemory, Simulation, simulate
from neurosim.catalog import Claim, Entry

FIRST = ("XABCDE", "YCBEAF", "GHIJKL", "WABCMN", "ZDBCAE")
SECOND = ("XCBEAF", "YABCDE", "GABCMN", "WHIJKL", "ZDHICF")
LETTERS = "ABCDEFGHIJKLMNXYZW"
NOISE, PERIOD = 4, 10
PUBLISHED = {"columns": 2048, "active": 40, "cells": 32, "threshold": 15}
SMALL = {"columns": 512, "active": 10, "cells": 8, "threshold": 6}


def stream(rng: np.random.Generator, length: int, columns: int, active: int, words: tuple[str, ...]) -> np.ndarray:
    """Active columns of each element, (length, active): four random elements and one of the words, over and over."""
    elements: list[np.ndarray] = []
    while len(elements) < length:
        elements += [rng.choice(columns, active, replace=False) for _ in range(NOISE)]
        word = words[rng.integers(len(words))]
        elements += [LETTERS.index(letter) * active + np.arange(active) for letter in word]
    return np.array(elements[:length])


def build(length: int = 2000, switch: int = 2000, columns: int = 512, active: int = 10, cells: int = 8,
          threshold: int = 6, seed: int = 0) -> Network:
    """A sequence memory and its stream; by default a small one.

    Parameters
    ----------
    length, switch
        Number of elements, and the one from which on the second set of sequences is shown.
    columns, active, cells, threshold
        Of the memory: columns, how many an element has, cells in each, and synapses that make a segment fire.
    seed
        Of the stream.
    """
    rng = np.random.default_rng(seed)
    parts = [stream(rng, min(switch, length), columns, active, FIRST)]
    if length > switch:
        parts.append(stream(rng, length - switch, columns, active, SECOND))
    # room for as many segments in a column, whatever the number of its cells
    room = max(2, 64 // cells)
    memory = SequenceMemory(np.concatenate(parts), columns=columns, cells=cells, threshold=threshold,
                            matching=threshold, segments=room)
    return Network({"memory": memory})


def accuracies(recording: Any) -> np.ndarray:
    """Fraction of the predicted columns that came, for each element; 0 where none was predicted."""
    hits, forecasts = (np.asarray(recording[f"memory.{name}"].values)[:, 0] for name in ("hits", "forecasts"))
    return np.where(forecasts > 0, hits / np.maximum(forecasts, 1), 0.0)


@lru_cache(maxsize=4)
def run(size: str, length: int, switch: int, cells: int | None = None, backend: str = "numba",
        seed: int = 0) -> np.ndarray:
    """Accuracy of each element; ``size`` is ``small`` or ``published``."""
    given = {**(SMALL if size == "small" else PUBLISHED), "seed": seed}
    network = build(length, switch, **{**given, **({} if cells is None else {"cells": cells})})
    record = ["memory.hits", "memory.forecasts"]
    options: dict[str, Any] = {"dt": 1.0, "record": record, "backend": backend, "seed": seed, "progress": False}
    return accuracies(simulate(network, float(length), **options))


def accuracy(size: str, length: int, at: int, switch: int = 10**6, cells: int | None = None, *, backend: str = "numba",
             seed: int = 0) -> float:
    """Mean accuracy of the 500 elements before element ``at``."""
    return float(run(size, length, switch, cells, backend, seed)[at - 500 : at].mean())


@lru_cache(maxsize=2)
def damaged(fraction: float, size: str, backend: str = "numba", seed: int = 0) -> tuple[float, float, float]:
    """Accuracy of the 500 elements before cells are killed, of the 200 after, and of the last 500."""
    given, half = {**(SMALL if size == "small" else PUBLISHED), "seed": seed}, 3000
    network = build(2 * half, 10**6, **given)
    memory = network.parts["memory"]
    session = Simulation(network, dt=1.0, record=["memory.hits", "memory.forecasts"], backend=backend, seed=seed)
    session.run(float(half))
    session.set("memory.alive", (np.random.default_rng(seed).random(memory.size) >= fraction).astype(float))
    found = accuracies(session.run(float(half)))
    before, after, late = found[half - 500 : half], found[half : half + 200], found[-500:]
    return float(before.mean()), float(after.mean()), float(late.mean())


def drop(fraction: float, size: str = "published", *, backend: str = "numba", seed: int = 0) -> float:
    """By how much accuracy falls when a fraction of the cells is killed."""
    before, after, _ = damaged(fraction, size, backend, seed)
    return before - after


def after_damage(fraction: float, size: str = "published", *, backend: str = "numba", seed: int = 0) -> float:
    """Accuracy 3,000 elements after a fraction of the cells was killed."""
    return damaged(fraction, size, backend, seed)[2]


def figure(ax, recording=None, *, backend="numba", seed=0, length=4000, switch=2000, cells=(None, 1)):
    """Accuracy along the stream of the small memory, and of one without context, as in figure 6 of the paper.

    Sequences are exchanged half way: accuracy falls and comes back.
    """
    if recording is None:
        found = {"1 cell, no context" if one == 1 else f"{one or SMALL['cells']} cells in a column":
                 run("small", length, switch, one, backend, seed) for one in cells}  # fmt: skip
        if switch < length:
            ax.axvline(switch, color="0.6", linestyle="--", label="sequences exchanged")
    else:
        found = {"recording": accuracies(recording)}
    for label, values in found.items():
        width = min(200, len(values))
        ax.plot(np.arange(width, len(values) + 1), np.convolve(values, np.ones(width) / width, "valid"), label=label)
    ax.axhline(0.5, color="0.6", linestyle=":", label="all that can be predicted")
    ax.set(xlabel="elements seen", ylabel="predictions that come true, mean of 200", ylim=(0, 0.55))
    ax.legend(loc="lower right")
    return ax


FIGURE = "figure 6 of the paper and its published scripts"

ENTRY = Entry(
    title="Sequences are learnt from a continuous stream, relearnt when they change, and outlive their cells",
    paper="Hawkins, J. & Ahmad, S. (2016). Why neurons have thousands of synapses, a theory of sequence memory in "
    "neocortex. Front Neural Circuits 10, 23. doi:10.3389/fncir.2016.00023",
    family="sparse codes",
    build=build,
    figure=figure,
    differs="a segment grows its synapses when it is made and none later; cells have room for a fixed number of "
    "segments, of which the one that learnt longest ago is replaced; small memories have 512 columns of 8 cells, 10 of "
    "which are active, and thresholds of 6 (a size of our own)",
    record=("memory.hits", "memory.forecasts"),
    duration=2000.0,
    dt=1.0,
    claims=(
        *(Claim(f"a small memory: accuracy after {at:,} elements", accuracy, {"size": "small", "length": at, "at": at},
                low=0.40, high=0.5, where=FIGURE + " (maximum of 0.5); the size is ours, the bound inferred", cost=cost,
                why="0.5 is the highest there can be; at this size it is nearly reached")
          for at, cost in ((1000, "quick"), (2000, "slow"))),
        Claim("published size: accuracy after 3,000 elements", accuracy,
              {"size": "published", "length": 6000, "at": 3000, "switch": 3000}, low=0.45, high=0.5,
              where=FIGURE, why="the maximum is reached after about 2,500 elements", cost="slow"),
        Claim("published size: accuracy 3,000 elements after an exchange", accuracy,
              {"size": "published", "length": 6000, "at": 6000, "switch": 3000}, low=0.45, high=0.5,
              where=FIGURE, why="recovery follows", cost="slow"),
        Claim("published size with one cell in a column: accuracy after 3,000 elements", accuracy,
              {"size": "published", "length": 3000, "at": 3000, "cells": 1}, low=0.0, high=0.40,
              where=FIGURE, why="without context most sequences are ambiguous", cost="slow"),
        Claim("published size, 40 % of the cells killed: fall of accuracy", drop, {"fraction": 0.4},
              low=-0.05, high=0.05, where="figure 6C: almost no effect up to 40 %",
              why="0.05 as almost none", cost="slow"),
        Claim("published size, 75 % of the cells killed: fall of accuracy", drop, {"fraction": 0.75}, low=0.1, high=0.5,
              where="figure 6C: a visible drop", why="0.1 is visible", cost="slow"),
        Claim("published size, 75 % killed: accuracy 3,000 elements later", after_damage, {"fraction": 0.75},
              low=0.40, high=0.5, where="figure 6C: recovery", why="most of what can be predicted", cost="slow"),
    ),
)  # fmt: skip
