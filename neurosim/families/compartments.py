r"""Neurons of many compartments: trees of cylinders, coupled along their axes."""

import ast
import math
import re
from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import Any

import numpy as np

from ..connectivity import FromArrays, draw, values
from ..equations import Assign, parse, substitute, unparse
from ..errors import DescriptionError, check_positive, fields_by_name, take_count
from ..program import Diffuse, EdgeSpace, Ref, Scope
from ..units import CURRENT, LENGTH, VOLTAGE, to_internal
from .named import Named
from .neurons import Neurons
from .plain import checked_mapping, show, to_plain

PF_PER_AREA = 0.01
"""1 µF/cm² in pF/µm²."""
NS_PER_AREA = 10.0
"""1 / (Ω cm²) in nS/µm²."""
OHM_PER_UM = 1e4
"""1 Ω cm / µm in Ω."""


@fields_by_name
@dataclass(frozen=True, eq=False, repr=False)
class Tree:
    """Cylinders joined end to end: each begins where its parent ends.

    Parameters
    ----------
    parents
        (K,) number of each cylinder's parent, smaller than its own; -1 for the first.
    lengths, diameters
        (K,) or one for all, µm.
    Ra, Cm
        Axial resistivity, Ω cm, and specific capacitance, µF/cm².

    References
    ----------
    Rall (1977), Core conductor theory and cable properties of neurons. doi:10.1002/cphy.cp010103
    """

    parents: Any
    lengths: Any
    diameters: Any
    _: KW_ONLY
    Ra: float = 150.0
    Cm: float = 1.0

    def __post_init__(self) -> None:
        check_positive(self, "Ra", "Cm")
        parents = np.atleast_1d(np.asarray(self.parents))
        right = parents.ndim == 1 and parents.dtype.kind in "iu" and parents[0] == -1
        if not right or np.any(parents[1:] < 0) or np.any(parents >= np.arange(len(parents))):
            raise DescriptionError(
                f"Tree.parents must be -1 and then, for each, a smaller number than its own, got {parents!r:.60}"
            )
        object.__setattr__(self, "parents", parents.astype(np.int64))
        for name in ("lengths", "diameters"):
            given = np.asarray(to_internal(getattr(self, name), LENGTH, f"Tree.{name}"), dtype=float)
            if given.shape not in {(), parents.shape} or not (np.isfinite(given) & (given > 0)).all():
                raise DescriptionError(f"Tree.{name} must be one number > 0 or ({len(parents)},), got {given!r:.80}")
            object.__setattr__(self, name, np.broadcast_to(given, parents.shape).copy())

    @classmethod
    def cable(cls, compartments: int, length: float, diameter: float, **options: Any) -> "Tree":
        """One cylinder of ``length`` and ``diameter`` (µm), cut into equal compartments."""
        return cls(np.arange(compartments) - 1, length / compartments, diameter, **options)

    @property
    def size(self) -> int:
        """Number of compartments, K."""
        return len(self.parents)

    @property
    def areas(self) -> np.ndarray:
        """Membrane of each compartment, (K,) µm²."""
        return math.pi * self.lengths * self.diameters

    @property
    def capacitances(self) -> np.ndarray:
        """Capacitance of each compartment, (K,) pF."""
        return PF_PER_AREA * self.Cm * self.areas

    @property
    def axial(self) -> np.ndarray:
        """Conductance from the middle of each compartment to that of its parent, (K,) nS; 0 for the first."""
        halves = OHM_PER_UM * self.Ra * self.lengths / 2.0 / (math.pi * self.diameters**2 / 4.0)
        found = 1e9 / (halves + halves[self.parents])
        found[0] = 0.0
        return found

    def edges(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Sources, targets and conductances (nS) of both directions, (2 K - 2,) each."""
        child, parent, g = np.arange(1, self.size), self.parents[1:], self.axial[1:]
        return np.concatenate([child, parent]), np.concatenate([parent, child]), np.concatenate([g, g])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Tree) and to_plain(self) == to_plain(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return show(self)


MEMBRANE = """
v : mV
move : mV
I : pA
I_total : pA
"""
PASSIVE = "I_channels = 0*pA : pA"
SMALLEST = 1e-16
"""Entries of a step's matrix that are smaller, next to its greatest, change no rounding."""


@fields_by_name
@dataclass(frozen=True, eq=False, repr=False)
class Compartments(Named):
    r"""Neurons made of coupled compartments, all of the same shape.

    .. math::
        C_k \dot v_k = g_{L,k} (E_L - v_k) + \sum_j g_{kj} (v_j - v_k) + I_k + I_{channels,k}

    Compartment k of neuron n is index ``n * K + k``. Leak and axial currents are linear, so a step of theirs is exact
    at any ``dt``: its matrix, an exponential, is taken before the run and lies on K * K edges of each neuron, less
    those that are zero to rounding. What else flows stands still for a step, so a passive tree under a constant
    current has no error of time, and channels want ``dt`` of 0.01 ms or so.

    Parameters
    ----------
    count
        Number of neurons.
    tree
        Their shape, K compartments.
    Rm
        Specific membrane resistance, Ω cm², a number or (K,).
    E_L
        Leak reversal potential, mV; where ``v`` begins.
    channels
        Further equations; they define ``I_channels = ... : pA`` and may name ``v``, ``area`` (µm²) and parameters.
    spike_at
        Potential of the first compartment that counts as a spike, mV; None where there are no spikes. Their index is
        that of the first compartment.
    I
        Input current at the start, pA, a number or (count * K,).
    initial
        Start of variables; see ``Neurons``.
    parameters
        Values that ``channels`` needs: numbers, or arrays (K,), which hold for each neuron.

    States
    ------
    v : (count * K,) membrane potential, mV
    I, I_total : (count * K,) input, and what flows in by input and channels, pA
    move : (count * K,) how far the potential went in the last step, mV
    """

    count: int
    tree: Tree
    _: KW_ONLY
    Rm: Any = 20000.0
    E_L: Any = -70.0
    channels: str = PASSIVE
    spike_at: float | None = None
    I: Any = 0.0  # noqa: E741
    initial: Mapping[str, Any] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if isinstance(self.tree, Mapping):
            object.__setattr__(self, "tree", Tree(**{k: v for k, v in self.tree.items() if k != "kind"}))
        if not isinstance(self.tree, Tree):
            raise DescriptionError(f"Compartments.tree must be a Tree, got {self.tree!r:.60}")
        take_count(self, "count")
        Rm = np.asarray(self.Rm, dtype=float)
        if Rm.shape not in {(), (self.tree.size,)} or not (np.isfinite(Rm) & (Rm > 0)).all():
            sizes = f"one number > 0 or ({self.tree.size},)"
            raise DescriptionError(f"Compartments.Rm must be {sizes}, got {self.Rm!r:.60}")
        for name, dimension in (("E_L", VOLTAGE), ("I", CURRENT)):
            object.__setattr__(self, name, to_internal(getattr(self, name), dimension, f"Compartments.{name}"))
        for name in ("initial", "parameters"):
            object.__setattr__(self, name, checked_mapping(getattr(self, name), f"Compartments.{name}"))
        _ = self.dimensions

    @property
    def size(self) -> int:  # type: ignore[override]
        """Number of compartments of all neurons, count * K."""
        return self.count * self.tree.size

    def index(self, neuron: int, compartment: int) -> int:
        """The index of a compartment of a neuron."""
        return neuron * self.tree.size + compartment

    @property
    def spiking(self) -> bool:
        """Whether the first compartment's potential is watched."""
        return self.spike_at is not None

    def as_neurons(self) -> Neurons:
        """The compartments as neurons whose potential does not move by itself."""
        tree = self.tree
        given: dict[str, Any] = {
            name: value if np.shape(value) != (tree.size,) else np.tile(value, self.count)
            for name, value in self.parameters.items()
        }
        if re.search(r"\barea\b", self.channels):
            given["area"] = np.tile(tree.areas, self.count)
        if self.spike_at is not None:
            condition = "v > v_spike and first > 0"
            given |= {"threshold": condition, "refractory": condition, "v_spike": self.spike_at,
                      "first": np.tile((np.arange(tree.size) == 0) * 1.0, self.count)}
        text = MEMBRANE.strip("\n") + "\n" + self.channels.strip("\n")
        return Neurons(self.size, text, initial={"v": self.E_L, "I": self.I, **self.initial}, **given)

    def build(self, scope: Scope) -> None:
        """Move gates, sum the currents, then spread charge along the trees: a ``Diffuse`` over a step's matrix."""
        whole = self._neurons
        whole.build(scope)
        scope.value("rest", self.E_L, VOLTAGE)
        scope.map([Assign("I_total", "=", self._summed())])
        name = scope.full("tree")
        spread, gain = self._step(scope.dt)
        row, column = np.nonzero((abs(spread) > SMALLEST * abs(spread).max()) | (abs(gain) > SMALLEST * gain.max()))
        first = np.repeat(np.arange(self.count) * self.tree.size, len(row))
        rule = FromArrays(first + np.tile(column, self.count), first + np.tile(row, self.count))
        seed = scope.builder.seed
        edges = draw(rule, sources=self.size, targets=self.size, seed=seed, stream=0, same=True)
        scope.builder.add_edges(EdgeSpace(name, scope.prefix, scope.prefix, edges))
        inner = Scope(scope.builder, name)
        for own, matrix in (("spread", spread), ("gain", gain)):
            inner.value(own, values(np.tile(matrix[row, column], self.count), edges, seed=seed, stream=0))
        names = {own: Ref(f"{name}.{own}", "edge") for own in ("spread", "gain")}
        names |= {"rest": Ref(scope.full("rest"))}
        names |= {own: Ref(scope.full(own), "source") for own in ("v", "I_total")}
        move = Diffuse(edges=name, target=scope.full("move"), value="spread*(v - rest) + gain*I_total", names=names)
        scope.builder.add("integrate", move)
        scope.map([Assign("v", "+=", "move")])

    def _summed(self) -> str:
        """What flows in, with subexpressions written out."""
        total: ast.expr = parse("I + I_channels")
        for name, variable in reversed(self._neurons.checked.equations.subexpressions.items()):
            if variable.expression is not None:
                total = substitute(total, {name: variable.expression})
        return unparse(total)

    def _step(self, dt: float) -> tuple[np.ndarray, np.ndarray]:
        """(K, K) what a step adds: of each potential to each, and of each current (GΩ)."""
        from scipy.linalg import expm  # SciPy's linear algebra is slow to import

        tree, size = self.tree, self.tree.size
        source, target, g = tree.edges()
        matrix = np.zeros((2 * size, 2 * size))
        matrix[target, source] = g
        own = np.bincount(target, g, minlength=size) + NS_PER_AREA * tree.areas / np.asarray(self.Rm)
        matrix[np.arange(size), np.arange(size)] = -own
        matrix[:size, size:] = np.eye(size)
        matrix[:size] /= tree.capacitances[:, np.newaxis]
        whole = expm(matrix * dt)[:size]
        return whole[:, :size] - np.eye(size), whole[:, size:]
