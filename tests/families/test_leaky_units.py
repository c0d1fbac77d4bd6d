"""Leaky rate units against plain loops, and the timescale of one alone."""

import numpy as np
import pytest

from neurosim import Network, TimedArray, simulate
from neurosim.analysis import autocorrelations, fitted_timescale
from neurosim.errors import NeurosimError
from neurosim.families import FAMILIES, Afferents, LeakyRNN
from neurosim.families.plain import from_plain

NOISE = np.random.default_rng(0).normal(size=(40, 2))


def rates(rnn, x=NOISE, backend="reference"):
    network = Network({"lines": Afferents(x.shape[1], x=TimedArray(x, 1.0)), "units": rnn})
    found = simulate(network, float(len(x)), dt=1.0, record=["units.r"], backend=backend, dtype="float64",
                     progress=False)
    return np.asarray(found["units.r"].values)


def looped(rnn, x):
    v, r, found = rnn.values, np.broadcast_to(rnn.start, (rnn.size,)), []
    for now in x:
        share, drive = 1 / np.maximum(v["tau"], 1), v["W"] @ r + v["b_r"] + v["W_in"] @ now + v["b_in"]
        z = (1 - share) * r + share * drive if rnn.leak == "inside" else drive
        z = np.where(z > 0, z, rnn.slope * z)
        r = z if rnn.leak == "inside" else (1 - share) * r + share * z
        found.append(r)
    return np.array(found)


@pytest.mark.parametrize("leak", ["inside", "outside"])
def test_units_compute_what_a_plain_loop_does(leak, backend):
    tau = np.array([0.5, 1.0, 1.7, 3.0, 8.0])
    drawn = LeakyRNN(5, inputs="lines", lines=2, seed=1).values
    rnn = LeakyRNN(5, inputs="lines", lines=2, leak=leak, start=0.1, weights={**drawn, "tau": tau})
    found = rates(rnn, backend=backend)
    assert found.min() < 0 < found.max()
    np.testing.assert_allclose(found, looped(rnn, NOISE), rtol=1e-11, atol=1e-12)


def test_a_lone_unit_forgets_as_its_time_constant_says():
    noise = np.random.default_rng(2).normal(size=(3000, 20))
    tau = np.repeat([1.0, 2.0, 5.0], 20)
    zero = {n: np.zeros(s) for n, s in LeakyRNN(60, inputs="lines", lines=20).shapes.items()}
    # an offset keeps the units where they are linear
    weights = {**zero, "tau": tau, "W_in": np.tile(np.eye(20), (3, 1)), "b_in": np.full(60, 20.0)}
    found = rates(LeakyRNN(60, inputs="lines", lines=20, weights=weights, start=20.0), noise)
    correlation = autocorrelations(found).reshape(-1, 3, 20).mean(axis=2)
    # the timescale -1 / ln(1 - 1 / tau) within 5 %, three standard errors of 60,000 steps
    np.testing.assert_allclose([fitted_timescale(c).tau for c in correlation.T[1:]], [1.4427, 4.4814], rtol=0.05)
    assert abs(correlation[1, 0]) < 0.02  # without leak there is no memory


def test_drawn_weights_are_those_published():
    value = LeakyRNN(64, inputs="lines").values
    assert not np.diag(value["W"]).any() and 0.9 / 8 < np.abs(value["W"]).max() <= 1 / 8
    assert value["tau"].min() >= 1.0 and value["tau"].max() < 2.0 and np.abs(value["W_in"]).max() > 0.9
    # with two heads' weights for each of 100 numbers the stored values of 500 units are those of the paper
    count = sum(int(np.prod(s)) for s in LeakyRNN(500, inputs="lines").shapes.values())
    assert count + 100 * 2 * 501 == 352_200


def test_units_survive_being_written_down():
    rnn = LeakyRNN(3, inputs="lines", leak="outside", weights=LeakyRNN(3, inputs="lines").values)
    assert from_plain(rnn.to_dict(), FAMILIES, "family", "x") == rnn


@pytest.mark.parametrize(("fields", "message"), [
    ({"leak": "both"}, "inside"), ({"slope": -1.0}, "slope"), ({"lines": 1}, "the 2 lines"),
    ({"start": [1.0, 2.0]}, "5 columns"), ({"weights": {"W": 0.0}}, "must be None or hold W"),
])
def test_a_wrong_field_is_refused(fields, message):
    with pytest.raises(NeurosimError, match=message):
        rates(LeakyRNN(5, **{"inputs": "lines", "lines": 2, **fields}))
