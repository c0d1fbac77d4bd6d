"""What users give as arrays, taken or refused by name."""

from typing import Any

import numpy as np

from ..errors import DescriptionError


def taken(value: Any, where: str, dtype: Any = None) -> np.ndarray:
    """``value`` as an array, of ``dtype`` where one is asked for; not a copy where it is one already.

    Raises
    ------
    DescriptionError
        For rows of different lengths, complex numbers, and where ``dtype`` is given also for texts and objects.
    """
    try:
        found = np.asarray(value)
        if found.dtype.kind == "c" or (dtype is not None and found.dtype.kind in "USM"):
            raise TypeError
        return found if dtype is None else found.astype(dtype, copy=False)
    except (TypeError, ValueError, RuntimeError):  # the last for a tensor that wants gradients
        raise DescriptionError(f"{where} must be an array of real numbers with rows of one length, got "
                               f"{type(value).__name__} {value!r:.60}") from None
