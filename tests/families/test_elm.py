"""ELM neurons against a plain loop, exact relations between their versions, and their place in a spiking network."""

import numpy as np
import pytest
from elm_loops import elm_loop

from neurosim import LIF, Network, TimedArray, simulate
from neurosim.connectivity import AllToAll, OneToOne
from neurosim.errors import NeurosimError
from neurosim.families import (
    ELM,
    FAMILIES,
    Afferents,
    neighbouring_synapses,
    random_synapses,
    spread_timescales,
)
from neurosim.families.elm import memory_decays
from neurosim.families.plain import from_plain

SIGNED = np.random.default_rng(3).choice([-1.0, 0.0, 1.0], (25, 8))
ROUTE = np.array([3, -1, 0, 7, 7, 2, -1, 5, 1, 1, 6, 4])


def neuron(version=2, **fields):
    return ELM(2, inputs="lines", **{"synapses": 8, "branches": 2, "memory": 3, "version": version, **fields})


def run(elm, x=SIGNED, backend="reference", record="y", **more):
    network = Network({"lines": Afferents(x.shape[1], x=TimedArray(x, 1.0)), "cell": elm, **more})
    recording = simulate(network, float(len(x)), dt=1.0, record=[f"cell.{record}"], backend=backend, dtype="float64",
                         progress=False)
    return np.asarray(recording[f"cell.{record}"].values)


@pytest.mark.shim
@pytest.mark.parametrize("fields", [{"version": 1}, {"version": 2, "synapses": ROUTE, "branches": 3}])
def test_a_neuron_computes_what_a_plain_loop_does(fields, backend):
    elm = neuron(**fields)
    route = None if np.ndim(elm.synapses) == 0 else elm.synapses
    wanted = elm_loop(elm.values, elm.tau_m, SIGNED[:, None], branches=elm.branches, version=elm.version, route=route)
    assert np.ptp(wanted) > 0.1
    np.testing.assert_allclose(run(elm, backend=backend), wanted[:, 0], atol=1e-12)


@pytest.mark.parametrize(("memory", "count"), [
    (1, 4601), (2, 4708), (3, 4823), (5, 5077), (7, 5363), (10, 5852), (15, 6827), (20, 8002), (25, 9377), (30, 10952),
    (40, 14702), (50, 19252), (75, 34127), (100, 54002),
])
def test_published_sizes_are_met(memory, count):
    elm = ELM(2, inputs="lines", synapses=neighbouring_synapses(), branches=45, memory=memory)
    assert elm.parameter_count == count


def test_synapses_of_the_published_dendrite_overlap_and_end_with_it():
    route = neighbouring_synapses()
    assert route.shape == (4500,) and (route >= 0).sum() == 4282
    assert set(route[route >= 0]) == set(range(1278))
    assert route[:4].tolist() == [0, 639, 1, 640] and route[100] == 639 + 14  # place 29 is inhibitory


def test_both_versions_have_the_same_branches():
    np.testing.assert_allclose(run(neuron(1), record="b"), run(neuron(2), record="b"), atol=1e-12)


def test_write_gains_are_those_worked_out_by_hand():
    tau = np.array([1.0, 5.0, 50.0, 500.0])
    np.testing.assert_allclose(memory_decays(tau, 1.0, 5.0, 1)[1], [3.161, 0.906, 0.0990, 0.0100], atol=5e-4)
    np.testing.assert_allclose(memory_decays(tau, 1.0, 5.0, 2)[1], [0.993, 0.632, 0.0952, 0.0100], atol=5e-4)


@pytest.mark.parametrize("version", [1, 2])
def test_memory_stays_within_its_bound_and_relaxes_to_it(version):
    # a perceptron that is saturated whatever it sees
    zero = {name: np.zeros(shape) for name, shape in neuron().shapes.items()}
    elm = neuron(version, weights={**zero, "c2": np.full(3, 50.0)}, tau_m=[2.0, 5.0, 9.0])
    keep, write = memory_decays(elm.tau_m, 1.0, elm.gain, version)
    bound = 1.7159 * write / (1 - keep)
    steps = np.arange(1, 26)[:, None]
    np.testing.assert_allclose(run(elm, record="m"), bound * (1 - keep**steps), rtol=1e-10)
    if version == 1:
        np.testing.assert_allclose(bound, 1.7159 * 5.0)


def test_a_neuron_without_input_and_biases_stays_silent():
    weights = {n: v * (n not in ("c1", "c2", "b_y")) for n, v in neuron().values.items()}
    assert not run(neuron(weights=weights), np.zeros((20, 8)), record="m").any()


def test_drawn_weights_lie_within_their_bounds():
    elm = ELM(3, inputs="lines", synapses=40, branches=8, memory=10)
    for name, fan_in in (("W1", 18), ("c1", 18), ("W2", 20), ("c2", 20), ("W_y", 10), ("b_y", 10)):
        value = elm.values[name]
        assert np.abs(value).max() <= fan_in**-0.5 and (value.size < 50 or np.abs(value).max() > 0.9 * fan_in**-0.5)
    assert (elm.values["w"] == 0.5).all()
    np.testing.assert_allclose(spread_timescales(3, 1.0, 100.0), [1, 10, 100])
    assert spread_timescales(1).tolist() == [1.0]


def test_a_neuron_lives_among_spiking_ones():
    net = Network({"exc": LIF(4, i=30.0), "lines": Afferents(4), "cell": ELM(
        inputs="lines", synapses=4, branches=1, memory=3, threshold=0.05,
        weights={**ELM(inputs="lines", synapses=4, branches=1, memory=3, seed=5).values, "b_y": np.zeros(1)}),
        "after": LIF(2)})
    net.connect("exc", "lines", OneToOne(), on_pre="x += 1")
    net.connect("cell", "after", AllToAll(), on_pre="v += w", w=3.0)
    found = simulate(net, 100.0, dt=1.0, record=["exc.spikes", "lines.x", "cell.y", "cell.spikes", "after.v"],
                     backend="reference", dtype="float64", progress=False)
    x, y = (np.asarray(found[n].values) for n in ("lines.x", "cell.y"))
    assert x.sum() == len(found["exc.spikes"].times) - 4 * (found["exc.spikes"].times[-1] >= 99)
    onsets = np.flatnonzero((y[1:, 0] > 0.05) & (y[:-1, 0] <= 0.05)) + 1
    spikes = np.round(found["cell.spikes"].times).astype(int)
    assert set(onsets) <= set(spikes) and len(spikes) >= 1
    assert np.ptp(np.asarray(found["after.v"].values)) > 2.0


def test_a_neuron_survives_being_written_down():
    elm = neuron(1, synapses=ROUTE, weights=neuron(1, synapses=ROUTE).values, threshold=0.5, activation="silu")
    assert from_plain(elm.to_dict(), FAMILIES, "family", "x") == elm
    assert random_synapses(50, 7, 1).max() < 7
    net = Network({"lines": Afferents(8, x=TimedArray(SIGNED, 1.0)), "cell": elm})
    assert Network.from_dict(net.to_dict()) == net


@pytest.mark.parametrize(("fields", "message"), [
    ({"branches": 3}, "must divide"), ({"version": 3}, "1 or 2"), ({"activation": "gelu"}, "relu"),
    ({"tau_m": [1.0]}, r"\(3,\)"), ({"synapses": [0, 9], "branches": 1}, "below the 8 lines"),
    ({"synapses": 4}, "the 8 lines"), ({"weights": {"w": 1.0}}, "must be None or hold w"), ({"gain": 0.0}, "gain"),
    ({"inputs": "line"}, "such as Afferents"),
])
def test_a_wrong_field_is_refused(fields, message):
    with pytest.raises(NeurosimError, match=message):
        run(ELM(2, **{"inputs": "lines", "synapses": 8, "branches": 2, "memory": 3, **fields}))
