"""Who is connected to whom, as arrays."""

from dataclasses import dataclass, replace

import numpy as np


def smallest_unsigned(largest: int) -> np.dtype:
    """The narrowest unsigned type that holds ``largest``."""
    return np.dtype(np.min_scalar_type(max(int(largest), 0)))


@dataclass(frozen=True, kw_only=True, eq=False)
class Edges:
    """Edges in canonical order: by source, then delay, then target; ties as they were drawn.

    Parameters
    ----------
    sources, targets
        How many there are on either side.
    first
        (sources + 1,) int64: row of source s is ``first[s]:first[s + 1]``.
    target
        (E,) unsigned of the smallest width.
    delay
        Steps: (E,) unsigned of the smallest width, or an int when all are equal.
    order
        (E,) int64 when the user gave the edges in another order: edge e here was ``order[e]`` there.
    """

    sources: int
    targets: int
    first: np.ndarray
    target: np.ndarray
    delay: np.ndarray | int
    order: np.ndarray | None = None

    @property
    def count(self) -> int:
        """Number of edges, E."""
        return int(self.target.size)

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays."""
        arrays = (self.first, self.target, self.delay, self.order)
        return sum(array.nbytes for array in arrays if isinstance(array, np.ndarray))

    @property
    def source(self) -> np.ndarray:
        """(E,) unsigned: the source of each edge, made anew at each call."""
        rows = np.arange(self.sources, dtype=smallest_unsigned(self.sources - 1))
        return np.repeat(rows, np.diff(self.first))

    @property
    def largest_delay(self) -> int:
        """The longest delay, steps; 0 without edges."""
        if isinstance(self.delay, int):
            return self.delay if self.count else 0
        return int(self.delay.max(initial=0))

    def with_delays(self, steps: np.ndarray) -> "Edges":
        """The same edges with other delays, (E,) whole numbers of steps, brought into canonical order again."""
        order = np.lexsort((self.target, steps, self.source))
        uniform = bool(steps.size) and int(steps.min()) == int(steps.max())
        return replace(
            self,
            target=self.target[order],
            delay=int(steps[0]) if uniform else steps[order].astype(smallest_unsigned(int(steps.max(initial=0)))),
            order=None if self.order is None else self.order[order],
        )

    def placed(self, sources: int, targets: int, first_source: int, first_target: int) -> "Edges":
        """The same edges between ``sources`` and ``targets``, among which theirs begin at the given indices."""
        first = np.full(sources + 1, self.count, np.int64)
        first[:first_source] = 0
        first[first_source : first_source + self.first.size] = self.first
        target = self.target.astype(smallest_unsigned(targets - 1))
        target += target.dtype.type(first_target)
        return replace(self, sources=sources, targets=targets, first=first, target=target)

    def row(self, source: int) -> slice:
        """Where the edges of a source stand."""
        return slice(int(self.first[source]), int(self.first[source + 1]))

    def pairs(self) -> np.ndarray:
        """(E, 2) int64: source and target of each edge."""
        return np.stack([self.source, self.target], axis=1).astype(np.int64)

    def __repr__(self) -> str:
        delay = self.delay if isinstance(self.delay, int) else f"up to {self.largest_delay}"
        size = f"{self.count:,} edges, delay {delay}, {self.nbytes:,} bytes"
        return f"Edges({self.sources} -> {self.targets}: {size})"
