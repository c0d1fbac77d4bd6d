"""Readers of recorded spikes, on small files in the same formats."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest

from neurosim.errors import DescriptionError
from neurosim.tasks import (
    EventSet,
    SpokenAdding,
    from_tonic,
    read_aedat3,
    read_atis,
    read_n_mnist,
    read_shd,
    read_tonic,
)
from neurosim.tasks.events import EVENT

TIMES = [np.array([0.001, 0.0124, 0.9999], np.float16), np.array([0.5], np.float32), np.array([0.2, 1.3], np.float32)]
UNITS = [np.array([0, 699, 10]), np.array([3]), np.array([5, 5])]


def write_shd(path, times=TIMES, units=UNITS, labels=(3, 11, 0)):
    h5py = pytest.importorskip("h5py")
    with h5py.File(path, "w") as file:
        for name, values, kind in (("times", times, np.float32), ("units", units, np.uint16)):
            rows = file.create_dataset(f"spikes/{name}", (len(values),), h5py.vlen_dtype(kind))
            for k, row in enumerate(values):
                rows[k] = row
        file["labels"] = np.array(labels, np.uint16)
        file["extra/speaker"] = np.array([4, 4, 5], np.uint16)[: len(labels)]
    return path


def test_shd_is_read_with_times_units_labels_and_speakers(tmp_path):
    recordings = read_shd(write_shd(tmp_path / "shd_test.h5"))
    assert len(recordings) == 3
    assert recordings.classes == 12
    assert recordings.channels == 700
    assert recordings.about["speaker"].tolist() == [4, 4, 5]
    events, label = recordings[0]
    assert label == 3
    assert events["x"].tolist() == [0, 699, 10]
    np.testing.assert_allclose(events["t"], TIMES[0].astype(float) * 1e6, atol=1.0)


def test_shd_is_binned_into_counts_and_what_comes_later_is_dropped(tmp_path):
    trials = read_shd(write_shd(tmp_path / "shd.h5", [np.array([0.0001, 0.0099, 0.0101, 1.0]), *TIMES[1:]],
                                [np.array([7, 7, 7, 7]), *UNITS[1:]])).binned(10.0, 100)  # fmt: skip
    assert trials.inputs.shape == (3, 100, 700)
    assert trials.inputs[0].sum() == 3
    assert trials.inputs[0, 0, 7] == 2
    assert trials.inputs[0, 1, 7] == 1
    assert trials.inputs[1, 50, 3] == 1
    assert trials.inputs[2].sum() == 1
    assert trials.targets.tolist() == [3, 11, 0]


def test_a_time_on_an_edge_opens_the_next_bin():
    events = np.zeros(3, EVENT)
    events["t"] = [0, 29_999, 30_000]
    trials = EventSet([events], np.array([0]), (1, 1, 1), 1, {}).binned(0.3, 200)
    assert np.flatnonzero(trials.inputs[0, :, 0]).tolist() == [0, 99, 100]


def test_spoken_adding_joins_two_recordings(tmp_path):
    recordings = read_shd(write_shd(tmp_path / "shd.h5"))
    task = SpokenAdding(recordings=recordings)
    trials = task.draw(50, seed=0)
    assert trials.inputs.shape == (50, 200, 700)
    single = recordings.binned(10.0, 100).inputs
    for inputs, target, (first, second) in zip(trials.inputs, trials.targets, trials.about["pair"], strict=True):
        np.testing.assert_array_equal(inputs, np.concatenate([single[first], single[second]]))
        assert target == [3, 1, 0][first] + [3, 1, 0][second]
    assert task.classes == 19
    assert task.chance == pytest.approx(2 / 9)  # 3 + 0 or 0 + 3, and as many others
    np.testing.assert_array_equal(task.draw(50, seed=0).inputs, trials.inputs)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"units": [np.array([0, 700, 1]), *UNITS[1:]]}, r"recording 0 must have units in 0..699, got 0..700"),
        ({"units": [np.array([0]), *UNITS[1:]]}, "recording 0 must have a unit for each time"),
        ({"labels": (1, 2)}, "must have one entry a recording, got 3, 3 and 2"),
    ],
)
def test_a_damaged_shd_file_is_refused(tmp_path, change, message):
    with pytest.raises(DescriptionError, match=message):
        read_shd(write_shd(tmp_path / "shd.h5", **change))


def test_files_that_are_absent_or_foreign_are_named(tmp_path):
    with pytest.raises(DescriptionError, match="there is no .*shd_train.h5: it must be .*neurosim downloads nothing"):
        read_shd(tmp_path / "shd_train.h5")
    (tmp_path / "text.h5").write_text("no")
    with pytest.raises(DescriptionError, match="must be an HDF5 file with spikes/times"):
        read_shd(tmp_path / "text.h5")
    with pytest.raises(DescriptionError, match=r"must hold folders of .bin files"):
        read_n_mnist(tmp_path)


def atis(events):
    """The five bytes of (t, x, y, p) events."""
    return b"".join(bytes([x, y]) + ((p << 23) | t).to_bytes(3, "big") for t, x, y, p in events)


def test_n_mnist_is_read_class_by_class(tmp_path):
    for name, events in {
        "0/a.bin": [(5, 0, 33, 1), (70_000, 33, 2, 0)],
        "1/b.bin": [(9, 4, 4, 0)],
        "1/c.bin": [],
    }.items():
        path = tmp_path / "Test" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(atis(events))
    recordings = read_n_mnist(tmp_path / "Test")
    assert recordings.labels.tolist() == [0, 1, 1]
    assert recordings.about["file"].tolist() == ["0/a.bin", "1/b.bin", "1/c.bin"]
    assert recordings[0][0].tolist() == [(5, 0, 33, 1), (70_000, 33, 2, 0)]
    assert recordings.channels == 34 * 34 * 2
    trials = recordings.binned(1.0, 300)
    assert trials.inputs[0, 0, (34 + 33) * 34] == 1
    assert trials.inputs[0, 70, 2 * 34 + 33] == 1
    assert trials.inputs.sum() == 3


def test_the_clock_of_a_bin_file_goes_round(tmp_path):
    path = tmp_path / "x.bin"
    path.write_bytes(atis([(8000, 1, 1, 0), (0, 0, 240, 0), (3, 2, 2, 1)]))
    assert read_atis(path).tolist() == [(8000, 1, 1, 0), (8195, 2, 2, 1)]
    path.write_bytes(b"1234567")
    with pytest.raises(DescriptionError, match="must have a multiple of 5 bytes, got 7"):
        read_atis(path)
    path.write_bytes(atis([(1, 40, 0, 0)]))
    with pytest.raises(DescriptionError, match="must have x in 0..33, got 40"):
        read_atis(path)


def aedat(events, kind=1, overflow=0):
    head = (
        np.array([kind, 0], "<u2").tobytes() + np.array([8, 4, overflow, len(events), len(events), 0], "<u4").tobytes()
    )
    words = [[x << 17 | y << 2 | p << 1 | valid, t] for t, x, y, p, valid in events]
    return head + np.array(words, "<u4").tobytes()


def test_aedat_gives_the_valid_polarity_events(tmp_path):
    path = tmp_path / "user.aedat"
    header = b"#!AER-DAT3.1\r\n#Format: RAW\r\n#!END-HEADER\r\n"
    path.write_bytes(header + aedat([(10, 127, 3, 1, 1), (11, 5, 5, 0, 0)]) + aedat([(1, 0, 0, 0, 1)], kind=0)
                     + aedat([(12, 0, 127, 0, 1)], overflow=1))  # fmt: skip
    assert read_aedat3(path).tolist() == [(10, 127, 3, 1), ((1 << 31) + 12, 0, 127, 0)]
    path.write_bytes(header + aedat([(10, 1, 1, 1, 1)])[:-3])
    with pytest.raises(DescriptionError, match="must end with a whole packet; the one at byte .* is cut"):
        read_aedat3(path)
    path.write_bytes(b"#!AER-DAT2.0\r\n")
    with pytest.raises(DescriptionError, match="must begin with #!AER-DAT3"):
        read_aedat3(path)


class LikeTonic:
    """What a data set of Tonic offers."""

    sensor_size = (4, 1, 2)

    def __init__(self, label=1):
        self.events = np.array([(1000, 3, 1), (2500, 0, 0)], dtype=[("t", int), ("x", int), ("p", int)])
        self.label = label

    def __len__(self):
        return 2

    def __getitem__(self, index):
        return self.events, self.label


def test_a_data_set_of_tonic_is_taken_over():
    recordings = from_tonic(LikeTonic(), classes=3)
    assert len(recordings) == 2
    assert recordings.sensor == (4, 1, 2)
    events, label = recordings[1]
    assert events.tolist() == [(1000, 3, 0, 1), (2500, 0, 0, 0)]
    assert label == 1
    assert list(recordings)[0][1] == 1
    np.testing.assert_array_equal(np.argwhere(recordings.binned(1.0, 3).inputs[0]), [[1, 7], [2, 0]])


def test_events_outside_the_sensor_and_wrong_labels_are_refused():
    with pytest.raises(DescriptionError, match=r"data\[0\].x must be in 0..2, got 3"):
        from_tonic(LikeTonic(), classes=3, sensor=(3, 1, 2))
    with pytest.raises(DescriptionError, match=r"the label of data\[0\] must be in 0..2, got 3"):
        from_tonic(LikeTonic(3), classes=3)
    with pytest.raises(DescriptionError, match="must be a record array with t and x"):
        from_tonic([(np.zeros(3), 0)], classes=1, sensor=(1, 1, 1))
    with pytest.raises(DescriptionError, match="data has no sensor_size"):
        from_tonic([], classes=1)


def like_shd(folder):
    """The part of Tonic that reads spoken digits: one polarity, which is written as 1."""

    class SHD(LikeTonic):
        sensor_size, classes = (4, 1, 1), [b"zero", b"one", b"two"]

        def __init__(self, save_to, train=True):
            super().__init__(int(train))
            assert save_to == str(folder)
            self.events = np.array([(1000, 3, 1)], dtype=[("t", int), ("x", int), ("p", int)])

    return SimpleNamespace(datasets=SimpleNamespace(SHD=SHD))


def test_a_data_set_is_found_by_its_name_in_tonic(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tonic", like_shd(tmp_path))
    recordings = read_tonic("SHD", tmp_path, train=False)
    assert recordings.classes == 3 and recordings.labels.tolist() == [0, 0]
    assert recordings[0][0].tolist() == [(1000, 3, 0, 0)]
    with pytest.raises(DescriptionError, match="Tonic has no data set 'SSD'.* there are: SHD"):
        read_tonic("SSD", tmp_path)


def test_without_tonic_it_is_said_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tonic", None)
    with pytest.raises(DescriptionError, match="pip install tonic; without it read_shd"):
        read_tonic("SHD", tmp_path)
