"""The slopes of snnTorch's surrogates, and gradients with each of them."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
snntorch = pytest.importorskip("snntorch")

from snntorch import surrogate  # noqa: E402
from snntorch_peer import assert_same_gradients, gradients, kept, loop  # noqa: E402

import neurosim.bridges.snntorch as fused  # noqa: E402
from neurosim.bridges.snntorch.surrogates import surrogate_call, surrogate_text  # noqa: E402
from neurosim.equations import evaluate  # noqa: E402
from neurosim.errors import DescriptionError  # noqa: E402
from neurosim.gradients import surrogate_tree  # noqa: E402

FUNCTIONS = {
    "atan": surrogate.atan(alpha=3.0), "fast_sigmoid": surrogate.fast_sigmoid(slope=10),
    "sigmoid": surrogate.sigmoid(slope=4), "straight_through": surrogate.straight_through_estimator(),
    "heaviside": surrogate.heaviside(), "triangular": surrogate.triangular(threshold=0.5),
    "spike_rate_escape": surrogate.spike_rate_escape(beta=2, slope=3), "SFS": surrogate.SFS(slope=3, B=0.25),
    "SFS at 0": surrogate.SFS(slope=3, B=0),
}
KEPT = {name: kept(function) for name, function in FUNCTIONS.items()}
Z = np.linspace(-3.0, 3.0, 121)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_text_of_a_surrogate_has_its_slope(name):
    z = torch.from_numpy(Z).requires_grad_()
    (expected,) = torch.autograd.grad(KEPT[name](z).sum(), z)
    found = evaluate(surrogate_tree(surrogate_text(FUNCTIONS[name])), {"z": Z, "pi": np.pi})
    np.testing.assert_allclose(np.broadcast_to(found, Z.shape), expected, rtol=1e-12)


def test_a_leaky_spike_operator_has_the_slope_that_snntorch_describes():
    own = surrogate.LSO(slope=0.3)
    with pytest.raises(TypeError):  # snnTorch 1.0 calls another operator
        own(torch.ones(1))
    found = evaluate(surrogate_tree(surrogate_text(own)), {"z": Z})
    np.testing.assert_array_equal(found, np.where(Z > 0, 1.0, 0.3))


@pytest.mark.parametrize(("reset", "backend"), [("subtract", "reference"), *(
    pytest.param(r, "numba", marks=pytest.mark.slow) for r in ("subtract", "zero"))])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_gradients_with_every_surrogate_are_those_of_snntorch(name, reset, backend):
    options = {"beta": 0.9, "learn_beta": True, "learn_threshold": True, "reset_mechanism": reset}
    ours = fused.Leaky(**options, reset_delay=False, spike_grad=FUNCTIONS[name], sequence=True).double()
    ours._run_options["backend"] = backend  # the reference compiles nothing
    theirs = snntorch.Leaky(**options, reset_delay=False, spike_grad=KEPT[name]).double()
    x = (torch.randn(20, 2, 5, dtype=torch.float64) * 0.6 + 0.3).requires_grad_()
    found, expected = ours(x), loop(theirs, x)
    torch.testing.assert_close(found[1], expected[1], rtol=1e-12, atol=1e-12)
    assert_same_gradients(gradients(found, [x, *ours.parameters()]), gradients(expected, [x, *theirs.parameters()]),
                          1e-10)


@pytest.mark.parametrize(("function", "text"), [
    (None, "arctan(alpha=2.0)"), (surrogate.fast_sigmoid(slope=10), "fast_sigmoid(slope=10.0)"),
    (surrogate.heaviside(), "heaviside"), (surrogate.SSO(), None), (lambda x: x, None),
    (surrogate.spike_rate_escape(), "spike_rate_escape(beta=1.0, slope=25.0)"),
    (surrogate.custom_surrogate(lambda x, g, s: g), None), (torch.sigmoid, None),
    (snntorch.LeakyParallel(2, 2).spike_grad, "arctan(alpha=2.0)"),
])
def test_surrogates_of_snntorch_have_texts(function, text):
    assert surrogate_text(function) == text


def test_a_surrogate_is_made_again_from_its_name_and_numbers():
    call = surrogate_call(surrogate.SFS(slope=3, B=2))
    assert (call.name, call.arguments) == ("SFS", {"slope": 3, "B": 2})
    assert surrogate_call(call.made()) == call


@pytest.mark.parametrize(("function", "message"), [
    (surrogate.SFS(slope=25, B=1000), "must have a slope, got .*which is 0 everywhere"),
    (surrogate.triangular(threshold=0), "must have a slope"),
    (surrogate.fast_sigmoid(slope=-1), "slope must be a number > 0, got '-1.0'"),
])
def test_a_surrogate_without_a_slope_is_refused(function, message):
    neuron = fused.Leaky(beta=0.9, spike_grad=function, learn_beta=True, sequence=True)
    with pytest.raises(DescriptionError, match=message):
        neuron(torch.rand(4, 2, 3))
