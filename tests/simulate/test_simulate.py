"""simulate(): what it takes, what it refuses, what it gives."""

import inspect
import io
import sys

import numpy as np
import pytest

from neurosim import LIF, Network, Neurons, Poisson, Recording, Simulation, TimedArray, simulate
from neurosim.connectivity import Bernoulli
from neurosim.errors import BackendError, DescriptionError, NetworkError, NonFiniteError, RecordingError
from neurosim.simulate import progress as progress_module

COBA = """
dv/dt   = (E_L - v + g_e*(E_e - v) + g_i*(E_i - v)) / tau_m : mV (unless refractory)
dg_e/dt = -g_e / tau_e : 1
dg_i/dt = -g_i / tau_i : 1
"""


def coba():
    net = Network()
    for name, size in {"exc": 320, "inh": 80}.items():
        net.add(
            name,
            Neurons(
                size,
                COBA,
                threshold="v > -50",
                reset="v = -60",
                refractory=5.0,
                E_L=-49.0,
                E_e=0.0,
                E_i=-80.0,
                tau_m=20.0,
                tau_e=5.0,
                tau_i=10.0,
                initial={"v": "-60 + 10*rand()"},
            ),
        )
    net.connect("exc", ["exc", "inh"], Bernoulli(0.02), on_pre="g_e += w", w=0.6, delay=0.1)
    net.connect("inh", ["exc", "inh"], Bernoulli(0.02), on_pre="g_i += w", w=6.7, delay=0.1)
    return net


def lif(**more):
    return Network({"cell": LIF(4, i=30.0, **more)})


def test_the_network_of_the_first_page_runs(backend):
    recording = simulate(
        coba(),
        60.0,
        dt=0.1,
        seed=1,
        record=["exc.spikes", "inh.spikes", "exc.v[:5]"],
        backend=backend,
        dtype="float64",
        progress=False,
    )
    assert recording["exc.v"].values.shape == (600, 5)
    assert 5.0 < recording["exc.spikes"].rates().mean() < 150.0
    assert recording.finished


def test_backends_agree_spike_for_spike_in_double_precision(backend):
    times = [
        simulate(coba(), 30.0, record="spikes", seed=2, backend=name, dtype="float64", progress=False)[
            "exc.spikes"
        ]
        for name in ("reference", backend)
    ]
    assert len(times[0].times) > 100
    assert np.array_equal(times[0].indices, times[1].indices) and np.array_equal(
        times[0].times, times[1].times
    )


@pytest.mark.parametrize("duration", [0.0, -1.0, 0.25, np.nan, np.inf])
def test_a_duration_that_is_no_multiple_of_the_step_is_refused(duration):
    with pytest.raises(DescriptionError, match="duration must be a multiple"):
        simulate(lif(), duration, dt=0.1, backend="reference")


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"backend": "nunba"}, BackendError, "did you mean 'numba'"),
        ({"dtype": "float16"}, DescriptionError, "float32, float64"),
        ({"threads": -1}, DescriptionError, "threads"),
        ({"seed": -1}, DescriptionError, "seed"),
        ({"replicas": 0}, DescriptionError, "replicas"),
        ({"dt": 0.0}, DescriptionError, "dt"),
    ],
)
def test_a_wrong_argument_is_named(arguments, error, message):
    with pytest.raises(error, match=message):
        simulate(lif(), 1.0, **{"backend": "reference", **arguments})


@pytest.mark.parametrize(
    ("record", "error", "message"),
    [
        ("cel.v", NetworkError, "did you mean 'cell.v'"),
        ("cell.spike", NetworkError, "did you mean 'cell.spikes'"),
        ("cell.v[9]", RecordingError, r"index 9 is not in 0\.\.3"),
        ("cell.v[2:2]", RecordingError, "nothing is chosen"),
        ("cell.v[a]", RecordingError, "no index"),
        ("v", RecordingError, "must read as"),
        ([3], RecordingError, "an entry is"),
        ([("cell.v", 0.25)], RecordingError, "multiple of the time step"),
        ([("cell.spikes", 1.0)], RecordingError, "events are all recorded"),
        (["cell.v", "cell.v"], RecordingError, "asked for twice"),
    ],
)
def test_what_cannot_be_recorded_is_refused_before_anything_runs(record, error, message):
    with pytest.raises(error, match=message):
        simulate(lif(), 1.0, record=record, backend="reference")


@pytest.mark.parametrize(
    ("text", "indices"),
    [
        ("cell.v", [0, 1, 2, 3]),
        ("cell.v[:2]", [0, 1]),
        ("cell.v[3]", [3]),
        ("cell.v[-1]", [3]),
        ("cell.v[::2]", [0, 2]),
        ("cell.v[[0, 3]]", [0, 3]),
        ("cell.v[1, 2]", [1, 2]),
    ],
)
def test_indices_are_chosen_as_in_python(text, indices):
    net = Network({"cell": Neurons(4, "v : mV", initial={"v": "i*mV"})})
    recording = simulate(net, 0.2, dt=0.1, record=[text], backend="reference")
    assert recording["cell.v"].values[-1].tolist() == indices


def test_samples_can_be_taken_every_so_many_ms():
    for record in ([("cell.v", 0.5)], {"cell.v": 0.5}):
        recording = simulate(lif(), 2.0, dt=0.1, record=record, backend="reference")
        assert recording["cell.v"].values.shape == (4, 4)


def test_a_variable_recorded_twice_is_called_by_its_texts():
    recording = simulate(lif(), 1.0, record=["cell.v[:2]", ("cell.v[3]", 0.5)], backend="reference")
    assert recording["cell.v[:2]"].values.shape == (10, 2)
    assert recording["cell.v[3]"].values.shape == (2, 1)


def test_rates_are_recorded_in_hertz():
    recording = simulate(
        Network({"source": Poisson(1, 30.0)}), 0.2, record="source.rates", backend="reference"
    )
    assert recording["source.rates"].values[-1, 0] == pytest.approx(30.0)


def test_replicas_share_edges_and_draw_their_own_start(backend):
    both = simulate(
        coba(), 20.0, seed=1, replicas=2, record="exc.v[:3]", backend=backend, dtype="float64", progress=False
    )
    alone = simulate(
        coba(), 20.0, seed=1, record="exc.v[:3]", backend=backend, dtype="float64", progress=False
    )
    values = both["exc.v"].values
    assert values.shape == (200, 2, 3)
    assert np.allclose(values[:, 0], alone["exc.v"].values)
    assert not np.allclose(values[:, 1], values[:, 0])


def test_a_state_that_explodes_is_told_with_part_variable_index_and_time(backend):
    net = Network(
        {
            "ok": LIF(2),
            "bomb": Neurons(
                3, "dx/dt = k*x**2/ms : 1", k=[0.0, 0.0, 1.0], initial={"x": 1.0}, method="euler"
            ),
        }
    )
    with pytest.raises(NonFiniteError, match=r"'x' of 'bomb' became (inf|nan) at index 2 at t = ") as caught:
        simulate(net, 100.0, dt=0.1, record="bomb.x", backend=backend, dtype="float64", progress=False)
    x, step = 1.0, 0
    while np.isfinite(x):
        with np.errstate(over="ignore"):
            x, step = x + 0.1 * np.float64(x) ** 2, step + 1
    assert f"at t = {step * 0.1:g} ms" in str(caught.value)
    values = caught.value.recording["bomb.x"].values
    assert len(values) == step and np.isfinite(values[:-1]).all()


def test_progress_is_told_in_ms_and_ends_at_the_whole():
    seen = []
    simulate(lif(), 5.0, backend="reference", progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (5.0, 5.0)


def test_a_bar_is_shown_to_a_terminal_only(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    assert progress_module.make_progress(False) is None
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    assert progress_module.make_progress(True) is None or "ipykernel" in sys.modules
    monkeypatch.setattr(sys, "stderr", Terminal())
    simulate(lif(), 5.0, backend="reference")
    assert "5/5 ms" in sys.stderr.getvalue()


def test_a_recording_can_go_to_disk_while_it_is_made(tmp_path):
    simulate(lif(), 50.0, record="spikes", backend="reference", path=tmp_path / "run")
    assert len(Recording.load(tmp_path / "run")["cell.spikes"].times) > 0


def test_a_recording_on_disk_is_replaced_only_where_that_was_asked_for(tmp_path, monkeypatch):
    def run(duration, name="run", **more):
        return simulate(lif(), duration, record="spikes", backend="reference", path=tmp_path / name, **more)

    run(50.0)
    with monkeypatch.context() as patch, pytest.raises(RecordingError, match="holds a recording .* overwrite=True"):
        patch.setattr(Network, "build", None)  # told before anything is built
        run(5.0)
    with pytest.raises(NetworkError, match="there is no 'nobody.v'"):
        simulate(lif(), 5.0, record="nobody.v", backend="reference", path=tmp_path / "run", overwrite=True)
    assert Recording.load(tmp_path / "run").duration == 50.0
    run(10.0, overwrite=True)
    assert Recording.load(tmp_path / "run").duration == 10.0
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "precious").write_text("x")
    with pytest.raises(RecordingError, match="exists and is not a recording"):
        run(5.0, "notes", overwrite=True)
    with pytest.raises(RecordingError, match="exists and is no folder"):
        run(5.0, "notes/precious", overwrite=True)
    assert (tmp_path / "notes" / "precious").read_text() == "x"


def test_the_options_of_a_run_are_those_of_a_session_and_said_by_name():
    shown = inspect.signature(simulate).parameters
    assert {**inspect.signature(Simulation).parameters, "duration": 0}.keys() == shown.keys()
    assert shown["dt"].default == 0.1 and shown["overwrite"].default is False
    with pytest.raises(DescriptionError, match="no option 'treads' of a run; did you mean 'threads'"):
        simulate(lif(), 5.0, treads=2)
    with pytest.raises(DescriptionError, match="overwrite needs a path"):
        simulate(lif(), 5.0, overwrite=True)


def test_a_thing_that_is_no_network_is_refused():
    with pytest.raises(NetworkError, match="must be a Network"):
        Simulation({"cell": LIF(1)})


def test_what_a_solver_keeps_for_itself_is_not_offered_but_can_be_looked_at():
    run = Simulation(coba(), backend="reference", progress=False)
    for ask in (lambda: run.get("exc.u"), lambda: simulate(coba(), 5.0, record="exc.u", backend="reference")):
        with pytest.raises(NetworkError, match=r"exc\.v") as caught:
            ask()
        assert "exc.step_" not in str(caught.value) and "refractory_steps" not in str(caught.value)
    inner = [name for name in run.program.buffers if name.startswith("exc.step_")]
    assert inner and np.isfinite(run.get(inner[0]))


def test_a_recording_says_in_which_precision_it_was_calculated():
    assert simulate(lif(), 5.0, backend="reference").metadata["dtype"] == "float64"


SUMMED = """
dv/dt = (-65*mV - v + I_total)/tau : mV
I_total = I_syn + I_ac : mV
I_syn = g*(0*mV - v) : mV
I_ac = 5*mV*sin(2*pi*t*10*Hz) : mV
dg/dt = -g/tau : 1
"""


def summed():
    return Network({"cells": Neurons(3, SUMMED, tau=5.0, initial={"v": -65.0, "g": [0.1, 0.5, 1.0]})})


def test_a_subexpression_is_recorded_as_it_is_at_the_end_of_a_step(backend):
    asked = ["cells.v", "cells.g", "cells.I_syn", "cells.I_total[1]", ("cells.I_ac", 0.5)]
    recording = simulate(summed(), 5.0, record=asked, backend=backend, dtype="float64", progress=False)
    v, g, ac = recording["cells.v"].values, recording["cells.g"].values, recording["cells.I_ac"]
    expected = 5.0 * np.sin(2 * np.pi * ac.times / 100.0)
    assert recording["cells.I_syn"].unit == "mV"
    np.testing.assert_allclose(recording["cells.I_syn"].values, g * (0.0 - v), atol=1e-12)
    np.testing.assert_allclose(ac.values, np.repeat(expected[:, None], 3, axis=1), atol=1e-12)
    np.testing.assert_allclose(recording["cells.I_total"].values[4::5, 0], (g * -v)[4::5, 1] + expected, atol=1e-12)


def test_a_checkpoint_does_not_depend_on_the_subexpressions_recorded(tmp_path):
    def session(record):
        return Simulation(summed(), record=record, backend="reference", progress=False)

    one, other = session(["cells.I_syn"]), session(["cells.v"])
    for running in (one, other):
        running.run(2.0)
    one.save(tmp_path / "one.npz")
    other.save(tmp_path / "other.npz")
    whole = one.run(2.0)["cells.I_syn"].values[20:]
    taken_up = Simulation.load(tmp_path / "other.npz", record="cells.I_syn", backend="reference", progress=False)
    assert np.array_equal(taken_up.run(2.0)["cells.I_syn"].values, whole)
    without = Simulation.load(tmp_path / "one.npz", backend="reference", progress=False)
    without.run(2.0)
    other.run(2.0)
    assert np.array_equal(without.get("cells.v"), other.get("cells.v"))


@pytest.mark.parametrize(
    ("text", "more", "message"),
    [
        ("x = rand() : 1 (constant over dt)\ny : 1", {}, "draws by rand"),
        ("x = y*sin(t/ms) : 1\ny : 1", {"dt": 1.0}, "steps of its own"),
        ("xx = 2*y : 1\ny : 1", {}, "did you mean 'cells.xx'"),
    ],
)
def test_a_subexpression_that_cannot_be_recorded_is_refused(text, more, message):
    net = Network({"cells": Neurons(1, text, **more)})
    with pytest.raises(DescriptionError, match=message):
        simulate(net, 2.0, record="cells.x", backend="reference", progress=False)


def test_one_pair_is_one_entry_of_record():
    recording = simulate(summed(), 2.0, record=("cells.v", 1.0), backend="reference", progress=False)
    assert recording["cells.v"].values.shape == (2, 3)


def test_what_a_table_plays_cannot_be_set():
    net = Network({"cells": Neurons(2, "y : 1", y=TimedArray([1.0, 2.0], dt=1.0))})
    session = Simulation(net, backend="reference", progress=False)
    with pytest.raises(NetworkError, match=r"cells.y is read from its TimedArray at every step"):
        session.set("cells.y", 3.0)


def test_a_run_of_more_steps_than_can_be_counted_is_refused():
    with pytest.raises(DescriptionError, match=r"duration must be at most 2\^53 time steps"):
        simulate(summed(), 1e300, backend="reference", progress=False)


def test_ctrl_c_while_compiling_says_so_in_one_line(monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    for runs_it in ("reference.backend.ReferenceBackend", "cupy.backend.CupyBackend"):  # the second with --cuda
        monkeypatch.setattr(f"neurosim.backends.{runs_it}.prepare", interrupted)
    with pytest.raises(KeyboardInterrupt, match="while the network was compiled") as caught:
        simulate(summed(), 1.0, backend="reference", progress=False)
    assert caught.value.__suppress_context__
