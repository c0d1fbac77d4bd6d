"""The same memory in plain NumPy: one byte for a weight, whole arrays for every step."""

import numpy as np
from sparsey_rows import run


def make(row, shown, seed):
    """Functions that store and recall items one after another, with the steps of neurosim's mac."""
    rng, at = np.random.default_rng(seed), np.arange(row.modules)
    weight = np.zeros((row.features, row.modules, row.cells), np.uint8)
    done = 0

    def go_on(count):
        nonlocal done
        for item in range(done, done + count):
            active = shown[item % row.items]
            support = weight[active].sum(axis=0, dtype=np.float32) / len(active)
            best = support.max(axis=1, keepdims=True)
            if item < row.items:
                familiarity = best.mean()
                eta = 1 + max(0.0, (familiarity - 0.1) / 0.9) ** 2 * 100 * row.cells
                chance = 1 + (eta - 1) / (1 + np.exp((0.9 - support) / 0.02))
            else:
                chance = (support >= best).astype(np.float32)
            below = np.cumsum(chance, axis=1)
            code = (below > rng.random((row.modules, 1)) * below[:, -1:]).argmax(axis=1)
            if item < row.items:
                weight[active[:, None], at, code] = 1
        done += count

    return go_on, 0.0


if __name__ == "__main__":
    run("numpy", np.__version__, make)
