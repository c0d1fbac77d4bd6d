"""How discrete learners write their texts and check what they are shown."""

from typing import Any

import numpy as np

from ...equations import Assign
from ...errors import DescriptionError
from ..arrays import taken


def assignments(text: str) -> list[Assign]:
    """One assignment a line, ``name = value`` or ``name += value``."""
    found = []
    for line in filter(None, map(str.strip, text.splitlines())):
        target, op, value = line.split(" ", 2)
        found.append(Assign(target, op, value))  # type: ignore[arg-type]
    return found


def checked_bits(values: Any, where: str) -> np.ndarray:
    """(n, F) truth values."""
    bits = taken(values, where)
    if bits.ndim != 2 or not bits.size:
        raise DescriptionError(f"{where} must be (n, F) with n and F >= 1, got an array of shape {bits.shape}")
    if bits.dtype != bool:
        wrong = ~np.isin(bits, (0, 1))
        if wrong.any():
            raise DescriptionError(f"{where} must be 0 or 1, got {bits[wrong][0]}")
    return bits.astype(bool)


def checked_labels(values: Any, count: int, classes: int, where: str) -> np.ndarray:
    """(n,) classes, or -1 for a sample without one, int64."""
    labels = taken(values, where)
    if labels.shape != (count,):
        raise DescriptionError(f"{where} must be ({count},), one for each sample, got an array of shape {labels.shape}")
    if labels.dtype.kind not in "iu":
        raise DescriptionError(f"{where} must be whole numbers, got {labels.dtype}")
    if labels.min() < -1 or labels.max() >= classes:
        raise DescriptionError(f"{where} must be in -1..{classes - 1}, got {labels.min()}..{labels.max()} with "
                               f"classes={classes}")
    return labels.astype(np.int64)


def checked_numbers(values: Any, shape: tuple[int | None, ...], where: str) -> np.ndarray:
    """Finite numbers of a shape; None stands for any length of at least 1."""
    numbers = taken(values, where, float)
    fits = numbers.ndim == len(shape) and all(
        got >= 1 if wanted is None else got == wanted for got, wanted in zip(numbers.shape, shape, strict=False)
    )
    if not fits:
        wanted = ", ".join("any" if one is None else str(one) for one in shape)
        raise DescriptionError(f"{where} must have the shape ({wanted}), got {numbers.shape}")
    if not np.isfinite(numbers).all():
        raise DescriptionError(f"{where} must be finite, got {numbers[~np.isfinite(numbers)][0]}")
    return numbers
