"""What the names of a text stand for while it is evaluated."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from ...program import Ref
from .replica import Replica


class Environment(Mapping[str, Any]):
    """Names of a body, their values at the indices that it updates.

    A buffer is read at the moment of asking, so an assignment sees those before it. Integers are read as
    float64, so that nothing overflows or divides as integers do; truth values stay what they are.

    Parameters
    ----------
    names
        What each name stands for.
    positions
        For each side, the indices at which buffers of that side are read; all (n,).
    size
        Size of the own space, ``N``; None along edges, where ``i`` and ``N`` have no meaning.
    before
        Buffers of which the source side is read as they were before the operation.
    """

    def __init__(self, replica: Replica, step: int, names: Mapping[str, Ref],
                 positions: Mapping[str, np.ndarray], size: int | None = None,
                 before: Mapping[str, np.ndarray] | None = None):
        self.replica, self.names, self.positions = replica, names, positions
        self.before, self.size = before or {}, size or 0
        dt = replica.program.dt
        self.locals: dict[str, Any] = {"t": step * dt, "dt": dt}
        if size is not None:
            self.locals |= {"i": positions["own"].astype(float), "N": float(size)}

    def __getitem__(self, name: str) -> Any:
        if name in self.locals:
            return self.locals[name]
        ref = self.names[name]
        values = self.replica.buffers[ref.buffer]
        if ref.side == "source":
            values = self.before.get(ref.buffer, values)
        found = values if values.ndim == 0 else self._found(ref, values)
        return found.astype(float)[()] if found.dtype.kind == "i" else found[()]

    def _found(self, ref: Ref, values: np.ndarray) -> np.ndarray:
        if ref.side == "segment":
            return values[self.positions["own"] // (self.size // values.size)]
        if ref.side != "at":
            return values[self.positions[ref.side]]
        index = self.replica.buffers[ref.index or ""][self.positions["own"]]
        there = (index >= 0) & (index < values.size)
        return np.where(there, values[np.where(there, index, 0)], values.dtype.type(0))

    def __iter__(self) -> Iterator[str]:
        return iter([*self.locals, *self.names])

    def __len__(self) -> int:
        return len(self.locals) + len(self.names)
