"""The contract of a plasticity rule: texts that a join takes over, and the numbers in them."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np

from ...errors import check_positive
from ...units import TIME, to_internal


@dataclass(frozen=True, kw_only=True)
class Texts:
    """What a rule adds to a join; each text is in the syntax of ``Network.connect``.

    Parameters
    ----------
    model
        Equations of the edge's variables. The weight ``w`` need not be declared: its unit follows from ``on_pre``
        of the join.
    before, on_pre
        What a spike of the source does, before and after the join's own ``on_pre`` passes it on.
    on_post
        What a spike of the target does.
    initial
        Where variables of ``model`` start, if not at 0.
    """

    model: str = ""
    before: str = ""
    on_pre: str = ""
    on_post: str = ""
    initial: Mapping[str, Any] = field(default_factory=dict)


class Rule(ABC):
    """A plasticity rule: a frozen dataclass whose fields are the numbers that its texts name.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> from neurosim import Network, Poisson
    >>> from neurosim.connectivity import AllToAll
    >>> from neurosim.families.plasticity import Rule, Texts
    >>> @dataclass(frozen=True, kw_only=True)
    ... class Hebbian(Rule):
    ...     gain: float = 0.01
    ...     tau: float = 20.0
    ...
    ...     def texts(self):
    ...         trace = "dpre/dt = -pre/tau : 1 (event-driven)"
    ...         return Texts(model=trace, on_pre="pre += 1", on_post="w += gain*pre")
    >>> net = Network({"a": Poisson(3, 10.0), "b": Poisson(1, 10.0)})
    >>> net.connect("a", "b", AllToAll(), plasticity=Hebbian(gain=0.1), w=0.5)
    'a_to_b'
    """

    @abstractmethod
    def texts(self) -> Texts:
        """What the rule adds to a join."""

    def values(self) -> dict[str, Any]:
        """The fields by name; a join takes those that the texts mention."""
        return {f.name: getattr(self, f.name) for f in fields(self)}  # type: ignore[arg-type]


def take_times(rule: Any, *names: str) -> None:
    """Each named field of a frozen ``rule`` is a time above zero, kept in ms; quantities are converted."""
    for name in names:
        given = getattr(rule, name)
        value = to_internal(given, TIME, f"{type(rule).__name__}.{name}")
        if not np.ndim(value) and given is not value:
            object.__setattr__(rule, name, float(value))
    check_positive(rule, *names)
