"""Nodes of SpikingJelly against their equations, written as loops in torch."""

import copy
import itertools
import math
import pickle

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("snntorch")

from snntorch_peer import uncompiled  # noqa: E402

from neurosim.bridges.spikingjelly import (  # noqa: E402
    SURROGATES,
    IFNode,
    LIFNode,
    ParametricLIFNode,
    detach,
    reset,
    surrogate_text,
)
from neurosim.bridges.torch import EachStep  # noqa: E402
from neurosim.equations import evaluate  # noqa: E402
from neurosim.errors import DescriptionError  # noqa: E402
from neurosim.gradients import surrogate_tree  # noqa: E402

KINDS = {
    "IF": (IFNode, {}), "LIF": (LIFNode, {"tau": 3.0}),
    "LIF, input whole": (LIFNode, {"tau": 3.0, "decay_input": False}),
    "PLIF": (ParametricLIFNode, {"init_tau": 3.0}),
    "PLIF, input whole": (ParametricLIFNode, {"init_tau": 3.0, "decay_input": False}),
}
RESETS = [{"v_reset": v, "detach_reset": d} for v, d in itertools.product((0.0, -0.2, None), (False, True))]
CASES = list(itertools.product(KINDS, RESETS))
FEW = [("PLIF", RESETS[5])]


class Reaches(torch.autograd.Function):
    """1 at and above 0, with the slope of Sigmoid(alpha=4)."""

    @staticmethod
    def forward(ctx, z):
        ctx.save_for_backward(z)
        return (z >= 0).to(z.dtype)

    @staticmethod
    def backward(ctx, g):
        s = torch.sigmoid(4 * ctx.saved_tensors[0])
        return g * 4 * s * (1 - s)


def looped(node, x):
    """Charge, fire, reset: spikes and membranes after each step, (T, B, N) each."""
    rest = 0.0 if node.v_reset is None else node.v_reset
    v, found = torch.full_like(x[0], rest), []
    for now in x:
        share = torch.sigmoid(node.w) if isinstance(node, ParametricLIFNode) else 1 / getattr(node, "tau", 1.0)
        if type(node) is IFNode:
            h = v + now
        elif node.decay_input:
            h = v + (now - (v - rest)) * share
        else:
            h = v - (v - rest) * share + now
        spike = Reaches.apply(h - node.v_threshold)
        reset = spike.detach() if node.detach_reset else spike
        v = h - reset * node.v_threshold if node.v_reset is None else reset * node.v_reset + (1 - reset) * h
        found.append((spike, v))
    return [torch.stack(part) for part in zip(*found, strict=True)]


@pytest.mark.parametrize(("kind", "reset", "backend"), [
    pytest.param(k, r, b, id=f"{k} {r} {b}", marks=() if b == "reference" or (k, r) in FEW else pytest.mark.slow)
    for k, r in CASES for b in ("reference", "numba")])
def test_spikes_membranes_and_gradients_are_those_of_the_equations(kind, reset, backend):
    make, options = KINDS[kind]
    node = make(**options, **reset, step_mode="m", store_v_seq=True).double()
    node._run_options["backend"] = backend  # the reference compiles nothing
    torch.manual_seed(0)
    x = (torch.randn(25, 2, 5, dtype=torch.float64) + 0.9).requires_grad_()
    weight = torch.randn(2, 25, 2, 5, dtype=torch.float64)
    spikes, expected = node(x), looped(node, x)
    assert 0.02 < float(spikes.detach().mean()) < 0.98 and torch.equal(spikes, expected[0])
    torch.testing.assert_close(node.v_seq, expected[1], rtol=1e-12, atol=1e-12)
    grads = [torch.autograd.grad((s * weight[0] + v * weight[1]).sum(), [x, *node.parameters()])
             for s, v in ((spikes, node.v_seq), expected)]
    for one, two in zip(*grads, strict=True):
        torch.testing.assert_close(one, two, rtol=1e-10, atol=1e-10)


def test_a_thousand_steps_in_single_precision_give_the_same_spikes():
    node, x = LIFNode(tau=4.0, decay_input=False, step_mode="m", store_v_seq=True), torch.rand(1000, 2, 5) * 0.6
    with torch.no_grad():
        spikes, expected = node(x), looped(node, x)
    torch.testing.assert_close(spikes, expected[0])  # tau is a power of two: quotient and product round alike


def test_a_constant_input_makes_the_known_pattern():
    node = uncompiled(LIFNode(tau=2.0, step_mode="m", store_v_seq=True))
    assert node(torch.full((6, 1, 1), 1.5)).flatten().tolist() == [0, 1, 0, 1, 0, 1]
    assert node.v_seq.flatten().tolist() == [0.75, 0, 0.75, 0, 0.75, 0]


def test_a_node_fires_when_it_reaches_its_threshold():
    node = uncompiled(IFNode(step_mode="m"))
    assert bool((node(torch.ones(5, 2, 3)) == 1).all())


def test_steps_and_sequences_agree_and_the_state_goes_on():
    x = torch.rand(12, 2, 5, dtype=torch.float64)
    whole, cut, single = (uncompiled(LIFNode(tau=1.5, decay_input=False, step_mode=m)) for m in "mms")
    expected = whole(x)
    assert torch.equal(torch.cat([cut(x[:5]), cut(x[5:])]), expected) and bool(expected.any())
    assert torch.equal(torch.stack([single(now) for now in x]), expected)
    cut.reset()
    assert torch.equal(cut(x), expected)
    assert cut(torch.rand(3, 4, 5)).shape == (3, 4, 5) and cut.v.shape == (4, 5)  # another batch begins anew


@pytest.mark.parametrize(("name", "slope"), [
    ("Sigmoid", lambda z, a: a / (1 + np.exp(-a * z)) * (1 - 1 / (1 + np.exp(-a * z)))),
    ("ATan", lambda z, a: a / 2 / (1 + (np.pi * a * z / 2) ** 2)),
    ("PiecewiseQuadratic", lambda z, a: np.maximum(0, a - a**2 * np.abs(z))),
    ("PiecewiseExp", lambda z, a: a / 2 * np.exp(-a * np.abs(z))),
    ("SoftSign", lambda z, a: 1 / (2 * a * (1 / a + np.abs(z)) ** 2)),
    ("SuperSpike", lambda z, a: a / (1 + np.abs(z)) ** 2),
    ("Erf", lambda z, a: a / math.sqrt(math.pi) * np.exp(-((a * z) ** 2))),
])
def test_the_surrogates_have_their_slopes(name, slope):
    z = np.linspace(-2, 2, 81)
    given = type(name, (), {"alpha": 1.7})()  # stands for SpikingJelly's object
    found = evaluate(surrogate_tree(surrogate_text(given)), {"z": z, "pi": np.pi})
    np.testing.assert_allclose(found, slope(z, 1.7), rtol=1e-12, atol=1e-15)
    assert name in SURROGATES


def test_a_trained_node_is_copied_and_pickled_with_its_state():
    node, x = uncompiled(ParametricLIFNode(step_mode="m", store_v_seq=True)).double(), 3 * torch.rand(10, 2, 5).double()
    node(x).sum().backward()
    copies = [copy.deepcopy(node), pickle.loads(pickle.dumps(node))]
    expected = node(x)
    assert node.w.grad.abs() > 0
    for other in copies:
        assert torch.equal(other(x), expected)
    node.detach()
    assert node.v.grad_fn is None


def test_a_model_is_reset_and_cut_off_as_a_whole():
    nodes = [uncompiled(LIFNode(step_mode="m")) for _ in range(2)]
    layers = torch.nn.Linear(3, 3), nodes[0], torch.nn.Sequential(torch.nn.Linear(3, 2), nodes[1])
    net, x = torch.nn.Sequential(*layers).double(), torch.rand(6, 2, 3, dtype=torch.float64)
    first = net(x)
    detach(net)
    assert not any(node.v.requires_grad for node in nodes) and all(bool(node.v.any()) for node in nodes)
    net(x).sum().backward()  # a second one through the first run would be refused
    reset(net)
    assert torch.equal(net(x), first)


def test_images_pass_convolutions_step_by_step():
    torch.manual_seed(0)
    still = torch.nn.Conv2d(2, 3, 3), torch.nn.BatchNorm2d(3).eval()
    net = torch.nn.Sequential(EachStep(*still), uncompiled(LIFNode(step_mode="m")), EachStep(torch.nn.MaxPool2d(2)))
    x = 4 * torch.rand(7, 2, 2, 6, 6)
    alone = uncompiled(LIFNode())
    steps = [torch.nn.functional.max_pool2d(alone(still[1](still[0](now))), 2) for now in x]
    assert torch.equal(net(x), torch.stack(steps)) and bool(net(x).any())
    with pytest.raises(DescriptionError, match=r"input must have the shape \(T, B, ...\), got \(7,\)"):
        net(torch.ones(7))


@pytest.mark.parametrize(("make", "message"), [
    (lambda: LIFNode(tau=1.0), "LIFNode.tau must be > 1 step and finite, got 1.0"),
    (lambda: ParametricLIFNode(0.5), "ParametricLIFNode.init_tau must be > 1"),
    (lambda: IFNode(v_threshold=math.nan), "IFNode.v_threshold must be finite, got nan"),
    (lambda: IFNode(step_mode="x"), "step_mode must be 's' or 'm', got 'x'"),
    (lambda: IFNode(surrogate_function=torch.nn.ReLU()), "surrogate_function must be a text of z, or one of"),
    (lambda: IFNode(surrogate_function="0*z"), "must have a slope"),
    (lambda: IFNode(surrogate_function="ATan"), "surrogate must be a text of z or one of"),
    (lambda: IFNode(step_mode="m")(torch.ones(3)), r"input must have the shape \(T, B, ...\)"),
    (lambda: IFNode()(torch.full((2, 2), math.nan)), r"input must be finite, got nan at \(0, 0\)"),
])
def test_what_cannot_be_run_is_refused_by_name(make, message):
    with pytest.raises(DescriptionError, match=message):
        make()
