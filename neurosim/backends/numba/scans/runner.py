"""A compiled scan, which takes the copies of a batch through all steps."""

import os
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

import numpy as np

from ....errors import BackendError
from ....gradients import NotBinary, Outer, Product, Ran, Scan, ScanRunner, Stage, check_scan, made_by, stages
from ....gradients.running import Arrays
from ....kernels.loader import load
from ..memory import cores
from .bulk import multiply
from .homes import by_events, find_homes
from .memory import Memory
from .module import make_scan_module
from .notes import EventRows


class NumbaScan(ScanRunner):
    """See ``ScanRunner``. Each thread owns a range of the copies for all of time, so no step waits for another thread.

    Parameters
    ----------
    scan, keep
        What to run, and which values beside the outputs to keep for every step.
    dtype, threads
        Precision, and number of threads; 0 takes all processors.
    events
        Binary values whose products run over events, inputs among them.
    """

    def __init__(self, scan: Scan, keep: Collection[str] = (), *, dtype: str = "float32", threads: int = 0,
                 events: Collection[str] = ()):
        check_scan(scan)
        if dtype not in ("float32", "float64"):
            raise BackendError(f"numba: dtype must be one of float32, float64, got {dtype!r}")
        self.scan, self.keep, self.dtype = scan, {*keep, *scan.outputs}, np.dtype(dtype)
        self.threads, self.events = threads or cores(), frozenset(events)
        self._cut = stages(scan, [k for k, op in enumerate(scan.work) if by_events(scan, op, self.events)])
        self._homes = find_homes(scan, self._cut, self.keep, self.events)
        self._edges = {name: edges.by_source(scan.spaces[edges.source]) for name, edges in scan.edges.items()}
        made = make_scan_module(scan, self._cut, self._homes, self.dtype, self.events)
        self._module = load("scan", made.text)
        self._functions = [getattr(self._module, f"stage_{n}") for n in range(len(made.arguments))]
        self._arguments = made.arguments

    def run(self, inputs: Arrays, parameters: Arrays, starts: Arrays, steps: int, copies: int,
            events: Mapping[str, Any] | None = None) -> Ran:
        """Run all steps."""
        lanes = max(1, min(self.threads, copies))
        memory = Memory(self.scan, self._homes, self.keep, self._edges, self.dtype, lanes, steps, copies)
        memory.take(inputs, parameters, starts)
        memory.events.update(events or {})
        self._note(memory, starts)
        scanned = 0
        for stage in self._cut:
            if stage.bulk:
                _bulk(stage, memory)
                continue
            arguments = [memory.argument(*pair) for pair in self._arguments[scanned]]
            _on_lanes(lanes, self._functions[scanned], steps, copies, *arguments)
            scanned += 1
        return memory.ran()

    def _note(self, memory: Memory, starts: Arrays) -> None:
        """Find the events of inputs that come as numbers, and of what the run begins with."""
        steps, copies, lanes = memory.steps, memory.copies, memory.lanes
        made = {name for op in self.scan.work for name in made_by(op)}
        for name in self.events - memory.events.keys():
            past, size = self.scan.history(name), self.scan.size(name)
            memory.events[name] = found = EventRows.empty(lanes, steps, copies, past, size)
            if past:
                longest = next(c for c in self.scan.carries if c.final == name and c.lag == past)
                begun = starts.get(longest.start)
                rows = np.zeros((past, copies * size), self.dtype) if begun is None else (
                    np.ascontiguousarray(begun, self.dtype).reshape(past, -1))
                self._find(lanes, name, 0, rows, copies, found)
            if name not in made:
                values = memory.inputs[name]
                if len(values) < steps:
                    values = np.repeat(values, steps, axis=0)
                self._find(lanes, name, past, values, copies, found)

    def _find(self, lanes: int, name: str, first: int, values: np.ndarray, copies: int, into: EventRows) -> None:
        binary = _on_lanes(lanes, self._module.find_events, first, values, copies, into.size, into.index, into.start,
                           into.stop, into.filled)
        if not all(binary):
            raise NotBinary(name)


def _bulk(stage: Stage, memory: Memory) -> None:
    """One product over all steps."""
    (op,) = stage.work
    if isinstance(op, Product):
        target, weight = memory.rows(op.target), memory.parameters[op.weight]
        multiply(memory.rows(op.source), weight.T if op.transpose else weight, target)
    elif isinstance(op, Outer):
        total = memory.totals[op.total]
        # the gradients of a matrix that several products read add up
        found = np.empty_like(total) if op.total in memory.multiplied else total
        multiply(memory.rows(op.left).T, memory.rows(op.right), found)
        if found is not total:
            total += found
        memory.multiplied.add(op.total)


def _on_lanes(lanes: int, function: Callable[..., Any], *arguments: Any) -> list[Any]:
    """Call a function for each thread and wait for all."""
    if lanes == 1:
        return [function(0, 1, *arguments)]
    calls = [_pool().submit(function, q, lanes, *arguments) for q in range(lanes)]
    return [call.result() for call in calls]


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(cores(), thread_name_prefix="neurosim-scan")


if hasattr(os, "register_at_fork"):
    # threads are not forked, so in a child, such as a worker that loads data, a pool would wait for ever
    os.register_at_fork(after_in_child=_pool.cache_clear)
