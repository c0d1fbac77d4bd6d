"""Leaky spiking neurons whose input an astrocyte modulates, in discrete time and ready to be trained."""

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ...equations import Assign
from ...errors import DescriptionError, check_choice, check_positive, fields_by_name, take_count
from ...program import Scope
from ...units import DIMENSIONLESS, Dimension
from ..afferents import add_matrix, checked_weights, lines_of
from ..arrays import taken
from ..elm import drawn_uniform
from ..part import Part
from ..sparse.layers import Layers

SOURCES = {"own": "s", "input": "x", "both": "s + x"}
"""What an astrocyte senses: spikes of the last step, the drive of this one, or their sum."""
TARGETS = {
    "gain": ("(1 + m) * x", "theta"),
    "threshold": ("x", "theta - m"),
    "current": ("x + m", "theta"),
}
"""What the modulation changes: the drive and the threshold, as texts."""
FASTEST, SLOWEST = 16.0, 1024.0
"""Between which astrocytes' time constants lie by default, steps."""


@fields_by_name
@dataclass(frozen=True, eq=False, repr=False)
class ModulatedLIF(Part):
    r"""Leaky integrate-and-fire neurons with a slow astrocyte trace in the loop.

    .. math::
        x &= W z, \qquad
        a \leftarrow \rho a + (1 - \rho) \langle s \rangle, \qquad
        m = \kappa \tanh(a - a_0) \\
        u &\leftarrow \lambda u (1 - s) + (1 + m) x, \qquad s \leftarrow H(u - \theta)

    with :math:`\lambda = e^{-1/\tau_m}` and :math:`\rho = e^{-1/\tau_a}`. K neighbouring neurons share an astrocyte,
    which senses their mean. A step is the unit of time, whatever the time step of a run is.

    The unit is in the *style* of the astrocyte-modulated spiking unit (AM-SU): its abstract says that feedback of an
    astrocyte, after the tripartite synapse, modulates a spiking neuron. These equations, their numbers and the
    options are inferred; the paper's were not to be had.

    Parameters
    ----------
    size
        Number of neurons, N.
    inputs
        Name of the input lines (``Afferents``), M of them, added before.
    lines
        M, the number of input lines.
    source
        What astrocytes sense: ``own`` spikes (one step late), ``input``, the drive x, or ``both``, their sum.
    target
        What m changes: the ``gain`` of the drive, the ``threshold``, :math:`\theta - m`, or an added ``current``.
    reset
        Whether a spike sets u to 0 at the next step. Without a reset and with ``source="input"`` the state is linear
        in what comes in, so all steps can be computed at once.
    group
        K, a divisor of N.
    weights
        W, (N, M); None draws them from ``seed``, uniform within the root of 6/M.
    tau_m
        Time constant of membranes, a number or (N,) steps.
    tau_a
        That of astrocytes, a number or (N/K,) steps, above ``tau_m``; None spreads them from 16 to 1024 steps at
        equal distances on a logarithmic scale.
    kappa
        Strength of the modulation, a number or (N,); positive potentiates.
    a0
        What a trace is compared with, a number or (N,).
    theta
        Threshold.
    seed
        Of the weights drawn.

    States
    ------
    u, s : (N,) membrane before its reset, and 1 where a neuron spikes
    m, x : (N,) modulation and drive
    a : (N/K,) traces of astrocytes

    References
    ----------
    Shen et al. (2023). Astrocyte-enabled advancements in spiking neural networks for large language modeling.
    doi:10.48550/arXiv.2312.07625 (abstract)
    """

    size: int
    _: KW_ONLY
    inputs: str
    lines: int = 1
    source: str = "own"
    target: str = "gain"
    reset: bool = True
    group: int = 1
    weights: Any = None
    tau_m: Any = 2.0
    tau_a: Any = None
    kappa: Any = 0.5
    a0: Any = 0.05
    theta: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        take_count(self, "size", "lines", "group")
        if self.size % self.group:
            raise DescriptionError(f"ModulatedLIF.group must divide the {self.size} neurons, got {self.group}")
        check_choice(self, "source", SOURCES)
        check_choice(self, "target", TARGETS)
        check_positive(self, "theta")
        if not isinstance(self.reset, bool):
            raise DescriptionError(f"ModulatedLIF.reset must be True or False, got {self.reset!r}")
        if self.weights is not None:
            found = checked_weights({"W": self.weights}, {"W": (self.size, self.lines)}, "ModulatedLIF.weights")
            object.__setattr__(self, "weights", (found or {})["W"])
        for name, count in (("tau_m", self.size), ("tau_a", self.astrocytes), ("kappa", self.size), ("a0", self.size)):
            if getattr(self, name) is not None:
                self._take(name, count)
        value = self.values
        if value["tau_m"].min() <= 0 or (value["tau_a"] <= value["tau_m"].reshape(-1, self.group).max(axis=1)).any():
            raise DescriptionError("ModulatedLIF needs 0 < tau_m < tau_a, steps, got tau_m up to "
                                   f"{value['tau_m'].max():g} and tau_a from {value['tau_a'].min():g}")

    def _take(self, name: str, count: int) -> None:
        given = taken(getattr(self, name), f"ModulatedLIF.{name}", float).copy()
        if given.shape not in ((), (count,)) or not np.isfinite(given).all():
            raise DescriptionError(f"ModulatedLIF.{name} must be a finite number or ({count},) of them, got "
                                   f"{getattr(self, name)!r:.60}")
        given.setflags(write=False)
        object.__setattr__(self, name, given if given.ndim else float(given))

    @property
    def astrocytes(self) -> int:
        """How many there are, N/K."""
        return self.size // self.group

    @cached_property
    def values(self) -> dict[str, np.ndarray]:
        """What is trained, in full: ``W`` (N, M), ``tau_m``, ``kappa`` and ``a0`` (N,), ``tau_a`` (N/K,)."""
        w, tau_a = self.weights, self.tau_a
        if w is None:
            w = drawn_uniform(self.seed, "modulated/W", (self.size, self.lines), (6.0 / self.lines) ** 0.5)
        if tau_a is None:
            tau_a = np.geomspace(FASTEST, SLOWEST, self.astrocytes)
        found = {"W": w, "tau_a": np.broadcast_to(tau_a, (self.astrocytes,)).astype(float)}
        return found | {n: np.full(self.size, getattr(self, n), float) for n in ("tau_m", "kappa", "a0")}

    @property
    def parameter_count(self) -> int:
        """How many numbers can be trained."""
        return sum(value.size for value in self.values.values())

    @property
    def linear(self) -> bool:
        """Whether membranes and traces are linear in what comes in, so that all steps can be computed at once."""
        return self.source == "input" and not self.reset

    @property
    def dimensions(self) -> Mapping[str, Dimension]:
        """Membranes, spikes, modulation and drive."""
        return dict.fromkeys(("u", "s", "m", "x"), DIMENSIONLESS)

    @property
    def spiking(self) -> bool:
        """It is."""
        return True

    def build(self, scope: Scope) -> None:
        """A product, the traces of astrocytes, and the membranes that read them."""
        lines, count = lines_of(scope, self.inputs, "ModulatedLIF")
        if count != self.lines:
            raise DescriptionError(f"{scope.prefix}: ModulatedLIF.lines must be the {count} lines of {self.inputs!r}, "
                                   f"got {self.lines}")
        layers, value = Layers(scope, {"": self.size, "astrocytes": self.astrocytes}), self.values
        drive, threshold = TARGETS[self.target]
        layers.constants("", lam=np.exp(-1.0 / value["tau_m"]), kappa=value["kappa"], a0=value["a0"], theta=self.theta)
        layers.constants("astrocytes", rho=np.exp(-1.0 / value["tau_a"]))
        layers.states("", x=0.0, sensed=0.0, m=0.0, u=0.0, s=0.0)
        layers.states("astrocytes", heard=0.0, a=0.0)
        layers.product(lines, "x", add_matrix(scope, "W", np.ascontiguousarray(value["W"])), transpose=True)
        layers.map("", f"sensed = {SOURCES[self.source]}")
        layers.reduce("sensed", "heard", "mean")
        layers.map("astrocytes", "a = rho * a + (1 - rho) * heard")
        kept = "lam * u * (1 - s)" if self.reset else "lam * u"
        layers.map("", f"m = kappa * tanh(a - a0)\nu = {kept} + {drive}\ns = 0")
        layers.events("spikes", f"u > {threshold}")
        scope.map([Assign("s", "=", "1")], phase="reset", at=scope.full("spikes"))
