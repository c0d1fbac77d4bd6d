"""Rules by which edges come and go: paired synaptic elements, and turnover of weak edges."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...errors import DescriptionError, check_probability, fields_by_name
from ..part import Part
from .growth import COUNT, GROWN
from .structure import Change, Lots, Numbers, Structure, Wires, check_variable, chosen_of_each, take_interval

ROUNDS = 32
"""Draws of partners, all at once, before the rest are chosen one by one among those that are left."""


@fields_by_name
@dataclass(frozen=True, kw_only=True)
class SynapticElements(Structure):
    """Free elements of axons and dendrites find each other at random; who loses elements loses edges.

    At each rewiring, in this order: what has grown is added to the elements, ``z = max(z + grown, 0)``; a neuron with
    more outgoing edges than whole axonal elements loses as many as are too much, drawn among its own; then likewise for
    incoming edges and dendritic elements; whole elements without an edge are paired at random, as many as the rarer
    side has; a share of those that are still free is lost. An edge that dies leaves the other neuron's element free.

    Joins with equal rules share their elements: an axon of a part that two joins leave serves both. They must join
    each of their sources to each of their targets once. Rules that differ need elements of their own.

    Parameters
    ----------
    axon, dendrite
        Names of the elements of sources and of targets, which ``with_elements`` adds to neurons.
    every
        Time between rewirings, ms.
    vacant_loss
        Share of the free elements that is lost at each rewiring, 0..1.
    self_connections, multiple
        Whether a neuron may connect to itself, and a pair have more than one edge; where not, the two elements that
        have been drawn stay free until the next rewiring.

    References
    ----------
    Butz and van Ooyen (2013). PLoS Comput Biol 9, e1003259. doi:10.1371/journal.pcbi.1003259
    Diaz-Pier, Naveau, Butz-Ostendorf and Morrison (2016). Front Neuroanat 10, 57. doi:10.3389/fnana.2016.00057. The
    order of events and the loss of free elements are those of NEST.
    """

    axon: str = "axon"
    dendrite: str = "dendrite"
    every: Any = 100.0
    vacant_loss: float = 0.1
    self_connections: bool = True
    multiple: bool = True

    def __post_init__(self) -> None:
        take_interval(self)
        check_probability(self, "vacant_loss")
        _check_flags(self)
        if self.axon == self.dendrite:
            raise DescriptionError(f"SynapticElements.dendrite must be another element than axon, got {self.axon!r}")

    def check(self, source: Part, target: Part, edges: Mapping[str, Any], where: str) -> None:
        """Both parts have their elements."""
        for name, part in ((self.axon, source), (self.dendrite, target)):
            for variable in (COUNT + name, GROWN + name):
                check_variable(variable, part.dimensions, f"{where}: structure", "Add elements by with_elements")

    def check_together(self, joins: Sequence[tuple[str, str, str]]) -> None:
        """Each pair of a source and a target is joined once."""
        pairs = [(source, target) for _, source, target in joins]
        named = ", ".join(name for name, _, _ in joins)
        for pair in pairs:
            if pairs.count(pair) > 1:
                raise DescriptionError(f"joins {named}: one rule cannot share elements between two joins from "
                                       f"{pair[0]!r} to {pair[1]!r}")
        for source in {source for source, _ in pairs}:
            for target in {target for _, target in pairs}:
                if (source, target) not in pairs:
                    raise DescriptionError(f"joins {named} share their synaptic elements, so {source!r} must be joined "
                                           f"to {target!r} with the same rule, too")

    def variables(self, source: str, target: str) -> tuple[str, ...]:
        """The elements of both parts."""
        return tuple(f"{part}.{kind}{name}" for part, name in ((source, self.axon), (target, self.dendrite))
                     for kind in (COUNT, GROWN))

    def rewire(
        self, joins: Sequence[Wires], numbers: Numbers, lots: Lots
    ) -> tuple[dict[str, Change], dict[str, np.ndarray]]:
        """Lose edges for want of axons, then of dendrites; pair what is free; lose some of the rest."""
        axons = _Pool([(w.source, w.sources) for w in joins], self.axon, numbers)
        dendrites = _Pool([(w.target, w.targets) for w in joins], self.dendrite, numbers)
        out = np.concatenate([axons.first[w.source] + w.starts for w in joins])
        into = np.concatenate([dendrites.first[w.target] + w.ends for w in joins])
        kept = np.ones(out.size, bool)
        for pool, owner in ((axons, out), (dendrites, into)):
            kept[kept] = ~chosen_of_each(owner[kept], -pool.free(owner[kept]), lots)
        free = [np.repeat(np.arange(pool.size), np.maximum(pool.free(owner[kept]), 0))
                for pool, owner in ((axons, out), (dendrites, into))]
        count = min(side.size for side in free)
        new_out, new_into = (side[lots.order(side.size)[:count]] for side in free)
        allowed = self._allowed(new_out, new_into, out[kept], into[kept], axons, dendrites)
        new_out, new_into = new_out[allowed], new_into[allowed]
        changed: dict[str, np.ndarray] = {}
        for pool, old, new in ((axons, out, new_out), (dendrites, into, new_into)):
            vacant = np.maximum(pool.free(np.concatenate([old[kept], new])), 0)
            changed |= pool.values(pool.z - self.vacant_loss * vacant)
        splits = np.cumsum([w.starts.size for w in joins])[:-1]
        changes = {}
        for wires, stay in zip(joins, np.split(kept, splits), strict=True):
            own = axons.holds(wires.source, new_out) & dendrites.holds(wires.target, new_into)
            changes[wires.join] = Change(kept=stay, starts=new_out[own] - axons.first[wires.source],
                                         ends=new_into[own] - dendrites.first[wires.target])
        return changes, changed

    def _allowed(self, new_out: np.ndarray, new_into: np.ndarray, out: np.ndarray, into: np.ndarray, axons: "_Pool",
                 dendrites: "_Pool") -> np.ndarray:
        """Which of the pairs drawn may become edges."""
        allowed = np.ones(new_out.size, bool)
        if not self.multiple:
            there, pairs = out * dendrites.size + into, new_out * dendrites.size + new_into
            allowed[:] = False
            allowed[np.unique(pairs, return_index=True)[1]] = True  # the first of equal ones
            allowed &= ~np.isin(pairs, there)
        if not self.self_connections:
            for part in set(axons.first) & set(dendrites.first):
                both = axons.holds(part, new_out) & dendrites.holds(part, new_into)
                allowed &= ~(both & (new_out - axons.first[part] == new_into - dendrites.first[part]))
        return allowed


class _Pool:
    """The elements of one name of several parts, one part behind another."""

    def __init__(self, parts: Sequence[tuple[str, int]], element: str, numbers: Numbers):
        self.sizes, self.element = dict(parts), element
        ends = np.cumsum([*self.sizes.values()])
        self.size = int(ends[-1])
        self.first = dict(zip(self.sizes, (ends - [*self.sizes.values()]).tolist(), strict=True))
        whole, grown = (np.concatenate([numbers(f"{part}.{kind}{element}") for part in self.sizes]).astype(float)
                        for kind in (COUNT, GROWN))
        self.z = np.maximum(whole + grown, 0.0)

    def free(self, owner: np.ndarray) -> np.ndarray:
        """Whole elements of each neuron beyond those in use by edges with these owners; below 0 where they lack."""
        return np.floor(self.z).astype(np.int64) - np.bincount(owner, minlength=self.size)

    def holds(self, part: str, owner: np.ndarray) -> np.ndarray:
        """Which owners are neurons of ``part``."""
        return (owner >= self.first[part]) & (owner < self.first[part] + self.sizes[part])

    def values(self, z: np.ndarray) -> dict[str, np.ndarray]:
        """The variables of the parts, with nothing grown."""
        found = {}
        for part, first in self.first.items():
            found[f"{part}.{COUNT}{self.element}"] = z[first : first + self.sizes[part]]
            found[f"{part}.{GROWN}{self.element}"] = np.zeros(self.sizes[part])
        return found


@fields_by_name
@dataclass(frozen=True, kw_only=True)
class Turnover(Structure):
    """Edges whose weight is below a threshold die, and as many grow onto the same targets from random sources.

    Every target keeps its number of edges, as long as a source is left that may grow one. What grows begins as the join
    says of a new edge.

    Parameters
    ----------
    threshold
        Least weight that lasts, in the unit of the weight.
    every
        Time between rewirings, ms.
    variable
        Name of the weight.
    chance
        Chance that a weak edge dies at a rewiring, 0..1.
    self_connections, multiple
        Whether a neuron may connect to itself, and a pair have more than one edge.
    """

    threshold: float
    every: Any = 1000.0
    variable: str = "w"
    chance: float = 1.0
    self_connections: bool = True
    multiple: bool = True

    def __post_init__(self) -> None:
        take_interval(self)
        check_probability(self, "chance")
        _check_flags(self)
        if isinstance(self.threshold, bool) or not isinstance(self.threshold, int | float | np.number):
            raise DescriptionError(f"Turnover.threshold must be a number, got {self.threshold!r:.60}")
        if not np.isfinite(self.threshold):
            raise DescriptionError(f"Turnover.threshold must be finite, got {self.threshold!r}")

    def check(self, source: Part, target: Part, edges: Mapping[str, Any], where: str) -> None:
        """The edges have the weight."""
        check_variable(self.variable, edges, f"{where}: structure", "Turnover looks at a variable of the edges")
        if not self.self_connections and source is target and source.size < 2:
            raise DescriptionError(f"{where}: a neuron alone cannot grow edges without self_connections")

    def check_together(self, joins: Sequence[tuple[str, str, str]]) -> None:
        """Any joins may be: each is rewired for itself."""

    def variables(self, source: str, target: str) -> tuple[str, ...]:
        """None: it sets nothing of the parts."""
        return ()

    def rewire(
        self, joins: Sequence[Wires], numbers: Numbers, lots: Lots
    ) -> tuple[dict[str, Change], dict[str, np.ndarray]]:
        """Weak edges die; new sources are drawn for their targets."""
        changes = {}
        for wires in joins:
            weak = np.broadcast_to(numbers(f"{wires.join}.{self.variable}") < self.threshold, wires.starts.shape)
            kept = ~(weak & (lots.uniform(wires.starts.size) < self.chance))
            ends = wires.ends[~kept]
            starts = self._partners(wires, kept, ends, lots)
            changes[wires.join] = Change(kept=kept, starts=starts[starts >= 0], ends=ends[starts >= 0])
        return changes, {}

    def _partners(self, wires: Wires, kept: np.ndarray, ends: np.ndarray, lots: Lots) -> np.ndarray:
        """A source for each of the targets ``ends``, drawn anew where it may not be; -1 where none is left."""
        itself = wires.same and not self.self_connections
        if self.multiple:
            if not itself:
                return lots.below(wires.sources, ends.size)
            drawn = lots.below(wires.sources - 1, ends.size)
            return drawn + (drawn >= ends)
        taken = wires.starts[kept] * wires.targets + wires.ends[kept]
        starts, waiting = np.full(ends.size, -1), np.arange(ends.size)
        for _ in range(ROUNDS):
            drawn = lots.below(wires.sources, waiting.size)
            pairs = drawn * wires.targets + ends[waiting]
            good = ~np.isin(pairs, taken)
            first = np.zeros(waiting.size, bool)
            first[np.unique(pairs, return_index=True)[1]] = True
            good &= first & ~(itself & (drawn == ends[waiting]))
            starts[waiting[good]] = drawn[good]
            taken, waiting = np.concatenate([taken, pairs[good]]), waiting[~good]
            if not waiting.size:
                return starts
        for place, lot in zip(waiting, lots.uniform(waiting.size), strict=True):
            used = taken[taken % wires.targets == ends[place]] // wires.targets
            left = np.setdiff1d(np.arange(wires.sources), [*used, *([ends[place]] if itself else [])])
            if left.size:
                starts[place] = left[int(lot * left.size)]
                taken = np.append(taken, starts[place] * wires.targets + ends[place])
        return starts


STRUCTURES = (SynapticElements, Turnover)
"""Every structure, for networks that are read from a file."""


def _check_flags(rule: Any) -> None:
    for name in ("self_connections", "multiple"):
        if not isinstance(getattr(rule, name), bool):
            raise DescriptionError(f"{type(rule).__name__}.{name} must be True or False, got {getattr(rule, name)!r}")
