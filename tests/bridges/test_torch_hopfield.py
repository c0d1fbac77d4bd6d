"""Hopfield layers against attention, the reference dynamics and themselves."""

import math

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from neurosim import ContinuousHopfield, Network, simulate  # noqa: E402
from neurosim.bridges.torch.association import Retrieval, associate  # noqa: E402
from neurosim.bridges.torch.hopfield import HopfieldAssociation, HopfieldLookup, HopfieldPooling  # noqa: E402
from neurosim.errors import DescriptionError  # noqa: E402


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # for tensors this small a second thread only waits
    yield
    torch.set_num_threads(threads)


def test_without_updates_the_layer_is_multi_head_attention():
    ours = HopfieldAssociation(12, heads=3, normalise=False, connect_values=False)
    theirs = torch.nn.MultiheadAttention(12, 3, batch_first=True)
    with torch.no_grad():
        theirs.in_proj_weight.copy_(torch.cat([m.weight for m in (ours.to_state, ours.to_stored, ours.to_values)]))
        theirs.in_proj_bias.copy_(torch.cat([m.bias for m in (ours.to_state, ours.to_stored, ours.to_values)]))
        theirs.out_proj.load_state_dict(ours.to_output.state_dict())
    state, stored = torch.randn(4, 5, 12), torch.randn(4, 7, 12)
    padding = torch.zeros(4, 7, dtype=torch.bool)
    padding[1, 4:] = True
    expected, _ = theirs(state, stored, stored, key_padding_mask=padding)
    torch.testing.assert_close(ours(state, stored, padding=padding), expected, atol=1e-6, rtol=0)


def test_fused_and_plain_attention_give_the_same():
    layer = HopfieldAssociation(8, heads=2, updates=2)
    state, stored = torch.randn(3, 4, 8), torch.randn(3, 6, 8)
    mask = torch.rand(4, 6) < 0.3
    found, weights = layer(state, stored, mask=mask, weights=True)
    torch.testing.assert_close(layer(state, stored, mask=mask), found)
    assert weights.shape == (3, 2, 4, 6)
    torch.testing.assert_close(weights.sum(-1), torch.ones(3, 2, 4))
    assert torch.all(weights[:, :, mask] == 0.0)


def test_bare_patterns_are_retrieved_as_by_the_simulated_network():
    rng = np.random.default_rng(1)
    patterns, cues = rng.normal(size=(9, 16)), rng.normal(size=(4, 16))
    network = Network({"memory": ContinuousHopfield(patterns, beta=0.4, start=cues)})
    recording = simulate(network, 4.0, dt=1.0, replicas=4, record="memory.x", backend="reference", progress=False)
    bare = {"project_state": False, "project_stored": False, "project_values": False, "project_output": False}
    layer = HopfieldAssociation(16, hidden_size=16, beta=0.4, updates=3, normalise=False, **bare).double()
    found = layer(torch.tensor(cues)[:, None], torch.tensor(patterns).expand(4, -1, -1))[:, 0]
    np.testing.assert_allclose(found, np.asarray(recording["memory.x"].values)[-1], atol=1e-12)


def test_updates_go_on_until_each_head_stands_still():
    stored, state = torch.randn(1, 2, 6, 10).double(), torch.randn(1, 2, 3, 10).double()
    beta = torch.tensor([0.1, 3.0]).double().reshape(-1, 1, 1)
    found, weights = associate(state, stored, stored, beta, retrieval=Retrieval(updates=None, tolerance=1e-9),
                               weights=True)
    again, _ = associate(found, stored, stored, beta, retrieval=Retrieval())
    torch.testing.assert_close(again, found, atol=1e-6, rtol=0)
    assert weights.amax(-1)[0, 1].min() > 0.9  # the sharp head has found single patterns
    once, _ = associate(state, stored, stored, beta, retrieval=Retrieval(updates=None, tolerance=100.0))
    torch.testing.assert_close(once, associate(state, stored, stored, beta)[0])


@pytest.mark.parametrize("updates", [0, 2, None])
def test_gradients_are_those_of_finite_differences(updates):
    layer = HopfieldAssociation(6, heads=2, updates=updates, add_zero=True, normalise_hidden=True).double()
    state, stored = (torch.randn(2, n, 6, dtype=torch.float64, requires_grad=True) for n in (2, 4))
    assert torch.autograd.gradcheck(layer, (state, stored))


def test_layers_come_back_from_their_state_dict():
    makers = [lambda: HopfieldAssociation(8, heads=2, beta=[0.5, 2.0]), lambda: HopfieldPooling(8, quantity=3),
              lambda: HopfieldLookup(8, quantity=5, heads=2)]
    for make in makers:
        first, second = make().eval(), make().eval()
        second.load_state_dict(first.state_dict())
        x = torch.randn(2, 4, 8)
        torch.testing.assert_close(first(x), second(x))


def test_pooling_does_not_depend_on_order_or_padding():
    layer = HopfieldPooling(8, quantity=2, heads=2, updates=1).eval()
    x, padding = torch.randn(3, 5, 8), torch.zeros(3, 5, dtype=torch.bool)
    padding[:, 4] = True
    found = layer(x, padding=padding)
    assert found.shape == (3, 16)
    torch.testing.assert_close(layer(x[:, :4]), found)
    torch.testing.assert_close(layer(x[:, [3, 1, 0, 2]]), found)


def test_a_lookup_finds_the_target_of_the_nearest_pattern():
    patterns, targets = 8.0 * torch.eye(6), torch.randn(6, 3)
    bare = {"project_state": False, "project_stored": False, "project_values": False, "project_output": False}
    layer = HopfieldLookup(6, patterns=patterns, targets=targets, trainable=False, hidden_size=6, beta=1.0,
                           normalise=False, **bare)
    found = layer(torch.eye(6)[None] + 0.05 * torch.randn(1, 6, 6))
    assert [p.requires_grad for p in (layer.patterns, layer.targets)] == [False, True]
    torch.testing.assert_close(found[0], targets, atol=0.1, rtol=0)


def test_pooling_learns_to_find_one_instance_in_a_bag():
    """A bag counts when one of its instances is the signal; only the bag's label is told."""
    def bags(count):
        x = torch.randint(0, 2, (count, 8, 8)).float() * 2 - 1
        x[:, 0] = torch.where(torch.arange(count)[:, None] % 2 == 0, signal, x[:, 0])
        return x, (x == signal).all(-1).any(-1).float()

    signal = torch.randint(0, 2, (8,)).float() * 2 - 1
    model = torch.nn.Sequential(HopfieldPooling(8, heads=2, beta=0.5), torch.nn.Linear(8, 1))
    optimiser = torch.optim.AdamW(model.parameters(), 0.02)
    x, y = bags(400)
    for _ in range(60):
        optimiser.zero_grad()
        torch.nn.functional.binary_cross_entropy_with_logits(model(x)[:, 0], y).backward()
        optimiser.step()
    x, y = bags(200)
    assert ((model(x)[:, 0] > 0) == (y > 0)).float().mean() >= 0.95


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"heads": 0}, "heads must be a whole number >= 1, got 0"),
        ({"beta": -1.0}, "beta must be one number > 0 or 1, one for each head, and finite, got -1.0"),
        ({"heads": 2, "beta": [1.0, 1.0, 1.0]}, "beta must be one number > 0 or 2"),
        ({"beta": math.inf}, "beta must be one number > 0 or 1, one for each head, and finite, got inf"),
        ({"beta": "soft"}, "beta must be one number > 0 or 1"),
        ({"updates": 1.5}, "updates must be None or a whole number >= 0, got 1.5"),
        ({"updates": -1}, "updates must be None or a whole number >= 0, got -1"),
        ({"tolerance": math.nan}, "tolerance must be >= 0 and finite, got nan"),
        ({"dropout": "a"}, r"dropout must be in \[0, 1\), got 'a'"),
        ({"output_size": 0}, "output_size must be a whole number >= 1, got 0"),
        ({"pattern_size": "8"}, "pattern_size must be a whole number >= 1, got '8'"),
        ({"values_size": 3}, r"values_size must be stored_size \(8\) unless connect_values=False, got 3"),
        ({"dropout": 1.0}, r"dropout must be in \[0, 1\), got 1.0"),
        ({"project_state": False, "hidden_size": 5}, "project_state must be True where lengths differ: 8 would"),
    ],
)
def test_a_wrong_option_is_refused_by_name(options, message):
    with pytest.raises(DescriptionError, match=message):
        HopfieldAssociation(8, **options)


@pytest.mark.parametrize(("call", "message"), [
    (lambda: HopfieldAssociation(8)(torch.ones(2, 5, 9)), r"state must be 8 long on the last axis, got \(2, 5, 9\)"),
    (lambda: HopfieldAssociation(8, hidden_size=5)(*(torch.ones(2, 5, 8) for _ in range(3))),
     "values other than the stored patterns need connect_values=False"),
    (lambda: HopfieldPooling(8)(torch.ones(5, 8)), r"stored must be a batch of sets, \(B, N, size\), got \(5, 8\)"),
    (lambda: HopfieldPooling(8)(torch.ones(2, 5, 8), padding=torch.zeros(5)),
     r"padding must be a tensor \(2, 5\), got \(5,\)"),
    (lambda: HopfieldPooling(8)(np.ones((2, 5, 8))), r"stored must be a batch of sets, \(B, N, size\), got ndarray"),
    (lambda: HopfieldAssociation(8)(np.ones((2, 5, 8))), r"state must be a tensor \(B, n, 8\), got ndarray"),
    (lambda: HopfieldAssociation(8)(torch.ones(2, 5, 8).double()), "state must be torch.float32 as the layer is"),
    (lambda: HopfieldAssociation(8)(torch.ones(2, 5, 8), torch.ones(3, 5, 8)), "must be batches of the same length"),
    (lambda: HopfieldAssociation(8)(torch.ones(2, 5, 8), torch.ones(2, 0, 8)), "as many, one at the least"),
    # fewer values than patterns would be read past their end
    (lambda: HopfieldAssociation(8, connect_values=False)(*(torch.ones(2, n, 8) for n in (3, 5, 4))),
     r"stored and values must be as many, one at the least, got \(2, 5, 8\) and \(2, 4, 8\)"),
    (lambda: HopfieldAssociation(8)(torch.ones(2, 5, 8), mask=torch.ones(5, 4)), r"mask must be a tensor \(5, 5\)"),
    (lambda: HopfieldAssociation(8)(torch.ones(2, 5, 8), mask=torch.ones(5, 5, dtype=torch.int)),
     "mask must hold truth values or numbers to add, got torch.int32"),
    (lambda: HopfieldLookup(8)(torch.ones(5, 8)), r"state must be a batch of sets, \(B, S, size\), got \(5, 8\)"),
    (lambda: HopfieldLookup(8, patterns=torch.ones(8)), r"patterns must be \(quantity, size\) .*got \(8,\)"),
    (lambda: HopfieldLookup(8, quantity=3, targets=torch.ones(2, 8)), r"targets must be as many as patterns \(3\)"),
])
def test_what_does_not_fit_a_layer_is_refused_by_name(call, message):
    with pytest.raises(DescriptionError, match=message):
        call()


def test_targets_may_have_a_length_of_their_own_and_come_from_numpy():
    layer = HopfieldLookup(8, patterns=np.ones((3, 8), np.float32), targets=np.eye(3, 2, dtype=np.float32))
    assert layer.targets.shape == (1, 3, 2)
    assert layer(torch.randn(4, 5, 8)).shape == (4, 5, 8)
    assert HopfieldLookup(8, stored_size=5, quantity=3)(torch.randn(4, 5, 8)).shape == (4, 5, 8)


@pytest.mark.parametrize("updates", [0, 2])
def test_a_set_of_padding_alone_gives_zeros_with_and_without_weights(updates):
    layer = HopfieldAssociation(8, project_output=False, heads=2, updates=updates)
    state, stored = torch.randn(2, 3, 8, requires_grad=True), torch.randn(2, 5, 8)
    padding = torch.tensor([[True] * 5, [False] * 5])
    for mask in (None, torch.zeros(3, 5)):
        fused = layer(state, stored, padding=padding, mask=mask)
        found, share = layer(state, stored, padding=padding, mask=mask, weights=True)
        torch.testing.assert_close(found, fused)
        assert (found[0] == 0).all()
        assert (share[0] == 0).all()
        (gradient,) = torch.autograd.grad(found.sum(), state)
        assert gradient.isfinite().all()
