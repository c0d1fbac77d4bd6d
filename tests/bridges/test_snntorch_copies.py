"""Copies, files and workers of fused neurons after use, and what they refuse."""

import copy
import pickle
import warnings

import pytest

torch = pytest.importorskip("torch")
snntorch = pytest.importorskip("snntorch")

from snntorch import surrogate  # noqa: E402
from snntorch_peer import uncompiled  # noqa: E402
from torch.utils.data import DataLoader, Dataset  # noqa: E402

import neurosim.bridges.snntorch as fused  # noqa: E402
from neurosim.errors import DescriptionError  # noqa: E402

SIZE = 7
KEPT = {"init_hidden": True, "output": True, "learn_threshold": True}
MAKERS = {
    "Leaky": lambda **o: ("Leaky", {"beta": 0.9, **KEPT, **o}),
    "Lapicque": lambda **o: ("Lapicque", {"beta": 0.9, **KEPT, **o}),
    "Synaptic": lambda **o: ("Synaptic", {"alpha": 0.8, "beta": 0.7, **KEPT, **o}),
    "Alpha": lambda **o: ("Alpha", {"alpha": 0.9, "beta": 0.8, **KEPT, **o}),
    "RLeaky": lambda **o: ("RLeaky", {"beta": 0.9, "linear_features": SIZE, **KEPT, **o}),
    "RSynaptic": lambda **o: ("RSynaptic", {"alpha": 0.7, "beta": 0.9, "linear_features": SIZE, **KEPT, **o}),
    "DeltaLeaky": lambda **o: ("DeltaLeaky", {"beta": 0.9, "delta_threshold": 0.3, **KEPT, **o}),
    "SLSTM": lambda **o: ("SLSTM", {"input_size": SIZE, "hidden_size": 3, **KEPT, **o}),
    "StateLeaky": lambda **o: ("StateLeaky", {"beta": 0.9, "channels": SIZE, "learn_beta": True, **o}),
    "LinearLeaky": lambda **o: ("LinearLeaky", {"beta": 0.9, "in_features": SIZE, "out_features": 3, **o}),
    "LeakyParallel": lambda **o: ("LeakyParallel", {"input_size": SIZE, "hidden_size": 3, "learn_beta": True, **o}),
    "AssociativeLeaky": lambda **o: ("AssociativeLeaky", {"in_dim": SIZE, "d_value": 2, "d_key": 2,
                                                          "num_spiking_neurons": 4, **o}),
}
SEQUENTIAL = ("StateLeaky", "LinearLeaky", "LeakyParallel", "AssociativeLeaky")


def made(name, **options):
    torch.manual_seed(5)
    kind, options = MAKERS[name](**options)
    sequence = {} if name in SEQUENTIAL else {"sequence": True}
    neuron = getattr(fused, kind)(**options, **sequence)
    return torch.nn.Sequential(neuron)


def spikes_of(found):
    return found[0] if isinstance(found, tuple) else found


@pytest.mark.parametrize(("name", "compiled"), [*((n, False) for n in MAKERS), ("Leaky", True)])
def test_a_trained_neuron_is_copied_and_pickled_with_its_state(name, compiled):
    # the options of a neuron that other tests compile
    shared = {"init_hidden": False, "learn_beta": True, "spike_grad": surrogate.fast_sigmoid(slope=5)}
    net, x = made(name, **shared if compiled else {}).double(), 0.6 * torch.rand(10, 2, SIZE, dtype=torch.float64) + 0.3
    net = net if compiled else torch.nn.Sequential(uncompiled(net[0]))
    x.requires_grad_()
    spikes_of(net(x)).sum().backward()  # the states that stay hang on a graph
    copies = [copy.deepcopy(net), pickle.loads(pickle.dumps(net))]
    expected = spikes_of(net(x))
    for other in copies:
        found = spikes_of(other(x))
        assert torch.equal(found, expected)
        found.sum().backward()
        assert other[0].compat == net[0].compat and other[0] is not net[0]
        assert all(a is not b for a, b in zip(other.parameters(), net.parameters(), strict=True))


@pytest.mark.parametrize("name", MAKERS)
def test_state_dicts_fit_those_of_snntorch(name):
    kind, options = MAKERS[name]()
    ours, theirs = made(name)[0], getattr(snntorch, kind)(**options)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    theirs.load_state_dict(ours.state_dict())
    ours.load_state_dict(theirs.state_dict())


def test_a_pickle_brings_the_surrogate_along():
    for own in (surrogate.SFS(slope=3, B=0), None, surrogate.SSO(mean=0.1)):
        neuron = fused.Leaky(beta=0.9, spike_grad=own, sequence=True)
        again = pickle.loads(pickle.dumps(neuron))
        assert again.spike_grad.__qualname__ == neuron.spike_grad.__qualname__
        z = torch.linspace(0.5, 2, 5, requires_grad=True)
        torch.manual_seed(0)
        assert torch.equal(*(torch.autograd.grad(n.spike_grad(z).sum(), z)[0] for n in (neuron, again)))
    with pytest.raises((AttributeError, pickle.PicklingError)):
        pickle.dumps(fused.Leaky(beta=0.9, spike_grad=lambda z: z))
    assert copy.deepcopy(fused.Leaky(beta=0.9, spike_grad=torch.sigmoid)).spike_grad is torch.sigmoid


class Encoded(Dataset):
    """Noise as the spikes of a fused neuron, made in the worker that loads it."""

    def __init__(self):
        self.neuron = fused.Leaky(beta=0.9, sequence=True, threads=2)

    def __len__(self):
        return 4

    def __getitem__(self, index):
        x = torch.rand(10, 2, SIZE, generator=torch.Generator().manual_seed(index))
        with torch.no_grad():
            return self.neuron(x, torch.zeros(2, SIZE))[0]


def test_workers_that_load_data_may_run_neurons():
    data = Encoded()
    expected = torch.stack([data[k] for k in range(4)])  # starts the threads that a worker does not inherit
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of forking beside threads
        found = torch.cat(list(DataLoader(data, batch_size=2, num_workers=1, timeout=30)))
    assert torch.equal(found, expected) and bool(found.any())


def leaky(**options):
    return fused.Leaky(**{"beta": 0.9, "sequence": True, **options})


@pytest.mark.parametrize(("neuron", "x", "message"), [
    (leaky(), torch.rand(5), r"input must have the shape \(T, B, ...\) and not be empty, got \(5,\)"),
    (leaky(), torch.rand(5, 0, 3), r"not be empty, got \(5, 0, 3\)"),
    (leaky(), torch.ones(5, 2, 3, dtype=torch.int64), "input must be float32 or float64, got torch.int64"),
    (leaky(), torch.ones(5, 2, 3, dtype=torch.float16), "input must be float32 or float64, got torch.float16"),
    (leaky(), torch.ones(5, 2, 3, device="meta"), "input must be on the cpu or on cuda, got a tensor on meta"),
    (leaky(), torch.full((5, 2, 3), torch.nan), r"input must be finite, got nan at \(0, 0, 0\)"),
    (leaky(), torch.full((5, 2, 3), -torch.inf), r"input must be finite, got -inf at \(0, 0, 0\)"),
    (leaky(beta=torch.ones(4)), torch.rand(5, 2, 3), r"Leaky.beta must be one number or \(3,\) .* got \(4,\)"),
    (leaky(memory="none"), torch.rand(5, 2, 3), "memory must be 'full' or 'recompute', got 'none'"),
    (fused.RLeaky(0.9, linear_features=4, sequence=True), torch.rand(5, 2, 3),
     r"RLeaky.weight must be \(3, 3\) for the input that is given, got \(4, 4\)"),
    (fused.SLSTM(4, 3, sequence=True), torch.rand(5, 2, 3), "input must have 4 numbers on its last axis"),
    (fused.SLSTM(4, 3, sequence=True), torch.rand(5, 4), r"\(T, B, N\)"),
    (fused.StateLeaky(0.9, 3), torch.rand(5, 3), r"input must have the shape \(T, B, C\)"),
    (fused.StateLeaky(torch.ones(3) / 2, 3), torch.rand(5, 2, 4), "input must have 3 channels as beta has"),
    (fused.LinearLeaky(0.9, 4, 3), torch.rand(5, 2, 3), "input must have 4 numbers"),
    (fused.LeakyParallel(4, 3), torch.rand(5, 2, 3), "input must have 4 numbers"),
    (fused.AssociativeLeaky(4, 2, 2, 4), torch.rand(5, 2, 3), "input must have 4 numbers"),
])
def test_what_cannot_be_run_is_refused_by_name(neuron, x, message):
    with pytest.raises(DescriptionError, match=message):
        neuron(x)


@pytest.mark.parametrize(("state", "message"), [
    (torch.ones(2, 4), r"mem must be torch.float32 \(2, 3\) as the input is, got torch.float32 \(2, 4\)"),
    (torch.ones(2, 3, dtype=torch.float64), r"got torch.float64 \(2, 3\)"),
])
def test_a_state_that_does_not_fit_is_refused_unless_it_is_zero(state, message):
    x = torch.rand(5, 2, 3)
    with pytest.raises(DescriptionError, match=message):
        leaky()(x, state)
    assert torch.equal(leaky()(x, torch.zeros_like(state))[0], leaky()(x)[0])
    with pytest.raises(TypeError, match="has no state 'syn'; it has: mem"):
        leaky()(x, syn=torch.ones(2, 3))


def test_a_call_computes_in_the_precision_of_its_input():
    x = torch.rand(5, 2, 3)
    assert [leaky()(x.to(d))[1].dtype for d in (torch.float32, torch.float64)] == [torch.float32, torch.float64]
    assert uncompiled(fused.LinearLeaky(0.9, 3, 2))(x.double())[1].dtype == torch.float64
