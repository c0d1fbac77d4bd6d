r"""Free energies of a Hebbian memory that retrieves nothing: paramagnet and glass.

For P = 2 the glass is replica symmetric, after Amit, Gutfreund and Sompolinsky. For more, patterns that are not
retrieved act like the couplings of a P-spin glass, whose energies have the covariance :math:`N (\gamma / 2) q^P`
(inferred from the energy of ``neurosim.theory.dense``; Bovier and Niederhauser prove that such a memory freezes like
a glass). It freezes at once, with one step of broken replica symmetry. With
:math:`y^2 = \beta^2 \gamma \frac{P}{2} q^{P-1}` and the breaking b, the free energy is stationary in q and b:

.. math::
    -\beta f = \ln 2 + \frac{y^2}{2P} \left[ q^{1-P} + (P-1)(1-b) q - P \right] + \frac{1}{b} \ln E \cosh^b(yz)

References
----------
Amit, Gutfreund and Sompolinsky (1987). Ann Phys 173, 30-67. doi:10.1016/0003-4916(87)90092-3
Gardner (1985). Nucl Phys B 257, 747-765. doi:10.1016/0550-3213(85)90374-8
Bovier and Niederhauser (2001). arXiv:cond-mat/0108235. doi:10.48550/arXiv.cond-mat/0108235
"""

import math
from collections.abc import Callable
from functools import lru_cache

from .averages import LN_2, moments, tilted


def disordered_energy(degree: int, load: float, temperature: float) -> float:
    """Free energy of a unit without overlap with any pattern; see ``disordered_free_energy``."""
    if load == 0.0:
        return -temperature * LN_2
    if degree == 2:
        cold = -1.0 / math.pi - math.sqrt(2.0 * load / math.pi)
        return cold if temperature == 0.0 else _pairs(load, temperature)
    if temperature == 0.0:
        return math.sqrt(load) * _cold_glass(degree)
    reduced = temperature / math.sqrt(load)
    if reduced >= frozen_at(degree)[0]:
        return -0.25 * load / temperature - temperature * LN_2
    return math.sqrt(load) * _glass(degree, reduced)


def _pairs(load: float, temperature: float) -> float:
    """P = 2: the glass below 1 + sqrt(alpha), the paramagnet above."""
    if temperature >= 1.0 + math.sqrt(load):
        return 0.5 * load + 0.5 * load * temperature * math.log(1.0 - 1.0 / temperature) - temperature * LN_2

    def held(y: float) -> float:
        short = moments(0.0, y)[1]
        return y * y * (temperature - short) ** 2 / (1.0 - short) - load

    # below a temperature of 1 there is a glass without load, too: where 1 - q is the temperature
    least = 1e-6
    if temperature < 1.0:
        least = root(lambda y: temperature - moments(0.0, y)[1], 0.0, 2.0 / temperature)
    y = root(held, least, _above(held, least + 1.0))
    _, short, entropic = moments(0.0, y)
    rest = temperature - short
    if rest < 1e-13:  # so small a load that all is rounding
        return -temperature * LN_2
    noise = 0.5 * load * (1.0 + temperature * (math.log(rest / temperature) - (1.0 - short) / rest))
    return noise + 0.5 * temperature * y * y * short - temperature * entropic


@lru_cache(maxsize=16)
def frozen_at(degree: int) -> tuple[float, float]:
    """The temperature over sqrt(load) at which a glass of P > 2 bodies freezes, and y there."""
    # at b = 1, where E cosh(yz) = exp(y^2 / 2), the slope of the free energy in b changes its sign
    y = root(lambda y: _slope(degree, y, 1.0), 0.5, 2.0 * math.sqrt(degree) + 1.0)
    return _reduced(degree, y, 1.0), y


def _glass(degree: int, reduced: float) -> float:
    """Free energy over sqrt(load) of the glass at a temperature over sqrt(load)."""
    first = frozen_at(degree)[1]

    def excess(y: float) -> float:
        return reduced - _reduced(degree, y, _breaking(degree, y))

    y = root(excess, first, _above(excess, 2.0 * first))
    b = _breaking(degree, y)
    log_mean, short, _ = tilted(y, b)
    inside = (1.0 - short) ** (1 - degree) - 1.0 - (degree - 1) * (b + (1.0 - b) * short)
    return -reduced * (LN_2 + y * y / (2.0 * degree) * inside + log_mean / b)


@lru_cache(maxsize=16)
def _cold_glass(degree: int) -> float:
    """The same at temperature 0, where the breaking over the temperature, mu, stays finite."""
    from scipy.optimize import minimize_scalar
    from scipy.special import log_ndtr

    found = minimize_scalar(lambda mu: 0.25 * mu + (LN_2 + log_ndtr(mu * math.sqrt(0.5 * degree))) / mu,
                            bounds=(0.1, 10.0), method="bounded", options={"xatol": 1e-10})
    return -float(found.fun)


def _slope(degree: int, y: float, b: float) -> float:
    """What must vanish where the free energy is stationary in b."""
    log_mean, short, log_cosh = tilted(y, b)
    return b * log_cosh - log_mean - b * b * y * y * (degree - 1) * (1.0 - short) / (2.0 * degree)


def _breaking(degree: int, y: float) -> float:
    # b y is near sqrt(2 P ln 2) in all of the glass
    most = min(1.0, (2.0 * math.sqrt(degree) + 1.0) / y)
    return most if _slope(degree, y, most) <= 0.0 else root(lambda b: _slope(degree, y, b), 1e-2 / y, most)


def _reduced(degree: int, y: float, b: float) -> float:
    return math.sqrt(0.5 * degree * (1.0 - tilted(y, b)[1]) ** (degree - 1)) / y


def _above(function: Callable[[float], float], start: float) -> float:
    """A place behind ``start`` where an increasing function is positive."""
    while function(start) <= 0.0:
        start *= 1.5
    return start


def root(function: Callable[[float], float], low: float, high: float) -> float:
    """Where a function of one number, of different signs at ``low`` and ``high``, is 0."""
    from scipy.optimize import brentq

    return float(brentq(function, low, high, xtol=1e-13, rtol=1e-12))
