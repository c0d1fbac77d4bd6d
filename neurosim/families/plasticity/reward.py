"""A rule with a third factor: what a reward picks out of what happened before."""

from dataclasses import dataclass
from typing import Any

from ...errors import check_choice, fields_by_name
from .rule import Rule, Texts, take_times
from .spike_timing import PAIRINGS


@fields_by_name
@dataclass(frozen=True, kw_only=True)
class RewardSTDP(Rule):
    r"""Spike-timing dependent plasticity that waits for a reward.

    .. math::
        \dot c = -c/\tau_c + STDP(\Delta t)\, \delta(t - t_{spike}), \qquad \dot w = c\, d / \tau_w

    with d a variable of the target, such as the concentration of dopamine, which a join from the source of reward
    raises and the target's own equation takes away. c and w are integrated at every step, w within 0..w_max.

    Parameters
    ----------
    a_plus, a_minus
        What a pair adds to the eligibility c at :math:`\Delta t = 0`, in the unit of the weight.
    tau_plus, tau_minus
        Time constants of the two sides of the window, ms.
    tau_c, tau_w
        Time constants of the eligibility and of the weight at d = 1, ms.
    w_max
        Largest weight, in the unit of the weight.
    modulator
        Name of the target's variable d, a plain number.
    pairing
        ``all``, or ``nearest`` spikes.

    States
    ------
    w : (E,) weight
    c : (E,) eligibility
    pre, post : (E,) traces of the spikes of the two sides

    References
    ----------
    Izhikevich (2007). Cereb Cortex 17, 2443-2452. doi:10.1093/cercor/bhl152, equations 1-3.
    """

    a_plus: Any = 0.1
    a_minus: Any = 0.15
    tau_plus: Any = 20.0
    tau_minus: Any = 20.0
    tau_c: Any = 1000.0
    tau_w: Any = 10.0
    w_max: Any = 4.0
    modulator: str = "dopamine"
    pairing: str = "all"

    def __post_init__(self) -> None:
        take_times(self, "tau_plus", "tau_minus", "tau_c", "tau_w")
        check_choice(self, "pairing", PAIRINGS)

    def texts(self) -> Texts:
        """Two traces that are event-driven, the eligibility and the weight."""
        spike = PAIRINGS[self.pairing]
        return Texts(
            model="dpre/dt = -pre/tau_plus : 1 (event-driven)\n"
            "dpost/dt = -post/tau_minus : 1 (event-driven)\n"
            "dc/dt = -c/tau_c : weight\n"
            f"dw/dt = clip(c*{self.modulator}_post/tau_w, -w/dt, (w_max - w)/dt) : weight",
            on_pre=f"pre {spike}; c -= a_minus*post",
            on_post=f"post {spike}; c += a_plus*pre",
        )
