"""Rules that look at the times of spikes alone."""

from dataclasses import dataclass
from typing import Any

from ...errors import DescriptionError, check_choice, check_not_negative, fields_by_name
from .rule import Rule, Texts, take_times

PAIRINGS = {"all": "+= 1", "nearest": "= 1"}
"""What a spike does to a trace: every earlier spike counts, or only the last one."""


@fields_by_name
@dataclass(frozen=True, kw_only=True)
class STDP(Rule):
    r"""Spike-timing dependent plasticity of pairs, additive to multiplicative.

    .. math::
        \Delta w = A_+ w_{max} (1 - w/w_{max})^{\mu_+} e^{-\Delta t/\tau_+} \text{ for } \Delta t \ge 0, \qquad
        \Delta w = -A_- w_{max} (w/w_{max})^{\mu_-} e^{\Delta t/\tau_-} \text{ for } \Delta t < 0

    with :math:`\Delta t` from the arrival of the presynaptic spike to the postsynaptic one. Exponents of 0 make the
    rule additive, of 1 multiplicative; w stays in 0..w_max.

    Parameters
    ----------
    w_max
        Largest weight, in the unit of the weight.
    a_plus, a_minus
        Change by one pair at :math:`\Delta t = 0`, as a share of w_max.
    tau_plus, tau_minus
        Time constants of potentiation and depression, ms.
    mu_plus, mu_minus
        How the change depends on the weight, 0 or above.
    pairing
        ``all`` pairs count, or only those with the ``nearest`` earlier spike of the other side.

    States
    ------
    w : (E,) weight
    pre, post : (E,) traces of the spikes of the two sides

    References
    ----------
    Song, Miller and Abbott (2000). Nat Neurosci 3, 919-926. doi:10.1038/78829
    Gütig, Aharonov, Rotter and Sompolinsky (2003). J Neurosci 23, 3697-3714. doi:10.1523/JNEUROSCI.23-09-03697.2003
    Morrison, Diesmann and Gerstner (2008). Biol Cybern 98, 459-478. doi:10.1007/s00422-008-0233-1 (pairing)
    """

    w_max: Any = 1.0
    a_plus: Any = 0.005
    a_minus: Any = 0.00525
    tau_plus: Any = 20.0
    tau_minus: Any = 20.0
    mu_plus: float = 0.0
    mu_minus: float = 0.0
    pairing: str = "all"

    def __post_init__(self) -> None:
        take_times(self, "tau_plus", "tau_minus")
        check_not_negative(self, "mu_plus", "mu_minus")
        check_choice(self, "pairing", PAIRINGS)

    def texts(self) -> Texts:
        """Two traces and a weight."""
        spike = PAIRINGS[self.pairing]
        up = _power("(1 - w/w_max)", "mu_plus", self.mu_plus)
        down = _power("(w/w_max)", "mu_minus", self.mu_minus)
        return Texts(
            model="dpre/dt = -pre/tau_plus : 1 (event-driven)\ndpost/dt = -post/tau_minus : 1 (event-driven)",
            on_pre=f"pre {spike}; w = clip(w - a_minus*w_max{down}*post, 0, w_max)",
            on_post=f"post {spike}; w = clip(w + a_plus*w_max{up}*pre, 0, w_max)",
        )


@fields_by_name
@dataclass(frozen=True, kw_only=True)
class TripletSTDP(Rule):
    r"""Spike-timing dependent plasticity of pairs and triplets.

    .. math::
        w \to w - o_1 (A_2^- + A_3^- r_2) \text{ at a presynaptic spike}, \qquad
        w \to w + r_1 (A_2^+ + A_3^+ o_2) \text{ at a postsynaptic spike}

    with r2 and o2 as they are just before the spike. The defaults are the minimal model of visual cortex with
    all-to-all pairing. ``TripletSTDP.published`` gives every set of the paper.

    Parameters
    ----------
    a2_plus, a3_plus, a2_minus, a3_minus
        Changes by a pair and by a triplet, in the unit of the weight.
    tau_plus, tau_x, tau_minus, tau_y
        Time constants of the traces r1, r2 (presynaptic) and o1, o2 (postsynaptic), ms.
    w_max
        Largest weight, in the unit of the weight; the smallest is 0.
    pairing
        ``all``, or ``nearest`` spikes.

    States
    ------
    w : (E,) weight
    r1, r2, o1, o2 : (E,) traces

    References
    ----------
    Pfister and Gerstner (2006). J Neurosci 26, 9673-9682. doi:10.1523/JNEUROSCI.1425-06.2006,
    equations 2-5, tables 3 and 4.
    """

    a2_plus: Any = 0.0
    a3_plus: Any = 6.5e-3
    a2_minus: Any = 7.1e-3
    a3_minus: Any = 0.0
    tau_plus: Any = 16.8
    tau_x: Any = 101.0
    tau_minus: Any = 33.7
    tau_y: Any = 114.0
    w_max: Any = 1.0
    pairing: str = "all"

    def __post_init__(self) -> None:
        take_times(self, "tau_plus", "tau_x", "tau_minus", "tau_y")
        check_choice(self, "pairing", PAIRINGS)

    @classmethod
    def published(cls, region: str = "visual_cortex", pairing: str = "all", *, minimal: bool = True,
                  w_max: Any = 1.0) -> "TripletSTDP":
        """A set of parameters of the paper.

        Parameters
        ----------
        region
            ``visual_cortex`` (table 3) or ``hippocampus`` (table 4).
        pairing
            ``all`` or ``nearest``.
        minimal
            Whether the terms that do not matter there are left out.
        w_max
            Largest weight.
        """
        key = (region, pairing, "minimal" if minimal else "full")
        if key not in PUBLISHED:
            raise DescriptionError(f"TripletSTDP: no set {key}; there are: {', '.join(map(str, PUBLISHED))}")
        names = ("a2_plus", "a3_plus", "a2_minus", "a3_minus", "tau_x", "tau_y")
        tau_minus = 33.7
        return cls(**dict(zip(names, PUBLISHED[key], strict=True)), tau_minus=tau_minus, w_max=w_max, pairing=pairing)

    def texts(self) -> Texts:
        """Four traces and a weight; the slow ones take their own spike last."""
        spike = PAIRINGS[self.pairing]
        traces = {"r1": "tau_plus", "r2": "tau_x", "o1": "tau_minus", "o2": "tau_y"}
        return Texts(
            model="\n".join(f"d{name}/dt = -{name}/{tau} : 1 (event-driven)" for name, tau in traces.items()),
            on_pre=f"w = clip(w - o1*(a2_minus + a3_minus*r2), 0, w_max); r1 {spike}; r2 {spike}",
            on_post=f"w = clip(w + r1*(a2_plus + a3_plus*o2), 0, w_max); o1 {spike}; o2 {spike}",
        )


PUBLISHED = {
    # A2+, A3+, A2-, A3-, tau_x, tau_y
    ("visual_cortex", "all", "full"): (5e-10, 6.2e-3, 7e-3, 2.3e-4, 101.0, 125.0),
    ("visual_cortex", "all", "minimal"): (0.0, 6.5e-3, 7.1e-3, 0.0, 101.0, 114.0),
    ("visual_cortex", "nearest", "full"): (8.8e-11, 5.3e-2, 6.6e-3, 3.1e-3, 714.0, 40.0),
    ("visual_cortex", "nearest", "minimal"): (0.0, 5e-2, 8e-3, 0.0, 714.0, 40.0),
    ("hippocampus", "all", "full"): (6.1e-3, 6.7e-3, 1.6e-3, 1.4e-3, 946.0, 27.0),
    ("hippocampus", "all", "minimal"): (5.3e-3, 8e-3, 3.5e-3, 0.0, 946.0, 40.0),
    ("hippocampus", "nearest", "full"): (4.6e-3, 9.1e-3, 3e-3, 7.5e-9, 575.0, 47.0),
    ("hippocampus", "nearest", "minimal"): (4.6e-3, 9.1e-3, 3e-3, 0.0, 575.0, 48.0),
}
"""Parameters by region, pairing and model."""


@fields_by_name
@dataclass(frozen=True, kw_only=True)
class InhibitorySTDP(Rule):
    r"""Plasticity of inhibitory synapses that brings the target to a rate and balances its excitation.

    .. math::
        w \to w + \eta (x_{out} - \alpha) \text{ at a presynaptic spike}, \qquad
        w \to w + \eta x_{in} \text{ at a postsynaptic spike}, \qquad \alpha = 2 \rho_0 \tau

    Without correlations the mean change is zero where the target fires at :math:`\rho_0`.

    Parameters
    ----------
    eta
        Learning rate, in the unit of the weight.
    rho
        Rate of the target that is aimed at, Hz.
    tau
        Time constant of the traces, ms.
    w_max
        Largest weight, in the unit of the weight; the smallest is 0.

    States
    ------
    w : (E,) weight
    x_in, x_out : (E,) traces of the spikes of source and target

    References
    ----------
    Vogels, Sprekeler, Zenke, Clopath and Gerstner (2011). Science 334, 1569-1573. doi:10.1126/science.1211095
    """

    eta: Any = 0.005
    rho: Any = 5.0
    tau: Any = 20.0
    w_max: Any = 1.0

    def __post_init__(self) -> None:
        take_times(self, "tau")

    def texts(self) -> Texts:
        """Two traces and a weight."""
        return Texts(
            model="dx_in/dt = -x_in/tau : 1 (event-driven)\ndx_out/dt = -x_out/tau : 1 (event-driven)",
            on_pre="x_in += 1; w = clip(w + eta*(x_out - 2*rho*tau), 0, w_max)",
            on_post="x_out += 1; w = clip(w + eta*x_in, 0, w_max)",
        )


def _power(base: str, name: str, exponent: float) -> str:
    """A factor with an exponent; those that need no power function do without."""
    if exponent == 0.0:
        return ""
    return f"*{base}" if exponent == 1.0 else f"*{base}**{name}"
