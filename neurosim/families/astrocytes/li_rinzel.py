"""Calcium alone: the two variables of Li and Rinzel, IP3 given from outside."""

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import Any

from ...errors import DescriptionError, check_positive, fields_by_name, take_count
from ..named import Named
from ..neurons import Neurons
from ..plain import checked_mapping
from .amounts import (
    FRACTION,
    MICROMOLAR,
    PER_MICROMOLAR_SECOND,
    PER_SECOND,
    RATE_OF_CHANGE,
    shown_amounts,
    take_amounts,
)
from .gchi import CALCIUM, CLIPPED, NOISE, max_of

UNITS: Mapping[str, str] = {
    **dict.fromkeys(("C_T", "K_P", "d_1", "d_2", "d_3", "d_5", "C_Theta"), MICROMOLAR),
    **dict.fromkeys(("Omega_C", "Omega_L"), PER_SECOND),
    **dict.fromkeys(("rho_A", "noise"), FRACTION),
    "O_P": RATE_OF_CHANGE,
    "O_2": PER_MICROMOLAR_SECOND,
}
FEW = " - (1 - 2*h_inf)/(4*channels*tau_h) + ((h_inf*(1 - h_open) + (1 - h_inf)*h_open)/(channels*tau_h))**0.5*xi"
"""The chance of so many channels that open and close on their own: Itô's noise, written as solvers read it."""


@fields_by_name
@dataclass(frozen=True, eq=False, repr=False)
class LiRinzel(Named):
    r"""Calcium oscillators after Li and Rinzel: the cheapest astrocytes with biophysics.

    .. math::
        \dot C = (\Omega_C m_\infty^3 h^3 + \Omega_L)(C_T - (1 + \varrho_A) C) - O_P \tfrac{C^2}{C^2 + K_P^2}, \qquad
        \dot h = (h_\infty - h) / \tau_h

    ``C`` and ``h`` are those of ``GChI``, with the same default numbers; IP3 is a variable ``I`` that joins and
    drives may change or a TimedArray may give. A spike is an upward crossing of ``C_Theta``.

    Parameters
    ----------
    size
        Number of astrocytes, N.
    I
        IP3, µM: a number, (N,), or a TimedArray.
    channels
        How many IP3 receptors are inactivated and come back, each on its own; the fewer, the more chance. None for so
        many that there is none. (Langevin form, for dozens and more.)
    C_T, rho_A, Omega_C, Omega_L, O_P, K_P, d_1, d_2, d_3, d_5, O_2, noise, C_Theta
        As for ``GChI``.
    method
        Solver: ``rk4``; with ``noise`` or ``channels`` ``milstein``.
    dt, positions, initial
        As for ``GChI``.

    States
    ------
    C, I : (N,) calcium and IP3, µM
    h : (N,) share of channels that are not inactivated

    References
    ----------
    Li & Rinzel (1994). J Theor Biol 166, 461-473. doi:10.1006/jtbi.1994.1041
    Shuai & Jung (2002). Biophys J 83, 87-97. doi:10.1016/S0006-3495(02)75151-5 (chance of few channels)
    """

    size: int
    _: KW_ONLY
    I: Any = 0.4  # noqa: E741
    C_T: Any = 2.0
    rho_A: Any = 0.18
    Omega_C: Any = 6.0
    Omega_L: Any = 0.1
    O_P: Any = 0.9
    K_P: Any = 0.05
    d_1: Any = 0.13
    d_2: Any = 1.05
    d_3: Any = 0.9434
    d_5: Any = 0.08
    O_2: Any = 0.2
    noise: Any = 0.0
    channels: Any = None
    C_Theta: Any = 0.5
    method: str = "auto"
    dt: Any = None
    positions: Any = None
    initial: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        take_count(self, "size")
        object.__setattr__(self, "initial", checked_mapping(self.initial, "LiRinzel.initial"))
        take_amounts(self, UNITS)
        check_positive(self, *(name for name in UNITS if name not in ("noise", "Omega_L")))
        if self.channels is not None:
            take_count(self, "channels")
            if max_of(self.noise):
                raise DescriptionError(
                    f"LiRinzel takes noise or channels, not both, got {self.noise!r} and {self.channels!r}"
                )
        _ = self.dimensions  # what the equations refuse is refused here

    def as_neurons(self) -> Neurons:
        """The same astrocytes with their equations as text."""
        noisy, few = bool(max_of(self.noise)), self.channels is not None
        kind = {"h": "h_open", "noise": FEW} if few else NOISE if noisy else {"h": "h", "noise": ""}
        text = CALCIUM.format(**kind) + (CLIPPED if few or noisy else "")
        given = {n: v for n, v in shown_amounts(self, UNITS).items() if noisy or n != "noise"}
        if few:
            given["channels"] = float(self.channels)
        solver = "milstein" if few or noisy else "rk4"
        return Neurons(
            self.size,
            text + "I : uM\n",
            threshold="C > C_Theta",
            refractory="C > C_Theta",
            method=self.method if self.method != "auto" else solver,
            dt=self.dt,
            positions=self.positions,
            initial={"h": 0.9, **self.initial},
            I=self.I,
            **given,
        )
