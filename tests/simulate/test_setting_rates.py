"""Rates of Poisson input that are set between runs."""

import numpy as np
import pytest

from neurosim import Network, Neurons, Poisson, Simulation, TimedArray
from neurosim.errors import DescriptionError, NetworkError

SIZE = 70
EACH = np.linspace(0.0, 600.0, SIZE)
OTHER = EACH[::-1].copy()


def network(rate=100.0, rates=200.0, **more):
    """A drive, which brings each cell its x, and two stimuli, which may lie side by side in memory."""
    net = Network({"stimulus": Poisson(SIZE, rates), "second": Poisson(SIZE, 50.0), "cells": Neurons(SIZE, "x : 1")})
    net.drive("cells", "x += w", rate=rate, count=3, w=1.0, name="drive", **more)
    return net


def session(backend="reference", **described):
    return Simulation(network(**described), backend=backend, dt=0.5, seed=4, record="spikes", progress=False)


def brought(run, duration=60.0):
    """What has come in up to the end of a further run, and which spikes there were."""
    recording = run.run(duration)
    spikes = [recording[f"{name}.spikes"].indices for name in ("stimulus", "second")]
    return [run.get("cells.x"), *spikes]


def assert_same(found, expected):
    assert expected[0].sum() > 100 and expected[-1].size > 100
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(("described", "given"), [(100.0, 333.0), (EACH, OTHER), (100.0, EACH), (EACH, 100.0)],
                         ids=["number", "array", "number to array", "array to number"])  # fmt: skip
def test_a_rate_that_is_set_is_as_good_as_one_that_was_described(backend, described, given):
    run, wanted = session(backend, rate=described, rates=described), session(backend, rate=given, rates=given)
    run.set("drive.rate", given)
    run.set("stimulus.rates", given)
    for name in ("drive.rate", "stimulus.rates"):
        np.testing.assert_allclose(run.get(name), given, rtol=1e-6)
    assert_same(brought(run), brought(wanted))


def test_a_rate_changes_what_comes_in_from_then_on():
    run = session(rate=100.0, rates=0.0)
    before = brought(run, 200.0)
    # 3 trains of 100 Hz for 200 ms: Poisson numbers of mean 60
    assert abs(before[0].mean() - 60.0) < 5.0 * np.sqrt(60.0 / SIZE) and before[1].size == 0
    run.set("drive.rate", 0.0)
    run.set("stimulus.rates", 500.0)
    after = brought(run, 200.0)
    np.testing.assert_array_equal(after[0], before[0])
    assert abs(after[1].size / SIZE - 100.0) < 5.0 * np.sqrt(100.0 * 0.75 / SIZE)


@pytest.mark.parametrize("given", [400.0, OTHER], ids=["number", "array"])
def test_a_file_keeps_rates_that_were_set(given, tmp_path, backend):
    def half_way():
        run = session(backend)
        run.run(20.0)
        run.set("drive.rate", given)
        run.set("stimulus.rates", given)
        run.run(20.0)
        return run

    expected = brought(half_way())
    half_way().save(tmp_path / "half")
    again = Simulation.load(tmp_path / "half", backend=backend, record="spikes", progress=False)
    np.testing.assert_allclose(again.get("drive.rate"), given, rtol=1e-6)
    found = brought(again)
    np.testing.assert_array_equal(found[0], expected[0])
    for one, other in zip(found[1:], expected[1:], strict=True):
        assert one.size > 50
        np.testing.assert_array_equal(one, other[-one.size :])


@pytest.mark.parametrize("values", [-1.0, np.nan, np.inf, [1.0, 2.0], np.full((2, SIZE), 1.0), np.r_[-1.0, EACH[1:]],
                                    "20*Hz", TimedArray([1.0], 1.0)], ids=lambda value: f"{value!r:.20}")  # fmt: skip
@pytest.mark.parametrize("name", ["drive.rate", "stimulus.rates"])
def test_a_rate_that_could_not_be_described_cannot_be_set(name, values):
    run = session()
    with pytest.raises(DescriptionError, match="rate"):
        run.set(name, values)
    assert run.get(name) == pytest.approx({"drive.rate": 100.0, "stimulus.rates": 200.0}[name])


def test_a_rate_of_more_than_a_spike_per_step_is_refused():
    with pytest.raises(DescriptionError, match="highest rate there is 2000 Hz"):
        session().set("stimulus.rates", 2001.0)


@pytest.mark.parametrize("rate", ["100*Hz*int(t > 5*ms)"], ids=["text"])
def test_a_rate_that_is_a_text_cannot_be_set(rate):
    run = session(rate=rate, rates=rate)
    for name in ("drive.rate", "stimulus.rates"):
        with pytest.raises(NetworkError, match=f"there is no variable '{name}'"):
            run.set(name, 10.0)
