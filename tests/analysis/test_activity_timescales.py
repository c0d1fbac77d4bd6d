"""Timescales of processes whose timescales are known."""

import numpy as np
import pytest
from scipy.signal import lfilter

from neurosim.analysis import autocorrelations, components_for, fitted_timescale, network_timescales
from neurosim.errors import DescriptionError


def process(tau, seed, trials=10, steps=50_000):
    """Unit-variance autoregressive noise, (trials, steps, 1)."""
    keep = np.exp(-1 / tau)
    noise = np.random.default_rng(seed).normal(size=(trials, steps))
    return lfilter([np.sqrt(1 - keep**2)], [1, -keep], noise, axis=1)[..., None]


def test_autocorrelations_are_those_of_the_definition():
    values = np.random.default_rng(0).normal(size=(2, 50, 3)).cumsum(axis=1)
    centred = values - values.mean(axis=1, keepdims=True)
    lagged = [(centred[:, : 50 - k] * centred[:, k:]).sum(axis=1).mean(axis=0) / (50 - k) for k in range(6)]
    np.testing.assert_allclose(autocorrelations(values, 6), lagged / lagged[0], rtol=1e-10)


@pytest.mark.parametrize("seed", range(3))
def test_one_timescale_is_found_by_the_guarded_rule(seed):
    found = fitted_timescale(autocorrelations(process(4.4814, seed))[:, 0])
    assert found.parts == 1 and found.tau == pytest.approx(4.4814, rel=0.03)


def test_the_slower_of_two_timescales_is_found_by_both_rules():
    correlation = autocorrelations(process(2.0, 5) + process(20.0, 6))[:, 0]
    for rule in ("guarded", "published"):
        found = fitted_timescale(correlation, rule=rule)
        assert found.parts == 2 and found.tau == pytest.approx(20.0, rel=0.1)


def test_the_published_rule_takes_errors_for_structure():
    # two of these six processes of one timescale are enough; that it does so in most is reported, not needed here
    wrong = sum(fitted_timescale(autocorrelations(process(4.4814, s))[:, 0], rule="published").tau > 5
                for s in range(10, 16))
    assert wrong >= 2


def test_a_silent_unit_has_no_timescale():
    values = np.concatenate([np.full((2000, 1), 0.3), process(3.0, 1, 1, 2000)[0]], axis=1)
    found = network_timescales(values)
    assert np.isnan(found[0]) and 2.0 < found[1] < 4.5


def test_components_count_the_directions_of_variance():
    rng = np.random.default_rng(0)
    assert components_for(rng.normal(size=(500, 2)) @ rng.normal(size=(2, 30))) <= 2
    assert components_for(rng.normal(size=(5000, 20))) >= 17


@pytest.mark.parametrize("call", [lambda: autocorrelations(np.zeros(5)), lambda: autocorrelations(np.zeros((5, 2))),
                                  lambda: fitted_timescale(np.ones(5), rule="best")])
def test_what_does_not_fit_is_refused(call):
    with pytest.raises(DescriptionError):
        call()
