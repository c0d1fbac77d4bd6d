"""Manifolds, spike templates, synthetic digits, clusters and strings against what is known of them."""

import numpy as np
import pytest

from neurosim.errors import DescriptionError
from neurosim.tasks import (
    Circle,
    LabelledClusters,
    PoissonPatterns,
    RandomManifolds,
    ReberGrammar,
    SpokenDigits,
    accepts,
    alignment,
    parities,
)


def test_every_neuron_of_a_manifold_fires_once_a_trial():
    trials = RandomManifolds(size=7, steps=50).draw(200, seed=0)
    np.testing.assert_array_equal(trials.inputs.sum(axis=1), 1.0)


def test_near_points_of_a_manifold_have_near_spike_times_and_smoother_ones_nearer():
    """Mean change of a time for a step of 0.01 along the manifold: bounded, and smaller where alpha is larger."""
    x = np.linspace(0.0, 1.0, 101)[:, None]
    change = [np.abs(np.diff(RandomManifolds(alpha=alpha, size=50).times(0, x)[:, 0], axis=0)).mean()
              for alpha in (1.5, 2.0, 3.0)]  # fmt: skip
    assert change[0] > change[1] > change[2]
    assert change[1] < 0.05


def test_training_and_test_trials_lie_on_the_same_manifolds_and_nearest_neighbours_find_them():
    task = RandomManifolds(manifolds=3, size=20, alpha=3.0)
    train, test = (task.draw(300, seed=seed) for seed in (0, 1))
    first = [trials.inputs.argmax(axis=1).astype(float) for trials in (train, test)]
    nearest = ((first[1][:, None] - first[0][None]) ** 2).sum(axis=2).argmin(axis=1)
    assert (train.targets[nearest] == test.targets).mean() > 0.9


def test_other_manifold_seeds_are_other_manifolds():
    x = np.array([[0.3]])
    assert (RandomManifolds(manifold_seed=1).times(0, x) != RandomManifolds().times(0, x)).any()


def test_templates_have_equal_counts_so_that_counting_tells_nothing():
    task = PoissonPatterns()
    templates = task.templates()
    counts = templates.sum(axis=1)
    assert (counts == counts[0]).all()
    assert counts.mean() == pytest.approx(3.0, abs=3 * np.sqrt(3.0 / 64))
    assert (templates[0] != templates[1]).any()
    free = PoissonPatterns(equal_counts=False).templates().sum(axis=1)
    assert (free != free[0]).any()


def test_without_jitter_and_deletion_a_trial_is_its_template():
    task = PoissonPatterns(jitter=0.0, deletion=0.0)
    trials = task.draw(50, seed=0)
    np.testing.assert_array_equal(trials.inputs, task.templates()[trials.targets])


def test_deletion_takes_its_share_and_jitter_keeps_the_rest():
    exact, gone = PoissonPatterns(jitter=0.0, deletion=0.25), PoissonPatterns(jitter=3.0, deletion=0.0)
    total = exact.templates().sum(axis=(1, 2)).mean()
    assert exact.draw(500, seed=0).inputs.sum(axis=(1, 2)).mean() == pytest.approx(0.75 * total, rel=0.02)
    # two spikes of a channel that meet become one, so a few are lost
    assert 0.9 * total < gone.draw(500, seed=0).inputs.sum(axis=(1, 2)).mean() <= total


def test_spoken_digits_add_up():
    task = SpokenDigits(spoken=2)
    trials = task.draw(2000, seed=0)
    assert trials.inputs.shape == (2000, 40, 20)
    np.testing.assert_array_equal(trials.about["digits"].sum(axis=1), trials.targets)
    assert task.classes == 9
    assert task.chance == pytest.approx(0.2)
    assert SpokenDigits().chance == pytest.approx(0.2)


def test_spoken_digits_fire_at_their_rates_when_nothing_is_shifted():
    task = SpokenDigits(jitter=0)
    trials = task.draw(5000, seed=0)
    for digit in range(5):
        mine = trials.inputs[trials.targets == digit]
        error = np.sqrt(task.rates()[digit] / len(mine))
        assert (np.abs(mine.mean(axis=0) - task.rates()[digit]) < 5 * error).all()


def test_parities_are_orthogonal_and_sorted_by_bits():
    columns = parities(8)
    np.testing.assert_array_equal(columns.T @ columns, 8 * np.eye(7))
    assert (np.abs(columns.sum(axis=0)) == 0).all()
    bits = np.array([[row >> k & 1 for k in range(3)] for row in range(8)])
    np.testing.assert_array_equal(columns[:, :3], 2 * bits - 1)
    np.testing.assert_array_equal(columns[:, 6], 2 * (bits.sum(axis=1) % 2) - 1)


@pytest.mark.parametrize(("conditions", "targets"), [(4, 1), (8, 3), (32, 1), (32, 5)])
@pytest.mark.parametrize("signal", [0.0, 0.5, 1.0, 1.2])
@pytest.mark.parametrize("rank", [None, 2])
def test_the_alignment_of_inputs_and_targets_is_the_one_asked_for(conditions, targets, signal, rank):
    """s = c**2 (P - 1) / k."""
    task = LabelledClusters(conditions=conditions, targets=targets, signal=signal, rank=rank)
    expected = np.sqrt(signal * targets / (conditions - 1))
    assert task.input_target_alignment() == pytest.approx(expected, abs=1e-7)
    assert (task.means() ** 2).sum() / conditions == pytest.approx(1.0)


def test_alignment_of_a_kernel_with_itself_is_one():
    kernel = np.cov(np.random.default_rng(0).normal(size=(5, 20)))
    assert alignment(kernel, 3 * kernel + 2.0) == pytest.approx(1.0)


def test_the_exclusive_or_cannot_be_read_off_linearly_but_the_aligned_target_can():
    for signal, low, high in ((0.0, 0.4, 0.8), (1.0, 0.99, 1.0)):
        task = LabelledClusters(conditions=4, signal=signal, size=10)
        trials = task.draw(1000, seed=0)
        inputs = np.concatenate([trials.inputs[:, 0], np.ones((1000, 1))], axis=1)
        weights = np.linalg.lstsq(inputs, 2.0 * trials.targets[:, 0] - 1.0, rcond=None)[0]
        assert low <= ((inputs @ weights > 0) == trials.targets[:, 0]).mean() <= high


def test_circle_stages_show_their_classes_only():
    stages = Circle().stages(2, 100, seed=0)
    assert [sorted(set(stage.targets)) for stage in stages] == [[0, 1], [2, 3], [4, 5], [6, 7]]
    for stage in stages:
        for name in np.unique(stage.targets):
            centre = stage.inputs[stage.targets == name, 0].mean(axis=0)
            angle = 2 * np.pi * name / 8
            np.testing.assert_allclose(centre, [10 * np.cos(angle), 10 * np.sin(angle)], atol=0.4)
    with pytest.raises(DescriptionError, match=r"each must divide the number of classes \(8\), got 3"):
        Circle().stages(3, 10, seed=0)


def test_the_grammar_accepts_the_published_strings_and_nothing_else():
    for text in ("BTXSE", "BPVVE", "BTSSXXTVVE", "BPTVPSE"):
        assert accepts(text)
    for text in ("BTSE", "BPTVV", "TXSE", "BTXSEE", "", "BQXSE"):
        assert not accepts(text)


def test_strings_are_labelled_by_the_grammar_and_padded_behind():
    trials = ReberGrammar().draw(1000, seed=0)
    for letters, label, text in zip(trials.inputs, trials.targets, trials.about["text"], strict=True):
        assert accepts(str(text)) == bool(label)
        assert 11 <= len(text) <= 53
        assert "".join("BTSXVPE"[k] for k in letters[: len(text)].argmax(axis=1)) == text
        assert not letters[len(text) :].any()
