"""What figures show, read back from their artists."""

import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from neurosim import plots
from neurosim.analysis import population_rate, power_spectrum
from neurosim.errors import DescriptionError
from neurosim.recording import Channel, Recorder, Recording, Spikes, Traces

plt = pytest.importorskip("matplotlib.pyplot")


@pytest.fixture(autouse=True)
def closed_figures():
    """No figure outlives its test."""
    yield
    plt.close("all")


def population(size: int, count: int, label: str, seed: int = 0) -> Spikes:
    rng = np.random.default_rng(seed)
    steps, indices = rng.integers(0, 1000, count), rng.integers(0, size, count)
    return Spikes(steps=steps, indices=indices, size=size, dt=0.5, stop_step=1000, label=label)


@pytest.fixture
def recording() -> Recording:
    plan = [
        Channel(key="exc.spikes", kind="events", size=40),
        Channel(key="inh.spikes", kind="events", size=10),
        Channel(key="exc.v", kind="samples", size=40, indices=np.arange(7), unit="mV"),
    ]
    made = Recorder(plan, dt=0.5)
    for key, size in (("exc.spikes", 40), ("inh.spikes", 10)):
        spikes = population(size, 300, key)
        made.events(key, spikes.steps, spikes.indices)
    made.samples("exc.v", np.arange(1000), np.arange(7000.0).reshape(1000, 7))
    return made.finish(1000)


def points(ax) -> np.ndarray:
    """(S, 2) the dots of a raster."""
    return np.concatenate([line.get_xydata() for line in ax.lines])


def notes(ax) -> str:
    return " ".join(text.get_text() for text in ax.texts)


def test_every_spike_is_a_dot_at_its_time_and_neuron():
    spikes = population(20, 100, "exc")
    ax = plots.raster(spikes)
    assert np.array_equal(points(ax), np.column_stack([spikes.times, spikes.indices]))
    assert (
        ax.get_xlim() == (0.0, 500.0) and ax.get_xlabel() == "time (ms)" and ax.get_ylabel() == "exc neuron"
    )
    assert notes(ax) == "" and ax.lines[0].get_rasterized()


def test_the_axes_given_are_drawn_into_and_returned(recording):
    given = plt.figure().subplots(3, 2).ravel()
    edges = SimpleNamespace(sources=2, targets=2, first=np.array([0, 1, 1]), target=np.array([1]))
    calls = (
        lambda ax: plots.raster(recording, ax),
        lambda ax: plots.rate(recording, ax),
        lambda ax: plots.traces(recording["exc.v"], ax),
        lambda ax: plots.histogram(recording["exc.spikes"].rates(), ax),
        lambda ax: plots.spectrum(recording, ax),
        lambda ax: plots.connectivity(edges, ax),
    )
    for ax, call in zip(given, calls, strict=True):
        assert call(ax) is ax and ax.has_data()
    assert len(plt.get_fignums()) == 1


def test_populations_lie_one_below_the_other_in_the_order_given(recording):
    ax = plots.raster(recording)
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["exc", "inh"]
    exc, inh = (line.get_ydata() for line in ax.lines)
    assert exc.min() >= 10 and exc.max() < 50 and inh.min() >= 0 and inh.max() < 10


def test_excitatory_is_blue_and_inhibitory_vermilion_whatever_their_order():
    found = [population(5, 20, name) for name in ("inh", "exc", "relay")]
    assert [line.get_color() for line in plots.raster(found).lines] == ["#d55e00", "#0072b2", "#009E73"]
    layers = {name: population(5, 20, name) for name in ("L4E", "L4I", "L5E")}
    colours = [line.get_color() for line in plots.rate(layers).lines]
    assert colours[:2] == ["#0072b2", "#d55e00"] and len(set(colours)) == 3


def test_too_many_spikes_are_thinned_by_neurons_and_the_figure_says_so():
    spikes = population(1000, 50_000, "exc")
    ax = plots.raster(spikes, most=5000)
    drawn = points(ax)
    shown = np.unique(drawn[:, 1]).astype(int)
    assert 4000 < len(drawn) < 6000 and notes(ax) == "100 of 1,000 neurons shown"
    assert len(drawn) == np.isin(spikes.indices, shown).sum()


def test_replicas_lie_one_above_the_other():
    copies = Spikes(
        steps=np.array([1, 2]),
        indices=np.array([1, 1]),
        replicas=np.array([0, 1]),
        batch=2,
        size=3,
        dt=1.0,
        stop_step=9,
    )
    assert points(plots.raster(copies)).tolist() == [[1.0, 1.0], [2.0, 4.0]]


def test_silence_can_be_drawn():
    silent = Spikes(steps=np.zeros(0), indices=np.zeros(0), size=4, dt=0.5, stop_step=1000)
    assert len(points(plots.raster(silent))) == 0
    assert np.all(plots.rate(silent).lines[0].get_ydata() == 0)


def test_rates_are_those_of_the_analysis(recording):
    ax = plots.rate(recording, bin=5.0, width=10.0)
    for line, key in zip(ax.lines, ("exc.spikes", "inh.spikes"), strict=True):
        assert np.allclose(line.get_ydata(), population_rate(recording[key], bin=5.0, width=10.0).values)
    assert ax.get_ylabel() == "rate (Hz)" and [t.get_text() for t in ax.get_legend().get_texts()] == [
        "exc",
        "inh",
    ]


def test_raster_and_rates_share_their_time(recording):
    upper, lower = plots.raster_with_rates(recording)
    assert upper.get_shared_x_axes().joined(upper, lower) and lower.get_xlabel() == "time (ms)"


def test_traces_are_drawn_up_to_a_number_with_their_unit(recording):
    ax = plots.traces(recording["exc.v"], most=3)
    assert len(ax.lines) == 3 and ax.get_ylabel() == "exc.v (mV)" and notes(ax) == "3 of 7 neurons"
    assert np.array_equal(ax.lines[2].get_ydata(), recording["exc.v"][:, 2])


def test_traces_can_be_set_apart(recording):
    ax = plots.traces(recording["exc.v"], most=2, spacing=50.0)
    assert np.array_equal(ax.lines[1].get_ydata(), recording["exc.v"][:, 1] + 50.0)


def test_traces_of_replicas_show_the_first_and_say_so():
    data = Traces(values=np.arange(12.0).reshape(3, 2, 2), steps=np.arange(3), indices=np.arange(2), dt=1.0)
    ax = plots.traces(data)
    assert ax.lines[1].get_ydata().tolist() == [1.0, 5.0, 9.0] and notes(ax) == "replica 0 of 2"


def test_a_histogram_shows_shares_that_sum_to_one_and_what_was_left_out():
    ax = plots.histogram(np.array([1.0, 2.5, 2.5, np.nan, 9.1]), label="rate (Hz)")
    assert ax.patches[0].get_data().values.sum() == pytest.approx(1.0)
    assert ax.get_xlabel() == "rate (Hz)" and notes(ax) == "1 of 5 without a value"


def test_bins_of_counts_hold_equally_many_levels():
    values = np.repeat(np.arange(90) * 0.5, 60)
    shares = plots.histogram(values).patches[0].get_data().values
    assert np.allclose(shares[:-1], shares[0])


def test_a_histogram_of_nothing_is_refused():
    with pytest.raises(DescriptionError, match="no finite values"):
        plots.histogram(np.array([np.nan]))


def test_the_spectrum_is_that_of_the_analysis(recording):
    spikes = recording["exc.spikes"]
    ax = plots.spectrum(spikes, segment=100.0)
    expected = power_spectrum(spikes, segment=100.0)
    assert np.allclose(ax.lines[0].get_xydata(), np.column_stack(expected)[1:]) and ax.get_yscale() == "log"
    assert np.allclose(plots.spectrum(expected).lines[0].get_ydata(), expected.power[1:])


def test_connectivity_counts_edges_per_pair():
    first, target = np.array([0, 2, 2, 3]), np.array([0, 3, 1], np.uint8)
    edges = SimpleNamespace(sources=3, targets=4, first=first, target=target)
    (image,) = plots.connectivity(edges).images
    assert image.get_array().tolist() == [[1, 0, 0, 1], [0, 0, 0, 0], [0, 1, 0, 0]]
    (coarse,) = plots.connectivity(edges, cells=2).images
    assert coarse.get_array().tolist() == [[0.25, 0.25], [0.5, 0.0]]


def test_connectivity_of_a_large_network_is_binned_piece_by_piece(monkeypatch):
    import neurosim.plots.edges as module

    rng = np.random.default_rng(0)
    degrees = rng.integers(0, 20, 3000)
    first = np.concatenate([[0], np.cumsum(degrees)])
    edges = SimpleNamespace(sources=3000, targets=1000, first=first, target=rng.integers(0, 1000, first[-1]))
    whole = module.density(edges)
    monkeypatch.setattr(module, "CHUNK", 50)
    assert whole.shape == (400, 400) and np.array_equal(whole, module.density(edges))
    source = np.repeat(np.arange(3000), degrees)
    expected = np.histogram2d(source * 400 // 3000, edges.target * 400 // 1000, [np.arange(401)] * 2)[0]
    pairs = np.outer(np.bincount(np.arange(3000) * 400 // 3000), np.bincount(np.arange(1000) * 400 // 1000))
    assert np.array_equal(whole, expected / pairs)


def test_a_recording_plots_all_that_it_holds(recording):
    figure = recording.plot(most=2)
    raster, rate, traces = figure.axes
    assert len(points(raster)) == 600 and len(rate.lines) == 2 and len(traces.lines) == 2
    assert [ax.get_xlabel() for ax in figure.axes] == ["", "", "time (ms)"] and traces.get_xlim() == (
        0.0,
        500.0,
    )


def test_a_recording_of_traces_or_spikes_alone_plots_too():
    spikes_only = Recorder([Channel(key="a.spikes", kind="events", size=3)], dt=0.5).finish(10)
    traces_only = Recorder([Channel(key="a.v", kind="samples", size=3)], dt=0.5).finish(10)
    assert len(spikes_only.plot().axes) == 2 and len(traces_only.plot().axes) == 1
    with pytest.raises(DescriptionError, match="nothing in the recording"):
        Recorder([], dt=0.5).finish(10).plot()
    with pytest.raises(DescriptionError, match="no spikes to draw"):
        plots.raster(traces_only)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda r: plots.raster(r, most=0), "most must be >= 1, got 0"),
        (lambda r: plots.traces(r["exc.v"], most=0), "most must be >= 1"),
        (lambda r: plots.histogram(np.ones(3), bins=0), "bins must be >= 1"),
        (lambda r: plots.connectivity(None, cells=0), "cells must be >= 1"),
    ],
)
def test_numbers_that_draw_nothing_are_refused(recording, call, words):
    with pytest.raises(DescriptionError, match=words):
        call(recording)


def test_importing_plots_does_not_import_matplotlib():
    code = "import sys, neurosim.plots; print('matplotlib' in sys.modules)"
    assert (
        subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
        == "False\n"
    )
