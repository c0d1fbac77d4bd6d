r"""Averages of tanh and its relatives over normal noise, right for any steepness.

Where the noise is wide, :math:`\tanh(x + yz)` is a step all but near its middle. There the step is averaged in closed
form and only what is missing is integrated, over :math:`u = |x + yz|`, in which it is smooth and decays like
:math:`e^{-2u}`; so temperatures near 0 cost no more than others.
"""

import math

import numpy as np

WIDE = 4.0
"""Noise above which the step is split off."""
GRID = np.linspace(-14.0, 14.0, 561)
WEIGHT = np.exp(-0.5 * GRID**2) / np.exp(-0.5 * GRID**2).sum()
"""The trapezoidal rule on these is exact to rounding for smooth functions; glasses weight the far values up."""
LN_2 = math.log(2.0)

_nodes, _weights = np.polynomial.legendre.leggauss(100)
NEAR, NEAR_WEIGHT = 18.0 * (_nodes + 1.0), 18.0 * _weights
"""Values of u up to 36, for integrals of what decays at least like exp(-u)."""


def moments(x: float, y: float) -> tuple[float, float, float]:
    r"""Of :math:`h = x + yz`: the means of tanh h, of 1 - tanh^2 h, and of ln 2 cosh h; ``y`` is not negative."""
    if y < WIDE:
        field = x + y * GRID
        tanh = np.tanh(field)
        return float(tanh @ WEIGHT), float((1.0 - tanh**2) @ WEIGHT), float(np.logaddexp(field, -field) @ WEIGHT)
    above, below = _density((NEAR - x) / y) / y, _density((NEAR + x) / y) / y
    missing = 2.0 / (1.0 + np.exp(2.0 * NEAR))  # 1 - tanh
    m = math.erf(x / (y * math.sqrt(2.0))) - float((missing * (above - below)) @ NEAR_WEIGHT)
    slope = float((missing * (2.0 - missing) * (above + below)) @ NEAR_WEIGHT)
    magnitude = x * math.erf(x / (y * math.sqrt(2.0))) + 2.0 * y * float(_density(x / y))
    return m, slope, magnitude + float((np.log1p(np.exp(-2.0 * NEAR)) * (above + below)) @ NEAR_WEIGHT)


def tilted(y: float, b: float) -> tuple[float, float, float]:
    r"""The logarithm of :math:`E \cosh^b(yz)`, and with that weight the means of 1 - tanh^2 and of ln cosh."""
    if y < WIDE:
        log_cosh = np.logaddexp(y * GRID, -y * GRID) - LN_2
        weight = np.exp(b * log_cosh) * WEIGHT
        total = float(weight.sum())
        slope = float((1.0 - np.tanh(y * GRID) ** 2) @ weight)
        return math.log(total), slope / total, float(log_cosh @ weight) / total
    from scipy.special import ndtr

    w, kernel = b * y, np.exp(b * NEAR) * _density(NEAR / y) / y * NEAR_WEIGHT
    small = np.exp(-2.0 * NEAR)
    beside = np.expm1(b * np.log1p(small))  # what cosh^b has more than exp(bu) / 2^b, as a share
    whole = math.exp(0.5 * w * w) * float(ndtr(w))
    first = y * (1.0 / math.sqrt(2.0 * math.pi) + w * whole)
    total = whole + float(beside @ kernel)
    slope = float((4.0 * small / (1.0 + small) ** 2 * (1.0 + beside)) @ kernel)
    more = (1.0 + beside) * np.log1p(small) + beside * (NEAR - LN_2)
    mean = first - LN_2 * whole + float(more @ kernel)
    return (1.0 - b) * LN_2 + math.log(total), slope / total, mean / total


def _density(z: np.ndarray | float) -> np.ndarray:
    return np.exp(-0.5 * np.square(z)) / math.sqrt(2.0 * math.pi)
