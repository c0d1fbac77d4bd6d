"""A rule that looks at the target's membrane potential."""

from dataclasses import dataclass
from typing import Any

from ...errors import fields_by_name
from .rule import Rule, Texts, take_times

FILTERS = """
du_minus/dt = (v - u_minus)/tau_minus : mV
du_plus/dt = (v - u_plus)/tau_plus : mV
"""
"""Lines for the equations of a target: its potential, low-pass filtered twice (10 ms and 7 ms in the paper)."""


@fields_by_name
@dataclass(frozen=True, kw_only=True)
class VoltageSTDP(Rule):
    r"""Plasticity that depends on the membrane potential of the target.

    .. math::
        \dot w = A_{LTP}\, \bar x\, [v - \theta_+]_+ [\bar u_+ - \theta_-]_+, \qquad
        w \to w - A_{LTD} [\bar u_- - \theta_-]_+ \text{ at a presynaptic spike}, \qquad
        \tau_x \dot{\bar x} = -\bar x + \textstyle\sum \delta

    w stays in 0..w_max. It is integrated at every step, since the potential moves between spikes. The target must
    have the potential and its two filters as variables; ``FILTERS`` are the lines that add them, and its potential
    must have spikes of a millisecond or two, which potentiation lives on.

    Parameters
    ----------
    a_ltd, a_ltp
        Amplitudes, in the unit of the weight per mV, and per mV² and ms.
    theta_minus, theta_plus
        Thresholds for the filtered potentials and for the potential itself, mV.
    tau_x
        Time constant of the presynaptic trace, ms.
    w_max
        Largest weight, in the unit of the weight.
    potential, slow, fast
        Names of the target's variables: v, and its filters for depression and for potentiation.

    States
    ------
    w : (E,) weight
    x : (E,) presynaptic trace, 1/ms

    References
    ----------
    Clopath, Büsing, Vasilaki and Gerstner (2010). Nat Neurosci 13, 344-352. doi:10.1038/nn.2479, methods.
    """

    a_ltd: Any = 14e-5
    a_ltp: Any = 8e-5
    theta_minus: Any = -70.6
    theta_plus: Any = -45.3
    tau_x: Any = 15.0
    w_max: Any = 1.0
    potential: str = "v"
    slow: str = "u_minus"
    fast: str = "u_plus"

    def __post_init__(self) -> None:
        take_times(self, "tau_x")

    def texts(self) -> Texts:
        """A trace and a weight, both integrated."""
        above, fast = f"max({self.potential}_post - theta_plus, 0*mV)", f"max({self.fast}_post - theta_minus, 0*mV)"
        return Texts(
            model=f"dx/dt = -x/tau_x : 1\ndw/dt = min(a_ltp*x*{above}*{fast}, (w_max - w)/dt) : weight",
            on_pre=f"w = clip(w - a_ltd*max({self.slow}_post - theta_minus, 0*mV), 0, w_max); x += 1*ms/tau_x",
        )
