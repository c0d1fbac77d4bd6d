"""Answers of the memory tasks, found again from the inputs alone."""

import numpy as np
import pytest

from neurosim.tasks import Adding, Copy, Delay, DelayedMatch, DelayedMatchToSample, NoisyXor, Parity, thresholded


def test_parity_counts_the_last_ones():
    trials = Parity(n=(2, 3, 7)).draw(1000, seed=1)
    bits = trials.inputs[..., 0].astype(int).tolist()
    for row, answers in zip(bits, trials.targets, strict=True):
        assert [row[-n:].count(1) % 2 for n in (2, 3, 7)] == answers.tolist()


def test_parity_draws_a_probability_for_each_trial():
    share = Parity(n=2, steps=400).draw(1000, seed=0).inputs.mean(axis=(1, 2))
    # uniform: mean 1/2, standard deviation 1/sqrt(12)
    assert share.mean() == pytest.approx(0.5, abs=0.03)
    assert share.std() == pytest.approx(12**-0.5, abs=0.02)


def test_the_length_of_bit_streams_is_drawn_anew_each_time_within_its_bounds():
    lengths = {Parity(n=(2, 5)).draw(2, seed=seed).steps for seed in range(300)}
    assert lengths == set(range(7, 22))


def test_delayed_match_to_sample_compares_two_bits():
    trials = DelayedMatchToSample(n=(2, 6)).draw(1000, seed=1)
    bits = trials.inputs[..., 0].astype(int).tolist()
    for row, answers in zip(bits, trials.targets, strict=True):
        assert [int(row[len(row) - n] == row[-1]) for n in (2, 6)] == answers.tolist()


def test_adding_sums_the_two_marked_numbers_of_either_half():
    trials = Adding(steps=51).draw(1000, seed=2)
    marks = trials.inputs[..., 1]
    assert (marks[:, :25].sum(axis=1) == 1).all()
    assert (marks[:, 25:].sum(axis=1) == 1).all()
    np.testing.assert_allclose((trials.inputs[..., 0] * marks).sum(axis=1), trials.targets[:, 0], atol=1e-6)


def test_copy_asks_for_the_symbols_in_order_after_the_cue():
    task = Copy(symbols=4, length=3, delay=7)
    trials = task.draw(1000, seed=0)
    symbols = trials.inputs.argmax(axis=2)
    np.testing.assert_array_equal(trials.inputs.sum(axis=2), 1.0)
    np.testing.assert_array_equal(trials.targets[trials.mask].reshape(-1, 3), symbols[:, :3])
    assert (symbols[:, 9] == 5).all()  # the cue, one step before the answer
    assert (np.delete(symbols, [0, 1, 2, 9], axis=1) == 4).all()
    assert (trials.targets[:, :10] == 4).all()
    assert task.cross_entropy == pytest.approx(3 * np.log(4) / 13)


@pytest.mark.parametrize("answer", ["symbol", "match"])
def test_delayed_match_keeps_the_sample_through_distractors(answer):
    trials = DelayedMatch(delay=40, distractors=0.25, answer=answer).draw(1000, seed=0)
    shown = np.where(trials.inputs[..., :8].any(axis=2), trials.inputs[..., :8].argmax(axis=2), -1)
    assert (shown[:, 0] >= 0).all()
    assert (trials.inputs[:, :-1, 8] == 0).all()
    assert (trials.inputs[:, -1, 8] == 1).all()
    expected = shown[:, 0] if answer == "symbol" else (shown[:, 0] == shown[:, -1]).astype(int)
    np.testing.assert_array_equal(trials.targets, expected)
    assert (shown[:, -1] == -1).all() == (answer == "symbol")
    share = (shown[:, 1:-1] >= 0).mean()
    assert share == pytest.approx(0.25, abs=3 * np.sqrt(0.25 * 0.75 / 40_000))


def test_delay_gives_back_a_slow_signal_of_unit_variance():
    trials = Delay(steps=1000, lag=30, cutoff=0.05).draw(5, seed=0)
    signal = trials.inputs[..., 0]
    np.testing.assert_array_equal(trials.targets[:, 30:, 0], signal[:, :-30])
    np.testing.assert_allclose(signal.std(axis=1), 1.0, rtol=1e-5)
    power = np.abs(np.fft.rfft(signal, axis=1)) ** 2
    assert power[:, np.fft.rfftfreq(1000) > 0.05].sum() < 1e-8 * power.sum()
    assert not trials.mask[:, :30].any()
    assert trials.mask[:, 30:].all()


def test_noisy_xor_flips_its_share_of_labels():
    trials = NoisyXor().draw(5000, seed=0)
    bits = trials.inputs[:, 0].astype(int)
    np.testing.assert_array_equal(trials.about["clean"], bits[:, 0] ^ bits[:, 1])
    wrong = (trials.targets != trials.about["clean"]).mean()
    assert wrong == pytest.approx(0.4, abs=3 * np.sqrt(0.24 / 5000))


def test_thresholded_bits_count_the_thresholds_below_a_value():
    bits = thresholded(np.array([[0, 5, 9], [16, 4, 13]]), [4, 8, 12])
    np.testing.assert_array_equal(bits.reshape(2, 3, 3).sum(axis=2), [[0, 1, 2], [3, 0, 3]])
