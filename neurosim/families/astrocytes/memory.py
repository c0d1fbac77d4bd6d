"""Neurons whose synapses meet in an astrocyte: a dense associative memory."""

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ...equations import Assign
from ...errors import DescriptionError, check_positive, fields_by_name
from ...program import Buffer, Ref, Scope
from ...units import DIMENSIONLESS, Dimension
from ..arrays import taken
from ..part import Part

ORDERS = (2, 4)


@fields_by_name
@dataclass(frozen=True, eq=False, repr=False)
class NeuronAstrocyteMemory(Part):
    r"""Neurons that recall what the processes of an astrocyte have stored, through overlaps.

    .. math::
        \tau \dot x_i = -x_i + \sum_\mu \xi_i^\mu m_\mu^{n-1}, \qquad
        m_\mu = \frac{1}{N} \sum_j \xi_j^\mu \phi_j, \qquad \phi_j = \tanh(g x_j)

    An astrocyte in whose processes the synapses ij and kl meet couples four neurons at once,
    :math:`\sum_{jkl} T_{ijkl} \phi_j \phi_k \phi_l`. With :math:`T_{ijkl} = N^{-3} \sum_\mu \xi_i \xi_j \xi_k \xi_l`
    that is the sum above at n = 4, which takes N K products a step instead of N to the fourth. It is the limit in which
    synapses and processes have settled; their own dynamics are not part of this. ``order=2`` leaves the astrocyte out:
    Hopfield's network. The energy falls at every moment,
    :math:`E = \sum_i (x_i \phi_i - \ln\cosh(g x_i) / g) - \frac{N}{n} \sum_\mu m_\mu^n`.

    Parameters
    ----------
    patterns
        What is stored, (K, N) of -1 and 1.
    order
        n: 4 with the astrocyte, 2 without.
    start
        Number of a pattern, or the states x at the start, (N,) or (replicas, N): a batch of cues.
    tau, gain
        Time constant, ms, and steepness g of the neurons.

    States
    ------
    x, phi : (N,) states of the neurons and what they send
    m : (K,) overlaps, recorded as ``name.m``

    References
    ----------
    Kozachkov, Slotine & Krotov (2025). PNAS 122, e2417788122. doi:10.1073/pnas.2417788122; arXiv 2311.08135
    """

    patterns: Any
    _: KW_ONLY
    order: int = 4
    start: Any = 0
    tau: float = 10.0
    gain: float = 5.0

    def __post_init__(self) -> None:
        patterns = taken(self.patterns, "NeuronAstrocyteMemory.patterns", float).copy()
        if patterns.ndim != 2 or not patterns.size or not np.isin(patterns, (-1.0, 1.0)).all():
            raise DescriptionError(
                f"NeuronAstrocyteMemory.patterns must be (K, N) of -1 and 1, got an array of shape {patterns.shape}"
                + ("" if not patterns.size else f" from {patterns.min():g} to {patterns.max():g}")
            )
        patterns.setflags(write=False)
        object.__setattr__(self, "patterns", patterns)
        check_positive(self, "tau", "gain")
        if np.ndim(self.order) or self.order not in ORDERS:
            raise DescriptionError(
                f"NeuronAstrocyteMemory.order must be 4 (astrocyte) or 2 (synapses), got {self.order!r}"
            )
        self._check_start()

    @cached_property
    def size(self) -> int:  # type: ignore[override]
        """Number of neurons, N."""
        return self.patterns.shape[1]

    @property
    def dimensions(self) -> Mapping[str, Dimension]:
        """The neurons' state and what they send."""
        return {"x": DIMENSIONLESS, "phi": DIMENSIONLESS}

    @property
    def targets(self) -> frozenset[str]:
        """Joins may change the state."""
        return frozenset({"x"})

    def energy(self, states: Any) -> np.ndarray:
        """The energy of states x, (..., N), as (...)."""
        x = taken(states, "states", float)
        if x.shape[-1:] != (self.size,):
            raise DescriptionError(f"states must be (..., {self.size}), got shape {x.shape}")
        phi = np.tanh(self.gain * x)
        overlaps = phi @ self.patterns.T / self.size
        # log cosh without overflow
        lagrangian = (np.logaddexp(self.gain * x, -self.gain * x) - np.log(2.0)) / self.gain
        return (x * phi - lagrangian).sum(axis=-1) - self.size / self.order * (overlaps**self.order).sum(axis=-1)

    def build(self, scope: Scope) -> None:
        """What is sent, its overlaps with what is stored, and what these send back."""
        full, builder = scope.full, scope.builder
        scope.space(self.size)
        stored = Scope(builder, full("stored"))
        stored.space(len(self.patterns))
        builder.add_space(full("entries"), self.patterns.size)
        entries = full("entries.xi")
        builder.add_buffer(Buffer(name=entries, space=full("entries"), kind="parameter",
                                  initial=self.patterns.reshape(-1)))
        scope.state("x", self.patterns[self.start] if isinstance(self.start, int) else self.start)
        for name in ("phi", "field"):
            scope.state(name)
        scope.state("m", space=stored.prefix)
        stored.state("pull")
        stored.value("per_neuron", 1.0 / self.size)
        scope.value("gain", self.gain)
        scope.value("kept", float(np.exp(-scope.dt / self.tau)))
        scope.map([Assign("phi", "=", "tanh(gain*x)")])
        scope.matmul(full("phi"), full("m"), entries, transpose=True)
        power = f"**{self.order - 1}" if self.order > 2 else ""
        overlap = [Assign("m", "=", "m*per_neuron"), Assign("pull", "=", f"m{power}")]
        stored.map(overlap, extra={"m": Ref(full("m"))})
        scope.matmul(stored.full("pull"), full("field"), entries)
        scope.map([Assign("x", "=", "field + (x - field)*kept")])

    def _check_start(self) -> None:
        start, count = self.start, len(self.patterns)
        if isinstance(start, int | np.integer) and not isinstance(start, bool) and 0 <= start < count:
            object.__setattr__(self, "start", int(start))
            return
        states = taken(start, "NeuronAstrocyteMemory.start", float)
        if states.ndim not in (1, 2) or states.shape[-1] != self.size or not np.isfinite(states).all():
            raise DescriptionError(
                f"NeuronAstrocyteMemory.start must be the number of a pattern below {count}, or finite states with "
                f"{self.size} columns, got {start!r:.60}"
            )
        object.__setattr__(self, "start", states)
