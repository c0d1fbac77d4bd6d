r"""Linear systems that remember their input as a polynomial, and their steps in discrete time.

The state of such a system, :math:`\dot x = A x + B u`, holds the coefficients of Legendre polynomials that approximate
the past of u. Time has no unit here: what uses a system says how long its unit of time is.

References
----------
Gu et al. (2021). NeurIPS 2021, doi:10.48550/arXiv.2110.13985, sections 2 and 4, appendix B.2
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..errors import DescriptionError, listing


def legs(states: int) -> tuple[np.ndarray, np.ndarray]:
    r"""LegS, which weighs all of the past: A (N, N) and B (N,).

    .. math:: A_{nk} = -\sqrt{(2n+1)(2k+1)}\ (n > k),\quad -(n+1)\ (n = k),\quad 0\ (n < k), \qquad B_n = \sqrt{2n+1}

    The appendix prints -A; this sign is the stable one, with the eigenvalues -1, -2, ..., -N. The system that HiPPO
    derives changes with time, as A / t; this one does not, as in the paper.
    """
    root = _roots(states)
    return -np.tril(np.outer(root, root), -1) - np.diag(np.arange(1.0, states + 1.0)), root


def legt(states: int) -> tuple[np.ndarray, np.ndarray]:
    r"""LegT, which weighs a window of the past evenly: A (N, N) and B (N,); the window is the unit of time.

    .. math::
        A_{nk} = -\sqrt{(2n+1)(2k+1)}\ (n \ge k), \quad -(-1)^{n-k} \sqrt{(2n+1)(2k+1)}\ (n < k), \qquad
        B_n = \sqrt{2n+1}

    The authors' code halves both, which makes the window twice as long.
    """
    root, n = _roots(states), np.arange(states)
    sign = np.where(n[:, None] < n, (-1.0) ** (n[:, None] - n), 1.0)
    return -np.outer(root, root) * sign, root


MATRICES = {"legs": legs, "legt": legt}
"""Systems by name."""


def system(given: Any, states: int, where: str) -> tuple[np.ndarray, np.ndarray]:
    """A (N, N) and B (N,) of a system by its name, or those given as ``{"A": ..., "B": ...}``."""
    if isinstance(given, str) and given in MATRICES:
        return MATRICES[given](states)
    if not isinstance(given, Mapping) or set(given) != {"A", "B"}:
        raise DescriptionError(f"{where} must be one of {listing(MATRICES)}, or hold A and B, got {given!r:.80}")
    a, b = (np.array(given[name], dtype=float) for name in ("A", "B"))
    if a.shape != (states, states) or b.shape != (states,) or not (np.isfinite(a).all() and np.isfinite(b).all()):
        raise DescriptionError(f"{where} must hold finite A ({states}, {states}) and B ({states},), got {a.shape} and "
                               f"{b.shape}")
    return a, b


def discretised(a: np.ndarray, b: np.ndarray, step: Any, alpha: float = 0.5) -> tuple[np.ndarray, np.ndarray]:
    r"""The step of a system in discrete time, by the generalised bilinear transform.

    .. math::
        \bar A = (I - \alpha \Delta A)^{-1} (I + (1 - \alpha) \Delta A), \qquad
        \bar B = (I - \alpha \Delta A)^{-1} \Delta B

    Parameters
    ----------
    a, b
        A (N, N) and B (N,).
    step
        Delta: a number, or (H,) for as many systems, in units of time of the system.
    alpha
        0 is Euler's method, 1/2 the bilinear one, 1 Euler's backward.

    Returns
    -------
    (N, N) and (N,), or (H, N, N) and (H, N).
    """
    one, steps = np.eye(len(a)), np.atleast_1d(np.asarray(step, dtype=float))[:, None, None]
    left = one - alpha * steps * a
    right = np.concatenate([one + (1.0 - alpha) * steps * a, steps * b[:, None]], axis=2)
    found = _substituted(left, right) if is_lower(a) else np.linalg.solve(left, right)
    keep, take = found[..., :-1], found[..., -1]
    return (keep, take) if np.ndim(step) else (keep[0], take[0])


def _substituted(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Solutions for lower triangles (H, N, N): a triangle stays one to the bit, as it does not by pivoting.

    All H at once; LAPACK takes one after another, and wakes threads for each.
    """
    found = np.empty_like(right)
    for row in range(left.shape[1]):
        known = (left[:, row, None, :row] @ found[:, :row])[:, 0]
        found[:, row] = (right[:, row] - known) / left[:, row, row, None]
    return found


def is_lower(a: np.ndarray) -> bool:
    """Whether nothing stands above the diagonal."""
    return not np.triu(a, 1).any()


def delay_readout(name: str, states: int, lags: Any) -> np.ndarray:
    r"""What reads the input as it was ``lags`` units of time ago out of the state, (lags, N), without any training.

    The state of LegT holds u on the window in the basis :math:`\sqrt{2n+1}\, P_n(1 - 2 s)`, s units of time ago; that
    of LegS all of the past in :math:`\sqrt{2n+1}\, P_n(2 e^{-s} - 1)`.
    """
    lags = np.atleast_1d(np.asarray(lags, dtype=float))
    if name not in MATRICES:
        raise DescriptionError(f"delay_readout is of one of {listing(MATRICES)}, got {name!r}")
    if lags.min() < 0 or (name == "legt" and lags.max() > 1):
        raise DescriptionError(f"lags must be >= 0, and of legt within its window, <= 1, got {lags}")
    place = 1.0 - 2.0 * lags if name == "legt" else 2.0 * np.exp(-lags) - 1.0
    return np.asarray(np.polynomial.legendre.legvander(place, states - 1) * _roots(states))


def krylov(keep: np.ndarray, take: np.ndarray, length: int) -> np.ndarray:
    """What an input of 1 leaves in the state 0, 1, ... steps later, (N, length); columns are doubled by squaring."""
    found, power = take[:, None], keep
    while found.shape[1] < length:
        found = np.concatenate([found, power @ found], axis=1)
        power = power @ power
    return found[:, :length]


def _roots(states: int) -> np.ndarray:
    """sqrt(2 n + 1), (N,)."""
    return np.sqrt(2.0 * np.arange(states) + 1.0)
