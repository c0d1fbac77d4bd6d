"""Astrocytes without IP3 and units: the functional model of Postnov and others."""

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import Any

from ...errors import check_not_negative, check_positive, fields_by_name
from ...units import DIMENSIONLESS, TIME
from ..named import Named, chosen, take_fields
from ..neurons import Neurons

CALCIUM = """
dC/dt = (-C - c_4*f + r + alpha*w + beta*S_m)/tau_c + J : 1
dC_e/dt = f/(eps_c*tau_c) : 1
f = c_1*C**2/(1 + C**2) - C_e**2/(1 + C_e**2)*C**4/(c_2**4 + C**4) - c_3*C_e : 1
"""
MEDIATORS = """
dS_m/dt = ((1 + tanh(s_S*(z - h_S)))*(1 - S_m) - S_m/d_S)/tau_S : 1
dG_m/dt = ((1 + tanh(s_G*(C - h_G)))*(1 - G_m) - G_m/d_G)/tau_G : 1
"""
INPUTS = "w : 1\nJ : Hz\n"
FADING, GIVEN = "dz/dt = -z/tau_z : 1\n", "z : 1\n"
TIMES = ("tau_c", "tau_S", "tau_G")
SHAPES = ("eps_c", "c_1", "c_2", "s_S", "d_S", "s_G", "d_G")
LEVELS = ("r", "alpha", "beta", "c_3", "c_4", "h_S", "h_G")


@fields_by_name
@dataclass(frozen=True, eq=False, repr=False)
class Postnov(Named):
    r"""Astrocytes of the functional model: calcium in two pools, a mediator that drives them and one that they release.

    .. math::
        \tau_c \dot C &= -C - c_4 f + r + \alpha w + \beta S_m + \tau_c J, \qquad
        \varepsilon_c \tau_c \dot C_e = f \\
        f &= \frac{c_1 C^2}{1 + C^2} - \frac{C_e^2}{1 + C_e^2} \frac{C^4}{c_2^4 + C^4} - c_3 C_e \\
        \tau_S \dot S_m &= (1 + \tanh s_S (z - h_S)) (1 - S_m) - S_m / d_S \\
        \tau_G \dot G_m &= (1 + \tanh s_G (C - h_G)) (1 - G_m) - G_m / d_G

    Without units but for time. Two pathways raise calcium: ``w``, the activity of the postsynaptic neuron, acts at once
    (through potassium outside), and ``z``, that of the synapse, slowly, by the mediator ``S_m``. The mediator ``G_m``
    is what the astrocyte gives to its neurons; it is made while calcium is above ``h_G``. A spike is an upward
    crossing of ``h_G``.

    The equations and numbers were read in a public program of Basso and Barros, which names the model as its source;
    that they are those of the first paper, of which the abstract was to be had, is inferred. ``alpha`` is 0 there, and
    time is ms.

    Parameters
    ----------
    size
        Number of astrocytes, N.
    r, alpha, beta
        Calcium that comes in at rest, and for w and S_m, a number or (N,).
    tau_c, eps_c, c_1, c_2, c_3, c_4
        Calcium: time constant, ms, and shape of the exchange with the store; ``c_4=None`` is ``2/eps_c``.
    tau_S, s_S, h_S, d_S
        Mediator inside: time constant, ms; slope and threshold of z; its decay, in units of ``tau_S``.
    tau_G, s_G, h_G, d_G
        Mediator released, likewise, by C.
    tau_z
        Decay of z, ms, to which joins add; None where a coupling sets z.
    method
        Solver, ``rk4``.
    dt, positions
        See ``Neurons``.
    initial
        Start of ``C``, ``C_e``, ``S_m``, ``G_m``, ``z``, ``w`` where it is not 0; see ``Neurons``.

    States
    ------
    C, C_e : (N,) calcium in the cell and in its store
    S_m, G_m : (N,) mediators, inside and released
    z, w : (N,) activity of synapse and of postsynaptic neuron
    J : (N,) calcium from neighbours, 1/ms

    References
    ----------
    Postnov, Ryazanova & Sosnovtseva (2007). BioSystems 89, 84-91. doi:10.1016/j.biosystems.2006.04.012
    Basso & Barros (2022). arXiv 2204.00506
    """

    size: int
    _: KW_ONLY
    r: Any = 0.31
    alpha: Any = 0.0
    beta: Any = 0.05
    tau_c: Any = 8.0
    eps_c: Any = 0.04
    c_1: Any = 0.13
    c_2: Any = 0.9
    c_3: Any = 0.004
    c_4: Any = None
    tau_S: Any = 100.0
    s_S: Any = 100.0
    h_S: Any = 0.45
    d_S: Any = 3.0
    tau_G: Any = 50.0
    s_G: Any = 100.0
    h_G: Any = 0.5
    d_G: Any = 3.0
    tau_z: Any = 10.0
    method: str = "rk4"
    dt: Any = None
    positions: Any = None
    initial: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_positive(self, "eps_c")
        if self.c_4 is None:
            object.__setattr__(self, "c_4", 2.0 / self.eps_c)
        times = TIMES if self.tau_z is None else (*TIMES, "tau_z")
        take_fields(
            self, {**dict.fromkeys(times, TIME), **dict.fromkeys((*SHAPES, *LEVELS), DIMENSIONLESS)}, *times, *SHAPES
        )
        check_not_negative(self, "c_3", "c_4")

    def as_neurons(self) -> Neurons:
        """The same astrocytes with their equations as text."""
        shown = chosen(self, *TIMES, *SHAPES, *LEVELS, *(() if self.tau_z is None else ("tau_z",)))
        return Neurons(
            self.size,
            CALCIUM + MEDIATORS + INPUTS + (GIVEN if self.tau_z is None else FADING),
            threshold="C > h_G",
            refractory="C > h_G",
            method=self.method,
            dt=self.dt,
            positions=self.positions,
            initial=self.initial,
            **shown,
        )
