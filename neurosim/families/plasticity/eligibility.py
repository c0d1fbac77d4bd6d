"""A rule that follows a learning signal: e-prop, as the network runs."""

from dataclasses import dataclass
from typing import Any

from ...errors import check_not_negative, check_positive, fields_by_name
from .rule import Rule, Texts, take_times


@fields_by_name
@dataclass(frozen=True, kw_only=True)
class EProp(Rule):
    r"""Plasticity by eligibility traces and a learning signal of the target.

    .. math::
        \dot\epsilon = -\frac{\epsilon}{\tau_m} + \textstyle\sum \delta, \qquad
        e = \gamma \Big[1 - \frac{|v - A|}{width}\Big]_+ (\epsilon - \epsilon_a), \qquad
        \dot\epsilon_a = -\frac{\epsilon_a}{\tau_a} + \frac{\beta}{width}\, \frac{e}{\Delta t}

    .. math::
        \dot{\bar e} = -\frac{\bar e}{\tau_{out}} + \frac{e}{\Delta t}, \qquad
        \dot w = -\eta\, L\, \frac{\bar e}{\Delta t}

    with A the threshold, moved by :math:`\beta` at each spike where it adapts, and L the learning signal. All are
    integrated at every step. What a join does to the potential must be to add to it, as ``on_pre="v += w"`` does. L
    reaches the target some steps behind the spikes that it is about, as in any network whose signals take time, so this
    is a gradient where L changes slowly; ``EPropModule`` of ``bridges.torch`` has no such lag.

    Parameters
    ----------
    eta
        Learning rate, in the unit of the weight; the paper's is times the width, since e is measured in 1/width.
    tau_m
        Time constant of the target's membrane, ms.
    tau_out
        Time constant of the readouts from which the learning signal comes, ms.
    v_th
        Threshold of the target where it has not adapted, mV.
    width
        How far from the threshold the slope reaches, mV; the distance of threshold and rest in the paper.
    gamma
        Height of the slope.
    signal, potential
        Names of the target's variables: the learning signal, a plain number, and the membrane potential.
    adaptation
        Name of the target's variable that says how far the threshold has moved, mV; empty where it does not move.
    beta, tau_a
        How far a spike moves the threshold, mV, and with what time constant it comes back, ms.

    States
    ------
    w : (E,) weight
    trace : (E,) filtered spikes of the source
    moved : (E,) how the weight has moved the threshold, where it adapts
    eligibility : (E,) filtered eligibility trace

    References
    ----------
    Bellec et al. (2020). Nat Commun 11, 3625. doi:10.1038/s41467-020-17236-y, equations 22-25
    """

    eta: Any = 1e-3
    tau_m: Any = 20.0
    tau_out: Any = 20.0
    v_th: Any = -50.0
    width: Any = 20.0
    gamma: Any = 0.3
    signal: str = "learning"
    potential: str = "v"
    adaptation: str = ""
    beta: Any = 2.0
    tau_a: Any = 200.0

    def __post_init__(self) -> None:
        take_times(self, "tau_m", "tau_out", "tau_a")
        check_positive(self, "width", "gamma")
        check_not_negative(self, "beta")

    def texts(self) -> Texts:
        """A trace of the source, one of the adaptation where there is any, the filtered eligibility and the weight."""
        moves = f" - {self.adaptation}_post" if self.adaptation else ""
        slope = f"gamma*max(0, 1 - abs({self.potential}_post - v_th{moves})/width)"
        lines = ["dtrace/dt = -trace/tau_m : 1"]
        now = f"{slope}*trace"
        if self.adaptation:
            # in units of the threshold's width, so that all traces are plain numbers
            now = f"{slope}*(trace - moved)"
            lines.append(f"dmoved/dt = -moved/tau_a + beta/width*{now}/dt : 1")
        lines += [f"deligibility/dt = -eligibility/tau_out + {now}/dt : 1",
                  f"dw/dt = -eta*{self.signal}_post*eligibility/dt : weight"]
        return Texts(model="\n".join(lines), on_pre="trace += 1")
