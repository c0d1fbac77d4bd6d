"""Step neurons against traces worked out beforehand, and what they refuse."""

import numpy as np
import pytest

from neurosim import Network, TimedArray, simulate
from neurosim.errors import NeurosimError
from neurosim.families import FAMILIES, Afferents, StepNeurons
from neurosim.families.plain import from_plain

# constant input 0.3, beta 0.9, threshold 1, from 0: spikes and the first membranes
TRACES = {
    ("leaky", "subtract", True): ([3, 8], [.3, .57, .813, 1.0317, .2285, .5057, .7551, .9796, 1.1816, .3635, .6271]),
    ("leaky", "subtract", False): ([3, 7, 11], [.3, .57, .813, .0317, .3285, .5957, .8361, .0525, .3472, .6125, .8513]),
    ("leaky", "zero", True): ([3, 7, 11], [.3, .57, .813, 1.0317, .3, .57, .813, 1.0317, .3, .57, .813, 1.0317]),
    ("leaky", "zero", False): ([3, 7, 11], [.3, .57, .813, 0, .3, .57, .813, 0, .3, .57, .813, 0]),
    ("rleaky", "zero", True): ([3, 8], [.3, .57, .813, 1.0317, 0, .3, .57, .813, 1.0317, 0, .3, .57]),
    ("leaky", "none", True): ([*range(3, 12)], [.3, .57, .813, 1.0317]),
}


def run(part, steps=12, backend="reference", **options):
    found = simulate(Network({"cell": part}), float(steps), dt=1.0, record=["cell.spikes", "cell.mem"], progress=False,
                     backend=backend, dtype="float64", **options)
    return found["cell.spikes"].steps.tolist(), np.asarray(found["cell.mem"].values).reshape(steps, -1)[:, 0]


@pytest.mark.parametrize("case", TRACES)
def test_traces_are_those_worked_out_beforehand(case):
    kind, reset, delayed = case
    spikes, membrane = TRACES[case]
    steps, found = run(StepNeurons(1, kind=kind, reset=reset, delayed=delayed, beta=0.9, bias=0.3))
    assert steps == spikes
    np.testing.assert_allclose(found[: len(membrane)], membrane, atol=1e-4)  # the traces have four decimals
    if reset == "none":
        assert found[-1] == pytest.approx(2.1527, abs=1e-4)


def test_at_the_threshold_itself_there_is_no_spike(backend):
    assert run(StepNeurons(1, beta=0.0, bias=1.0), 4, backend) == ([], pytest.approx(np.ones(4)))


def test_a_part_that_begins_later_rests_until_then():
    late = run(StepNeurons(1, beta=0.9, bias=0.3, begins=4), 16)
    assert late[0] == [7, 12]
    assert not late[1][:4].any()
    np.testing.assert_array_equal(late[1][4:], run(StepNeurons(1, beta=0.9, bias=0.3))[1])


def test_replicas_follow_tables_of_their_own(backend):
    x = np.random.default_rng(0).random((10, 3, 2))
    net = Network({"lines": Afferents(2, x=TimedArray(x, 1.0))})
    options = {"dt": 1.0, "record": ["lines.x"], "backend": backend, "dtype": "float64", "progress": False}
    found = simulate(net, 10.0, replicas=3, **options)["lines.x"].values
    np.testing.assert_array_equal(np.asarray(found).reshape(x.shape), x)
    with pytest.raises(NeurosimError, match=r"\(T, 2, 2\) for 2 replicas, got \(10, 3, 2\)"):
        simulate(net, 10.0, replicas=2, **options)


def test_a_part_is_written_down_and_read_again():
    part = StepNeurons(3, kind="synaptic", alpha=[0.1, 0.2, 0.3], beta=0.5, reset="zero", delayed=False, begins=2)
    assert from_plain(part.to_dict(), FAMILIES, "family", "x") == part
    assert eval(repr(part), dict(FAMILIES)) == part


@pytest.mark.parametrize(("change", "message"), [
    ({"kind": "leeky"}, "StepNeurons.kind must be one of"), ({"reset": "hard"}, "StepNeurons.reset must be one of"),
    ({"beta": None}, "need beta, got beta = None"), ({"alpha": 0.5}, "need beta, got alpha = 0.5"),
    ({"beta": 1.5}, "beta must be within 0 and 1, got 1.5"), ({"beta": [0.5, 0.5]}, r"a number or \(3,\)"),
    ({"threshold": 0.0}, "StepNeurons.threshold must be > 0"), ({"begins": -1}, "begins must be a whole number"),
    ({"kind": "alpha", "alpha": 0.5}, "alpha must be above beta"),
    ({"kind": "lapicque", "beta": None, "R": 1.0, "C": 5.0, "time_step": 1.0, "delayed": False}, "delayed must be"),
    ({"bias": np.nan}, "StepNeurons.bias must be finite"),
])
def test_a_wrong_value_is_refused_by_name(change, message):
    with pytest.raises(NeurosimError, match=message):
        StepNeurons(3, **{"beta": 0.9, **change})
