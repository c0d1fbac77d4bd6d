"""The contract of a neuron with a name."""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import fields
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from ..errors import DescriptionError, check_positive, listing, take_count
from ..program import Scope
from ..units import Dimension, to_internal
from .neurons import Neurons, checked_positions
from .part import Part
from .plain import checked_mapping
from .timed import TimedArray


class Named(Part):
    """The contract of a neuron with a name: it is a ``Neurons`` with its numbers filled in."""

    initial: Mapping[str, Any]
    inputs: ClassVar[Mapping[str, str]] = {}
    """Fields that may follow a TimedArray, and the variables that begin there or follow it."""

    @abstractmethod
    def as_neurons(self) -> Neurons:
        """The same neurons with their equations as text."""

    @cached_property
    def _neurons(self) -> Neurons:
        return self.as_neurons()

    @property
    def equations(self) -> str:
        """The equations as text."""
        return self._neurons.equations

    @property
    def update(self) -> Any:
        """One step of the differential equations: the method and its body."""
        return self._neurons.update

    @property
    def dimensions(self) -> Mapping[str, Dimension]:
        """The variables and constants of the equations."""
        return self._neurons.dimensions

    @property
    def targets(self) -> frozenset[str]:
        """The variables that a join or drive may change."""
        return self._neurons.targets

    @property
    def guarded(self) -> frozenset[str]:
        """Targets that take no input while refractory."""
        return self._neurons.guarded

    @property
    def spiking(self) -> bool:
        """They have spikes."""
        return True

    def build(self, scope: Scope) -> None:
        """The operations of the equations."""
        self._neurons.build(scope)

    @property
    def observable(self) -> tuple[str, ...]:
        """The subexpressions of the equations."""
        return self._neurons.observable

    def observe(self, scope: Scope, name: str) -> None:
        """Keep a subexpression as a variable."""
        self._neurons.observe(scope, name)

    def _repr_latex_(self) -> str:
        return self._neurons._repr_latex_()


def take_fields(part: Named, dimensions: Mapping[str, Dimension], *positive: str) -> None:
    """Convert quantities among the fields of ``part``; check its size and what must be positive."""
    take_count(part, "size")
    object.__setattr__(part, "initial", checked_mapping(part.initial, f"{type(part).__name__}.initial"))
    if getattr(part, "positions", None) is not None:
        object.__setattr__(part, "positions", checked_positions(part))
    for name, dimension in dimensions.items():
        where = f"{type(part).__name__}.{name}"
        if isinstance(getattr(part, name), TimedArray):
            _check_timed(part, name, dimension, where)
            continue
        value = to_internal(getattr(part, name), dimension, where)
        if np.ndim(value) or getattr(part, name) != value:
            object.__setattr__(part, name, value)
    check_positive(part, *positive)
    _ = part.dimensions  # what the equations refuse is refused here


def _check_timed(part: Named, name: str, dimension: Dimension, where: str) -> None:
    if name not in part.inputs:
        which = f"; these can follow one: {listing(part.inputs)}" if part.inputs else ""
        raise DescriptionError(f"{where} must be a number or ({part.size},), got a TimedArray{which}")
    getattr(part, name).internal(dimension, where)


def beginning(part: Named, **start: Any) -> dict[str, Any]:
    """``start``, inputs and ``initial`` as ``Neurons`` takes them; inputs that follow a TimedArray are parameters."""
    given = {variable: getattr(part, name) for name, variable in part.inputs.items()}
    tables = {name: value for name, value in given.items() if isinstance(value, TimedArray)}
    plain = {name: value for name, value in given.items() if name not in tables}
    return {"initial": {**start, **plain, **part.initial}, **tables}


def chosen(part: Named, *names: str) -> dict[str, Any]:
    """These fields of ``part`` by name."""
    return {f.name: getattr(part, f.name) for f in fields(part) if f.name in names}  # type: ignore[arg-type]


def placed(neurons: Named | Neurons, positions: Any) -> Neurons:
    """The same neurons at ``positions``, (N, 1..3) µm, for rules that ask for a distance."""
    whole = neurons.as_neurons() if isinstance(neurons, Named) else neurons
    given = {f.name: getattr(whole, f.name) for f in fields(whole) if f.name not in ("positions", "parameters")}
    return Neurons(**given, positions=positions, **whole.parameters)
