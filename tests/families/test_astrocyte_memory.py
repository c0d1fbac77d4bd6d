"""The memory of neurons and an astrocyte against the interaction that it stands for."""

import numpy as np
import pytest

from neurosim import Network, simulate
from neurosim.errors import DescriptionError
from neurosim.families import NeuronAstrocyteMemory

PATTERNS = np.random.default_rng(3).choice([-1.0, 1.0], size=(4, 9))
START = np.random.default_rng(4).normal(size=9)


@pytest.mark.parametrize("order", [2, 4])
def test_overlaps_give_what_the_whole_interaction_gives(order):
    memory = NeuronAstrocyteMemory(PATTERNS, order=order, start=START, tau=5.0, gain=2.0)
    x = simulate(Network({"m": memory}), 3.0, dt=1.0, record="m.x", backend="reference", progress=False)["m.x"].values
    tensors = {2: "ki,kj->ij", 4: "ki,kj,kl,km->ijlm"}
    tensor = np.einsum(tensors[order], *[PATTERNS] * order) / 9 ** (order - 1)
    state = START.copy()
    for row in x:
        field, phi = tensor, np.tanh(2.0 * state)
        for _ in range(order - 1):
            field = field @ phi
        state = field + (state - field) * np.exp(-1.0 / 5.0)
        np.testing.assert_allclose(row, state, rtol=1e-10)


def test_the_energy_falls_from_any_start():
    starts = np.random.default_rng(5).normal(size=(6, 9))
    memory = NeuronAstrocyteMemory(PATTERNS, start=starts)
    run = simulate(Network({"m": memory}), 60.0, dt=0.5, record="m.x", replicas=6, backend="reference", progress=False)
    energy = memory.energy(run["m.x"].values)
    assert energy.shape == (120, 6)
    assert np.diff(energy, axis=0).max() < 1e-12 and np.all(energy[-1] < energy[0])


def test_it_survives_being_written_down():
    network = Network({"m": NeuronAstrocyteMemory(PATTERNS, order=2, start=1)})
    assert Network.from_yaml(network.to_yaml()) == network


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"patterns": np.zeros((2, 3))}, r"patterns must be \(K, N\) of -1 and 1"),
        ({"patterns": "abc"}, "NeuronAstrocyteMemory.patterns must be an array of real numbers"),
        ({"start": "random"}, "NeuronAstrocyteMemory.start must be an array of real numbers"),
        ({"order": 3}, r"order must be 4 \(astrocyte\) or 2 \(synapses\), got 3"),
        ({"start": 9}, "start must be the number of a pattern below 4"),
        ({"start": np.zeros(5)}, "finite states with 9 columns"),
        ({"tau": 0.0}, "NeuronAstrocyteMemory.tau must be > 0 and finite, got 0.0"),
    ],
)
def test_what_is_wrong_is_refused_by_name(fields, message):
    with pytest.raises(DescriptionError, match=message):
        NeuronAstrocyteMemory(**{"patterns": PATTERNS, **fields})
