"""Geometry of representations whose numbers are known."""

import numpy as np
import pytest

from neurosim.analysis import cross_condition_generalisation, decodability, parallelism, participation_ratio
from neurosim.errors import DescriptionError
from neurosim.tasks import parities

RNG = np.random.default_rng(1)
TURN = np.linalg.qr(RNG.standard_normal((20, 20)))[0]
H8, H16 = parities(8), parities(16)


def cube(weights, columns):
    """Conditions that differ by the weighted parities, turned into twenty dimensions."""
    return (columns[:, : len(weights)] * weights) @ TURN[: len(weights)] + 0.7


def test_the_participation_ratio_counts_equal_directions():
    assert participation_ratio(cube([1.0, 1.0, 1.0], H8)) == pytest.approx(3.0)
    assert participation_ratio(cube([1.0], H8)) == pytest.approx(1.0)
    a, b = 4.0, 1.0  # variances
    assert participation_ratio(cube([2.0, 1.0], H8)) == pytest.approx((a + b) ** 2 / (a**2 + b**2))
    assert np.isnan(participation_ratio(np.ones((4, 3))))


@pytest.mark.parametrize("columns", [H8, H16])
def test_bits_that_are_coded_by_themselves_are_parallel_and_generalise(columns):
    bits = 3 if len(columns) == 8 else 4
    points = cube([1.0] * bits, columns)
    for bit in range(bits):
        dichotomy = columns[:, bit] > 0
        assert parallelism(points, dichotomy) == pytest.approx(1.0)
        assert decodability(points, dichotomy) == 1.0
        # where another bit happens to go with this one in training, it is learnt as well
        assert cross_condition_generalisation(points, dichotomy) > 0.85
    strong = cube([5.0] + [1.0] * (bits - 1), columns)
    assert cross_condition_generalisation(strong, columns[:, 0] > 0) == 1.0


def test_points_without_structure_are_separable_but_not_parallel():
    """A simplex: every dichotomy can be read, and pairs of differences without a point in common are orthogonal."""
    points, dichotomy = np.eye(8), H8[:, 0] > 0
    assert parallelism(points, dichotomy) == pytest.approx(0.0, abs=1e-12)
    assert decodability(points, dichotomy) == 1.0
    # what was not seen lies at one place for a classifier: it is right for one side at most
    assert cross_condition_generalisation(points, dichotomy) <= 0.5


def test_exclusive_or_cannot_be_read_and_points_apart():
    square = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    exclusive = np.array([0, 1, 1, 0])
    assert decodability(square, exclusive) <= 0.75
    # (0,0)-(0,1) and (1,1)-(1,0) point against each other, and so do the other two
    assert parallelism(square, exclusive) == pytest.approx(-1.0)
    assert cross_condition_generalisation(square, exclusive) == 0.0


def test_beyond_eight_conditions_the_shortest_pairing_is_taken():
    points = cube([1.0, 1.0, 1.0, 1.0], H16)
    shuffled = RNG.permutation(16)
    assert parallelism(points[shuffled], (H16[:, 0] > 0)[shuffled]) == pytest.approx(1.0)


@pytest.mark.parametrize(("points", "dichotomy", "message"), [
    (np.ones((4, 2)), [1, 0, 0, 0], "as many conditions on each side, got 1 and 3"),
    (np.ones(4), [1, 1, 0, 0], r"points must be \(P, N\)"), (np.ones((2, 2)), [1, 0], "two conditions or more"),
])
def test_what_is_no_dichotomy_is_refused(points, dichotomy, message):
    for measure in (parallelism, cross_condition_generalisation):
        with pytest.raises(DescriptionError, match=message):
            measure(points, np.array(dichotomy))
