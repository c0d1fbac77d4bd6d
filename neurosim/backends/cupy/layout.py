"""What lies on the device, said before anything is allocated there."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...kernels.recipes import ValueRecipe
from ...program import Buffer, Diffuse, EdgeSpace, EventSchedule, MapEdges, Operation, Program, Propagate
from ...program.buffers import PendingEdges
from ...program.redrawn import RedrawnValues
from ..numba.index import chunk_bounds, columns, number_type, place_type

TILE = 256
"""Indices that a block treats at once, and threads of a block; ``device.h`` has the same number."""

C_TYPES = {
    "float32": "float", "float64": "double", "int8": "signed char", "uint8": "unsigned char", "int16": "short",
    "uint16": "unsigned short", "int32": "int", "uint32": "u32", "int64": "i64", "uint64": "u64",
}  # fmt: skip


@dataclass(frozen=True)
class Stored:
    """One array on the device: its shape, type, and first values (zeros without)."""

    shape: tuple[int, ...]
    dtype: np.dtype
    values: Callable[[], np.ndarray] | None = None

    @property
    def nbytes(self) -> int:
        """Bytes that it takes."""
        return int(np.prod(self.shape, dtype=np.int64)) * self.dtype.itemsize


def symbol(name: str) -> str:
    """A name as part of an identifier, another one for each: ``exc.v_m`` becomes ``exc_pv__m``."""
    return name.replace("_", "__").replace(".", "_p")


def tiles(size: int) -> int:
    """Blocks that have a tile of a space each; one where it is empty."""
    return max(-(-size // TILE), 1)


class Layout:
    """The arrays of a program by symbol.

    Parameters
    ----------
    program
        What is laid out.
    dtype
        Precision of the floats.
    recorded
        Names of buffers that are read beside the operations.

    Notes
    -----
    A buffer is (rows, size) with a row for each replica, or one that all share. An event list is a ring of
    ``ring`` steps, (replicas, ring, size), with counts (replicas, ring). Edges lie in canonical order, ``bounds`` says
    where in each row each delay begins. ``pending`` and ``recipes`` say by symbol which edges are drawn on the device,
    and which numbers along them are drawn or set there; their arrays stand empty.
    """

    def __init__(self, program: Program, dtype: np.dtype, recorded: Collection[str] = ()):
        self.program, self.dtype = program, dtype
        self.arrays: dict[str, Stored] = {}
        self.pending: dict[str, PendingEdges] = {}
        self.recipes: dict[str, ValueRecipe | float] = {}
        used = set(recorded).union(*(named(op) for op in program.operations))
        self.numbers = {b.name: k for k, b in enumerate(b for b in program.buffers.values() if b.space is None)}
        self.keep("numbers", self.initial_numbers())
        for buffer in program.buffers.values():
            if buffer.space is not None and (buffer.kind == "state" or buffer.name in used):
                self._lay_buffer(buffer, buffer.space)
        for name in program.lists:
            self._lay_list(name)
        laid = [edges for edges in program.edges.values() if edges.name in used]
        # one width for all, so that kernels of many joins have one text
        self.target_type = np.result_type(np.uint8, *(_target_type(edges) for edges in laid))
        for edges in laid:
            self._lay_edges(edges)
        self._widen("bounds_")
        self._widen("coledge_")
        self._lay_schedules()
        self.keep("keys", self._keys())
        self.keep("clock", np.zeros(3, np.int64))

    def is_number(self, name: str) -> bool:
        """Whether the buffer is one number for all indices."""
        return self.program.buffers[name].space is None

    def is_laid(self, name: str) -> bool:
        """Whether the buffer lies on the device; constants that nothing reads do not."""
        return self.is_number(name) or "a_" + symbol(name) in self.arrays

    def element_type(self, buffer: Buffer) -> np.dtype:
        """NumPy type of a buffer's elements."""
        kinds: dict[str, Any] = {"float": self.dtype, "int": np.int32, "int8": np.int8}
        return np.dtype(kinds.get(buffer.dtype, np.uint8))

    def rows(self, name: str) -> int:
        """Rows of a buffer: 1 when all replicas share it."""
        return self.arrays["a_" + symbol(name)].shape[0]

    def ring(self, name: str) -> int:
        """Steps that an event list remembers, a power of two."""
        return 1 << max(self.program.lists[name].history - 1, 0).bit_length()

    def size(self, space: str) -> int:
        """Number of indices of a space."""
        return self.program.size_of(space)

    def initial_numbers(self) -> np.ndarray:
        """What all indices share, (replicas, K)."""
        found = np.zeros((self.program.replicas, max(len(self.numbers), 1)), self.dtype)
        for name, k in self.numbers.items():
            found[:, k] = self.program.buffers[name].initial
        return found

    def add(self, name: str, shape: tuple[int, ...], dtype: Any) -> None:
        """Room for something that begins as zeros."""
        self.arrays.setdefault(name, Stored(shape, np.dtype(dtype)))

    def keep(self, name: str, values: np.ndarray) -> None:
        """Room for something with first values."""
        self.arrays[name] = Stored(values.shape, values.dtype, lambda: values)

    def _lay_buffer(self, buffer: Buffer, space: str) -> None:
        at, initial = "a_" + symbol(buffer.name), buffer.initial
        shared = buffer.kind == "parameter" and np.ndim(initial) < 2
        shape = (1 if shared else self.program.replicas, self.size(space))
        kind = self.element_type(buffer)
        recipe = _recipe(buffer, self.program.edges.get(space))
        if recipe is None:
            self.arrays[at] = Stored(shape, kind,
                                     lambda: np.ascontiguousarray(np.broadcast_to(initial, shape).astype(kind)))
            return
        self.arrays[at] = Stored(shape, kind)
        if recipe != 0.0:
            self.recipes[at] = recipe

    def _lay_list(self, name: str) -> None:
        replicas, ring = self.program.replicas, self.ring(name)
        size, at = self.size(self.program.lists[name].space), symbol(name)
        self.add("l_" + at, (replicas, ring, size), np.int32)
        self.add("c_" + at, (replicas, ring), np.int32)

    def _lay_edges(self, edges: EdgeSpace) -> None:
        name = symbol(edges.name)
        along = [op for op in self.program.operations if getattr(op, "edges", None) == edges.name]
        by_target = any(needs_columns(op) for op in along)
        if edges.pending is not None:
            self._leave_edges(name, edges, edges.pending, by_target)
            return
        drawn = edges.edges
        self.keep("first_" + name, np.ascontiguousarray(drawn.first, dtype=np.int64))
        self.keep("target_" + name, np.ascontiguousarray(drawn.target, dtype=self.target_type))
        if any(isinstance(op, Propagate) or isinstance(op, MapEdges) and op.at == "source" for op in along):
            self.keep("delays_" + name, np.ascontiguousarray(edges.delays, dtype=np.int64))
            whole = np.array([0, max(drawn.targets, 1)], np.int64)
            self.keep("bounds_" + name, chunk_bounds(drawn, edges.delays, whole))
        if by_target:
            for kind, values in zip(("colfirst_", "coledge_", "colsource_"), columns(drawn), strict=True):
                self.keep(kind + name, values)

    def _leave_edges(self, name: str, edges: EdgeSpace, pending: PendingEdges, by_target: bool) -> None:
        """Room for edges that are drawn on the device."""
        self.pending[name] = pending
        self.keep("first_" + name, np.ascontiguousarray(pending.first, dtype=np.int64))
        self.add("target_" + name, (edges.size,), self.target_type)
        self.keep("delays_" + name, np.ascontiguousarray(edges.delays, dtype=np.int64))
        lengths, width = np.diff(pending.first), place_type(pending.first)
        if len(edges.delays) > 1:
            self.add("bounds_" + name, (pending.sources, len(edges.delays) + 1), width)
        else:
            self.keep("bounds_" + name, np.stack([np.zeros_like(lengths), lengths], axis=1).astype(width))
        if by_target:
            self.add("colfirst_" + name, (pending.targets + 1,), np.int64)
            self.add("coledge_" + name, (edges.size,), number_type(edges.size))
            self.add("colsource_" + name, (edges.size,), np.int32)

    def _widen(self, kind: str) -> None:
        """Give all arrays of a kind the type of the widest."""
        found = {at: stored for at, stored in self.arrays.items() if at.startswith(kind)}
        widest = np.result_type(np.uint8, *(stored.dtype for stored in found.values()))
        for at, stored in found.items():
            if stored.values is None:
                self.arrays[at] = Stored(stored.shape, widest)
            elif stored.dtype != widest:
                self.keep(at, stored.values().astype(widest))

    def _lay_schedules(self) -> None:
        for schedule in self.program.schedules.values():
            name = symbol(schedule.name)
            if isinstance(schedule, EventSchedule):
                self.keep("when_" + name, np.ascontiguousarray(schedule.steps, dtype=np.int64))
                self.keep("who_" + name, np.ascontiguousarray(schedule.indices, dtype=np.int32))
            else:
                values = np.asarray(schedule.values)
                # truth values stay bytes: frames of a memory may be many
                values = values.view(np.uint8) if values.dtype == bool else values.astype(self.dtype, copy=False)
                copies = values.shape[1] if values.ndim == 3 else 1
                self.keep("table_" + name, np.ascontiguousarray(values.reshape(len(values), copies, -1)))

    def _keys(self) -> np.ndarray:
        """Low and high half of each replica's seed, (B, 2)."""
        seeds = [(self.program.seed + b) & (2**64 - 1) for b in range(self.program.replicas)]
        return np.array([[s & 0xFFFFFFFF, s >> 32] for s in seeds], dtype=np.uint32)


def _recipe(buffer: Buffer, edges: EdgeSpace | None) -> ValueRecipe | float | None:
    """What a buffer is drawn from or set to on the device; None where the host gives its values."""
    initial = buffer.initial
    if isinstance(initial, RedrawnValues):
        return initial.recipe if buffer.dtype == "float" else None
    many = edges is not None and edges.pending is not None and np.ndim(initial) == 0
    return float(initial) if many and (buffer.dtype == "float" or initial == 0) else None


def _target_type(edges: EdgeSpace) -> np.dtype:
    """The type of the targets, which edges that are not drawn will have."""
    return edges.edges.target.dtype if edges.pending is None else np.min_scalar_type(edges.pending.targets - 1)


def adds_to_target(op: MapEdges) -> bool:
    """Whether the body adds to variables of the target."""
    return any(op.names[a.target].side == "target" for a in op.body if a.target in op.names)


def needs_columns(op: Operation) -> bool:
    """Whether the operation walks the edges that enter a target."""
    if isinstance(op, MapEdges):
        return op.at == "target" or op.at == "all" and adds_to_target(op)
    return isinstance(op, Diffuse)


def named(op: Operation) -> set[str]:
    """Every buffer and edge space that an operation names."""
    refs = getattr(op, "names", {}).values()
    return {v for v in vars(op).values() if isinstance(v, str)} | {n for r in refs for n in (r.buffer, r.index) if n}
