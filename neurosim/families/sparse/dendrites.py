"""Neurons with dendritic segments that detect sparse codes by coincidence."""

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from typing import Any

import numpy as np

from ...errors import DescriptionError, fields_by_name, take_count
from ...program import Scope
from ...units import DIMENSIONLESS, Dimension
from ..arrays import taken
from ..part import Part
from .layers import Layers, features_of


@fields_by_name
@dataclass(frozen=True, eq=False, repr=False)
class Dendrites(Part):
    r"""Cells whose segments give an NMDA spike when enough of their synapses are active at once.

    A segment fires when the overlap of its synapses with the active features reaches its threshold; a cell is
    depolarised, ``on``, when any of its segments fires. Synapses are bits, and the overlap is a count of shared bits.

    Parameters
    ----------
    inputs
        Name of the part whose features are seen, added before.
    synapses
        Features that each segment is joined to, (segments, s); -1 stands for none.
    threshold
        Synapses that must be active, one number for all.
    segments
        Segments of a cell; neighbouring rows of ``synapses`` belong to one.

    States
    ------
    overlap, fires : (segments,) active synapses of each segment, and whether they are enough
    on : (cells,) whether any segment fires

    References
    ----------
    Ahmad & Hawkins (2016). arXiv:1601.00720. doi:10.48550/arXiv.1601.00720
    """

    inputs: str
    _: KW_ONLY
    synapses: Any
    threshold: int
    segments: int = 1

    def __post_init__(self) -> None:
        take_count(self, "threshold", "segments")
        synapses = taken(self.synapses, "Dendrites.synapses")
        if synapses.ndim != 2 or not synapses.size or synapses.dtype.kind not in "iu":
            raise DescriptionError(
                f"Dendrites.synapses must be (segments, s) whole numbers, got shape {synapses.shape} of "
                f"{synapses.dtype}"
            )
        if len(synapses) % self.segments:
            raise DescriptionError(
                f"Dendrites.segments must divide the rows of synapses ({len(synapses)}), got {self.segments}"
            )
        if synapses.min() < -1:
            raise DescriptionError(f"Dendrites.synapses must be >= -1, got {synapses.min()}")
        if self.threshold > synapses.shape[1]:
            raise DescriptionError(
                f"Dendrites.threshold must be <= the {synapses.shape[1]} synapses of a segment, got {self.threshold}"
            )
        rows = np.sort(synapses, axis=1)
        twice = (np.diff(rows, axis=1) == 0) & (rows[:, 1:] >= 0)
        if twice.any():  # synapses are bits, so a second one would not count
            raise DescriptionError(
                f"Dendrites.synapses must not name a feature twice in one segment, got {rows[:, 1:][twice][0]} twice"
            )
        object.__setattr__(self, "synapses", synapses)

    @property
    def size(self) -> int:  # type: ignore[override]
        """Number of cells."""
        return len(self.synapses) // self.segments

    @property
    def dimensions(self) -> Mapping[str, Dimension]:
        """The variables that can be recorded."""
        return {"on": DIMENSIONLESS, "overlap": DIMENSIONLESS, "fires": DIMENSIONLESS}

    @property
    def spiking(self) -> bool:
        """A depolarised cell is an event."""
        return True

    def build(self, scope: Scope) -> None:
        """Overlaps by counting shared bits, and the greatest of each cell."""
        features, count = features_of(scope, self.inputs, "Dendrites.inputs")
        if self.synapses.max() >= count:
            raise DescriptionError(
                f"{scope.prefix}: Dendrites.synapses must be below the {count} features of {self.inputs!r}, "
                f"got {self.synapses.max()}"
            )
        rows = len(self.synapses)
        joined = np.zeros((rows, count), bool)
        place = self.synapses >= 0
        joined[np.nonzero(place)[0], self.synapses[place]] = True
        layers = Layers(scope, {"segment": rows, "": self.size})
        layers.states("segment", overlap=0.0, fires=0.0)
        layers.states("", on=0.0)
        layers.constants("segment", threshold=float(self.threshold))
        layers.product(features, "overlap", layers.bits("joined", rows, count, joined), transpose=True)
        layers.map("segment", "fires = 1 if overlap >= threshold else 0")
        layers.reduce("fires", "on", "max")
        layers.events("spikes", "on > 0")
