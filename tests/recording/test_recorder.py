"""A recorder keeps what it is given, in memory or on disk, whatever happens to it."""

import errno
import os
import signal
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

from neurosim.errors import RecordingError
from neurosim.recording import Channel, Recorder, Recording, files, recorder

PLAN = (
    Channel(key="exc.spikes", kind="events", size=100),
    Channel(key="exc.v[:3]", kind="samples", size=100, indices=np.arange(3), every=2, unit="mV"),
)


def feed(target: Recorder, begin: int, end: int) -> None:
    """In step k neuron k % 100 spikes, and every odd step v is (k, k + 0.1, k + 0.2)."""
    steps = np.arange(begin, end)
    target.events("exc.spikes", steps, (steps % 100).astype(np.int32))
    odd = steps[steps % 2 == 1]
    target.samples("exc.v[:3]", odd, odd[:, None] + np.array([0.0, 0.1, 0.2]))
    target.reached(end)


def check(recording: Recording, stop: int) -> None:
    """The recording holds what ``feed`` gave up to ``stop``."""
    steps = np.arange(stop)
    assert np.array_equal(recording["exc.spikes"].steps, steps)
    assert np.array_equal(recording["exc.spikes"].indices, steps % 100)
    assert np.array_equal(recording["exc.v[:3]"].steps, steps[steps % 2 == 1])
    assert np.allclose(recording["exc.v[:3]"].of(1).values[:, 0], steps[steps % 2 == 1] + 0.1)
    assert recording.duration == pytest.approx(0.1 * stop)


def run(**where) -> Recorder:
    made = Recorder(PLAN, dt=0.1, **where)
    for begin in range(0, 1000, 100):
        feed(made, begin, begin + 100)
    return made


def test_chunks_become_one_recording():
    recording = run().finish(1000)
    check(recording, 1000)
    assert recording.finished


def test_what_the_caller_does_to_an_array_afterwards_does_not_matter():
    made = Recorder(PLAN, dt=0.1)
    steps, values = np.array([1]), np.ones((1, 3))
    made.samples("exc.v[:3]", steps, values)
    values[:], steps[:] = 7.0, 9
    assert made.finish(10)["exc.v[:3]"].values.tolist() == [[1.0, 1.0, 1.0]]


def test_a_snapshot_holds_what_there_is_and_later_data_do_not_change_it():
    made = Recorder(PLAN, dt=0.1)
    feed(made, 0, 100)
    early = made.snapshot()
    feed(made, 100, 200)
    check(early, 100)
    check(made.snapshot(), 200)
    assert not early.finished


def test_values_are_kept_in_the_display_unit():
    plan = [Channel(key="r", kind="samples", size=1, unit="Hz", factor=1000.0)]
    made = Recorder(plan, dt=0.1)
    made.samples("r", np.array([0]), np.array([[0.02]], np.float32))
    rate = made.finish(1)["r"]
    assert rate.values.dtype == np.float32 and rate.values[0, 0] == pytest.approx(20.0)


def test_replicas_are_kept_apart():
    plan = [
        Channel(key="s", kind="events", size=4, replicas=2),
        Channel(key="v", kind="samples", size=4, indices=[1, 3], replicas=2),
    ]
    made = Recorder(plan, dt=1.0)
    made.events("s", np.array([0, 0]), np.array([2, 1]), np.array([1, 0]))
    made.samples("v", np.array([0, 1]), np.arange(8.0).reshape(2, 2, 2))
    recording = made.finish(2)
    assert recording["s"].replicas.tolist() == [0, 1] and recording["s"].replica(1).indices.tolist() == [2]
    assert recording["v"].replica(1).of(3).values[:, 0].tolist() == [3.0, 7.0]


def test_nothing_recorded_is_an_empty_recording():
    recording = Recorder(PLAN, dt=0.1).finish(50)
    assert recording["exc.spikes"].count == 0 and recording["exc.v[:3]"].shape == (0, 3)
    assert recording["exc.spikes"].mean_rate() == 0.0


def test_past_the_memory_limit_it_goes_on_on_disk_until_the_recording_is_gone():
    with pytest.warns(UserWarning, match="memory limit of 2,000 bytes"):
        recording = run(memory_limit=2000).finish(1000)
    check(recording, 1000)
    folder = Path(recording["exc.spikes"].steps.filename).parent
    assert folder.exists()
    del recording
    assert not folder.exists()


def test_without_a_limit_nothing_is_written():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check(run(memory_limit=None).finish(1000), 1000)


def test_a_streamed_recording_is_one_file_a_column_in_the_end(tmp_path):
    check(run(path=tmp_path / "a", memory_limit=500).finish(1000), 1000)
    check(Recording.load(tmp_path / "a"), 1000)
    assert sorted(p.name for p in (tmp_path / "a").iterdir()) == [
        "00-exc.spikes-indices-all.npy",
        "00-exc.spikes-steps-all.npy",
        "01-exc.v_3_-steps-all.npy",
        "01-exc.v_3_-values-all.npy",
        "manifest.json",
    ]


def test_without_room_to_merge_the_segments_stay(tmp_path, monkeypatch):
    monkeypatch.setattr(files.shutil, "disk_usage", lambda path: type("Usage", (), {"free": 0}))
    check(run(path=tmp_path / "a", memory_limit=500).finish(1000), 1000)
    assert len(list((tmp_path / "a").glob("*.npy"))) > 4
    check(Recording.load(tmp_path / "a"), 1000)


def test_a_streamed_recording_is_readable_while_it_grows(tmp_path):
    made = Recorder(PLAN, dt=0.1, path=tmp_path, memory_limit=500)
    assert Recording.load(tmp_path)["exc.spikes"].count == 0
    feed(made, 0, 300)
    grown = Recording.load(tmp_path)
    assert not grown.finished and "interrupted, complete until" in repr(grown)
    assert np.array_equal(grown["exc.spikes"].steps, np.arange(grown["exc.spikes"].count))


def test_what_lies_in_memory_is_written_after_some_seconds(tmp_path, monkeypatch):
    monkeypatch.setattr(recorder, "SECONDS_AT_RISK", 0.0)
    made = Recorder(PLAN, dt=0.1, path=tmp_path)
    feed(made, 0, 100)
    check(Recording.load(tmp_path), 100)


def test_data_past_the_complete_part_are_left_out(tmp_path):
    made = Recorder(PLAN, dt=0.1)
    feed(made, 0, 100)
    check(made.finish(80, finished=False), 80)


KILLED = """
import os, signal, sys
sys.path.insert(0, {tests!r})
from test_recorder import PLAN, Recorder, feed, files

def write_half(file, block):
    file.write(bytes(block)[: len(bytes(block)) // 2])
    file.flush()
    os.kill(os.getpid(), signal.SIGKILL)

made = Recorder(PLAN, dt=0.1, path={path!r}, memory_limit=500)
for begin in range(0, 1000, 100):
    if begin == 500:
        files.write_block = write_half
    feed(made, begin, begin + 100)
"""


def test_after_a_kill_what_was_written_is_readable(tmp_path):
    path = tmp_path / "a"
    code = KILLED.format(path=str(path), tests=str(Path(__file__).parent))
    died = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert died.returncode == -signal.SIGKILL, died.stderr
    recording = Recording.load(path)
    assert not recording.finished
    stop = round(recording.stop / 0.1)
    # five chunks were whole; the samples of the fifth may have waited in memory for the sixth
    assert 400 <= stop <= 500
    check(recording, stop)
    assert list(path.glob(".*.tmp"))


def test_a_full_disk_is_an_error_that_leaves_what_was_written(tmp_path, monkeypatch):
    made = Recorder(PLAN, dt=0.1, path=tmp_path, memory_limit=500)
    feed(made, 0, 400)
    before = Recording.load(tmp_path)
    stop = round(before.stop / 0.1)
    room = [3000]

    def write_block(file, block):
        room[0] -= len(bytes(block))
        if room[0] < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        file.write(block)

    monkeypatch.setattr(files, "write_block", write_block)
    with pytest.raises(RecordingError, match="No space left on device; what was written before is readable"):
        for begin in range(400, 1000, 100):
            feed(made, begin, begin + 100)
    after = Recording.load(tmp_path)
    assert round(after.stop / 0.1) >= stop > 0
    check(after, round(after.stop / 0.1))
    assert not list(tmp_path.glob(".*"))
    # what could not be written is still in memory
    assert made.snapshot(400)["exc.spikes"].count == 400


def test_an_unwritable_folder_is_refused_before_anything_starts(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(RecordingError, match="cannot record into .*file/a: Not a directory"):
        Recorder(PLAN, dt=0.1, path=tmp_path / "file" / "a")


def test_a_folder_with_other_things_is_never_written_into(tmp_path):
    (tmp_path / "thesis.tex").write_text("")
    with pytest.raises(RecordingError, match="not a recording"):
        Recorder(PLAN, dt=0.1, path=tmp_path, overwrite=True)
    assert (tmp_path / "thesis.tex").exists()


def test_a_recording_is_written_over_only_when_asked(tmp_path):
    run(path=tmp_path).finish(1000)
    with pytest.raises(RecordingError, match="overwrite=True"):
        Recorder(PLAN, dt=0.1, path=tmp_path)
    check(Recording.load(tmp_path), 1000)
    assert Recorder(PLAN, dt=0.1, path=tmp_path, overwrite=True).finish(5)["exc.spikes"].count == 0


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda r: r.events("exc.spike", [1], [1]), "did you mean 'exc.spikes'"),
        (lambda r: r.samples("exc.spikes", [1], [[1]]), "takes events, not samples"),
        (lambda r: r.events("exc.spikes", [1], [100]), "< 100, got 100"),
        (lambda r: r.events("exc.spikes", [1, 2], [1]), "columns|as long as"),
        (lambda r: r.samples("exc.v[:3]", [1], np.zeros((1, 4))), r"\(1, 4\)"),
        (
            lambda r: [r.events("exc.spikes", [5], [1]), r.events("exc.spikes", [5], [2])],
            "must ascend past 5",
        ),
        (lambda r: [r.finish(1), r.events("exc.spikes", [5], [1])], "closed"),
    ],
)
def test_what_does_not_fit_the_plan_is_refused(call, words):
    with pytest.raises(RecordingError, match=words):
        call(Recorder(PLAN, dt=0.1))


def test_a_plan_with_a_key_twice_is_refused():
    with pytest.raises(RecordingError, match="'exc.spikes' stands twice"):
        Recorder([PLAN[0], PLAN[0]], dt=0.1)


def test_metadata_that_has_no_plain_form_is_refused():
    with pytest.raises(RecordingError, match="plain values: object"):
        Recorder(PLAN, dt=0.1, metadata={"network": object()})
    made = Recorder(PLAN, dt=0.1, metadata={"seed": np.int64(3), "sizes": np.arange(2), "out": Path("a")})
    assert made.finish(1).metadata == {"seed": 3, "sizes": [0, 1], "out": "a"}
