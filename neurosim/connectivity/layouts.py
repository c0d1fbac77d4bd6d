"""Where neurons are: positions for rules that ask for a distance."""

import math

import numpy as np

from ..errors import DescriptionError
from ..kernels.philox import stream_number, uniform


def grid(*counts: int, spacing: float = 1.0) -> np.ndarray:
    """Points of a rectangular lattice of 1 to 3 dimensions, (N, D) µm, the last axis fastest.

    Parameters
    ----------
    *counts
        Points along each axis.
    spacing
        Distance of neighbours, µm. In a periodic box of ``count * spacing`` the lattice goes on without a seam.
    """
    if not 1 <= len(counts) <= 3:
        raise DescriptionError(f"grid needs 1 to 3 counts, got {len(counts)}")
    for count in counts:
        _check_count("grid: a count", count)
    axes = np.meshgrid(*(np.arange(count) for count in counts), indexing="ij")
    return np.stack([axis.ravel() for axis in axes], axis=1) * _positive("grid: spacing", spacing)


def hexagonal(rows: int, columns: int, *, spacing: float = 1.0) -> np.ndarray:
    """Points of a triangular lattice, each with six neighbours at ``spacing``, (rows * columns, 2) µm."""
    points = grid(rows, columns)[:, ::-1]
    shifted = points + np.stack([0.5 * (points[:, 1] % 2), np.zeros(len(points))], axis=1)
    return shifted * np.array([1.0, math.sqrt(0.75)]) * _positive("hexagonal: spacing", spacing)


def ring(count: int, *, radius: float = 1.0) -> np.ndarray:
    """Points evenly spaced on a circle around 0, (count, 2) µm; the first lies on the positive x axis."""
    _check_count("ring: count", count)
    angles = 2.0 * np.pi * np.arange(count) / count
    return np.stack([np.cos(angles), np.sin(angles)], axis=1) * _positive("ring: radius", radius)


def scattered(count: int, *box: float, seed: int = 0) -> np.ndarray:
    """Points drawn evenly from a box of 1 to 3 sizes (µm) that begins at 0, (count, D) µm.

    Parameters
    ----------
    count, *box
        Number of points, and sizes of the box.
    seed
        The same seed gives the same points everywhere.
    """
    _check_count("scattered: count", count)
    if not 1 <= len(box) <= 3:
        raise DescriptionError(f"scattered needs a box of 1 to 3 sizes, got {len(box)}")
    sizes = np.array([_positive("scattered: a size", size) for size in box])
    index = np.arange(count)
    drawn = [uniform(seed, stream_number("scattered"), 0, index, axis) for axis in range(len(box))]
    return np.stack(drawn, axis=1) * sizes


def _check_count(where: str, count: int) -> None:
    if isinstance(count, bool) or not isinstance(count, int | np.integer) or count < 1:
        raise DescriptionError(f"{where} must be a whole number >= 1, got {count!r}")


def _positive(where: str, value: float) -> float:
    if not (math.isfinite(value) and value > 0):
        raise DescriptionError(f"{where} must be > 0 and finite, got {value!r}")
    return float(value)
