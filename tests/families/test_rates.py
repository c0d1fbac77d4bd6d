"""Layers of rate units, forwards and backwards, against plain products."""

import numpy as np
import pytest

from neurosim import Network, TimedArray, simulate
from neurosim.connectivity import AllToAll
from neurosim.errors import DescriptionError
from neurosim.families import ACTIVATIONS, FAMILIES, Afferents, RateUnits
from neurosim.families.plain import from_plain

RNG = np.random.default_rng(0)
W, V, BIAS = RNG.normal(size=(4, 6)), RNG.normal(size=(6, 2)), RNG.normal(size=6)
X = RNG.normal(size=(5, 4))
FUNCTIONS = {"linear": lambda x: x, "relu": lambda x: np.maximum(x, 0), "clipped": lambda x: np.clip(x, 0, 1),
             "sigmoid": lambda x: 1 / (1 + np.exp(-x)), "tanh": np.tanh, "x/(1 + abs(x))": lambda x: x / (1 + abs(x))}


def network(activation="tanh"):
    hidden = RateUnits(6, activation=activation, bias=BIAS)
    net = Network({"lines": Afferents(4, x=TimedArray(X, 1.0)), "hidden": hidden,
                   "out": RateUnits(2, activation="linear")})
    net.connect("lines", "hidden", AllToAll(), couple="x = w*x_pre", w=W.ravel())
    net.connect("hidden", "out", AllToAll(), couple="x = w*r_pre", w=V.ravel())
    return net


@pytest.mark.parametrize("activation", FUNCTIONS)
def test_a_layer_is_a_product_and_a_function(activation):
    assert set(ACTIVATIONS) <= set(FUNCTIONS)
    recording = simulate(network(activation), 5.0, dt=1.0, record=["hidden.r", "out.r"], dtype="float64",
                         backend="reference", progress=False)
    hidden = FUNCTIONS[activation](X @ W + BIAS)
    np.testing.assert_allclose(recording["hidden.r"].values, hidden, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(recording["out.r"].values[1:], hidden[:-1] @ V, rtol=1e-12, atol=1e-12)


def test_layers_train_as_dense_matrices():
    torch = pytest.importorskip("torch")
    from neurosim.bridges.torch import as_module

    module = as_module(network(), inputs="lines.x", outputs="out.r", train=["w", "bias"], dt=1.0, dtype=torch.float64)
    x = torch.from_numpy(X)[:, None]
    module(x)[1:].square().sum().backward()
    w, v, b = (torch.tensor(a, requires_grad=True) for a in (W, V, BIAS))
    (torch.tanh(x[:-1] @ w + b) @ v).square().sum().backward()
    found = [module.lines_to_hidden_w, module.hidden_to_out_w, module.hidden_bias]
    for one, two in zip(found, (w, v, b), strict=True):
        torch.testing.assert_close(one.grad, two.grad, rtol=1e-10, atol=1e-10)


def test_units_survive_being_written_down():
    units = RateUnits(6, activation="relu", bias=BIAS)
    assert from_plain(units.to_dict(), FAMILIES, "family", "x") == units


@pytest.mark.parametrize(("field", "message"), [
    ({"activation": "y"}, "activation must be one of .*tanh or a text of x alone"),
    ({"activation": "x*y"}, "text of x alone"), ({"bias": [1.0, 2.0]}, r"bias must be finite, a number or \(6,\)"),
    ({"size": 0}, "size"),
])
def test_a_wrong_field_is_refused_by_name(field, message):
    with pytest.raises(DescriptionError, match=message):
        RateUnits(**{"size": 6, **field})
