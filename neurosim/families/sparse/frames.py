"""What memories are shown: sets of active features, one after another."""

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from typing import Any

import numpy as np

from ...equations import Assign
from ...errors import DescriptionError, check_positive, fields_by_name, take_count
from ...program import EventSchedule, Scope, Table
from ...units import DIMENSIONLESS, TIME, Dimension, to_internal
from ..arrays import taken
from ..part import Part
from .layers import Layers, steps_of


@fields_by_name
@dataclass(frozen=True, eq=False, repr=False)
class Frames(Part):
    """Frames known beforehand, shown one after another; behind the last one nothing is shown.

    Parameters
    ----------
    values
        Whether a feature is active, (T, N).
    frame
        How long a frame is shown, ms; None for one step.

    States
    ------
    x : (N,) whether a feature is active
    """

    values: Any
    _: KW_ONLY
    frame: float | None = None

    def __post_init__(self) -> None:
        values = taken(self.values, "Frames.values")
        if values.ndim != 2 or not values.size:
            raise DescriptionError(f"Frames.values must be (T, N) with T and N >= 1, got shape {values.shape}")
        if values.dtype != bool:
            if not np.isin(values, (0, 1)).all():
                raise DescriptionError(f"Frames.values must be 0 or 1, got {values[~np.isin(values, (0, 1))][0]}")
            values = values.astype(bool)
        object.__setattr__(self, "values", values)
        _take_frame(self)

    @property
    def size(self) -> int:  # type: ignore[override]
        """Number of features, N."""
        return int(self.values.shape[1])

    @property
    def dimensions(self) -> Mapping[str, Dimension]:
        """The variable that can be recorded."""
        return {"x": DIMENSIONLESS}

    def build(self, scope: Scope) -> None:
        """An index space and the table of frames."""
        scope.space(self.size)
        scope.state("x", False, dtype="bool")
        every = steps_of(self.frame, scope, "Frames.frame")
        shown = np.concatenate([self.values, np.zeros((1, self.size), bool)])
        scope.builder.add_schedule(
            Table(name=scope.full("table"), values=shown, every=every), scope.full("x"), "arrive"
        )


@fields_by_name
@dataclass(frozen=True, eq=False, repr=False)
class SparseFrames(Part):
    """As ``Frames``, for long lists of wide and sparse ones: each is given by the features that are active.

    Parameters
    ----------
    size
        Number of features, N.
    active
        Active features of each frame, (T, S); -1 stands for none.
    frame
        How long a frame is shown, ms; None for one step.

    States
    ------
    x : (N,) whether a feature is active
    """

    size: int
    active: Any
    _: KW_ONLY
    frame: float | None = None

    def __post_init__(self) -> None:
        take_count(self, "size")
        active = taken(self.active, "SparseFrames.active")
        if active.ndim != 2 or not active.size or active.dtype.kind not in "iu":
            raise DescriptionError(
                f"SparseFrames.active must be (T, S) whole numbers, got shape {active.shape} of {active.dtype}"
            )
        outside = (active < -1) | (active >= self.size)
        if outside.any():
            raise DescriptionError(f"SparseFrames.active must be in -1..{self.size - 1}, got {active[outside][0]}")
        object.__setattr__(self, "active", active)
        _take_frame(self)

    @property
    def dimensions(self) -> Mapping[str, Dimension]:
        """The variable that can be recorded."""
        return {"x": DIMENSIONLESS}

    def build(self, scope: Scope) -> None:
        """Clear the last frame when the next begins, and set what is active in it."""
        layers = Layers(scope, {"": self.size})
        layers.states("", "bool", x=False)
        every = steps_of(self.frame, scope, "SparseFrames.frame")
        rows = np.sort(self.active, axis=1)
        fresh = np.concatenate([np.ones((len(rows), 1), bool), np.diff(rows, axis=1) != 0], axis=1) & (rows >= 0)
        steps = np.repeat(np.arange(len(rows)) * every, fresh.sum(axis=1))
        scope.builder.add_list(scope.full("shown"), scope.prefix)
        schedule = EventSchedule(name=scope.full("schedule"), steps=steps, indices=rows[fresh].astype(np.int32))
        layers.constants("", every=float(every))
        layers.map("", "x = x and floor(t / dt + 0.5) % every != 0" if every > 1 else "x = 1 < 0", "arrive")
        scope.builder.add_schedule(schedule, scope.full("shown"), "arrive")
        scope.map([Assign("x", "=", "1 > 0")], phase="arrive", at=scope.full("shown"))


@fields_by_name
@dataclass(frozen=True, eq=False, repr=False)
class SpikeFrames(Part):
    """Features that are active in the last step of a frame when enough spikes came during it.

    Joins from any spiking part add to ``count``: ``net.connect("cells", "seen", OneToOne(), on_pre="count += 1")``.

    Parameters
    ----------
    size
        Number of features, N.
    frame
        How long spikes are counted, ms; the first frame begins at 0.
    fewest
        Count from which on a feature is active.

    States
    ------
    count : (N,) what has come in the present frame
    x : (N,) whether a feature is active
    """

    size: int
    _: KW_ONLY
    frame: float = 10.0
    fewest: float = 1.0

    def __post_init__(self) -> None:
        take_count(self, "size")
        _take_frame(self)
        check_positive(self, "frame", "fewest")

    @property
    def dimensions(self) -> Mapping[str, Dimension]:
        """The variables that can be recorded and changed."""
        return {"count": DIMENSIONLESS, "x": DIMENSIONLESS}

    @property
    def targets(self) -> frozenset[str]:
        """What joins and drives add to."""
        return frozenset({"count"})

    def build(self, scope: Scope) -> None:
        """Count, and show what was counted when a frame ends."""
        layers = Layers(scope, {"": self.size})
        layers.states("", count=0.0)
        layers.states("", "bool", x=False)
        layers.constants("", every=float(steps_of(self.frame, scope, "SpikeFrames.frame")), fewest=self.fewest)
        layers.map(
            "",
            f"""
            _last = {LAST_STEP}
            x = _last and count >= fewest
            count = 0 if _last else count
        """,
        )


LAST_STEP = "floor(t / dt + 0.5) % every == every - 1"
"""Whether a frame of ``every`` steps ends with this step."""


def _take_frame(part: Any) -> None:
    if part.frame is None:
        return
    where = f"{type(part).__name__}.frame"
    object.__setattr__(part, "frame", to_internal(part.frame, TIME, where))
    check_positive(part, "frame")
