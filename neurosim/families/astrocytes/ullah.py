"""Calcium with exchange through the cell's membrane, and IP3 of its own: the model of Ullah and others."""

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import Any

from ...errors import check_not_negative, check_positive, check_probability, fields_by_name, take_count
from ..named import Named
from ..neurons import Neurons
from ..plain import checked_mapping
from .amounts import (
    FRACTION,
    MICROMOLAR,
    PER_MICROMOLAR_SECOND,
    PER_SECOND,
    RATE_OF_CHANGE,
    shown_amounts,
    take_amounts,
)

TEXT = """
dC/dt = (c_1*v_1*m_inf**3*h**3 + c_1*v_2)*((c_0 - C)/c_1 - C) - v_3*C**2/(k_3**2 + C**2) + J_in - k_1*C + J_C : uM
dh/dt = a_2*(Q_2*(1 - h) - C*h) : 1
dI/dt = (I_star - I)*r_I + v_4*(C + (1 - a)*k_4)/(C + k_4) + J_glu + J_I : uM
m_inf = I/(I + d_1)*C/(C + d_5) : 1
Q_2 = d_2*(I + d_1)/(I + d_3) : uM
J_in = v_6*I**2/(k_2**2 + I**2) : uM/second
J_glu : uM/second
J_C : uM/second
J_I : uM/second
"""
UNITS: Mapping[str, str] = {
    **dict.fromkeys(("c_0", "k_2", "k_3", "k_4", "d_1", "d_2", "d_3", "d_5", "I_star", "C_Theta"), MICROMOLAR),
    **dict.fromkeys(("v_3", "v_4", "v_6"), RATE_OF_CHANGE),
    **dict.fromkeys(("v_1", "v_2", "k_1", "r_I"), PER_SECOND),
    **dict.fromkeys(("c_1", "a"), FRACTION),
    "a_2": PER_MICROMOLAR_SECOND,
}
REST = {"C": 0.072495, "h": 0.886314, "I": 0.820204}
MAY_BE_ZERO = ("v_2", "v_4", "v_6", "k_1", "I_star")


@fields_by_name
@dataclass(frozen=True, eq=False, repr=False)
class Ullah(Named):
    r"""Astrocytes whose calcium also passes the cell's membrane, and which make and lose IP3.

    .. math::
        \dot C &= c_1 (v_1 m^3 h^3 + v_2) \left(\tfrac{c_0 - C}{c_1} - C\right) - v_3 \tfrac{C^2}{k_3^2 + C^2}
                + v_6 \tfrac{I^2}{k_2^2 + I^2} - k_1 C + J_C \\
        \dot h &= a_2 (Q_2 (1 - h) - C h), \qquad m = \tfrac{I}{I + d_1} \tfrac{C}{C + d_5}, \qquad
        Q_2 = d_2 \tfrac{I + d_1}{I + d_3} \\
        \dot I &= r_I (I^* - I) + v_4 \tfrac{C + (1 - a) k_4}{C + k_4} + J_{glu} + J_I

    ``J_glu`` is what synapses make, ``J_C`` and ``J_I`` is what comes from neighbours, set by couplings such as
    ``"J_I = D*(I_pre - I_post)"``. A spike is an upward crossing of ``C_Theta``. The numbers are those of a published
    network with a working memory.

    Parameters
    ----------
    size
        Number of astrocytes, N.
    c_0, c_1
        Calcium in all, µM, and volume of the store relative to the cell.
    v_1, v_2, v_3, k_3
        Channels and leak of the store, 1/s; its pumps, µM/s and µM.
    v_6, k_2, k_1
        Influx into the cell, µM/s and µM, and efflux, 1/s.
    d_1, d_2, d_3, d_5, a_2
        IP3 receptors: affinities, µM; inactivation, 1/(µM s).
    v_4, k_4, a, I_star, r_I
        IP3: made by an enzyme that calcium speeds, µM/s and µM, its share a; resting, µM, and its relaxation, 1/s.
    C_Theta
        Above which calcium counts as raised, µM.
    method
        Solver, ``rk4``.
    dt, positions
        As for ``GChI``.
    initial
        Start of ``C``, ``h``, ``I`` where it is not 0.072495, 0.886314, 0.820204; see ``Neurons``.

    States
    ------
    C, I : (N,) calcium and IP3, µM
    h : (N,) share of channels that are not inactivated
    J_glu, J_C, J_I : (N,) IP3 from synapses; calcium and IP3 from neighbours, µM/ms

    References
    ----------
    Ullah, Jung & Cornell-Bell (2006). Cell Calcium 39, 197-208. doi:10.1016/j.ceca.2005.10.009
    Gordleeva et al. (2021). Front Cell Neurosci 15, 631485. doi:10.3389/fncel.2021.631485 (equations and numbers were
    read in its published program)
    """

    size: int
    _: KW_ONLY
    c_0: Any = 2.0
    c_1: Any = 0.185
    v_1: Any = 6.0
    v_2: Any = 0.11
    v_3: Any = 2.2
    v_4: Any = 0.3
    v_6: Any = 0.2
    k_1: Any = 0.5
    k_2: Any = 1.0
    k_3: Any = 0.1
    k_4: Any = 1.1
    d_1: Any = 0.13
    d_2: Any = 1.049
    d_3: Any = 0.9434
    d_5: Any = 0.082
    a_2: Any = 0.14
    a: Any = 0.8
    I_star: Any = 0.16
    r_I: Any = 0.14
    C_Theta: Any = 0.15
    method: str = "rk4"
    dt: Any = None
    positions: Any = None
    initial: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        take_count(self, "size")
        object.__setattr__(self, "initial", checked_mapping(self.initial, "Ullah.initial"))
        take_amounts(self, UNITS)
        check_positive(self, *(name for name in UNITS if name not in (*MAY_BE_ZERO, "a")))
        check_not_negative(self, *MAY_BE_ZERO)
        check_probability(self, "a")
        _ = self.dimensions  # what the equations refuse is refused here

    def as_neurons(self) -> Neurons:
        """The same astrocytes with their equations as text."""
        return Neurons(
            self.size,
            TEXT,
            threshold="C > C_Theta",
            refractory="C > C_Theta",
            method=self.method,
            dt=self.dt,
            positions=self.positions,
            initial={**REST, **self.initial},
            **shown_amounts(self, UNITS),
        )
