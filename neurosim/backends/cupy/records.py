"""How what lies in rings and records on the device gets out, and back in."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...program import Probe, Program
from ..base import Sink
from .emit_records import MOST_STEPS
from .layout import Layout, symbol
from .loader import Device


class Records:
    """What probes catch, and what event lists remember.

    Parameters
    ----------
    program, probes, layout
        What runs and what is recorded.
    device, arrays
        Where it lies.
    """

    def __init__(self, program: Program, probes: Sequence[Probe], layout: Layout, device: Device,
                 arrays: dict[str, Any]):
        self.program, self.probes, self.layout = program, probes, layout
        self._device, self._arrays = device, arrays

    def most_steps(self, step: int) -> int:
        """How many steps there is room for, from ``step`` on."""
        room = [self.layout.arrays[f"rows_{n}"].shape[0] * p.every - step % p.every
                for n, p in enumerate(self.probes) if p.kind == "samples"]
        return min([*room, MOST_STEPS])

    def open(self) -> None:
        """Forget the events of the last chunk."""
        for n, probe in enumerate(self.probes):
            if probe.kind == "events":
                self._device.write(self._arrays[f"filled_{n}"], np.zeros(self.program.replicas, np.int64))

    def hand_over(self, sink: Sink, first: int, stop: int) -> None:
        """Everything of the steps ``first`` to ``stop`` to the sink."""
        for n, probe in enumerate(self.probes):
            (self._hand_events if probe.kind == "events" else self._hand_samples)(n, probe, sink, first, stop)

    def remembered(self, name: str, step: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Steps, replicas and indices of what a list remembers, each (n,) int64, in this order."""
        ring, counts = (self._device.read(self._arrays[kind + symbol(name)]) for kind in ("l_", "c_"))
        parts = []
        for when in range(max(step - self.program.lists[name].history, 0), step):
            slot = when & (ring.shape[1] - 1)
            for r in range(self.program.replicas):
                own = ring[r, slot, : counts[r, slot]]
                parts.append((np.full(len(own), when), np.full(len(own), r), own))
        columns = zip(*parts, strict=True) if parts else ((), (), ())
        steps, replicas, indices = (np.concatenate([np.zeros(0, np.int64), *c]).astype(np.int64) for c in columns)
        return steps, replicas, indices

    def remember(self, name: str, steps: np.ndarray, replicas: np.ndarray, indices: np.ndarray) -> None:
        """Fill a list with what ``remembered`` gave."""
        shape = self.layout.arrays["l_" + symbol(name)].shape
        ring, counts = np.zeros(shape, np.int32), np.zeros(shape[:2], np.int32)
        for n in np.lexsort((indices, replicas, steps)):
            r, slot = replicas[n], steps[n] & (shape[1] - 1)
            ring[r, slot, counts[r, slot]] = indices[n]
            counts[r, slot] += 1
        self._device.write(self._arrays["l_" + symbol(name)], ring)
        self._device.write(self._arrays["c_" + symbol(name)], counts)

    def _hand_events(self, n: int, probe: Probe, sink: Sink, first: int, stop: int) -> None:
        filled = self._device.read(self._arrays[f"filled_{n}"])
        if not filled.any():
            return
        steps, copies, indices = [], [], []
        for r, count in enumerate(filled):
            until = self._device.read(self._arrays[f"until_{n}"][r, : stop - first])
            steps.append(np.repeat(np.arange(first, stop), np.diff(until, prepend=0)))
            indices.append(self._device.read(self._arrays[f"which_{n}"][r, :count]))
            copies.append(np.full(count, r, np.int64))
        columns = [np.concatenate(parts) for parts in (steps, indices, copies)]
        if probe.indices is not None:
            keep = np.isin(columns[1], probe.indices)
            columns = [column[keep] for column in columns]
        if self.program.replicas > 1:
            order = np.argsort(columns[0], kind="stable")
            columns = [column[order] for column in columns]
        if len(columns[0]):
            sink.events(probe.key, *(columns if self.program.replicas > 1 else columns[:2]))

    def _hand_samples(self, n: int, probe: Probe, sink: Sink, first: int, stop: int) -> None:
        count = stop // probe.every - first // probe.every
        if not count:
            return
        values = self._device.read(self._arrays[f"rows_{n}"][:count])
        steps = (np.arange(count) + first // probe.every + 1) * probe.every - 1
        sink.samples(probe.key, steps, values if self.program.replicas > 1 else values[:, 0].copy())
