"""Where everything lies in memory, and under which symbol generated code knows it."""

from collections.abc import Collection
from typing import Any

import numpy as np

from ...program import Buffer, EdgeSpace, EventSchedule, MapEdges, Operation, Program
from .bundles import BundledEdges
from .homes import Place, Places
from .index import chunk_bounds, columns
from .memory import packed, padded, power_of_two, shares, symbol, words


class Layout:
    """The arrays of a program, by symbol, for a number of threads that share one replica.

    Parameters
    ----------
    program
        What is laid out, its parts settled in homes.
    places
        The home and first index of every space.
    dtype
        Precision of the floats.
    lanes
        Threads that share one replica; 1 when there are several replicas, which then are what threads share.
    recorded
        Names of buffers that are read beside the operations.

    Notes
    -----
    Spaces are padded to blocks of 64. Thread ``q`` owns the blocks ``splits(home)[q:q + 2]`` of every home and is
    the only one that writes there, so no result depends on the number of threads. Edges stay in their canonical order;
    ``bounds`` says where in each row the chunk of each (delay, owner of the target) begins.
    """

    def __init__(self, program: Program, places: Places, dtype: np.dtype, lanes: int, recorded: Collection[str] = ()):
        self.program, self.places, self.dtype, self.lanes = program, places, dtype, lanes
        self.arrays: dict[str, np.ndarray] = {}
        self.numbers: dict[str, int] = {}
        self.integers: list[int] = []
        self._used = set(recorded).union(*(_named(op) for op in program.operations))
        self._lay_numbers()
        for buffer in program.buffers.values():
            if buffer.space is not None and (buffer.kind == "state" or buffer.name in self._used):
                self._lay_buffer(buffer, buffer.space)
        self._lay_lists()
        for edges in program.edges.values():
            if edges.name in self._used:
                self._lay_edges(edges)
        self._lay_schedules()
        self.arrays["keys"] = self._keys()

    def is_number(self, name: str) -> bool:
        """Whether the buffer is one number for all indices."""
        return self.program.buffers[name].space is None

    def is_laid(self, name: str) -> bool:
        """Whether the buffer has memory; constants that nothing reads have none."""
        return self.is_number(name) or self.array_symbol(name) in self.arrays

    def array_symbol(self, name: str) -> str:
        """The symbol of the array that holds a buffer, which twins share."""
        return "a_" + symbol(self._at_home(name, self.program.buffers[name].space or ""))

    def list_symbol(self, name: str) -> str:
        """The symbol of an event list without its kind, which twins share."""
        return symbol(self._at_home(name, self.program.lists[name].space))

    def place(self, space: str) -> Place:
        """Home and first index of a space; edges are at home where they are."""
        return self.places.get(space, Place(space, 0))

    def span(self, space: str) -> tuple[int, int]:
        """First index of a space in its home, and the index behind its last."""
        offset = self.place(space).offset
        return offset, offset + self.program.size_of(space)

    def is_alone(self, space: str) -> bool:
        """Whether the space has its home to itself."""
        return self.place(space).home == space

    def splits(self, home: str) -> np.ndarray:
        """Where each thread's share of a home begins, (lanes + 1,); multiples of the block."""
        return shares(self.program.size_of(home), self.lanes)

    def ranges(self, space: str) -> np.ndarray:
        """Where each thread's share of a space begins, in indices of its home, (lanes + 1,)."""
        place = self.place(space)
        end = place.offset + padded(self.program.size_of(space))
        return np.clip(self.splits(place.home), place.offset, end)

    def element_type(self, buffer: Buffer) -> Any:
        """NumPy type of a buffer's elements."""
        return {"float": self.dtype, "int": np.int32, "int8": np.int8, "bool": np.uint8}[buffer.dtype]

    def _at_home(self, name: str, space: str) -> str:
        return name if self.is_alone(space) else self.place(space).home + name.removeprefix(space)

    def _lay_numbers(self) -> None:
        numbers = [b for b in self.program.buffers.values() if b.space is None]
        self.numbers = {b.name: k for k, b in enumerate(numbers)}
        self.arrays["numbers"] = np.zeros((self.program.replicas, max(len(numbers), 1)), self.dtype)
        for buffer in numbers:
            self.arrays["numbers"][:, self.numbers[buffer.name]] = buffer.initial

    def _lay_buffer(self, buffer: Buffer, space: str) -> None:
        name, (start, stop) = self.array_symbol(buffer.name), self.span(space)
        edges = self.program.edges.get(space)
        bundled = edges is not None and isinstance(edges.edges, BundledEdges)
        if bundled and buffer.initial.dtype in (self.dtype, np.int16):
            self.arrays[name] = buffer.initial.reshape(1, -1)  # made for this layout alone, and the largest of all
            return
        if buffer.dtype == "bit":
            self.arrays[name] = self._bits(buffer, space)
            return
        if name not in self.arrays:
            home = self.place(space).home
            width = self.program.size_of(home)
            shared = buffer.kind == "parameter" and np.ndim(buffer.initial) < 2
            rows = 1 if shared else self.program.replicas
            width = padded(width) if home in self.program.spaces else width
            self.arrays[name] = np.zeros((rows, width), self.element_type(buffer))
        array = self.arrays[name]
        array[:, start:stop] = buffer.initial
        if start < stop and space in self.program.spaces:
            # padding computes what its neighbour computes
            array[:, stop : start + padded(stop - start)] = array[:, stop - 1 : stop]

    def _bits(self, buffer: Buffer, space: str) -> np.ndarray:
        """Words of a matrix of bits, one row for each replica."""
        columns, size = buffer.columns or 1, self.program.size_of(space)
        shared = buffer.kind == "parameter" and np.ndim(buffer.initial) < 2
        array = np.zeros((1 if shared else self.program.replicas, size // columns * words(columns)), np.uint64)
        if np.any(buffer.initial):
            given = np.broadcast_to(np.asarray(buffer.initial, bool), (len(array), size))
            for row, bits in zip(array, given, strict=True):
                row[:] = packed(bits, columns)
        return array

    def _lay_lists(self) -> None:
        rings: dict[str, int] = {}
        for found in self.program.lists.values():
            # slots for a thread that writes ahead of the slowest reader
            name = self.list_symbol(found.name)
            rings[name] = max(rings.get(name, 0), power_of_two(2 * found.history))
        for found in self.program.lists.values():
            name, home = self.list_symbol(found.name), self.place(found.space).home
            if "l_" + name not in self.arrays:
                shape = (self.program.replicas, rings[name])
                self.arrays["l_" + name] = np.zeros((*shape, padded(self.program.size_of(home))), np.int32)
                self.arrays["c_" + name] = np.zeros((*shape, self.lanes), np.int64)
        for space in self.program.spaces:
            self.arrays["g_" + symbol(space)] = self.ranges(space)
            self.arrays["s_" + symbol(self.place(space).home)] = self.splits(self.place(space).home)

    def _lay_edges(self, edges: EdgeSpace) -> None:
        name, drawn = symbol(edges.name), edges.edges
        self.arrays["first_" + name] = np.ascontiguousarray(drawn.first, dtype=np.int64)
        self.arrays["target_" + name] = drawn.target
        self.arrays["delays_" + name] = edges.delays
        owners = self.ranges(edges.target) - self.place(edges.target).offset
        self.arrays["bounds_" + name] = chunk_bounds(drawn, edges.delays, owners)
        if any(isinstance(op, MapEdges) and op.edges == edges.name and op.at == "target"
               for op in self.program.operations):
            first, edge, source = columns(drawn)
            self.arrays["colfirst_" + name] = first
            self.arrays["coledge_" + name] = edge
            self.arrays["colsource_" + name] = source

    def _lay_schedules(self) -> None:
        for schedule in self.program.schedules.values():
            name = symbol(schedule.name)
            if isinstance(schedule, EventSchedule):
                self.arrays["when_" + name] = np.ascontiguousarray(schedule.steps, dtype=np.int64)
                self.arrays["who_" + name] = np.ascontiguousarray(schedule.indices, dtype=np.int32)
            else:
                values = np.asarray(schedule.values)
                # truth values stay bytes: frames of a memory may be many
                values = values.view(np.uint8) if values.dtype == bool else values.astype(self.dtype, copy=False)
                copies = values.shape[1] if values.ndim == 3 else 1
                by_copy = values.reshape(len(values), copies, -1).swapaxes(0, 1)  # a copy's rows lie in one piece
                self.arrays["table_" + name] = np.ascontiguousarray(by_copy)

    def _keys(self) -> np.ndarray:
        """Low and high half of each replica's seed, (B, 2)."""
        seeds = [(self.program.seed + b) & (2**64 - 1) for b in range(self.program.replicas)]
        return np.array([[s & 0xFFFFFFFF, s >> 32] for s in seeds], dtype=np.uint32)


def _named(op: Operation) -> set[str]:
    """Every buffer and edge space that an operation names."""
    refs = getattr(op, "names", {}).values()
    return {v for v in vars(op).values() if isinstance(v, str)} | {n for r in refs for n in (r.buffer, r.index) if n}
