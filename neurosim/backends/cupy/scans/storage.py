"""Arrays on the device, and what is done with them between scans."""

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from ....errors import BackendError
from ....gradients import Storage
from ..layout import TILE
from ..loader import Launcher
from ..module import prelude_text
from .device import ScanDevice

KERNEL = re.compile(r'extern "C" __global__ void (\w+)\(([^)]*)\)')


class OnDevice(Storage):
    """See ``Storage``; one precision.

    Parameters
    ----------
    device, dtype
        Where arrays lie, and of which type their numbers are.
    """

    def __init__(self, device: ScanDevice, dtype: np.dtype):
        self.device, self.dtype = device, dtype
        self._kernels = _between(device, dtype.name)

    def is_own(self, values: Any) -> bool:
        return self.device.is_own(values)

    def taken(self, name: str, values: Any) -> Any:
        if not self.is_own(values):
            found = np.ascontiguousarray(values, self.dtype)
            array = self.empty(found.shape)
            self.device.write(found, array)
            return array
        array = self.device.view(values)
        if array.dtype != self.dtype:
            raise BackendError(f"{name} must be {self.dtype} on the device, got {array.dtype}")
        return array

    def returned(self, array: Any) -> np.ndarray:
        return self.device.read(array)

    def empty(self, shape: Sequence[int]) -> Any:
        """An array of any content."""
        return self.device.empty(shape, self.dtype)

    def zeros(self, shape: Sequence[int], dtype: Any = None) -> Any:
        array = self.empty(shape)
        self.device.clear(array)
        return array

    def joined(self, pieces: Sequence[Any]) -> Any:
        array = self.empty((sum(len(p) for p in pieces), *pieces[0].shape[1:]))
        first = 0
        for piece in pieces:
            self.device.copy(piece, array[first : first + len(piece)])
            first += len(piece)
        return array

    def turned(self, rows: Any) -> Any:
        array = self.empty(rows.shape)
        for k in range(len(rows)):
            self.device.copy(rows[k], array[len(rows) - 1 - k])
        return array

    def add(self, values: Any, into: Any) -> None:
        self.add_rows(values, 1, into)

    def add_rows(self, values: Any, rows: int, into: Any) -> None:
        """Add the sum over ``rows`` rows to an array of the length of one, or the sum of everything to a number."""
        if into.size == 1:
            self._kernels["add_all"](1, 1, TILE, [TILE, values.size, values, into])
        else:
            self.launch("add_rows", into.size, rows, into.size, values, into)

    def launch(self, name: str, count: int, *arguments: Any) -> None:
        """Launch a kernel of ``between.h`` for ``count`` indices."""
        self._kernels[name](max(-(-count // TILE), 1), 1, TILE, [TILE, *arguments])


@cache
def _between(device: ScanDevice, dtype: str) -> dict[str, Launcher]:
    """The kernels that are the same for all scans."""
    text = Path(__file__).with_name("between.h").read_text(encoding="utf-8")
    parameters = {name: found.replace("\n", " ").split(", ") for name, found in KERNEL.findall(text)}
    return device.compile(f"{prelude_text(dtype)}\n{text}", parameters)
