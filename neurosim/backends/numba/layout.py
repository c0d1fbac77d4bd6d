"""Where everything lies in memory, and under which symbol generated code knows it."""

from typing import Any

import numpy as np

from ...program import Buffer, EdgeSpace, EventSchedule, MapEdges, Program
from .index import chunk_bounds, columns

BLOCK = 64
"""Indices that the generated loops treat at once; every space is padded to a multiple of it."""


def padded(size: int) -> int:
    """``size`` rounded up to whole blocks."""
    return -(-size // BLOCK) * BLOCK


def power_of_two(n: int) -> int:
    """The smallest power of two that is at least ``n``."""
    return 1 << max(n - 1, 0).bit_length()


def symbol(name: str) -> str:
    """A name as part of an identifier: ``exc.v`` becomes ``exc__v``."""
    return name.replace(".", "__")


class Layout:
    """The arrays of a program, by symbol, for a number of threads that share one replica.

    Parameters
    ----------
    program
        What is laid out.
    dtype
        Precision of the floats.
    lanes
        Threads that share one replica; 1 when there are several replicas, which then are what threads share.

    Notes
    -----
    Spaces are padded to blocks of 64. Thread ``q`` owns the blocks ``ranges[space][q:q+2]`` of every space and is
    the only one that writes there, so no result depends on the number of threads. Edges stay in their canonical order;
    ``bounds`` says where in each row the chunk of each (delay, owner of the target) begins.
    """

    def __init__(self, program: Program, dtype: np.dtype, lanes: int):
        self.program, self.dtype, self.lanes = program, dtype, lanes
        self.arrays: dict[str, np.ndarray] = {}
        self.numbers: dict[str, int] = {}
        self._lay_buffers()
        self._lay_lists()
        for edges in program.edges.values():
            self._lay_edges(edges)
        self._lay_schedules()
        self.arrays["keys"] = self._keys()

    def is_number(self, name: str) -> bool:
        """Whether the buffer is one number for all indices."""
        return self.program.buffers[name].space is None

    def is_shared(self, name: str) -> bool:
        """Whether all replicas read the same values."""
        buffer = self.program.buffers[name]
        return buffer.kind == "parameter" and np.ndim(buffer.initial) < 2

    def element_type(self, buffer: Buffer) -> Any:
        """NumPy type of a buffer's elements."""
        return {"float": self.dtype, "int": np.int32, "bool": np.uint8}[buffer.dtype]

    def ranges(self, space: str) -> np.ndarray:
        """Where each thread's share of a space begins, (lanes + 1,); multiples of the block."""
        blocks = padded(self.program.size_of(space)) // BLOCK
        return np.array([BLOCK * (blocks * q // self.lanes) for q in range(self.lanes + 1)], dtype=np.int64)

    def _lay_buffers(self) -> None:
        replicas = self.program.replicas
        self.numbers = {b.name: k for k, b in enumerate(
            b for b in self.program.buffers.values() if b.space is None)}
        self.arrays["numbers"] = np.zeros((replicas, max(len(self.numbers), 1)), self.dtype)
        for buffer in self.program.buffers.values():
            if buffer.space is None:
                self.arrays["numbers"][:, self.numbers[buffer.name]] = buffer.initial
                continue
            size = self.program.size_of(buffer.space)
            width = padded(size) if buffer.space in self.program.spaces else size
            array = np.zeros((1 if self.is_shared(buffer.name) else replicas, width), self.element_type(buffer))
            array[:, :size] = buffer.initial
            if size and width > size:
                array[:, size:] = array[:, size - 1:size]  # padding computes what its neighbour computes
            self.arrays["a_" + symbol(buffer.name)] = array

    def _lay_lists(self) -> None:
        for found in self.program.lists.values():
            # one slot more than is read, so that a thread may write ahead of the slowest reader
            ring = power_of_two(2 * found.history)
            shape = (self.program.replicas, ring)
            self.arrays["l_" + symbol(found.name)] = np.zeros((*shape, padded(self.program.size_of(found.space))), np.int32)
            self.arrays["c_" + symbol(found.name)] = np.zeros((*shape, self.lanes), np.int64)
        for space in self.program.spaces:
            self.arrays["g_" + symbol(space)] = self.ranges(space)

    def _lay_edges(self, edges: EdgeSpace) -> None:
        name, drawn = symbol(edges.name), edges.edges
        delays = edges.delays
        self.arrays["first_" + name] = np.ascontiguousarray(drawn.first, dtype=np.int64)
        self.arrays["target_" + name] = drawn.target
        self.arrays["delays_" + name] = delays
        self.arrays["bounds_" + name] = chunk_bounds(drawn, delays, self.ranges(edges.target))
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
                values = np.asarray(schedule.values, dtype=self.dtype)
                self.arrays["table_" + name] = np.ascontiguousarray(values.reshape(len(values), -1))

    def _keys(self) -> np.ndarray:
        """Low and high half of each replica's seed, (B, 2)."""
        seeds = [(self.program.seed + b) & (2**64 - 1) for b in range(self.program.replicas)]
        return np.array([[s & 0xFFFFFFFF, s >> 32] for s in seeds], dtype=np.uint32)
