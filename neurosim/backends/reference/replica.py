"""One copy of a run: its own buffers, events and seed. A batch is a list of these."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ...program import Buffer, EdgeSpace, Program

DTYPES: dict[str, type] = {"float": np.float64, "int": np.int32, "int8": np.int8, "bool": np.bool_, "bit": np.bool_}
NO_EVENTS = np.empty(0, np.int64)


@dataclass(frozen=True, kw_only=True)
class Wiring:
    """The edges of one join, spelled out edge by edge.

    Parameters
    ----------
    first
        Edges of source s are ``first[s]`` to ``first[s + 1] - 1``, (sources + 1,).
    source, target, delay
        Of each edge in canonical order, (E,); delays in steps.
    delays
        The different delays, descending.
    """

    first: np.ndarray
    source: np.ndarray
    target: np.ndarray
    delay: np.ndarray
    delays: list[int]

    @classmethod
    def of(cls, space: EdgeSpace) -> "Wiring":
        """The wiring of an edge space."""
        edges = space.edges
        first = np.asarray(edges.first, np.int64)
        return cls(
            first=first,
            source=np.repeat(np.arange(edges.sources), np.diff(first)),
            target=np.asarray(edges.target, np.int64),
            delay=np.broadcast_to(np.asarray(edges.delay, np.int64), (space.size,)),
            delays=[int(d) for d in space.delays[::-1]] if space.size else [],
        )

    def leaving(self, sources: np.ndarray, delay: int) -> np.ndarray:
        """The edges of ``delay`` steps that leave ``sources``, in the order of sources, then of edges."""
        runs = [np.arange(self.first[s], self.first[s + 1]) for s in sources]
        edges = np.concatenate(runs) if runs else NO_EVENTS
        return edges[self.delay[edges] == delay]

    def entering(self, targets: np.ndarray) -> np.ndarray:
        """The edges that enter ``targets``: ascending by target, then source, then edge."""
        edges = np.flatnonzero(np.isin(self.target, targets))
        return edges[np.lexsort((edges, self.source[edges], self.target[edges]))]


class Replica:
    """Buffers and events of one copy of the run.

    Parameters
    ----------
    program, number
        What runs, and which copy this is; copy b draws with the seed ``program.seed + b`` (modulo 2**64).
    wiring
        The edges of the program by name; all copies share them.
    """

    def __init__(self, program: Program, number: int, wiring: dict[str, Wiring]):
        self.program, self.number, self.wiring = program, number, wiring
        self.seed = (program.seed + number) % 2**64
        self.buffers = {b.name: initial_values(program, b, number) for b in program.buffers.values()}
        self.events: dict[str, dict[int, np.ndarray]] = {name: {} for name in program.lists}

    def events_of(self, name: str, step: int) -> np.ndarray:
        """The indices in the event list ``name`` at ``step``, ascending; none where nothing is remembered."""
        return self.events[name].get(step, NO_EVENTS)

    def put(self, name: str, step: int, indices: np.ndarray) -> None:
        """Fill the entry of ``step`` and forget those that are ``history`` steps older."""
        entries = self.events[name]
        entries[step] = indices
        entries.pop(step - self.program.lists[name].history, None)

    def begin(self, step: int) -> None:
        """Give every event list an empty entry for a new step."""
        for name in self.events:
            self.put(name, step, NO_EVENTS)


def initial_values(program: Program, buffer: Buffer, number: int) -> np.ndarray:
    """The initial values of a buffer in copy ``number``: () or (size,)."""
    return np.array(rows(program, buffer, buffer.initial)[number])


def rows(program: Program, buffer: Buffer, values: Any) -> np.ndarray:
    """One row for each copy, from one value, (size,) or (replicas, size) values."""
    size = () if buffer.space is None else (program.size_of(buffer.space),)
    return np.broadcast_to(np.asarray(values).astype(DTYPES[buffer.dtype]), (program.replicas, *size))
