r"""Alleman, Lindsey & Fusi (2024): what a hidden layer comes to look like depends on its nonlinearity.

.. math::
    r = \phi(W x + b), \qquad y = V r + c, \qquad \phi = \tanh, \; \max(\cdot, 0) \text{ or } clip(\cdot, 0, 1)

Clusters of inputs stand for P conditions, which differ by all parities of their bits; one bit or several are the
targets. Trained on the same task, units that saturate on both sides come to stand for the targets alone, rectified ones
keep what the inputs are like. Kernels are those of the condition means without noise; each network has its own
alignments, and these are averaged.

The setting is that of the paper, scaled down: one layer of 128 units, 1,500 steps on batches of 64 fresh trials. The
intervals were set by an independent program in NumPy before this one was written; the paper's own numbers are not known
to us, and that is what "inferred" means below.

References
----------
Alleman, Lindsey & Fusi (2024). ICLR 2024, doi:10.48550/arXiv.2401.13558
"""

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from neurosim import Network, TimedArray
from neurosim.analysis import cross_condition_generalisation, parallelism
from neurosim.catalog import Claim, Entry
from neurosim.connectivity import AllToAll
from neurosim.families import Afferents, RateUnits
from neurosim.tasks import LabelledClusters, alignment

UNITS, SIZE, BATCH, STEPS, RATE, NOISE = 128, 100, 64, 1500, 1e-3, 0.1
SEEDS = 3
SEEN = 2
"""Steps that an input is held: a layer is a step behind the one before it."""


class Learnt(NamedTuple):
    """What a trained hidden layer is like.

    Parameters
    ----------
    accuracy
        Share of right answers in fresh trials with half of the noise.
    inputs, targets
        Alignment of its kernel with that of the inputs and that of the targets.
    parallelism, generalisation
        Of the first target.
    """

    accuracy: float
    inputs: float
    targets: float
    parallelism: float
    generalisation: float


def build(activation: str = "tanh", conditions: int = 4, targets: int = 1, signal: float = 0.5,
          weights_seed: int = 0) -> Network:
    """An untrained network that is shown trials of the task, one a step.

    Parameters
    ----------
    activation
        ``tanh``, ``relu`` or ``clipped``.
    conditions, targets
        Clusters, and how many of their bits are asked for.
    signal
        How much the inputs say of the targets, 0 to (conditions - 1) / targets.
    weights_seed
        Of weights and trials.
    """
    task = task_of(conditions, targets, signal)
    trials = task.draw(200, seed=weights_seed)
    return layered(activation, targets, weights_seed, trials.inputs[:, 0].astype(float))


def task_of(conditions: int, targets: int, signal: float, noise: float = NOISE) -> LabelledClusters:
    """The clusters; noise is the standard deviation of each input."""
    return LabelledClusters(conditions=conditions, targets=targets, signal=signal, size=SIZE, noise=noise)


def layered(activation: str, targets: int, seed: int, inputs: np.ndarray | None = None) -> Network:
    """Inputs, a hidden layer and a readout; weights and biases within one over the root of what a unit receives."""
    rng = np.random.default_rng([seed, 17])
    lines = Afferents(SIZE, x=None if inputs is None else TimedArray(inputs, 1.0))
    network, before = Network({"lines": lines}), "lines"
    for name, size, fed, phi in (("hidden", UNITS, SIZE, activation), ("out", targets, UNITS, "linear")):
        bound = fed**-0.5
        network.add(name, RateUnits(size, activation=phi, bias=rng.uniform(-bound, bound, size)))
        rate = "x" if before == "lines" else "r"
        network.connect(before, name, AllToAll(), couple=f"x = w*{rate}_pre", w=rng.uniform(-bound, bound, fed * size))
        before = name
    return network


@lru_cache(maxsize=64)
def learnt(activation: str, conditions: int, targets: int, signal: float, seed: int) -> Learnt:
    """Train a network on the task and look at its hidden layer."""
    import torch

    from neurosim.bridges.torch import as_module

    # a batch of this size is done before threads have met
    module = as_module(layered(activation, targets, seed), inputs="lines.x", outputs=["hidden.r", "out.r"],
                       train=["w", "bias"], dt=1.0, threads=1)
    optimiser = torch.optim.Adam(module.parameters(), lr=RATE)
    task = task_of(conditions, targets, signal)
    trials = task.draw(BATCH * STEPS, seed=seed + 1)
    inputs, labels = torch.from_numpy(trials.inputs[:, 0]), torch.from_numpy(trials.targets).float()
    for x, wanted in zip(inputs.split(BATCH), labels.split(BATCH), strict=True):
        logits = module(x.expand(SEEN, -1, -1))[1][-1]
        optimiser.zero_grad()
        torch.nn.functional.binary_cross_entropy_with_logits(logits, wanted).backward()
        optimiser.step()
    return seen(module, task, seed)


def seen(module: Any, task: LabelledClusters, seed: int) -> Learnt:
    """Accuracy, alignments and geometry of a trained network."""
    import torch

    tests = task_of(task.conditions, task.targets, task.signal, noise=NOISE / 2).draw(2000, seed=seed + 100_000)
    means, signs = task.means(), 2.0 * task.labels - 1.0
    with torch.no_grad():
        hidden = module(torch.from_numpy(means).float().expand(SEEN, -1, -1))[0][0].double().numpy()
        answers = module(torch.from_numpy(tests.inputs[:, 0]).expand(SEEN, -1, -1))[1][-1].numpy() > 0
    kernel = hidden @ hidden.T
    return Learnt(float((answers == tests.targets).mean()), alignment(kernel, means @ means.T),
                  alignment(kernel, signs @ signs.T), parallelism(hidden, task.labels[:, 0]),
                  cross_condition_generalisation(hidden, task.labels[:, 0]))


def mean_of(what: str, activation: str, conditions: int = 4, targets: int = 1, signal: float = 0.5,
            seeds: int = SEEDS, backend: str = "numba", seed: int = 0) -> float:
    """The mean of a field of ``Learnt`` over some networks."""
    found = [learnt(activation, conditions, targets, signal, seed + k) for k in range(seeds)]
    return float(np.mean([getattr(one, what) for one in found]))


def difference(what: str, first: str, second: str, signal: float = 0.5, conditions: int = 4, targets: int = 1,
               seeds: int = SEEDS, backend: str = "numba", seed: int = 0) -> float:
    """How much more of it networks of the first kind have than those of the second."""
    one, other = (mean_of(what, kind, conditions, targets, signal, seeds, seed=seed) for kind in (first, second))
    return one - other


def figure(ax, recording=None, *, backend="numba", seed=0):
    """Alignments with inputs and targets of trained networks; of a recording, the rates of the hidden layer."""
    if recording is not None:
        rates = recording["hidden.r"]
        ax.imshow(rates.values.T, aspect="auto", cmap="RdBu_r")
        ax.set(xlabel="trial", ylabel="hidden unit")
        return ax
    for activation, marker in (("tanh", "o"), ("relu", "s"), ("clipped", "^")):
        found = [learnt(activation, 4, 1, signal, seed) for signal in (0.0, 0.5, 1.0)]
        ax.plot([f.inputs for f in found], [f.targets for f in found], marker, label=activation)
    ax.set(xlabel="alignment with inputs", ylabel="alignment with targets", xlim=(0, 1.02), ylim=(0, 1.02),
           title="Alleman et al. (2024)")
    ax.legend(frameon=False)
    return ax


INFERRED = "inferred: the paper's statement (abstract), with numbers of an independent program"
ENTRY = Entry(
    title="Trained tanh layers come to stand for the targets, rectified ones keep what the inputs are like",
    paper="Alleman, M., Lindsey, J. & Fusi, S. (2024). Task structure and nonlinearity jointly determine learned "
    "representational geometry. ICLR 2024. doi:10.48550/arXiv.2401.13558",
    family="rate",
    build=build,
    figure=figure,
    differs="one hidden layer, 1,500 steps with Adam on fresh trials, weights of separable inputs; a layer is a step "
    "behind the one before it",
    record=("hidden.r", "out.r"),
    duration=200.0,
    dt=1.0,
    claims=(
        Claim("one network of tanh units: alignment with the targets", mean_of,
              {"what": "targets", "activation": "tanh", "seeds": 1}, low=0.97, high=1.0, where=INFERRED,
              why="1.00; networks spread by 0.03"),
        Claim("and one of rectified units: less by this much", difference,
              {"what": "targets", "first": "tanh", "second": "relu", "seeds": 1}, low=0.08, high=0.35, where=INFERRED,
              why="0.21 on average, networks spread by 0.03 or more"),
        Claim("its kernel is more like that of the inputs by this much", difference,
              {"what": "inputs", "first": "relu", "second": "tanh", "seeds": 1}, low=0.3, high=0.6, where=INFERRED,
              why="0.47 on average"),
        Claim("tanh units code the target in parallel: parallelism score", mean_of,
              {"what": "parallelism", "activation": "tanh", "seeds": 1}, low=0.95, high=1.0, where=INFERRED,
              why="0.996"),
        Claim("rectified units do not: parallelism score", mean_of,
              {"what": "parallelism", "activation": "relu", "seeds": 1}, low=0.0, high=0.6, where=INFERRED, why="0.29"),
        Claim("three networks each: difference of the alignments with the targets", difference,
              {"what": "targets", "first": "tanh", "second": "relu"}, low=0.12, high=0.35, where=INFERRED,
              why="0.21", cost="slow"),
        Claim("three networks each: difference of the alignments with the inputs", difference,
              {"what": "inputs", "first": "relu", "second": "tanh"}, low=0.3, high=0.6, where=INFERRED,
              why="0.47", cost="slow"),
        Claim("three networks each: accuracy of rectified units", mean_of, {"what": "accuracy", "activation": "relu"},
              low=0.99, high=1.0, where=INFERRED, why="1.00", cost="slow"),
        Claim("where inputs do not support the target (XOR), tanh has no more of the targets: difference", difference,
              {"what": "targets", "first": "tanh", "second": "relu", "signal": 0.0}, low=-0.6, high=0.0,
              where=INFERRED, why="-0.30 (0.26 against 0.56)", cost="slow"),
        Claim("with 32 conditions and five targets: difference of the alignments with the targets", difference,
              {"what": "targets", "first": "tanh", "second": "relu", "signal": 0.5, "conditions": 32, "targets": 5},
              low=0.03, high=0.15, where=INFERRED, why="0.067 (0.997 against 0.930)", cost="slow"),
        Claim("a rectifier that saturates at 1 comes to stand for the targets more than a plain one", difference,
              {"what": "targets", "first": "clipped", "second": "relu"}, low=0.02, high=0.2, cost="slow",
              where="abstract and reviews: saturation on one side only is the cause", why="networks spread by 0.03"),
        Claim("it does so as much as tanh units: difference", difference,
              {"what": "targets", "first": "tanh", "second": "clipped"}, low=-0.03, high=0.03, cost="slow",
              where="inferred: the paper says that it behaves like tanh", why="networks spread by 0.03",
              misses="0.07: it lies half way between tanh and the plain one. Rates begin far below 1, where the upper "
              "bound does nothing, which may be why"),
    ),
)
