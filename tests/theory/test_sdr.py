"""Exact counts of sparse codes against enumeration, published numbers and limits."""

from fractions import Fraction
from itertools import combinations

import pytest

from neurosim.errors import DescriptionError
from neurosim.theory import macs, sdr


def matches(n: int, held: set[int], active: int, threshold: int) -> Fraction:
    """The fraction of all codes that share enough with ``held``, by listing them."""
    found = [len(held & set(code)) >= threshold for code in combinations(range(n), active)]
    return Fraction(sum(found), len(found))


@pytest.mark.parametrize(("active", "synapses", "threshold"), [(3, 4, 2), (5, 3, 3), (2, 6, 1), (4, 4, 0), (3, 4, 4)])
def test_false_positives_are_those_found_by_listing_all_codes(active, synapses, threshold):
    expected = matches(9, set(range(synapses)), active, threshold)
    assert sdr.false_positive(9, active, synapses, threshold, exact=True) == expected


def test_false_negatives_are_those_found_by_listing_what_may_change():
    """Eight active cells, five of them with a synapse; all ways in which three may be replaced."""
    missed = [5 - len(set(range(5)) & set(gone)) < 3 for gone in combinations(range(8), 3)]
    assert sdr.false_negative(8, 5, 3, 3, exact=True) == Fraction(sum(missed), len(missed))


def test_numbers_that_a_float_sum_would_lose_are_kept():
    tiny = sdr.false_positive(200_000, 1000, 400, 300, exact=True)
    assert 0 < tiny < Fraction(1, 10**308)
    assert sdr.false_positive(10_000, 64, 24, 12) == pytest.approx(4.0416e-21, rel=1e-5)


def test_unions_and_sets_have_the_published_numbers():
    unions = {(1000, 1): 1.001e-5, (1000, 2): 0.0474, (1000, 5): 0.991, (10_000, 2): 2.356e-14, (10_000, 10): 1.271e-4,
              (20_000, 1): 1.758e-24, (20_000, 5): 2.038e-12}  # fmt: skip
    for (n, patterns), value in unions.items():
        assert sdr.false_positive_of_union(n, 200, 25, 15, patterns) == pytest.approx(value, rel=1e-3)
    for threshold, value in ((4, 0.1447), (5, 2.826e-3), (6, 2.037e-5), (7, 3.12e-8)):
        assert sdr.false_positive_of_set(100, 7, 7, threshold, 500) == pytest.approx(value, rel=2e-3)
    assert sdr.false_positive_of_set(10, 5, 5, 0, 3) == 1.0  # a bound is never above 1


def test_limits_and_relations_hold():
    assert sdr.codes(2048, 40) == sdr.overlaps(2048, 0, 40, 0)
    assert sum(sdr.overlaps(30, 5, 7, b) for b in range(8)) == sdr.codes(30, 7)
    assert sdr.false_positive(100, 5, 10, 6) == 0.0
    one = sdr.false_positive(100, 20, 10, 6)
    assert sdr.false_positive_of_neuron(100, 20, 10, 6, 5) == pytest.approx(1 - (1 - one) ** 5)
    exact = sdr.false_positive(100_000, 1000, 20, 3)
    assert sdr.false_positive_of_large(100_000, 1000, 20, 3) == pytest.approx(exact, rel=1e-2)
    assert sdr.false_member(100, 5, 1) == pytest.approx(0.05**5)
    assert sdr.false_negative(128, 30, 12, 64) < sdr.false_negative(128, 30, 13, 64)
    assert sdr.false_negative(128, 30, 0, 64) == 0.0


def test_a_mac_is_sized_so_that_the_wanted_fraction_comes_back():
    size = macs.features_for(1000, 12, 9, 16, 0.95)
    assert macs.recalled(1000, 12, size, 9, 16) >= 0.95 > macs.recalled(1000, 12, size - 64, 9, 16)
    assert macs.fill(1000, 12, 144, 16) == pytest.approx(1 - (1 - 12 / 2304) ** 1000)
    assert macs.weight_bytes(1024, 24, 16) == 1024 * 384 // 8


def test_wrong_numbers_are_refused_by_name():
    for call, message in (
        (lambda: sdr.false_positive(100, -1, 3, 2), "second must be a whole number >= 0, got -1"),
        (lambda: sdr.false_positive(100, 120, 3, 2), r"active cells must be <= n \(100\), got 120"),
        (lambda: sdr.false_negative(20, 30, 3, 2), r"must be <= active \(20\), got 30 and 2"),
        (lambda: sdr.least_threshold(2.0), r"error must be in \(0, 1\), got 2.0"),
        (lambda: sdr.false_positive_of_large(10, 50, 3, 1), r"active cells must be <= n \(10\), got 50"),
        (lambda: sdr.false_member(10, 20, 3), r"active cells must be <= n \(10\), got 20"),
        (lambda: sdr.false_positive(100, 10, 5, 2.5), "threshold must be a whole number, got 2.5"),
        (lambda: sdr.union_size(0, 0, 1), "n must be a whole number >= 1, got 0"),
        (lambda: macs.fill(10, 200, 10, 8), r"active must be <= features \(10\), got 200"),
        (lambda: macs.fill(0, 1, 1, 1), "items must be a whole number >= 1, got 0"),
        (lambda: macs.features_for(10, 2, 2, 2, 1.0), r"recall must be in \(0, 1\), got 1.0"),
    ):
        with pytest.raises(DescriptionError, match=message):
            call()
