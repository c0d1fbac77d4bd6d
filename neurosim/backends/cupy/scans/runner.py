"""A compiled scan on a device, which takes the copies of a batch through all steps."""

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from ....errors import BackendError
from ....gradients import Along, AlongOuter, Edges, Outer, Product, Ran, Scan, ScanRunner, Step, check_scan, made_by
from ....gradients.running import Arrays
from .device import ScanDevice, default_scan_device
from .homes import find_homes
from .memory import Memory
from .module import make_scan_module
from .parts import Part, plan
from .storage import OnDevice

WARP, MOST_THREADS = 32, 512
"""Fewest and most threads of a block; 512 of 128 registers fill a processor."""
NEAR = 1 << 16
"""Weights that stay in the first cache of a processor; of more, what is read should serve several copies."""
MOST_NUMBERS = 2**31 - 1
"""Numbers of a row of all copies, which kernels count in 32 bits."""


class CudaScan(ScanRunner):
    """See ``ScanRunner``. Arrays that lie on the device go in without a copy, and all that comes out lies there.

    Parameters
    ----------
    scan, keep
        What to run, and which values beside the outputs to keep for every step.
    dtype
        Precision.
    device
        Where; None for the GPU, or for the processor where ``NEUROSIM_CUDA_LOADER`` is ``host``.

    Notes
    -----
    Where nothing crosses from one index to another, a thread takes one index of one copy through all steps. Where
    something does, a block owns copies for all steps, so no block waits for another, and a stage is one launch.
    """

    storage: OnDevice

    def __init__(self, scan: Scan, keep: Collection[str] = (), *, dtype: str = "float32",
                 device: ScanDevice | None = None):
        check_scan(scan)
        if dtype not in ("float32", "float64"):
            raise BackendError(f"cupy: dtype must be one of float32, float64, got {dtype!r}")
        self.scan, self._keep = scan, {*keep, *scan.outputs}
        self._device = device or default_scan_device()
        self.storage = OnDevice(self._device, np.dtype(dtype))
        self._plan = plan(scan)
        _check_totals(scan, self._plan)
        self._homes = find_homes(scan, self._plan, self._keep)
        self._module = make_scan_module(scan, self._plan, self._homes, np.dtype(dtype))
        made = self._module
        self._kernels = self._device.compile(made.text, made.parameters) if made.parameters else {}
        self._edges = self._edge_arrays()

    def run(self, inputs: Arrays, parameters: Arrays, starts: Arrays, steps: int, copies: int,
            events: Mapping[str, Any] | None = None) -> Ran:
        """Run all steps; there are no events here, spikes stay numbers."""
        most = MOST_NUMBERS // max(size for space, size in self.scan.spaces.items() if space not in self.scan.edges)
        if copies > most:
            raise BackendError(f"cupy: a batch must have at most {most} copies of this scan, got {copies}")
        memory = Memory(self.scan, self._homes, self._edges, self.storage, steps, copies)
        memory.take(inputs, parameters, starts)
        for number, one in enumerate(self._plan):
            if isinstance(one, Part):
                self._launch(number, one, memory)
            elif isinstance(one, Product):
                weight = memory.parameters[one.weight]
                self._device.multiply(memory.rows(one.source), weight.T if one.transpose else weight,
                                      memory.rows(one.target))
            else:
                memory.add_outer(memory.rows(one.left), memory.rows(one.right), one.total)
        return memory.ran(self._keep)

    def _launch(self, number: int, part: Part, memory: Memory) -> None:
        copies = memory.copies
        if part.alone:
            blocks, threads = self._alone(part, copies)
            given = [memory.steps, copies, threads]
        else:
            blocks, threads = self._together(part, copies)
            given = [memory.steps, copies]
        arguments = [memory.argument(kind, name, blocks) for kind, name in self._module.arguments[number]]
        self._kernels[f"part_{number}"](blocks, 1, threads, [*given, *arguments])

    def _alone(self, part: Part, copies: int) -> tuple[int, int]:
        """Blocks and threads where each thread goes alone: small blocks where these are few, for all processors."""
        (space,) = {op.space for op in part.work if isinstance(op, Step)}
        items = copies * self.scan.spaces[space]
        threads = int(np.clip(_rounded(-(-items // self._device.processors)), 2 * WARP, MOST_THREADS // 2))
        return -(-items // threads), threads

    def _together(self, part: Part, copies: int) -> tuple[int, int]:
        """Blocks and threads where blocks own copies: one for each processor, or for four copies of large products."""
        blocks = min(copies, self._device.processors)
        for op in part.work:
            if isinstance(op, Product):
                rows, columns = self.scan.size(op.source), self.scan.size(op.target)
                if rows * columns > NEAR and not self.scan.values[op.source].binary:
                    blocks = min(blocks, -(-copies // 4))
        widest = max((self.scan.size(v) for op in part.work for v in made_by(op)), default=1) * -(-copies // blocks)
        return blocks, int(np.clip(_rounded(widest), 2 * WARP, MOST_THREADS))

    def _edge_arrays(self) -> dict[tuple[str, str], Any]:
        """For each edge space, from its sources and ``turned`` from its targets: firsts, other ends, edge numbers."""
        used = {op.edges for op in self.scan.work if isinstance(op, Along | AlongOuter)}
        found: dict[tuple[str, str], Any] = {}
        for name in sorted(used):
            edges = self.scan.edges[name]
            for called, walk in ((name, _forwards), (f"{name} turned", _backwards)):
                arrays = walk(edges, self.scan.spaces)
                for kind, values in zip(("first", "last", "edge"), arrays, strict=True):
                    found[kind, called] = array = self._device.empty(values.shape, values.dtype)
                    self._device.write(values, array)
        return found


def _forwards(edges: Edges, spaces: Mapping[str, int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Edges by source: the first of each, (M + 1,), targets and numbers, (E,)."""
    return *edges.by_source(spaces[edges.source]), np.arange(len(edges.targets), dtype=np.int32)


def _backwards(edges: Edges, spaces: Mapping[str, int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Edges by target: the first of each, (N + 1,), sources and numbers, (E,)."""
    order = np.argsort(edges.targets, kind="stable").astype(np.int32)
    first = np.searchsorted(edges.targets[order], np.arange(spaces[edges.target] + 1)).astype(np.int64)
    return first, np.asarray(edges.sources, np.int32)[order], order


def _rounded(threads: int) -> int:
    return -(-threads // WARP) * WARP


def _check_totals(scan: Scan, planned: list[Part | Product | Outer]) -> None:
    """Refuse sums over segments, which would be longer than what they are added to."""
    for op in (op for one in planned if isinstance(one, Part) for op in one.work if isinstance(op, Step)):
        for total in op.totals.values():
            if scan.values[total].space not in (None, op.space):
                raise BackendError(f"cupy: {total} adds up over {op.space}, which is not the space of its parameter")
