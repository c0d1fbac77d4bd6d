"""Synapses that tire and recover."""

from dataclasses import dataclass
from typing import Any

from ...errors import DescriptionError, check_probability, fields_by_name
from .rule import Rule, Texts, take_times


@fields_by_name
@dataclass(frozen=True, kw_only=True)
class ShortTerm(Rule):
    r"""Short-term depression and facilitation.

    .. math::
        \dot x = (1 - x)/\tau_{rec}, \quad \dot u = -u/\tau_{facil}; \qquad
        u \to u + U (1 - u), \quad release = u x, \quad x \to x - release \text{ at a presynaptic spike}

    ``release`` is what a spike may pass on: ``on_pre="g_e += w*release"``. In a regular train of interval T it
    becomes :math:`u x` with :math:`u = U / (1 - (1-U) e^{-T/\tau_{facil}})` and
    :math:`x = (1 - e^{-T/\tau_{rec}}) / (1 - (1-u) e^{-T/\tau_{rec}})`.

    Nothing here depends on the target: with one delay and one value of each number for all edges the state is kept
    once for each source neuron, else once for each edge.

    Parameters
    ----------
    U
        Share of the resources that the first spike uses, 0..1.
    tau_rec
        Time constant of recovery, ms.
    tau_facil
        Time constant of facilitation, ms; None is none, u = U.

    States
    ------
    x : resources at hand, 1 at the start
    u : share that a spike uses, where there is facilitation
    release : what the last spike used

    References
    ----------
    Tsodyks and Markram (1997). PNAS 94, 719-723. doi:10.1073/pnas.94.2.719
    Tsodyks, Pawelzik and Markram (1998). Neural Comput 10, 821-835. doi:10.1162/089976698300017502
    """

    U: Any = 0.5
    tau_rec: Any = 800.0
    tau_facil: Any = None

    def __post_init__(self) -> None:
        take_times(self, "tau_rec", *([] if self.tau_facil is None else ["tau_facil"]))
        if isinstance(self.U, int | float):
            check_probability(self, "U")
            if self.U == 0:
                raise DescriptionError(f"ShortTerm.U must be > 0, got {self.U!r}")

    def texts(self) -> Texts:
        """The resources, and the share used where it changes."""
        rest = "dx/dt = (1 - x)/tau_rec : 1 (event-driven{})\nrelease : 1{}"
        flags = (", presynaptic", " (presynaptic)")
        model = rest.format(*flags)
        if self.tau_facil is None:
            return Texts(model=model, before="release = U*x; x -= release", initial={"x": 1.0})
        model += f"\ndu/dt = -u/tau_facil : 1 (event-driven{flags[0]})"
        return Texts(model=model, before="u += U*(1 - u); release = u*x; x -= release", initial={"x": 1.0})
