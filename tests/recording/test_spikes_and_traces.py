"""What spikes and traces answer, on small ones that can be counted by hand."""

import numpy as np
import pytest

from neurosim.errors import RecordingError
from neurosim.recording import Spikes, Traces


@pytest.fixture
def spikes() -> Spikes:
    """Neuron 0 at 1 and 5 ms, neuron 2 at 5 and 9.9 ms, given out of order."""
    steps, indices = np.array([50, 10, 99, 50]), np.array([2, 0, 2, 0])
    return Spikes(steps=steps, indices=indices, size=3, dt=0.1, stop_step=100, label="exc")


@pytest.fixture
def copies() -> Spikes:
    """Two replicas of two neurons."""
    steps, indices, replicas = np.array([0, 0, 3, 3]), np.array([1, 0, 1, 1]), np.array([1, 0, 0, 1])
    return Spikes(steps=steps, indices=indices, replicas=replicas, batch=2, size=2, dt=1.0, stop_step=10)


def test_spikes_are_sorted_by_step_and_neuron(spikes):
    assert spikes.steps.tolist() == [10, 50, 50, 99]
    assert spikes.indices.tolist() == [0, 0, 2, 2]


def test_a_spike_of_step_k_has_the_time_k_dt(spikes):
    assert np.allclose(spikes.times, [1.0, 5.0, 5.0, 9.9])


def test_rates_are_spikes_over_duration(spikes):
    assert np.allclose(spikes.rates(), [200.0, 0.0, 200.0])
    assert spikes.mean_rate() == pytest.approx(400.0 / 3)


def test_trains_hold_each_neurons_times(spikes):
    assert [np.round(train, 6).tolist() for train in spikes.trains()] == [[1.0, 5.0], [], [5.0, 9.9]]
    assert spikes.train(2).tolist() == pytest.approx([5.0, 9.9])


def test_between_takes_the_start_and_leaves_the_end(spikes):
    part = spikes.between(1.0, 5.0)
    assert (part.steps.tolist(), part.start, part.stop) == ([10], 1.0, 5.0)
    assert part.rates()[0] == pytest.approx(250.0)


def test_between_is_cut_to_what_was_recorded(spikes):
    assert spikes.between(5.0, 1e6).stop == pytest.approx(10.0)
    with pytest.raises(RecordingError, match="0 to 10 ms, got 20 to 30"):
        spikes.between(20.0, 30.0)


def test_a_time_that_is_a_step_but_for_rounding_is_that_step():
    spikes = Spikes(steps=np.array([3]), indices=np.array([0]), size=1, dt=0.1, stop_step=10)
    assert 0.1 * 3 > 0.3 and spikes.between(0.3, 0.4).count == 1


def test_of_keeps_only_the_neurons_asked_for(spikes):
    part = spikes.of([2, 1])
    assert part.neurons.tolist() == [1, 2] and np.allclose(part.rates(), [0.0, 200.0])
    assert spikes.of(slice(0, 2)).count == 2
    assert spikes.of(0).mean_rate() == pytest.approx(200.0)


def test_a_neuron_that_was_not_recorded_is_refused_by_number(spikes):
    with pytest.raises(RecordingError, match="neuron 3 was not recorded; there are 0 to 2"):
        spikes.train(3)
    with pytest.raises(RecordingError, match="neuron 0 was not recorded; there are 1 to 2"):
        spikes.of([1, 2]).of(0)


def test_replicas_have_their_own_rates_and_trains(copies):
    assert copies.rates().tolist() == [[100.0, 100.0], [0.0, 200.0]]
    assert [train.tolist() for train in copies.trains()] == [[0.0], [3.0], [], [0.0, 3.0]]
    assert copies.replica(1).train(1).tolist() == [0.0, 3.0]
    with pytest.raises(RecordingError, match="take one first"):
        copies.train(1)
    with pytest.raises(RecordingError, match="no replica 2; there are 2"):
        copies.replica(2)


def test_by_train_agrees_with_a_plain_loop():
    rng = np.random.default_rng(0)
    steps, indices = rng.integers(0, 500, 4000), rng.integers(0, 40, 4000)
    spikes = Spikes(steps=steps, indices=indices, size=40, dt=0.5, stop_step=500)
    for neuron, train in enumerate(spikes.trains()):
        assert np.array_equal(train, np.sort(steps[indices == neuron]) * 0.5)


@pytest.mark.parametrize(
    "wrong",
    [
        {"steps": [100]},
        {"steps": [-1]},
        {"indices": [3]},
        {"indices": [0, 1]},
        {"dt": 0.0},
        {"stop_step": -1},
    ],
)
def test_what_cannot_be_is_refused_by_name(wrong):
    right = {"steps": [5], "indices": [0], "size": 3, "dt": 0.1, "stop_step": 100}
    arrays = {
        name: np.array(value) if isinstance(value, list) else value for name, value in (right | wrong).items()
    }
    with pytest.raises(RecordingError, match=next(iter(wrong))):
        Spikes(**arrays)


def test_spikes_can_be_made_from_times():
    spikes = Spikes.from_times([7.0, 2.0], [1, 0], size=2, stop=10.0, dt=0.1)
    assert spikes.steps.tolist() == [20, 70] and spikes.duration == pytest.approx(10.0)


@pytest.fixture
def traces() -> Traces:
    """Neurons 4 and 7, sampled after steps 1, 3 and 5 of 0.5 ms."""
    values = np.array([[1.0, 10.0], [2.0, 20.0], [3.0, 30.0]], np.float32)
    return Traces(
        values=values, steps=np.array([1, 3, 5]), indices=np.array([4, 7]), unit="mV", dt=0.5, label="exc.v"
    )


def test_a_sample_is_the_state_at_the_end_of_its_step(traces):
    assert traces.times.tolist() == [1.0, 2.0, 3.0]


def test_numpy_takes_traces_as_their_values(traces):
    assert np.mean(traces, axis=0).tolist() == [2.0, 20.0]
    assert np.asarray(traces).dtype == np.float32 and np.asarray(traces, float).dtype == np.float64
    assert traces[1:, 0].tolist() == [2.0, 3.0] and traces.shape == (3, 2)


def test_traces_are_chosen_by_neuron_and_by_time(traces):
    assert traces.of(7).values.tolist() == [[10.0], [20.0], [30.0]]
    assert traces.of([7, 4]).values[0].tolist() == [10.0, 1.0]
    assert traces.between(1.0, 3.0).times.tolist() == [1.0, 2.0]
    with pytest.raises(RecordingError, match="neuron 5 was not sampled; there are 4, 7"):
        traces.of(5)


def test_traces_of_a_shape_that_does_not_fit_are_refused(traces):
    with pytest.raises(RecordingError, match=r"got \(3, 3\)"):
        Traces(values=np.zeros((3, 3)), steps=traces.steps, indices=traces.indices, dt=0.5)


def test_what_is_printed_says_what_it_is(spikes, traces):
    assert repr(spikes) == "Spikes(exc: 4 spikes of 3 neurons in 10 ms, 133 Hz)"
    assert repr(traces) == "Traces(exc.v: 3 samples of 2 neurons from 1 to 3 ms, mV)"
