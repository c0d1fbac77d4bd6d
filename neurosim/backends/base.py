"""What a backend promises."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from ..program import Probe, Program


@dataclass(frozen=True, kw_only=True)
class Options:
    """How a program is to be run.

    Parameters
    ----------
    dtype
        ``float32`` or ``float64``.
    threads
        Number of threads; 0 lets the backend choose by the work per step.
    """

    dtype: str = "float32"
    threads: int = 0


class Sink(Protocol):
    """Where a runner hands over what its probes caught."""

    def events(self, key: str, steps: np.ndarray, indices: np.ndarray, replicas: np.ndarray | None = None) -> None:
        """Events in the order of (step, index): (n,) int64 steps, (n,) int32 indices."""
        ...

    def samples(self, key: str, steps: np.ndarray, values: np.ndarray) -> None:
        """(T,) steps and (T, n) values, or (T, B, n) with replicas; internal units."""
        ...


class Runner(ABC):
    """A program made ready: holds the state and moves it on. ``step`` counts the steps done.

    In step k the operations run in their order with ``t`` = k dt. An event list remembers the last ``history`` steps.
    Replica b draws with the seed ``program.seed + b``. A buffer that an operation adds to along edges is read on the
    source side as it was before the operation. A variable of type ``int`` is cut to a whole number at each
    assignment.
    """

    step: int = 0

    @abstractmethod
    def advance(self, stop: int, sink: Sink) -> None:
        """Run until ``stop`` steps are done, or return earlier at a step of the backend's choice.

        It returns often enough (a fraction of a second) for progress and Ctrl-C. What probes caught until
        ``step`` has been handed to ``sink`` when it returns.
        """

    @abstractmethod
    def read(self, name: str) -> np.ndarray:
        """A copy of a buffer: () for a number, (N,) or, with replicas, (B, N); internal units."""

    @abstractmethod
    def write(self, name: str, values: Any) -> None:
        """Set a buffer from a number, (N,) or (B, N) values; internal units."""

    @abstractmethod
    def state(self) -> dict[str, np.ndarray]:
        """Everything that a later run depends on, in an order that no backend option changes.

        Keys: the name of each state and of each parameter that was written, and for each event list
        ``list#steps``, ``list#indices`` and ``list#replicas``: the events of the last ``history`` steps, by
        (step, replica, index).
        """

    @abstractmethod
    def restore(self, step: int, state: Mapping[str, np.ndarray]) -> None:
        """Take up a state that ``state`` gave after ``step`` steps."""

    def info(self) -> dict[str, Any]:
        """What a user may want to know: backend, dtype, threads, compile time (s), cache hit."""
        return {}


class Backend(ABC):
    """A way to run programs."""

    name: str
    draws_edges: bool = False
    """Whether it draws many edges itself, so that the host need not hold them."""

    @abstractmethod
    def prepare(self, program: Program, probes: Sequence[Probe], options: Options) -> Runner:
        """Render, compile and allocate; nothing has run yet when it returns."""
