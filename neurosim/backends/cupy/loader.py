"""What a device must be able to do: hold arrays, compile kernels, launch them."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import numpy as np

from .layout import Stored

Launcher = Callable[[int, int, int, Sequence[Any]], None]
"""Launches a kernel: blocks, replicas, threads, arguments (arrays of the device, or numbers)."""


class Device(ABC):
    """Where kernels run. Arrays of a device can be cut like those of NumPy."""

    busy: int
    """Blocks that keep the device busy."""
    resident: int
    """Blocks, of 256 threads of 128 registers each, that are on the device at the same time."""

    @abstractmethod
    def describe(self) -> dict[str, Any]:
        """What a user may want to know: name, compute capability, versions."""

    @abstractmethod
    def memory(self) -> tuple[int, int]:
        """Bytes that are free and bytes that there are."""

    @abstractmethod
    def allocate(self, stored: Stored) -> Any:
        """An array with its first values."""

    @abstractmethod
    def address(self, array: Any) -> int:
        """Where a whole array begins."""

    @abstractmethod
    def write(self, array: Any, values: np.ndarray) -> None:
        """Set an array, or a part of one."""

    @abstractmethod
    def read(self, array: Any) -> np.ndarray:
        """A copy of an array, or of a part of one, once all launches are done."""

    @abstractmethod
    def compile(
        self, text: str, parameters: Mapping[str, Sequence[str]], together: Collection[str] = ()
    ) -> dict[str, Launcher]:
        """The kernels of a text by name; ``parameters`` are their declarations in C.

        Blocks of those in ``together`` wait for one another, and so all run at the same time.
        """

    @abstractmethod
    def capture(self, launches: Callable[[], None]) -> Callable[[], None]:
        """What replays a series of launches at once. Nothing may be allocated, read or written in it."""
