"""Expressive leaky memory: a neuron made of leaky synapses, a few memory units and a small perceptron."""

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ..connectivity.edges import Edges
from ..errors import DescriptionError, check_choice, check_positive, fields_by_name, take_count
from ..kernels import philox
from ..program import EdgeSpace, MatMul, Reduce, Ref, Scope
from ..units import DIMENSIONLESS, Dimension
from .afferents import add_matrix, checked_weights, lines_of
from .part import Part
from .sparse.layers import Layers

ACTIVATIONS = {"relu": "max(a + c1, 0)", "silu": "(a + c1) / (1 + exp(-(a + c1)))"}
"""What the hidden units make of their input."""
NO_INPUT = -1


@fields_by_name
@dataclass(frozen=True, eq=False, repr=False)
class ELM(Part):
    r"""An expressive leaky memory neuron with d memory units, S synapses in B branches and H hidden units.

    .. math::
        b \leftarrow k_b b + \sum_{branch} w x, \qquad
        D = g(W_2\, \phi(W_1 [b; k_m m] + c_1) + c_2), \qquad
        m \leftarrow k_m m + q D, \qquad y = W_y m + b_y

    with :math:`k = e^{-dt/\tau}` and :math:`g(z) = 1.7159 \tanh(2z/3)`. Version 1 has a trace for each synapse, which
    branches sum up, and :math:`q = \lambda (1 - k_m)`; version 2 has one for each branch, and
    :math:`q = 1 - e^{-dt \lambda / \tau_m}`. With one time constant for all synapses the traces of branches are the
    same in both.

    Parameters
    ----------
    size
        Number of outputs, O.
    inputs
        Name of the input lines (``Afferents``), added before. Inhibition comes as -1.
    synapses
        S synapses on as many lines, or (S,) the line of each, -1 for a synapse without one. Neighbouring synapses form
        a branch.
    branches
        B, a divisor of S; None for one branch for each synapse.
    memory, hidden
        d, and H; None for 2 d.
    version
        1 or 2.
    activation
        ``relu`` or ``silu``.
    tau_m
        Time constant of each memory unit, (d,) ms; None for ``spread_timescales(d)``.
    tau_b
        That of synapses or branches, ms.
    gain
        Memory write gain, lambda.
    weights
        ``w`` (S,) >= 0, ``W1`` (H, B + d), ``c1`` (H,), ``W2`` (d, H), ``c2`` (d,), ``W_y`` (O, d) and ``b_y`` (O,);
        None draws them from ``seed`` as published: w is 0.5, the others uniform within one over the root of the
        number of inputs.
    seed
        Of the weights drawn.
    threshold
        An output above it, and not above it in the step before, is a spike; None for a neuron without spikes. The
        paper reads the spike output as a logit and leaves open when a simulated neuron fires: this rule is inferred.

    States
    ------
    y : (O,) outputs
    m : (d,) memory
    s : (S,) traces of synapses, version 1
    b : (B,) traces of branches

    References
    ----------
    Spieler et al. (2024). ICLR 2024, doi:10.48550/arXiv.2306.16922, and the authors' code
    """

    size: int = 1
    _: KW_ONLY
    inputs: str
    synapses: Any
    branches: int | None = None
    memory: int = 20
    hidden: int | None = None
    version: int = 2
    activation: str = "relu"
    tau_m: Any = None
    tau_b: float = 5.0
    gain: float = 5.0
    weights: Any = None
    seed: int = 0
    threshold: float | None = None

    def __post_init__(self) -> None:
        take_count(self, "size", "memory")
        self._check_synapses()
        branches = self._synapse_count if self.branches is None else self.branches
        object.__setattr__(self, "branches", branches)
        object.__setattr__(self, "hidden", 2 * self.memory if self.hidden is None else self.hidden)
        take_count(self, "branches", "hidden")
        if self._synapse_count % branches:
            raise DescriptionError(f"ELM.branches must divide the {self._synapse_count} synapses, got {branches}")
        check_choice(self, "activation", ACTIVATIONS)
        if self.version not in (1, 2):
            raise DescriptionError(f"ELM.version must be 1 or 2, got {self.version!r}")
        check_positive(self, "tau_b", "gain")
        if self.threshold is not None and not np.isfinite(self.threshold):
            raise DescriptionError(f"ELM.threshold must be finite or None, got {self.threshold!r}")
        tau = np.array(spread_timescales(self.memory) if self.tau_m is None else self.tau_m, dtype=float)
        if tau.shape != (self.memory,) or not (np.isfinite(tau) & (tau > 0)).all():
            raise DescriptionError(f"ELM.tau_m must be ({self.memory},) numbers > 0, ms, got {self.tau_m!r:.80}")
        tau.setflags(write=False)
        object.__setattr__(self, "tau_m", tau)
        object.__setattr__(self, "weights", checked_weights(self.weights, self.shapes, "ELM.weights"))
        if self.weights is not None and self.weights["w"].min() < 0:
            raise DescriptionError(f"ELM.weights['w'] must be >= 0, got {self.weights['w'].min()}")

    def _check_synapses(self) -> None:
        if np.ndim(self.synapses) == 0:
            take_count(self, "synapses")
            return
        route = np.array(self.synapses)
        if route.ndim != 1 or not route.size or route.dtype.kind not in "iu" or route.min() < NO_INPUT:
            raise DescriptionError("ELM.synapses must be a count or (S,) whole numbers >= -1, got "
                                   f"{self.synapses!r:.80}")
        route.setflags(write=False)
        object.__setattr__(self, "synapses", route)

    @property
    def _synapse_count(self) -> int:
        return self.synapses if np.ndim(self.synapses) == 0 else len(self.synapses)

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shape of each trained array."""
        b, d, h, o = self.branches or 0, self.memory, self.hidden or 0, self.size
        return {"w": (self._synapse_count,), "W1": (h, b + d), "c1": (h,), "W2": (d, h), "c2": (d,), "W_y": (o, d),
                "b_y": (o,)}

    @property
    def parameter_count(self) -> int:
        """How many numbers are trained where the time constants are not."""
        return sum(int(np.prod(shape)) for shape in self.shapes.values())

    @cached_property
    def values(self) -> dict[str, np.ndarray]:
        """The weights: those given, or those drawn."""
        if self.weights is not None:
            return self.weights
        fan_in = {"W1": "W1", "c1": "W1", "W2": "W2", "c2": "W2", "W_y": "W_y", "b_y": "W_y"}
        found = {"w": np.full(self._synapse_count, 0.5)}
        for name, of in fan_in.items():
            bound = 1.0 / np.sqrt(self.shapes[of][1])
            found[name] = drawn_uniform(self.seed, f"elm/{name}", self.shapes[name], bound)
        return found

    @property
    def dimensions(self) -> Mapping[str, Dimension]:
        """``y``, the outputs."""
        return {"y": DIMENSIONLESS}

    @property
    def spiking(self) -> bool:
        """Where it has a threshold."""
        return self.threshold is not None

    def build(self, scope: Scope) -> None:
        """Synapses, branches, hidden and memory units, each a space of its own."""
        b, d, h = self.branches or 0, self.memory, self.hidden or 0
        spaces = {"": self.size, "synapse": self._synapse_count, "branch": b, "hidden": h, "memory": d}
        layers, value = Layers(scope, spaces), self.values
        keep, write = memory_decays(self.tau_m, scope.dt, self.gain, self.version)
        layers.constants("", k_b=float(np.exp(-scope.dt / self.tau_b)), b_y=value["b_y"])
        layers.constants("synapse", w=value["w"])
        layers.constants("hidden", c1=value["c1"])
        layers.constants("memory", c2=value["c2"], k_m=keep, q=write)
        layers.states("branch", b=0.0)
        layers.states("hidden", a=0.0, h=0.0)
        layers.states("memory", m=0.0, kept=0.0, written=0.0)
        layers.states("", y=0.0)
        self._dendrite(scope, layers)
        layers.map("memory", "kept = k_m * m")
        # [b; kept] is never built: a product with a concatenation is the sum of two products
        self._product(scope, "b", "a", "W1_b", value["W1"][:, :b])
        self._product(scope, "kept", "a", "W1_m", value["W1"][:, b:], accumulate=True)
        layers.map("hidden", f"h = {ACTIVATIONS[self.activation]}")
        self._product(scope, "h", "written", "W2", value["W2"])
        layers.map("memory", "m = kept + q * 1.7159 * tanh(2 * (written + c2) / 3)")
        self._output(scope, layers)

    def _dendrite(self, scope: Scope, layers: Layers) -> None:
        """From input lines to the traces of branches."""
        lines, count = lines_of(scope, self.inputs, "ELM")
        incoming = {"x": Ref(lines, "segment")}
        if np.ndim(self.synapses):
            layers.states("synapse", x=0.0)
            self._route(scope, lines, count)
            incoming = {}
        elif count != self.synapses:
            raise DescriptionError(f"{scope.prefix}: ELM.synapses must be as many as the {count} lines of "
                                   f"{self.inputs!r}, or say the line of each, got {self.synapses}")
        start = layers.space("synapse")
        if self.version == 1:
            layers.states("synapse", s=0.0)
            layers.map("synapse", "s = k_b * s + w * x", extra=incoming)
            scope.builder.add("integrate", Reduce(source=scope.full("s"), target=scope.full("b")))
            return
        layers.states("branch", current=0.0)
        scope.state("given", space=start)
        layers.map("synapse", "given = w * x", extra=incoming)
        scope.builder.add("integrate", Reduce(source=scope.full("given"), target=scope.full("current")))
        layers.map("branch", "b = k_b * b + current")

    def _route(self, scope: Scope, lines: str, count: int) -> None:
        """One edge for each synapse that has a line."""
        if self.synapses.max() >= count:
            raise DescriptionError(f"{scope.prefix}: ELM.synapses must be below the {count} lines of {self.inputs!r}, "
                                   f"got {self.synapses.max()}")
        targets = np.flatnonzero(self.synapses != NO_INPUT)
        sources = self.synapses[targets]
        order = np.argsort(sources, kind="stable")
        first = np.concatenate([[0], np.cumsum(np.bincount(sources, minlength=count))]).astype(np.int64)
        edges = Edges(sources=count, targets=len(self.synapses), first=first,
                      target=targets[order].astype(np.uint32), delay=1)
        name, line = scope.full("route"), lines.rpartition(".")[0]
        scope.builder.add_edges(EdgeSpace(name, line, scope.full("synapse"), edges))
        scope.value("one", 1.0, inner=True)
        refs = {"one": Ref(scope.full("one")), "x": Ref(lines, "source")}
        scope.diffuse(name, scope.full("x"), "one * x", refs, phase="integrate")

    def _product(self, scope: Scope, source: str, target: str, name: str, weight: np.ndarray, **options: Any) -> None:
        """A product with a matrix stored as (targets, sources)."""
        scope.builder.add("integrate", MatMul(source=scope.full(source), target=scope.full(target), transpose=True,
                                              weight=add_matrix(scope, name, np.ascontiguousarray(weight)), **options))

    def _output(self, scope: Scope, layers: Layers) -> None:
        if self.threshold is not None:
            layers.constants("", threshold=float(self.threshold))
            layers.states("", before=0.0)
            layers.map("", "before = y")
        layers.map("", "y = b_y")
        self._product(scope, "m", "y", "W_y", self.values["W_y"], accumulate=True)
        if self.threshold is not None:
            scope.events("spikes", "y > threshold and before <= threshold")


def memory_decays(tau_m: Any, dt: float, gain: float, version: int) -> tuple[np.ndarray, np.ndarray]:
    """What memory units keep of themselves in a step, and what they take of the new, both (d,)."""
    rate = dt / np.maximum(tau_m, 1e-6)
    keep = np.exp(-rate)
    return keep, gain * (1.0 - keep) if version == 1 else 1.0 - np.exp(-gain * rate)


def spread_timescales(count: int, low: float = 1.0, high: float = 1000.0) -> np.ndarray:
    """Time constants at equal distances on a logarithmic scale, (count,) ms; a single one is ``low``."""
    if not 0 < low < high:
        raise DescriptionError(f"timescales need 0 < low < high, got {low!r} and {high!r}")
    return np.asarray(np.geomspace(low, high, count))


def random_synapses(count: int, lines: int, seed: int = 0) -> np.ndarray:
    """A line for each of ``count`` synapses, drawn with replacement, (count,)."""
    drawn = philox.uniform(seed, philox.stream_number("elm/route"), 0, np.arange(count))
    return np.asarray(drawn * lines, np.int64)


def neighbouring_synapses(segments: int = 639, branches: int = 45, each: int = 100) -> np.ndarray:
    """Synapses of branches that lie side by side along a dendrite, (branches * each,); -1 beyond its end.

    Lines are the excitatory inputs of all segments, then the inhibitory ones. In the order of the dendrite both inputs
    of a segment are neighbours, and branch j takes ``each`` of them from ``j * ceil(2 * segments / branches)`` on. The
    defaults are those of the layer 5 pyramidal cell in the paper.
    """
    place = -(-2 * segments // branches) * np.arange(branches)[:, None] + np.arange(each)
    line = np.where(place % 2 == 0, place // 2, segments + place // 2)
    return np.where(place < 2 * segments, line, NO_INPUT).ravel()


def drawn_uniform(seed: int, name: str, shape: tuple[int, ...], bound: float) -> np.ndarray:
    """Uniform numbers in [-bound, bound), from a stream by name."""
    drawn = philox.uniform(seed, philox.stream_number(name), 0, np.arange(int(np.prod(shape))))
    return np.asarray((2.0 * drawn - 1.0) * bound, float).reshape(shape)
