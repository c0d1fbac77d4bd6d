"""Recorded cells, on small files in the format of NeuronIO."""

import os
import pickle

import numpy as np
import pytest

from neurosim.errors import DescriptionError
from neurosim.tasks import CellRecordings, read_neuron_io

DURATION, SEGMENTS = 1000, 3


def simulation(**changes):
    voltage = np.linspace(-76, -40, DURATION).astype(np.float16)
    return {"exInputSpikeTimes": {0: [3, 4], 2: [999]}, "inhInputSpikeTimes": {np.int64(1): np.array([3])},
            "outputSpikeTimes": np.array([10.375, 500.625], np.float16), "somaVoltageLowRes": voltage, **changes}


def write(path, simulations, **more):
    held = {"Params": {"allSegmentsType": ["basal", "basal", "apical"], "totalSimDurationInSec": 1, **more},
            "Results": {"listOfSingleSimulationDicts": simulations}}
    path.write_bytes(pickle.dumps(held, protocol=2))
    return path


def test_a_file_of_neuron_io_is_read(tmp_path):
    path = write(tmp_path / "sim__1.p", [simulation(), simulation(exInputSpikeTimes={})], listOfISIs=[np.float64(1.5)])
    found = read_neuron_io(path)
    assert len(found) == 2 and found.channels == 6
    assert np.argwhere(found.inputs[0] == 1).tolist() == [[3, 0], [4, 0], [999, 2]]
    assert np.argwhere(found.inputs[0] == -1).tolist() == [[3, 4]]
    assert np.flatnonzero(found.spikes[0]).tolist() == [9, 500]
    assert found.voltage[0, 0] == pytest.approx(-76.0) and found.voltage.dtype == np.float32
    assert found.counts.tolist() == [2, 2]
    assert len(read_neuron_io([path, path])) == 4


def test_windows_are_cut_and_scaled_as_published(tmp_path):
    held = read_neuron_io(write(tmp_path / "sim__1.p", [simulation(), simulation(outputSpikeTimes=np.zeros(0))]))
    trials = held.draw(20, seed=1, steps=200, skip=300)
    assert trials.inputs.shape == (20, 200, 6) and trials.targets.shape == (20, 200, 2)
    assert trials.about["begin"].min() >= 300 and trials.about["begin"].max() <= 800
    for row, which, begin in zip(trials.targets, trials.about["simulation"], trials.about["begin"], strict=True):
        np.testing.assert_array_equal(row[:, 0], held.spikes[which, begin : begin + 200])
        wanted = 0.1 * (np.minimum(held.voltage[which, begin : begin + 200], -55.0) + 67.7)
        np.testing.assert_allclose(row[:, 1], wanted, atol=1e-5)
    np.testing.assert_array_equal(held.draw(20, seed=1, steps=200, skip=300).inputs, trials.inputs)
    assert len(held.of(held.counts <= 0)) == 1


@pytest.mark.parametrize(("changes", "message"), [
    ({"exInputSpikeTimes": {3: [1]}}, r"of segments 0\.\.2, got 3"),
    ({"exInputSpikeTimes": {0: [1000]}}, "within its 1000 ms"),
    ({"somaVoltageLowRes": np.zeros(5)}, "for each of 1000 ms"),
])
def test_a_damaged_simulation_is_refused(tmp_path, changes, message):
    with pytest.raises(DescriptionError, match=message):
        read_neuron_io(write(tmp_path / "sim__1.p", [simulation(**changes)]))


class Harmful:
    """What a pickle can hold besides data."""

    def __reduce__(self):
        return os.mkdir, ("harm",)


def test_a_pickle_that_would_do_something_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DescriptionError, match=r"it asks for (posix|nt)\.mkdir, which is neither data nor an array"):
        read_neuron_io(write(tmp_path / "sim__1.p", [simulation(more=Harmful())]))
    assert not (tmp_path / "harm").exists()


def test_files_that_are_absent_or_foreign_are_named(tmp_path):
    with pytest.raises(DescriptionError, match="there is no .*sim__9.p: it must be a sim__.* file of NeuronIO"):
        read_neuron_io(tmp_path / "sim__9.p")
    (tmp_path / "text.p").write_text("no")
    with pytest.raises(DescriptionError, match="must be a pickle of NeuronIO"):
        read_neuron_io(tmp_path / "text.p")
    (tmp_path / "other.p").write_bytes(pickle.dumps({"a": 1}))
    with pytest.raises(DescriptionError, match="must be a pickle of NeuronIO"):
        read_neuron_io(tmp_path / "other.p")
    with pytest.raises(DescriptionError, match="found none"):
        read_neuron_io(write(tmp_path / "sim__1.p", []))
    with pytest.raises(DescriptionError, match="at least one file"):
        read_neuron_io([])


def test_recordings_that_do_not_fit_together_are_refused():
    with pytest.raises(DescriptionError, match=r"inputs must be \(n, T, I\)"):
        CellRecordings(inputs=np.zeros((2, 5, 3)), spikes=np.zeros((2, 4)), voltage=np.zeros((2, 5)))
    held = CellRecordings(inputs=np.zeros((2, 5, 3)), spikes=np.zeros((2, 5)), voltage=np.zeros((2, 5)))
    with pytest.raises(DescriptionError, match="0 < steps <= 5 - skip"):
        held.draw(1, seed=0, steps=5, skip=1)
