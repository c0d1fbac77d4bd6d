"""The contract of a rule by which edges come and go: what it sees, what it draws from, what it gives back."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ...errors import DescriptionError, check_positive, listing, nearest
from ...kernels.philox import uniform
from ...units import TIME, to_internal
from ..part import Part

Numbers = Callable[[str], np.ndarray]
"""The values of a variable by its full name, as they are shown."""


@dataclass(frozen=True, kw_only=True)
class Wires:
    """The edges of one join as a rule sees them, in canonical order.

    Parameters
    ----------
    join, source, target
        Names of the join and of its parts.
    sources, targets
        How many neurons there are on either side.
    starts, ends
        (E,) int64: source and target of each edge.
    """

    join: str
    source: str
    target: str
    sources: int
    targets: int
    starts: np.ndarray
    ends: np.ndarray

    @property
    def same(self) -> bool:
        """Whether both sides are one part."""
        return self.source == self.target


@dataclass(frozen=True, kw_only=True)
class Change:
    """What becomes of the edges of one join.

    Parameters
    ----------
    kept
        (E,) truth values: which edges stay.
    starts, ends
        (n,) sources and targets of the edges that grow.
    """

    kept: np.ndarray
    starts: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    ends: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))

    @property
    def is_none(self) -> bool:
        """Whether nothing comes or goes."""
        return bool(self.kept.all()) and not self.starts.size


class Lots:
    """Random numbers of one rewiring, by seed, stream and step; each call draws anew.

    Parameters
    ----------
    seed, stream, step
        Which random numbers.
    """

    def __init__(self, seed: int, stream: int, step: int):
        self.seed, self.stream, self.step, self._drawn = seed, stream, step, 0

    def uniform(self, count: int) -> np.ndarray:
        """Numbers in [0, 1), (count,)."""
        self._drawn += 1
        return uniform(self.seed, self.stream, self.step, np.arange(count), self._drawn - 1)

    def below(self, size: int, count: int) -> np.ndarray:
        """Whole numbers in [0, size), (count,)."""
        return np.minimum((self.uniform(count) * size).astype(np.int64), size - 1)

    def order(self, count: int) -> np.ndarray:
        """The indices 0..count-1 in random order."""
        return np.argsort(self.uniform(count), kind="stable")


class Structure(ABC):
    """A rule by which edges come and go: a frozen dataclass, given to joins as their ``structure``.

    Joins with equal rules are rewired together, whenever ``every`` ms have passed.
    """

    every: Any

    @abstractmethod
    def check(self, source: Part, target: Part, edges: Mapping[str, Any], where: str) -> None:
        """Refuse parts, or variables of the edges (by name), that lack what the rule needs."""

    @abstractmethod
    def check_together(self, joins: Sequence[tuple[str, str, str]]) -> None:
        """Refuse a set of joins, each (join, source, target), that cannot be rewired together."""

    @abstractmethod
    def variables(self, source: str, target: str) -> tuple[str, ...]:
        """The variables of the parts ``source`` and ``target`` that the rule sets, by full name."""

    @abstractmethod
    def rewire(
        self, joins: Sequence[Wires], numbers: Numbers, lots: Lots
    ) -> tuple[dict[str, Change], dict[str, np.ndarray]]:
        """What becomes of the edges of each join, and new values of variables of parts, by full name."""


def take_interval(rule: Any) -> None:
    """The field ``every`` of a frozen rule is a time above zero, kept in ms; quantities are converted."""
    object.__setattr__(rule, "every", float(to_internal(rule.every, TIME, f"{type(rule).__name__}.every")))
    check_positive(rule, "every")


def check_variable(name: str, known: Mapping[str, Any], where: str, hint: str) -> None:
    """Refuse a variable that is not there, with the nearest and a hint."""
    if name not in known:
        raise DescriptionError(f"{where}: there is no variable {name!r}{nearest(name, known)}; there are: "
                               f"{listing(known)}. {hint}")


def chosen_of_each(owner: np.ndarray, losses: np.ndarray, lots: Lots) -> np.ndarray:
    """Mark ``losses[k]`` random entries of those whose owner is k, or all where there are fewer.

    Parameters
    ----------
    owner
        (E,) whole numbers.
    losses
        (N,) how many of each owner; N is above the greatest owner.
    lots
        What is drawn from.
    """
    order = np.lexsort((lots.uniform(owner.size), owner))
    sorted_owner = owner[order]
    first = np.searchsorted(sorted_owner, np.arange(losses.size))
    marked = np.zeros(owner.size, bool)
    marked[order] = np.arange(owner.size) - first[sorted_owner] < losses[sorted_owner]
    return marked
