"""Lines between phases against closed forms, published numbers, limits, and the equations iterated."""

import math

import numpy as np
import pytest

from neurosim import theory
from neurosim.errors import DescriptionError

REM = 0.5 / math.sqrt(math.log(2.0))
"""Where a random-energy model freezes, which is a glass of endlessly many bodies, over the root of the load."""


@pytest.mark.parametrize(("degree", "warmest"), [(2, 1.0), (4, 0.9916)])
def test_without_load_the_spinodal_is_that_of_a_magnet(degree, warmest):
    assert theory.spinodal_temperature(degree, 0.0) == pytest.approx(warmest, abs=6e-5)
    assert theory.spinodal_load(degree, warmest + 1e-3) == 0.0 == theory.crossing_load(degree, warmest + 1e-3)


def test_four_bodies_without_load_cross_where_the_free_energies_do():
    """f = 3/2 m^4 - T ln 2 cosh(2 m^3 / T) against -T ln 2; about 0.73."""
    found = theory.crossing_temperature(4, 0.0)
    m = theory.retrieval_without_load(4, found)
    assert 1.5 * m**4 - found * math.log(2.0 * math.cosh(2.0 * m**3 / found)) == pytest.approx(
        -found * math.log(2.0), abs=1e-9
    )
    assert found == pytest.approx(0.73, abs=5e-3)


@pytest.mark.parametrize("degree", [2, 4, 6])
def test_lines_that_go_to_temperature_zero_end_where_their_closed_forms_are(degree):
    cold, none = (theory.spinodal_load(degree, t) for t in (1e-3, 0.0))
    assert cold == pytest.approx(none, abs=5e-4) and none == theory.storage_limit(degree)
    assert theory.crossing_load(degree, 1e-3) == pytest.approx(theory.crossing_load(degree, 0.0), abs=5e-4)


def test_the_classical_network_has_its_published_numbers():
    """0.138 and 0.051 (cut, not rounded) at T = 0; near T = 1 lines fall with the root of the load; one turns back."""
    assert theory.spinodal_load(2, 0.0) == pytest.approx(0.1379, abs=5e-5)
    # a pattern has all but the energy -1/2, the glass -1 / pi - sqrt(2 alpha / pi)
    assert theory.crossing_load(2, 0.0) == pytest.approx(0.5 * math.pi * (0.5 - 1.0 / math.pi) ** 2, abs=2e-6)
    assert (1.0 - theory.spinodal_temperature(2, 1e-6)) * 1e3 == pytest.approx(1.95, abs=0.01)
    assert (1.0 - theory.crossing_temperature(2, 1e-6)) * 1e3 == pytest.approx(2.6, abs=0.05)
    assert max(theory.spinodal_load(2, t) for t in (0.015, 0.02, 0.025)) == pytest.approx(0.13819, abs=2e-5)
    assert theory.spinodal_temperature(2, 0.1381) > 0.02 and theory.spinodal_temperature(2, 0.1383) == 0.0
    assert theory.glass_temperature(2, 0.09) == pytest.approx(1.3)


@pytest.mark.parametrize(("degree", "temperature"), [(2, 0.3), (2, 0.7), (4, 0.4), (4, 0.8)])
def test_the_equations_iterated_retrieve_up_to_the_spinodal_and_not_beyond(degree, temperature):
    limit = theory.spinodal_load(degree, temperature)
    assert theory.retrieval(degree, 0.97 * limit, temperature).m > 0.3
    assert theory.retrieval(degree, 1.03 * limit, temperature).m < 0.05


def test_lines_as_temperatures_are_lines_as_loads():
    for degree in (2, 4):
        for temperature, load in (
            (theory.spinodal_temperature, theory.spinodal_load), (theory.crossing_temperature, theory.crossing_load)
        ):
            # at lower temperatures lines turn back, and a load has two
            assert temperature(degree, load(degree, 0.65)) == pytest.approx(0.65, abs=1e-6)
        assert theory.crossing_load(degree, 0.65) < theory.spinodal_load(degree, 0.65)


@pytest.mark.parametrize(("degree", "load"), [(2, 0.05), (4, 0.3)])
def test_free_energies_without_overlap_are_continuous_and_concave_across_the_glass_line(degree, load):
    """Slope is minus the entropy, which is continuous, too: neither transition has a latent heat."""
    at = theory.glass_temperature(degree, load)
    t = at + np.linspace(-0.02, 0.02, 9)
    f = np.array([theory.disordered_free_energy(degree, load, float(each)) for each in t])
    slopes = np.diff(f) / np.diff(t)
    assert np.all(np.diff(slopes) < 1e-6)
    assert np.ptp(slopes) < 0.2 and np.all(slopes < 0.0)


def test_a_glass_of_many_bodies_is_a_random_energy_model():
    frozen = [theory.glass_temperature(degree, 1.0) for degree in (4, 6, 10, 20)]
    assert np.all(np.diff(frozen) < 0.0) and frozen[-1] == pytest.approx(REM, rel=1e-4)
    ground = theory.disordered_free_energy(20, 1.0, 0.0)
    assert ground == pytest.approx(-math.sqrt(math.log(2.0)), rel=1e-4)
    assert theory.disordered_free_energy(20, 1.0, 0.3) == pytest.approx(ground, rel=1e-3)  # frozen


def test_a_cold_glass_of_four_bodies_tends_to_its_ground_state():
    energies = [theory.disordered_free_energy(4, 1.0, t) for t in (0.04, 0.02, 0.0)]
    assert energies[0] == pytest.approx(energies[2], abs=2e-3)
    assert energies[1] == pytest.approx(energies[2], abs=1e-3)


def test_the_cold_glass_of_pairs_has_its_published_energy():
    """E = -1 / pi - sqrt(2 alpha / pi)."""
    for load in (0.01, 0.1):
        published = -1.0 / math.pi - math.sqrt(2.0 * load / math.pi)
        assert theory.disordered_free_energy(2, load, 0.0) == pytest.approx(published, abs=1e-12)
        assert theory.disordered_free_energy(2, load, 1e-3) == pytest.approx(published, abs=1e-4)


def test_a_diagram_holds_its_lines_and_nothing_where_there_is_none():
    plane = theory.phase_diagram(2, [0.0, 0.5, 0.9, 1.2])
    np.testing.assert_array_equal(plane.temperature, [0.0, 0.5, 0.9, 1.2])
    assert np.all(plane.spinodal[:3] > plane.crossing[:3]) and np.all(plane.crossing[:3] > 0.0)
    np.testing.assert_array_equal(np.isnan(plane.spinodal), [False, False, False, True])
    np.testing.assert_allclose(plane.glass, [np.nan, np.nan, np.nan, 0.04])
    four = theory.phase_diagram(4, [0.3])
    assert theory.glass_temperature(4, four.glass[0]) == pytest.approx(0.3)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: theory.spinodal_load(3, 0.1), "degree must be an even whole number >= 2, got 3"),
        (lambda: theory.crossing_load(2, -0.1), "temperature must be >= 0 and finite, got -0.1"),
        (lambda: theory.spinodal_temperature(2, -0.1), "load must be >= 0 and finite, got -0.1"),
        (lambda: theory.glass_temperature(4, math.nan), "load must be >= 0 and finite, got nan"),
    ],
)
def test_a_wrong_value_is_refused_by_name(call, message):
    with pytest.raises(DescriptionError, match=message):
        call()
