"""A memory for sequences, made of cells whose dendritic segments predict them."""

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from typing import Any

import numpy as np

from ...equations import Assign
from ...errors import (
    DescriptionError,
    check_not_negative,
    check_positive,
    check_probability,
    fields_by_name,
    take_count,
)
from ...kernels.philox import stream_number
from ...program import Compete, Ref, Scope, Table
from ...units import DIMENSIONLESS, Dimension
from ..arrays import taken
from ..part import Part
from .layers import Layers


@fields_by_name
@dataclass(frozen=True, eq=False, repr=False)
class SequenceMemory(Part):
    """Columns of cells that learn which element comes next, and in which context.

    An element makes a few columns active. In a column with predicted cells only those become active. In one without,
    all do (it bursts), and one cell learns to be predicted by the winners of the step before: the one whose best
    segment matched best, or else that with fewest segments. A segment fires, and predicts its cell for the next step,
    when ``threshold`` of its synapses with a permanence of at least ``connected`` are onto active cells.

    Parameters
    ----------
    elements
        Active columns of each element, (T, a).
    columns, cells
        Number of columns, and of cells in each; with one cell there is no context (first order).
    segments
        Segments that a cell has room for; a new one takes the place of the one that learnt longest ago.
    threshold, matching
        Synapses that must be active for a segment to fire, and to be taken for a match whatever their permanence.
    start, connected
        Permanence of new synapses, and from which on one counts.
    up, down, punish
        What synapses of learning segments gain when their cell was active, and lose when not; and what active ones lose
        when their segment has predicted wrongly.

    States
    ------
    active, won : (columns * cells,) whether a cell is active; whether it is a winner, which learns
    alive : (columns * cells,) 0 for cells that are dead; set it between runs to damage the memory
    forecasts, hits : (1,) columns that were predicted for this step, and those of them that came

    Notes
    -----
    A segment has as many synapses as an element has columns, one onto the winner of each, and grows none later; the
    published algorithm also adds some to segments that match in part.

    References
    ----------
    Hawkins & Ahmad (2016). Front Neural Circuits 10, 23. doi:10.3389/fncir.2016.00023
    """

    elements: Any
    _: KW_ONLY
    columns: int = 2048
    cells: int = 32
    segments: int = 2
    threshold: int = 15
    matching: int = 15
    start: float = 0.21
    connected: float = 0.5
    up: float = 0.1
    down: float = 0.1
    punish: float = 0.01

    def __post_init__(self) -> None:
        take_count(self, "columns", "cells", "segments", "threshold", "matching")
        check_positive(self, "start", "up")
        check_not_negative(self, "down", "punish")
        check_probability(self, "start", "connected")
        elements = taken(self.elements, "SequenceMemory.elements")
        if elements.ndim != 2 or not elements.size or elements.dtype.kind not in "iu":
            raise DescriptionError(
                f"SequenceMemory.elements must be (T, a) whole numbers, got shape {elements.shape} of {elements.dtype}"
            )
        outside = (elements < 0) | (elements >= self.columns)
        if outside.any():
            raise DescriptionError(
                f"SequenceMemory.elements must be in 0..{self.columns - 1}, got {elements[outside][0]}"
            )
        if (np.diff(np.sort(elements, axis=1), axis=1) == 0).any():
            raise DescriptionError("SequenceMemory.elements must not name a column twice in one element")
        if max(self.threshold, self.matching) > elements.shape[1]:
            raise DescriptionError(
                f"SequenceMemory.threshold and .matching must be <= the {elements.shape[1]} columns of an element, "
                f"got {self.threshold} and {self.matching}"
            )
        object.__setattr__(self, "elements", elements)

    @property
    def size(self) -> int:  # type: ignore[override]
        """Number of cells."""
        return self.columns * self.cells

    @property
    def dimensions(self) -> Mapping[str, Dimension]:
        """The variables that can be recorded."""
        return dict.fromkeys(("active", "won", "alive", "forecasts", "hits"), DIMENSIONLESS)

    @property
    def spiking(self) -> bool:
        """An active cell is an event."""
        return True

    def build(self, scope: Scope) -> None:
        """One step: who was predicted, who becomes active, who learns, and what is predicted next."""
        held = self.size * self.segments
        active = self.elements.shape[1]
        sizes = {"column": self.columns, "": self.size, "segment": held, "synapse": held * active, "slot": active}
        layers = Layers(scope, {**sizes, "whole": 1})
        _declare(self, layers)
        _forecast(layers)
        _candidates(self, layers)
        _activate(layers)
        _learn(layers)
        _predict(layers)


def _declare(part: SequenceMemory, layers: Layers) -> None:
    layers.states("column", hit=0.0, burst=0.0, forecast=0.0, top=0.0, best_index=-1.0)
    layers.states("column", "bool", x=False)
    layers.states("column", "int", winner=-1)
    layers.states("", alive=1.0, predicted=0.0, used=0.0, rank=0.0, fewest=0.0, match=0.0, taught=0.0, index=-1.0)
    layers.states("", "bool", active=False, won=False)
    layers.states("segment", fires=0.0, score=0.0, in_use=0.0, last=0.0, vacancy=0.0, best=0.0, free=0.0, learns=0.0,
                  grows=0.0, changes=0.0, punished=0.0, overlap=0.0, potential=0.0)  # fmt: skip
    layers.states("synapse", strength=0.0)
    layers.states("synapse", "int", pre=-1, slot=np.tile(np.arange(part.elements.shape[1]), part.size * part.segments))
    layers.states("synapse", "bool", on=False, strong=False)
    layers.states("slot", has=0.0)
    layers.states("slot", "int", who=0, source=-1)
    layers.states("whole", hits=0.0, forecasts=0.0, sources=0.0)
    numbers = ("start", "connected", "up", "down", "punish", "threshold", "matching")
    layers.constants("", **{name: float(getattr(part, name)) for name in numbers})
    shown = np.zeros((len(part.elements) + 1, part.columns), bool)
    shown[np.arange(len(part.elements))[:, None], part.elements] = True
    full, builder = layers.scope.full, layers.builder
    builder.add_schedule(Table(name=full("shown"), values=shown), full("x"), "arrive")
    builder.add_schedule(Table(name=full("columns_of"), values=part.elements.astype(float)), full("who"), "arrive")


def _forecast(layers: Layers) -> None:
    """What the last step has predicted, and how well."""
    layers.reduce("fires", "predicted", "max")
    layers.reduce("predicted", "forecast", "max")
    layers.map("column", "hit = forecast if x else 0\nburst = 1 if x and forecast < 1 else 0")
    layers.reduce("hit", "hits", "sum")
    layers.reduce("forecast", "forecasts", "sum")


def _candidates(part: SequenceMemory, layers: Layers) -> None:
    """In each column the segment that matched best, and the cell with fewest segments, with its vacant one."""
    full = layers.scope.full
    layers.reduce("score", "match", "max")
    layers.reduce("match", "top", "max")
    layers.reduce("in_use", "used", "sum")
    layers.scope.map([Assign("rank", "=", "alive * (1000 - used + 0.5 * rand())")])
    layers.map("segment", "vacancy = t - last if in_use > 0 else 1e9")
    for source, target, group in (("rank", "fewest", part.cells), ("score", "best", part.cells * part.segments),
                                  ("vacancy", "free", part.segments)):  # fmt: skip
        layers.builder.add("integrate", Compete(source=full(source), target=full(target), group=group,
                                                stream=stream_number(full(target))))  # fmt: skip


def _activate(layers: Layers) -> None:
    """Who learns, who is active and who has won."""
    layers.map(
        "segment",
        """
        learns = 1 if alive > 0 and ((fires > 0 and x) or (burst > 0 and best > 0 and score > 0)) else 0
        grows = 1 if burst > 0 and top <= 0 and fewest > 0 and alive > 0 and free > 0 and sources > 0 else 0
        punished = 1 if score > 0 and not x else 0
        in_use = 1 if grows > 0 else in_use
        changes = max(learns, grows)
        last = t if changes > 0 else last
    """,
    )
    layers.reduce("changes", "taught", "max")
    layers.map(
        "",
        """
        active = x and alive > 0 and (predicted > 0 or burst > 0)
        won = active and (predicted > 0 or taught > 0 or (top <= 0 and fewest > 0))
        index = i if won else -1
    """,
    )
    layers.events("spikes", "active")


def _learn(layers: Layers) -> None:
    """Synapses follow what was active in the last step; new segments take up its winners."""
    full = layers.scope.full
    layers.map(
        "synapse",
        """
        _change = learns * (up if on else -down) - (punished * punish if on else 0)
        strength = start if grows > 0 else clip(strength + _change, 0, 1)
        pre = source if grows > 0 else (pre if strength > 0 else -1)
    """,
        extra={"source": Ref(full("source"), "at", full("slot"))},
    )
    layers.reduce("index", "best_index", "max")
    layers.map("column", "winner = best_index")
    layers.map(
        "slot",
        "source = winner\nhas = 1 if source >= 0 else 0",
        extra={"winner": Ref(full("winner"), "at", full("who"))},
    )
    layers.reduce("has", "sources", "max")


def _predict(layers: Layers) -> None:
    """Overlap of each segment with the cells that are active now."""
    full = layers.scope.full
    layers.map(
        "synapse",
        "on = active\nstrong = on and strength >= connected",
        extra={"active": Ref(full("active"), "at", full("pre"))},
    )
    layers.reduce("on", "potential", "sum")
    layers.reduce("strong", "overlap", "sum")
    layers.map(
        "segment",
        """
        fires = 1 if in_use > 0 and overlap >= threshold else 0
        score = potential if in_use > 0 and potential >= matching else 0
    """,
    )
