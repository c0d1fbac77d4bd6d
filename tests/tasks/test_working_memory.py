"""Answers of the working-memory tasks, found again from the frames alone by other means."""

import itertools

import numpy as np
import pytest

from neurosim.tasks import (
    ChangeDetection,
    ComplexSpan,
    SpatialCoordination,
    SpatialFreeRecall,
    SpatialIntegration,
    SpatialMemoryUpdating,
    SpatialTaskSwitching,
    VisualItemRecognition,
    VisualSerialRecall,
    VisualSerialRecognition,
)
from neurosim.tasks.working_memory_updating import ARROWS

TRIALS = 1000


def frames_of(trials):
    """The frames of every trial up to its last question, padding cut off."""
    return [inputs[: np.flatnonzero(mask)[-1] + 1] for inputs, mask in zip(trials.inputs, trials.mask, strict=True)]


@pytest.mark.parametrize(
    "task",
    [SpatialCoordination(), SpatialFreeRecall(), SpatialIntegration(), SpatialMemoryUpdating(),
     VisualItemRecognition(), VisualSerialRecall(), VisualSerialRecognition(), ChangeDetection(), ComplexSpan()],
    ids=lambda task: type(task).__name__,
)  # fmt: skip
def test_answers_are_due_where_the_question_is(task):
    trials = task.draw(100, seed=0)
    np.testing.assert_array_equal(trials.inputs[..., -1] > 0, trials.mask)
    after = np.cumsum(trials.mask[:, ::-1], axis=1)[:, ::-1] == 0
    assert (trials.inputs[after] == 0).all()


def test_spatial_coordination_is_symmetric_where_it_says_so():
    trials = SpatialCoordination().draw(TRIALS, seed=0)
    for frames, answer in zip(frames_of(trials), trials.targets, strict=True):
        lit = frames[:-1, :-1].sum(axis=0).reshape(6, 6)
        assert bool(answer) == np.array_equal(lit, lit[:, ::-1])
        assert len(frames) - 1 in (4, 6, 8)


def test_spatial_free_recall_asks_for_every_cell_once():
    task = SpatialFreeRecall()
    trials = task.draw(TRIALS, seed=0)
    for frames, answer in zip(frames_of(trials), trials.targets, strict=True):
        np.testing.assert_array_equal(frames[:-1, :-1].sum(axis=0), answer)
    some = np.array([[0.9, 0.1, *np.zeros(22), 0.5]])
    trial = trials.__class__(
        trials.inputs[:1], np.eye(25, dtype=int)[[0]] + np.eye(25, dtype=int)[[1]], trials.mask[:1]
    )
    assert task.score(trial, some) == 0.5  # cells 0 and 24 are named, 0 and 1 were lit


def test_spatial_integration_shows_all_parts_of_a_connected_path():
    task = SpatialIntegration()
    ends = {number: pair for pair, number in task.neighbours().items()}
    assert sorted(ends) == list(range(72))
    for y, x in itertools.product(range(25), repeat=2):
        near = max(abs(y // 5 - x // 5), abs(y % 5 - x % 5)) == 1
        assert ((y, x) in task.neighbours()) == near
    trials = task.draw(TRIALS, seed=0)
    for frames, answer in zip(frames_of(trials), trials.targets, strict=True):
        whole, probe = frames[:-1, :-1].sum(axis=0), frames[-1, :-1]
        assert whole.max() == 1
        assert bool(answer) == np.array_equal(whole, probe)
        missing = int((whole > probe).sum())
        assert missing <= 4
        assert missing == int((probe > whole).sum())
        for figure in (whole, probe):
            degree = np.bincount([v for n in np.flatnonzero(figure) for v in ends[n]], minlength=25)
            assert sorted(degree[degree > 0]) == [1, 1] + [2] * 11


def test_spatial_memory_updating_follows_the_arrows():
    task = SpatialMemoryUpdating()
    trials = task.draw(TRIALS, seed=0)
    for frames, answers in zip(frames_of(trials), trials.targets, strict=True):
        where = {}
        for frame, answer in zip(frames, answers[: len(frames)], strict=True):
            (box,) = np.flatnonzero(frame[:4])
            if frame[-1]:
                assert answer == where[box][0] * 3 + where[box][1]
            elif frame[4:13].any():
                where[box] = divmod(int(frame[4:13].argmax()), 3)
            else:
                dy, dx = ARROWS[int(frame[13:21].argmax())]
                where[box] = (where[box][0] + dy, where[box][1] + dx)
                assert 0 <= min(where[box]) <= max(where[box]) <= 2


def test_spatial_task_switching_follows_the_last_cue():
    task = SpatialTaskSwitching()
    trials = task.draw(TRIALS, seed=0)
    for frames, answers in zip(trials.inputs, trials.targets, strict=True):
        rule = None
        for frame, answer in zip(frames, answers, strict=True):
            seen = int(frame.argmax())
            if seen >= 4:
                assert seen != rule
                rule = seen
                assert answer == 2
            else:
                down, right = divmod(seen, 2)
                assert answer == (down if rule == 4 else right)
    forgetful = np.array([0, 1, 0, 1, 2, 2])[trials.inputs.argmax(axis=2)]
    assert task.score(trials, forgetful) == pytest.approx(task.memoryless, abs=0.02)


def test_visual_item_recognition_shows_one_old_pattern():
    trials = VisualItemRecognition().draw(TRIALS, seed=0)
    for frames, answer, delay in zip(frames_of(trials), trials.targets, trials.about["delay"], strict=True):
        shown = frames[: len(frames) - 1 - delay, :16]
        assert (shown.sum(axis=1) == 8).all()
        assert not frames[len(shown) : -1].any()
        old = [any((item == probe).all() for item in shown) for probe in frames[-1, :-1].reshape(2, 16)]
        assert old == [not answer, bool(answer)]
        assert np.abs(frames[-1, :16] - frames[-1, 16:32]).sum() == 4


def test_visual_serial_recall_asks_for_places_in_order():
    trials = VisualSerialRecall().draw(TRIALS, seed=0)
    for frames, answers in zip(frames_of(trials), trials.targets, strict=True):
        size = len(frames) // 2
        for item, probe, answer in zip(frames[:size], frames[size:], answers[size:], strict=False):
            (place,) = np.flatnonzero((probe[16:-1].reshape(9, 16) == item[:16]).all(axis=1))
            assert place == answer


def test_visual_serial_recognition_asks_for_items_in_order():
    trials = VisualSerialRecognition().draw(300, seed=0)
    for frames, answers in zip(frames_of(trials), trials.targets, strict=True):
        size = len(frames) // 2
        for item, probe, answer in zip(frames[:size], frames[size:], answers[size:], strict=False):
            left, right = probe[:16], probe[16:32]
            np.testing.assert_array_equal(right if answer else left, item[:16])
            assert np.abs(left - right).sum() in (2, 4, 6)


@pytest.mark.parametrize("feature", ["colour", "gap", "conjunction"])
def test_change_detection_changes_one_feature_of_one_bar(feature):
    trials = ChangeDetection(feature=feature).draw(TRIALS, seed=0)
    for frames, answer, size in zip(frames_of(trials), trials.targets, trials.about["size"], strict=True):
        first, last = (frame[:-1].reshape(6, 5) for frame in (frames[0], frames[-1]))
        assert first[:, 0].sum() == size
        assert not first[first[:, 0] == 0].any()
        assert not frames[1:-1].any()
        changes = np.argwhere(first != last)
        assert len(changes) == answer
        if answer and feature != "conjunction":
            assert changes[0, 1] == 1 + ["colour", "orientation", "size", "gap"].index(feature)


@pytest.mark.parametrize("storage", ["visual", "spatial"])
@pytest.mark.parametrize("judged", ["visual", "spatial"])
def test_complex_span_asks_for_what_was_kept_and_judged(storage, judged):
    task = ComplexSpan(storage=storage, judged=judged)
    trials = task.draw(200, seed=0)
    kept, width = (16, 16) if storage == "visual" else (8, 24)
    for frames, answers, load in zip(trials.inputs, trials.targets, trials.about["load"], strict=True):
        for start, probe in ((0, 16), (8, 17)):
            choices = frames[probe, -1 - 8 * width : -1].reshape(8, width)
            thing = frames[start, :16] if storage == "visual" else frames[start : start + 3, :8].ravel()
            (place,) = np.flatnonzero((choices == thing).all(axis=1))
            assert answers[probe] == place + (12 if storage == "visual" else 4)
            assert (answers[start : start + 3] == 20).all()
            busy = answers[start + 3 : start + 8] != 20
            assert busy.sum() == load
            for frame, answer in zip(frames[start + 3 : start + 8], answers[start + 3 : start + 8], strict=True):
                shown = frame[kept : -1 - 8 * width]
                if answer == 20:
                    assert not frame.any()
                elif judged == "visual":
                    assert answer == shown.argmax()
                else:
                    figure = shown.reshape(6, 6)
                    assert answer == 2 + np.array_equal(figure, figure[:, ::-1])


def test_binary_answers_are_balanced_and_no_cell_is_answered_too_often():
    for task in (SpatialCoordination(), SpatialIntegration(), VisualItemRecognition(), ChangeDetection()):
        assert task.draw(2000, seed=1).targets.mean() == pytest.approx(0.5, abs=0.035)
