"""Named spiking neurons against closed forms and their papers."""

import numpy as np
import pytest

from neurosim import LIF, AdEx, HodgkinHuxley, Izhikevich, Network, TimedArray, simulate
from neurosim.connectivity import Distance
from neurosim.errors import DescriptionError
from neurosim.families import FAMILIES
from neurosim.families.plain import from_plain


def run(part, duration, dt=0.1, backend="reference"):
    return simulate(
        Network({"cell": part}), duration, dt=dt, record="spikes", backend=backend, progress=False
    )


def test_a_driven_neuron_fires_at_its_closed_form_rate(backend):
    recording = run(LIF(size=2, i=30.0, refractory=2.0), 500.0, backend=backend)
    # from reset to threshold in 20 ln(30/10) = 21.97 ms, in 220 steps, the first 2 ms after a spike
    times = recording["cell.spikes"].times[recording["cell.spikes"].indices == 0]
    assert np.allclose(np.diff(times), (np.ceil(20.0 * np.log(3.0) / 0.1) - 1 + 20) * 0.1)


def test_a_neuron_below_threshold_stays_silent():
    assert len(run(LIF(3, i=19.9), 200.0)["cell.spikes"].times) == 0


@pytest.mark.parametrize(
    "part",
    [
        LIF(2, tau=10.0),
        AdEx(2, I=500.0),
        Izhikevich(2, i=10.0),
        HodgkinHuxley(2, I=300.0, initial={"v": "-60 + rand()"}),
    ],
)
def test_a_named_neuron_is_rebuilt_from_its_fields(part):
    assert from_plain(part.to_dict(), FAMILIES, "family", "x") == part
    assert eval(repr(part), dict(FAMILIES)) == part


@pytest.mark.parametrize(
    ("make", "field"),
    [
        (lambda: LIF(0), "LIF.size"),
        (lambda: LIF(1, tau=0.0), "LIF.tau"),
        (lambda: LIF(1, v_reset=-40.0), "LIF.v_reset"),
        (lambda: AdEx(1, C=-1.0), "AdEx.C"),
        (lambda: LIF(1, refractory=-1.0), "refractory"),
        (lambda: LIF(1, tau=TimedArray([1.0], 1.0)), "LIF.tau must be a number .* these can follow one: i"),
        (lambda: AdEx(1, I=TimedArray([1.0], 1.0, "mV")), "AdEx.I must be in pA, got a TimedArray in mV"),
        (lambda: LIF(2, positions=[1.0, 2.0, 3.0]), r"LIF.positions must be \(2, 1..3\), got .* shape \(3, 1\)"),
    ],
)
def test_a_wrong_field_is_named(make, field):
    with pytest.raises(DescriptionError, match=field):
        make()


STEPS = TimedArray([0.0, 2.0, 1.0], dt=0.2)


@pytest.mark.parametrize(
    ("part", "name"),
    [(LIF(2, i=STEPS), "drive"), (AdEx(2, I=STEPS), "I"), (Izhikevich(2, i=STEPS), "I"),
     (HodgkinHuxley(2, I=STEPS, positions=[0.0, 5.0]), "I")],
)  # fmt: skip
def test_an_input_may_follow_a_table(part, name):
    recording = simulate(
        Network({"cell": part}), 0.8, record=f"cell.{name}", backend="reference", progress=False
    )
    np.testing.assert_allclose(recording[f"cell.{name}"].values[:, 1], [0, 0, 2, 2, 1, 1, 1, 1])
    assert Network.from_yaml(Network({"cell": part}).to_yaml()) == Network({"cell": part})


def test_named_neurons_have_places():
    network = Network({"cell": LIF(3, positions=[[0.0, 0.0], [0.0, 10.0], [0.0, 100.0]])})
    network.connect("cell", "cell", Distance("step", 20.0), on_pre="v += 1", name="near")
    assert network.build(dt=0.1).edges["near"].edges.target.tolist() == [0, 1, 0, 1, 2]
    assert network.parts["cell"].as_neurons().positions.shape == (3, 2)


def test_adaptation_slows_an_adaptive_neuron_down():
    times = run(AdEx(1, I=800.0), 300.0)["cell.spikes"].times
    gaps = np.diff(times)
    assert len(gaps) >= 4 and gaps[-1] > 1.5 * gaps[0]


def test_a_regular_spiking_cell_fires_and_adapts():
    gaps = np.diff(run(Izhikevich(1, i=10.0), 500.0, dt=0.25)["cell.spikes"].times)
    assert len(gaps) > 5 and gaps[-1] > gaps[0]


def test_a_cell_with_channels_fires_when_brian_2_says():
    part = HodgkinHuxley(1, initial={"m": 0.03, "h": 0.99, "n": 0.06})
    # Brian 2.9, exponential_euler, the same equations and start
    assert np.allclose(run(part, 200.0, dt=0.05)["cell.spikes"].times, [11.25, 84.8, 158.4])
    assert len(run(HodgkinHuxley(1, I=-50.0), 50.0, dt=0.05)["cell.spikes"].times) == 0


def test_a_cell_with_channels_spikes_once_per_action_potential():
    recording = simulate(
        Network({"cell": HodgkinHuxley(1, I=300.0)}),
        100.0,
        dt=0.05,
        record=["cell.spikes", "cell.v"],
        backend="reference",
        progress=False,
    )
    v = recording["cell.v"].values[:, 0]
    upward = np.count_nonzero((v[1:] > -20) & (v[:-1] <= -20))
    assert upward > 3
    assert len(recording["cell.spikes"].times) == upward
