"""What is to be recorded under one name."""

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from ..errors import RecordingError, check_choice, check_count


@dataclass(frozen=True, kw_only=True)
class Channel:
    """One recorded thing: the events of a population, or samples of a variable.

    Parameters
    ----------
    key
        Name in the recording, such as ``exc.spikes``.
    kind
        ``events`` or ``samples``.
    size
        Neurons in the population, N.
    indices
        (n,) ascending neurons recorded; None for all N.
    every
        Steps from one sample to the next.
    unit
        Display unit; empty for a bare number.
    factor
        The display unit's value of one internal unit: 1000 for a rate, 1/ms inside and Hz outside.
    replicas
        Number of replicas, B; None for a single network.
    label
        What to call it in a legend.
    """

    key: str
    kind: Literal["events", "samples"]
    size: int
    indices: np.ndarray | None = field(default=None, compare=False)
    every: int = 1
    unit: str = ""
    factor: float = 1.0
    replicas: int | None = None
    label: str = ""

    def __post_init__(self) -> None:
        check_choice(self, "kind", ("events", "samples"))
        check_count(self, "size", "every", *(["replicas"] if self.replicas is not None else []))
        if self.indices is None:
            return
        indices = np.array(self.indices, np.int64, ndmin=1)
        if indices.size and (
            indices.min() < 0 or indices.max() >= self.size or np.any(np.diff(indices) <= 0)
        ):
            raise RecordingError(f"indices of channel {self.key!r} must ascend within 0 to {self.size - 1}")
        object.__setattr__(self, "indices", indices)

    @property
    def recorded(self) -> np.ndarray:
        """(n,) the neurons recorded."""
        return np.arange(self.size) if self.indices is None else self.indices

    @property
    def count(self) -> int:
        """Number of neurons recorded, n."""
        return self.size if self.indices is None else len(self.indices)

    @property
    def columns(self) -> tuple[str, ...]:
        """The arrays that its data are kept in."""
        if self.kind == "samples":
            return ("steps", "values")
        return ("steps", "indices") if self.replicas is None else ("steps", "indices", "replicas")

    def to_dict(self) -> dict[str, Any]:
        """Plain values; the indices are left out when they are all N."""
        plain: dict[str, Any] = {
            name: getattr(self, name) for name in ("key", "kind", "every", "unit", "label")
        }
        plain |= {"size": int(self.size), "factor": float(self.factor), "replicas": self.replicas}
        return plain if self.indices is None else plain | {"indices": self.indices.tolist()}
