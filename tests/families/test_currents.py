"""Currents added to neurons: their time courses, the block by magnesium, and what noise is made of."""

import numpy as np
import pytest

from neurosim import (
    LIF,
    AdEx,
    GapJunction,
    Network,
    Neurons,
    Noise,
    Poisson,
    Receptor,
    SpikeGenerator,
    simulate,
    with_currents,
)
from neurosim.connectivity import AllToAll, OneToOne
from neurosim.errors import DescriptionError

QUIET = LIF(1, threshold=1e6)
START = 1.0


def answer(receptor, record, dt=0.1):
    """(T,) what a spike of weight 1, which acts at ``START``, makes of a variable."""
    net = Network({"cell": with_currents(QUIET, receptor), "source": SpikeGenerator(1, [0], [START - dt])})
    net.connect("source", "cell", OneToOne(), on_pre=f"{receptor.target} += w", w=1.0, delay=dt)
    run = simulate(net, 40.0, dt=dt, dtype="float64", record=record, backend="reference", progress=False)
    return run[record].times - START, np.asarray(run[record])[:, 0]


def test_an_exponential_current_decays_from_its_weight():
    times, current = answer(Receptor("syn", tau=5.0), "cell.I_syn")
    after = times > 0
    np.testing.assert_allclose(current[after], np.exp(-times[after] / 5.0), rtol=1e-9)
    assert np.all(current[times < -1e-9] == 0.0)


def test_an_alpha_current_peaks_at_its_time_constant_with_its_weight():
    times, current = answer(Receptor("syn", tau=5.0, tau_rise=5.0), "cell.I_syn")
    expected = np.where(times > 0, times / 5.0 * np.exp(1.0 - times / 5.0), 0.0)
    np.testing.assert_allclose(current, expected, atol=1e-9)
    assert times[np.argmax(current)] == pytest.approx(5.0) and current.max() == pytest.approx(1.0, abs=1e-9)


def test_two_exponentials_peak_with_the_weight():
    times, current = answer(Receptor("syn", tau=8.0, tau_rise=2.0), "cell.I_syn")
    peak = 8.0 * 2.0 / 6.0 * np.log(4.0)
    scale = np.exp(-peak / 8.0) - np.exp(-peak / 2.0)
    expected = np.where(times > 0, (np.exp(-times / 8.0) - np.exp(-times / 2.0)) / scale, 0.0)
    np.testing.assert_allclose(current, expected, atol=1e-9)
    assert current.max() == pytest.approx(1.0, abs=1e-4)


def test_times_that_are_nearly_equal_are_no_special_case():
    scales = [Receptor("x", tau=5.0, tau_rise=5.0 * (1 + e)).scale for e in (0.0, 1e-9, 1e-7, 1e-5, 1e-3)]
    np.testing.assert_allclose(scales, scales[0], rtol=1e-3)


def test_magnesium_blocks_as_published():
    """The current of an open channel at held potentials is that of Jahr and Stevens (1990)."""
    held = np.array([-80.0, -60.0, -40.0, -20.0, 0.0, 20.0])
    clamp = Neurons(6, "dv/dt = (held - v)/tau + I/C : mV\nI : pA", tau=1.0, C=1e9, held=held, initial={"v": held})
    cells = with_currents(clamp, Receptor("nmda", tau=1e9, reversal=0.0, magnesium=1.0))
    free = with_currents(clamp, Receptor("nmda", tau=1e9, reversal=0.0))
    current = {}
    for name, whole in (("blocked", cells), ("free", free)):
        text = whole.equations.replace("I_total = I +", "I_total = ")
        part = Neurons(6, text + "\ndseen/dt = (I_nmda - seen)/dt : pA", method="euler",
                       **{**whole.parameters, "tau": 1.0}, initial={**whole.initial, "g_nmda": 2.0})
        run = simulate(Network({"c": part}), 1.0, dt=0.1, dtype="float64", record="c.seen", backend="reference",
                       progress=False)
        current[name] = np.asarray(run["c.seen"])[-1]
    np.testing.assert_allclose(current["free"], -2.0 * held, rtol=1e-6)
    share = current["blocked"][held != 0] / current["free"][held != 0]
    np.testing.assert_allclose(share, 1.0 / (1.0 + np.exp(-0.062 * held[held != 0]) / 3.57), rtol=1e-6)
    assert share[0] < 0.03 < 0.75 < share[-1]  # the curve of the paper: next to nothing at -80 mV, most at 20 mV


@pytest.mark.parametrize(("dt", "compiled"), [(0.1, "numba"), (2.0, "reference")])
def test_noise_has_its_spread_and_memory_at_any_step(dt, compiled):
    size, steps = 500, 400
    cells = with_currents(LIF(size, threshold=1e6), Noise(tau=5.0, sd=3.0, mean=1.0))
    run = simulate(Network({"c": cells}), steps * dt, dt=dt, record="c.I_noise", backend=compiled, progress=False)
    x = np.asarray(run["c.I_noise"], dtype=float)
    independent = size * max(steps * dt / 10.0, 1.0)  # one draw per two time constants and neuron
    assert x.mean() == pytest.approx(1.0, abs=5 * 3.0 / np.sqrt(independent))
    assert x.std() == pytest.approx(3.0, rel=5 / np.sqrt(2 * independent))
    assert x[0].std() == pytest.approx(3.0, rel=5 / np.sqrt(2 * size))  # it begins in its stationary state
    lag = round(4.0 / dt)
    y = x - 1.0
    assert (y[lag:] * y[:-lag]).mean() / 9.0 == pytest.approx(np.exp(-lag * dt / 5.0), abs=5 / np.sqrt(independent))


def test_a_gap_junction_is_one_line():
    """Two passive cells: the mean decays with the leak, the difference with the leak and twice the junction."""
    cell = Neurons(2, "dv/dt = (g_L*(0*mV - v) + I)/C : mV\nI : pA", g_L=10.0, C=100.0, initial={"v": [10.0, 0.0]})
    gap = GapJunction()
    net = Network({"cells": with_currents(cell, gap)})
    net.connect("cells", "cells", AllToAll(self_connections=False), couple=gap.couple, g=5.0)
    run = simulate(net, 10.0, dt=0.01, dtype="float64", record="cells.v", backend="reference",
                   progress=False)["cells.v"]
    v, t = np.asarray(run), run.times
    np.testing.assert_allclose(v.sum(axis=1), 10.0 * np.exp(-t / 10.0), rtol=1e-9)
    np.testing.assert_allclose(v[:, 0] - v[:, 1], 10.0 * np.exp(-t / 5.0), rtol=2e-3)  # coupling holds for a step


def test_currents_can_be_added_twice_and_to_every_neuron():
    once = with_currents(AdEx(3), Receptor("a", tau=5.0, reversal=0.0), Receptor("b", tau=10.0))
    twice = with_currents(with_currents(AdEx(3), Receptor("a", tau=5.0, reversal=0.0)), Receptor("b", tau=10.0))
    assert "I_total = I + I_a + I_b : pA" in once.equations.splitlines()
    assert "I_total = I + I_a + I_b : pA" in twice.equations.splitlines()
    assert once.dimensions == twice.dimensions and once.targets == twice.targets >= {"g_a", "I_b", "I"}


def test_an_input_that_there_is_not_is_refused():
    with pytest.raises(DescriptionError, match="into must be a parameter that the equations declare, got 'J'"):
        with_currents(AdEx(1), Noise(tau=1.0, sd=1.0), into="J")
    with pytest.raises(DescriptionError, match="Receptor.magnesium needs a reversal"):
        Receptor("n", tau=1.0, magnesium=1.0)
    with pytest.raises(DescriptionError, match="Receptor.name must be letters"):
        Receptor("a b", tau=1.0)


@pytest.mark.parametrize(
    ("given", "message"),
    [((Poisson(3, 1.0), Noise(tau=5.0, sd=1.0)), "neurons must be Neurons"), ((AdEx(3), 5.0), "a current must be")],
)
def test_what_takes_no_currents_and_what_is_none_are_refused(given, message):
    with pytest.raises(DescriptionError, match=message):
        with_currents(*given)
