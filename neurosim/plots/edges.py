"""Who is connected to whom, seen from afar."""

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from ..errors import DescriptionError
from .canvas import axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

CELLS = 400
CHUNK = 1 << 22
"""Edges looked at at a time, so that what is made on the way stays small."""


class EdgeLike(Protocol):
    """Edges by source: those of source s go to ``target[first[s]:first[s + 1]]``."""

    @property
    def sources(self) -> int:
        """How many sources there are."""
        ...

    @property
    def targets(self) -> int:
        """How many targets there are."""
        ...

    @property
    def first(self) -> np.ndarray:
        """(sources + 1,) where each source's edges begin."""
        ...

    @property
    def target(self) -> np.ndarray:
        """(E,) the target of each edge."""
        ...


def connectivity(
    edges: EdgeLike, ax: "Axes | None" = None, *, cells: int = CELLS, cmap: Any = "cividis"
) -> "Axes":
    """Edges per pair of neurons as an image: sources downwards, targets across.

    Parameters
    ----------
    edges
        The edges of one join.
    ax
        Axes to draw into; new ones by default.
    cells
        The most cells along either side; a cell holds several neurons when there are more of them.
    cmap
        A colour map of matplotlib.
    """
    if cells < 1:
        raise DescriptionError(f"cells must be >= 1, got {cells!r}")
    ax = axes(ax)
    image = ax.imshow(
        density(edges, cells),
        extent=(-0.5, edges.targets - 0.5, edges.sources - 0.5, -0.5),
        aspect="auto",
        cmap=cmap,
        interpolation="nearest",
        vmin=0.0,
    )
    ax.figure.colorbar(image, ax=ax, label="edges per pair")
    ax.set(xlabel="target neuron", ylabel="source neuron")
    return ax


def density(edges: EdgeLike, cells: int = CELLS) -> np.ndarray:
    """Edges per pair of neurons in each cell, (rows, columns), neither above ``cells``."""
    rows, columns = min(cells, edges.sources), min(cells, edges.targets)
    row_of = np.arange(edges.sources) * rows // edges.sources
    column_of = np.arange(edges.targets) * columns // edges.targets
    counts = np.zeros(rows * columns, np.int64)
    first = np.asarray(edges.first, np.int64)
    begin = 0
    while begin < edges.sources:
        end = max(int(np.searchsorted(first, first[begin] + CHUNK, side="right")) - 1, begin + 1)
        end = min(end, edges.sources)
        cell_row = np.repeat(row_of[begin:end], np.diff(first[begin : end + 1]))
        cell_column = column_of[edges.target[first[begin] : first[end]]]
        counts += np.bincount(cell_row * columns + cell_column, minlength=counts.size)
        begin = end
    pairs = np.outer(np.bincount(row_of, minlength=rows), np.bincount(column_of, minlength=columns))
    return counts.reshape(rows, columns) / pairs
