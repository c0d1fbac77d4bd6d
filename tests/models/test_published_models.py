"""What the first models say of themselves, and what they refuse."""

import numpy as np
import pytest

from neurosim import simulate
from neurosim.errors import DescriptionError
from neurosim.models import brunel_2000, izhikevich_2003, potjans_diesmann_2014, vogels_abbott_2005


@pytest.mark.parametrize(
    ("build", "parameters", "message"),
    [
        (vogels_abbott_2005.build, {"kind": "cobahh"}, "kind must be one of coba, cuba, got 'cobahh'; did you mean"),
        (vogels_abbott_2005.build, {"size": 10}, "size must be a whole number >= 100, got 10"),
        (brunel_2000.build, {"g": -1.0}, "g must be >= 0 and finite, got -1.0"),
        (brunel_2000.build, {"ratio": float("nan")}, "ratio must be >= 0 and finite, got nan"),
        (brunel_2000.build, {"size": 12.5}, "size must be a whole number >= 100, got 12.5"),
        (brunel_2000.build, {"J_mV": 0.0}, "J_mV must be > 0"),
        (brunel_2000.regime, {"name": "SI"}, "regime must be one of AI, SI fast, SI slow, SR, got 'SI'"),
        (izhikevich_2003.build, {"size": 0}, "size must be a whole number >= 5, got 0"),
        (potjans_diesmann_2014.build, {"scale": 0.0}, r"scale must be in \(0, 1\], got 0.0"),
        (potjans_diesmann_2014.build, {"indegree_scale": 2}, r"indegree_scale must be in \(0, 1\], got 2"),
        (potjans_diesmann_2014.build, {"drive": "none"}, "drive must be one of dc, poisson, got 'none'"),
    ],
)
def test_a_wrong_parameter_is_refused_by_name(build, parameters, message):
    with pytest.raises(DescriptionError, match=message):
        build(**parameters)


def test_a_refractory_neuron_of_brunel_loses_what_arrives(backend):
    """With J of a threshold one event is a spike; events in the next 2 ms must leave the potential at its reset."""
    network = brunel_2000.build(size=100, J_mV=20.1, ratio=60.0, g=0.0)
    recording = simulate(network, 40.0, seed=1, backend=backend, record=["exc.spikes", "exc.v"], progress=False)
    spikes, v = recording["exc.spikes"], np.asarray(recording["exc.v"])
    assert spikes.count > 100
    for neuron in range(80):
        for step in spikes.of(neuron).steps:
            assert np.all(v[step : min(step + 20, len(v)), neuron] == 10.0)


def test_a_single_pulse_of_brunel_raises_the_potential_by_its_weight():
    from neurosim import Network, Neurons, SpikeGenerator
    from neurosim.connectivity import OneToOne

    network = Network({
        "source": SpikeGenerator(1, times=[1.0], indices=[0]),
        "cell": Neurons(1, brunel_2000.LIF, threshold="v >= 20", reset="v = 10", refractory=2.0, tau=20.0),
    })
    network.connect("source", "cell", OneToOne(), on_pre="v += J", J=0.1, delay=1.5)
    v = np.asarray(simulate(network, 4.0, dtype="float64", record="cell.v", progress=False)["cell.v"])[:, 0]
    first = np.flatnonzero(v)[0]
    assert first == 25  # the pulse of step 10, 15 steps on
    # it arrives at the beginning of a step and decays until its end
    assert v[first] == pytest.approx(0.1 * np.exp(-0.1 / 20.0), rel=1e-12)
    assert v[first + 1] == pytest.approx(v[first] * np.exp(-0.1 / 20.0), rel=1e-9)


def published_program(start, weights, noise, steps):
    """The program that the paper prints, from a given state and given noise."""
    v, u, a, b, c, d = (start[name].copy() for name in "vuabcd")
    fired_at = []
    for step in range(steps):
        current = noise[step].copy()
        fired = np.flatnonzero(v >= 30)
        fired_at.append(fired)
        v[fired], u[fired] = c[fired], u[fired] + d[fired]
        current += weights[:, fired].sum(axis=1)
        for _ in range(2):
            v += 0.5 * (0.04 * v**2 + 5 * v + 140 - u + current)
        u += a * (b * v - u)
    return fired_at


def test_the_step_of_izhikevich_is_that_of_the_published_program():
    from neurosim import Network, Neurons
    from neurosim.connectivity import FromArrays

    rng = np.random.default_rng(5)
    n, steps = 40, 100
    start = {"v": np.full(n, -65.0), "u": np.full(n, -13.0), "a": 0.02 + 0.08 * rng.random(n), "b": np.full(n, 0.2),
             "c": np.full(n, -65.0), "d": np.full(n, 2.0)}
    drive, weights = 6.0 + 6.0 * rng.random(n), rng.normal(0.0, 1.0, (n, n))
    # a constant current in place of noise: an input that is renewed in each step
    text = izhikevich_2003.STEP.replace("noise*xi/sqrt(ms)", "constant/ms")
    network = Network({"cell": Neurons(
        n, text, threshold="v >= 30", reset="v = c; u += d", method="euler", constant=drive,
        initial={"v": start["v"], "u": start["u"], "I": drive}, **{name: start[name] for name in "abcd"},
    )})
    target, source = (index.ravel() for index in np.indices((n, n)))
    network.connect("cell", "cell", FromArrays(source, target), on_pre="I += w", w=weights.ravel())
    spikes = simulate(network, float(steps), dt=1.0, dtype="float64", record="spikes", progress=False)["cell.spikes"]
    expected = published_program(start, weights, np.tile(drive, (steps + 1, 1)), steps + 1)
    assert spikes.count > 100
    # chaos makes a last bit a spike in the end, so few steps are compared;
    # a spike that our step k ends with is found at the beginning of the program's step k + 1
    for step in range(steps):
        np.testing.assert_array_equal(spikes.indices[spikes.steps == step], expected[step + 1])


def test_the_full_microcircuit_has_the_published_numbers_and_probabilities():
    m = potjans_diesmann_2014
    assert m.SIZES.sum() == 77_169  # table 5
    assert 0.295e9 < m.synapses().sum() < 0.305e9  # "0.3 billion"
    # the chance that K synapses drawn with replacement join a given pair at least once is the published one
    joined = -np.expm1(m.synapses() * np.log1p(-1.0 / np.outer(m.SIZES, m.SIZES)))
    np.testing.assert_allclose(joined, m.PROBABILITIES, rtol=0, atol=1e-6)


def test_a_scaled_microcircuit_has_scaled_numbers():
    network = potjans_diesmann_2014.build(0.1)
    sizes = {name: part.size for name, part in network.parts.items()}
    assert sizes["L4E"] == round(21915 * 0.1)
    join = network.joins["L4E_to_L23E"]
    assert join.values["w"].mean == pytest.approx(2 * 87.8 / np.sqrt(0.1))
    assert join.rule.count == round(potjans_diesmann_2014.synapses()[0, 2] * 0.01)
    assert network.drives["L4E_drive"].count == 210


def test_scaling_keeps_the_mean_input_of_the_microcircuit():
    """Mean current at the published rates: from the synapses that are left, plus the constant one."""
    m = potjans_diesmann_2014
    for drive in ("poisson", "dc"):
        mean = {}
        for scale in (1.0, 0.25):
            recurrent = (m.weights() / np.sqrt(scale) * m.synapses() * scale / m.SIZES[:, None] * m.RATES).sum(axis=1)
            external = m.EXTERNAL * scale * 8.0 * 87.8 / np.sqrt(scale) if drive == "poisson" else 0.0
            mean[scale] = 0.001 * 0.5 * (recurrent + external) + m.constant_current(scale, drive)
        np.testing.assert_allclose(mean[0.25], mean[1.0], rtol=1e-12)
