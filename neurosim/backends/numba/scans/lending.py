"""Memory that is lent out and comes back: fresh pages cost milliseconds in every iteration of a training."""

import threading
import weakref
from collections.abc import Sequence
from typing import Any

import numpy as np

SMALL = 1 << 17
"""Bytes below which an array is simply made: the allocator keeps such memory by itself."""
MOST = 1 << 31
"""Bytes kept for later at most."""

_LOCK = threading.Lock()
_FREE: dict[int, list[np.ndarray]] = {}
_kept = 0


def lend(shape: Sequence[int], dtype: Any) -> np.ndarray:
    """An array of any content, as ``np.empty`` makes it.

    Its memory is lent again once neither it nor a view of it is left, such as a tensor that shares it.
    """
    global _kept
    dtype = np.dtype(dtype)
    size = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
    if size < SMALL:
        return np.empty(shape, dtype)
    with _LOCK:
        free = _FREE.get(size)
        owner = free.pop() if free else None
        if owner is not None:
            _kept -= size
    if owner is None:
        owner = np.empty(size, np.uint8)
    # views of an array over a buffer keep that array alive, not the buffer alone, so its end is theirs
    lent = np.frombuffer(owner.data, dtype)
    weakref.finalize(lent, _take_back, owner).atexit = False
    return lent.reshape(shape)


def _take_back(owner: np.ndarray) -> None:
    global _kept
    with _LOCK:
        if _kept + owner.nbytes <= MOST:
            _FREE.setdefault(owner.nbytes, []).append(owner)
            _kept += owner.nbytes
