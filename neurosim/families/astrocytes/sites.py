"""Places at which an astrocyte releases, each with vesicles, gliotransmitter and receptors of its own."""

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import Any

from ...errors import check_not_negative, check_positive, check_probability, take_count
from ...program import Scope
from ..named import Named
from ..neurons import Neurons
from ..plain import checked_mapping
from .amounts import FRACTION, MICROMOLAR, PER_MICROMOLAR_SECOND, PER_SECOND, shown_amounts, take_amounts
from .gchi import OUTSIDE, OUTSIDE_ONLY, RELEASE, add_fading

UNITS: Mapping[str, str] = {
    **dict.fromkeys(("C_Theta", "G_T"), MICROMOLAR),
    **dict.fromkeys(("rate", "Omega_A", "Omega_e", "Omega_G", "Omega_c"), PER_SECOND),
    **dict.fromkeys(("U_A", "rho_e"), FRACTION),
    "O_G": PER_MICROMOLAR_SECOND,
}
FALLING = "C > C_Theta"
"""While this is so a site that has released does not release again."""


@dataclass(frozen=True, eq=False, repr=False)
class ReleaseSites(Named):
    r"""Sites of release: while calcium is above a threshold each releases at random, once until calcium has fallen.

    ``C`` is the calcium of the site's astrocyte, brought by a join with ``couple="C = C_pre"``. While it is above
    ``C_Theta`` a site that is armed releases with ``rate``, so one that is above for a time T has released with
    probability :math:`1 - e^{-rate\,T}`, and the delay is exponential, cut at T. A release takes a share ``U_A`` of the
    site's vesicles and disarms it; it is armed again when calcium has fallen below. What is released, and what it
    binds to, are as in ``GChI``, but of the site: as ``glia`` of a join whose ``domain`` says the site of each synapse,
    it makes gliotransmission differ from synapse to synapse. That release is a Poisson process while calcium is high
    is an assumption of ours.

    Parameters
    ----------
    size
        Number of sites, N.
    rate
        Of release while calcium is above the threshold, 1/s; None for at once.
    C_Theta, U_A, Omega_A, G_T, rho_e, Omega_e, O_G, Omega_G, Omega_c
        As for ``GChI``.
    dt, positions, initial
        As for ``GChI``; ``x_A`` begins with 1.

    States
    ------
    C : (N,) calcium of the astrocyte, µM
    Y_S, G_A : (N,) transmitter and gliotransmitter outside, µM
    x_A : (N,) share of vesicles ready
    Gamma_S : (N,) share of bound receptors

    Examples
    --------
    >>> import numpy as np
    >>> from neurosim import Network
    >>> from neurosim.connectivity import FromArrays
    >>> from neurosim.families.astrocytes import ReleaseSites, astrocytes
    >>> net = Network({"astro": astrocytes(2, "open_loop"), "sites": ReleaseSites(6, rate=2.0)})
    >>> net.connect("astro", "sites", FromArrays(np.repeat([0, 1], 3), np.arange(6)), couple="C = C_pre")
    'astro_to_sites'
    """

    size: int
    _: KW_ONLY
    rate: Any = None
    C_Theta: Any = 0.5
    U_A: Any = 0.6
    Omega_A: Any = 0.6
    G_T: Any = 200_000.0
    rho_e: Any = 6.5e-4
    Omega_e: Any = 60.0
    O_G: Any = 1.5
    Omega_G: Any = 0.5 / 60
    Omega_c: Any = 40.0
    dt: Any = None
    positions: Any = None
    initial: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        take_count(self, "size")
        object.__setattr__(self, "initial", checked_mapping(self.initial, "ReleaseSites.initial"))
        take_amounts(self, self._units)
        check_positive(self, *(n for n in self._units if n not in ("U_A", "rho_e", "O_G", "Omega_c")))
        check_not_negative(self, "rho_e", "O_G", "Omega_c")
        check_probability(self, "U_A")
        _ = self.dimensions  # what the equations refuse is refused here

    @property
    def _units(self) -> Mapping[str, str]:
        return {name: unit for name, unit in UNITS.items() if getattr(self, name) is not None}

    def as_neurons(self) -> Neurons:
        """The same sites as text."""
        given = shown_amounts(self, self._units)
        drawn = "" if self.rate is None else " and rand() < 1 - exp(-rate*dt)"
        return Neurons(
            self.size,
            "C : uM\n" + OUTSIDE,
            threshold=FALLING + drawn,
            reset=RELEASE,
            refractory=FALLING,
            dt=self.dt,
            positions=self.positions,
            initial={"x_A": 1.0, **self.initial},
            **{name: value for name, value in given.items() if name not in OUTSIDE_ONLY},
        )

    def build(self, scope: Scope) -> None:
        """Release; then what is outside fades."""
        self._neurons.build(scope)
        shown = shown_amounts(self, {name: unit for name, unit in UNITS.items() if name != "rate"})
        add_fading(scope, shown, self._neurons.own_steps(scope.dt))
