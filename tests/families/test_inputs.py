"""Inputs: Poisson processes, given spikes, tables."""

import numpy as np
import pytest

from neurosim import Network, Neurons, Poisson, SpikeGenerator, TimedArray, current_steps, simulate
from neurosim.errors import DescriptionError, UnitError


def spikes(part, duration=10.0, backend="reference", dt=0.1):
    return simulate(
        Network({"source": part}), duration, dt=dt, record="spikes", backend=backend, progress=False
    )["source.spikes"]


def test_a_given_spike_fires_in_the_step_of_its_time(backend):
    found = spikes(SpikeGenerator(3, [2, 0, 1], [5.0, 0.0, 0.29]), backend=backend)
    assert found.indices.tolist() == [0, 1, 2]
    assert np.allclose(found.times, [0.0, 0.3, 5.0])


@pytest.mark.parametrize(
    ("indices", "times", "message"),
    [
        ([0], [-1.0], ">= 0"),
        ([3], [1.0], r"in 0\.\.2"),
        ([-1], [1.0], r"in 0\.\.2"),
        ([0, 1], [1.0], r"\(n,\)"),
        ([0.5], [1.0], "whole"),
        ([0], [np.nan], "finite"),
    ],
)
def test_a_wrong_spike_is_refused(indices, times, message):
    with pytest.raises(DescriptionError, match=message):
        SpikeGenerator(3, indices, times)


def test_two_spikes_in_one_step_are_refused():
    network = Network({"source": SpikeGenerator(1, [0, 0], [1.0, 1.04])})
    with pytest.raises(DescriptionError, match="two spikes within the step"):
        network.build(dt=0.1)
    assert network.build(dt=0.02).lists["source.spikes"].space == "source"


def test_a_poisson_process_fires_at_its_rate(backend):
    count = len(spikes(Poisson(500, 100.0), duration=100.0, backend=backend).times)
    # 5000 expected; four standard deviations are 280
    assert abs(count - 5000) < 280


def test_rates_may_differ_and_follow_a_text_or_a_table():
    given = spikes(Poisson(2, [0.0, 1000.0]), duration=50.0)
    assert set(given.indices.tolist()) == {1}
    by_text = spikes(Poisson(200, "200*Hz*int(t > 5*ms)"), duration=10.0)
    assert len(by_text.times) and by_text.times.min() > 5.0
    by_table = spikes(Poisson(200, TimedArray([0.0, 500.0], dt=5.0)), duration=10.0)
    assert len(by_table.times) and by_table.times.min() >= 5.0
    for_each = spikes(Poisson(2, TimedArray([[0.0, 1000.0], [1000.0, 0.0]], dt=25.0)), duration=50.0)
    assert len(for_each.times) > 20 and np.array_equal(for_each.indices == 0, for_each.times >= 25.0)


@pytest.mark.parametrize("rates", [-1.0, np.nan, [1.0, 2.0, 3.0], "v * 3", TimedArray([5.0, -1.0], 1.0),
                                   TimedArray([[5.0, 1.0, 2.0]], 1.0), TimedArray([5.0], 1.0, unit="mV")])  # fmt: skip
def test_a_wrong_rate_is_refused(rates):
    with pytest.raises(DescriptionError, match=r"Poisson\.rates"):
        Poisson(2, rates)


def test_a_rate_above_one_spike_per_step_is_refused():
    with pytest.raises(DescriptionError, match="more than one spike per step"):
        Network({"source": Poisson(1, 20_000.0)}).build(dt=0.1)


def test_a_table_drives_a_parameter(backend):
    table = TimedArray([[1.0, 2.0], [3.0, 4.0]], dt=0.2, unit="nA")
    part = Neurons(2, "dq/dt = I : pA*ms\nI : pA", I=table)
    recording = simulate(
        Network({"cell": part}), 0.6, dt=0.1, record=["cell.I", "cell.q"], backend=backend, progress=False
    )
    assert recording["cell.I"].values[:, 0].tolist() == [1000.0, 1000.0, 3000.0, 3000.0, 3000.0, 3000.0]
    assert recording["cell.q"].values[-1] == pytest.approx([1400.0, 2000.0])


def test_a_table_in_the_wrong_unit_is_refused():
    with pytest.raises(UnitError, match="pA"):
        Neurons(1, "I : pA", I=TimedArray([1.0], dt=1.0, unit="mV"))


def test_a_table_for_an_undeclared_parameter_is_refused():
    with pytest.raises(DescriptionError, match="must declare it"):
        Neurons(1, "dv/dt = E/ms : mV", E=TimedArray([1.0], dt=1.0))


def test_a_table_whose_grain_is_no_multiple_of_the_step_is_refused():
    part = Neurons(1, "I : pA", I=TimedArray([1.0, 2.0], dt=0.25))
    with pytest.raises(DescriptionError, match="multiple of the time step"):
        Network({"cell": part}).build(dt=0.1)


def test_current_steps_hold_until_the_next():
    assert current_steps([1.0, 3.0], [5.0, 0.0], dt=1.0).values.tolist() == [0.0, 5.0, 5.0, 0.0]
    columns = current_steps([1.0, 2.0], [[5.0, 6.0], [0.0, 1.0]], dt=1.0)
    assert columns.values.tolist() == [[0.0, 0.0], [5.0, 6.0], [0.0, 1.0]]


def test_current_steps_take_times_with_a_unit():
    second = pytest.importorskip("pint").UnitRegistry().second
    table = current_steps([0.001, 0.003] * second, [5.0, 0.0], dt=0.001 * second)
    assert table.values.tolist() == [0.0, 5.0, 5.0, 0.0] and table.dt == 1.0


@pytest.mark.parametrize(
    ("times", "values", "message"),
    [
        ([10.5, 20.0], [1.0, 2.0], "multiples of dt = 1 ms, got 10.5 ms"),
        ([float("nan"), 20.0], [1.0, 2.0], "must ascend"),
        ([1.0], [1.0, 2.0], r"got \(1,\) and \(2,\)"),
    ],
)
def test_current_steps_that_the_table_would_move_are_refused(times, values, message):
    with pytest.raises(DescriptionError, match=message):
        current_steps(times, values, dt=1.0)


def test_a_pint_table_brings_its_unit():
    pint = pytest.importorskip("pint")
    table = TimedArray(pint.UnitRegistry().Quantity([1.0], "nA"), dt=1.0)
    assert Neurons(1, "I : pA", I=table) == Neurons(1, "I : pA", I=TimedArray([1.0], 1.0, table.unit))


def test_rates_are_kept_as_they_were_written():
    assert Poisson(2, [0.07, 70.0]).rates.tolist() == [0.07, 70.0]
    assert Poisson(2, 70.0).rates == 70.0
