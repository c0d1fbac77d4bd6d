r"""Eshraghian et al. (2023): a network is trained as snnTorch trains it, and simulated event by event.

.. math::
    m^l \leftarrow \beta m^l + W^l s^{l-1} + b^l - r^l \theta, \qquad s^l = H(m^l - \theta), \qquad
    r^l = H(m^l_{before} - \theta)

Two layers, 64-128-10, are shown 8 by 8 pixel digits as random spikes for 25 steps. They learn by backpropagation
through time with an arctangent in the place of the threshold's slope; the loss is the cross-entropy of the output
spikes, averaged over steps. The neuron that spikes most is the answer.

References
----------
Eshraghian et al. (2023). Proc IEEE 111, 1016-1054. doi:10.1109/JPROC.2023.3308088, and snnTorch 1.0
"""

from functools import lru_cache
from typing import Any

import numpy as np

from neurosim import Network, TimedArray, simulate
from neurosim.catalog import Claim, Entry
from neurosim.connectivity import AllToAll
from neurosim.families import Afferents, StepNeurons
from neurosim.plots import raster

PIXELS, CLASSES, STEPS, BETA, BATCH = 64, 10, 25, 0.9, 128
NAMES = ("hidden", "out")


def build(hidden: int = 128, weights_seed: int = 0, brightness: float = 0.3) -> Network:
    """An untrained network that is shown noise.

    Parameters
    ----------
    hidden
        Number of hidden neurons.
    weights_seed
        Of weights and noise.
    brightness
        Probability of a spike of an input line in a step.
    """
    rng = np.random.default_rng(weights_seed)
    noise = (rng.random((1000, PIXELS)) < brightness).astype(float)
    network = Network({"inputs": Afferents(PIXELS, x=TimedArray(noise, 1.0))})
    before, size = "inputs", PIXELS
    for begins, (name, count) in enumerate(zip(NAMES, (hidden, CLASSES), strict=True)):
        bound = size**-0.5
        network.add(name, StepNeurons(count, beta=BETA, bias=rng.uniform(-bound, bound, count), begins=begins))
        text: dict[str, Any] = {"on_pre": "x += w", "delay": 1.0} if begins else {"couple": "current = w*x_pre"}
        network.connect(before, name, AllToAll(), **text, w=rng.uniform(-bound, bound, size * count))
        before, size = name, count
    return network


@lru_cache(maxsize=1)
def digits() -> tuple[np.ndarray, ...]:
    """scikit-learn's digits: images (n, 64) within 0 and 1, labels (n,); three quarters to train with, the rest."""
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    images, labels = load_digits(return_X_y=True)
    train_x, test_x, train_y, test_y = train_test_split(images / 16.0, labels, test_size=0.25, random_state=0)
    return train_x, train_y, test_x, test_y


def spikes_of(images: np.ndarray, seed: int) -> np.ndarray:
    """Random spikes as often as pixels are bright, (T, B, 64)."""
    rng = np.random.default_rng(seed)
    return (rng.random((STEPS, *images.shape)) < images).astype(np.float32)


@lru_cache(maxsize=4)
def trained(epochs: int, seed: int = 0) -> Any:
    """A network of torch with fused neurons, in single precision: ``fc1``, ``hidden``, ``fc2``, ``out``."""
    import torch
    from torch import nn

    from neurosim.bridges.snntorch import Leaky

    torch.manual_seed(seed)
    model: Any = nn.ModuleDict({
        "fc1": nn.Linear(PIXELS, 128), "hidden": Leaky(beta=BETA, sequence=True),
        "fc2": nn.Linear(128, CLASSES), "out": Leaky(beta=BETA, sequence=True),
    })
    optimiser = torch.optim.Adam(model.parameters(), lr=2e-3)
    images, labels, *_ = digits()
    for epoch in range(epochs):
        order = np.random.default_rng([seed, epoch]).permutation(len(images))
        for number, batch in enumerate(np.array_split(order, len(images) // BATCH)):
            x = torch.from_numpy(spikes_of(images[batch], seed=1000 * epoch + number + 1))
            for name in NAMES:
                model[name].reset_mem()
            spikes = model["out"](model["fc2"](model["hidden"](model["fc1"](x))[0]))[0]
            target = torch.from_numpy(labels[batch]).expand(STEPS, -1)
            optimiser.zero_grad()
            nn.functional.cross_entropy(spikes.flatten(0, 1), target.flatten()).backward()
            optimiser.step()
    return model


def looped(model: Any, x: Any) -> list[np.ndarray]:
    """Spikes of both layers, (T, B, N) each, of neurons of snnTorch called step by step."""
    membranes = {name: model[name].mem for name in NAMES}
    found: dict[str, list[np.ndarray]] = {name: [] for name in NAMES}
    for now in x:
        spikes = now
        for linear, name in zip(("fc1", "fc2"), NAMES, strict=True):
            spikes, membranes[name] = model[name](model[linear](spikes), membranes[name])
            spikes = spikes.to(x.dtype)  # snnTorch's surrogates give spikes in single precision
            found[name].append(spikes.numpy())
    return [np.stack(found[name]) for name in NAMES]


def simulated(model: Any, x: np.ndarray, backend: str = "numba", seed: int = 0) -> list[np.ndarray]:
    """The same from the simulator in double precision, images side by side."""
    from neurosim.bridges.snntorch import from_snntorch, spikes_by_step

    network = from_snntorch(model, x, layers=["fc1", "hidden", "fc2", "out"])
    recording = simulate(network, len(x) + 1.0, dt=1.0, replicas=x.shape[1], dtype="float64", backend=backend,
                         seed=seed, record="spikes", progress=False)
    return [spikes_by_step(recording, network, name, len(x)) for name in NAMES]


@lru_cache(maxsize=4)
def both(epochs: int, backend: str = "numba", seed: int = 0) -> tuple[list[np.ndarray], ...]:
    """Spikes of both layers for every test image, of snnTorch's own loop in double precision and of the simulator."""
    import copy

    import snntorch
    import torch

    model = torch.nn.ModuleDict({
        name: snntorch.Leaky(beta=BETA) if name in NAMES else copy.deepcopy(module)
        for name, module in trained(epochs, seed).items()
    }).double()
    x = spikes_of(digits()[2], seed=seed + 500_000)
    with torch.no_grad():
        expected = looped(model, torch.from_numpy(x).double())
    return expected, simulated(model, x, backend, seed)


def spikes_apart(epochs: int = 2, backend: str = "numba", seed: int = 0) -> float:
    """How many spikes of both layers differ between snnTorch and the simulator."""
    expected, found = both(epochs, backend, seed)
    return float(sum((a != b).sum() for a, b in zip(expected, found, strict=True)))


def answers_apart(epochs: int = 2, backend: str = "numba", seed: int = 0) -> float:
    """For how many test images the two give different answers."""
    expected, found = both(epochs, backend, seed)
    return float((answers(expected) != answers(found)).sum())


def answers(layers: list[np.ndarray]) -> np.ndarray:
    """The neuron that spikes most for each image, (B,)."""
    return np.asarray(layers[-1].sum(axis=0).argmax(axis=1))


def accuracy(epochs: int, backend: str = "numba", seed: int = 0) -> float:
    """Share of the test images that the simulated network tells, %."""
    found = both(epochs, backend, seed)[1]
    return 100.0 * float((answers(found) == digits()[3]).mean())


def figure(ax, recording=None, *, backend="numba", seed=0):
    """Output spike counts of a trained network for ten test images; of a recording, the spikes of both layers."""
    if recording is not None:
        return raster(recording, ax)
    counts = both(2, backend, seed)[1][-1].sum(axis=0)
    labels = digits()[3]
    chosen = [int(np.flatnonzero(labels == digit)[0]) for digit in range(CLASSES)]
    ax.imshow(counts[chosen], cmap="Greys")
    ax.set(xlabel="output neuron", ylabel="digit shown", title="Eshraghian et al. (2023): spikes in 25 steps")
    return ax


ENTRY = Entry(
    title="Trained with surrogate gradients in torch, simulated event by event with the same spikes",
    paper="Eshraghian, J. K. et al. (2023). Training spiking neural networks using lessons from deep learning. "
    "Proc IEEE 111, 1016-1054. doi:10.1109/JPROC.2023.3308088",
    family="spiking",
    build=build,
    figure=figure,
    differs="scikit-learn's digits of 8 by 8 pixels in the place of MNIST, 128 hidden neurons in the place of 1,000; "
    "in the simulator each layer is a step behind the one before",
    duration=100.0,
    dt=1.0,
    claims=(
        Claim("snnTorch and the simulator make the same spikes: how many differ", spikes_apart, low=0, high=0,
              where="inferred: the equations are the same", why="double precision: no membrane lies within rounding of "
              "the threshold"),
        Claim("and give the same answer for every test image: how many differ", answers_apart, low=0, high=0,
              where="inferred, as above", why="the same spikes"),
        Claim("the simulated network tells the digits: accuracy after 15 epochs, %", accuracy, {"epochs": 15}, low=93.0,
              high=100.0, cost="slow", where="the paper has MNIST; inferred from a linear readout of spike counts",
              why="a linear readout of spike counts of 50 steps has 95.8 %; one image is 0.2 %"),
    ),
)
