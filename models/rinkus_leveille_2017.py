r"""Rinkus & Leveille (2017): items share one memory and stay apart, and the best match takes a time that is fixed.

Two things of the paper are checked here: macs with small receptive fields learn digits in one pass, episodes and
classes at once; and a memory sized for 100,000 items gives nearly all of them back, as fast as the first.

References
----------
Rinkus & Leveille (2017). arXiv:1710.07829. doi:10.48550/arXiv.1710.07829
"""

import time
import tracemalloc
from functools import lru_cache
from typing import Any

import numpy as np

from neurosim import Frames, Macs, Network, Simulation, SparseFrames, simulate
from neurosim.analysis.codes import LogCounts, winners
from neurosim.catalog import Claim, Entry
from neurosim.families.sparse import Logistic
from neurosim.theory.macs import features_for, weight_bytes

SIDE, MODULES, CELLS = 8, 8, 16
ACTIVE, BIG_MODULES, BIG_CELLS = 20, 8, 64
APART = Logistic(floor=0.9, centre=0.97, slope=0.005)
"""A curve that leaves all to chance up to a familiarity of 0.9, which a filled memory has for any item."""


def fields() -> np.ndarray:
    """The 3 x 3 pixels, on and off, of each of 36 macs, (36, 128)."""
    row, column = np.divmod(np.arange(SIDE**2), SIDE)
    corner = np.arange(SIDE - 2)
    seen = [(abs(row - r - 1) < 2) & (abs(column - c - 1) < 2) for r in corner for c in corner]
    return np.repeat(np.array(seen), 2, axis=1)


def as_pairs(images: np.ndarray) -> np.ndarray:
    """Each pixel as two features, of which one is active: on above 7.5 of 16, and off, (T, 128)."""
    on = np.asarray(images).reshape(len(images), -1) > 7.5
    return np.stack([on, ~on], axis=2).reshape(len(on), -1)


def digits() -> tuple[np.ndarray, np.ndarray]:
    """The digits that scikit-learn brings with it, shuffled once: features (1797, 128) and labels."""
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(labels))
    return as_pairs(images[order]), labels[order]


def build(
    shown: Any = None,
    taught: int | None = None,
    freeze: float | None = 0.18,
    modules: int = MODULES,
    cells: int = CELLS,
) -> Network:
    """Thirty-six macs with receptive fields of 3 x 3 pixels.

    Parameters
    ----------
    shown, taught
        Frames, (T, 128), and the number of those from which is learnt; by default twenty random ones.
    freeze
        Fraction of set weights at which a mac stops learning; None for never.
    modules, cells
        Q and K.
    """
    if shown is None:
        shown = as_pairs(16 * np.random.default_rng(0).random((20, SIDE**2)))
    learn = np.arange(len(shown)) < (len(shown) if taught is None else taught)
    macs = Macs("pixels", modules=modules, cells=cells, macs=36, fields=fields(), freeze=freeze, learn=learn)
    return Network({"pixels": Frames(shown), "memory": macs})


@lru_cache(maxsize=4)
def digit_codes(
    freeze: float | None = 0.18, modules: int = MODULES, cells: int = CELLS, backend: str = "numba", seed: int = 0
) -> np.ndarray:
    """Codes of all digits, (1797, 36, modules), after one pass over half of them."""
    shown, labels = digits()
    half = len(labels) // 2
    # codes are taken from a second look, when nothing is drawn any more
    network = build(np.concatenate([shown[:half], shown]), half, freeze, modules, cells)
    found = simulate(
        network, float(half + len(shown)), dt=1.0, record=["memory.win"], backend=backend, seed=seed, progress=False
    )
    return winners(found["memory.win"], modules, cells)[half:]


def accuracy(
    freeze: float | None = 0.18, modules: int = MODULES, cells: int = CELLS, backend: str = "numba", seed: int = 0
) -> float:
    """Digits named rightly after one pass over half of them; classes by how often a winner was seen with each."""
    labels, codes = digits()[1], digit_codes(freeze, modules, cells, backend, seed)
    half = len(labels) // 2
    named = LogCounts(codes[:half], labels[:half], cells).classify(codes[half:])
    return float((named == labels[half:]).mean())


def shared_by_classes(backend: str = "numba", seed: int = 0) -> np.ndarray:
    """Fraction of winners that the codes of two stored digits share, mean over the pairs of two classes, (10, 10)."""
    labels, codes = digits()[1], digit_codes(backend=backend, seed=seed)
    half = len(labels) // 2
    chosen = (codes[:half, :, :, None] == np.arange(CELLS)).reshape(half, -1).astype(np.float32)
    of_class = (labels[:half] == np.arange(10)[:, None]).astype(np.float32)
    sums, counts = of_class @ chosen, of_class.sum(axis=1)
    shared = sums @ sums.T - np.diag(of_class @ chosen.sum(axis=1))  # no digit is a pair with itself
    return np.asarray(shared / (np.outer(counts, counts) - np.diag(counts)) / codes[0].size)


def same_class_ratio(backend: str = "numba", seed: int = 0) -> float:
    """Winners that two digits of one class share over those that two of different classes do."""
    shared = shared_by_classes(backend, seed)
    return float(np.diag(shared).mean() / shared[~np.eye(10, dtype=bool)].mean())


def big_memory(items: np.ndarray, room_for: int) -> Network:
    """A mac sized for ``room_for`` items with 20 active features, shown ``items``, (n, 20), twice, learning once."""
    size = features_for(room_for, ACTIVE, BIG_MODULES, BIG_CELLS, 0.97)
    learn = np.repeat([True, False], len(items))
    mac = Macs("items", modules=BIG_MODULES, cells=BIG_CELLS, learn=learn, curve=APART)
    return Network({"items": SparseFrames(size, np.concatenate([items, items])), "memory": mac})


def random_items(count: int, room_for: int, seed: int = 0) -> np.ndarray:
    """Active features of random items, (count, 20)."""
    size = features_for(room_for, ACTIVE, BIG_MODULES, BIG_CELLS, 0.97)
    rng = np.random.default_rng(seed)
    found = np.empty((count, ACTIVE), np.int32)
    for row in found:
        row[:] = rng.choice(size, ACTIVE, replace=False)
    return found


@lru_cache(maxsize=2)
def recalled(stored: int = 100_000, backend: str = "numba", seed: int = 0) -> float:
    """Fraction of items whose whole code comes back when they are shown again, after all are stored."""
    items = random_items(stored, stored, seed)
    found = simulate(
        big_memory(items, stored),
        2.0 * stored,
        dt=1.0,
        record=["memory.spikes"],
        backend=backend,
        seed=seed,
        progress=False,
    )
    spikes = found["memory.spikes"]
    codes = np.asarray(spikes.indices).reshape(2, stored, BIG_MODULES)
    return float((codes[0] == codes[1]).all(axis=1).mean())


def memory_ratio(room_for: int = 100_000, backend: str = "numba", seed: int = 0) -> float:
    """Memory of a mac made ready for ``room_for`` items, over that of its weights as bits."""
    network = big_memory(random_items(1, room_for, seed), room_for)
    Simulation(network, dt=1.0, backend=backend, seed=seed)  # what is compiled is not counted
    tracemalloc.start()
    try:
        ready = Simulation(network, dt=1.0, backend=backend, seed=seed)
        taken = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    del ready
    size = features_for(room_for, ACTIVE, BIG_MODULES, BIG_CELLS, 0.97)
    return taken / weight_bytes(size, BIG_MODULES, BIG_CELLS)


def time_ratio(stored: int = 100_000, backend: str = "numba", seed: int = 0) -> float:
    """Time of storing an item in the second half over that in the first; processor time, best of ten pieces each."""
    network = big_memory(random_items(stored, stored, seed), stored)
    session = Simulation(network, dt=1.0, backend=backend, seed=seed, threads=1)
    pieces, length = [], stored // 20
    for _ in range(20):
        begun = time.thread_time()
        session.run(float(length))
        pieces.append(time.thread_time() - begun)
    return min(pieces[10:]) / min(pieces[:10])


def figure(ax, recording=None, *, backend="numba", seed=0):
    """How many winners the codes of digits share, class by class; of a recording, codes."""
    if recording is not None:
        codes = winners(recording["memory.win"], MODULES, CELLS)
        image = ax.imshow(codes.reshape(len(codes), -1).T, aspect="auto", interpolation="nearest", origin="lower")
        ax.figure.colorbar(image, ax=ax, label="winner in module")
        ax.set(xlabel="frame", ylabel="module of 36 macs")
        return ax
    image = ax.imshow(shared_by_classes(backend, seed), cmap="Greys")
    ax.figure.colorbar(image, ax=ax, label="winners shared by two codes")
    named = accuracy(backend=backend, seed=seed)
    ax.set(xlabel="digit", ylabel="digit", title=f"stored in one pass; {named:.0%} of new ones named rightly")
    ax.set(xticks=range(10), yticks=range(10))
    return ax


INFERRED = "inferred from the paper's claims for other data; the number was measured with an independent program: {}"

ENTRY = Entry(
    title="One memory holds episodes and classes, and finds the best match in a fixed time",
    paper="Rinkus, G. & Leveille, J. (2017). Superposed episodic and semantic memory via sparse distributed "
    "representation. arXiv:1710.07829. doi:10.48550/arXiv.1710.07829",
    family="sparse codes",
    build=build,
    figure=figure,
    differs="scikit-learn's digits of 8 x 8 pixels in place of skeletonised MNIST, and one level of macs in place of "
    "two; classes by log counts of winners; the memory of 100,000 items is ours, sized by neurosim.theory.macs",
    record=("memory.win",),
    duration=20.0,
    dt=1.0,
    claims=(
        Claim(
            "digits named rightly after one pass over 898",
            accuracy,
            low=0.80,
            high=1.0,
            where=INFERRED.format(0.83),
            why="a nearest neighbour on the same features reaches 0.93",
        ),
        Claim(
            "winners shared by two codes of one class, over those of two classes",
            same_class_ratio,
            low=1.1,
            high=np.inf,
            where="abstract: intersections of codes reflect the similarity of the inputs; the bound is our own",
            why="1 would mean that codes know nothing of classes; 1.2 measured",
        ),
        Claim(
            "digits named rightly when macs never stop learning (Q 16, K 8)",
            accuracy,
            {"freeze": None, "modules": 16, "cells": 8},
            low=0.0,
            high=0.6,
            where=INFERRED.format(0.22),
            why="cells that win often learn everything and win again",
            cost="slow",
        ),
        Claim(
            "100,000 items in a memory sized for them: codes that come back whole",
            recalled,
            low=0.95,
            high=1.0,
            where="paper, abstract (capacity); the size is inferred",
            why="0.97 is what the sizes are made for",
            cost="slow",
        ),
        Claim(
            "memory of that mac over that of its weights as bits",
            memory_ratio,
            low=1.0,
            high=1.5,
            where="bits are enough for binary weights (paper, learning rule)",
            why="the rest are its cells, its features and what is shown",
            cost="slow",
        ),
        Claim(
            "time per item in the second half over that in the first",
            time_ratio,
            low=0.8,
            high=1.2,
            where="paper, abstract: fixed time",
            why="20 %, the spread of short timings",
            cost="slow",
        ),
    ),
)
