"""Release by chance, channels by chance, and the models without the receptors of G-ChI, against closed forms."""

import numpy as np
import pytest
from scipy.optimize import brentq

from neurosim import Network, Neurons, SpikeGenerator, TimedArray, simulate
from neurosim.connectivity import FromArrays, OneToOne
from neurosim.errors import DescriptionError
from neurosim.families import FAMILIES
from neurosim.families.astrocytes import LiRinzel, ModulatedRelease, Postnov, ReleaseSites, Ullah
from neurosim.families.plain import from_plain


def run(network, duration, record, *, dt=1.0, backend="reference", **options):
    return simulate(network, duration, dt=dt, record=record, backend=backend, progress=False, **options)


# --- sites of release --------------------------------------------------------------------------

SITES = 4000
CALCIUM = np.repeat([0.2, 0.8, 0.2, 0.8, 0.2], [100, 200, 100, 200, 100])
"""µM in each ms: twice above the threshold, for 200 ms."""


def sites(**fields):
    """Sites whose astrocyte's calcium is played."""
    cell = Neurons(1, "C : uM", C=TimedArray(CALCIUM[:, np.newaxis], dt=1.0))
    net = Network({"astro": cell, "sites": ReleaseSites(SITES, **fields)})
    net.connect("astro", "sites", FromArrays(np.zeros(SITES, int), np.arange(SITES)), couple="C = C_pre")
    return net


@pytest.mark.parametrize("rate", [2.0, 20.0])
def test_a_site_releases_with_the_chance_of_a_poisson_process_while_calcium_is_high(backend, rate):
    spikes = run(sites(rate=rate), CALCIUM.size, ["sites.spikes"], backend=backend)["sites.spikes"]
    first = spikes.between(0.0, 300.0)
    released, mean = 1 - np.exp(-rate * 0.2), 1000.0 / rate - 200.0 / np.expm1(rate * 0.2)
    # 4 standard deviations of a share and of a mean
    assert first.count / SITES == pytest.approx(released, abs=4 * np.sqrt(released * (1 - released) / SITES))
    assert (first.times - 100.0).mean() == pytest.approx(mean, abs=1.0 + 4 * 58.0 / np.sqrt(first.count))
    assert np.unique(first.indices).size == first.count  # not armed again while calcium is high
    assert first.times.min() >= 100.0


def test_a_site_is_armed_again_when_calcium_has_fallen():
    spikes = run(sites(rate=20.0), CALCIUM.size, ["sites.spikes"])["sites.spikes"]
    released = 1 - np.exp(-20.0 * 0.2)
    both = np.intersect1d(spikes.between(0.0, 300.0).indices, spikes.between(300.0, 700.0).indices).size / SITES
    assert both == pytest.approx(released**2, abs=4 * np.sqrt(released**2 * (1 - released**2) / SITES))


def test_without_a_rate_every_site_releases_at_once():
    spikes = run(sites(), CALCIUM.size, ["sites.spikes"])["sites.spikes"]
    assert spikes.count == 2 * SITES and set(spikes.times) == {100.0, 400.0}


def test_sites_release_at_the_same_times_for_any_number_of_threads():
    from neurosim.backends import available

    if available("numba") is not None:
        pytest.skip("needs the Numba backend")
    one, two = (run(sites(rate=5.0), 300.0, ["sites.spikes"], backend="numba", threads=n) for n in (1, 2))
    np.testing.assert_array_equal(one["sites.spikes"].indices, two["sites.spikes"].indices)
    np.testing.assert_array_equal(one["sites.spikes"].times, two["sites.spikes"].times)


@pytest.mark.shim
def test_gliotransmission_differs_from_synapse_to_synapse_of_one_neuron(backend):
    """Of two synapses of one neuron that one releases less whose site has released."""
    astro = Neurons(2, "C : uM", initial={"C": [0.8, 0.2]})
    net = Network(
        {
            "source": SpikeGenerator(2, [0, 1], [300.0, 300.0]),
            "target": Neurons(1, "g : 1"),
            "astro": astro,
            "sites": ReleaseSites(2, Omega_G=1e-6),
        }
    )
    net.connect("astro", "sites", OneToOne(), couple="C = C_pre")
    net.connect(
        "source",
        "target",
        FromArrays([0, 1], [0, 0]),
        name="synapses",
        glia="sites",
        domain=[0, 1],
        **ModulatedRelease().onto("g", w=1.0, keep=True),
    )
    options = {} if backend == "reference" else {"dtype": "float64"}
    found = run(net, 310.0, ["synapses.r_S", "target.g", "sites.Y_S"], backend=backend, **options)
    bound = 1 - np.exp(-1.5 * 78.0 / 60.0)  # of a release of 78 µM whose gliotransmitter has been cleared
    np.testing.assert_allclose(found["synapses.r_S"].values[-1], [0.6 * (1 - bound), 0.6], rtol=1e-5)
    assert found["target.g"].values[-1, 0] == pytest.approx(0.6 * (2 - bound), rel=1e-5)
    # each site hears its own synapse: rho_c Y_T r_S, cleared at 40/s since
    steps = np.arange(310)[found["sites.Y_S"].values[:, 0] > 0]
    heard = 2500.0 * 0.6 * np.array([1 - bound, 1.0]) * np.exp(-0.04)
    np.testing.assert_allclose(found["sites.Y_S"].values[steps[0]], heard, rtol=1e-5)


# --- receptors step by step ----------------------------------------------------------------------

PER_STEP = {
    "exactly": lambda bound, falls: 1 - np.exp(-bound.sum() * -np.expm1(-falls) / falls),
    "with G_A held in each step": lambda bound, falls: 1 - np.exp(-bound.sum()),
    "by Euler": lambda bound, falls: 1 - np.prod(1 - bound),
}
"""What share of receptors one release binds, from O_G G_A dt in each step and Omega_e dt."""


@pytest.mark.parametrize(("scheme", "published"), [("exactly", 0.1435), ("with G_A held in each step", 0.139),
                                                   ("by Euler", 0.135)])  # fmt: skip
def test_three_numbers_for_the_first_weak_release_are_three_ways_to_step_receptors(scheme, published):
    """The share that is released 14.42 s after the astrocyte's release of 78 µM, in steps of 1 ms."""

    def released(dt):
        held = 1.5 * 78.0 * np.exp(-0.06 * dt * np.arange(round(1000 / dt))) * dt / 1000
        bound = PER_STEP[scheme](held, 0.06 * dt) * np.exp(-(16.5 - 2.08) / 120.0)
        return 0.6 * (1 - bound)

    assert released(1.0) == pytest.approx(published, abs=4e-4)
    # there is one number without steps, and ours is it but for what comes off while the gliotransmitter is there
    assert released(0.001) == pytest.approx(0.1435, abs=2e-4)


# --- channels of Li and Rinzel by chance -------------------------------------------------------


def test_few_channels_fluctuate_as_a_binomial_number_does():
    channels, cells = 100, 1000
    # without IP3 calcium rests at what leak and pumps say, whatever the channels do
    rest = brentq(lambda c: 0.1 * (2 - 1.18 * c) - 0.9 * c**2 / (c**2 + 0.05**2), 1e-4, 0.2)
    q = 1.05 * 0.13 / 0.9434
    share = q / (q + rest)
    astro = LiRinzel(cells, I=0.0, channels=channels, initial={"C": rest, "h": share})
    last = run(Network({"astro": astro}), 100_000.0, {"astro.h": 100_000.0, "astro.C": 100_000.0}, dt=20.0)
    variance = share * (1 - share) / channels  # settled: time constants of 30 s
    np.testing.assert_allclose(last["astro.C"].values[-1], rest, rtol=1e-6)
    assert last["astro.h"].values[-1].var() == pytest.approx(variance, rel=4 * np.sqrt(2.0 / cells))
    assert last["astro.h"].values[-1].mean() == pytest.approx(share, abs=4 * np.sqrt(variance / cells))


# --- the functional model ----------------------------------------------------------------------


def exchange(c, e):
    """The exchange with the store, f."""
    return 0.13 * c**2 / (1 + c**2) - e**2 / (1 + e**2) * c**4 / (0.9**4 + c**4) - 0.004 * e


def test_a_functional_astrocyte_rests_where_nothing_flows(backend):
    calcium = np.array([0.2, 0.31])
    store = np.array([brentq(lambda e, c=c: exchange(c, e), 0.0, 10.0, xtol=1e-15) for c in calcium])
    astro = Postnov(2, r=calcium, initial={"C": calcium, "C_e": store})
    options = {} if backend == "reference" else {"dtype": "float64"}
    last = run(Network({"astro": astro}), 60.0, ["astro.C", "astro.C_e"], dt=0.1, backend=backend, **options)
    np.testing.assert_allclose(last["astro.C"].values[-1], calcium, rtol=1e-6)
    np.testing.assert_allclose(last["astro.C_e"].values[-1], store, rtol=1e-6)


def test_mediators_saturate_where_making_and_decay_cancel():
    astro = Postnov(2, beta=0.0, tau_z=None, h_G=[5.0, -5.0], initial={"z": np.array([1.0, 0.0])})
    last = run(Network({"astro": astro}), 900.0, ["astro.S_m", "astro.G_m"], dt=0.5)
    # 2 (1 - S) = S/d far above the threshold, 0 far below it
    np.testing.assert_allclose(last["astro.S_m"].values[-1], [6 / 7, 0.0], atol=1e-8)
    np.testing.assert_allclose(last["astro.G_m"].values[-1], [0.0, 6 / 7], atol=1e-8)


def test_the_activity_of_a_synapse_fades_in_its_time():
    z = run(Network({"astro": Postnov(1, tau_z=20.0, initial={"z": 0.4})}), 40.0, "astro.z", dt=0.1)["astro.z"].values
    assert z[-1, 0] == pytest.approx(0.4 * np.exp(-2.0), rel=1e-8)


# --- calcium with a membrane -------------------------------------------------------------------


def test_calcium_of_ullah_rests_where_its_fluxes_cancel():
    def fluxes(c):
        i = 0.16 + (0.3 / 0.14) * (c + 0.2 * 1.1) / (c + 1.1)
        q = 1.049 * (i + 0.13) / (i + 0.9434)
        m, h = i / (i + 0.13) * c / (c + 0.082), q / (q + c)
        store = 0.185 * (6.0 * m**3 * h**3 + 0.11) * ((2.0 - c) / 0.185 - c)
        return store - 2.2 * c**2 / (0.01 + c**2) + 0.2 * i**2 / (1 + i**2) - 0.5 * c, i, q / (q + c)

    rest = brentq(lambda c: fluxes(c)[0], 0.01, 0.1, xtol=1e-14)
    _, ip3, h = fluxes(rest)
    astro = Ullah(1, initial={"C": rest, "h": h, "I": ip3})
    last = run(Network({"astro": astro}), 5000.0, ["astro.C", "astro.I"], dt=10.0)
    assert last["astro.C"].values[-1, 0] == pytest.approx(rest, rel=1e-6)
    assert last["astro.I"].values[-1, 0] == pytest.approx(ip3, rel=1e-6)


def test_ip3_from_synapses_raises_calcium_for_seconds():
    pulse = np.zeros((300, 1))
    pulse[10:35] = 0.005  # µM/ms, for 250 ms
    astro = Ullah(2)
    given = Neurons(1, "made : uM/second", made=TimedArray(pulse, dt=10.0))
    net = Network({"source": given, "astro": astro})
    net.connect("source", "astro", FromArrays([0], [1]), couple="J_glu = made_pre")
    found = run(net, 3000.0, ["astro.C", "astro.spikes"], dt=10.0)
    assert found["astro.spikes"].of(0).count == 0 and found["astro.spikes"].of(1).count == 1
    raised = (found["astro.C"].values[:, 1] > 0.15).sum() * 0.01
    assert raised > 1.0


# --- descriptions ------------------------------------------------------------------------------


@pytest.mark.parametrize("part", [
    ReleaseSites(3), ReleaseSites(3, rate=2.0, C_Theta=0.3), Postnov(2, beta=0.1), Postnov(2, tau_z=None),
    Ullah(2, dt=1.0), LiRinzel(2, channels=20),
], ids=repr)  # fmt: skip
def test_a_part_survives_being_written_down(part):
    assert from_plain(part.to_dict(), FAMILIES, "family", "x") == part
    assert eval(repr(part), dict(FAMILIES)) == part


@pytest.mark.parametrize(("make", "message"), [
    (lambda: ReleaseSites(0), "ReleaseSites.size must be a whole number >= 1, got 0"),
    (lambda: ReleaseSites(2, rate=0.0), "ReleaseSites.rate must be > 0 and finite, got 0.0"),
    (lambda: ReleaseSites(2, U_A=2.0), r"ReleaseSites.U_A must be in \[0, 1\], got 2.0"),
    (lambda: Postnov(2, tau_c=-1.0), "Postnov.tau_c must be > 0 and finite, got -1.0"),
    (lambda: Postnov(2, eps_c=0.0), "Postnov.eps_c must be > 0 and finite, got 0.0"),
    (lambda: Ullah(2, a=1.5), r"Ullah.a must be in \[0, 1\], got 1.5"),
    (lambda: Ullah(2, v_3=0.0), "Ullah.v_3 must be > 0 and finite, got 0.0"),
    (lambda: LiRinzel(2, channels=0), "LiRinzel.channels must be a whole number >= 1, got 0"),
    (lambda: LiRinzel(2, channels=10, noise=1.0), "noise or channels, not both"),
])  # fmt: skip
def test_a_wrong_number_is_refused_by_name(make, message):
    with pytest.raises(DescriptionError, match=message):
        make()
