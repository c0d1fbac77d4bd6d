"""Neurons that take whole sequences, as scans."""

import pytest

torch = pytest.importorskip("torch")
snntorch = pytest.importorskip("snntorch")

from snntorch import surrogate  # noqa: E402
from snntorch_peer import assert_same_gradients, gradients, kept, uncompiled  # noqa: E402

import neurosim.bridges.snntorch as fused  # noqa: E402
from neurosim.errors import DescriptionError  # noqa: E402

STEPS, COPIES, SIZE, LINES = 20, 2, 5, 4
OWN = surrogate.fast_sigmoid(slope=5)
EACH = torch.linspace(0.3, 0.95, SIZE)
STATE = {
    "one beta": {"beta": 0.9, "learn_beta": True},
    "a beta each": {"beta": EACH, "learn_beta": True},
    "cut short": {"beta": 0.9, "learn_beta": True, "kernel_truncation_steps": 6},
    "cut beyond the end": {"beta": 0.9, "kernel_truncation_steps": 100},
    "graded": {"beta": 0.9, "graded_spikes_factor": 1.5, "learn_graded_spikes_factor": True, "compat": True},
    "no slope": {"beta": 0.9, "learn_beta": True, "surrogate_disable": True},
}


def some(few, cases):
    """All cases on the reference, which compiles nothing; compiled, those outside ``few`` are slow."""
    return [pytest.param(case, backend, marks=() if backend == "reference" or case in few else pytest.mark.slow)
            for case in cases for backend in ("reference", "numba")]


def both(name, options, *where, backend="numba"):
    """Ours and theirs in double precision, with the same parameters."""
    torch.manual_seed(4)
    ours = getattr(fused, name)(*where, **options, spike_grad=OWN)
    ours._run_options["backend"] = backend
    rest = {k: v for k, v in options.items() if k != "compat"}
    theirs = getattr(snntorch, name)(*where, **rest, spike_grad=kept(OWN))
    if options.get("surrogate_disable"):
        theirs.spike_grad = lambda z: (z > 0).to(z.dtype)
    theirs.load_state_dict(ours.state_dict())
    return ours.double(), theirs.double()


def compare(ours, theirs, x):
    found, expected = ours(x), theirs(x)
    found, expected = ((f,) if isinstance(f, torch.Tensor) else f for f in (found, expected))
    assert 0.02 < float((expected[0].detach() != 0).double().mean()) < 0.98
    for one, two in zip(found, expected, strict=True):
        torch.testing.assert_close(one, two, rtol=1e-11, atol=1e-11)
    # what does not reach the outputs has no gradient in either
    assert_same_gradients(gradients(found, [x, *ours.parameters()]), gradients(expected, [x, *theirs.parameters()]),
                          1e-10)


def drive(size=SIZE):
    return (torch.randn(STEPS, COPIES, size, dtype=torch.float64) * 0.6 + 0.3).requires_grad_()


@pytest.mark.parametrize(("case", "backend"), some([], STATE))
def test_a_causal_convolution_is_a_scan(case, backend):
    options = {"learn_threshold": True, **STATE[case]}
    compare(*both("StateLeaky", {"channels": SIZE, **options}, backend=backend), drive())


def test_a_linear_layer_in_front_is_taken_along():
    options = {"beta": 0.9, "in_features": LINES, "out_features": SIZE, "learn_beta": True}
    compare(*both("LinearLeaky", options, backend="reference"), drive(LINES))


def test_long_sequences_in_single_precision_agree_with_the_convolution():
    ours, theirs = (kind(0.99, 2) for kind in (fused.StateLeaky, snntorch.StateLeaky))
    x = torch.randn(4096, 1, 2)
    with torch.no_grad():
        one, two = ours(x)[1], theirs(x)[1]
    assert float((one - two).abs().max() / two.abs().max()) < 1e-5


def test_a_graded_spike_is_scaled_once_unless_asked_for_compatibility():
    x = torch.full((5, 1, 1), 2.0)
    for options, expected in (({}, 1.5), ({"compat": True}, 2.25)):
        for more in ({}, {"state_quant": lambda m: m}):
            ours = uncompiled(fused.StateLeaky(0.5, 1, graded_spikes_factor=1.5, **options, **more))
            assert ours(x)[0].unique().tolist() == [expected]
    assert snntorch.StateLeaky(0.5, 1, graded_spikes_factor=1.5)(x)[0].unique().tolist() == [2.25]


def test_membranes_alone_and_any_surrogate_or_quantisation():
    x = torch.randn(20, 2, SIZE)
    for options in ({"output": False}, {"spike_grad": torch.sigmoid},
                    {"state_quant": lambda m: (4 * m).round() / 4}):
        ours, theirs = (kind(0.9, SIZE, **options) for kind in (fused.StateLeaky, snntorch.StateLeaky))
        torch.testing.assert_close(ours(x), theirs(x))


RNN = {
    "diagonal": {"beta": 0.9, "learn_beta": True, "learn_threshold": True},
    "drawn": {"learn_beta": True, "bias": False},
    "dense": {"weight_hh_enable": True, "learn_beta": True},
    "graded": {"beta": 0.9, "graded_spikes_factor": 1.5, "learn_graded_spikes_factor": True},
}


@pytest.mark.parametrize(("case", "backend"), some([], RNN))
def test_a_rectified_membrane_is_a_scan(case, backend):
    compare(*both("LeakyParallel", {"threshold": 0.4, **RNN[case]}, LINES, SIZE, backend=backend), drive(LINES))


def test_each_neuron_has_its_own_beta_unless_asked_for_compatibility():
    for options, same in (({}, True), ({"compat": True}, False)):
        weight = fused.LeakyParallel(LINES, SIZE, beta=EACH, **options).rnn.weight_hh_l0
        assert torch.equal(weight, torch.diag(EACH)) == same
    one = fused.LeakyParallel(LINES, SIZE, beta=torch.tensor(0.5)).rnn.weight_hh_l0
    assert torch.equal(one, 0.5 * torch.eye(SIZE))
    with pytest.raises(DescriptionError, match=r"beta must be one number or \(5,\), got \(3,\)"):
        fused.LeakyParallel(LINES, SIZE, beta=torch.ones(3))


def test_sequences_without_a_batch_and_any_surrogate():
    torch.manual_seed(1)
    ours = uncompiled(fused.LeakyParallel(LINES, SIZE, beta=0.9, threshold=0.3))
    other = uncompiled(fused.LeakyParallel(LINES, SIZE, beta=0.9, threshold=0.3, spike_grad=lambda z: (z > 0).double()))
    other.load_state_dict(ours.state_dict())
    x = torch.randn(20, LINES, dtype=torch.float64)
    with torch.no_grad():
        assert ours(x).shape == (20, SIZE) and bool(ours(x).any())
        assert torch.equal(ours(x), ours(x.unsqueeze(1)).squeeze(1)) and torch.equal(ours(x), other(x))


def remembered(neuron, x):
    """The intended recursion, step by step: states (T, B, d, n)."""
    v, k, keep = neuron.to_v(x), neuron.to_k(x), torch.sigmoid(neuron.to_alpha(x))
    state, found = x.new_zeros(x.shape[1], neuron.d_value, neuron.d_key), []
    for now in range(len(x)):
        state = state * keep[now].unsqueeze(1) + v[now].unsqueeze(2) * k[now].unsqueeze(1)
        found.append(state)
    return torch.stack(found)


@pytest.mark.parametrize(("queried", "backend"), some([True], [True, False]))
def test_an_associative_memory_does_not_fade_away(queried, backend):
    torch.manual_seed(0)
    neuron = fused.AssociativeLeaky(LINES, 3, 2, 6, use_q_projection=queried).double()
    neuron.spike_grad = OWN
    neuron._run_options["backend"] = backend
    with torch.no_grad():
        neuron.threshold.fill_(0.25)
    x = torch.randn(STEPS, COPIES, LINES, dtype=torch.float64, requires_grad=True)
    spikes = kept(OWN)(remembered(neuron, x) - 0.25)
    expected = spikes.flatten(2)
    if queried:
        expected = (spikes @ neuron.to_q(x).view(STEPS, COPIES, 2, 3)).flatten(2)
    found = neuron(x)
    assert 0.02 < float(spikes.detach().mean()) < 0.98
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)
    assert_same_gradients(gradients([found], [x, *neuron.parameters()]),
                          gradients([expected], [x, *neuron.parameters()]), 1e-10)


def test_compatibility_brings_the_formula_that_fades():
    torch.manual_seed(0)
    ours = fused.AssociativeLeaky(LINES, 3, 3, 9, use_q_projection=False, compat=True)
    theirs = snntorch.AssociativeLeaky(LINES, 3, 3, 9, use_q_projection=False)
    mended = fused.AssociativeLeaky(LINES, 3, 3, 9, use_q_projection=False)
    for neuron in (ours, theirs, mended):
        neuron.load_state_dict(theirs.state_dict())
        with torch.no_grad():
            neuron.threshold.fill_(0.02)
            neuron.to_alpha.weight.zero_()
            neuron.to_alpha.bias.zero_()  # decays of 0.5
    x = torch.ones(60, 1, LINES)
    with torch.no_grad():
        assert torch.equal(ours(x), theirs(x))
        assert torch.equal(ours(x)[:10], mended(x)[:10]) and bool(mended(x)[-1].any())
        assert not bool(ours(x)[-1].any())
