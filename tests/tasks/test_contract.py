"""Every task: shapes, seeds, and what guessing reaches."""

import numpy as np
import pytest

from neurosim.errors import DescriptionError
from neurosim.tasks import TASKS

TRIALS = 600
SMALL = {"Delay": {"steps": 400, "lag": 20}, "RandomManifolds": {"size": 5, "steps": 20}}


def made(name):
    return TASKS[name](**SMALL.get(name, {}))


@pytest.fixture(scope="module")
def drawn():
    return {name: made(name).draw(TRIALS, seed=3) for name in TASKS}


@pytest.mark.parametrize("name", TASKS)
def test_shapes_are_those_that_the_task_tells(name, drawn):
    task, trials = made(name), drawn[name]
    assert len(trials) == len(trials.targets) == TRIALS
    assert trials.inputs.shape == (TRIALS, trials.steps, task.channels)
    assert trials.inputs.dtype == np.float32
    assert np.isfinite(trials.inputs).all()
    assert trials.mask.shape == (TRIALS, trials.steps)
    assert trials.mask.dtype == bool
    assert trials.mask.any(axis=1).all()
    assert trials.time_first().shape == (trials.steps, TRIALS, task.channels)
    for values in trials.about.values():
        assert len(values) == TRIALS


@pytest.mark.parametrize("name", TASKS)
def test_answers_are_classes(name, drawn):
    task, trials = made(name), drawn[name]
    if task.measure == "accuracy":
        assert trials.targets.dtype.kind == "i"
        values = trials.targets[trials.mask] if trials.targets.shape[:2] == trials.mask.shape else trials.targets
        assert values.min() >= 0
        assert values.max() < task.classes


@pytest.mark.parametrize("name", TASKS)
def test_a_seed_gives_the_same_trials_again_and_another_seed_others(name, drawn):
    task = made(name)
    again, other = task.draw(TRIALS, seed=3), task.draw(TRIALS, seed=4)
    np.testing.assert_array_equal(again.inputs, drawn[name].inputs)
    np.testing.assert_array_equal(again.targets, drawn[name].targets)
    assert other.inputs.shape != again.inputs.shape or (other.inputs != again.inputs).any()


@pytest.mark.parametrize("name", TASKS)
def test_chance_is_what_the_best_constant_answer_reaches(name, drawn):
    """Within three standard errors of the mean of the trials; errors of values spread as their squares do."""
    task, trials = made(name), drawn[name]
    if task.measure == "error":
        values = trials.targets[trials.mask] if trials.targets.ndim == 3 else trials.targets
        squares = (values - values.mean()) ** 2
        assert squares.mean() == pytest.approx(task.chance, abs=3 * squares.std() / np.sqrt(TRIALS) + 1e-3)
        return
    scores = [task.score(trials, np.full_like(trials.targets, answer)) for answer in range(task.classes)]
    # the best of several equals is a little above them
    assert max(scores) == pytest.approx(task.chance, abs=3 * np.sqrt(0.25 / TRIALS) + 0.01)


@pytest.mark.parametrize("name", TASKS)
def test_the_right_answers_get_the_whole_score(name, drawn):
    task, trials = made(name), drawn[name]
    assert task.score(trials, trials.targets) == (1.0 if task.measure == "accuracy" else 0.0)


@pytest.mark.parametrize("name", TASKS)
def test_wrong_numbers_of_trials_and_seeds_are_refused(name):
    task = made(name)
    for wrong in (0, 1.5, True):
        with pytest.raises(DescriptionError, match="trials must be a whole number >= 1"):
            task.draw(wrong, seed=0)
    for wrong in (-1, 0.5, 1 << 64):
        with pytest.raises(DescriptionError, match="seed must be a whole number in"):
            task.draw(1, seed=wrong)


def test_tasks_do_not_share_their_numbers():
    one, other = (TASKS[name]().draw(64, seed=0).inputs for name in ("DelayedMatchToSample", "Parity"))
    assert one.shape != other.shape or (one != other).any()


def test_answers_of_another_shape_are_refused():
    task = made("Copy")
    trials = task.draw(3, seed=0)
    with pytest.raises(DescriptionError, match="answers must have the shape of targets"):
        task.score(trials, trials.targets[:, 0])


@pytest.mark.parametrize(
    ("name", "fields", "message"),
    [
        ("Parity", {"n": 1}, "Parity.n must be whole numbers >= 2, got 1"),
        ("Parity", {"n": (2, 5), "steps": 4}, r"Parity.steps must be >= max\(n\) \(5\), got 4"),
        ("Adding", {"steps": 1}, "Adding.steps must be >= 2, got 1"),
        ("Copy", {"symbols": 0}, "Copy.symbols must be a whole number >= 1, got 0"),
        ("DelayedMatch", {"answer": "no"}, "DelayedMatch.answer must be one of match, symbol, got 'no'"),
        ("DelayedMatch", {"distractors": 2.0}, r"DelayedMatch.distractors must be in \[0, 1\], got 2.0"),
        ("Delay", {"lag": 6000}, r"Delay.lag must be < steps \(6000\), got 6000"),
        ("RandomManifolds", {"alpha": 0.5}, "RandomManifolds.alpha must be >= 1, got 0.5"),
        ("PoissonPatterns", {"rate": 60.0}, r"PoissonPatterns.rate must be <= steps / 4 \(25\), got 60.0"),
        ("LabelledClusters", {"conditions": 6}, "conditions must be a power of two >= 2, got 6"),
        ("LabelledClusters", {"targets": 3}, r"LabelledClusters.targets must be <= log2 P \(2\), got 3"),
        ("LabelledClusters", {"signal": 4.0}, r"LabelledClusters.signal must be in \[0, \(P - 1\) / k = 3\], got 4.0"),
        ("ReberGrammar", {"length": (4, 3)}, r"ReberGrammar.length must be a pair \(low, high\) with 5 <= low"),
        ("SpatialCoordination", {"side": 5}, "SpatialCoordination.side and .lengths must be even"),
        ("SpatialIntegration", {"parts": (5,)}, r"SpatialIntegration.parts must divide segments \(12\), got \(5,\)"),
        ("SpatialTaskSwitching", {"switch": 1.0}, "SpatialTaskSwitching.steps must be >= 2 and .switch < 1"),
        ("VisualItemRecognition", {"cells": 7}, "VisualItemRecognition.cells must be an even number >= 6, got 7"),
        ("VisualSerialRecall", {"places": 3}, "VisualSerialRecall.places must be >= the longest list"),
        ("ChangeDetection", {"feature": "color"}, "ChangeDetection.feature must be one of .*; did you mean 'colour'?"),
        ("ComplexSpan", {"loads": (6,)}, r"ComplexSpan.loads must be <= 5, got \(6,\)"),
    ],
)
def test_a_wrong_field_is_refused_by_name(name, fields, message):
    with pytest.raises(DescriptionError, match=message):
        TASKS[name](**fields)
