"""A rule that keeps the target's rate where it should be."""

from dataclasses import dataclass
from typing import Any

from ...errors import fields_by_name
from .rule import Rule, Texts, take_times


@fields_by_name
@dataclass(frozen=True, kw_only=True)
class Scaling(Rule):
    r"""Homeostatic scaling: all weights of a target grow or shrink by the same factor until it fires at a rate.

    .. math::
        \tau_a \dot a = -a + \textstyle\sum \delta_{post}, \qquad \tau_w \dot w = w\, (\rho - a)/\rho

    Both have a closed form between spikes, so the weights are brought up to date at the spikes of either side and
    are exact there. As factors do not depend on w, ratios of weights are kept. w stays in 0..w_max.

    Parameters
    ----------
    rho
        Rate of the target that is aimed at, Hz.
    tau_a
        Time over which the rate is measured, ms.
    tau_w
        Time constant of the growth of a silent target's weights, ms.
    w_max
        Largest weight, in the unit of the weight.

    States
    ------
    w : (E,) weight, as it was after the last spike of either side
    rate : (E,) measured rate of the target, Hz; rate_then, the same at the last spike
    elapsed : (E,) time since the last spike of either side, ms

    References
    ----------
    Turrigiano, Leslie, Desai, Rutherford and Nelson (1998). Nature 391, 892-896. doi:10.1038/36103
    van Rossum, Bi and Turrigiano (2000). J Neurosci 20, 8812-8821. doi:10.1523/JNEUROSCI.20-23-08812.2000,
    equation 7, without its integral term.
    """

    rho: Any = 5.0
    tau_a: Any = 1000.0
    tau_w: Any = 10000.0
    w_max: Any = 1.0

    def __post_init__(self) -> None:
        take_times(self, "tau_a", "tau_w")

    def texts(self) -> Texts:
        """The measured rate and a weight; its integral since the last spike is tau_a times what it has lost."""
        scaled = (
            "w = clip(w*exp((elapsed - tau_a*(rate_then - rate)/rho)/tau_w), 0, w_max); elapsed = 0*ms; "
        )
        return Texts(
            model="drate/dt = -rate/tau_a : Hz (event-driven)\n"
            "delapsed/dt = 1 : ms (event-driven)\nrate_then : Hz",
            before=scaled + "rate_then = rate",
            on_post=scaled + "rate += 1/tau_a; rate_then = rate",
        )
