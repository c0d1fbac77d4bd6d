"""The same numbers as Elephant, where it has them."""

import warnings

import numpy as np
import pytest

from neurosim import analysis
from neurosim.recording import Channel, Recorder, Spikes

elephant = pytest.importorskip("elephant")

import neo  # noqa: E402
import quantities as pq  # noqa: E402
from elephant.conversion import BinnedSpikeTrain  # noqa: E402
from elephant.spectral import welch_psd  # noqa: E402
from elephant.spike_train_correlation import correlation_coefficient  # noqa: E402
from elephant.spike_train_dissimilarity import (  # noqa: E402
    van_rossum_distance,
    victor_purpura_distance,
)
from elephant.statistics import cv, cv2, fanofactor, lv, time_histogram  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore:The 'copy' argument in Quantity")


@pytest.fixture(scope="module")
def spikes() -> Spikes:
    """Eight irregular neurons whose rate rises and falls, 4 s in steps of 0.1 ms."""
    rng = np.random.default_rng(5)
    chance = 0.003 * (1.0 + 0.8 * np.sin(2 * np.pi * 7.0 * np.arange(40_000) * 1e-4))
    steps, indices = np.nonzero(rng.random((40_000, 8)) < chance[:, None])
    recorder = Recorder([Channel(key="p.spikes", kind="events", size=8)], dt=0.1)
    recorder.events("p.spikes", steps, indices)
    return recorder.finish(40_000)["p.spikes"]


@pytest.fixture(scope="module")
def trains(spikes) -> list[neo.SpikeTrain]:
    return [neo.SpikeTrain(train, units="ms", t_stop=spikes.stop) for train in spikes.trains()]


def test_variation_of_intervals_agrees(spikes):
    intervals = [np.diff(train) for train in spikes.trains()]
    assert np.allclose(analysis.cv_isi(spikes), [cv(one) for one in intervals])
    assert np.allclose(analysis.cv2(spikes), [cv2(one) for one in intervals])
    assert np.allclose(analysis.lv(spikes), [lv(one) for one in intervals])


def test_fano_factor_agrees(spikes):
    for neuron in range(2):
        one = spikes.of(neuron)
        windows = [
            neo.SpikeTrain(one.between(t, t + 100.0).times, units="ms", t_start=t, t_stop=t + 100.0)
            for t in np.arange(0.0, 4000.0, 100.0)
        ]
        assert analysis.fano_factor(one, window=100.0)[0] == pytest.approx(fanofactor(windows))


def test_correlation_agrees(spikes, trains):
    binned = BinnedSpikeTrain(trains, bin_size=5.0 * pq.ms)
    assert np.allclose(analysis.correlation(spikes, bin=5.0), correlation_coefficient(binned))


def test_population_rate_agrees(spikes, trains):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        counts = time_histogram(trains, bin_size=5.0 * pq.ms).magnitude[:, 0]
    assert np.allclose(analysis.population_rate(spikes, bin=5.0).values, counts / 8 * 1000.0 / 5.0)


def test_power_spectrum_agrees(spikes):
    rate = analysis.population_rate(spikes, bin=1.0).values
    signal = neo.AnalogSignal(rate, units="Hz", sampling_period=1.0 * pq.ms)
    frequencies, power = welch_psd(signal, len_segment=500)
    ours = analysis.power_spectrum(spikes, bin=1.0, segment=500.0)
    assert np.allclose(ours.frequencies, frequencies.rescale("Hz").magnitude)
    assert np.allclose(ours.power, power.magnitude[0])


def test_victor_purpura_distance_agrees(spikes, trains):
    theirs = victor_purpura_distance(trains[:3], cost_factor=100.0 * pq.Hz)
    a, b, c = spikes.trains()[:3]
    assert analysis.victor_purpura(a, b, cost=0.1) == pytest.approx(theirs[0, 1])
    assert analysis.victor_purpura(b, c, cost=0.1) == pytest.approx(theirs[1, 2])


def test_van_rossum_distance_agrees_up_to_its_scale(spikes, trains):
    # there a lone spike is at distance 1, here at the square root of a half, as in the paper
    theirs = van_rossum_distance(trains[:3], time_constant=10.0 * pq.ms)
    a, b, c = spikes.trains()[:3]
    assert analysis.van_rossum(a, b, tau=10.0) == pytest.approx(theirs[0, 1] / np.sqrt(2.0))
    assert analysis.van_rossum(b, c, tau=10.0) == pytest.approx(theirs[1, 2] / np.sqrt(2.0))
