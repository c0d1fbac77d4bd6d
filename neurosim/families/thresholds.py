"""Neurons whose threshold moves, or is no line but a chance."""

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import Any

from ..errors import DescriptionError, check_below, check_not_negative, check_positive, fields_by_name
from ..units import CAPACITANCE, CONDUCTANCE, CURRENT, FREQUENCY, TIME, VOLTAGE, Dimension, to_internal
from .named import Named, chosen, take_fields
from .neurons import Neurons

ADAPTIVE = """
dv/dt = (v_rest - v + drive) / tau : mV (unless refractory)
dtheta/dt = -theta / tau_theta : mV
drive : mV
"""


@fields_by_name
@dataclass(frozen=True, eq=False, repr=False)
class AdaptiveLIF(Named):
    r"""Leaky integrate-and-fire neurons that need more after each spike.

    .. math::
        \tau \dot v = v_{rest} - v + drive, \qquad \tau_\theta \dot\theta = -\theta, \qquad
        v \ge threshold + \theta \Rightarrow v = v_{reset}, \theta \leftarrow \theta + step

    Parameters
    ----------
    size, tau
        Number of neurons, N, and membrane time constant, ms.
    i
        Drive (current times membrane resistance), mV, a number or (N,): where the variable ``drive`` begins.
    v_rest, v_reset, threshold
        Potentials, mV.
    tau_theta, step
        Time constant, ms, of the threshold's move, and how far a spike moves it, mV.
    refractory
        How long the potential stays at its reset value, ms.
    initial
        Start of ``v`` and ``theta`` where they are not ``v_rest`` and 0; see ``Neurons``.

    States
    ------
    v : (N,) membrane potential, mV
    theta : (N,) how far the threshold has moved, mV
    drive : (N,) current times membrane resistance, mV

    References
    ----------
    Gerstner et al. (2014), Neuronal Dynamics, section 6.4. doi:10.1017/CBO9781107447615
    """

    size: int
    _: KW_ONLY
    tau: Any = 20.0
    i: Any = 0.0
    v_rest: Any = -70.0
    v_reset: Any = -70.0
    threshold: Any = -50.0
    tau_theta: Any = 100.0
    step: Any = 2.0
    refractory: Any = 0.0
    initial: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        volts = dict.fromkeys(("i", "v_rest", "v_reset", "threshold", "step"), VOLTAGE)
        times = dict.fromkeys(("tau", "tau_theta", "refractory"), TIME)
        take_fields(self, {**volts, **times}, "tau", "tau_theta")
        check_not_negative(self, "refractory")
        check_below(self, "v_reset", "threshold")

    def as_neurons(self) -> Neurons:
        """The same neurons with their equations as text."""
        return Neurons(
            self.size,
            ADAPTIVE,
            threshold="v >= v_threshold + theta",
            reset="v = v_reset; theta += step",
            refractory=self.refractory or None,
            initial={"v": self.v_rest, "drive": self.i, **self.initial},
            v_threshold=self.threshold,
            **chosen(self, "tau", "v_rest", "v_reset", "tau_theta", "step"),
        )


@fields_by_name
@dataclass(frozen=True, eq=False, repr=False)
class GIF(Named):
    r"""Generalised integrate-and-fire neurons, which spike by chance (escape noise).

    .. math::
        C \dot v = g_L (E_L - v) - \sum_k w_k + I, \qquad
        \lambda = \lambda_0 \, e^{(v - V_T - \sum_k \theta_k) / \Delta_V}

    In a step a neuron spikes with the chance :math:`1 - e^{-\lambda \Delta t}`; then v becomes ``v_reset`` and
    each :math:`w_k` and :math:`\theta_k` grows by its jump, to decay with its time constant. Without ``adaptation``
    and ``moves`` this is the leaky integrate-and-fire neuron with exponential escape rate.

    Parameters
    ----------
    size
        Number of neurons, N.
    C, g_L
        Capacitance, pF, and leak conductance, nS.
    E_L, V_T, Delta_V, v_reset
        Leak reversal, threshold, sharpness of the threshold, and reset, mV.
    rate
        Chance of a spike per time at the threshold, Hz.
    adaptation
        Pairs of time constant (ms) and jump (pA) of spike-triggered currents.
    moves
        Pairs of time constant (ms) and jump (mV) of the threshold's moves.
    refractory
        How long the potential rests after a spike, ms.
    I
        Input current at the start, pA, a number or (N,).
    initial
        Start of ``v`` where it is not E_L, and of ``w_1``, ``theta_1`` ...; see ``Neurons``.

    States
    ------
    v : (N,) membrane potential, mV
    w_1 ..., theta_1 ... : (N,) spike-triggered currents, pA, and moves of the threshold, mV
    I : (N,) input current, pA

    References
    ----------
    Pozzorini et al. (2015). PLoS Comput Biol 11, e1004275. doi:10.1371/journal.pcbi.1004275, equations 1-4. The
    defaults of the membrane are inferred: a cell of 100 MΩ and 20 ms.
    """

    size: int
    _: KW_ONLY
    C: Any = 200.0
    g_L: Any = 10.0
    E_L: Any = -65.0
    V_T: Any = -45.0
    Delta_V: Any = 2.0
    v_reset: Any = -55.0
    rate: Any = 1000.0
    adaptation: Any = ()
    moves: Any = ()
    refractory: Any = 4.0
    I: Any = 0.0  # noqa: E741
    initial: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, dimension in (("adaptation", CURRENT), ("moves", VOLTAGE)):
            object.__setattr__(self, name, _pairs(getattr(self, name), dimension, f"GIF.{name}"))
        if isinstance(self.rate, int | float):
            check_positive(self, "rate")
        volts = dict.fromkeys(("E_L", "V_T", "Delta_V", "v_reset"), VOLTAGE)
        others = {"C": CAPACITANCE, "g_L": CONDUCTANCE, "I": CURRENT, "refractory": TIME}
        take_fields(self, {**volts, **others}, "C", "g_L", "Delta_V")
        check_not_negative(self, "refractory")
        to_internal(self.rate, FREQUENCY, "GIF.rate")

    def as_neurons(self) -> Neurons:
        """The same neurons with their equations as text."""
        currents = [f"w_{k + 1}" for k in range(len(self.adaptation))]
        moves = [f"theta_{k + 1}" for k in range(len(self.moves))]
        kinds = [(name, "pA") for name in currents] + [(name, "mV") for name in moves]
        pull = "".join(f" - {name}" for name in currents)
        lift = "".join(f" - {name}" for name in moves)
        lines = [
            f"dv/dt = (g_L*(E_L - v) + I{pull}) / C : mV (unless refractory)",
            *(f"d{name}/dt = -{name}/tau_{name} : {unit}" for name, unit in kinds),
            f"hazard = rate*exp((v - V_T{lift})/Delta_V) : Hz",
            "I : pA",
        ]
        values: dict[str, Any] = {}
        for (name, _), (tau, jump) in zip(kinds, (*self.adaptation, *self.moves), strict=True):
            values |= {f"tau_{name}": tau, f"jump_{name}": jump}
        return Neurons(
            self.size,
            "\n".join(lines),
            threshold="rand() < -expm1(-hazard*dt)",
            reset="; ".join(["v = v_reset", *(f"{name} += jump_{name}" for name, _ in kinds)]),
            refractory=self.refractory or None,
            initial={"v": self.E_L, "I": self.I, **self.initial},
            **values,
            **chosen(self, "C", "g_L", "E_L", "V_T", "Delta_V", "v_reset", "rate"),
        )


def _pairs(given: Any, dimension: Dimension, where: str) -> tuple[tuple[float, float], ...]:
    """Pairs of a time constant, ms, and a jump in internal units, checked."""
    found = []
    for pair in given:
        if not isinstance(pair, list | tuple) or len(pair) != 2:
            raise DescriptionError(f"{where} must be pairs (tau, jump), got {pair!r:.60}")
        tau, jump = to_internal(pair[0], TIME, where), to_internal(pair[1], dimension, where)
        if not tau > 0:
            raise DescriptionError(f"{where}: a time constant must be > 0, got {pair[0]!r}")
        found.append((tau, jump))
    return tuple(found)
