"""A recording in other packages' forms, and as it is shown."""

import json
import subprocess
import sys
from xml.etree import ElementTree

import numpy as np
import pytest

from neurosim.errors import RecordingError
from neurosim.recording import Channel, Recorder, Recording


@pytest.fixture
def recording() -> Recording:
    plan = [
        Channel(key="exc.spikes", kind="events", size=10),
        Channel(key="exc.v", kind="samples", size=10, indices=[2, 5], unit="mV"),
        Channel(key="exc.g_e", kind="samples", size=10, indices=[2, 5], every=2, unit="nS"),
        Channel(key="exc.c", kind="samples", size=10, indices=[0], unit="µM"),
    ]
    made = Recorder(plan, dt=0.5, metadata={"seed": 3})
    made.events("exc.spikes", np.array([0, 1, 3]), np.array([3, 9, 3]))
    made.samples("exc.v", np.arange(4), np.arange(8.0).reshape(4, 2))
    made.samples("exc.g_e", np.array([1, 3]), np.ones((2, 2)))
    made.samples("exc.c", np.arange(4), np.ones((4, 1)))
    return made.finish(4)


@pytest.fixture
def copies() -> Recording:
    plan = [
        Channel(key="p.spikes", kind="events", size=2, replicas=2),
        Channel(key="p.v", kind="samples", size=2, replicas=2, unit="mV"),
    ]
    made = Recorder(plan, dt=1.0)
    made.events("p.spikes", np.array([0]), np.array([1]), np.array([1]))
    made.samples("p.v", np.arange(3), np.arange(12.0).reshape(3, 2, 2))
    return made.finish(3)


def test_a_recording_is_read_like_a_dict(recording):
    assert list(recording) == list(recording.keys()) == ["exc.spikes", "exc.v", "exc.g_e", "exc.c"]
    assert "exc.v" in recording and "exc.u" not in recording and len(recording) == 4
    assert dict(recording.items())["exc.v"] is recording["exc.v"]


def test_a_wrong_name_offers_the_nearest(recording):
    with pytest.raises(
        RecordingError, match=r"nothing is recorded as 'exc.spike'; there are: .*did you mean 'exc.spikes'"
    ):
        recording["exc.spike"]


def test_the_text_has_a_line_for_each_channel(recording):
    text = repr(recording)
    assert text.splitlines()[0] == "Recording of 2 ms in steps of 0.5 ms"
    assert "exc.spikes  spikes  10  3 spikes" in text and "150 Hz" in text
    assert "2 x 2 samples every 1 ms" in text and "nS" in text


def test_the_table_for_notebooks_is_well_formed_and_has_a_picture_for_each_channel(recording, copies):
    for shown in (recording, copies):
        tree = ElementTree.fromstring(shown._repr_html_())
        assert len(tree.findall(".//svg")) == len(shown)
    assert ElementTree.fromstring(Recorder([], dt=0.1).finish(0)._repr_html_()) is not None


def test_names_are_escaped_in_the_table():
    plan = [Channel(key="<b>", kind="events", size=1)]
    assert "<b></code>" not in Recorder(plan, dt=0.1).finish(1)._repr_html_()


def test_xarray_gets_units_and_coordinates(recording):
    pytest.importorskip("xarray")
    data = recording.to_xarray()
    assert data["exc.v"].attrs["units"] == "mV" and data["exc.v"].dims == ("time", "exc.neuron")
    assert data["exc.v"].sel({"exc.neuron": 5, "time": 1.0}).item() == 3.0
    assert data["exc.g_e"].dims == ("time_2", "exc.neuron") and data["exc.c"].dims == ("time", "exc.neuron_2")
    assert data["exc.spikes"].values.tolist() == [0.0, 0.5, 1.5]
    assert data["exc.spikes.neuron"].values.tolist() == [3, 9, 3]
    assert data.attrs["dt"] == 0.5 and json.loads(data.attrs["metadata"]) == {"seed": 3}


def test_xarray_gets_replicas_as_a_dimension(copies):
    pytest.importorskip("xarray")
    data = copies.to_xarray()
    assert data["p.v"].dims == ("time", "replica", "p.neuron")
    assert data["p.spikes.replica"].values.tolist() == [1]


def test_neo_gets_trains_and_signals_with_units(recording):
    pytest.importorskip("neo")
    (segment,) = recording.to_neo().segments
    assert len(segment.spiketrains) == 10
    train = segment.spiketrains[3]
    assert train.rescale("ms").magnitude.tolist() == [0.0, 1.5] and float(train.t_stop.rescale("ms")) == 2.0
    v, g, c = segment.analogsignals
    assert v.dimensionality.string == "mV" and v.magnitude.tolist() == [[0, 1], [2, 3], [4, 5], [6, 7]]
    assert v.times.rescale("ms").magnitude.tolist() == [0.5, 1.0, 1.5, 2.0]
    assert g.dimensionality.string == "nS" and float(g.sampling_period.rescale("ms")) == 1.0
    assert v.array_annotations["neuron"].tolist() == [2, 5]
    assert c.annotations["unit"] == "µM"


def test_neo_gets_a_segment_for_each_replica(copies):
    pytest.importorskip("neo")
    segments = copies.to_neo().segments
    assert [[len(train) for train in segment.spiketrains] for segment in segments] == [[0, 0], [0, 1]]
    assert segments[1].analogsignals[0].magnitude[0].tolist() == [2.0, 3.0]


def test_unevenly_sampled_traces_become_an_irregular_signal():
    pytest.importorskip("neo")
    made = Recorder([Channel(key="p.v", kind="samples", size=1, unit="mV")], dt=1.0)
    made.samples("p.v", np.array([0, 1, 5]), np.zeros((3, 1)))
    (segment,) = made.finish(6).to_neo().segments
    assert segment.irregularlysampledsignals[0].times.magnitude.tolist() == [1.0, 2.0, 6.0]


@pytest.mark.parametrize(("package", "call"), [("xarray", "to_xarray"), ("neo", "to_neo")])
def test_a_package_that_is_missing_is_named(recording, monkeypatch, package, call):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(RecordingError, match=rf"{call} needs {package}: pip install neurosim\[interop\]"):
        getattr(recording, call)()


def test_importing_recordings_loads_nothing_heavy():
    code = "import sys, neurosim.recording; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    ).stdout.split()
    assert not {"matplotlib", "xarray", "neo", "scipy", "pandas", "quantities", "numba", "sympy"} & set(
        loaded
    )
