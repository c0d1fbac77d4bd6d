"""Neurons with channels, and neurons whose threshold moves or is a chance, against numbers that are known."""

import numpy as np
import pytest

from neurosim import GIF, AdaptiveLIF, Network, SquidAxon, WangBuzsaki, simulate
from neurosim.errors import DescriptionError
from neurosim.families import FAMILIES
from neurosim.families.plain import from_plain


def run(part, duration, dt=0.02, backend="reference", record=("cell.spikes",), **options):
    options = {"record": list(record), "backend": backend, "progress": False, **options}
    return simulate(Network({"cell": part}), duration, dt=dt, **options)


def test_the_axon_rests_where_it_begins():
    v = np.asarray(run(SquidAxon(1), 20.0, record=["cell.v"])["cell.v"])
    assert np.abs(v + 65.0).max() < 0.01  # E_L of the paper balances the other currents at rest to 0.01 mV


def test_the_gates_of_the_axon_at_rest_are_those_of_the_text():
    from neurosim.equations import evaluate, parse, substitute, unparse

    cells = SquidAxon(1).as_neurons()
    for gate in "mhn":
        rates = []
        for rate in ("alpha", "beta"):
            tree = parse(f"{rate}_{gate}")
            for name, variable in reversed(cells.checked.equations.subexpressions.items()):
                tree = substitute(tree, {name: variable.expression})
            rates.append(float(evaluate(unparse(tree), {"v": -65.0, "v_rest": -65.0})))
        assert cells.initial[gate] == pytest.approx(rates[0] / sum(rates), abs=1e-5)


def test_a_warmer_axon_spikes_faster():
    widths = []
    for celsius in (6.3, 18.5):
        record = run(SquidAxon(1, celsius=celsius, initial={"v": -50.0}), 10.0, dt=0.01, record=["cell.v"])
        widths.append(np.count_nonzero(np.asarray(record["cell.v"])[:, 0] > -30.0) * 0.01)
    assert 2.0 < widths[0] / widths[1] < 3.0 ** ((18.5 - 6.3) / 10)


def test_interneurons_fire_at_any_low_rate_from_their_rheobase_on():
    currents = np.array([1.0, 1.7, 2.0, 5.0, 10.0, 30.0])  # 0.1 to 3 uA/cm2
    recording = run(WangBuzsaki(6, I=currents), 1000.0, dt=0.05, backend="numba")["cell.spikes"]
    late = np.array([np.count_nonzero(recording.of(k).times > 200.0) / 0.8 for k in range(6)])
    assert late[0] == 0.0 and 0.0 < late[1] < 15.0 and np.all(np.diff(late) > 0)
    # figure 1C of the paper: about 60 Hz at 1 uA/cm2 and 120 Hz at 3 uA/cm2
    assert late[4] == pytest.approx(60.0, rel=0.1) and late[5] > 100.0


def test_an_adaptive_threshold_settles_at_the_interval_that_fits():
    part, dt = AdaptiveLIF(1, i=40.0, tau_theta=50.0, step=5.0), 0.02
    gap = np.diff(run(part, 400.0, dt=dt)["cell.spikes"].times)[-1]
    # at the spike the potential 40 (1 - e^(-T/20)) meets 20 + what is left of the moves, 5 / (e^(T/50) - 1)
    times = np.linspace(5.0, 60.0, 550_001)
    meets = 40.0 * -np.expm1(-times / 20.0) >= 20.0 + 5.0 / np.expm1(times / 50.0)
    assert gap == pytest.approx(times[np.argmax(meets)], abs=2 * dt)


def test_a_chance_of_spikes_gives_its_mean_rate(backend):
    # a reset to where the potential rests leaves the hazard as it is: intervals are the refractory time plus a wait
    level = -46.0
    size = 400
    part = GIF(size, I=10.0 * (level + 65.0), v_reset=level, refractory=4.0, initial={"v": level}, rate=100.0)
    dt, duration = 0.1, 200.0 if backend == "reference" else 2000.0
    spikes = run(part, duration, dt=dt, backend=backend)["cell.spikes"]
    hazard = 0.1 * np.exp((level + 45.0) / 2.0)
    mean = 4.0 - dt + dt / -np.expm1(-hazard * dt)  # steps are whole: the wait is geometric, the rest n - 1 steps
    expected = 400 * duration / mean
    spread = np.sqrt(expected) * (mean - 4.0) / mean
    assert abs(spikes.count - expected) < 5 * spread + 400 * 0.5


def test_jumps_of_current_and_threshold_slow_a_neuron_down():
    plain, slow = (
        run(GIF(50, I=300.0, **more), 300.0, dt=0.2)["cell.spikes"].count
        for more in ({}, {"adaptation": [(100.0, 20.0)], "moves": [(50.0, 3.0), (200.0, 1.0)]})
    )
    assert slow < 0.6 * plain


PARTS = [
    SquidAxon(2, I=50.0), WangBuzsaki(2, phi=3.33), AdaptiveLIF(2, step=1.0),
    GIF(2, adaptation=[(50.0, 20.0)], moves=[(10.0, 2.0)]),
]  # fmt: skip


@pytest.mark.parametrize("part", PARTS, ids=lambda part: type(part).__name__)
def test_a_part_is_rebuilt_from_its_fields(part):
    assert from_plain(part.to_dict(), FAMILIES, "family", "x") == part
    assert eval(repr(part), dict(FAMILIES)) == part


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: SquidAxon(1, C=0.0), "SquidAxon.C must be > 0"),
        (lambda: SquidAxon(1, celsius=-3.0), "SquidAxon.celsius must be >= 0"),
        (lambda: WangBuzsaki(1, phi=0.0), "WangBuzsaki.phi must be > 0"),
        (lambda: AdaptiveLIF(1, tau_theta=0.0), "AdaptiveLIF.tau_theta must be > 0"),
        (lambda: GIF(1, rate=0.0), "GIF.rate must be > 0"),
        (lambda: GIF(1, moves=[5.0]), r"GIF.moves must be pairs \(tau, jump\), got 5.0"),
        (lambda: GIF(1, adaptation=[(0.0, 1.0)]), "GIF.adaptation: a time constant must be > 0, got 0.0"),
    ],
)
def test_a_wrong_field_is_named(make, message):
    with pytest.raises(DescriptionError, match=message):
        make()
