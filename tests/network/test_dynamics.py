"""What joins do in time: delays, plasticity, coupling, drives."""

import numpy as np
import pytest

from neurosim import Network, Neurons, Simulation, SpikeGenerator, TimedArray, simulate
from neurosim.connectivity import AllToAll, FromArrays, OneToOne
from neurosim.errors import DescriptionError, NetworkError

SUM = "x : 1"


def run(net, duration, record, backend, dt=0.1, **more):
    return simulate(
        net, duration, dt=dt, record=record, backend=backend, dtype="float64", progress=False, **more
    )


@pytest.mark.parametrize(("delay", "steps"), [(None, 1), (0.1, 1), (0.5, 5), (1.24, 12)])
def test_a_spike_arrives_at_the_beginning_of_step_k_plus_d(backend, delay, steps):
    net = Network()
    net.add("source", SpikeGenerator(1, [0], [0.3]))
    net.add("sink", Neurons(1, SUM))
    net.connect("source", "sink", OneToOne(), on_pre="x += 1", delay=delay)
    x = run(net, 3.0, "sink.x", backend)["sink.x"].values[:, 0]
    assert np.flatnonzero(x)[0] == 3 + steps
    assert x[-1] == 1.0


def test_each_edge_has_its_own_delay_and_weight_in_the_order_given(backend):
    net = Network({"source": SpikeGenerator(2, [0, 1], [0.0, 0.0]), "sink": Neurons(2, SUM)})
    net.connect("source", "sink", FromArrays([1, 0], [0, 1]), on_pre="x += w", w=[5.0, 7.0], delay=[0.3, 0.1])
    x = run(net, 0.5, "sink.x", backend)["sink.x"].values
    assert x[:, 0].tolist() == [0.0, 0.0, 0.0, 5.0, 5.0]
    assert x[:, 1].tolist() == [0.0, 7.0, 7.0, 7.0, 7.0]


def test_edges_remember_and_depress(backend):
    net = Network({"source": SpikeGenerator(1, [0, 0, 0], [0.0, 1.0, 2.0]), "sink": Neurons(1, SUM)})
    net.connect("source", "sink", OneToOne(), model="r : 1", on_pre="x += r; r = r/2", initial={"r": 1.0})
    recording = run(net, 3.0, ["sink.x", "source_to_sink.r"], backend)
    assert recording["sink.x"].values[-1, 0] == 1.75
    assert recording["source_to_sink.r"].values[-1, 0] == 0.125


def test_an_event_driven_trace_equals_the_clock_driven_one(backend):
    spikes, more = [0.0, 1.0, 3.7], {"tau": 2.0, "delay": 0.1}
    found = []
    for flag in ("event-driven", "clock-driven"):
        net = Network({"source": SpikeGenerator(1, [0] * 3, spikes), "sink": Neurons(1, SUM)})
        net.connect(
            "source",
            "sink",
            OneToOne(),
            model=f"da/dt = -a/tau : 1 ({flag})",
            on_pre="a += 1; x += a",
            **more,
        )
        found.append(run(net, 6.0, "sink.x", backend)["sink.x"].values[-1, 0])
    expected = sum(np.exp(-(b - a) / 2.0) for a in spikes for b in spikes if b >= a)
    assert found == pytest.approx([expected, expected], rel=1e-9)


def test_a_spike_of_the_target_changes_its_edges_at_once(backend):
    net = Network(
        {
            "source": SpikeGenerator(2, [0], [50.0]),
            "sink": Neurons(1, "x : 1", threshold="x > 0.5", reset="x = 0"),
        }
    )
    net.add("kick", SpikeGenerator(1, [0], [0.2]))
    net.connect("kick", "sink", OneToOne(), on_pre="x += 1")
    net.connect("source", "sink", AllToAll(), model="w : 1", on_post="w += 0.25", name="plastic")
    w = run(net, 1.0, "plastic.w", backend)["plastic.w"].values
    assert np.all(w[:3] == 0.0) and np.all(w[3:] == 0.25)


def test_gap_junctions_bring_potentials_together_and_keep_their_sum(backend):
    net = Network({"cell": Neurons(2, "dv/dt = I/ms : mV\nI : mV", initial={"v": "10*i*mV"})})
    net.connect("cell", "cell", AllToAll(self_connections=False), couple="I = g*(v_pre - v_post)", g=0.5)
    v = run(net, 20.0, "cell.v", backend)["cell.v"].values
    assert np.allclose(v.sum(axis=1), 10.0)
    assert abs(v[-1, 0] - v[-1, 1]) < 1e-6


def test_a_drive_brings_count_times_rate_events(backend):
    net = Network({"sink": Neurons(500, SUM)})
    net.drive("sink", "x += w", rate=20.0, count=10, w=2.0)
    x = run(net, 100.0, [("sink.x", 100.0)], backend)
    # 20 events of size 2 each on average; the mean over 500 neurons has a standard error of 0.4
    assert x["sink.x"].values[-1].mean() == pytest.approx(40.0, abs=1.6)


def test_a_name_with_a_side_is_read_there(backend):
    net = Network(
        {"source": SpikeGenerator(1, [0], [0.0]), "sink": Neurons(2, "x : 1\ny : 1", initial={"y": "1 + i"})}
    )
    net.connect("source", "sink", AllToAll(), on_pre="x += w*y_post", w=3.0)
    assert run(net, 1.0, "sink.x", backend)["sink.x"].values[-1].tolist() == [3.0, 6.0]


@pytest.mark.parametrize(
    ("fires", "up", "down"), [(1.9, 0.0, np.exp(-0.005)), (2.0, 1.0, 0.0), (2.1, np.exp(-0.005), 0.0)]
)
def test_spikes_that_meet_in_one_step_count_as_source_before_target(backend, fires, up, down):
    """A spike of 1 ms arrives after 1 ms, when the target fires or a step beside it; Brian 2 says the same."""
    net = Network({"source": SpikeGenerator(1, [0], [1.0]), "target": SpikeGenerator(1, [0], [fires])})
    traces = "dx/dt = -x/tau : 1 (event-driven)\ndy/dt = -y/tau : 1 (event-driven)\nup : 1\ndown : 1"
    net.connect("source", "target", OneToOne(), name="pair", model=traces, on_pre="x += 1; down += y",
                on_post="y += 1; up += x", tau=20.0, delay=1.0)
    found = run(net, 3.0, ["pair.up", "pair.down"], backend)
    np.testing.assert_allclose(found["pair.up"].values[-1], [up], rtol=1e-12)
    np.testing.assert_allclose(found["pair.down"].values[-1], [down], rtol=1e-12)


def test_couplings_onto_one_variable_add_up(backend):
    net = Network({"two": Neurons(2, SUM, x=[1.0, 2.0]), "three": Neurons(3, SUM, x=10.0), "sink": Neurons(2, SUM)})
    net.connect("two", "sink", AllToAll(), couple="x = x_pre")
    net.connect("three", "sink", AllToAll(), couple="x = g*x_pre", g=0.5)
    assert run(net, 0.3, "sink.x", backend)["sink.x"].values.tolist() == [[18.0, 18.0]] * 3


def test_a_drive_whose_rate_falls_below_zero_adds_nothing(backend):
    net = Network({"sink": Neurons(5, SUM)})
    net.drive("sink", "x += 1", rate="-500*Hz + 0*t*Hz/ms", count=1000)
    assert run(net, 5.0, "sink.x", backend)["sink.x"].values[-1].tolist() == [0.0] * 5


def test_a_delay_that_is_a_text_grows_with_distance(backend):
    places = 30.0 * np.arange(5)[:, None]
    cells = Neurons(5, SUM, threshold="x < 1", reset="x = 1", positions=places)
    net = Network({"cells": cells, "sink": Neurons(5, SUM, positions=places)})
    net.connect("cells", "sink", AllToAll(), on_pre="x += w", w="1.0*(i + 1)", delay="0.2*ms + distance/(100*um/ms)")
    x = run(net, 2.0, "sink.x", backend)["sink.x"].values
    expected = np.zeros_like(x)
    for i in range(5):
        for j in range(5):
            expected[2 + 3 * abs(i - j):, j] += i + 1
    assert np.array_equal(x, expected)
    assert Network.from_yaml(net.to_yaml()) == net


@pytest.mark.parametrize("wide", [False, True], ids=["one for all", "one for each"])
def test_a_table_of_rates_drives_as_the_same_rates_in_a_text_do(backend, wide):
    steps = np.array([0.0, 100.0, 400.0, 200.0])
    table = TimedArray(steps[:, None] * (1 + np.arange(20)) if wide else steps, dt=2.0)
    text = "100*Hz*(int(t >= 2*ms) + 3*int(t >= 4*ms) - 2*int(t >= 6*ms))" + "*(i + 1)" * wide
    found = []
    for rate in (table, text):
        net = Network({"sink": Neurons(20, SUM)})
        net.drive("sink", "x += w", rate=rate, count=40, w=0.5)
        assert Network.from_yaml(net.to_yaml()) == net
        found.append(run(net, 10.0, "sink.x", backend)["sink.x"].values)
    assert found[0][19].tolist() == [0.0] * 20 and found[0][20:].sum() > 500
    # times in a text and in a table may differ by the rounding of the step at which a row begins, not here
    np.testing.assert_array_equal(*found)


@pytest.mark.parametrize(("table", "message"), [
    (TimedArray([1.0, -2.0], dt=1.0), "drive 'sink_drive': rate must be >= 0, got -2.0 Hz"),
    (TimedArray([[1.0, 2.0]], dt=1.0), r"rate needs a TimedArray of shape \(T,\) or \(T, 5\), got \(1, 2\)"),
    (TimedArray([1.0], dt=1.0, unit="mV"), "must be in Hz"),
    (TimedArray([1.0], dt=0.15), "must be a multiple of the time step 0.1 ms"),
])  # fmt: skip
def test_a_table_that_holds_no_rates_is_refused(table, message):
    net = Network({"sink": Neurons(5, SUM)})
    with pytest.raises(DescriptionError, match=message):
        net.drive("sink", "x += 1", rate=table)
        net.build(dt=0.1)


def test_a_rate_from_a_table_is_read_but_not_set():
    net = Network({"sink": Neurons(5, SUM)})
    net.drive("sink", "x += 1", rate=TimedArray([10.0, 30.0], dt=1.0))
    session = Simulation(net, backend="reference", record="sink_drive.rate", progress=False)
    assert session.run(2.0)["sink_drive.rate"].values[[0, 10], 0].tolist() == pytest.approx([10.0, 30.0])
    assert session.get("sink_drive.rate") == pytest.approx(30.0)
    with pytest.raises(NetworkError, match="read from its TimedArray"):
        session.set("sink_drive.rate", 5.0)
