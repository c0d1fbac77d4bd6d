"""What a backend promises when it runs a scan."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..errors import BackendError
from .scan import Scan, added_by, made_by, read_by

Arrays = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Ran:
    """What a run over T steps gave.

    Parameters
    ----------
    sequences
        (T, B, N) for each output and each value that was asked to be kept, the starts of carries included.
    ends
        For each of the scan's ``pasts`` by its start: (lag, B, N), what a run that goes on begins with; in the order
        of running.
    totals
        Sums over steps and copies.
    events
        Binary values that the backend has noted as events, in a form of its own; another scan of the same backend
        takes them in the place of an input.
    """

    sequences: dict[str, np.ndarray] = field(default_factory=dict)
    ends: dict[str, np.ndarray] = field(default_factory=dict)
    totals: dict[str, np.ndarray] = field(default_factory=dict)
    events: dict[str, Any] = field(default_factory=dict)


class Storage(ABC):
    """Where a runner keeps its arrays, and what is done with them between runs."""

    @abstractmethod
    def is_own(self, values: Any) -> bool:
        """Whether values lie there already."""

    @abstractmethod
    def taken(self, name: str, values: Any) -> Any:
        """What is given under a name as an array that lies there; without a copy where it does already."""

    @abstractmethod
    def returned(self, array: Any) -> np.ndarray:
        """An array for the caller, as one of NumPy."""

    @abstractmethod
    def zeros(self, shape: Sequence[int], dtype: Any = None) -> Any:
        """An array of zeros."""

    @abstractmethod
    def joined(self, pieces: Sequence[Any]) -> Any:
        """Pieces of a sequence, one after another."""

    @abstractmethod
    def turned(self, rows: Any) -> Any:
        """Rows from last to first."""

    @abstractmethod
    def add(self, values: Any, into: Any) -> None:
        """Add to an array in place."""


class InMemory(Storage):
    """NumPy's arrays."""

    def is_own(self, values: Any) -> bool:
        return isinstance(values, np.ndarray)

    def taken(self, name: str, values: Any) -> np.ndarray:
        return np.asarray(values)

    def returned(self, array: Any) -> np.ndarray:
        return np.asarray(array)

    def zeros(self, shape: Sequence[int], dtype: Any = None) -> np.ndarray:
        return np.zeros(shape, dtype)

    def joined(self, pieces: Sequence[Any]) -> np.ndarray:
        return np.concatenate(pieces)

    def turned(self, rows: Any) -> np.ndarray:
        return np.asarray(rows)[::-1]

    def add(self, values: Any, into: Any) -> None:
        np.add(into, values, out=into)


class NotBinary(BackendError):
    """A value that was to run as events holds something other than 0 and 1.

    Parameters
    ----------
    name
        The value.
    """

    def __init__(self, name: str):
        super().__init__(f"{name} must be 0 or 1 everywhere to run as events, got another number")
        self.name = name


class ScanRunner(ABC):
    """A scan made ready. ``storage`` tells where the arrays lie that it gives back."""

    storage: Storage = InMemory()

    @abstractmethod
    def run(self, inputs: Arrays, parameters: Arrays, starts: Arrays, steps: int, copies: int,
            events: Mapping[str, Any] | None = None) -> Ran:
        """Run all steps.

        Parameters
        ----------
        inputs
            For each input (T, B, N), or (1, B, N) when it is the same in all steps.
        parameters
            For each parameter a number or (N,), for each matrix (M, N).
        starts
            For each of the scan's ``pasts`` by its start (lag, B, N), in the order of running; zeros where missing.
        steps, copies
            T and B.
        events
            For inputs that come as events in the place of numbers: what another run of this backend has noted.
        """


def check_scan(scan: Scan) -> None:
    """Refuse a scan whose operations name what is not there, or is not made yet."""
    known = set(scan.of_kind("input", "parameter", "matrix", "carry"))
    for op in scan.work:
        for name in read_by(op):
            if name not in known:
                raise BackendError(f"{type(op).__name__} reads {name!r}, which nothing has made before it")
        for name in (*made_by(op), *added_by(op)):
            if name not in scan.values:
                raise BackendError(f"{type(op).__name__} makes {name!r}, which is not declared")
        known |= set(made_by(op))
    for carry in scan.carries:
        if carry.final not in known or carry.lag < 1:
            raise BackendError(f"the carry of {carry.start!r} from {carry.final!r} with lag {carry.lag} cannot be")


def ends_of(start: np.ndarray, made: np.ndarray) -> np.ndarray:
    """The last rows of what a carry began with and what was made since, as many as it began with."""
    lag = len(start)
    if len(made) >= lag:
        return made[len(made) - lag :].copy()
    return np.concatenate([start, made])[-lag:]
