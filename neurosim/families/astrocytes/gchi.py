"""Astrocytes whose receptors, IP3 and calcium are modelled: the G-ChI model, with gliotransmitter release."""

import math
from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import Any

from ...equations import Assign
from ...errors import check_not_negative, check_positive, check_probability, fields_by_name, take_count
from ...program import Scope
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

CALCIUM = """
dC/dt = (Omega_C*m_inf**3*{h}**3 + Omega_L)*(C_T - (1 + rho_A)*C) - O_P*C**2/(C**2 + K_P**2) : uM
dh/dt = (h_inf - {h})/tau_h{noise} : 1
m_inf = I/(I + d_1)*C/(C + d_5) : 1
h_inf = Q_2/(Q_2 + C) : 1
tau_h = 1/(O_2*(Q_2 + C)) : second
Q_2 = d_2*(I + d_1)/(I + d_3) : uM
"""
"""Calcium through channels and leak of the store and back through its pumps; and the channels' inactivation."""

NOISE = {"h": "h_open", "noise": "*(1 + noise*xi*tau_h**0.5)"}
CLIPPED = "h_open = clip(h, 0, 1) : 1\n"

IP3 = """
dI/dt = {receptors}J_delta - J_3K - Omega_5P*I{exchange} + J_coupling : uM
J_delta = O_delta/(1 + I/kappa_delta)*C**2/(C**2 + K_delta**2) : uM/second
J_3K = O_3K*C**4/(C**4 + K_D**4)*I/(I + K_3K) : uM/second
J_coupling : uM/second
"""
RECEPTORS = """
dGamma_A/dt = O_N*Y_S*(1 - bound) - Omega_N*(1 + zeta*C/(C + K_KC))*bound : 1
bound = clip(Gamma_A, 0, 1) : 1
"""
EXCHANGE = """
J_ex = -F_ex/2*(1 + tanh((abs(I - I_bias) - I_Theta)/omega_I))*sign(I - I_bias) : uM/second
I_bias : uM
"""
OUTSIDE = """
Y_S : uM
G_A : uM
x_A : 1
Gamma_S : 1
"""
RELEASE = "G_A += rho_e*G_T*U_A*x_A; x_A -= U_A*x_A"

FADING = (
    # the concentration falls within the step, so receptors meet its mean over the step
    Assign("_binding", "=", "O_G*G_A*mean_G"),
    Assign("_rate", "=", "_binding + Omega_G"),
    Assign("Gamma_S", "=", "_binding/_rate + (Gamma_S - _binding/_rate)*exp(-_rate*own_dt)"),
    Assign("G_A", "=", "G_A*keep_G"),
    Assign("x_A", "=", "1.0 + (x_A - 1.0)*keep_x"),
)
"""What is outside the cell, exact between events."""

UNITS: Mapping[str, str] = {
    **dict.fromkeys(("C_T", "K_P", "d_1", "d_2", "d_3", "d_5", "kappa_delta", "K_delta", "K_D", "K_3K"), MICROMOLAR),
    **dict.fromkeys(("K_KC", "I_Theta", "omega_I", "C_Theta", "G_T"), MICROMOLAR),
    **dict.fromkeys(("O_P", "O_beta", "O_delta", "O_3K", "F_ex"), RATE_OF_CHANGE),
    **dict.fromkeys(("Omega_C", "Omega_L", "Omega_N", "Omega_5P"), PER_SECOND),
    **dict.fromkeys(("Omega_c", "Omega_A", "Omega_e", "Omega_G"), PER_SECOND),
    **dict.fromkeys(("O_2", "O_N", "O_G"), PER_MICROMOLAR_SECOND),
    **dict.fromkeys(("rho_A", "zeta", "U_A", "rho_e", "noise"), FRACTION),
}
"""The unit of each field: seconds, because calcium is slow and the papers count so."""
OUTSIDE_ONLY = frozenset({"Omega_c", "Omega_A", "Omega_e", "Omega_G", "O_G"})


@fields_by_name
@dataclass(frozen=True, eq=False, repr=False)
class GChI(Named):
    r"""Astrocytes after the G-ChI model: receptors, IP3, calcium and its channels; they release gliotransmitter.

    .. math::
        \dot\Gamma_A &= O_N Y_S (1 - \Gamma_A) - \Omega_N (1 + \zeta \tfrac{C}{C + K_{KC}}) \Gamma_A \\
        \dot I &= O_\beta \Gamma_A + \tfrac{O_\delta}{1 + I/\kappa_\delta} \tfrac{C^2}{C^2 + K_\delta^2}
                - O_{3K} \tfrac{C^4}{C^4 + K_D^4} \tfrac{I}{I + K_{3K}} - \Omega_{5P} I + J_{ex} + J_{coupling} \\
        \dot C &= (\Omega_C m_\infty^3 h^3 + \Omega_L)(C_T - (1 + \varrho_A) C) - O_P \tfrac{C^2}{C^2 + K_P^2} \\
        \dot h &= (h_\infty - h) / \tau_h

    When C rises above ``C_Theta`` an astrocyte spikes: it releases a share ``U_A`` of its vesicles, which raises the
    gliotransmitter ``G_A`` in the space outside, and does so again only after C has fallen below. ``Gamma_S`` are
    the receptors for it at the synapses of this astrocyte, one number for all of them since all see the same ``G_A``.
    ``Y_S`` is the transmitter that its synapses have spilt, held during a step. ``Y_S``, ``G_A``, ``x_A`` and
    ``Gamma_S`` are exact between events; the rest follows ``method``. The default numbers are those of an astrocyte
    in a closed loop (figure 4); those of the other figures are in ``PRESETS``.

    Parameters
    ----------
    size
        Number of astrocytes, N.
    O_N, Omega_N, zeta, K_KC, O_beta
        Receptors: binding, 1/(µM s), and unbinding, 1/s; how protein kinase C speeds the latter, 1 and µM; IP3 that
        they make, µM/s. With ``O_beta=0`` there are none.
    O_delta, kappa_delta, K_delta, Omega_5P, O_3K, K_D, K_3K
        Making and breaking of IP3: rates, µM/s, ``Omega_5P`` in 1/s; affinities, µM.
    F_ex, I_bias, I_Theta, omega_I
        Exchange of IP3 with a pool at ``I_bias`` (µM, also (N,) or a TimedArray), µM/s; its threshold and width, µM.
    C_T, rho_A, Omega_C, Omega_L, O_P, K_P
        Calcium in all, µM; volume of the store relative to the cell; channels and leak, 1/s; pumps, µM/s and µM.
    d_1, d_2, d_3, d_5, O_2, noise
        IP3 receptors: affinities, µM; inactivation, 1/(µM s); strength of the noise in h, a number or (N,), 0 or 1.
    C_Theta, U_A, Omega_A, G_T, rho_e, Omega_e
        Release: threshold, µM; share of vesicles; their recovery, 1/s; gliotransmitter in a vesicle, µM; volume of
        vesicles relative to the space outside; clearance, 1/s.
    O_G, Omega_G, Omega_c
        Receptors at synapses: binding, 1/(µM s), and unbinding, 1/s; clearance of ``Y_S``, 1/s.
    method
        Solver of receptors, IP3, calcium and h: ``rk4``; with noise ``milstein``.
    dt
        Time step of its own, ms, a multiple of the run's; see ``Neurons``. ``Y_S`` is then sampled.
    positions
        Where the astrocytes are, (N, 1..3), µm; None where nothing asks.
    initial
        Start of ``C``, ``I``, ``h``, ``Gamma_A`` where it is not 0, 0, 0.9, 0; see ``Neurons``.

    States
    ------
    C, I : (N,) calcium and IP3, µM
    h : (N,) share of channels that are not inactivated
    Gamma_A : (N,) share of receptors bound
    Y_S, G_A : (N,) transmitter and gliotransmitter outside, µM
    x_A : (N,) share of vesicles ready
    Gamma_S : (N,) share of bound receptors at the synapses
    J_coupling : (N,) IP3 from neighbours, µM/ms
    I_bias : (N,) IP3 of the pool, µM

    References
    ----------
    De Pittà et al. (2009). J Biol Phys 35, 383-411. doi:10.1007/s10867-009-9155-y
    Stimberg, Goodman, Brette & De Pittà (2019). In: Computational Glioscience, 471-505.
    doi:10.1007/978-3-030-00817-8_18 (equations and numbers were read in its published scripts)
    """

    size: int
    _: KW_ONLY
    O_N: Any = 0.3
    Omega_N: Any = 0.5
    zeta: Any = 10.0
    K_KC: Any = 0.5
    O_beta: Any = 3.2
    O_delta: Any = 0.6
    kappa_delta: Any = 1.5
    K_delta: Any = 0.1
    Omega_5P: Any = 0.05
    O_3K: Any = 4.5
    K_D: Any = 0.7
    K_3K: Any = 1.0
    F_ex: Any = 0.0
    I_bias: Any = 0.0
    I_Theta: Any = 0.3
    omega_I: Any = 0.05
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
    C_Theta: Any = 0.5
    U_A: Any = 0.6
    Omega_A: Any = 0.6
    G_T: Any = 200_000.0
    rho_e: Any = 6.5e-4
    Omega_e: Any = 60.0
    O_G: Any = 1.5
    Omega_G: Any = 0.5 / 60
    Omega_c: Any = 40.0
    method: str = "auto"
    dt: Any = None
    positions: Any = None
    initial: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        take_count(self, "size")
        object.__setattr__(self, "initial", checked_mapping(self.initial, "GChI.initial"))
        take_amounts(self, UNITS)
        check_positive(self, *(n for n in UNITS if n not in (*MAY_BE_ZERO, "U_A")))
        check_not_negative(self, *(n for n in MAY_BE_ZERO if n != "noise"))
        check_probability(self, "U_A")
        _ = self.dimensions  # what the equations refuse is refused here

    def as_neurons(self) -> Neurons:
        """The same astrocytes with their equations as text."""
        outside = {"x_A": 1.0, "h": 0.9}
        given = shown_amounts(self, UNITS)
        text, unused = self._text()
        if self.has_exchange:
            given["I_bias"] = self.I_bias
        return Neurons(
            self.size,
            text,
            threshold="C > C_Theta",
            reset=RELEASE,
            refractory="C > C_Theta",
            method=self.method if self.method != "auto" else "milstein" if self.is_noisy else "rk4",
            dt=self.dt,
            positions=self.positions,
            initial={**outside, **self.initial},
            **{name: value for name, value in given.items() if name not in unused | OUTSIDE_ONLY},
        )

    @property
    def has_exchange(self) -> bool:
        """Whether there is a pool outside with which IP3 is exchanged."""
        return bool(self.F_ex)

    @property
    def is_noisy(self) -> bool:
        """Whether any channel is noisy."""
        return bool(max_of(self.noise))

    def build(self, scope: Scope) -> None:
        """The equations; then what is outside the cell fades."""
        self._neurons.build(scope)
        add_fading(scope, shown_amounts(self, UNITS), self._neurons.own_steps(scope.dt))

    def _text(self) -> tuple[str, set[str]]:
        """The equations without the terms that are nothing, and the fields that those would have used."""
        unused = set()
        calcium = CALCIUM.format(h="h", noise="")
        if self.is_noisy:
            calcium = CALCIUM.format(**NOISE) + CLIPPED
        else:
            unused |= {"noise"}
        if not self.O_beta:
            unused |= {"O_beta", "O_N", "Omega_N", "zeta", "K_KC"}
        if not self.has_exchange:
            unused |= {"F_ex", "I_Theta", "omega_I"}
        ip3 = IP3.format(receptors="O_beta*Gamma_A + " if self.O_beta else "",
                         exchange=" + J_ex" if self.has_exchange else "")
        parts = (RECEPTORS if self.O_beta else "", ip3, EXCHANGE if self.has_exchange else "", calcium, OUTSIDE)
        return "".join(parts), unused


MAY_BE_ZERO = ("O_beta", "F_ex", "noise", "zeta", "Omega_L", "O_delta", "O_3K", "rho_e", "O_G", "Omega_c", "Omega_N")


def max_of(value: Any) -> float:
    """The greatest of a number or an array."""
    import numpy as np

    return float(np.max(value))


def add_fading(scope: Scope, shown: Mapping[str, Any], every: int) -> None:
    """Clearance, recovery and binding outside the cell; transmitter fades in every step, the rest in own ones."""
    step, own = scope.dt, scope.dt * every
    per_ms = {name: value / 1000.0 for name, value in shown.items() if UNITS[name] == PER_SECOND}
    scope.value("keep_Y", math.exp(-per_ms["Omega_c"] * step))
    scope.map([Assign("Y_S", "=", "Y_S*keep_Y")], "integrate")
    fall = per_ms["Omega_e"] * own
    constants = {
        "own_dt": own, "keep_G": math.exp(-fall), "mean_G": -math.expm1(-fall) / fall,
        "keep_x": math.exp(-per_ms["Omega_A"] * own), "O_G": shown["O_G"], "Omega_G": per_ms["Omega_G"],
    }  # fmt: skip
    for name, value in constants.items():
        if scope.full(name) not in scope.builder.buffers:
            scope.value(name, value)
    scope.map(FADING, "integrate", at=scope.full("due") if every > 1 else None)
