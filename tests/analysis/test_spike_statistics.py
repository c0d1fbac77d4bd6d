"""Statistics of spikes against closed forms."""

import numpy as np
import pytest

from neurosim.analysis import (
    autocorrelation,
    chi,
    correlation,
    cv,
    cv2,
    cv_isi,
    fano_factor,
    isi,
    lv,
    mean_correlation,
    mean_rate,
    population_rate,
    power_spectrum,
    rates,
    spike_counts,
    synchrony,
    van_rossum,
    victor_purpura,
)
from neurosim.errors import DescriptionError
from neurosim.recording import Spikes, Traces

DT = 0.1


def poisson(rate: float = 20.0, size: int = 200, duration: float = 20_000.0, seed: int = 1) -> Spikes:
    """Independent Poisson neurons, ``rate`` in Hz, ``duration`` in ms."""
    rng = np.random.default_rng(seed)
    count = rng.poisson(rate * size * duration / 1000.0)
    steps = rng.integers(0, round(duration / DT), count)
    return Spikes(
        steps=steps, indices=rng.integers(0, size, count), size=size, dt=DT, stop_step=round(duration / DT)
    )


def clock(period: float = 10.0, size: int = 3, duration: float = 1000.0) -> Spikes:
    """Neurons that spike together, every ``period`` ms."""
    times = np.arange(period / 2, duration, period)
    return Spikes.from_times(
        np.repeat(times, size), np.tile(np.arange(size), len(times)), size=size, stop=duration, dt=DT
    )


def copies(one: Spikes, other: Spikes) -> Spikes:
    """Two replicas out of two networks of equal size and duration."""
    return Spikes(
        steps=np.concatenate([one.steps, other.steps]),
        indices=np.concatenate([one.indices, other.indices]),
        replicas=np.repeat([0, 1], [one.count, other.count]),
        batch=2,
        size=one.size,
        dt=one.dt,
        stop_step=one.stop_step,
    )


SILENT = Spikes(steps=np.zeros(0), indices=np.zeros(0), size=4, dt=DT, stop_step=10_000)


def test_rates_are_those_of_the_spikes():
    spikes = clock()
    assert mean_rate(spikes) == pytest.approx(100.0) and rates(spikes).tolist() == pytest.approx([100.0] * 3)


def test_intervals_of_a_clock_are_its_period_and_its_variation_is_zero():
    spikes = clock(period=10.0)
    assert np.allclose(isi(spikes), 10.0) and isi(spikes).size == 3 * 99
    for measure in (cv_isi, cv2, lv):
        assert measure(spikes).tolist() == [0.0, 0.0, 0.0]


def test_the_variation_of_a_poisson_process_is_one():
    # 400 intervals a neuron, 200 neurons: the standard error is below 0.01; the bias of a CV of 400 is 1/800
    spikes = poisson()
    assert cv(spikes) == pytest.approx(1.0, abs=0.015)
    assert np.mean(cv2(spikes)) == pytest.approx(1.0, abs=0.015)
    assert np.mean(lv(spikes)) == pytest.approx(1.0, abs=0.015)


def test_two_alternating_intervals_have_their_variation_by_formula():
    spikes = Spikes.from_times(np.cumsum([1.0, 3.0] * 10), [0] * 20, size=1, stop=100.0)
    intervals = np.diff(np.cumsum([1.0, 3.0] * 10))
    assert cv_isi(spikes)[0] == pytest.approx(np.std(intervals) / np.mean(intervals))
    assert cv2(spikes)[0] == pytest.approx(2 * 2 / 4) and lv(spikes)[0] == pytest.approx(3 * (2 / 4) ** 2)


def test_intervals_never_run_from_one_neuron_to_the_next():
    spikes = Spikes.from_times([1.0, 2.0, 4.0, 50.0], [0, 1, 0, 1], size=2, stop=100.0)
    assert isi(spikes).tolist() == pytest.approx([3.0, 48.0])


def test_fewer_than_three_spikes_have_no_variation():
    spikes = Spikes.from_times([1.0, 2.0, 3.0, 4.0, 5.0], [0, 0, 1, 1, 1], size=3, stop=10.0)
    for measure in (cv_isi, cv2, lv):
        assert np.isnan(measure(spikes)).tolist() == [True, False, True]
    assert np.isnan(cv(SILENT)) and isi(SILENT).size == 0


def test_the_population_rate_counts_spikes_per_neuron_and_second():
    spikes = Spikes.from_times([0.0, 0.9, 1.0, 3.9], [0, 1, 0, 1], size=2, stop=4.5, dt=0.1)
    times, values = population_rate(spikes, bin=1.0)
    assert times.tolist() == pytest.approx([0.5, 1.5, 2.5, 3.5])
    assert values.tolist() == pytest.approx([1000.0, 500.0, 0.0, 500.0])


def test_smoothing_keeps_the_mean_rate_and_quiets_it():
    spikes = poisson(duration=2000.0)
    plain, smooth = (population_rate(spikes, bin=1.0, width=width).values for width in (0.0, 5.0))
    assert smooth.mean() == pytest.approx(plain.mean()) and smooth.std() < 0.4 * plain.std()


def test_counts_are_those_of_a_histogram():
    spikes = poisson(size=5, duration=1000.0)
    counts = spike_counts(spikes, bin=100.0)
    for neuron in range(5):
        expected = np.histogram(spikes.steps[spikes.indices == neuron], np.arange(0, 10_001, 1000))[0]
        assert counts[neuron].tolist() == expected.tolist()


def test_the_fano_factor_of_a_poisson_process_is_one_and_of_a_clock_zero():
    assert np.mean(fano_factor(poisson(), window=100.0)) == pytest.approx(1.0, abs=0.02)
    assert fano_factor(clock(), window=100.0).tolist() == [0.0, 0.0, 0.0]
    assert np.all(np.isnan(fano_factor(SILENT)))


def test_correlations_are_those_of_the_count_matrix():
    spikes = poisson(size=12, duration=2000.0)
    expected = np.corrcoef(spike_counts(spikes, bin=5.0))
    assert np.allclose(correlation(spikes, bin=5.0), expected)
    others = expected[~np.eye(12, dtype=bool)]
    assert mean_correlation(spikes, bin=5.0) == pytest.approx(others.mean(), abs=1e-12)


def test_neurons_that_spike_together_are_fully_correlated():
    assert np.allclose(correlation(clock(), bin=2.0), 1.0)
    assert mean_correlation(clock(), bin=2.0) == pytest.approx(1.0)


def test_a_silent_neuron_has_no_correlation_and_is_left_out_of_the_mean():
    spikes = Spikes.from_times([1.0, 5.0, 1.0, 5.0], [0, 0, 2, 2], size=3, stop=10.0)
    matrix = correlation(spikes, bin=1.0)
    assert np.all(np.isnan(matrix[1])) and matrix[0, 2] == pytest.approx(1.0)
    assert mean_correlation(spikes, bin=1.0) == pytest.approx(1.0) and np.isnan(mean_correlation(SILENT))


def test_a_matrix_of_too_many_pairs_is_refused():
    spikes = Spikes(steps=np.zeros(1), indices=np.zeros(1), size=20_000, dt=DT, stop_step=1000)
    with pytest.raises(DescriptionError, match="at most 10,000 neurons, got 20,000"):
        correlation(spikes)


def test_the_spectrum_of_poisson_neurons_is_flat_at_twice_the_rate_over_their_number():
    spectrum = power_spectrum(poisson(rate=20.0, size=200), bin=1.0, segment=200.0)
    assert np.mean(spectrum.power[2:-2]) == pytest.approx(2 * 20.0 / 200, rel=0.03)


def test_a_rhythm_shows_in_spectrum_and_autocorrelation():
    rng = np.random.default_rng(0)
    lam = 0.05 * (1.0 + np.cos(2 * np.pi * 40.0 * np.arange(100_000) * 1e-4))
    steps = np.flatnonzero(rng.random(100_000) < lam)
    spikes = Spikes(steps=steps, indices=np.zeros(steps.size), size=1, dt=DT, stop_step=100_000)
    assert power_spectrum(spikes, bin=1.0).peak == pytest.approx(40.0)
    lags, values = autocorrelation(spikes, bin=1.0, lag=50.0)
    # around its top the cosine falls by less than the noise of 1 / sqrt(10,000 bins) within 2 ms
    assert values[0] == pytest.approx(1.0) and lags[10 + np.argmax(values[10:40])] == pytest.approx(
        25.0, abs=2.0
    )


def test_the_autocorrelation_agrees_with_the_sum_it_stands_for():
    spikes = poisson(size=3, duration=300.0)
    rate = population_rate(spikes, bin=1.0).values
    centred = rate - rate.mean()
    direct = [np.mean(centred[: rate.size - k] * centred[k:]) / rate.var() for k in range(21)]
    assert np.allclose(autocorrelation(spikes, bin=1.0, lag=20.0).values, direct)


def test_synchrony_is_one_for_independent_neurons_and_grows_with_their_number_in_step():
    assert synchrony(poisson()) == pytest.approx(1.0, abs=0.05)
    # 10 bins hold one volley of n: mean n/10, variance n² (1/10 - 1/100)
    assert synchrony(clock(period=30.0, size=5, duration=3000.0)) == pytest.approx(5 * 0.9)
    assert np.isnan(synchrony(SILENT))


def test_chi_is_one_for_equal_and_a_root_for_independent_traces():
    rng = np.random.default_rng(0)
    steps = np.arange(5000)

    def traces(values: np.ndarray) -> Traces:
        return Traces(values=values, steps=steps, indices=np.arange(values.shape[-1]), dt=DT)

    equal = np.repeat(rng.normal(size=(5000, 1)), 25, axis=1)
    apart = rng.normal(size=(5000, 25))
    assert chi(traces(equal)) == pytest.approx(1.0)
    assert chi(traces(apart)) == pytest.approx(0.2, rel=0.05)
    both = chi(traces(np.stack([equal, apart], axis=1)))
    assert (
        both.shape == (2,) and both[0] == pytest.approx(1.0) and both[1] == pytest.approx(chi(traces(apart)))
    )
    assert np.isnan(chi(traces(np.zeros((5000, 2)))))


@pytest.mark.parametrize(
    "measure",
    [
        rates, cv_isi, cv2, lv, fano_factor, synchrony,
        lambda s: population_rate(s, width=3.0).values,
        lambda s: power_spectrum(s).power,
        lambda s: autocorrelation(s).values,
        lambda s: spike_counts(s, bin=5.0),
    ],
)  # fmt: skip
def test_replicas_are_measured_apart(measure):
    one, other = (poisson(size=7, duration=2000.0, seed=seed) for seed in (3, 4))
    together = measure(copies(one, other))
    assert np.allclose(together[0], measure(one)) and np.allclose(together[1], measure(other))


def test_measures_of_pairs_ask_for_one_replica():
    for measure in (correlation, mean_correlation):
        with pytest.raises(DescriptionError, match=r"take one first, as in spikes.replica\(0\)"):
            measure(copies(clock(), clock()))


def test_chosen_neurons_are_measured_alone():
    spikes = poisson(size=10, duration=2000.0)
    part = spikes.of([2, 7])
    assert np.allclose(cv_isi(part), cv_isi(spikes)[[2, 7]])
    assert np.allclose(correlation(part), correlation(spikes)[np.ix_([2, 7], [2, 7])])


@pytest.mark.parametrize("bin", [0.0, -1.0, 0.25, float("nan"), float("inf")])
def test_a_bin_that_is_no_multiple_of_the_step_is_refused(bin):
    for measure in (population_rate, synchrony, mean_correlation):
        with pytest.raises(DescriptionError, match="a bin must be a multiple of the time step 0.1 ms"):
            measure(clock(), bin=bin)


def test_windows_that_do_not_fit_are_refused():
    for call in (
        lambda: population_rate(clock(), bin=2000.0),
        lambda: population_rate(clock(), width=-1.0),
        lambda: autocorrelation(clock(), lag=1000.0),
        lambda: power_spectrum(clock(), segment=1.0),
    ):
        with pytest.raises(DescriptionError, match="must"):
            call()


def test_distances_of_trains_have_their_closed_forms():
    a, b = np.array([10.0, 50.0]), np.array([12.0])
    assert victor_purpura(a, b, cost=0.1) == pytest.approx(1 + 0.2)
    assert victor_purpura(a, b, cost=5.0) == 3.0 and victor_purpura(a, b, cost=0.0) == 1.0
    assert victor_purpura(a, a) == victor_purpura([], []) == 0.0 and victor_purpura(a, []) == 2.0
    assert van_rossum([10.0], []) == pytest.approx(np.sqrt(0.5))
    assert van_rossum([10.0], [15.0], tau=10.0) == pytest.approx(np.sqrt(1 - np.exp(-0.5)))
    assert van_rossum(a, a) == pytest.approx(0.0, abs=1e-7) and van_rossum([], []) == 0.0


def test_the_distance_of_van_rossum_is_the_integral_it_stands_for():
    rng = np.random.default_rng(2)
    a, b = np.sort(rng.uniform(0, 100, 6)), np.sort(rng.uniform(0, 100, 9))
    t = np.arange(0.0, 300.0, 0.002)

    def widened(train):
        return sum(np.where(t >= s, np.exp(-np.maximum(t - s, 0.0) / 10.0), 0.0) for s in train)

    integral = np.sum((widened(a) - widened(b)) ** 2) * 0.002 / 10.0
    assert van_rossum(a, b, tau=10.0) ** 2 == pytest.approx(integral, rel=1e-3)


def test_distances_refuse_parameters_that_cannot_be():
    with pytest.raises(DescriptionError, match="cost must be >= 0"):
        victor_purpura([1.0], [2.0], cost=-1.0)
    with pytest.raises(DescriptionError, match="tau must be > 0"):
        van_rossum([1.0], [2.0], tau=0.0)
