"""Poisson processes with a stated correlation, and trains that come from Neo."""

import numpy as np
import pytest

from neurosim import CorrelatedPoisson, Network, SpikeGenerator, simulate, spikes_from_neo
from neurosim.errors import DescriptionError


def counts(part, duration, dt, window, backend):
    """(N, windows) spikes."""
    run = simulate(Network({"p": part}), duration, dt=dt, record="spikes", backend=backend, progress=False)
    spikes = run["p.spikes"]
    found = np.zeros((part.size, round(duration / window)))
    np.add.at(found, (spikes.indices, (spikes.steps * dt / window + 1e-9).astype(int)), 1)
    return found


@pytest.mark.parametrize("window", [1.0, 50.0])
def test_rates_and_correlation_are_those_stated(backend, window):
    if backend == "reference" and window > 1.0:
        pytest.skip("long windows want a long run, which is for compiled backends")
    size, rate, c, dt, duration = 40, 50.0, 0.25, 0.5, 2_000.0 if backend == "reference" else 10_000.0
    n = counts(CorrelatedPoisson(size, rate, c), duration, dt, window, backend)
    expected = rate / 1000.0 * duration
    p = rate / 1000.0 / c * dt
    correlation = c * (1 - p) / (1 - p * c)
    # what they share makes the spread of the whole population that of a few
    assert n.sum() / size == pytest.approx(expected, abs=5 * np.sqrt(expected * (correlation + 1 / size)))
    pairs = np.corrcoef(n)[np.triu_indices(size, 1)]
    assert pairs.mean() == pytest.approx(correlation, abs=5 / np.sqrt(n.shape[1]))
    each = n.sum(axis=1)
    assert each.std() == pytest.approx(np.sqrt(expected * (1 - p * c) * (1 - correlation)), rel=5 / np.sqrt(2 * size))


def test_all_copy_each_spike_where_the_correlation_is_1():
    n = counts(CorrelatedPoisson(5, 100.0, 1.0), 500.0, 1.0, 1.0, "reference")
    assert n.sum() > 100 and np.all(n == n[0])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: CorrelatedPoisson(5, 10.0, 0.0), "CorrelatedPoisson.correlation must be > 0"),
        (lambda: CorrelatedPoisson(5, 10.0, 1.5), "CorrelatedPoisson.correlation must be in"),
        (lambda: CorrelatedPoisson(5, -1.0, 0.5), "CorrelatedPoisson.rate must be >= 0"),
        (lambda: Network({"p": CorrelatedPoisson(5, 500.0, 0.01)}).build(dt=0.1), "the hidden process fires at"),
        (lambda: spikes_from_neo([]), "there are no spike trains"),
        (lambda: spikes_from_neo([[1.0, 2.0]]), "train 0 must be a neo.SpikeTrain"),
    ],
)
def test_a_wrong_field_is_named(make, message):
    with pytest.raises(DescriptionError, match=message):
        make()


def test_trains_of_neo_fire_when_they_say():
    neo = pytest.importorskip("neo")
    trains = [neo.SpikeTrain([0.001, 0.0105], 1.0, "s"), neo.SpikeTrain([3.0], 9.0, "ms")]
    segment = neo.Segment()
    segment.spiketrains.extend(trains)
    block = neo.Block()
    block.segments.append(segment)
    expected = SpikeGenerator(2, [0, 0, 1], [1.0, 10.5, 3.0])
    for given in (trains, segment, block):
        assert spikes_from_neo(given) == expected


def test_a_recording_comes_back_through_neo():
    pytest.importorskip("neo")
    network = Network({"p": SpikeGenerator(3, [0, 2, 2], [1.0, 2.0, 4.5])})
    run = simulate(network, 10.0, dt=0.1, record="spikes", backend="reference", progress=False)
    again = spikes_from_neo(run.to_neo())
    np.testing.assert_allclose(np.sort(again.times), [1.0, 2.0, 4.5])
    assert again.size == 3
