"""Where the threads put what probes catch, and how it gets out."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...program import Probe, Program
from ..base import Sink
from .layout import Layout
from .module import CHECK_EVERY

EVENT_ROWS = 1 << 18
SAMPLE_BYTES = 32 << 20


class Records:
    """Rows of events per thread and replica, rows of samples per replica; ``arrays`` go to the generated code."""

    def __init__(self, program: Program, probes: Sequence[Probe], layout: Layout):
        self.program, self.probes, self.layout = program, probes, layout
        self.arrays: dict[str, Any] = {}
        self.event_numbers = [n for n, p in enumerate(probes) if p.kind == "events"]
        self._caught: dict[int, list[tuple[np.ndarray, np.ndarray, np.ndarray]]] = {n: [] for n in self.event_numbers}
        for n, probe in enumerate(probes):
            (self._lay_events if probe.kind == "events" else self._lay_samples)(n, probe)

    def most_steps(self, step: int) -> int:
        """How many steps the rows of samples have room for, from ``step`` on."""
        room = [self.arrays[f"rows_{n}"].shape[0] * p.every - step % p.every
                for n, p in enumerate(self.probes) if p.kind == "samples"]
        return min(room, default=1 << 40)

    def open(self) -> None:
        """Empty rows of events; the samples of a chunk go on where they are."""
        for n in self.event_numbers:
            self.arrays[f"filled_{n}"][:] = 0

    def collect(self) -> None:
        """Take the events out of the rows, each thread's as one piece."""
        for n in self.event_numbers:
            filled = self.arrays[f"filled_{n}"]
            for row in np.flatnonzero(filled):
                steps = self.arrays[f"when_{n}"][row, : filled[row]].copy()
                indices = self.arrays[f"which_{n}"][row, : filled[row]].copy()
                wanted = self.probes[n].indices
                if wanted is not None:
                    keep = np.isin(indices, wanted)
                    steps, indices = steps[keep], indices[keep]
                self._caught[n].append((steps, indices, np.full(len(steps), row // self.layout.lanes)))

    def hand_over(self, sink: Sink, first: int, stop: int) -> None:
        """Everything of the steps ``first`` to ``stop`` to the sink, sorted; then start anew."""
        many = self.program.replicas > 1
        for n, probe in enumerate(self.probes):
            if probe.kind == "events":
                steps, indices, replicas = self._sorted(n)
                if len(steps):
                    sink.events(probe.key, steps, indices, *([replicas] if many else []))
                self._caught[n] = []
                continue
            rows = stop // probe.every - first // probe.every
            if rows:
                values = self.arrays[f"rows_{n}"][:rows]
                steps = (np.arange(rows) + first // probe.every + 1) * probe.every - 1
                sink.samples(probe.key, steps, values.copy() if many else values[:, 0].copy())
            self.arrays[f"base_{n}"] = stop // probe.every + 1

    def rewind(self, step: int) -> None:
        """The next chunk starts at ``step``."""
        for n, probe in enumerate(self.probes):
            if probe.kind == "samples":
                self.arrays[f"base_{n}"] = step // probe.every + 1

    def _sorted(self, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Events by (step, replica, index): pieces are sorted already, so a stable sort by step merges them."""
        parts = self._caught[n]
        if not parts:
            return np.zeros(0, np.int64), np.zeros(0, np.int32), np.zeros(0, np.int64)
        steps, indices, replicas = (np.concatenate([p[k] for p in parts]) for k in range(3))
        if len(parts) > 1:
            order = np.argsort(steps, kind="stable")
            steps, indices, replicas = steps[order], indices[order], replicas[order]
        return steps, indices, replicas.astype(np.int64)

    def _lay_events(self, n: int, probe: Probe) -> None:
        own = np.diff(self.layout.ranges(self.program.lists[probe.source].space))
        rows = self.program.replicas * self.layout.lanes
        # pages that are never written cost nothing, so generous rows do not show in the memory used
        room = int(own.max()) * CHECK_EVERY
        capacity = 2 * room + max(EVENT_ROWS // rows, 1)
        self.arrays[f"when_{n}"] = np.empty((rows, capacity), np.int64)
        self.arrays[f"which_{n}"] = np.empty((rows, capacity), np.int32)
        self.arrays[f"filled_{n}"] = np.zeros(rows, np.int64)
        self.arrays[f"room_{n}"] = own * CHECK_EVERY

    def _lay_samples(self, n: int, probe: Probe) -> None:
        buffer = self.program.buffers[probe.source]
        size = 1 if buffer.space is None else self.program.size_of(buffer.space)
        pick = np.arange(size) if probe.indices is None else np.asarray(probe.indices)
        owners = self._owners(buffer.space, pick)
        order = np.argsort(owners, kind="stable")
        first = 0 if buffer.space is None else self.layout.place(buffer.space).offset
        share = np.searchsorted(owners[order], np.arange(self.layout.lanes + 1))
        kind = self.layout.element_type(buffer)
        width = self.program.replicas * max(len(pick), 1) * np.dtype(kind).itemsize
        rows = int(np.clip(SAMPLE_BYTES // width, 1, 1 << 16))
        self.arrays[f"rows_{n}"] = np.zeros((rows, self.program.replicas, len(pick)), kind)
        self.arrays[f"pick_{n}"] = pick[order].astype(np.int64) + first
        self.arrays[f"place_{n}"] = order.astype(np.int64)
        self.arrays[f"share_{n}"] = share.astype(np.int64)
        self.arrays[f"rate_{n}"] = probe.every
        self.arrays[f"base_{n}"] = 1

    def _owners(self, space: str | None, indices: np.ndarray) -> np.ndarray:
        """The thread that writes each index: the owner of a neuron, or of an edge's target."""
        if space is None:
            return np.zeros(len(indices), np.int64)
        if space in self.program.edges:
            edges = self.program.edges[space]
            space, indices = edges.target, edges.edges.target[indices]
        place = self.layout.place(space)
        return np.searchsorted(self.layout.splits(place.home), indices + place.offset, side="right") - 1
