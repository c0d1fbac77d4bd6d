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


class Lender:
    """Lends arrays of any content, as ``np.empty`` makes them.

    The memory of one is lent again once neither it nor a view of it is left, such as a tensor that shares it.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()  # a collection within may end the life of an array and come back here
        self._free: dict[int, list[np.ndarray]] = {}
        self._kept = 0

    def lend(self, shape: Sequence[int], dtype: Any) -> np.ndarray:
        """An array."""
        dtype = np.dtype(dtype)
        size = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
        if size < SMALL:
            return np.empty(shape, dtype)
        owner = self._found(size)
        # views of an array over a buffer keep that array alive, not the buffer alone, so its end is theirs
        lent = np.frombuffer(owner.data, dtype)
        weakref.finalize(lent, self._take_back, owner).atexit = False
        return lent.reshape(shape)

    def _found(self, size: int) -> np.ndarray:
        with self._lock:
            free = self._free.get(size)
            if free:
                self._kept -= size
                return free.pop()
        return np.empty(size, np.uint8)

    def _take_back(self, owner: np.ndarray) -> None:
        with self._lock:
            if self._kept + owner.nbytes <= MOST:
                self._free.setdefault(owner.nbytes, []).append(owner)
                self._kept += owner.nbytes


lend = Lender().lend
"""One for the whole process: memory that one scan gave back serves the next."""
