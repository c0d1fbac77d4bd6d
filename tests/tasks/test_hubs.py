"""The graph with hubs, its scores, and lagged correlations."""

import numpy as np
import pytest

from neurosim.errors import DescriptionError
from neurosim.tasks import HubGraph, lagged_correlation


def test_hubs_project_to_as_many_as_asked_and_weak_edges_are_few():
    strong, edges = HubGraph().edges()
    assert strong.sum(axis=1).tolist() == [15] * 3 + [0] * 47
    assert not strong[:3, :3].any()
    assert not edges.diagonal().any()
    assert (edges & ~strong).sum() == pytest.approx(0.05 * (50 * 49 - 45), abs=3 * np.sqrt(115))
    delays = HubGraph().delays()
    assert (delays.min(), delays.max()) == (5.0, 15.0)
    assert (HubGraph(seed=1).edges()[0] != strong).any()


def test_a_right_guess_gets_everything_and_a_flat_one_chance():
    known = HubGraph(size=20, hubs=2, targets=6)
    strong, _ = known.edges()
    for guess, area, direction, hubs in (
        (strong, 1.0, 1.0, 1.0),
        (strong.T, None, 0.0, 0.0),
        (np.ones((20, 20)), 0.5, 0.5, 1.0),
    ):
        if area is not None:
            assert known.area(guess) == area
        assert known.direction(guess) == direction
        assert known.hubs_found(guess) == hubs


def test_the_area_is_the_share_of_pairs_in_the_right_order():
    known = HubGraph(size=8, hubs=1, targets=3)
    guess = np.random.default_rng(0).integers(0, 5, (8, 8))
    strong, _ = known.edges()
    off = ~np.eye(8, dtype=bool)
    right, wrong = guess[strong & off], guess[~strong & off]
    ahead = (right[:, None] > wrong).mean() + 0.5 * (right[:, None] == wrong).mean()
    assert known.area(guess) == pytest.approx(ahead)


def test_lagged_correlations_are_those_of_numpy():
    rng = np.random.default_rng(0)
    counts = rng.poisson(0.2, (300, 5)).astype(float)
    counts[:, 3] = 0
    counts[4:, 1] += counts[:-4, 0]
    centred = counts - counts.mean(axis=0)
    scale = np.where(np.outer(s := counts.std(axis=0), s) > 0, np.outer(s, s), np.inf)
    expected = np.max([centred[: 300 - k].T @ centred[k:] / 300 / scale for k in range(2, 7)], axis=0)
    found = lagged_correlation(counts, range(2, 7))
    np.testing.assert_allclose(found, expected, atol=1e-12)
    assert found[0, 1] > 0.5 > found[1, 0]
    plain = lagged_correlation(counts, range(1))
    np.testing.assert_array_equal(plain, plain.T)
    keep = [0, 1, 2, 4]
    np.testing.assert_allclose(plain[np.ix_(keep, keep)], np.corrcoef(counts[:, keep].T), atol=1e-12)


def test_what_does_not_fit_is_refused():
    with pytest.raises(DescriptionError, match=r"HubGraph.targets must be <= size - hubs \(7\), got 9"):
        HubGraph(size=10, targets=9)
    with pytest.raises(DescriptionError, match=r"lags must be in 0..T - 1 \(3\)"):
        lagged_correlation(np.zeros((4, 2)), range(5))
