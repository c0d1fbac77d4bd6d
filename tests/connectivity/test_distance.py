"""Edges by distance against the probability of every pair."""

import numpy as np
import pytest
from scipy import stats

from neurosim.connectivity import Distance, draw, estimate
from neurosim.errors import DescriptionError

LAWS = {
    "gaussian": lambda d, s: np.exp(-(d**2) / (2 * s**2)),
    "exponential": lambda d, s: np.exp(-d / s),
    "linear": lambda d, s: np.maximum(0.0, 1.0 - d / s),
    "step": lambda d, s: np.ones_like(d),
}


def points(count, dimensions, seed):
    return np.random.default_rng(seed).uniform(0.0, 1.0, (count, dimensions))


def distances(a, b, box):
    d = np.abs(a[:, None] - b[None])
    if box is not None:
        d = np.minimum(d, np.asarray(box) - d)
    return np.sqrt((d**2).sum(axis=2))


@pytest.mark.parametrize("periodic", [False, True], ids=["open", "periodic"])
@pytest.mark.parametrize("dimensions", [1, 2, 3])
@pytest.mark.parametrize("kernel", LAWS)
def test_edges_occur_with_the_probability_of_their_distance(kernel, dimensions, periodic):
    a, b = points(150, dimensions, 1), points(200, dimensions, 2)
    box = (1.0,) * dimensions if periodic else None
    rule = Distance(kernel, 0.13, p_max=0.8, periodic=box)
    d = distances(a, b, box)
    p = np.where(d <= rule.reach, 0.8 * LAWS[kernel](d, 0.13), 0.0)
    counts, seeds = np.zeros(d.shape), 40
    for seed in range(seeds):
        drawn = draw(
            rule,
            sources=150,
            targets=200,
            seed=seed,
            stream=1,
            source_positions=a,
            target_positions=b,
            threads=1,
        )
        counts[tuple(drawn.pairs().T)] += 1
    assert (counts[p == 0] == 0).all()
    # rings of distance with the same number of edges expected, each with the variance of its pairs
    order = np.argsort(d, axis=None)
    share = np.cumsum(p.ravel()[order])
    ring = np.minimum((share / share[-1] * 12).astype(int), 11)
    seen = np.bincount(ring, counts.ravel()[order], 12)
    mean = seeds * np.bincount(ring, p.ravel()[order], 12)
    variance = seeds * np.bincount(ring, (p * (1 - p)).ravel()[order], 12)
    assert stats.chi2.sf(((seen - mean) ** 2 / variance).sum(), 12) > 1e-3


def test_a_box_smaller_than_the_reach_meets_every_target_once():
    a = points(60, 2, 3)
    drawn = draw(
        Distance("step", 0.9, periodic=(1.0, 1.0), self_connections=False),
        sources=60, targets=60, same=True, seed=1, stream=1, source_positions=a, target_positions=a,
    )  # fmt: skip
    assert drawn.count == 60 * 59


def test_positions_in_one_place_are_no_trouble():
    a = np.zeros((40, 3))
    drawn = draw(
        Distance("exponential", 1.0),
        sources=40,
        targets=40,
        seed=1,
        stream=1,
        source_positions=a,
        target_positions=a,
    )
    assert drawn.count == 1600


def test_the_estimate_is_near_the_number_drawn():
    a = points(5000, 2, 4)
    both = {"source_positions": a, "target_positions": a, "sources": 5000, "targets": 5000}
    rule = Distance("gaussian", 0.03)
    expected, _ = estimate(rule, **both)
    # 256 rows of about 27 edges with a spread of about 7
    assert expected == pytest.approx(draw(rule, seed=1, stream=1, **both).count, rel=0.08)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"source_positions": None}, "needs source_positions"),
        ({"source_positions": np.zeros((3, 2))}, r"source_positions must have the shape \(4, 1 to 3\)"),
        ({"target_positions": np.zeros((4, 3))}, "must have 2 columns"),
        ({"target_positions": np.full((4, 2), np.nan)}, r"target_positions\[0, 0\] must be finite"),
    ],
)
def test_wrong_positions_are_refused(change, message):
    positions = {"source_positions": np.zeros((4, 2)), "target_positions": np.zeros((4, 2))} | change
    with pytest.raises(DescriptionError, match=message):
        draw(Distance("step", 1.0), sources=4, targets=4, seed=1, stream=1, **positions)
