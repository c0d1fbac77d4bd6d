"""What joins neurons and astrocytes: synapses that an astrocyte modulates, gap junctions, slow inward currents."""

from dataclasses import dataclass
from typing import Any

from ...errors import DescriptionError, check_not_negative, check_positive, check_probability, fields_by_name
from .amounts import MICROMOLAR, PER_SECOND, RATE_OF_CHANGE, shown_amounts, take_amounts

RESOURCES = """
du_S/dt = -Omega_f*u_S : 1 (event-driven)
dx_S/dt = Omega_d*(1 - x_S) : 1 (event-driven)
"""
SPILL = "rho_c : 1 (constant)\nY_T : uM (constant)\n"
RELEASED = "r_S : 1\n"


@fields_by_name
@dataclass(frozen=True, kw_only=True)
class ModulatedRelease:
    r"""Short-term plasticity after Tsodyks and Markram, its release modulated by an astrocyte.

    .. math::
        U_0 = (1 - \Gamma_S) U_0^* + \alpha \Gamma_S, \qquad
        \dot u_S = -\Omega_f u_S, \qquad \dot x_S = \Omega_d (1 - x_S)

    A spike makes ``u_S += U_0 (1 - u_S)``, releases ``r_S = u_S x_S`` and leaves ``x_S - r_S``. A share of what is
    released reaches the astrocyte: ``Y_S += rho_c Y_T r_S``, over the number of synapses in its domain, so that it
    sees their mean. Each edge keeps two numbers and the step of its last spike.

    Parameters
    ----------
    U_0
        Resting release probability.
    alpha
        Effect of gliotransmission: release falls for ``alpha < U_0`` and rises for ``alpha > U_0``.
    Omega_f, Omega_d
        Rates of facilitation and of recovery from depression, 1/s.
    rho_c, Y_T
        Volume of vesicles relative to the space outside; transmitter in a vesicle, µM.

    References
    ----------
    De Pittà et al. (2011). PLoS Comput Biol 7, e1002293. doi:10.1371/journal.pcbi.1002293
    Tsodyks & Markram (1997). PNAS 94, 719-723. doi:10.1073/pnas.94.2.719

    Examples
    --------
    >>> from neurosim import Network, Neurons
    >>> from neurosim.connectivity import Bernoulli
    >>> from neurosim.families.astrocytes import GChI, ModulatedRelease
    >>> cells = Neurons(40, "dv/dt = -v/tau : mV", threshold="v > 10", reset="v = 0", tau=20.0)
    >>> net = Network({"exc": cells, "astro": GChI(1)})
    >>> net.connect("exc", "exc", Bernoulli(0.1), glia="astro", **ModulatedRelease().onto("v", w=1.0))
    'exc_to_exc'
    """

    U_0: float = 0.6
    alpha: float = 0.0
    Omega_f: float = 3.33
    Omega_d: float = 2.0
    rho_c: float = 0.005
    Y_T: float = 500_000.0

    def __post_init__(self) -> None:
        take_amounts(self, {"Omega_f": PER_SECOND, "Omega_d": PER_SECOND, "Y_T": MICROMOLAR})
        check_probability(self, "U_0", "alpha")
        check_positive(self, "Omega_f", "Omega_d")
        check_not_negative(self, "rho_c", "Y_T")

    def onto(self, variable: str, *, w: Any, glia: bool = True, keep: bool = False) -> dict[str, Any]:
        """What ``Network.connect`` takes for synapses that add ``w r_S`` to a variable of the target.

        Parameters
        ----------
        variable, w
            The variable, and what a release of everything adds to it: a number, an array or a distribution.
        glia
            Whether the join has an astrocyte; without one the synapses are those of Tsodyks and Markram.
        keep
            Keep the last release of each edge as ``r_S``.
        """
        rest = "((1 - Gamma_S_glia)*U_0 + alpha*Gamma_S_glia)" if glia else "U_0"
        statements = [f"u_S += {rest}*(1 - u_S)"]
        statements += ["r_S = u_S*x_S"] if keep else []
        statements += ["Y_S_glia += rho_c*Y_T*u_S*x_S/synapses_glia"] if glia else []
        statements += [f"{variable}_post += w*u_S*x_S", "x_S -= u_S*x_S"]
        values = {"U_0": self.U_0, "w": w, "Omega_f": self.Omega_f, "Omega_d": self.Omega_d}
        if glia:
            values |= {"alpha": self.alpha, "rho_c": self.rho_c, "Y_T": self.Y_T}
        model = RESOURCES + (SPILL if glia else "") + (RELEASED if keep else "")
        return {"model": model, "on_pre": "; ".join(statements), "initial": {"x_S": 1.0}, **values}


GAP = "J_coupling = F/2*(1 + tanh((abs(I_pre - I_post) - I_Theta)/omega_I))*sign(I_pre - I_post)"
GAP_UNITS = {"F": RATE_OF_CHANGE, "I_Theta": MICROMOLAR, "omega_I": MICROMOLAR}


@fields_by_name
@dataclass(frozen=True, kw_only=True)
class GapJunctions:
    r"""Gap junctions through which IP3 passes to a neighbour once it has much less of it.

    .. math:: J_i = \sum_j \tfrac{F}{2} \left(1 + \tanh\tfrac{|I_j - I_i| - I_\Theta}{\omega_I}\right)
              \mathrm{sign}(I_j - I_i)

    Parameters
    ----------
    F
        Permeability, µM/s.
    I_Theta, omega_I
        Difference that is needed, and over which it opens, µM.

    References
    ----------
    Goldberg et al. (2010). PLoS Comput Biol 6, e1000909. doi:10.1371/journal.pcbi.1000909
    """

    F: float = 0.09
    I_Theta: float = 0.3
    omega_I: float = 0.05

    def __post_init__(self) -> None:
        take_amounts(self, GAP_UNITS)
        check_not_negative(self, "F", "I_Theta")
        check_positive(self, "omega_I")

    def coupling(self) -> dict[str, Any]:
        """What ``Network.connect`` takes, from astrocytes to themselves."""
        return {"couple": GAP, **shown_amounts(self, GAP_UNITS)}


@fields_by_name
@dataclass(frozen=True, kw_only=True)
class SlowInwardCurrent:
    r"""Slow inward currents into neurons, which an astrocyte's release of gliotransmitter opens.

    .. math:: \tau_S \dot s = -s, \qquad \tau_r \dot i = -i + s

    ``equations`` are lines for the target's text, in which ``i_sic`` is the current, pA; each release adds to ``s``.
    The peak of one current is ``amplitude``. The form, two exponentials, is De Pittà and Brunel's; that a release
    opens currents of one size, whatever the gliotransmitter left, is a simplification of ours.

    Parameters
    ----------
    amplitude
        Peak of the current that one release from full vesicles makes, pA.
    rise, decay
        Time constants, ms; different from each other.

    References
    ----------
    De Pittà & Brunel (2016). Neural Plast 2016, 7607924. doi:10.1155/2016/7607924
    """

    amplitude: float = 30.0
    rise: float = 20.0
    decay: float = 600.0

    def __post_init__(self) -> None:
        check_positive(self, "amplitude", "rise", "decay")
        if self.rise == self.decay:
            raise DescriptionError(f"SlowInwardCurrent.rise must differ from decay, got {self.rise!r} for both")

    @property
    def equations(self) -> str:
        """Two lines for the text of the neurons; their numbers are in ``constants``."""
        return "di_sic/dt = (s_sic - i_sic)/rise_sic : pA\nds_sic/dt = -s_sic/decay_sic : pA\n"

    @property
    def constants(self) -> dict[str, float]:
        """The numbers that ``equations`` need."""
        return {"rise_sic": self.rise, "decay_sic": self.decay}

    def opening(self) -> dict[str, Any]:
        """What ``Network.connect`` takes, from astrocytes to neurons."""
        ratio = self.rise / self.decay
        # where the difference of the two exponentials is greatest
        peak = (ratio ** (ratio / (1 - ratio)) - ratio ** (1 / (1 - ratio))) / (1 - ratio)
        return {"on_pre": "s_sic_post += A", "A": self.amplitude / peak}
