"""Linear state-space layers against plain loops, and the systems that they are made of."""

import numpy as np
import pytest

from neurosim import Network, TimedArray, simulate
from neurosim.analysis import delayed_scores, memory_capacity
from neurosim.errors import DescriptionError, NeurosimError
from neurosim.families import FAMILIES, LSSL, Afferents, delay_readout, discretised, legs, legt
from neurosim.families.hippo import krylov
from neurosim.families.plain import from_plain
from neurosim.families.state_space import drawn_timescales

NOISE = np.random.default_rng(0).normal(size=(30, 2))


def layer(**fields):
    return LSSL(4, **{"inputs": "lines", "lines": 2, "states": 3, "tau": [5.0, 20.0], **fields})


def run(lssl, x=NOISE, record="y", dt=1.0, **options):
    net = Network({"lines": Afferents(x.shape[1], x=TimedArray(x, dt)), "layer": lssl})
    found = simulate(net, dt * len(x), dt=dt, record=[f"layer.{record}"], progress=False,
                     **{"backend": "reference", "dtype": "float64", **options})
    return np.asarray(found[f"layer.{record}"].values)


def looped(lssl, x, dt=1.0):
    keep, take = lssl.discrete(dt)
    state, found = np.zeros((lssl.lines, lssl.states)), []
    for now in x:
        state = np.einsum("hij,hj->hi", keep, state) + take * now[:, None]
        found.append(np.einsum("hmn,hn->hm", lssl.values["C"], state) + lssl.values["D"] * now[:, None])
    return np.reshape(found, (len(x), -1))


@pytest.mark.parametrize("fields", [{}, {"matrix": "legt", "alpha": 1.0}])
def test_a_layer_computes_what_a_plain_loop_does(fields, backend):
    lssl = layer(**fields)
    wanted = looped(lssl, NOISE)
    assert np.ptp(wanted) > 1.0
    np.testing.assert_allclose(run(lssl, backend=backend), wanted, rtol=1e-10, atol=1e-11)


def test_a_layer_is_the_convolution_with_its_kernel():
    lssl = layer()
    keep, take = lssl.discrete(1.0)
    found = run(lssl)
    for h in range(2):
        kernel = lssl.values["C"][h] @ krylov(keep[h], take[h], 30)
        for m in range(2):
            wanted = np.convolve(kernel[m], NOISE[:, h])[:30] + lssl.values["D"][h, m] * NOISE[:, h]
            np.testing.assert_allclose(found[:, 2 * h + m], wanted, atol=1e-12)


def test_legs_has_whole_eigenvalues_and_both_systems_are_stable():
    np.testing.assert_allclose(np.sort(np.linalg.eigvals(legs(8)[0]).real), -np.arange(8.0, 0, -1), atol=1e-9)
    assert np.linalg.eigvals(legt(8)[0]).real.max() < -1.0
    assert legs(3)[0].tolist() == [[-1, 0, 0], [-np.sqrt(3), -2, 0], [-np.sqrt(5), -np.sqrt(5) * np.sqrt(3), -3]]


def test_steps_are_those_of_the_transform_and_a_triangle_stays_one():
    (a, b), one = legt(5), np.eye(5)
    for alpha in (0.0, 0.3, 1.0):
        keep, take = discretised(a, b, [0.1, 0.02], alpha)
        for step, now, enters in zip((0.1, 0.02), keep, take, strict=True):
            np.testing.assert_allclose((one - alpha * step * a) @ now, one + (1 - alpha) * step * a, atol=1e-13)
            np.testing.assert_allclose((one - alpha * step * a) @ enters, step * b, atol=1e-13)
    keep, _ = discretised(*legs(40), 3.0)
    assert not np.triu(keep, 1).any() and np.abs(np.diag(keep)).max() < 1.0


def test_powers_are_found_by_squaring():
    keep, take = discretised(*legt(4), 0.05)
    wanted = np.stack([np.linalg.matrix_power(keep, k) @ take for k in range(11)], axis=1)
    np.testing.assert_allclose(krylov(keep, take, 11), wanted, atol=1e-13)


@pytest.mark.parametrize("name", ["legt", "legs"])
def test_the_state_is_the_past_in_known_polynomials(name):
    time = np.arange(1200.0)
    signal = np.sin(time / 31.0) + 0.5 * np.cos(time / 17.0)
    lags = np.array([20, 100, 250])
    weights = {"C": delay_readout(name, 48, lags / 300.0)[None], "D": np.zeros((1, 3))}
    lssl = LSSL(3, inputs="lines", states=48, matrix=name, tau=300.0, weights=weights)
    found = run(lssl, signal[:, None])[700:]
    # a step takes its input half a step early, and 300 ms of so slow a signal are held to some percent
    for lag, y in zip(lags, found.T, strict=True):
        assert np.abs(y - signal[700 - lag : 1200 - lag]).max() < 0.06, lag


def test_another_time_step_samples_the_same_system():
    one, two = (run(layer(), np.ones((round(20 / dt), 2)), record="x", dt=dt)[-1] for dt in (1.0, 0.5))
    assert np.abs(one - two).max() < 0.02 * np.abs(one).max()


def test_what_is_drawn_lies_where_it_should():
    lssl = LSSL(600, inputs="lines", lines=300, states=2, seed=1)
    assert 10.0 <= lssl.tau.min() < 12.0 and 850.0 < lssl.tau.max() <= 1000.0
    assert abs(np.mean(np.log(lssl.tau)) - np.log(100.0)) < 0.25
    for name in ("C", "D"):
        assert abs(lssl.values[name].mean()) < 0.15 and abs(lssl.values[name].std() - 1.0) < 0.15
    np.testing.assert_array_equal(drawn_timescales(5, 1.0, 9.0, seed=2), drawn_timescales(5, 1.0, 9.0, seed=2))


def test_a_layer_survives_being_written_down():
    given = layer(matrix={"A": -np.eye(3), "B": np.ones(3)}, weights=layer().values, alpha=1.0)
    for lssl in (layer(), given, LSSL(2, inputs="lines", lines=2)):
        assert from_plain(lssl.to_dict(), FAMILIES, "family", "x") == lssl
        net = Network({"lines": Afferents(2), "layer": lssl})
        assert Network.from_dict(net.to_dict()) == net


@pytest.mark.parametrize(("fields", "message"), [
    ({"lines": 3}, "multiple of the 3 lines"), ({"alpha": 1.5}, "alpha"), ({"tau": [1.0, -1.0]}, "tau"),
    ({"tau": [1.0]}, r"\(2,\)"), ({"matrix": "legz"}, "legs, legt"),
    ({"matrix": {"A": np.eye(2), "B": [1.0]}}, "finite A"),
    ({"weights": {"C": 0.0}}, "must be None or hold C"), ({"lines": 4, "tau": 1.0}, "the 2 lines"),
])
def test_a_wrong_field_is_refused(fields, message):
    with pytest.raises(NeurosimError, match=message):
        run(layer(**fields))


def test_a_line_of_delays_is_scored_as_what_it_is():
    signal = np.random.default_rng(1).normal(size=3000)
    states = np.stack([np.roll(signal, k) for k in range(1, 6)], axis=1)
    scores = delayed_scores(states, signal, range(1, 11), train=(100, 2000))
    np.testing.assert_allclose(scores[:5], 1.0, atol=1e-6)
    assert np.abs(scores[5:]).max() < 0.05
    assert memory_capacity(scores) == pytest.approx(5.0, abs=0.1)


def test_a_score_is_that_of_the_best_line_on_other_steps():
    rng = np.random.default_rng(2)
    signal = rng.normal(size=4000) + 3.0
    states = (np.roll(signal, 2) + rng.normal(size=4000))[:, None] * 100.0 + 7.0
    # half of the variance of the state is the signal's, so half of the signal's is known
    assert delayed_scores(states, signal, [2], train=(10, 3000))[0] == pytest.approx(0.5, abs=0.06)


@pytest.mark.parametrize(("arguments", "message"), [
    ({"train": (5, 40)}, "train"), ({"lags": [11], "train": (10, 20)}, "lags"), ({"ridge": 0.0}, "ridge"),
    ({"states": np.zeros((29, 2))}, r"states \(T, N\)"),
])
def test_a_score_that_cannot_be_is_refused(arguments, message):
    with pytest.raises(DescriptionError, match=message):
        delayed_scores(**{"states": np.zeros((30, 2)), "signal": np.zeros(30), "lags": [1], **arguments})


def test_delays_outside_of_the_window_are_refused():
    with pytest.raises(DescriptionError, match="within its window"):
        delay_readout("legt", 4, [1.1])
    with pytest.raises(DescriptionError, match="legs, legt"):
        delay_readout("mine", 4, [0.1])
