r"""The geometry of a representation: how points of activity lie that stand for conditions.

Points are (P, N): the mean activity of N neurons in each of P conditions. A dichotomy is (P,) of 0 and 1, as many of
each.

References
----------
Bernardi et al. (2020). Cell 183, 954-967. doi:10.1016/j.cell.2020.09.031 (parallelism, cross-condition generalisation)
Alleman, Lindsey & Fusi (2024). ICLR 2024, doi:10.48550/arXiv.2401.13558
"""

import itertools
import math
from collections.abc import Iterator

import numpy as np

from ..errors import DescriptionError

MOST_PAIRINGS = 8
"""Conditions up to which all pairings are tried."""
SOFTNESS = 1e-3
"""Weight of the squared norm in a linear classifier: small, so that what can be separated is."""
SMALLEST, MOST_STEPS = 1e-9, 50


def participation_ratio(points: np.ndarray) -> float:
    r"""Dimension of points (P, N): :math:`(\sum \lambda)^2 / \sum \lambda^2` of their covariance; 1 to P - 1."""
    centred = np.asarray(points, dtype=float) - np.mean(points, axis=0)
    variance = np.linalg.svd(centred, compute_uv=False) ** 2
    total = float((variance**2).sum())
    return float(variance.sum() ** 2 / total) if total > 0.0 else float("nan")


def parallelism(points: np.ndarray, dichotomy: np.ndarray) -> float:
    """How parallel the ways are from one side of a dichotomy to the other, -1 to 1.

    Each condition of one side is paired with one of the other; of the differences the mean cosine over all pairs of
    them is taken. Of all pairings the greatest counts; beyond 8 conditions that with the shortest ways, because there
    are too many. 1 means that the variable is coded in the same direction whatever else holds.
    """
    points, first, second = _sides(points, dichotomy)
    size = len(first)
    if size < 2:
        raise DescriptionError(f"a parallelism needs two conditions or more on each side, got {size}")
    if len(points) <= MOST_PAIRINGS:
        orders: list[np.ndarray] = [np.array(order) for order in itertools.permutations(range(size))]
    else:
        from scipy.optimize import linear_sum_assignment

        ways = ((points[first][:, None] - points[second][None]) ** 2).sum(axis=-1)
        orders = [linear_sum_assignment(ways)[1]]
    return max(_mean_cosine(points[first] - points[second][order]) for order in orders)


def cross_condition_generalisation(points: np.ndarray, dichotomy: np.ndarray) -> float:
    """Share of right answers of a linear classifier in conditions that it has not seen, 0 to 1; 0.5 is chance.

    It is trained on half of the conditions of each side, tested on the others, and this is averaged over all ways to
    choose them; where there are more than 100, over 100 that are drawn from a fixed seed.
    """
    points, first, second = _sides(points, dichotomy)
    half = len(first) // 2
    if half < 1:
        raise DescriptionError(f"generalisation needs two conditions or more on each side, got {len(first)}")
    return float(np.mean([_tested(points, *split) for split in _splits(first, second, half)]))


def decodability(points: np.ndarray, dichotomy: np.ndarray) -> float:
    """Share of right answers of a linear classifier in the conditions that it was trained on, 0 to 1."""
    points, first, second = _sides(points, dichotomy)
    return _tested(points, first, second, first, second)


def _sides(points: np.ndarray, dichotomy: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Points as numbers, and the conditions on either side."""
    points, labels = np.asarray(points, dtype=float), np.asarray(dichotomy)
    if points.ndim != 2 or labels.shape != points.shape[:1]:
        raise DescriptionError(f"points must be (P, N) and a dichotomy (P,), got {points.shape} and {labels.shape}")
    first, second = np.flatnonzero(labels > 0), np.flatnonzero(labels <= 0)
    if len(first) != len(second):
        raise DescriptionError(f"a dichotomy must have as many conditions on each side, got {len(first)} and "
                               f"{len(second)}")
    return points, first, second


def _mean_cosine(ways: np.ndarray) -> float:
    units = ways / np.maximum(np.linalg.norm(ways, axis=1, keepdims=True), 1e-300)
    cosines = units @ units.T
    return float(cosines[np.triu_indices(len(ways), 1)].mean())


def _splits(first: np.ndarray, second: np.ndarray, half: int, most: int = 100) -> Iterator[tuple[np.ndarray, ...]]:
    """Conditions to train on and to test on, of both sides."""
    rng = np.random.default_rng(0)
    if math.comb(len(first), half) ** 2 <= most:
        chosen = itertools.product(itertools.combinations(first, half), itertools.combinations(second, half))
        pairs = [(np.array(a), np.array(b)) for a, b in chosen]
    else:
        pairs = [(rng.permutation(first)[:half], rng.permutation(second)[:half]) for _ in range(most)]
    for a, b in pairs:
        yield a, b, np.setdiff1d(first, a), np.setdiff1d(second, b)


def _tested(points: np.ndarray, a: np.ndarray, b: np.ndarray, c: np.ndarray, d: np.ndarray) -> float:
    """Share of the conditions c and d on the right side of what separates a and b."""
    weight, shift = _separated(np.concatenate([points[a], points[b]]), np.repeat([1.0, -1.0], [len(a), len(b)]))
    return float(np.mean(np.concatenate([points[c] @ weight + shift > 0.0, points[d] @ weight + shift < 0.0])))


def _separated(points: np.ndarray, signs: np.ndarray) -> tuple[np.ndarray, float]:
    """A support vector machine with squared hinge loss: weights (N,) and shift.

    Newton's method: the least squares of those points that are not beyond their margin, until these stay the same.
    """
    scale = np.abs(points).max() or 1.0
    inputs = np.concatenate([points / scale, np.ones((len(points), 1))], axis=1)
    soft = np.diag(np.append(np.full(points.shape[1], SOFTNESS * len(points)), SMALLEST))
    inside, weight = np.ones(len(points), bool), np.zeros(inputs.shape[1])
    for _ in range(MOST_STEPS):
        near = inputs[inside]
        weight = np.linalg.solve(near.T @ near + soft, near.T @ signs[inside])
        before, inside = inside, signs * (inputs @ weight) < 1.0
        if (inside == before).all():
            break
    return weight[:-1] / scale, float(weight[-1])
