"""Neurons with channels: the squid's axon and fast-spiking interneurons."""

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import Any

from ..errors import check_not_negative, fields_by_name
from ..units import CAPACITANCE, CONDUCTANCE, CURRENT, VOLTAGE
from .named import Named, chosen, take_fields
from .neurons import Neurons

SQUID = """
dv/dt = (g_L*(E_L - v) + g_Na*m**3*h*(E_Na - v) + g_K*n**4*(E_K - v) + I) / C : mV
dm/dt = phi*(alpha_m*(1 - m) - beta_m*m) : 1
dh/dt = phi*(alpha_h*(1 - h) - beta_h*h) : 1
dn/dt = phi*(alpha_n*(1 - n) - beta_n*n) : 1
u = v - v_rest : mV
alpha_m = 1/exprel((25*mV - u)/(10*mV))/ms : 1/ms
beta_m = 4*exp(-u/(18*mV))/ms : 1/ms
alpha_h = 0.07*exp(-u/(20*mV))/ms : 1/ms
beta_h = 1/(1 + exp((30*mV - u)/(10*mV)))/ms : 1/ms
alpha_n = 0.1/exprel((10*mV - u)/(10*mV))/ms : 1/ms
beta_n = 0.125*exp(-u/(80*mV))/ms : 1/ms
I : pA
"""
REST = {"m": 0.05293, "h": 0.59612, "n": 0.31768}
"""Gates of the squid's axon at rest: alpha / (alpha + beta) at ``v = v_rest``."""


@fields_by_name
@dataclass(frozen=True, eq=False, repr=False)
class SquidAxon(Named):
    r"""The neuron of Hodgkin and Huxley (1952), a patch of the squid's giant axon.

    .. math::
        C \dot v = g_L (E_L - v) + g_{Na} m^3 h (E_{Na} - v) + g_K n^4 (E_K - v) + I

    The defaults are the paper's table 3 for a patch of 1000 µm², on which 10 pA are 1 µA/cm². The paper counts
    depolarisation downwards and from rest; here rest is ``v_rest``, and up is up. A spike is an upward crossing of
    ``threshold``.

    Parameters
    ----------
    size
        Number of patches, N.
    C, g_L, g_Na, g_K
        Capacitance, pF, and conductances, nS.
    E_L, E_Na, E_K, v_rest, threshold
        Reversal potentials, potential from which the channels count, and what counts as a spike, mV.
    celsius
        Temperature, °C; rates are those at 6.3 °C times 3 to the power of (celsius - 6.3)/10.
    I
        Input current at the start, pA, a number or (N,).
    initial
        Start of ``v``, ``m``, ``h``, ``n`` where they are not at rest; see ``Neurons``.

    States
    ------
    v : (N,) membrane potential, mV
    m, h, n : (N,) gating variables
    I : (N,) input current, pA

    References
    ----------
    Hodgkin and Huxley (1952). J Physiol 117, 500-544. doi:10.1113/jphysiol.1952.sp004764, equations 12, 13, 20, 21,
    23, 24, 26 and table 3.
    """

    size: int
    _: KW_ONLY
    C: Any = 10.0
    g_L: Any = 3.0
    g_Na: Any = 1200.0
    g_K: Any = 360.0
    E_L: Any = -54.387
    E_Na: Any = 50.0
    E_K: Any = -77.0
    v_rest: Any = -65.0
    threshold: Any = 0.0
    celsius: float = 6.3
    I: Any = 0.0  # noqa: E741
    initial: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        volts = dict.fromkeys(("E_L", "E_Na", "E_K", "v_rest", "threshold"), VOLTAGE)
        conductances = dict.fromkeys(("g_L", "g_Na", "g_K"), CONDUCTANCE)
        check_not_negative(self, "celsius")
        take_fields(self, {**volts, **conductances, "C": CAPACITANCE, "I": CURRENT}, "C")
        check_not_negative(self, "g_L", "g_Na", "g_K")

    def as_neurons(self) -> Neurons:
        """The same neurons with their equations as text."""
        return Neurons(
            self.size,
            SQUID,
            threshold="v > v_threshold",
            refractory="v > v_threshold",
            initial={"v": self.v_rest, **REST, "I": self.I, **self.initial},
            v_threshold=self.threshold,
            phi=3.0 ** ((self.celsius - 6.3) / 10.0),
            **chosen(self, "C", "g_L", "g_Na", "g_K", "E_L", "E_Na", "E_K", "v_rest"),
        )


WANG_BUZSAKI = """
dv/dt = (g_L*(E_L - v) + g_Na*m**3*h*(E_Na - v) + g_K*n**4*(E_K - v) + I) / C : mV
dh/dt = phi*(alpha_h*(1 - h) - beta_h*h) : 1
dn/dt = phi*(alpha_n*(1 - n) - beta_n*n) : 1
m = alpha_m/(alpha_m + beta_m) : 1
alpha_m = 1/exprel(-(v + 35*mV)/(10*mV))/ms : 1/ms
beta_m = 4*exp(-(v + 60*mV)/(18*mV))/ms : 1/ms
alpha_h = 0.07*exp(-(v + 58*mV)/(20*mV))/ms : 1/ms
beta_h = 1/(1 + exp(-(v + 28*mV)/(10*mV)))/ms : 1/ms
alpha_n = 0.1/exprel(-(v + 34*mV)/(10*mV))/ms : 1/ms
beta_n = 0.125*exp(-(v + 44*mV)/(80*mV))/ms : 1/ms
I : pA
"""


@fields_by_name
@dataclass(frozen=True, eq=False, repr=False)
class WangBuzsaki(Named):
    r"""Fast-spiking interneurons of Wang and Buzsáki; the sodium channel opens at once, :math:`m = m_\infty(v)`.

    .. math::
        C \dot v = g_L (E_L - v) + g_{Na} m_\infty^3 h (E_{Na} - v) + g_K n^4 (E_K - v) + I

    The defaults are the paper's for a patch of 1000 µm², on which 10 pA are 1 µA/cm². A spike is an upward crossing of
    ``threshold``.

    Parameters
    ----------
    size
        Number of neurons, N.
    C, g_L, g_Na, g_K
        Capacitance, pF, and conductances, nS.
    E_L, E_Na, E_K, threshold
        Reversal potentials and potential that counts as a spike, mV.
    phi
        Factor of the rates of h and n.
    I
        Input current at the start, pA, a number or (N,).
    method
        Solver; the paper's is ``rk4``.
    initial
        Start of ``v``, ``h``, ``n`` where they are not E_L, 0.78, 0.09 (their rest); see ``Neurons``.

    States
    ------
    v : (N,) membrane potential, mV
    h, n : (N,) gating variables
    I : (N,) input current, pA

    References
    ----------
    Wang and Buzsáki (1996). J Neurosci 16, 6402-6413. doi:10.1523/JNEUROSCI.16-20-06402.1996, methods.
    """

    size: int
    _: KW_ONLY
    C: Any = 10.0
    g_L: Any = 1.0
    g_Na: Any = 350.0
    g_K: Any = 90.0
    E_L: Any = -65.0
    E_Na: Any = 55.0
    E_K: Any = -90.0
    threshold: Any = 0.0
    phi: float = 5.0
    I: Any = 0.0  # noqa: E741
    method: str = "rk4"
    initial: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        volts = dict.fromkeys(("E_L", "E_Na", "E_K", "threshold"), VOLTAGE)
        conductances = dict.fromkeys(("g_L", "g_Na", "g_K"), CONDUCTANCE)
        take_fields(self, {**volts, **conductances, "C": CAPACITANCE, "I": CURRENT}, "C", "phi")
        check_not_negative(self, "g_L", "g_Na", "g_K")

    def as_neurons(self) -> Neurons:
        """The same neurons with their equations as text."""
        return Neurons(
            self.size,
            WANG_BUZSAKI,
            threshold="v > v_threshold",
            refractory="v > v_threshold",
            method=self.method,
            initial={"v": self.E_L, "h": 0.78, "n": 0.09, "I": self.I, **self.initial},
            v_threshold=self.threshold,
            **chosen(self, "C", "g_L", "g_Na", "g_K", "E_L", "E_Na", "E_K", "phi"),
        )
