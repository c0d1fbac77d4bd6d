"""A compiled program with its state on a device, moved on by replaying the launches of some steps."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ...errors import DescriptionError
from ...program import Probe
from ...program.buffers import check_finite
from ..base import Runner, Sink
from ..numba.separate import BEFORE, check_complete
from .connect import draw_on
from .emit_draws import poisson_tables
from .flights import flights, scales
from .launching import EachLaunch, Launches, OneLaunch
from .layout import Layout, Stored, symbol
from .loader import Device
from .loop import NAME
from .module import Module
from .records import Records

CHUNK_SECONDS = 0.1
KEYS = ("steps", "replicas", "indices")
"""What is kept of an event, in this order."""


class CupyRunner(Runner):
    """See ``Runner``.

    Parameters
    ----------
    layout, module, probes
        What lies on the device, what is launched, and what is recorded.
    device
        Where.
    sums
        How contributions along edges are added.

    Notes
    -----
    The number of the step, and the step to stop at, lie on the device: a kernel returns at once where the step has
    reached that. So one graph of a fixed number of steps serves every run, and a step that might catch more events than
    there is room for stops the chunk by itself.
    """

    def __init__(self, layout: Layout, module: Module, probes: Sequence[Probe], device: Device, sums: str):
        self.layout, self.program, self.step = layout, layout.program, 0
        self._device, self._module, self._sums = device, module, sums
        self._written = {b.name for b in self.program.buffers.values() if b.kind == "state" and BEFORE not in b.name}
        begun = time.perf_counter()
        waiting = (NAME,) if module.loop == "grid" else ()
        self._kernels = device.compile(module.text, module.parameters, waiting)
        compiled = time.perf_counter()
        self._numbers = layout.initial_numbers()
        self._arrays = {at: device.allocate(stored) for at, stored in layout.arrays.items()}
        draw_on(layout, device, self._arrays)
        self._records = Records(self.program, probes, layout, device, self._arrays)
        self._flights = flights(self.program, sums)
        self._sent = {r.buffer for flight in self._flights for op in flight.operations for r in op.names.values()}
        self._launches = self._made_launches()
        self._steps_per_chunk = module.steps
        self._launches.queue(1)  # loads every kernel, which must not happen while a graph is captured; runs no step
        self._replay = self._captured()
        self._times = {"compile_s": compiled - begun, "layout_s": time.perf_counter() - compiled}

    def advance(self, stop: int, sink: Sink) -> None:
        """Run a chunk of about a tenth of a second, never beyond ``stop``."""
        first = self.step
        stop = min(stop, first + self._records.most_steps(first), first + self._steps_per_chunk)
        begun = time.perf_counter()
        self._records.open()
        self._device.write(self._arrays["clock"], np.array([first, stop, first], np.int64))
        for _ in range(-(-(stop - first) // self._module.steps)):
            self._replay()
        self.step = int(self._device.read(self._arrays["clock"])[0])
        spent = max(time.perf_counter() - begun, 1e-6)
        self._records.hand_over(sink, first, self.step)
        wanted = (self.step - first) * CHUNK_SECONDS / spent
        self._steps_per_chunk = int(np.clip(wanted, self._module.steps, 4 * self._steps_per_chunk))

    def read(self, name: str) -> np.ndarray:
        """A copy of a buffer."""
        buffer = self.program.buffer(name)
        if buffer.space is None:
            return np.array(self._numbers[0, self.layout.numbers[name]])
        if not self.layout.is_laid(name):
            return np.broadcast_to(np.asarray(buffer.initial), (self.layout.size(buffer.space),)).copy()
        values = self._device.read(self._arrays["a_" + symbol(name)])
        values = values != 0 if buffer.dtype in ("bool", "bit") else values
        return values[0] if len(values) == 1 else values

    def write(self, name: str, values: Any) -> None:
        """Set a buffer."""
        self._set(name, values)
        if name in self._sent:  # what is on its way has the new value when it arrives, as on other backends
            self._send_anew()

    def _set(self, name: str, values: Any) -> None:
        buffer = self.program.buffer(name)
        check_finite(name, values)
        values = np.asarray(values)
        size = 1 if buffer.space is None else self.layout.size(buffer.space)
        rows = self.layout.rows(name) if buffer.space is not None and self.layout.is_laid(name) else 1
        allowed = [()] if buffer.space is None else [(), (size,), *([(rows, size)] if rows > 1 else [])]
        if values.shape not in allowed:
            raise DescriptionError(f"{name} takes one value or {size}, got an array of shape {values.shape}")
        if buffer.space is None:
            self._write_number(name, values)
        elif self.layout.is_laid(name):
            kind = self.layout.element_type(buffer)
            whole = np.ascontiguousarray(np.broadcast_to(values.astype(kind), (rows, size)))
            self._device.write(self._arrays["a_" + symbol(name)], whole)
        if name in self._sent or not self.layout.is_laid(name):  # its values are asked for here
            buffers = {**self.program.buffers, name: replace(buffer, initial=values)}
            self.program = replace(self.program, buffers=buffers)
        self._written.add(name)

    def state(self) -> dict[str, np.ndarray]:
        """What changes or was written, and the events of the last steps in the order of (step, replica, index)."""
        found = {name: self.read(name) for name in sorted(self._written)}
        for name in self.program.lists:
            columns = self._records.remembered(name, self.step)
            found |= {f"{name}#{key}": column for key, column in zip(KEYS, columns, strict=True)}
        return found

    def restore(self, step: int, state: Mapping[str, np.ndarray]) -> None:
        """Take up a state of any backend."""
        check_complete(self.program, state)
        for name, buffer in self.layout.program.buffers.items():
            if name in state:
                self._set(name, state[name])
            elif name in self._written and BEFORE not in name:
                self._set(name, buffer.initial)
        for name in self.program.lists:
            columns = (np.asarray(state[f"{name}#{key}"], np.int64) for key in KEYS)
            self._records.remember(name, *columns)
        self.step = step
        self._send_anew()

    def info(self) -> dict[str, Any]:
        """Backend, precision, device, how sums along edges are made, launches per step and compile time."""
        return {"backend": "cupy", "dtype": self.layout.dtype.name, "threads": 1, "sums": self._sums,
                "loop": self._module.loop, "launches per step": self._launches.per_step,
                **self._device.describe(), **self._times}

    def _write_number(self, name: str, values: np.ndarray) -> None:
        self._numbers[:, self.layout.numbers[name]] = values
        self._device.write(self._arrays["numbers"], self._numbers)
        larger = False
        for at, table in poisson_tables(self.layout, self._numbers).items():
            if len(table) > len(self._arrays[at]):
                stored = Stored(table.shape, table.dtype, lambda table=table: table)  # type: ignore[misc]
                self._arrays[at], larger = self._device.allocate(stored), True
            else:
                self._device.write(self._arrays[at][: len(table)], table)
        if larger:  # a graph remembers where everything lies
            self._launches.refresh()
            self._replay = self._captured()

    def _send_anew(self) -> None:
        """What is on its way: the events that are remembered are sent again, and what has arrived is taken out."""
        if not self._flights:
            return
        device, arrays = self._device, self._arrays
        rings = [flight.symbol for flight in self._flights]
        for at in rings:
            device.write(arrays[at], np.zeros(self.layout.arrays[at].shape, self.layout.arrays[at].dtype))
        if self._sums == "fixed":
            device.write(arrays["scales"], scales(self.program, self._flights))
        history = max(self.program.lists[op.events].history for flight in self._flights for op in flight.operations)
        for step in range(max(self.step - history, 0), self.step):
            device.write(arrays["clock"], np.array([step, step + 1, step], np.int64))
            self._launches.queue(1, frozenset(rings))
            for at in rings:
                _, ring, size = self.layout.arrays[at].shape
                for replica in range(self.program.replicas):
                    row = arrays[at][replica, step & (ring - 1)]
                    device.write(row, np.zeros(size, self.layout.arrays[at].dtype))

    def _made_launches(self) -> Launches:
        """What is queued for some steps."""
        module, replicas = self._module, self.program.replicas
        given = module, self._kernels, self._device, self._arrays, replicas
        if module.loop == "graph":
            return EachLaunch(*given)
        most = max((sum(m.blocks or self._device.busy for m in each.members) for each in module.launches), default=1)
        teams = min(most, self._device.resident // replicas) if module.loop == "grid" else 1
        return OneLaunch(*given, teams=max(teams, 1))

    def _captured(self) -> Callable[[], None]:
        """What queues some steps: as a graph, where they are many launches."""
        def queue() -> None:
            self._launches.queue(self._module.steps)

        return self._device.capture(queue) if self._module.loop == "graph" else queue
