"""The sparse code memory in neurosim: weights as bits, one thread."""

import numpy as np
from sparsey_rows import run

from neurosim import Macs, Network, Simulation, SparseFrames, __version__


def make(row, shown, seed):
    """A session over all items, learning in the first pass."""
    learn = np.repeat([True, False], row.items)
    memory = Macs("items", modules=row.modules, cells=row.cells, learn=learn)
    frames = SparseFrames(row.features, np.concatenate([shown, shown]))
    session = Simulation(Network({"items": frames, "memory": memory}), dt=1.0, seed=seed, threads=1)
    return lambda count: session.run(float(count)), session.info().get("compile_s", 0.0)


if __name__ == "__main__":
    run("neurosim", __version__, make)
