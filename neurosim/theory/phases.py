r"""Where in the plane of load and temperature a Hebbian memory retrieves: the lines between its phases.

Each state is a point of two numbers, the mean field and its noise in units of the temperature, x and y. From them the
overlap :math:`m = E \tanh(x + yz)` and :math:`q = E \tanh^2(x + yz)` follow, and from those temperature and load, so no
equation has to be iterated, not even where two solutions meet:

.. math::
    T = \frac{P}{2} \frac{m^{P-1}}{x}, \qquad
    \gamma = \frac{2}{P} \frac{y^2 T^2}{q^{P-1}}, \qquad
    \alpha = \frac{y^2 (T - 1 + q)^2}{q} \quad (P = 2)

Three lines part the plane. Below the *spinodal* T_M there is a state of retrieval, below the *crossing* T_c it has the
lowest free energy, and at the *glass* line T_g the states without any overlap freeze. States of retrieval are replica
symmetric, which is not exact at low temperatures: both lines turn back there.

References
----------
Amit, Gutfreund and Sompolinsky (1987). Ann Phys 173, 30-67. doi:10.1016/0003-4916(87)90092-3
Naef and Canning (1992). J Phys I France 2, 247-250. doi:10.1051/jp1:1992141 (the spinodal turns back near T = 0)
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from .averages import LN_2, moments
from .checks import check_least
from .dense import check_degree, storage_limit
from .glass import disordered_energy, frozen_at, root

COLDEST = 1e-3
"""Below this, lines that are asked for as temperatures count as being at 0."""


@dataclass(frozen=True)
class PhaseDiagram:
    """Lines between phases: temperatures, (T,), and the load of each line at each of them, (T,).

    NaN where a line does not come so far.
    """

    temperature: np.ndarray
    spinodal: np.ndarray
    crossing: np.ndarray
    glass: np.ndarray


@dataclass(frozen=True)
class _State:
    """A solution with an overlap: load, overlap and free energy of a unit."""

    load: float
    m: float
    free_energy: float


def phase_diagram(degree: int, temperatures: Iterable[float]) -> PhaseDiagram:
    """The lines T_M, T_c and T_g, as loads at each of the temperatures.

    Parameters
    ----------
    degree, temperatures
        P, even, and T. Loads are alpha for P = 2, gamma for more.
    """
    heat = np.array([float(t) for t in temperatures])
    lines = [np.array([line(degree, t) for t in heat]) for line in (spinodal_load, crossing_load, _glass_load)]
    return PhaseDiagram(heat, *(np.where(line > 0.0, line, np.nan) for line in lines))


def spinodal_load(degree: int, temperature: float) -> float:
    """The greatest load at which a state of retrieval exists; 0 if there is none at any, ``storage_limit`` at T = 0.

    It is greatest not at 0 but somewhat above: 0.1382 at T = 0.02 for P = 2, 0.459 at T = 0.43 for P = 4.
    """
    if _checked(degree, temperature) == 0.0:
        return storage_limit(degree)
    ends = _ends(degree, temperature)
    return 0.0 if ends is None else _turning(degree, temperature, ends)[1]


def crossing_load(degree: int, temperature: float) -> float:
    """The greatest load at which the state of retrieval has the lowest free energy; 0 if it never has.

    States without overlap are those of ``disordered_free_energy``.
    """
    if _checked(degree, temperature) == 0.0:
        states, first, last = _cold(degree), 6.0, _cold_turning(degree)
    else:
        ends = _ends(degree, temperature)
        if ends is None:
            return 0.0
        states, first, last = _warm(degree, temperature), ends[1], _turning(degree, temperature, ends)[0]

    def excess(x: float) -> float:
        state = states(x)
        return state.free_energy - disordered_free_energy(degree, state.load, temperature)

    if excess(first) >= 0.0:
        return 0.0
    return states(last if excess(last) < 0.0 else root(excess, last, first)).load


def spinodal_temperature(degree: int, load: float) -> float:
    """T_M: the greatest temperature at which a state of retrieval exists; 0 if it is not above ``COLDEST``."""
    return _temperature(degree, load, spinodal_load)


def crossing_temperature(degree: int, load: float) -> float:
    """T_c: below it the state of retrieval has the lowest free energy; 0 if it is not above ``COLDEST``."""
    return _temperature(degree, load, crossing_load)


def glass_temperature(degree: int, load: float) -> float:
    r"""T_g: where states without overlap freeze.

    For P = 2, :math:`1 + \sqrt{\alpha}`, continuously. For more, :math:`\tau_P \sqrt{\gamma}`, where one step of broken
    replica symmetry sets in (inferred: patterns act as the couplings of a P-spin glass); :math:`\tau_4 = 0.617`.
    """
    degree = check_degree(degree)
    check_least(0.0, load=load)
    return 1.0 + math.sqrt(load) if degree == 2 else frozen_at(degree)[0] * math.sqrt(load)


def _glass_load(degree: int, temperature: float) -> float:
    """The load at which states without overlap freeze; 0 if they are frozen at any."""
    if degree == 2:
        return max(temperature - 1.0, 0.0) ** 2
    return (temperature / frozen_at(degree)[0]) ** 2


def disordered_free_energy(degree: int, load: float, temperature: float) -> float:
    """Free energy of a unit in the states without overlap.

    For P = 2 the replica-symmetric one, as in Amit et al.; for more that of a paramagnet, and below T_g that of a glass
    with one step of broken replica symmetry.
    """
    _checked(degree, temperature)
    check_least(0.0, load=load)
    return disordered_energy(check_degree(degree), float(load), float(temperature))


def _checked(degree: int, temperature: float) -> float:
    check_degree(degree)
    check_least(0.0, temperature=temperature)
    return float(temperature)


def _ends(degree: int, temperature: float) -> tuple[float, float] | None:
    """The smallest and the greatest mean field x of states at a temperature, which are those without load."""

    def excess(x: float) -> float:
        return 0.5 * degree * math.tanh(x) ** (degree - 1) - temperature * x

    if degree == 2:
        return None if temperature >= 1.0 else (0.0, root(excess, 1e-9, 1.0 / temperature + 1.0))
    steepest = _steepest(degree)
    if excess(steepest) <= 0.0:
        return None
    return root(excess, 1e-9, steepest), root(excess, steepest, 0.5 * degree / temperature + 1.0)


@lru_cache(maxsize=16)
def _steepest(degree: int) -> float:
    """The x at which tanh(x)^(P-1) / x is greatest: the state that vanishes last."""
    return root(lambda x: 2.0 * (degree - 1) * x - math.sinh(2.0 * x), 0.3, 10.0)


def _warm(degree: int, temperature: float) -> Callable[[float], _State]:
    """The state at a mean field x, above temperature 0: its noise is what brings the overlap to T x."""

    def state(x: float) -> _State:
        wanted = (2.0 * temperature * x / degree) ** (1.0 / (degree - 1))

        def excess(y: float) -> float:
            return moments(x, y)[0] - wanted

        high = x + 1.0
        while excess(high) > 0.0:
            high *= 2.0
        y = 0.0 if excess(0.0) <= 0.0 else root(excess, 0.0, high)
        m, short, entropic = moments(x, y)
        if degree == 2:
            # without noise there is no load, and rounding must not make one
            rest = temperature - short if y > 0.0 else 0.0
            load = y * y * rest * rest / (1.0 - short)
            noise = 0.5 * load + 0.5 * temperature * y * y * short
            if load > 0.0:
                noise += 0.5 * load * temperature * (math.log(rest / temperature) - (1.0 - short) / rest)
            return _State(load, m, 0.5 * m * m + noise - temperature * entropic)
        q = 1.0 - short
        load = 2.0 / degree * (y * temperature) ** 2 / q ** (degree - 1)
        noise = -0.25 * load / temperature * (1.0 - degree * q ** (degree - 1) + (degree - 1) * q**degree)
        return _State(load, m, 0.5 * (degree - 1) * m**degree + noise - temperature * entropic)

    return state


def _cold(degree: int) -> Callable[[float], _State]:
    """The state at temperature 0 where the mean field is the square root of 2, times x, times its noise."""

    def state(x: float) -> _State:
        m, gauss = math.erf(x), math.sqrt(2.0 / math.pi) * math.exp(-x * x)
        mean = 0.5 * degree * m ** (degree - 1)
        spread = mean / (math.sqrt(2.0) * x)
        slope = gauss / spread
        magnitude = mean * m + spread * gauss
        if degree == 2:
            load = (spread * (1.0 - slope)) ** 2
            energy = 0.5 * m * m + 0.5 * load + 0.5 * spread**2 * slope - 0.5 * load / (1.0 - slope)
            return _State(load, m, energy - magnitude)
        load = 2.0 / degree * spread**2
        # the term of the noise is of second order in 1 - q and of first in 1 / T: none of it is left
        return _State(load, m, 0.5 * (degree - 1) * m**degree - magnitude)

    return state


@lru_cache(maxsize=16)
def _cold_turning(degree: int) -> float:
    return _greatest(lambda x: _cold(degree)(x).load, 0.3, 6.0)


@lru_cache(maxsize=512)
def _turning(degree: int, temperature: float, ends: tuple[float, float]) -> tuple[float, float]:
    """The x at which two states meet at a temperature, and the load there."""
    states = _warm(degree, temperature)
    x = _greatest(lambda x: states(x).load, *ends)
    return x, states(x).load


def _greatest(function: Callable[[float], float], low: float, high: float, within: float = 1e-7) -> float:
    from scipy.optimize import minimize_scalar

    found = minimize_scalar(lambda x: -function(x), bounds=(low, high), method="bounded", options={"xatol": within})
    return float(found.x)


def _temperature(degree: int, load: float, line: Callable[[int, float], float]) -> float:
    """The greatest temperature at which a line that is given as a load reaches ``load``."""
    degree = check_degree(degree)
    check_least(0.0, load=load)
    warmest = _warmest(degree, line)
    if load == 0.0:
        return warmest
    turned, most = _most(degree, line)
    return 0.0 if load > most else root(lambda t: line(degree, t) - load, turned, warmest)


@lru_cache(maxsize=32)
def _warmest(degree: int, line: Callable[[int, float], float]) -> float:
    """Where a line ends without load."""
    if degree == 2:
        return 1.0
    limit = 0.5 * degree * math.tanh(_steepest(degree)) ** (degree - 1) / _steepest(degree)
    if line is spinodal_load:
        return limit

    def excess(temperature: float) -> float:
        ends = _ends(degree, temperature)
        assert ends is not None
        return _warm(degree, temperature)(ends[1]).free_energy + temperature * LN_2

    return root(excess, 0.1, limit * (1.0 - 1e-9))


@lru_cache(maxsize=32)
def _most(degree: int, line: Callable[[int, float], float]) -> tuple[float, float]:
    """The temperature at which a line reaches its greatest load, and that load; it may turn back near 0."""
    turned = _greatest(lambda t: line(degree, t), COLDEST, 0.5 * _warmest(degree, line), within=1e-3)
    coldest = line(degree, COLDEST)
    return (COLDEST, coldest) if coldest >= line(degree, turned) else (turned, line(degree, turned))
