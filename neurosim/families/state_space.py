"""Linear state-space layers: every line drives a linear system whose state remembers its past."""

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ..connectivity.edges import Edges
from ..errors import DescriptionError, check_probability, fields_by_name, take_count
from ..kernels import philox
from ..program import Buffer, EdgeSpace, Ref, Scope
from ..units import DIMENSIONLESS, Dimension
from .afferents import checked_weights, lines_of
from .hippo import MATRICES, discretised, is_lower, system
from .part import Part
from .sparse.layers import Layers

TAU_RANGE = (10.0, 1000.0)
"""Between which time constants are drawn, ms: with steps of 1 ms the published 1e-1 to 1e-3 steps per unit of time."""


@fields_by_name
@dataclass(frozen=True, eq=False, repr=False)
class LSSL(Part):
    r"""A linear state-space layer: H lines, a system of N states behind each, and M numbers that are read of it.

    .. math:: \tau_h \dot x = A x + B u_h, \qquad y = C_h x + D_h u_h

    in discrete time :math:`x_k = \bar A_h x_{k-1} + \bar B_h u_k`, where the generalised bilinear transform makes
    :math:`\bar A_h, \bar B_h` for :math:`\Delta_h = dt / \tau_h`. All lines share A and B, each has its own tau, C and
    D. The input of a step counts in that step. Another sampling rate is another time step of the run.

    Parameters
    ----------
    size
        Number of outputs, H M; those of a line are neighbours.
    inputs
        Name of the input lines (``Afferents``), added before.
    lines
        H, the number of input lines.
    states
        N, states of each line.
    matrix
        ``legs`` or ``legt``, or ``{"A": (N, N), "B": (N,)}``.
    tau
        Unit of time of the systems, a number or (H,) ms: the window of ``legt``, the scale of ``legs``. None draws
        them from ``seed``, evenly on a logarithmic scale from 10 to 1000.
    alpha
        Of the transform: 0 is Euler's method, 1/2 the bilinear one, 1 Euler's backward.
    weights
        ``C`` (H, M, N) and ``D`` (H, M); None draws them from ``seed`` with mean 0 and variance 1, as published.
    seed
        Of what is drawn.

    States
    ------
    y : (H M,) outputs
    x : (H N,) states, those of a line side by side

    References
    ----------
    Gu et al. (2021). NeurIPS 2021, doi:10.48550/arXiv.2110.13985
    """

    size: int
    _: KW_ONLY
    inputs: str
    lines: int = 1
    states: int = 64
    matrix: Any = "legs"
    tau: Any = None
    alpha: float = 0.5
    weights: Any = None
    seed: int = 0

    def __post_init__(self) -> None:
        take_count(self, "size", "lines", "states")
        if self.size % self.lines:
            raise DescriptionError(f"LSSL.size must be a multiple of the {self.lines} lines, got {self.size}")
        check_probability(self, "alpha")
        a, b = system(self.matrix, self.states, "LSSL.matrix")
        if not (isinstance(self.matrix, str) and self.matrix in MATRICES):
            object.__setattr__(self, "matrix", {"A": a, "B": b})
        tau = self.tau
        tau = drawn_timescales(self.lines, *TAU_RANGE, seed=self.seed) if tau is None else np.array(tau, dtype=float)
        if tau.shape not in {(), (self.lines,)} or not (np.isfinite(tau) & (tau > 0)).all():
            raise DescriptionError(f"LSSL.tau must be a number or ({self.lines},) numbers > 0, ms, got {tau!r:.80}")
        tau.setflags(write=False)
        object.__setattr__(self, "tau", tau if tau.ndim else float(tau))
        object.__setattr__(self, "weights", checked_weights(self.weights, self.shapes, "LSSL.weights"))

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shape of each array that is trained."""
        h, m = self.lines, self.size // self.lines
        return {"C": (h, m, self.states), "D": (h, m)}

    @cached_property
    def values(self) -> dict[str, np.ndarray]:
        """C and D: those given, or those drawn."""
        if self.weights is not None:
            return self.weights
        return {name: drawn_normal(self.seed, f"lssl/{name}", shape) for name, shape in self.shapes.items()}

    @property
    def taus(self) -> np.ndarray:
        """The unit of time of each line's system, (H,) ms."""
        return np.broadcast_to(np.asarray(self.tau, float), (self.lines,))

    @cached_property
    def system(self) -> tuple[np.ndarray, np.ndarray]:
        """A (N, N) and B (N,)."""
        return system(self.matrix, self.states, "LSSL.matrix")

    def discrete(self, dt: float) -> tuple[np.ndarray, np.ndarray]:
        """What a step of ``dt`` ms keeps of the states, (H, N, N), and takes of the input, (H, N)."""
        return discretised(*self.system, dt / self.taus, self.alpha)

    @property
    def pairs(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Which states of a line lead to which: line, to and from, in the order of the edges of a program."""
        every = np.ones((self.states, self.states), bool)
        leads = np.tril(every) if is_lower(self.system[0]) else every
        line, origin, target = np.nonzero(np.broadcast_to(leads.T, (self.lines, *every.shape)))
        return line, target, origin

    @property
    def dimensions(self) -> Mapping[str, Dimension]:
        """``y``, the outputs."""
        return {"y": DIMENSIONLESS}

    def build(self, scope: Scope) -> None:
        """The states, each line's led to one another by edges, and their readout by edges to the outputs."""
        lines, count = lines_of(scope, self.inputs, "LSSL")
        if count != self.lines:
            raise DescriptionError(f"{scope.prefix}: LSSL.lines must be the {count} lines of {self.inputs!r}, got "
                                   f"{self.lines}")
        n, m = self.states, self.size // self.lines
        layers, fed = Layers(scope, {"": self.size, "state": self.lines * n}), {"u": Ref(lines, "segment")}
        keep, take = self.discrete(scope.dt)
        layers.constants("state", take=take.ravel())
        layers.constants("", D=self.values["D"].ravel())
        layers.states("state", x=0.0, kept=0.0)
        layers.states("", y=0.0, read=0.0)
        line, target, origin = self.pairs
        _couple(scope, "keep", "state", line * n + origin, line * n + target, keep[line, target, origin], "kept")
        layers.map("state", "x = kept + take * u", extra=fed)
        line, origin, target = np.indices((self.lines, n, m)).reshape(3, -1)
        _couple(scope, "C", "", line * n + origin, line * m + target, self.values["C"][line, target, origin], "read")
        layers.map("", "y = read + D * u", extra=fed)


def _couple(scope: Scope, name: str, space: str, source: np.ndarray, target: np.ndarray, weight: np.ndarray,
            into: str) -> None:
    """Let states lead along edges, which stand by source and then by target, into a variable over ``space``."""
    full, states = scope.full(name), scope.full("state")
    to = scope.full(space) if space else scope.prefix
    sources, targets = (scope.builder.spaces[s].size for s in (states, to))
    first = np.concatenate([[0], np.cumsum(np.bincount(source, minlength=sources))]).astype(np.int64)
    edges = Edges(sources=sources, targets=targets, first=first, target=target.astype(np.uint32), delay=1)
    scope.builder.add_edges(EdgeSpace(full, states, to, edges))
    scope.builder.add_buffer(Buffer(name=f"{full}.w", space=full, kind="parameter", initial=weight))
    refs = {"w": Ref(f"{full}.w", "edge"), "x": Ref(scope.full("x"), "source")}
    scope.diffuse(full, scope.full(into), "w * x", refs, phase="integrate")


def drawn_timescales(count: int, low: float, high: float, *, seed: int = 0) -> np.ndarray:
    """Time constants drawn evenly on a logarithmic scale, (count,) ms."""
    if not 0 < low < high:
        raise DescriptionError(f"timescales need 0 < low < high, got {low!r} and {high!r}")
    drawn = philox.uniform(seed, philox.stream_number("lssl/tau"), 0, np.arange(count))
    return np.asarray(low * (high / low) ** drawn)


def drawn_normal(seed: int, name: str, shape: tuple[int, ...]) -> np.ndarray:
    """Normal numbers from a stream by name."""
    drawn = philox.normal(seed, philox.stream_number(name), 0, np.arange(int(np.prod(shape))))
    return np.asarray(drawn, float).reshape(shape)
