"""Astrocytes, their release and their synapses against closed forms."""

import numpy as np
import pytest
from scipy.optimize import brentq

from neurosim import Network, Neurons, SpikeGenerator, simulate
from neurosim.connectivity import AllToAll, Distance, FromArrays, OneToOne
from neurosim.errors import DescriptionError
from neurosim.families.astrocytes import (
    PRESETS,
    GapJunctions,
    GChI,
    LiRinzel,
    ModulatedRelease,
    SlowInwardCurrent,
    astrocytes,
    grid,
    ring,
)


def run(network, duration, record, *, dt=10.0, backend="reference", **options):
    return simulate(network, duration, dt=dt, record=record, backend=backend, progress=False, **options)


# --- release -----------------------------------------------------------------------------------


def released(**changes):
    """An astrocyte that starts above its threshold, and so releases in the first step."""
    network = Network({"astro": GChI(1, O_beta=0.0, initial={"C": 0.6, "I": 0.5}, **changes)})
    return run(network, 400.0, ["astro.G_A", "astro.x_A", "astro.Gamma_S", "astro.spikes"])


def test_a_release_from_full_vesicles_raises_the_gliotransmitter_by_78_micromolar():
    recording = released()
    # rho_e G_T U_A = 6.5e-4 * 200 mM * 0.6; a slip of units would show as a thousandfold
    assert recording["astro.G_A"].values[0, 0] == pytest.approx(78.0, abs=1e-9)
    assert recording["astro.x_A"].values[0, 0] == pytest.approx(0.4, abs=1e-12)


def test_an_astrocyte_that_stays_above_its_threshold_releases_once():
    assert released()["astro.spikes"].count == 1


def test_an_isolated_release_binds_the_receptors_that_its_area_says():
    bound = released(Omega_G=1e-6)["astro.Gamma_S"].values[-1, 0]
    # all that is released meets the receptors: 1 - exp(-O_G * 78 / Omega_e)
    assert bound == pytest.approx(1 - np.exp(-1.5 * 78.0 / 60.0), abs=1e-5)


def test_bound_receptors_come_off_within_two_minutes():
    network = Network({"astro": GChI(1, O_beta=0.0, initial={"Gamma_S": 0.8})})
    kept = run(network, 1200.0, "astro.Gamma_S", dt=100.0)["astro.Gamma_S"].values[-1, 0]
    assert kept == pytest.approx(0.8 * np.exp(-1.2 / 120.0), rel=1e-12)


# --- synapses ----------------------------------------------------------------------------------

STEADY = {1: 0.555765, 5: 0.297849, 10: 0.175270, 20: 0.094246, 50: 0.039145}


def test_the_release_of_a_regular_train_settles_at_its_closed_form():
    rates = np.array([*STEADY])
    trains = [np.arange(0.0, 8000.0, 1000.0 / rate) for rate in rates]
    source = SpikeGenerator(5, np.repeat(np.arange(5), [t.size for t in trains]), np.concatenate(trains))
    network = Network({"source": source, "target": Neurons(5, "g : 1")})
    synapse = ModulatedRelease().onto("g", w=1.0, glia=False, keep=True)
    network.connect("source", "target", OneToOne(), name="s", **synapse)
    last = run(network, 8020.0, "s.r_S")["s.r_S"].values[-1]
    facilitated, recovered = np.exp(-3.33 / rates), np.exp(-2.0 / rates)
    use = 0.6 / (1 - 0.4 * facilitated)
    expected = use * (1 - recovered) / (1 - (1 - use) * recovered)
    np.testing.assert_allclose(expected, [*STEADY.values()], atol=1e-6)  # the same from an independent program
    np.testing.assert_allclose(last, expected, atol=1e-6)


def test_the_first_spike_from_rest_releases_the_resting_probability():
    network = Network({"source": SpikeGenerator(1, [0], [0.0]), "target": Neurons(1, "g : 1")})
    network.connect("source", "target", OneToOne(), **ModulatedRelease(U_0=0.3).onto("g", w=2.0, glia=False))
    assert run(network, 30.0, "target.g")["target.g"].values[-1, 0] == pytest.approx(0.6)


@pytest.mark.parametrize("alpha", [0.0, 0.4, 1.0])
def test_bound_receptors_move_release_between_its_resting_value_and_alpha(alpha):
    network = Network({
        "source": SpikeGenerator(1, [0], [0.0]),
        "target": Neurons(1, "g : 1"),
        "astro": GChI(1, O_beta=0.0, Omega_G=1e-6, initial={"Gamma_S": 0.25}),
    })
    network.connect("source", "target", OneToOne(), glia="astro", **ModulatedRelease(alpha=alpha).onto("g", w=1.0))
    g = run(network, 30.0, "target.g")["target.g"].values[-1, 0]
    assert g == pytest.approx(0.75 * 0.6 + 0.25 * alpha, rel=1e-6)


def test_what_synapses_spill_fades_in_the_time_that_clearance_takes():
    network = Network({"astro": GChI(1, initial={"Y_S": 100.0})})
    y = run(network, 50.0, "astro.Y_S")["astro.Y_S"].values[:, 0]
    np.testing.assert_allclose(y, 100.0 * np.exp(-0.4 * np.arange(1, 6)), rtol=1e-12)


def test_a_slow_inward_current_peaks_at_its_amplitude():
    sic = SlowInwardCurrent(amplitude=30.0, rise=20.0, decay=600.0)
    network = Network({"astro": SpikeGenerator(1, [0], [0.0]), "cell": Neurons(1, sic.equations, **sic.constants)})
    network.connect("astro", "cell", OneToOne(), **sic.opening())
    current = run(network, 400.0, "cell.i_sic", dt=1.0)["cell.i_sic"].values
    assert current.max() == pytest.approx(30.0, rel=1e-4)


# --- calcium -----------------------------------------------------------------------------------


def resting(calcium, ip3):
    """dC/dt of figure 3's numbers at the h that belongs to it, µM/s."""
    q = 1.05 * (ip3 + 0.13) / (ip3 + 0.9434)
    h, m = q / (q + calcium), ip3 / (ip3 + 0.13) * calcium / (calcium + 0.08)
    return (6 * m**3 * h**3 + 0.1) * (2 - 1.18 * calcium) - 0.9 * calcium**2 / (calcium**2 + 0.05**2)


def test_calcium_of_li_and_rinzel_rests_where_its_fluxes_cancel(backend):
    ip3 = np.array([0.05, 0.1])
    rest = np.array([brentq(resting, 1e-4, 0.2, args=(value,), xtol=1e-14) for value in ip3])
    q = 1.05 * (ip3 + 0.13) / (ip3 + 0.9434)
    network = Network({"astro": LiRinzel(2, I=ip3, initial={"C": rest, "h": q / (q + rest)})})
    options = {} if backend == "reference" else {"dtype": "float64"}
    last = run(network, 5000.0, "astro.C", dt=50.0, backend=backend, **options)["astro.C"].values[-1]
    np.testing.assert_allclose(last, rest, rtol=1e-9)


def test_calcium_oscillates_between_two_amounts_of_ip3():
    network = Network({"astro": LiRinzel(3, I=[0.3, 0.8, 1.4])})
    calcium = run(network, 100_000.0, ["astro.C", "astro.spikes"], dt=100.0)
    swing = np.ptp(calcium["astro.C"].values[500:], axis=0)
    assert swing[1] > 0.9 and max(swing[0], swing[2]) < 0.01
    assert calcium["astro.spikes"].of(1).count > 2


def test_noise_in_the_channels_is_that_of_the_noisy_cells_only():
    quiet, noisy = LiRinzel(2, I=0.4, noise=[0.0, 1.0]), LiRinzel(2, I=0.4)
    h = {name: run(Network({"astro": part}), 2000.0, "astro.h", dt=10.0)["astro.h"].values
         for name, part in {"noisy": quiet, "none": noisy}.items()}  # fmt: skip
    # Milstein without noise is Euler, RK4 is the solver without any
    np.testing.assert_allclose(h["noisy"][:, 0], h["none"][:, 0], atol=2e-3)
    assert np.abs(h["noisy"][:, 1] - h["none"][:, 1]).max() > 0.01


# --- gap junctions and space -------------------------------------------------------------------


def couplings(difference):
    """What two cells give each other whose IP3 differs, µM/s."""
    network = Network({"astro": GChI(2, O_beta=0.0, initial={"I": np.array([1.0, 1.0 + difference])})})
    network.connect("astro", "astro", AllToAll(self_connections=False), **GapJunctions().coupling())
    return 1000.0 * run(network, 1.0, "astro.J_coupling", dt=1.0)["astro.J_coupling"].values[0]


@pytest.mark.parametrize("difference", [-1.0, -0.3, 0.1, 0.3, 0.35, 2.0])
def test_what_one_cell_loses_through_gap_junctions_the_other_gets(difference):
    flux = couplings(difference)
    expected = 0.045 * (1 + np.tanh((abs(difference) - 0.3) / 0.05)) * np.sign(difference)
    np.testing.assert_allclose(flux, [expected, -expected], rtol=1e-6)


def test_equal_cells_exchange_nothing():
    assert couplings(0.0).tolist() == [0.0, 0.0]


def test_a_grid_is_centred_and_evenly_spaced():
    points = grid(3, 4, 50.0)
    assert points.shape == (12, 2)
    np.testing.assert_allclose(points.mean(axis=0), 0.0, atol=1e-12)
    assert points[1].tolist() == [-50.0, -25.0] and np.ptp(points[:, 0]) == 100.0


def test_cells_of_a_sheet_have_four_neighbours_inside():
    network = Network({"astro": GChI(25, positions=grid(5, 5, 60.0))})
    network.connect("astro", "astro", Distance("step", 75.0, self_connections=False), name="gaps",
                    **GapJunctions().coupling())  # fmt: skip
    edges = network.build(dt=1.0).edges["gaps"].edges
    assert np.diff(edges.first).max() == 4 and edges.count == 2 * (4 * 5 + 4 * 5)


def test_each_cell_of_a_ring_has_its_two_neighbours():
    rule = ring(5)
    assert isinstance(rule, FromArrays)
    assert sorted(zip(rule.source.tolist(), rule.target.tolist(), strict=True))[:2] == [(0, 1), (0, 4)]
    assert all(sum(rule.target == k) == 2 for k in range(5))


# --- what is refused ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: GChI(0), "GChI.size must be a whole number >= 1, got 0"),
        (lambda: GChI(2, C_T=-1.0), "GChI.C_T must be > 0 and finite, got -1.0"),
        (lambda: GChI(2, U_A=1.5), r"GChI.U_A must be in \[0, 1\], got 1.5"),
        (lambda: GChI(2, initial={"Ca": 0.1}), "no variable 'Ca'"),
        (lambda: GChI(2, dt=-1.0), "dt must be > 0 and finite, got -1.0"),
        (lambda: LiRinzel(2, O_P=0.0), "LiRinzel.O_P must be > 0 and finite, got 0.0"),
        (lambda: astrocytes(2, "rings"), "preset must be one of .* got 'rings'; did you mean 'ring'"),
        (lambda: ModulatedRelease(U_0=1.2), r"ModulatedRelease.U_0 must be in \[0, 1\], got 1.2"),
        (lambda: GapJunctions(omega_I=0.0), "GapJunctions.omega_I must be > 0 and finite, got 0.0"),
        (lambda: SlowInwardCurrent(rise=5.0, decay=5.0), "rise must differ from decay, got 5.0"),
        (lambda: grid(0, 2, 1.0), "rows must be a whole number >= 1, got 0"),
        (lambda: ring(2), "size of a ring must be a whole number >= 3, got 2"),
    ],
)
def test_a_wrong_number_is_refused_by_name(make, message):
    with pytest.raises(DescriptionError, match=message):
        make()


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_makes_astrocytes_that_survive_being_written_down(preset):
    network = Network({"astro": astrocytes(2, preset)})
    assert Network.from_yaml(network.to_yaml()) == network
    network.build(dt=1.0)


def test_quantities_are_converted():
    import pint

    units = pint.UnitRegistry()
    given = GChI(1, O_P=0.9 * units.micromolar / units.second, C_T=2e-3 * units.millimolar)
    plain = GChI(1, O_P=0.9, C_T=2.0)
    assert given.as_neurons() == plain.as_neurons()
