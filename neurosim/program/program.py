"""A program: everything that makes one time step, in order."""

from collections.abc import Mapping
from dataclasses import dataclass

from ..errors import NetworkError, listing, nearest
from .buffers import Buffer, EdgeSpace, EventList, Schedule, Space
from .operations import Operation


@dataclass(frozen=True, kw_only=True)
class Program:
    """Index spaces, buffers and the ordered operations of one time step.

    Parameters
    ----------
    dt
        Time step, ms.
    seed
        Seed of every draw of the run.
    replicas
        Number of independent copies, B; shared structure, own state.
    spaces, edges, buffers, lists, schedules
        What the operations name, by name.
    operations
        One step, first to last.
    """

    dt: float
    seed: int
    replicas: int
    spaces: Mapping[str, Space]
    edges: Mapping[str, EdgeSpace]
    buffers: Mapping[str, Buffer]
    lists: Mapping[str, EventList]
    schedules: Mapping[str, Schedule]
    operations: tuple[Operation, ...]

    def buffer(self, name: str) -> Buffer:
        """The buffer called ``name``; an unknown name offers the nearest."""
        if name not in self.buffers:
            raise NetworkError(
                f"no variable {name!r}{nearest(name, self.known)}; there are: {listing(self.known)}"
            )
        return self.buffers[name]

    @property
    def known(self) -> list[str]:
        """The names of variables and event lists that errors offer, without those of solvers and the like."""
        return [*self.lists, *(b.name for b in self.buffers.values() if not b.inner)]

    def size_of(self, space: str) -> int:
        """Number of indices of a space, of neurons or of edges."""
        return self.spaces[space].size if space in self.spaces else self.edges[space].size

    def describe(self) -> str:
        """The program as readable text, one operation a line."""
        spaces = [f"space {s.name}[{s.size}]" for s in self.spaces.values()]
        edges = [f"edges {e.name}: {e.source} -> {e.target} [{e.size}]" for e in self.edges.values()]
        return "\n".join([*spaces, *edges, *(_line(op) for op in self.operations)])


def _line(op: Operation) -> str:
    """One operation as one line of text, its body in braces."""
    fields = dict(vars(op))
    body = fields.pop("body", ())
    fields.pop("names", None)
    text = "; ".join(f"{a.target} {a.op} {a.value}" for a in body)
    shown = ", ".join(f"{k}={v}" for k, v in fields.items() if v not in (None, (), 0, False))
    return f"{type(op).__name__}({shown})" + (f" {{ {text} }}" if text else "")
