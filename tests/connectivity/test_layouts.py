"""Where neurons are, and rules that ask for it."""

import numpy as np
import pytest

from neurosim import LIF, Network
from neurosim.connectivity import Distance, grid, hexagonal, ring, scattered
from neurosim.errors import DescriptionError
from neurosim.families import placed


def distances(points):
    return np.linalg.norm(points[:, None] - points[None], axis=2)


def test_a_grid_has_its_spacing_in_each_dimension():
    assert grid(4, spacing=2.0).tolist() == [[0.0], [2.0], [4.0], [6.0]]
    assert grid(2, 3).tolist() == [[0, 0], [0, 1], [0, 2], [1, 0], [1, 1], [1, 2]]
    assert grid(3, 4, 5).shape == (60, 3)


def test_a_hexagonal_layout_has_six_nearest_neighbours():
    points = hexagonal(5, 5, spacing=10.0)
    middle = distances(points)[12]
    assert np.count_nonzero(np.isclose(middle, 10.0)) == 6
    assert np.sort(middle)[7] == pytest.approx(10.0 * np.sqrt(3.0))


def test_a_ring_is_evenly_spaced():
    points = ring(12, radius=50.0)
    np.testing.assert_allclose(np.linalg.norm(points, axis=1), 50.0)
    np.testing.assert_allclose(np.linalg.norm(np.diff(points, axis=0), axis=1), 100.0 * np.sin(np.pi / 12))


def test_scattered_points_fill_their_box_evenly():
    points = scattered(4000, 100.0, 50.0, 10.0, seed=3)
    assert np.all((points >= 0) & (points < [100.0, 50.0, 10.0]))
    cells = np.histogramdd(points, bins=(2, 2, 2), range=[(0, 100), (0, 50), (0, 10)])[0]
    assert np.abs(cells - 500).max() < 5 * np.sqrt(500)
    assert np.array_equal(points, scattered(4000, 100.0, 50.0, 10.0, seed=3))
    assert not np.array_equal(points, scattered(4000, 100.0, 50.0, 10.0, seed=4))


def test_a_layout_serves_a_rule_by_distance():
    """On a periodic grid with a box kernel each neuron meets exactly those within reach."""
    net = Network({"cells": placed(LIF(100), grid(10, 10, spacing=10.0))})
    rule = Distance("step", 14.5, periodic=(100.0, 100.0), self_connections=False)
    net.connect("cells", "cells", rule, on_pre="v += w", w=1.0)
    edges = net.build(dt=0.1).edges["cells_to_cells"]
    assert edges.size == 100 * 8


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (grid, "grid needs 1 to 3 counts, got 0"),
        (lambda: grid(2, 0), "grid: a count must be a whole number >= 1, got 0"),
        (lambda: ring(3, radius=0.0), "ring: radius must be > 0"),
        (lambda: scattered(3), "scattered needs a box of 1 to 3 sizes, got 0"),
        (lambda: scattered(3, -1.0), "scattered: a size must be > 0"),
    ],
)
def test_a_wrong_layout_is_named(make, message):
    with pytest.raises(DescriptionError, match=message):
        make()
