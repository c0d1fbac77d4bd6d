"""What is launched for some steps, with everything that it is given."""

import struct
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .kernel import Launch, Together
from .layout import TILE, Stored
from .loader import Device, Launcher
from .loop import NAME
from .module import Module


class Launches(ABC):
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
            if self._wants_table(together):
                owner, rows = self._table(together.members)
                stored = (Stored(v.shape, v.dtype, lambda v=v: v) for v in (owner, rows))  # type: ignore[misc]
                self._tables[n] = tuple(device.allocate(one) for one in stored)  # type: ignore[assignment]

    def refresh(self) -> None:
        """Write the tables anew, because arrays have moved."""
        for n, (_, rows) in self._tables.items():
            self._device.write(rows, self._table(self._module.launches[n].members)[1])

    def queue(self, steps: int, adding_to: frozenset[str] = frozenset()) -> None:
        """Queue all launches of some steps, and the end of them; or only those that add to some arrays."""
        self._queue(steps, [n for n, together in enumerate(self._module.launches)
                            if not adding_to or adding_to & together.members[0].adds])
        end = [self._arrays["clock"], *(self._value(a) for a in self._module.end)]
        self._kernels["end"](1, 1, TILE, end)

    @property
    @abstractmethod
    def per_step(self) -> float:
        """Launches of a step."""

    @abstractmethod
    def _queue(self, steps: int, wanted: Sequence[int]) -> None:
        """Queue these launches of some steps."""

    @abstractmethod
    def _wants_table(self, together: Together) -> bool:
        """Whether what members are given stands in a table."""

    @abstractmethod
    def _shared(self) -> int:
        """Blocks for work that is not known beforehand."""

    def _table(self, members: Sequence[Launch]) -> tuple[np.ndarray, np.ndarray]:
        """Whose each block is, (blocks,), and for each member its first block, its blocks and its arguments."""
        blocks = self._blocks(members)
        owner = np.repeat(np.arange(len(members), dtype=np.int32), blocks)
        first = np.cumsum([0, *blocks])
        rows = [[word(int(first[n])), word(blocks[n]), *(word(self._place(a)) for a in member.arguments)]
                for n, member in enumerate(members)]
        return owner, np.array(rows, np.uint64)

    def _blocks(self, members: Sequence[Launch]) -> list[int]:
        shared = max(1, self._shared() // len(members))
        return [member.blocks or shared for member in members]

    def _value(self, argument: str | int | float) -> Any:
        return self._arrays[argument] if isinstance(argument, str) else argument

    def _place(self, argument: str | int | float) -> int | float:
        return self._device.address(self._arrays[argument]) if isinstance(argument, str) else argument


class EachLaunch(Launches):
    """A launch for each operation of each step."""

    @property
    def per_step(self) -> float:
        return len(self._module.launches)

    def _queue(self, steps: int, wanted: Sequence[int]) -> None:
        for ahead in range(steps):
            for n in wanted:
                together = self._module.launches[n]
                first = together.members[0]
                given = self._tables[n] if together.is_table else [self._value(a) for a in first.arguments]
                launch, blocks = self._kernels[together.name], sum(self._blocks(together.members))
                launch(blocks, self._replicas, first.threads, [self._arrays["clock"], ahead, *given])

    def _wants_table(self, together: Together) -> bool:
        return together.is_table

    def _shared(self) -> int:
        return self._device.busy


class OneLaunch(Launches):
    """One launch for all operations of all steps: ``teams`` blocks for each replica go through time together."""

    def __init__(self, module: Module, kernels: Mapping[str, Launcher], device: Device, arrays: Mapping[str, Any],
                 replicas: int, teams: int):
        self._teams = teams
        super().__init__(module, kernels, device, arrays, replicas)

    @property
    def per_step(self) -> float:
        return 1 / self._module.steps

    def _queue(self, steps: int, wanted: Sequence[int]) -> None:
        every = len(self._module.launches)
        spans = [(0, every)] if len(wanted) == every else [(n, n + 1) for n in wanted]
        tables = [given for n, (owner, rows) in self._tables.items() for given in (len(owner), owner, rows)]
        for first, last in spans:
            given = [self._arrays["clock"], steps, first, last, self._arrays["gates"], *tables]
            self._kernels[NAME](self._teams, self._replicas, TILE, given)

    def _wants_table(self, together: Together) -> bool:
        return True

    def _shared(self) -> int:
        return self._teams


def word(value: int | float) -> int:
    """A number as a word of 64 bits."""
    return int.from_bytes(struct.pack("<d" if isinstance(value, float) else "<q", value), "little")
