"""Theory of associative memories against closed forms, quadrature by others, and limits."""

import math

import numpy as np
import pytest

from neurosim import theory
from neurosim.errors import DescriptionError
from neurosim.theory.dense import entropies


@pytest.mark.parametrize(
    ("degree", "limit"), [(2, 0.137906), (4, 0.3957), (6, 0.4730), (8, 0.5588), (10, 0.6447)]
)
def test_the_storage_limit_is_the_published_one(degree, limit):
    assert theory.storage_limit(degree) == pytest.approx(limit, abs=6e-5)


def test_two_body_noise_feeds_back_on_itself():
    """Without that the limit would be 2 / pi, as the formula of more than two bodies says."""
    assert theory.retrieval(2, 0.137, 0.0).m == pytest.approx(0.97544, abs=1e-4)
    assert theory.retrieval(2, 0.16, 0.0).m < 0.05
    x = np.linspace(1e-3, 6.0, 60_001)
    wrong = 0.5 / np.min([(x / [math.erf(v) for v in x]) ** 2])
    assert wrong == pytest.approx(2.0 / math.pi, rel=1e-5)


@pytest.mark.parametrize(("load", "m"), [(0.1, 0.99999), (0.2, 0.9983), (0.3, 0.9869), (0.35, 0.9717), (0.39, 0.9401)])
def test_four_bodies_at_temperature_zero_satisfy_their_closed_form(load, m):
    found = theory.retrieval(4, load, 0.0).m
    assert found == pytest.approx(m, abs=6e-5)
    assert found == pytest.approx(math.erf(math.sqrt(1.0 / load) * found**3), abs=1e-10)


def test_a_small_temperature_is_near_none():
    cold, none = theory.retrieval(4, 0.3, 0.02), theory.retrieval(4, 0.3, 0.0)
    assert cold.m == pytest.approx(none.m, abs=2e-3) and cold.q < 1.0 == none.q


def test_few_patterns_are_a_curie_weiss_magnet():
    m = theory.retrieval_without_load(4, 0.9)
    assert m == pytest.approx(math.tanh(2.0 * m**3 / 0.9), abs=1e-10)
    assert m > 0.9 and theory.retrieval_without_load(4, 0.993) < 1e-6  # the spinodal is at 0.9916


@pytest.mark.parametrize(("examples", "binomial"), [(10, True), (1000, False)])
def test_learning_satisfies_the_compact_equation(examples, binomial):
    """n sqrt(1+rho) = m + beta (P/2) rho (1+rho)^(P/2-1) (n / sqrt(1+rho))^(P-1) (1 - q), if means are normal."""
    found = theory.retrieval(4, 0.06, 0.6, quality=0.3, examples=examples)
    rho, _ = entropies(4, 0.3, examples)
    right = found.m + 2.0 / 0.6 * rho * (1 + rho) * (found.n / math.sqrt(1 + rho)) ** 3 * (1 - found.q)
    assert found.n * math.sqrt(1 + rho) == pytest.approx(right, abs=0.05 if binomial else 1e-6)


@pytest.mark.parametrize(
    ("quality", "examples", "share", "supervised", "unsupervised"),
    [(0.6, 10, 0.02, 0.9685, 0.925), (0.6, 10, 0.10, 0.900, 0.718), (0.8, 5, 0.10, 0.948, 0.927)],
)
def test_a_teacher_helps_at_full_load(quality, examples, share, supervised, unsupervised):
    for taught, expected in ((True, supervised), (False, unsupervised)):
        kappa = theory.signal_to_noise(4, 2 * share, quality=quality, examples=examples, supervised=taught)
        assert theory.one_step_overlap(kappa) == pytest.approx(expected, abs=6e-4)


def test_loads_and_numbers_of_patterns_are_each_others_inverse():
    assert theory.loaded(0.1, 200, 4) == 64_685
    assert theory.load(64_685, 200, 4) == pytest.approx(0.1, rel=1e-5)
    assert theory.load(138, 1001, 2) == pytest.approx(0.138)


def test_regimes_of_multitasking_meet_where_they_should():
    assert theory.hierarchical_limit(3) == pytest.approx((math.sqrt(5) - 1) / 2)
    assert [theory.hierarchical_limit(k) for k in (4, 5)] == pytest.approx([0.5437, 0.5188], abs=1e-4)
    assert theory.level_crossing() == pytest.approx(0.5469, abs=1e-4)
    assert theory.parallel_dilution(0.995) == pytest.approx(2 / 3, abs=2e-3)


@pytest.mark.parametrize(
    ("dilution", "temperature", "expected"),
    [
        (0.3, 0.02, (1.0, 0.30, 0.09)),
        (0.5, 0.3, (0.98, 0.47, 0.11)),
        (0.6, 0.1, (0.92, 0.68, 0.44)),
        (0.7, 0.5, (0.68, 0.68, 0.68)),
        (0.9, 0.3, (0.90, 0.90, 0.90)),
        (0.9, 0.02, (0.99, 0.90, 0.82)),
    ],
)
def test_the_state_of_lowest_free_energy_is_that_of_the_table(dilution, temperature, expected):
    np.testing.assert_allclose(theory.amplitudes(3, dilution, temperature).m, expected, atol=6e-3)


def test_the_mixed_state_solves_the_equations_near_temperature_zero():
    mixed = theory.mixed_of_three(0.7)
    assert mixed == pytest.approx([0.955, 0.745, 0.535])
    np.testing.assert_allclose(theory.amplitudes(3, 0.7, 0.005, start="hierarchical").m, mixed, atol=2e-3)


def test_nothing_is_retrieved_above_the_critical_temperature():
    assert np.all(theory.amplitudes(3, 0.4, 1.05).m < 1e-5)


def test_examples_without_noise_are_the_patterns():
    with_none, with_few = (theory.amplitudes(2, 0.5, 0.2, entropy=e, start="hierarchical").m for e in (0.0, 1e-9))
    np.testing.assert_allclose(with_few, with_none, atol=1e-6)


def test_bounds_of_the_continuous_network_are_those_of_the_paper():
    assert theory.capacity_bound(20, 1.0, 3.0, 0.001) == pytest.approx((3.1546, 7.4), rel=3e-3)
    assert theory.capacity_bound(75, 1.0, 1.0, 0.001) == pytest.approx((1.3718, 11.0), rel=3e-3)
    patterns = np.array([[2.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
    np.testing.assert_allclose(theory.separations(patterns), [4.0, 1.0, 1.0])
    np.testing.assert_array_equal(theory.well_separated(patterns, 2.0), [True, False, False])
    assert theory.exponential_capacity(20) == 1024.0
    np.testing.assert_allclose(theory.effective_patterns(np.array([[0.25] * 4, [1, 0, 0, 0]])), [4.0, 1.0])


def test_a_repeated_unit_costs_capacity():
    """(2n-3)!! for (n-1)!: with pairs there is nothing to repeat, with fours it is 15 for 6."""
    pairs = theory.one_step_error(2, 100, 1000)
    assert pairs == pytest.approx(0.5 * math.erfc(math.sqrt(5.0)))
    assert theory.one_step_error(4, 1000, 100) == pytest.approx(0.5 * math.erfc(math.sqrt(1e6 / 30_000)))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: theory.storage_limit(3), "degree must be an even whole number >= 2, got 3"),
        (lambda: theory.retrieval(4, -0.1, 0.0), "load must be >= 0 and finite, got -0.1"),
        (lambda: theory.retrieval(4, 0.1, 0.1, quality=0.0), r"quality must be in \(0, 1\], got 0.0"),
        (lambda: theory.retrieval(2, 0.1, 0.1, quality=0.5, examples=5, supervised=False), "degree 2 under load"),
        (lambda: theory.amplitudes(3, 1.0, 0.1), r"dilution must be in \(0, 1\), got 1.0"),
        (lambda: theory.amplitudes(0, 0.5, 0.1), r"count must be in \[1, 8\], got 0"),
        (lambda: theory.amplitudes(3, 0.5, 0.0), "temperature must be > 0 and finite, got 0.0"),
        (lambda: theory.amplitudes(3, 0.5, 0.1, start="warm"), "start must be one of hierarchical, lowest"),
        (lambda: theory.capacity_bound(1, 1.0, 1.0, 0.1), "dimension must be a whole number >= 2, got 1"),
        # what is no temperature must not count as 0
        (lambda: theory.retrieval(4, 0.1, math.nan), "temperature must be >= 0 and finite, got nan"),
        (lambda: theory.retrieval(4, np.array([0.1, 0.2]), 0.1), "load must be >= 0 and finite, got array"),
        (lambda: theory.retrieval(4, 0.1, 0.1, quality=0.5, examples=2.5), "examples must be a whole number >= 1"),
        (lambda: theory.retrieval(4, 0.1, 0.1, start=-1), "start must be >= 0 and finite, got -1"),
        (lambda: theory.signal_to_noise(4, -1.0), "load must be >= 0 and finite, got -1.0"),
        (lambda: theory.load(3, 5, 6), "size must be a whole number >= 6, got 5"),
        (lambda: theory.loaded(math.nan, 100, 4), "load must be >= 0 and finite, got nan"),
        (lambda: theory.one_step_error(3, 10, -100), "size must be a whole number >= 1, got -100"),
        (lambda: theory.amplitudes(3, 0.5, 0.1, entropy=math.nan), "entropy must be >= 0 and finite, got nan"),
        (lambda: theory.parallel_dilution(2.0), "temperature must be < 1, got 2.0"),
        (lambda: theory.parallel_dilution(0.1), "temperature must be one at which the states meet"),
        (lambda: theory.separations(np.ones(3)), r"patterns must be \(N, d\) finite numbers, .* got shape \(3,\)"),
        (lambda: theory.well_separated(np.ones((2, 3)), 0.0), "beta must be > 0 and finite, got 0.0"),
        (lambda: theory.exponential_capacity(-1), "size must be a whole number >= 1, got -1"),
    ],
)
def test_a_wrong_value_is_refused_by_name(call, message):
    with pytest.raises(DescriptionError, match=message):
        call()
