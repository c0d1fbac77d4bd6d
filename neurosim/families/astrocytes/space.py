"""Where astrocytes are and who is whose neighbour."""

import numpy as np

from ...connectivity import FromArrays
from ...errors import DescriptionError


def grid(rows: int, columns: int, spacing: float) -> np.ndarray:
    """Positions on a grid around the origin, (rows * columns, 2), µm; row after row.

    Parameters
    ----------
    rows, columns
        Whole numbers of at least 1.
    spacing
        Distance of neighbours, µm.
    """
    for name, value in (("rows", rows), ("columns", columns)):
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
            raise DescriptionError(f"{name} must be a whole number >= 1, got {value!r}")
    if not (np.isfinite(spacing) and spacing > 0):
        raise DescriptionError(f"spacing must be > 0 and finite, got {spacing!r}")
    x, y = np.meshgrid(np.arange(rows) - (rows - 1) / 2, np.arange(columns) - (columns - 1) / 2, indexing="ij")
    return np.stack([x.ravel(), y.ravel()], axis=1) * spacing


def ring(size: int) -> FromArrays:
    """Edges from each of ``size`` cells to both of its neighbours on a ring."""
    if isinstance(size, bool) or not isinstance(size, int | np.integer) or size < 3:
        raise DescriptionError(f"size of a ring must be a whole number >= 3, got {size!r}")
    own = np.arange(size)
    return FromArrays(np.concatenate([own, own]), np.concatenate([(own + 1) % size, (own - 1) % size]))
