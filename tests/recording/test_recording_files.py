"""Recordings are read back as they were written, and what is none is refused."""

import json

import numpy as np
import pytest

from neurosim.errors import RecordingError
from neurosim.recording import Channel, Recorder, Recording, files


@pytest.fixture
def recording() -> Recording:
    plan = [
        Channel(key="exc.spikes", kind="events", size=10, replicas=2, label="exc"),
        Channel(key="exc.v[:2]", kind="samples", size=10, indices=[0, 1], every=5, unit="mV", replicas=2),
        Channel(key="inh.spikes", kind="events", size=5, indices=[1, 4]),
        Channel(key="n", kind="samples", size=1),
    ]
    made = Recorder(plan, dt=0.5, start_step=20, metadata={"seed": 3, "network": "Network()"})
    made.events("exc.spikes", np.array([20, 20, 31]), np.array([3, 9, 0]), np.array([0, 1, 1]))
    made.samples("exc.v[:2]", np.array([24, 29]), np.arange(8, dtype=np.float32).reshape(2, 2, 2))
    made.samples("n", np.array([25]), np.array([[7]], np.int16))
    return made.finish(40, finished=False)


def same(a: Recording, b: Recording) -> None:
    for name in ("dt", "start", "stop", "duration", "finished", "metadata"):
        assert getattr(a, name) == getattr(b, name), name
    assert [c.to_dict() for c in a.channels] == [c.to_dict() for c in b.channels]
    for key in a:
        for column in ("steps", "indices", "replicas", "values", "recorded"):
            one, other = getattr(a[key], column, None), getattr(b[key], column, None)
            assert (one is None) == (other is None), (key, column)
            if one is not None:
                assert np.array_equal(one, other) and one.dtype == other.dtype, (key, column)


@pytest.mark.parametrize("name", ["folder", "file.npz"])
def test_what_is_saved_is_read_back(recording, tmp_path, name):
    assert recording.save(tmp_path / name) == tmp_path / name
    same(recording, Recording.load(tmp_path / name))
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_large_recording_is_mapped_and_still_right(recording, tmp_path, monkeypatch):
    recording.save(tmp_path / "a")
    monkeypatch.setattr(files, "MAPPED_ABOVE", 0)
    mapped = Recording.load(tmp_path / "a")
    assert isinstance(mapped["exc.v[:2]"].values, np.memmap)
    same(recording, mapped)
    assert mapped["exc.spikes"].between(10.0, 11.0).count == 2


@pytest.mark.parametrize("name", ["folder", "file.npz"])
def test_saving_over_a_recording_must_be_asked_for(recording, tmp_path, name):
    recording.save(tmp_path / name)
    with pytest.raises(RecordingError, match="overwrite=True"):
        recording.save(tmp_path / name)
    recording.save(tmp_path / name, overwrite=True)
    same(recording, Recording.load(tmp_path / name))


def test_saving_over_the_folder_it_lies_in_keeps_it(recording, tmp_path, monkeypatch):
    monkeypatch.setattr(files, "MAPPED_ABOVE", 0)
    recording.save(tmp_path / "a")
    mapped = Recording.load(tmp_path / "a")
    mapped.save(tmp_path / "a", overwrite=True)
    same(recording, Recording.load(tmp_path / "a"))


def test_something_else_is_never_written_over(recording, tmp_path):
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.txt").write_text("keep")
    with pytest.raises(RecordingError, match="is not a recording"):
        recording.save(tmp_path / "notes", overwrite=True)
    assert (tmp_path / "notes" / "a.txt").read_text() == "keep"


@pytest.mark.parametrize("name", ["file/a.npz", "file/folder"])
def test_a_place_that_cannot_be_written_is_named(recording, tmp_path, name):
    (tmp_path / "file").write_text("")
    with pytest.raises(RecordingError, match=name):
        recording.save(tmp_path / name)


def test_a_disk_that_fills_while_saving_leaves_nothing_behind(recording, tmp_path, monkeypatch):
    def write_block(file, block):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files, "write_block", write_block)
    with pytest.raises(RecordingError, match="No space left"):
        recording.save(tmp_path / "a")
    assert list(tmp_path.iterdir()) == []


def test_what_is_not_there_is_said_so(tmp_path):
    with pytest.raises(RecordingError, match="there is no recording at"):
        Recording.load(tmp_path / "nothing")
    with pytest.raises(RecordingError, match=r"cannot read manifest.json"):
        Recording.load(tmp_path)


@pytest.mark.parametrize("keep", [0, 10, 200, -20])
def test_a_truncated_archive_is_refused(recording, tmp_path, keep):
    path = recording.save(tmp_path / "a.npz")
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(RecordingError, match=r"a\.npz is not a whole recording"):
        Recording.load(path)


def test_a_foreign_archive_is_refused(tmp_path):
    np.savez(tmp_path / "a.npz", x=np.zeros(3))
    np.save(tmp_path / "b.npy", np.zeros(3))
    for name in ("a.npz", "b.npy"):
        with pytest.raises(RecordingError, match="is not a "):
            Recording.load(tmp_path / name)


@pytest.mark.parametrize("mapped", [0, 1 << 30])
@pytest.mark.parametrize("keep", [0, 40, -4])
def test_a_truncated_segment_is_refused_by_name(recording, tmp_path, monkeypatch, mapped, keep):
    monkeypatch.setattr(files, "MAPPED_ABOVE", mapped)
    recording.save(tmp_path / "a")
    segment = tmp_path / "a" / "00-exc.spikes-steps-all.npy"
    segment.write_bytes(segment.read_bytes()[:keep])
    with pytest.raises(RecordingError, match="00-exc.spikes-steps-all.npy is damaged"):
        Recording.load(tmp_path / "a")


def edit(folder, change) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    change(manifest)
    (folder / "manifest.json").write_text(json.dumps(manifest))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda m: m.update(format="other"), "is not a recording of neurosim"),
        (lambda m: m.update(version=99), "version 99"),
        (lambda m: m.pop("dt"), "is damaged"),
        (lambda m: m["channels"][0].update(surprise=1), "is damaged"),
        (lambda m: m["channels"][0].pop("segments"), "is damaged"),
        (
            lambda m: m["channels"][0]["segments"][0].update(steps="../secret.npy"),
            "not a file of that folder",
        ),
        (lambda m: m["channels"][0]["segments"][0].update(steps="gone.npy"), "is damaged"),
        (lambda m: m["channels"][0]["segments"][0].pop("steps"), "no file for 'steps'"),
        (lambda m: m["channels"][1].update(indices=[0, 1, 2]), "does not belong there"),
    ],
)
def test_a_manifest_that_was_meddled_with_is_refused(recording, tmp_path, change, words):
    recording.save(tmp_path / "a")
    edit(tmp_path / "a", change)
    with pytest.raises(RecordingError, match=words):
        Recording.load(tmp_path / "a")


def test_half_a_manifest_is_refused(recording, tmp_path):
    recording.save(tmp_path / "a")
    place = tmp_path / "a" / "manifest.json"
    place.write_text(place.read_text()[:100])
    with pytest.raises(RecordingError, match="manifest.json is damaged"):
        Recording.load(tmp_path / "a")
