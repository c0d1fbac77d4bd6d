"""Poisson populations that fire together, and spike trains of other packages."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..connectivity import AllToAll, draw
from ..equations import Assign
from ..errors import DescriptionError, check_not_negative, check_probability, fields_by_name, take_count
from ..program import Diffuse, EdgeSpace, Ref, Scope
from ..units import FREQUENCY, Dimension, to_internal
from .inputs import SpikeGenerator
from .part import Part


@fields_by_name
@dataclass(frozen=True, eq=False, repr=False)
class CorrelatedPoisson(Part):
    r"""Poisson processes that copy one hidden process, the mother, each spike with the chance ``correlation``.

    The mother fires at ``rate / correlation``. Each neuron is a Poisson process of ``rate`` by itself; the spike
    counts of any two have the correlation c in windows of any length, to the first order in ``dt``:
    :math:`c (1 - p) / (1 - p c)` with the mother's chance p of a spike in a step.

    Parameters
    ----------
    size
        Number of neurons, N.
    rate
        Rate of each, Hz.
    correlation
        Of the counts of any two neurons, in (0, 1]; for none there is ``Poisson``.

    References
    ----------
    Kuhn, Aertsen and Rotter (2003). Neural Comput 15, 67-101. doi:10.1162/089976603321043702 (multiple interaction
    process)
    """

    size: int
    rate: Any
    correlation: float

    def __post_init__(self) -> None:
        take_count(self, "size")
        object.__setattr__(self, "rate", to_internal(self.rate, FREQUENCY, "CorrelatedPoisson.rate") * 1000.0)
        check_not_negative(self, "rate")
        check_probability(self, "correlation")
        if self.correlation == 0:
            raise DescriptionError("CorrelatedPoisson.correlation must be > 0, got 0; use Poisson")

    @property
    def dimensions(self) -> Mapping[str, Dimension]:
        """It has no variables that a join may name."""
        return {}

    @property
    def spiking(self) -> bool:
        """It has spikes."""
        return True

    def build(self, scope: Scope) -> None:
        """The mother's draw, carried to all (``Diffuse``), and one draw per neuron and step."""
        chance = self.rate / 1000.0 / self.correlation * scope.dt
        if chance > 1.0:
            raise DescriptionError(
                f"{scope.prefix}: the hidden process fires at CorrelatedPoisson.rate / correlation = "
                f"{self.rate / self.correlation:g} Hz, more than one spike per step of {scope.dt:g} ms"
            )
        builder, mother = scope.builder, Scope(scope.builder, scope.full("mother"))
        scope.space(self.size)
        scope.state("asked")
        scope.value("correlation", self.correlation)
        mother.space(1)
        mother.state("fired")
        mother.value("chance", chance)
        mother.map([Assign("fired", "=", "1.0 if rand() < chance else 0.0")])
        edges = draw(AllToAll(), sources=1, targets=self.size, seed=builder.seed, stream=0, same=False)
        builder.add_edges(EdgeSpace(scope.full("copies"), mother.prefix, scope.prefix, edges))
        names = {"fired": Ref(mother.full("fired"), "source")}
        carried = Diffuse(edges=scope.full("copies"), target=scope.full("asked"), value="fired", names=names)
        builder.add("integrate", carried)
        scope.events("spikes", "asked > 0 and rand() < correlation")


def spikes_from_neo(trains: Any) -> SpikeGenerator:
    """Spike trains of Neo as an input, one neuron each; times count from 0 of the trains' own clock.

    Parameters
    ----------
    trains
        A list of ``neo.SpikeTrain``, or a segment or block of Neo, whose trains are taken in order.
    """
    found = list(_trains(trains))
    if not found:
        raise DescriptionError("spikes_from_neo: there are no spike trains")
    times = []
    for number, train in enumerate(found):
        if not hasattr(train, "rescale"):
            raise DescriptionError(f"spikes_from_neo: train {number} must be a neo.SpikeTrain, got {train!r:.60}")
        times.append(np.asarray(train.rescale("ms").magnitude, dtype=float))
    indices = np.repeat(np.arange(len(found)), [len(one) for one in times])
    return SpikeGenerator(len(found), indices, np.concatenate(times))


def _trains(given: Any) -> Iterable[Any]:
    if hasattr(given, "segments"):
        return (train for segment in given.segments for train in segment.spiketrains)
    return given.spiketrains if hasattr(given, "spiketrains") else given
