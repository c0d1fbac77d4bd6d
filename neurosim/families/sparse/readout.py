"""Classes read from codes."""

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from typing import Any

import numpy as np

from ...errors import DescriptionError, check_positive, fields_by_name, take_count
from ...program import Compete, Scope, Table
from ...units import DIMENSIONLESS, TIME, Dimension, to_internal
from ..arrays import taken
from ..part import Part
from .layers import Layers, features_of, steps_of


@fields_by_name
@dataclass(frozen=True, eq=False, repr=False)
class ClassField(Part):
    """Class units with binary weights from a code: set while a label is shown, summed when none is.

    Parameters
    ----------
    inputs
        Name of the part whose code is read, added before.
    classes
        Number of classes, C.
    labels
        Class shown in each frame, (T,); -1 where none is. Behind the last frame none is shown.
    frame
        How long a frame is, ms; None for one step.

    States
    ------
    support : (C,) winners of the code whose weight to a class is set
    best : (C,) 1 for the class with most support, the lower number among equals
    """

    inputs: str
    _: KW_ONLY
    classes: int
    labels: Any
    frame: float | None = None

    def __post_init__(self) -> None:
        take_count(self, "classes")
        labels = taken(self.labels, "ClassField.labels")
        if labels.ndim != 1 or not labels.size or labels.dtype.kind not in "iu":
            raise DescriptionError(
                f"ClassField.labels must be (T,) whole numbers, got shape {labels.shape} of {labels.dtype}"
            )
        if labels.min() < -1 or labels.max() >= self.classes:
            wrong = labels[(labels < -1) | (labels >= self.classes)][0]
            raise DescriptionError(f"ClassField.labels must be in -1..{self.classes - 1}, got {wrong}")
        object.__setattr__(self, "labels", labels)
        if self.frame is not None:
            object.__setattr__(self, "frame", to_internal(self.frame, TIME, "ClassField.frame"))
            check_positive(self, "frame")

    @property
    def size(self) -> int:  # type: ignore[override]
        """Number of classes."""
        return self.classes

    @property
    def dimensions(self) -> Mapping[str, Dimension]:
        """The variables that can be recorded."""
        return {"support": DIMENSIONLESS, "best": DIMENSIONLESS}

    def build(self, scope: Scope) -> None:
        """A product with the weights, the greatest of its sums, and learning."""
        code, count = features_of(scope, self.inputs, "ClassField.inputs")
        layers = Layers(scope, {"": self.classes})
        layers.states("", support=0.0, best=0.0)
        layers.states("", "bool", label=False)
        shown = np.append(self.labels, -1)[:, None] == np.arange(self.classes)
        table = Table(name=scope.full("shown"), values=shown, every=steps_of(self.frame, scope, "ClassField.frame"))
        scope.builder.add_schedule(table, scope.full("label"), "arrive")
        weight = layers.bits("w", count, self.classes)
        layers.product(code, "support", weight)
        scope.builder.add(
            "integrate", Compete(source=scope.full("support"), target=scope.full("best"), group=self.classes)
        )
        layers.imprint(code, "label", weight, None, None)
