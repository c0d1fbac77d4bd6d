r"""Continuous modern Hopfield networks: how far patterns must lie apart, how many fit, how near one update comes.

Patterns :math:`x_i` of d numbers; one update of a state is :math:`f(\xi) = X\, \mathrm{softmax}(\beta X^T \xi)`.

References
----------
Ramsauer et al. (2021). Hopfield networks is all you need, ICLR. doi:10.48550/arXiv.2008.02217
Demircigil et al. (2017). J Stat Phys 168, 288-299. doi:10.1007/s10955-017-1806-y
"""

import math

import numpy as np

from ..errors import DescriptionError
from .checks import check_above, check_least, check_whole


def separations(patterns: np.ndarray) -> np.ndarray:
    """Least of :math:`x_i^T x_i - x_i^T x_j` over the others j, for each of the patterns (N, d), (N,)."""
    patterns = _patterns(patterns)
    products = patterns @ patterns.T
    own = np.diag(products).copy()
    np.fill_diagonal(products, -np.inf)
    return own - products.max(axis=1)


def well_separated(patterns: np.ndarray, beta: float) -> np.ndarray:
    r"""Which of the patterns (N, d) lie far enough from the others.

    That is :math:`\Delta_i \ge \frac{2}{\beta N} + \frac{1}{\beta} \ln(2(N-1)N\beta M^2)`. Those have a
    fixed point of their own near them; theorem 3 ff. of Ramsauer et al. M is the greatest norm.
    """
    patterns = _patterns(patterns)
    check_above(0.0, beta=beta)
    if len(patterns) == 1:
        return np.ones(1, bool)  # from which others
    count, largest = len(patterns), float(np.linalg.norm(patterns, axis=1).max())
    needed = 2.0 / (beta * count) + math.log(2.0 * (count - 1) * count * beta * largest**2) / beta
    return separations(patterns) >= needed


def retrieval_error_bound(patterns: np.ndarray, beta: float, distance: float = 0.0) -> np.ndarray:
    r"""Bound of the error after one update, :math:`2(N-1) M e^{-\beta(\Delta_i - 2 \cdot distance \cdot M)}`, (N,).

    ``distance`` is the greater of those of the state and of the fixed point from the pattern; theorem 5.
    """
    patterns = _patterns(patterns)
    check_above(0.0, beta=beta)
    check_least(0.0, distance=distance)
    largest = float(np.linalg.norm(patterns, axis=1).max())
    return 2.0 * (len(patterns) - 1) * largest * np.exp(-beta * (separations(patterns) - 2.0 * distance * largest))


def capacity_bound(dimension: int, beta: float, scale: float, failure: float) -> tuple[float, float]:
    r"""Theorem 3: the base c, and how many random patterns are stored at the least, :math:`\sqrt{p}\, c^{(d-1)/4}`.

    Parameters
    ----------
    dimension, beta
        d and inverse temperature.
    scale
        K, where patterns lie on a sphere of radius :math:`K \sqrt{d-1}`.
    failure
        Chance that the statement fails, p, in (0, 1].
    """
    from scipy.special import lambertw

    check_whole(2, dimension=dimension)
    check_above(0.0, beta=beta, scale=scale)
    if not 0.0 < failure <= 1.0:
        raise DescriptionError(f"failure must be in (0, 1], got {failure!r}")
    a = 2.0 / (dimension - 1) * (1.0 + math.log(2.0 * beta * scale**2 * failure * (dimension - 1)))
    b = 2.0 * scale**2 * beta / 5.0
    c = b / float(lambertw(math.exp(a + math.log(b))).real)
    return c, math.sqrt(failure) * c ** ((dimension - 1) / 4.0)


def exponential_capacity(size: int) -> float:
    """Patterns of N bits that an exponential memory keeps, 2^(N/2); infinite beyond the range of a float."""
    check_whole(1, size=size)
    return 2.0 ** (size / 2.0) if size < 2048 else math.inf


def effective_patterns(weights: np.ndarray) -> np.ndarray:
    """How many patterns share an association, exp of the entropy of its weights (..., N), (...)."""
    weights = np.asarray(weights, float)
    logs = np.log(np.where(weights > 0.0, weights, 1.0))
    return np.exp(-(weights * logs).sum(axis=-1))


def _patterns(given: np.ndarray) -> np.ndarray:
    """(N, d) finite numbers."""
    found = np.asarray(given, float)
    if found.ndim != 2 or not found.size or not np.isfinite(found).all() or not found.any():
        raise DescriptionError(f"patterns must be (N, d) finite numbers, not all 0, got shape {found.shape}")
    return found
