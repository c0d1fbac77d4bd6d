"""The contract of a part: what a network, a join and a recording may ask of any family."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from ..program import Scope
from ..units import Dimension
from .plain import fields_of, show


class Part(ABC):
    """A population, an input, a memory: something with ``size`` indices that builds itself into a program.

    Families are frozen dataclasses of plain values; equality, ``repr`` and ``to_dict`` follow their fields.
    """

    size: int

    @abstractmethod
    def build(self, scope: Scope) -> None:
        """Write the part's space, buffers and operations into ``scope``."""

    def link(self, scope: Scope) -> None:
        """Write what the part does with others, after all parts of the network are built; most do nothing."""
        return

    @property
    @abstractmethod
    def dimensions(self) -> Mapping[str, Dimension]:
        """The variables that joins, drives and recordings may name, with their dimensions."""

    @property
    def targets(self) -> frozenset[str]:
        """The variables that a join or drive may change."""
        return frozenset()

    @property
    def guarded(self) -> frozenset[str]:
        """Targets to which nothing may be added while ``refractory_left > 0``."""
        return frozenset()

    @property
    def spiking(self) -> bool:
        """Whether the part has an event list called ``spikes``."""
        return False

    @property
    def observable(self) -> tuple[str, ...]:
        """What is kept nowhere, but can be calculated at the end of each step to be recorded."""
        return ()

    def observe(self, scope: Scope, name: str) -> None:
        """Keep an ``observable`` as a variable of its own; comes after all else of the network."""
        raise NotImplementedError(f"{type(self).__name__} has nothing to observe, got {name!r}")

    def to_dict(self) -> dict[str, Any]:
        """The fields as plain numbers, texts, lists and dicts; ``family`` names the class."""
        return {"family": type(self).__name__, **fields_of(self)}

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self.to_dict() == other.to_dict()  # type: ignore[attr-defined]

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return show(self)
