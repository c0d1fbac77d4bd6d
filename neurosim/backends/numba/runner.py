"""A compiled program with its state, moved on by a pool of threads."""

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from typing import Any

import numpy as np

from ...errors import DescriptionError
from ...kernels.loader import load
from ...program import Probe, Program
from ..base import Runner, Sink
from .emit_sweep import sweep_scratch
from .homes import folded, settle
from .layout import Layout
from .memory import packed, unpacked
from .module import make_module
from .records import Records
from .separate import BEFORE, check_complete, separated
from .tables import poisson_tables, scratch, segments

CHUNK_SECONDS = 0.1


class NumbaRunner(Runner):
    """See ``Runner``. Threads share one replica by owning ranges of indices, or share out whole replicas."""

    def __init__(self, program: Program, probes: Sequence[Probe], dtype: str, threads: int):
        self._probes, self._dtype, self._threads = probes, np.dtype(dtype), threads
        self.step = 0
        self._written = {b.name for b in program.buffers.values() if b.kind == "state"}
        self._pool: ThreadPoolExecutor | None = None
        self._prepare(program)

    def _prepare(self, program: Program) -> None:
        """Lay the program out, compile it (or find it in the cache), and stand at its beginning."""
        begun = time.perf_counter()
        lanes = self._threads if program.replicas == 1 else 1
        self.workers = min(self._threads, max(lanes, program.replicas))
        self._unsettled = program
        self.program, places = settle(separated(program), lanes)
        self._folded = folded(self.program)
        self.layout = Layout(self.program, places, self._dtype, lanes, {probe.source for probe in self._probes})
        generated = make_module(self.program, self._probes, self.layout)
        self._records = Records(self.program, self._probes, self.layout)
        self._reached = np.zeros((program.replicas, lanes), np.int64)
        self._wait_every = generated.wait_every
        self._steps_per_chunk = 64
        self._arrays: dict[str, Any] = {
            **self.layout.arrays, **scratch(self.program, self.layout, self.workers),
            **poisson_tables(self.program, self.layout), **segments(self.program),
            **sweep_scratch(self.program, self.layout, self.workers),
            "integers": np.array([*self.layout.integers, 0], np.int64),
            "sizes": np.array([s.size for s in self.program.spaces.values()] or [0], np.int64),
        }
        self._order = [*generated.symbols, *(f"room_{k}" for k in self._records.event_numbers)]
        laid = time.perf_counter()
        self._run = load("program", generated.text).run
        missed = sum(self._run.stats.cache_misses.values())
        self._launch(0)  # compiles, and runs no step
        self._cached = sum(self._run.stats.cache_misses.values()) == missed
        self._times = {"layout_s": laid - begun, "compile_s": time.perf_counter() - laid}

    def advance(self, stop: int, sink: Sink) -> None:
        """Run a chunk of about a tenth of a second, never beyond ``stop``."""
        stop = min(stop, self.step + self._records.most_steps(self.step), self.step + self._steps_per_chunk)
        begun, first = time.perf_counter(), self.step
        while self.step < stop:
            self._records.open()
            self._launch(stop)
            # replicas stop on their own where their records are full; the slowest counts, the others wait for it
            self._records.collect()
            self.step = int(self._reached.min())
        self._records.hand_over(sink, first, self.step)
        spent = max(time.perf_counter() - begun, 1e-6)
        done = self.step - first
        self._steps_per_chunk = int(np.clip(done * CHUNK_SECONDS / spent, 64, 4 * self._steps_per_chunk))

    def read(self, name: str) -> np.ndarray:
        """A copy of a buffer."""
        buffer = self.program.buffer(name)
        if buffer.space is None:
            return np.array(self.layout.arrays["numbers"][0, self.layout.numbers[name]])
        start, stop = self.layout.span(buffer.space)
        if not self.layout.is_laid(name):
            return np.broadcast_to(np.asarray(buffer.initial), (stop - start,)).copy()
        array = self.layout.arrays[self.layout.array_symbol(name)]
        if buffer.dtype == "bit":
            rows = np.stack([unpacked(row, buffer.columns or 1) for row in array])
            return rows[0] if len(rows) == 1 else rows
        values = array[:, start:stop]
        if buffer.dtype == "bool":
            values = values != 0
        return np.array(values[0] if len(values) == 1 else values)

    def write(self, name: str, values: Any) -> None:
        """Set a buffer."""
        buffer = self.program.buffer(name)
        values = np.asarray(values)
        size = 1 if buffer.space is None else self.program.size_of(buffer.space)
        if not self.layout.is_laid(name) or name in self._folded:
            self._rebuild(name, values, size)
            return
        try:
            if buffer.space is None:
                self.layout.arrays["numbers"][:, self.layout.numbers[name]] = values
                self._arrays.update(poisson_tables(self.program, self.layout))
            elif buffer.dtype == "bit":
                array = self.layout.arrays[self.layout.array_symbol(name)]
                bits = np.broadcast_to(np.asarray(values, bool), (len(array), size))
                array[:] = [packed(row, buffer.columns or 1) for row in bits]
            else:
                start, stop = self.layout.span(buffer.space)
                self.layout.arrays[self.layout.array_symbol(name)][:, start:stop] = values
        except ValueError:
            raise DescriptionError(f"{name} takes one value or {size}, got an array of shape {values.shape}") from None
        self._written.add(name)

    def _rebuild(self, name: str, values: np.ndarray, size: int) -> None:
        """Change a constant that has no memory of its own, because a bundle of joins has taken it in."""
        if values.shape not in ((), (size,)):
            raise DescriptionError(f"{name} takes one value or {size}, got an array of shape {values.shape}")
        old, step, state = self._unsettled.buffers[name], self.step, self.state()
        initial = values if old.space is None else np.broadcast_to(values, (size,)).astype(self._dtype)
        buffers = {**self._unsettled.buffers, name: replace(old, initial=initial)}
        self._prepare(replace(self._unsettled, buffers=buffers))
        self._written.add(name)
        self.restore(step, {key: value for key, value in state.items() if key != name})

    def state(self) -> dict[str, np.ndarray]:
        """What changes or was written, and the events of the last steps in the order of (step, replica, index)."""
        found = {name: self.read(name) for name in sorted(self._written) if BEFORE not in name}
        for name, events in self.program.lists.items():
            steps, replicas, indices = self._events(name, max(self.step - events.history, 0))
            found |= {f"{name}#steps": steps, f"{name}#replicas": replicas, f"{name}#indices": indices}
        return found

    def restore(self, step: int, state: Mapping[str, np.ndarray]) -> None:
        """Take up a state of a run with any number of threads."""
        check_complete(self.program, state)
        for name, buffer in self.program.buffers.items():
            if name in state:
                self.write(name, state[name])
            elif name in self._written - self._folded and BEFORE not in name:
                self.write(name, buffer.initial)
        for name in {self.layout.list_symbol(n): n for n in self.program.lists}.values():
            self._fill_list(name, state)
        self.step = step
        self._reached[:] = step
        self._records.rewind(step)

    def _events(self, name: str, since: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Steps, replicas and indices of the events of a list from step ``since`` on, each (n,) int64."""
        space, at = self.program.lists[name].space, self.layout.list_symbol(name)
        ring, counts = self.layout.arrays["l_" + at], self.layout.arrays["c_" + at]
        splits, (low, high) = self.layout.splits(self.layout.place(space).home), self.layout.span(space)
        parts = []
        for step in range(since, self.step):
            slot = step & (ring.shape[1] - 1)
            for r in range(self.program.replicas):
                for start, count in zip(splits, counts[r, slot], strict=False):
                    own = ring[r, slot, start : start + count]
                    own = own[(own >= low) & (own < high)] - low
                    parts.append((np.full(len(own), step), np.full(len(own), r), own))
        columns = zip(*parts, strict=True) if parts else ((), (), ())
        return tuple(np.concatenate([np.zeros(0, np.int64), *c]).astype(np.int64) for c in columns)  # type: ignore

    def _fill_list(self, name: str, state: Mapping[str, np.ndarray]) -> None:
        """The events of all twins of a list into their common ring, ascending."""
        at = self.layout.list_symbol(name)
        ring, counts = self.layout.arrays["l_" + at], self.layout.arrays["c_" + at]
        splits = self.layout.splits(self.layout.place(self.program.lists[name].space).home)
        rows = []
        for twin, events in self.program.lists.items():
            if self.layout.list_symbol(twin) == at:
                low = self.layout.span(events.space)[0]
                columns = [np.asarray(state[f"{twin}#{key}"]) for key in ("steps", "replicas", "indices")]
                rows.append(np.stack([columns[0], columns[1], columns[2] + low], axis=1))
        counts[:] = 0
        joined = np.concatenate(rows)
        for when, r, index in joined[np.lexsort(joined.T[::-1])]:
            lane, slot = int(np.searchsorted(splits, index, side="right")) - 1, int(when) & (ring.shape[1] - 1)
            ring[r, slot, splits[lane] + counts[r, slot, lane]] = index
            counts[r, slot, lane] += 1

    def info(self) -> dict[str, Any]:
        """Backend, precision, threads, compile time and whether the cache served."""
        return {
            "backend": "numba", "dtype": self.layout.dtype.name, "threads": self.workers,
            "cached": self._cached, **self._times,
        }

    def _launch(self, stop: int) -> None:
        """All threads to ``stop``, or to where records are full; returns when all have come back."""
        arrivals, leaving = np.zeros(8, np.int64), np.zeros((2, self.layout.lanes), np.int64)
        arrays = {**self._arrays, **self._records.arrays}
        tail = (stop, self._reached, arrivals, leaving, self._wait_every, self.program.dt,
                *(arrays[s] for s in self._order))
        if self.layout.lanes > 1:
            jobs = [(q, q, self.layout.lanes, 0, 1) for q in range(self.layout.lanes)]
        else:
            cuts = np.linspace(0, self.program.replicas, self.workers + 1).astype(int).tolist()
            jobs = [(w, 0, 1, cuts[w], cuts[w + 1]) for w in range(self.workers)]
        if len(jobs) == 1:
            self._run(*jobs[0], *tail)
            return
        if self._pool is None:
            self._pool = ThreadPoolExecutor(len(jobs), thread_name_prefix="neurosim")
            self._run(*jobs[0][:3], 0, 0, *tail)  # compile once, before threads would do it side by side
        futures = [self._pool.submit(self._run, *job, *tail) for job in jobs]
        wait(futures)
        for future in futures:
            future.result()
