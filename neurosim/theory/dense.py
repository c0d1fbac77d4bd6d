r"""Dense Hebbian networks of P-body interactions: how much they hold, and how well they retrieve it.

The load is :math:`\gamma` in :math:`K = (2 \gamma / P)\, C(N-1, P-1)`, which is :math:`\alpha N` for P = 2. Derived
from the energy :math:`-\frac{N}{2} \frac{P!}{N^P} \sum_\mu e_P` in the replica-symmetric theory, in which all patterns
but the one retrieved are Gaussian noise; for P = 2 that noise also feeds back on itself.

References
----------
Amit, Gutfreund and Sompolinsky (1987). Ann Phys 173, 30-67. doi:10.1016/0003-4916(87)90092-3
Agliari et al. (2023). Physica A 626, 129076. doi:10.1016/j.physa.2023.129076 (supervised)
Agliari et al. (2023). Physica A 627, 129143. doi:10.1016/j.physa.2023.129143 (unsupervised)
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import DescriptionError
from .checks import check_least, check_whole

GRID = np.linspace(-9.0, 9.0, 1201)
"""Values of a standard normal variable; the trapezoidal rule on them is exact to rounding for smooth functions."""
WEIGHT = np.exp(-0.5 * GRID**2) / np.exp(-0.5 * GRID**2).sum()
MOST_ITERATIONS = 20_000
EXACT_EXAMPLES = 400
"""Numbers of examples up to which their mean is taken as it is, binomial, and not as normal."""


@dataclass(frozen=True)
class Magnetisations:
    """A solution: overlap with the pattern, with the mean of its examples, and of two replicas, each in [0, 1]."""

    m: float
    n: float
    q: float


def check_degree(degree: Any) -> int:
    """The number P of units that interact, even."""
    if isinstance(degree, bool) or not isinstance(degree, int | np.integer) or degree < 2 or degree % 2:
        raise DescriptionError(f"degree must be an even whole number >= 2, got {degree!r}")
    return int(degree)


def load(count: int, size: int, degree: int) -> float:
    """The load of ``count`` patterns in ``size`` units."""
    degree = check_degree(degree)
    check_whole(0, count=count)
    check_whole(degree, size=size)
    return count * degree / (2.0 * math.comb(size - 1, degree - 1))


def loaded(load: float, size: int, degree: int) -> int:
    """The number of patterns that make a load in ``size`` units, rounded."""
    degree = check_degree(degree)
    check_least(0.0, load=load)
    check_whole(degree, size=size)
    return round(2.0 * load / degree * math.comb(size - 1, degree - 1))


def storage_limit(degree: int) -> float:
    r"""The greatest load at which a retrieval state exists at temperature 0: 0.138 for P = 2, 0.396 for P = 4.

    For P > 2, :math:`\gamma_c = \frac{P}{4} / \min_x [x / \mathrm{erf}(x)^{P-1}]^2`; for P = 2 the greatest alpha with
    :math:`\sqrt{2 \alpha} = \mathrm{erf}(y) / y - \frac{2}{\sqrt{\pi}} e^{-y^2}`.
    """
    from scipy.optimize import minimize_scalar
    from scipy.special import erf

    degree = check_degree(degree)

    def root(y: float) -> float:
        if degree == 2:
            return erf(y) / y - 2.0 / math.sqrt(math.pi) * math.exp(-y * y)
        return math.sqrt(degree / 4.0) * erf(y) ** (degree - 1) / y

    best = minimize_scalar(lambda y: -root(y), bounds=(0.3, 6.0), method="bounded", options={"xatol": 1e-12})
    value = root(best.x)
    return float(value * value / 2.0 if degree == 2 else value * value)


def signal_to_noise(
    degree: int, load: float, *, quality: float = 1.0, examples: int = 1, supervised: bool = True
) -> float:
    r"""Mean field at a stored pattern over its standard deviation, :math:`\kappa`, where each set of units counts once.

    Stored: :math:`\kappa^2 = P / 2\gamma`. From examples :math:`1/\kappa^2 = \rho + \frac{2\gamma}{P} (1+\rho)^P` with
    a teacher, and :math:`\rho + \frac{2\gamma}{P} (1+\rho_P)` without.
    """
    degree = check_degree(degree)
    check_least(0.0, load=load)
    rho, rho_p = entropies(degree, quality, examples)
    noise = (1.0 + rho) ** degree if supervised else 1.0 + rho_p
    total = rho + 2.0 * load / degree * noise
    return math.inf if total == 0.0 else total**-0.5


def one_step_overlap(kappa: float) -> float:
    """Overlap with a pattern after one step from it at temperature 0."""
    return math.erf(kappa / math.sqrt(2.0))


def one_step_error(degree: int, count: int, size: int) -> float:
    r"""Chance that a bit of a stored pattern is turned in one step where units may repeat in a product.

    :math:`\frac{1}{2} \mathrm{erfc} \sqrt{N^{a-1} / (2 (2a-3)!! K)}`: section 2 of Krotov and Hopfield (2016).
    """
    check_whole(2, degree=degree)
    check_whole(1, count=count, size=size)
    # whole numbers, of which neither a power nor a product is too large
    odd = 2 * count * math.prod(range(2 * degree - 3, 1, -2))
    exponent = (degree - 1) * math.log(size) - math.log(odd)
    return 0.5 * math.erfc(math.exp(0.5 * exponent)) if exponent < 40.0 else 0.0


def entropies(degree: int, quality: float, examples: int) -> tuple[float, float]:
    """What examples leave unknown: of entries, rho, and of products of P entries, rho_P."""
    if not 0.0 < quality <= 1.0:
        raise DescriptionError(f"quality must be in (0, 1], got {quality!r}")
    check_whole(1, examples=examples)
    r2, rp = quality**2, quality ** (2 * degree)
    return (1.0 - r2) / (examples * r2), (1.0 - rp) / (examples * rp)


def retrieval(
    degree: int, load: float, temperature: float, *, quality: float = 1.0, examples: int = 1, supervised: bool = True,
    start: float = 1.0, tolerance: float = 1e-12,
) -> Magnetisations:
    r"""The state that is reached from an overlap of ``start`` by iterating the self-consistency equations.

    The field is :math:`h = \frac{P}{2} \zeta n^{P-1} + \sqrt{\gamma \frac{P}{2} q^{P-1}} z`, and for P = 2 the noise
    is divided by :math:`1 - \beta (1 - q)`; :math:`\zeta` is the scaled mean of a unit's examples.

    Parameters
    ----------
    degree, load, temperature
        P, even; gamma; T.
    quality, examples, supervised
        r and M of the examples that the patterns are learnt from, and whether a teacher groups them.
    """
    degree = check_degree(degree)
    check_least(0.0, load=load, temperature=temperature, start=start)
    if degree == 2 and not supervised and load > 0.0 and quality < 1.0:
        raise DescriptionError("degree 2 under load is known for stored patterns and supervised learning only")
    rho, rho_p = entropies(degree, quality, examples)
    noise = load if supervised else load * (1.0 + rho_p) / (1.0 + rho) ** degree
    zeta, weight = _means(quality, examples, rho)
    m = n = q = start
    responsiveness = 0.0
    for _ in range(MOST_ITERATIONS):
        mean = 0.5 * degree * zeta * max(n, 0.0) ** (degree - 1)
        # the noise of two-body patterns feeds back; on the way its gain must not pass through 1
        feedback = max(1.0 - responsiveness, 1e-3) if degree == 2 else 1.0
        spread = math.sqrt(noise * 0.5 * degree * q ** (degree - 1)) / feedback
        found = [float(weight @ values) for values in _averages(zeta, mean, spread, temperature)]
        change = max(abs(new - old) for new, old in zip(found, (m, n, q, responsiveness), strict=True))
        m, n, q, responsiveness = (0.5 * (new + old) for new, old in zip(found, (m, n, q, responsiveness), strict=True))
        if change < tolerance:
            break
    return Magnetisations(m, n, q)


def _means(quality: float, examples: int, rho: float) -> tuple[np.ndarray, np.ndarray]:
    """The values of a unit's scaled mean of examples, and their chances."""
    if quality == 1.0:
        return np.ones(1), np.ones(1)
    if examples > EXACT_EXAMPLES:
        return (1.0 + math.sqrt(rho) * GRID[::8]) / math.sqrt(1.0 + rho), WEIGHT[::8] / WEIGHT[::8].sum()
    from scipy.stats import binom

    k = np.arange(examples + 1)
    scale = examples * math.sqrt(quality**2 * (1.0 + rho))
    return (2.0 * k - examples) / scale, binom.pmf(k, examples, 0.5 * (1.0 + quality))


def _averages(zeta: np.ndarray, mean: np.ndarray, spread: float, temperature: float) -> tuple[np.ndarray, ...]:
    """Averages over the noise at each mean field: of tanh, of zeta times it, of its square and of its slope."""
    if temperature > 0.0:
        values = np.tanh((mean[:, None] + spread * GRID) / temperature)
        own, square = values @ WEIGHT, values**2 @ WEIGHT
        return own, zeta * own, square, (1.0 - square) / temperature
    from scipy.special import erf

    if spread == 0.0:
        return np.sign(mean), zeta * np.sign(mean), np.ones_like(mean), np.zeros_like(mean)
    scaled = mean / spread
    own = erf(scaled / math.sqrt(2.0))
    return own, zeta * own, np.ones_like(mean), math.sqrt(2.0 / math.pi) / spread * np.exp(-0.5 * scaled**2)


def retrieval_without_load(degree: int, temperature: float) -> float:
    """The overlap m = tanh(P m^(P-1) / 2T) reached from 1 with few patterns."""
    return retrieval(degree, 0.0, temperature).m
