r"""Vo et al. (2023): binary layers along a minimum spanning tree.

Two channels of weights -1 and 1 differ at some positions only, so one follows from the other by a sum over those. A
minimum spanning tree over the channels says which from which; the root is computed in full. What is saved with random
weights needs no training; the paper trains the weights towards each other as well.

References
----------
Vo et al. (2023). ICCV 2023, doi:10.48550/arXiv.2308.13735
"""

from typing import Any

import numpy as np

from neurosim import Network, simulate
from neurosim.catalog import Claim, Entry
from neurosim.families import TreeLayer
from neurosim.families.discrete import spanning_tree

SIZES = ((64, 27), (256, 64), (64, 576), (128, 1152))
"""Channels and weights of each: a first layer of 3 by 3 by 3, and convolutions of 8, 64 and 128 channels."""
FOUND = {(64, 27): (0.311, 0.286), (256, 64): (0.335, 0.321), (64, 576): (0.464, 0.459), (128, 1152): (0.468, 0.464)}
"""Operations along the tree over those in full, without and with complements, of another program."""


def signs(channels: int, inputs: int, seed: int) -> np.ndarray:
    """Random weights of -1 and 1."""
    return np.random.default_rng(seed).choice([-1, 1], (channels, inputs))


def build(
    channels: int = 64, inputs: int = 27, samples: int = 1000, complement: bool = False, seed: int = 0
) -> Network:
    """A layer of random weights, shown random inputs of -1 and 1, one in each step.

    Parameters
    ----------
    channels, inputs
        Size of the layer.
    samples
        How many inputs.
    complement
        Whether a channel may be computed from the complement of another.
    seed
        Of weights and inputs.
    """
    shown = np.random.default_rng(seed + 1_000_000).choice([-1, 1], (samples, inputs))
    return Network({"layer": TreeLayer(signs(channels, inputs, seed), shown, complement=complement)})


def ratio(channels: int, inputs: int, complement: bool, *, backend: str = "numba", seed: int = 0) -> float:
    """Operations along the tree over those in full, mean of ten layers. Nothing is simulated."""
    trees = [spanning_tree(signs(channels, inputs, 10 * seed + k), complement=complement) for k in range(10)]
    return float(np.mean([tree.ratio for tree in trees]))


def differing(complement: bool, **run: Any) -> float:
    """How many of 64,000 results, of 1,000 inputs, are not the product of weights and input."""
    network = build(complement=complement, seed=run.get("seed", 0))
    layer: Any = network.parts["layer"]
    y = simulate(network, 1000.0, dt=1.0, record=["layer.y"], progress=False, **run)["layer.y"]
    return float(np.sum(np.asarray(y) != layer.samples @ layer.weights.T))


def figure(ax, recording=None, *, backend="numba", seed=0):
    """Operations saved and depth of the trees of random layers; of a recording, the results of its first channels."""
    if recording is not None:
        y = np.asarray(recording["layer.y"])[:, :4]
        for channel in range(y.shape[1]):
            ax.step(np.arange(len(y)), y[:, channel] + 30 * channel, where="mid", linewidth=0.8)
        ax.set(xlabel="sample", ylabel="y of four channels, 30 apart")
        return ax
    depths = ax.twinx()
    for offset, (complement, name) in enumerate(((False, "parents"), (True, "parents or complements"))):
        trees = [spanning_tree(signs(*size, seed), complement=complement) for size in SIZES]
        place = np.arange(len(SIZES)) + 0.3 * offset - 0.15
        ax.bar(place, [tree.ratio for tree in trees], 0.28, label=name)
        depths.plot(place, [tree.depth.max() for tree in trees], "k_", markersize=14)
    ax.plot([-0.5, len(SIZES) - 0.5], [0.5, 0.5], ":", color="grey")
    ax.set(xticks=range(len(SIZES)), xticklabels=[f"{c} x {n}" for c, n in SIZES], ylim=(0, 0.6),
           xlabel="channels x weights", ylabel="operations over those in full (bars)")  # fmt: skip
    depths.set(ylim=(0, 30), ylabel="depth of the tree (marks)")
    ax.legend(loc="upper left")
    return ax


def _claims() -> tuple[Claim, ...]:
    found = []
    for (channels, inputs), numbers in FOUND.items():
        for complement, number in zip((False, True), numbers, strict=True):
            arguments = {"channels": channels, "inputs": inputs, "complement": complement}
            found.append(Claim(
                f"{channels} channels of {inputs} weights{', complements allowed' if complement else ''}: operations "
                "along the tree over those in full", ratio, arguments, low=number - 0.01, high=number + 0.01,
                where=f"inferred: another program of the same rule finds {number} for a random layer; the paper's own "
                "ratios are those of trained layers", why="layers of one size differ by some thousandths",
            ))
    return tuple(found)


ENTRY = Entry(
    title="Channels of a binary layer are computed from each other along a minimum spanning tree",
    paper="Vo, Q. H. et al. (2023). MST-compression. ICCV 2023. doi:10.48550/arXiv.2308.13735",
    family="discrete",
    build=build,
    figure=figure,
    record=("layer.y",),
    duration=1000.0,
    dt=1.0,
    differs="random layers; weights are not trained towards each other (the distance along a tree, with which that is "
    "done, is neurosim.bridges.torch.losses.tree_distance); the tree with the least depth among minimum ones is "
    "approached, by ties and by its root, not searched for",
    claims=(
        Claim("the tree changes no result: of 64,000 as many differ", differing, {"complement": False}, low=0, high=0,
              where="the paper's first observation, an identity", why="sums of whole numbers are exact"),
        Claim("nor do complements: of 64,000 as many differ", differing, {"complement": True}, low=0, high=0,
              where="follows from the same identity", why="sums of whole numbers are exact"),
        *_claims(),
    ),
)
