"""The launches of a graph with everything they are given."""

import struct
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .kernel import Launch
from .layout import TILE, Stored
from .loader import Device, Launcher
from .module import Module


class Launches:
    """What is queued for some steps.

    Parameters
    ----------
    module, kernels
        What to launch, in which order, and the launchers by name.
    device, arrays
        Where; tables are allocated here, once.
    replicas
        Blocks along the second axis of each grid.
    """

    def __init__(self, module: Module, kernels: Mapping[str, Launcher], device: Device, arrays: Mapping[str, Any],
                 replicas: int):
        self._module, self._kernels, self._device = module, kernels, device
        self._arrays, self._replicas = arrays, replicas
        self._tables: dict[int, tuple[Any, Any]] = {}
        for n, together in enumerate(module.launches):
            if together.is_table:
                owner, rows = self._table(together.members)
                stored = (Stored(v.shape, v.dtype, lambda v=v: v) for v in (owner, rows))  # type: ignore[misc]
                self._tables[n] = tuple(device.allocate(one) for one in stored)  # type: ignore[assignment]

    def refresh(self) -> None:
        """Write the tables anew, because arrays have moved."""
        for n, (_, rows) in self._tables.items():
            self._device.write(rows, self._table(self._module.launches[n].members)[1])

    def queue(self, steps: int, adding_to: frozenset[str] = frozenset()) -> None:
        """Queue all launches of some steps, and the end of them; or only those that add to some arrays."""
        clock = self._arrays["clock"]
        for ahead in range(steps):
            for n, together in enumerate(self._module.launches):
                first = together.members[0]
                if adding_to and not adding_to & first.adds:
                    continue
                blocks = sum(self._blocks(together.members))
                given = self._tables[n] if together.is_table else [self._value(a) for a in first.arguments]
                self._kernels[together.name](blocks, self._replicas, first.threads, [clock, ahead, *given])
        self._kernels["end"](1, 1, TILE, [clock, *(self._value(a) for a in self._module.end)])

    def _table(self, members: Sequence[Launch]) -> tuple[np.ndarray, np.ndarray]:
        """Whose each block is, (blocks,), and for each member its first block, its blocks and its arguments."""
        blocks = self._blocks(members)
        owner = np.repeat(np.arange(len(members), dtype=np.int32), blocks)
        first = np.cumsum([0, *blocks])
        rows = [[word(int(first[n])), word(blocks[n]), *(word(self._place(a)) for a in member.arguments)]
                for n, member in enumerate(members)]
        return owner, np.array(rows, np.uint64)

    def _blocks(self, members: Sequence[Launch]) -> list[int]:
        shared = max(1, self._device.busy // len(members))
        return [member.blocks or shared for member in members]

    def _value(self, argument: str | int | float) -> Any:
        return self._arrays[argument] if isinstance(argument, str) else argument

    def _place(self, argument: str | int | float) -> int | float:
        return self._device.address(self._arrays[argument]) if isinstance(argument, str) else argument


def word(value: int | float) -> int:
    """A number as a word of 64 bits."""
    return int.from_bytes(struct.pack("<d" if isinstance(value, float) else "<q", value), "little")
