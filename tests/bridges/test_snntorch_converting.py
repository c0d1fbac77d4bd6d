"""Networks of snnTorch in the simulator, spike for spike, and back."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
snn = pytest.importorskip("snntorch")

from torch import nn  # noqa: E402

import neurosim.bridges.snntorch as ours  # noqa: E402
from neurosim import Network, Neurons, simulate  # noqa: E402
from neurosim.bridges.snntorch import from_snntorch, spikes_by_step, to_snntorch  # noqa: E402
from neurosim.connectivity import Bernoulli  # noqa: E402
from neurosim.errors import DescriptionError  # noqa: E402

STEPS, COPIES, SIZES = 30, 2, (6, 5, 4)


class KeepsDtype(torch.autograd.Function):
    """A threshold that keeps double precision; snnTorch's own gives float32 spikes."""

    @staticmethod
    def forward(ctx, z):
        return (z > 0).to(z.dtype)


NEURONS = {
    **{f"Leaky {reset} {'late' if late else 'at once'}":
       (lambda reset=reset, late=late: snn.Leaky(beta=0.9, reset_mechanism=reset, reset_delay=late))
       for reset in ("subtract", "zero", "none") for late in (True, False)},
    "Leaky, one beta each": lambda: snn.Leaky(beta=torch.tensor([0.5, 0.7, 0.8, 0.9]), threshold=0.7),
    "Leaky, one threshold each": lambda: snn.Leaky(beta=0.9, threshold=torch.tensor([0.5, 0.7, 1.2, 1.5])),
    "Lapicque": lambda: snn.Lapicque(R=2.0, C=4.0, time_step=1.0, reset_mechanism="zero"),
    "Synaptic": lambda: snn.Synaptic(alpha=0.6, beta=0.7, reset_mechanism="zero", reset_delay=False),
    "Alpha": lambda: snn.Alpha(alpha=0.9, beta=0.6, threshold=0.3),
    "Alpha subtract": lambda: snn.Alpha(alpha=0.9, beta=0.6, threshold=0.3, reset_mechanism="subtract"),
    "RLeaky": lambda: snn.RLeaky(beta=0.8, linear_features=4, reset_mechanism="zero"),
    "RLeaky alone": lambda: snn.RLeaky(beta=0.8, all_to_all=False, V=0.4),
    "RSynaptic": lambda: snn.RSynaptic(alpha=0.5, beta=0.8, linear_features=4),
}


def model(neuron, seed=0):
    """Two layers, the second with the neuron in question."""
    torch.manual_seed(seed)
    made = nn.Sequential(nn.Linear(6, 5), snn.Leaky(beta=0.8), nn.Linear(5, 4), neuron).double()
    with torch.no_grad():
        made[0].weight *= 3
        made[2].weight *= 3
        made[2].bias += 0.6
    for module in (made[1], made[3]):
        module.spike_grad = KeepsDtype.apply
    return made


def inputs(seed=1):
    return torch.rand(STEPS, COPIES, 6, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def looped(layers, x):
    """snnTorch's loop: spikes of both layers and the membrane of the last, (T, B, N)."""
    state: dict = {1: (), 3: ()}
    hidden, out, mem = [], [], []
    for now in x:
        found = (now,)
        for k in (1, 3):
            found = layers[k](layers[k - 1](found[0]), *state[k])
            recurrent = isinstance(layers[k], snn.RLeaky | snn.RSynaptic)
            state[k] = found if recurrent else found[1:]
            (hidden if k == 1 else out).append(found[0])
        mem.append(found[-1])
    return [torch.stack(a).detach().numpy() for a in (hidden, out, mem)]


def simulated(network, steps=STEPS, backend="reference", record=("layer_1.spikes", "layer_3.spikes", "layer_3.mem")):
    return simulate(network, steps + 1.0, dt=1.0, backend=backend, dtype="float64", replicas=COPIES, progress=False,
                    record=list(record))


@pytest.mark.parametrize("name", NEURONS)
def test_a_converted_network_spikes_as_in_snntorch(name):
    layers, x = model(NEURONS[name]()), inputs()
    network = from_snntorch(layers, x)
    recording = simulated(network)
    hidden, out, mem = looped(layers, x)
    assert 0.02 < hidden.mean() < 0.98 and 0.02 < out.mean() < 0.98
    np.testing.assert_array_equal(spikes_by_step(recording, network, "layer_1", STEPS), hidden)
    np.testing.assert_array_equal(spikes_by_step(recording, network, "layer_3"), out)
    shifted = np.asarray(recording["layer_3.mem"].values).reshape(STEPS + 1, COPIES, 4)[1:]
    np.testing.assert_allclose(shifted, mem, rtol=1e-9, atol=1e-9)
    assert Network.from_dict(network.to_dict()) == network


def test_every_backend_gives_these_spikes(backend):
    layers, x = model(snn.Leaky(beta=0.9, reset_delay=False)), inputs()
    network = from_snntorch(layers, x)
    found = spikes_by_step(simulated(network, backend=backend), network, "layer_3")
    np.testing.assert_array_equal(found, looped(layers, x)[1])


@pytest.mark.parametrize("name", NEURONS)
def test_the_way_back_gives_the_same_spikes(name):
    layers, x = model(NEURONS[name]()), inputs()
    torch.set_default_dtype(torch.float64)
    try:
        back = to_snntorch(from_snntorch(layers))
        for module in (back[1], back[3]):
            module.spike_grad = KeepsDtype.apply
        found = np.stack([back(now)[0].detach().numpy() for now in x])
    finally:
        torch.set_default_dtype(torch.float32)
    np.testing.assert_array_equal(found, looped(layers, x)[1])


def test_fused_neurons_and_named_layers_are_taken_too():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.lif = ours.Leaky(beta=0.9, sequence=True)
            self.fc = nn.Linear(6, 5, bias=False)

    net, x = Net(), inputs().float()
    network = from_snntorch(net, x, layers=["fc", "lif"])
    with torch.no_grad():
        expected = net.lif(net.fc(x))[0].numpy()
    recording = simulated(network, record=["lif.spikes"])
    np.testing.assert_array_equal(spikes_by_step(recording, network, "lif", STEPS), expected)
    with pytest.raises(DescriptionError, match="layers must name the modules of Net"):
        from_snntorch(net)


def test_what_does_nothing_to_a_trained_model_is_passed_over():
    layers, x = model(snn.Leaky(beta=0.9)), inputs()
    between = nn.Sequential(nn.Flatten(2), layers[0], nn.Dropout(0.5), layers[1], nn.Dropout(0.5), layers[2], layers[3])
    assert from_snntorch(between, x.reshape(STEPS, COPIES, 2, 3), layers=list("0123456")).parts["layer_6"] == (
        from_snntorch(layers, x).parts["layer_3"])
    np.testing.assert_array_equal(from_snntorch(between, x.reshape(STEPS, COPIES, 2, 3)).parts["inputs"].x.values, x)


UNRESET = {
    "DeltaLeaky": lambda: (nn.Linear(5, 4), snn.DeltaLeaky(delta_threshold=0.7, beta=0.6)),
    "StateLeaky": lambda: (nn.Linear(5, 4), snn.StateLeaky(torch.tensor([0.3, 0.5, 0.7, 0.9]), 4)),
    "LinearLeaky": lambda: (snn.LinearLeaky(0.8, 5, 4),),
    "LeakyParallel": lambda: (snn.LeakyParallel(5, 4, beta=0.8),),
    "LeakyParallel, drawn": lambda: (snn.LeakyParallel(5, 4),),
}


def unreset(name):
    """Two layers, the second without a reset, its product spread out so that it spikes now and then."""
    torch.manual_seed(6)
    made = nn.Sequential(nn.Linear(6, 5), snn.Leaky(beta=0.8), *UNRESET[name]()).double()
    with torch.no_grad():
        for layer in (made[0], made[2]):
            for key, value in layer.named_parameters():
                value.mul_(3 if "weight" in key and "hh" not in key else 1)
    for module in (made[1], made[-1]):
        module.spike_grad = KeepsDtype.apply
    return made


def expected_of(layers, x):
    """Spikes of both layers, of snnTorch's loop and of neurons that take sequences."""
    hidden, mem = [], torch.zeros(COPIES, 5, dtype=x.dtype)
    for now in x:
        spikes, mem = layers[1](layers[0](now), mem)
        hidden.append(spikes)
    hidden, last = torch.stack(hidden), layers[-1]
    given = layers[2](hidden) if len(layers) == 4 else hidden
    if isinstance(last, snn.DeltaLeaky):
        state, found = (None, None), []
        for now in given:
            spikes, state = last(now, state)
            found.append(spikes)
        return hidden, torch.stack(found)
    found = last(given)
    return hidden, found[0] if isinstance(found, tuple) else found


@pytest.mark.parametrize("name", UNRESET)
def test_layers_without_a_reset_are_taken_too(name):
    layers, x = unreset(name), inputs()
    network = from_snntorch(layers, x)
    last = f"layer_{len(layers) - 1}"
    recording = simulated(network, record=["layer_1.spikes", f"{last}.spikes"])
    with torch.no_grad():
        hidden, out = expected_of(layers, x)
    assert 0.02 < float(out.mean()) < 0.98
    np.testing.assert_array_equal(spikes_by_step(recording, network, "layer_1", STEPS), hidden)
    np.testing.assert_array_equal(spikes_by_step(recording, network, last), out)
    assert Network.from_dict(network.to_dict()) == network


def test_layers_without_a_reset_go_back_where_snntorch_takes_steps():
    layers, x = unreset("DeltaLeaky"), inputs()
    torch.set_default_dtype(torch.float64)
    try:
        back = to_snntorch(from_snntorch(layers))
        for module in (back[1], back[3]):
            module.spike_grad = KeepsDtype.apply
        with torch.no_grad():
            found = torch.stack([back(now)[0] for now in x])
    finally:
        torch.set_default_dtype(torch.float32)
    np.testing.assert_array_equal(found, expected_of(layers, x)[1].detach())
    with pytest.raises(DescriptionError, match="no neuron of the kind 'rectified' .* one step at a time"):
        to_snntorch(from_snntorch(unreset("LeakyParallel")))
    inner = nn.Sequential(linear(), snn.DeltaLeaky(beta=0.5), linear(), snn.Leaky(0.9))
    with pytest.raises(DescriptionError, match="'layer_1': .* can only be the last layer"):
        to_snntorch(from_snntorch(inner))


def linear():
    return nn.Linear(4, 4)


@pytest.mark.parametrize(("layers", "message"), [
    ((nn.Conv1d(1, 1, 3), snn.Leaky(0.9)), "'0' must be nn.Linear or one of .*, got Conv1d"),
    ((linear(), nn.ReLU()), "'1' must be a neuron such as .*Leaky.*got ReLU"),
    ((linear(), snn.SLSTM(4, 4)), r"'1': SLSTM cannot be carried over \(its gates"),
    ((snn.SConv2dLSTM(1, 1, 3),), r"'0': SConv2dLSTM cannot be carried over \(its membrane"),
    ((snn.AssociativeLeaky(4, 2, 2, 4),), r"'0': AssociativeLeaky cannot be carried over \(its decays"),
    ((linear(), snn.LinearLeaky(0.9, 4, 4)), "'1' must be a neuron such as .*got LinearLeaky"),
    ((snn.Leaky(0.9),), "'0' must be nn.Linear or one of LeakyParallel, LinearLeaky, got Leaky"),
    ((linear(), snn.StateLeaky(0.9, 4, kernel_truncation_steps=3)), "kernel_truncation_steps and output=False"),
    ((snn.LeakyParallel(4, 4, weight_hh_enable=True),), "weights between different neurons of LeakyParallel"),
    ((linear(), snn.Leaky(0.9), linear()), "end with a neuron"),
    ((linear(), snn.Leaky(0.9, inhibition=True)), "inhibition cannot be carried"),
    ((linear(), snn.Leaky(0.9, state_quant=lambda x: x)), "state_quant cannot be carried"),
    ((linear(), snn.Leaky(0.9, graded_spikes_factor=2.0)), "graded_spikes_factor must be 1"),
    ((linear(), snn.Leaky(torch.ones(3))), r"beta must be one number or \(4,\)"),
    ((linear(), snn.RLeaky(0.9, conv2d_channels=4, kernel_size=3)), "recurrent Conv2d cannot be carried"),
])
def test_what_cannot_be_carried_over_is_refused_by_name(layers, message):
    with pytest.raises(DescriptionError, match=message):
        from_snntorch(nn.Sequential(*layers))


def test_what_snntorch_has_no_word_for_is_refused_by_name():
    network = from_snntorch(nn.Sequential(linear(), snn.Leaky(0.9), linear(), snn.Leaky(0.9)))
    network.connect("layer_1", "layer_3", Bernoulli(0.5), on_pre="x += w", w=1.0, name="sparse")
    with pytest.raises(DescriptionError, match="'sparse': the rule must be AllToAll, got"):
        to_snntorch(network)
    other = Network({"inputs": Neurons(2, "x : 1"), "cells": Neurons(2, "current : 1")})
    with pytest.raises(DescriptionError, match="one chain"):
        to_snntorch(other)


def test_a_run_that_is_too_short_is_told():
    layers = model(snn.Leaky(beta=0.9))
    network = from_snntorch(layers, inputs())
    with pytest.raises(DescriptionError, match="1 steps behind: 31 steps need a run of at least 32, got 31"):
        spikes_by_step(simulated(network), network, "layer_3", STEPS + 1)
