"""Binary values kept as events: for each row of a copy and step the indices that are 1."""

from dataclasses import dataclass, replace

import numpy as np

from .lending import lend


@dataclass(frozen=True)
class EventRows:
    """Events of one value.

    Parameters
    ----------
    index
        (P, most) indices, one after another, by the thread that owns the copy.
    start, stop
        (rows B,) where the events of a row begin and end in its thread's indices; rows are steps, behind ``past`` rows
        that the run begins with.
    filled
        (P,) how many there are.
    past, size
        Rows before the first step, and the length of a row.
    """

    index: np.ndarray
    start: np.ndarray
    stop: np.ndarray
    filled: np.ndarray
    past: int
    size: int

    @classmethod
    def empty(cls, lanes: int, steps: int, copies: int, past: int, size: int) -> "EventRows":
        """Room for as many as there can be; memory that is never written to costs nothing."""
        rows = steps + past
        most = rows * -(-copies // lanes) * size
        kind = np.uint16 if size <= 1 << 16 else np.uint32
        start, stop = (lend((rows * copies,), np.int64) for _ in range(2))
        return cls(lend((lanes, most), kind), start, stop, np.zeros(lanes, np.int64), past, size)

    def seen(self, lag: int, copies: int) -> "EventRows":
        """The same events as ``lag`` steps later: row t is what was row t - ``lag``."""
        first = (self.past - lag) * copies
        return replace(self, start=self.start[first:], stop=self.stop[first:], past=0)

    def dense(self, first: int, last: int, copies: int, dtype: np.dtype) -> np.ndarray:
        """Rows ``first`` to ``last`` (counted with the past) as numbers, (rows, B, N)."""
        lanes = len(self.filled)
        out = np.zeros((last - first, copies, self.size), dtype)
        for q in range(lanes):
            for b in range(copies * q // lanes, copies * (q + 1) // lanes):
                for t in range(first, last):
                    row = t * copies + b
                    out[t - first, b, self.index[q, self.start[row] : self.stop[row]]] = 1
        return out

    @property
    def count(self) -> int:
        """How many events there are."""
        return int(self.filled.sum())
