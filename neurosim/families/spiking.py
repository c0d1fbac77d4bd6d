"""Well-known spiking neurons, each a text with names for its numbers."""

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import Any, ClassVar

from ..errors import check_below, check_not_negative, fields_by_name
from ..units import CAPACITANCE, CONDUCTANCE, CURRENT, TIME, VOLTAGE
from .named import Named, beginning, chosen, take_fields
from .neurons import Neurons


@fields_by_name
@dataclass(frozen=True, eq=False, repr=False)
class LIF(Named):
    r"""Leaky integrate-and-fire neurons, :math:`\tau \dot v = v_{rest} - v + drive`.

    Parameters
    ----------
    size, tau
        Number of neurons, N, and membrane time constant, ms.
    i
        Drive (current times membrane resistance), mV, a number or (N,), where the variable ``drive`` begins, or a
        TimedArray, which it follows.
    v_rest, v_reset, threshold
        Potentials, mV.
    refractory
        How long the potential stays at its reset value, ms.
    initial
        Start of ``v`` where it is not ``v_rest``; see ``Neurons``.
    positions
        Where the neurons are, (N, 1..3), µm; None where no join asks.

    States
    ------
    v : (N,) membrane potential, mV
    drive : (N,) current times membrane resistance, mV

    References
    ----------
    Gerstner et al. (2014), Neuronal Dynamics, section 1.3. doi:10.1017/CBO9781107447615
    """

    size: int
    _: KW_ONLY
    tau: Any = 20.0
    i: Any = 0.0
    v_rest: Any = -70.0
    v_reset: Any = -70.0
    threshold: Any = -50.0
    refractory: Any = 0.0
    initial: Mapping[str, Any] = field(default_factory=dict)
    positions: Any = None
    inputs: ClassVar[Mapping[str, str]] = {"i": "drive"}

    def __post_init__(self) -> None:
        volts = dict.fromkeys(("i", "v_rest", "v_reset", "threshold"), VOLTAGE)
        take_fields(self, {"tau": TIME, "refractory": TIME, **volts}, "tau")
        check_not_negative(self, "refractory")
        check_below(self, "v_reset", "threshold")

    def as_neurons(self) -> Neurons:
        """The same neurons with their equations as text."""
        return Neurons(
            self.size,
            "dv/dt = (v_rest - v + drive) / tau : mV (unless refractory)\ndrive : mV",
            threshold="v >= v_threshold",
            reset="v = v_reset",
            refractory=self.refractory or None,
            positions=self.positions,
            **beginning(self, v=self.v_rest),
            v_threshold=self.threshold,
            **chosen(self, "tau", "v_rest", "v_reset"),
        )


ADEX = """
dv/dt = (g_L*(E_L - v) + g_L*Delta_T*exp((v - V_T)/Delta_T) - w + I) / C : mV (unless refractory)
dw/dt = (a*(v - E_L) - w) / tau_w : pA
I : pA
"""


@fields_by_name
@dataclass(frozen=True, eq=False, repr=False)
class AdEx(Named):
    r"""Adaptive exponential integrate-and-fire neurons.

    .. math::
        C \dot v = g_L (E_L - v) + g_L \Delta_T e^{(v - V_T)/\Delta_T} - w + I, \qquad
        \tau_w \dot w = a (v - E_L) - w

    At ``v > v_peak`` a neuron spikes: v becomes ``v_reset``, w grows by b. The defaults are the paper's.

    Parameters
    ----------
    size
        Number of neurons, N.
    C, g_L
        Capacitance, pF, and leak conductance, nS.
    E_L, V_T, Delta_T, v_peak, v_reset
        Leak reversal, threshold, slope factor, potential at which a spike is cut, and reset, mV.
    tau_w, a, b
        Time constant (ms), subthreshold (nS) and spike-triggered (pA) strength of the adaptation.
    I
        Input current, pA, a number or (N,), where the variable ``I`` begins, or a TimedArray, which it follows.
    refractory
        How long the potential rests after a spike, ms.
    initial
        Start of ``v`` and ``w`` where they are not E_L and 0; see ``Neurons``.
    positions
        Where the neurons are, (N, 1..3), µm; None where no join asks.

    States
    ------
    v : (N,) membrane potential, mV
    w : (N,) adaptation current, pA
    I : (N,) input current, pA

    References
    ----------
    Brette and Gerstner (2005). J Neurophysiol 94, 3637-3642. doi:10.1152/jn.00686.2005, equations 1-3.
    """

    size: int
    _: KW_ONLY
    C: Any = 281.0
    g_L: Any = 30.0
    E_L: Any = -70.6
    V_T: Any = -50.4
    Delta_T: Any = 2.0
    v_peak: Any = 20.0
    v_reset: Any = -70.6
    tau_w: Any = 144.0
    a: Any = 4.0
    b: Any = 80.5
    I: Any = 0.0  # noqa: E741
    refractory: Any = 0.0
    initial: Mapping[str, Any] = field(default_factory=dict)
    positions: Any = None
    inputs: ClassVar[Mapping[str, str]] = {"I": "I"}

    def __post_init__(self) -> None:
        volts = dict.fromkeys(("E_L", "V_T", "Delta_T", "v_peak", "v_reset"), VOLTAGE)
        others = {"C": CAPACITANCE, "g_L": CONDUCTANCE, "a": CONDUCTANCE, "b": CURRENT, "I": CURRENT}
        take_fields(self, {**volts, **others, "tau_w": TIME, "refractory": TIME}, "C", "g_L", "Delta_T", "tau_w")
        check_not_negative(self, "refractory")
        check_below(self, "v_reset", "v_peak")

    def as_neurons(self) -> Neurons:
        """The same neurons with their equations as text."""
        return Neurons(
            self.size,
            ADEX,
            threshold="v > v_peak",
            reset="v = v_reset; w += b",
            refractory=self.refractory or None,
            positions=self.positions,
            **beginning(self, v=self.E_L),
            **chosen(self, "C", "g_L", "E_L", "V_T", "Delta_T", "v_peak", "v_reset", "tau_w", "a", "b"),
        )


IZHIKEVICH = """
dv/dt = (0.04*v**2/mV + 5*v + 140*mV - u + I) / ms : mV
du/dt = a*(b*v - u) / ms : mV
I : mV
"""


@fields_by_name
@dataclass(frozen=True, eq=False, repr=False)
class Izhikevich(Named):
    r"""Izhikevich's simple neurons, :math:`\dot v = 0.04 v^2 + 5 v + 140 - u + I, \dot u = a (b v - u)`.

    At ``v >= 30`` mV a neuron spikes: v becomes c, u grows by d. The defaults are a regular spiking cell.

    Parameters
    ----------
    size
        Number of neurons, N.
    a, b
        Rate of the recovery variable, 1/ms, and its sensitivity to v.
    c, d
        Reset of v and step of u, mV.
    i
        Input, mV (per ms), a number or (N,), where the variable ``I`` begins, or a TimedArray, which it follows.
    initial
        Start of ``v`` and ``u`` where they are not -65 mV and b times that; see ``Neurons``.
    positions
        Where the neurons are, (N, 1..3), µm; None where no join asks.

    States
    ------
    v, u : (N,) membrane potential and recovery, mV
    I : (N,) input, mV

    References
    ----------
    Izhikevich (2003). IEEE Trans Neural Netw 14, 1569-1572. doi:10.1109/TNN.2003.820440, equations 1-3.
    """

    size: int
    _: KW_ONLY
    a: Any = 0.02
    b: Any = 0.2
    c: Any = -65.0
    d: Any = 8.0
    i: Any = 0.0
    initial: Mapping[str, Any] = field(default_factory=dict)
    positions: Any = None
    inputs: ClassVar[Mapping[str, str]] = {"i": "I"}

    def __post_init__(self) -> None:
        pure = dict.fromkeys(("a", "b"), VOLTAGE / VOLTAGE)
        take_fields(self, {**pure, "c": VOLTAGE, "d": VOLTAGE, "i": VOLTAGE})

    def as_neurons(self) -> Neurons:
        """The same neurons with their equations as text."""
        return Neurons(
            self.size,
            IZHIKEVICH,
            threshold="v >= 30*mV",
            reset="v = c; u += d",
            positions=self.positions,
            **beginning(self, v=-65.0, u=self.b * -65.0),
            **chosen(self, "a", "b", "c", "d"),
        )


TRAUB_MILES = """
dv/dt = (g_L*(E_L - v) + g_Na*m**3*h*(E_Na - v) + g_K*n**4*(E_K - v) + I) / C : mV
dm/dt = alpha_m*(1 - m) - beta_m*m : 1
dh/dt = alpha_h*(1 - h) - beta_h*h : 1
dn/dt = alpha_n*(1 - n) - beta_n*n : 1
alpha_m = 0.32*4/exprel((13*mV - v + V_T)/(4*mV))/ms : 1/ms
beta_m = 0.28*5/exprel((v - V_T - 40*mV)/(5*mV))/ms : 1/ms
alpha_h = 0.128*exp((17*mV - v + V_T)/(18*mV))/ms : 1/ms
beta_h = 4/(1 + exp((40*mV - v + V_T)/(5*mV)))/ms : 1/ms
alpha_n = 0.032*5/exprel((15*mV - v + V_T)/(5*mV))/ms : 1/ms
beta_n = 0.5*exp((10*mV - v + V_T)/(40*mV))/ms : 1/ms
I : pA
"""


@fields_by_name
@dataclass(frozen=True, eq=False, repr=False)
class HodgkinHuxley(Named):
    r"""Hodgkin-Huxley neurons with the channels of Traub and Miles, as in the COBAHH benchmark.

    .. math::
        C \dot v = g_L (E_L - v) + g_{Na} m^3 h (E_{Na} - v) + g_K n^4 (E_K - v) + I

    A spike is an upward crossing of ``threshold``. The defaults are a cell of 20000 µm², which fires about
    14 times a second without any input.

    Parameters
    ----------
    size
        Number of neurons, N.
    C, g_L, g_Na, g_K
        Capacitance, pF, and conductances, nS.
    E_L, E_Na, E_K, V_T, threshold
        Reversal potentials, shift of the channels' voltages, and potential that counts as a spike, mV.
    I
        Input current, pA, a number or (N,), where the variable ``I`` begins, or a TimedArray, which it follows.
    initial
        Start of ``v``, ``m``, ``h``, ``n`` where they are not E_L, 0, 1, 0; see ``Neurons``.
    positions
        Where the neurons are, (N, 1..3), µm; None where no join asks.

    States
    ------
    v : (N,) membrane potential, mV
    m, h, n : (N,) gating variables
    I : (N,) input current, pA

    References
    ----------
    Brette et al. (2007). J Comput Neurosci 23, 349-398. doi:10.1007/s10827-007-0038-6,
    appendix B, benchmark 3.
    Traub and Miles (1991), Neuronal Networks of the Hippocampus. doi:10.1017/CBO9780511895401
    """

    size: int
    _: KW_ONLY
    C: Any = 200.0
    g_L: Any = 10.0
    g_Na: Any = 20000.0
    g_K: Any = 6000.0
    E_L: Any = -60.0
    E_Na: Any = 50.0
    E_K: Any = -90.0
    V_T: Any = -63.0
    threshold: Any = -20.0
    I: Any = 0.0  # noqa: E741
    initial: Mapping[str, Any] = field(default_factory=dict)
    positions: Any = None
    inputs: ClassVar[Mapping[str, str]] = {"I": "I"}

    def __post_init__(self) -> None:
        volts = dict.fromkeys(("E_L", "E_Na", "E_K", "V_T", "threshold"), VOLTAGE)
        conductances = dict.fromkeys(("g_L", "g_Na", "g_K"), CONDUCTANCE)
        take_fields(self, {**volts, **conductances, "C": CAPACITANCE, "I": CURRENT}, "C")
        check_not_negative(self, "g_L", "g_Na", "g_K")

    def as_neurons(self) -> Neurons:
        """The same neurons with their equations as text."""
        return Neurons(
            self.size,
            TRAUB_MILES,
            threshold="v > v_threshold",
            refractory="v > v_threshold",
            positions=self.positions,
            **beginning(self, v=self.E_L, h=1.0),
            v_threshold=self.threshold,
            **chosen(self, "C", "g_L", "g_Na", "g_K", "E_L", "E_Na", "E_K", "V_T"),
        )
