"""What a device must be able to do to run scans."""

import os
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np

from ..loader import Launcher


class ScanDevice(ABC):
    """Where scans run. Arrays of a device can be cut, reshaped and turned like those of NumPy.

    Everything is queued on the stream that is current when it is asked for, so that it comes after what the caller has
    queued there, and before what it queues next.
    """

    processors: int
    """Blocks that run at the same time with all that a processor has."""

    @abstractmethod
    def compile(self, text: str, parameters: Mapping[str, Sequence[str]]) -> dict[str, Launcher]:
        """The kernels of a text by name; ``parameters`` are their declarations in C."""

    @abstractmethod
    def empty(self, shape: Sequence[int], dtype: np.dtype) -> Any:
        """An array of any content."""

    @abstractmethod
    def is_own(self, values: Any) -> bool:
        """Whether values lie on the device already."""

    @abstractmethod
    def view(self, values: Any) -> Any:
        """What lies there already as an array of the device, its numbers one after another; without a copy if so."""

    @abstractmethod
    def write(self, values: np.ndarray, array: Any) -> None:
        """Copy from the host."""

    @abstractmethod
    def read(self, array: Any) -> np.ndarray:
        """Copy to the host, once all that is queued is done."""

    @abstractmethod
    def copy(self, array: Any, into: Any) -> None:
        """Copy between arrays of one size whose numbers lie one after another."""

    @abstractmethod
    def clear(self, array: Any) -> None:
        """Set an array whose numbers lie one after another to 0."""

    @abstractmethod
    def multiply(self, left: Any, right: Any, into: Any) -> None:
        """``into = left @ right``; the factors may be turned."""


def default_scan_device() -> ScanDevice:
    """The GPU, or the processor where ``NEUROSIM_CUDA_LOADER`` is ``host``; one of each for the process."""
    return _device(os.environ.get("NEUROSIM_CUDA_LOADER") == "host")


@cache
def _device(on_host: bool) -> ScanDevice:
    if on_host:
        from .host import HostScans

        return HostScans()
    from .cuda import CudaScans

    return CudaScans()
