"""The bound: for each item, count the bits of the rows of weights that it needs, and do nothing else."""

import time

import numpy as np
from numba import njit
from sparsey_rows import run

from neurosim import __version__
from neurosim.backends.numba.runtime import tally_bits


@njit(nogil=True)
def count(weight, words, shown, begin, end, tally, total):
    """Tallies of items ``begin`` to ``end``; their sum keeps them from being left out."""
    for item in range(begin, end):
        for k in range(tally.size):
            tally[k] = 0
        for active in shown[item % shown.shape[0]]:
            for w in range(words):
                tally_bits(tally, w << 6, weight[active * words + w])
        total[0] += tally[item % tally.size]


def make(row, shown, seed):
    """Random weights, 60 % of them set."""
    words, rng = -(-row.modules * row.cells // 64), np.random.default_rng(seed)
    weight = np.packbits(rng.random(row.features * words * 64) < 0.6).view(np.uint64)
    tally, total, done = np.zeros(words * 64, np.uint8), np.zeros(1, np.int64), 0
    begun = time.perf_counter()
    count(weight, words, shown, 0, 0, tally, total)
    compile_s = time.perf_counter() - begun

    def go_on(items):
        nonlocal done
        count(weight, words, shown, done, done + items, tally, total)
        done += items

    return go_on, compile_s


if __name__ == "__main__":
    run("popcount alone", __version__, make)
