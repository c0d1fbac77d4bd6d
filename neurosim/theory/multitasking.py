r"""Few patterns with blank entries, retrieved at once: amplitudes, free energies and where the regimes meet.

A pattern is blank at a unit with probability d. Units that one pattern leaves blank are free to retrieve another, so
overlaps are shared out: as powers of d (hierarchical) where blanks are few, equally (parallel) where they are many.
Overlaps are :math:`m_\mu = \frac{1}{N} \sum_i \xi_i^\mu \sigma_i`, quoted over 1 - d; temperatures too.

References
----------
Agliari et al. (2023). J Stat Mech 113301. doi:10.1088/1742-5468/ad0a86
Agliari et al. (2012). Phys Rev Lett 109, 268101. doi:10.1103/PhysRevLett.109.268101
"""

import itertools
import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ..errors import DescriptionError
from .checks import check_above, check_least, check_whole

MOST_PATTERNS = 8
"""More have too many local configurations (3**K) to be listed."""


@dataclass(frozen=True)
class Amplitudes:
    """A solution: the overlaps over 1 - d in the order of the patterns, (K,), and the free energy of a unit."""

    m: np.ndarray
    free_energy: float


def _check(count: int, dilution: float) -> None:
    check_whole(0, count=count)
    if not 1 <= count <= MOST_PATTERNS:
        raise DescriptionError(f"count must be in [1, {MOST_PATTERNS}], got {count!r}")
    if not 0.0 < dilution < 1.0:
        raise DescriptionError(f"dilution must be in (0, 1), got {dilution!r}")


@lru_cache(maxsize=16)
def _configurations(count: int) -> np.ndarray:
    """All entries that K patterns may have at a unit, (3**K, K)."""
    return np.array(list(itertools.product((-1.0, 0.0, 1.0), repeat=count)))


def _chances(count: int, dilution: float) -> np.ndarray:
    entries = _configurations(count)
    return np.where(entries == 0.0, dilution, 0.5 * (1.0 - dilution)).prod(axis=1)


def hierarchy(count: int, dilution: float) -> np.ndarray:
    """Amplitudes of the hierarchical state at temperature 0, d^(mu - 1), (K,), over 1 - d."""
    _check(count, dilution)
    return dilution ** np.arange(count)


def mixed_of_three(dilution: float) -> np.ndarray:
    """Amplitudes at temperature 0 of the state of three in which two outvote the first, (3,), over 1 - d."""
    _check(3, dilution)
    u = 1.0 - dilution
    return np.array([1.0 - u * u / 2.0, 1.0 - u + u * u / 2.0, 1.0 - 2.0 * u + 1.5 * u * u])


def hierarchical_limit(count: int) -> float:
    """The dilution up to which the hierarchical state of K patterns exists at temperature 0: 0.618 for three.

    There the first pattern is outvoted by all the others together: 1 = d + d^2 + ... + d^(K-1).
    """
    from scipy.optimize import brentq

    check_whole(2, count=count)
    if count == 2:
        return 1.0
    return float(brentq(lambda d: sum(d**k for k in range(1, count)) - 1.0, 0.4, 1.0))


def level_crossing() -> float:
    """The dilution at which the hierarchical and the mixed state of three have the same energy at temperature 0."""
    from scipy.optimize import brentq

    def difference(d: float) -> float:
        return float((hierarchy(3, d) ** 2).sum() - (mixed_of_three(d) ** 2).sum())

    return float(brentq(difference, 0.4, 0.618))


def parallel_dilution(temperature: float = 0.98, count: int = 3) -> float:
    """The dilution above which all patterns together are preferred to a single one, at T / (1 - d); 2/3 near 1."""
    from scipy.optimize import brentq

    def difference(d: float) -> float:
        pure, symmetric = (_solved(count, d, temperature, start).free_energy
                           for start in (np.eye(count)[0], np.ones(count)))
        return symmetric - pure

    check_whole(2, count=count)
    check_above(0.0, temperature=temperature)
    if not temperature < 1.0:  # nothing is retrieved, so all states are one
        raise DescriptionError(f"temperature must be < 1, got {temperature!r}")
    if difference(0.4) * difference(0.95) >= 0.0:
        raise DescriptionError(f"temperature must be one at which the states meet between a dilution of 0.4 and 0.95, "
                               f"got {temperature!r}")
    return float(brentq(difference, 0.4, 0.95, xtol=1e-4))


def amplitudes(
    count: int, dilution: float, temperature: float, *, entropy: float = 0.0, start: str = "lowest", seed: int = 0
) -> Amplitudes:
    r"""Solve :math:`m_\mu = E[\xi^\mu \tanh(\beta \sum_\nu n_\nu \zeta^\nu)]`.

    Parameters
    ----------
    count, dilution
        K and d.
    temperature
        T / (1 - d).
    entropy
        rho of the examples that the patterns are learnt from; 0 for stored ones. The same for both protocols.
    start
        ``hierarchical``, ``symmetric``, ``pure``, or ``lowest``: from all of these and some at random, the solution of
        lowest free energy.
    """
    _check(count, dilution)
    check_least(0.0, entropy=entropy)
    starts = {"hierarchical": hierarchy(count, dilution), "symmetric": np.ones(count), "pure": np.eye(count)[0]}
    if start in starts:
        return _solved(count, dilution, temperature, starts[start], entropy)
    if start != "lowest":
        raise DescriptionError(f"start must be one of hierarchical, lowest, pure, symmetric, got {start!r}")
    rng = np.random.default_rng(seed)
    # a symmetric start stays symmetric for ever unless it is disturbed
    tried = [*starts.values(), starts["symmetric"] - 1e-3 * np.arange(count), *rng.random((4, count))]
    found = [_solved(count, dilution, temperature, each, entropy) for each in tried]
    best = min(found, key=lambda solution: solution.free_energy)
    return Amplitudes(np.sort(np.abs(best.m))[::-1], best.free_energy)  # each sign and order is as good


def _solved(count: int, dilution: float, temperature: float, start: np.ndarray, entropy: float = 0.0) -> Amplitudes:
    """Fixed point from ``start`` (over 1 - d); overlaps and free energy."""
    check_above(0.0, temperature=temperature)
    share = 1.0 - dilution
    heat = temperature * share
    entries, scaled, chances = _averaged(count, dilution, entropy)
    n = np.asarray(start, float) * share
    for _ in range(20_000):
        new = (chances * np.tanh(scaled @ n / heat)) @ scaled
        change = np.abs(new - n).max()
        n = 0.5 * (n + new)
        if change < 1e-13:
            break
    tanh = np.tanh(scaled @ n / heat)
    log_cosh = np.logaddexp(scaled @ n / heat, -(scaled @ n) / heat)
    free = 0.5 * float(n @ n) - heat * float(chances @ log_cosh)
    return Amplitudes((chances * tanh) @ entries / share, free)


def _averaged(count: int, dilution: float, entropy: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Entries, their scaled means over examples, and chances: of all configurations, times normal noise."""
    entries, chances = _configurations(count), _chances(count, dilution)
    if entropy == 0.0:
        return entries, entries, chances
    if count > 3:
        raise DescriptionError(f"with examples count must be at most 3, got {count!r}")
    nodes, weights = np.polynomial.hermite_e.hermegauss(15)
    noise = np.array(list(itertools.product(nodes, repeat=count)))
    of_noise = np.array([math.prod(w) for w in itertools.product(weights / weights.sum(), repeat=count)])
    scaled = entries[:, None] * (1.0 + math.sqrt(entropy) * noise) / math.sqrt(1.0 + entropy)
    whole = np.repeat(entries, len(noise), axis=0)
    return whole, scaled.reshape(-1, count), np.outer(chances, of_noise).ravel()
