"""The processor as a device for scans: the kernels' text behind the shim, and NumPy for the rest."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..host import HostDevice
from ..loader import Launcher
from .device import ScanDevice


class Resident(np.ndarray):
    """An array that counts as lying on the device."""


class HostScans(ScanDevice):
    """Proves scans where there is no GPU; not meant to be fast.

    Parameters
    ----------
    threads, flags
        See ``HostDevice``.
    processors
        Blocks among which copies are divided.
    """

    def __init__(self, threads: int = 1, flags: Sequence[str] = (), processors: int = 3):
        self._host, self.processors = HostDevice(threads, flags), processors

    def compile(self, text: str, parameters: Mapping[str, Sequence[str]]) -> dict[str, Launcher]:
        made = self._host.compile(text, parameters)
        return {name: _by_address(launcher) for name, launcher in made.items()}

    def empty(self, shape: Sequence[int], dtype: np.dtype) -> Any:
        array = np.empty(shape, dtype)
        if array.dtype.kind == "f":
            array[...] = np.nan  # what is read before it is written shows
        return array.view(Resident)

    def is_own(self, values: Any) -> bool:
        return isinstance(values, Resident)

    def view(self, values: Any) -> Any:
        return np.require(values, requirements="C")

    def write(self, values: np.ndarray, array: Any) -> None:
        array[...] = values

    def read(self, array: Any) -> np.ndarray:
        return np.array(array)

    def copy(self, array: Any, into: Any) -> None:
        assert array.flags.c_contiguous and into.flags.c_contiguous and array.nbytes == into.nbytes
        into.reshape(-1)[...] = array.reshape(-1)

    def clear(self, array: Any) -> None:
        assert array.flags.c_contiguous
        array[...] = 0

    def multiply(self, left: Any, right: Any, into: Any) -> None:
        assert into.flags.c_contiguous
        into[...] = np.asarray(left) @ np.asarray(right)


def _by_address(launcher: Launcher) -> Launcher:
    def launch(blocks: int, replicas: int, threads: int, arguments: Sequence[Any]) -> None:
        given = [a.ctypes.data if isinstance(a, np.ndarray) else a for a in arguments]
        launcher(blocks, replicas, threads, given)

    return launch
