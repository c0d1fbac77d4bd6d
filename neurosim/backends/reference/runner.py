"""Runs a program step by step."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ...errors import CheckpointError, DescriptionError, listing
from ...program import Buffer, Probe, Program
from ...program.buffers import check_finite
from ..base import Runner, Sink
from .operations import run_step
from .probes import Catcher
from .replica import Replica, Wiring, rows

LONGEST_ADVANCE = 0.2  # s


class ReferenceRunner(Runner):
    """A program in memory: one ``Replica`` for each copy.

    A step that fails or is interrupted midway leaves a state between two steps; ``restore`` mends it.
    """

    def __init__(self, program: Program, probes: Sequence[Probe]):
        self.program, self.step = program, 0
        self._wiring = {name: Wiring.of(space) for name, space in program.edges.items()}
        self._replicas = self._fresh()
        self._catcher = Catcher(probes)
        self._written: set[str] = set()

    def advance(self, stop: int, sink: Sink) -> None:
        """Run until ``stop`` steps are done, or for about a fifth of a second, but one step at least."""
        until = time.perf_counter() + LONGEST_ADVANCE
        try:
            while self.step < stop:
                with np.errstate(all="ignore"):  # overflow shows as inf and nan in the state
                    for replica in self._replicas:
                        run_step(self.program.operations, replica, self.step)
                self._catcher.catch(self.step, self._replicas)
                self.step += 1
                if time.perf_counter() > until:
                    break
        finally:
            self._catcher.hand_over(sink, batched=self.program.replicas > 1)

    def read(self, name: str) -> np.ndarray:
        """A copy of a buffer: () for a number, (N,), or (replicas, N) even where all copies share values."""
        buffer = self.program.buffer(name)
        values = [replica.buffers[name] for replica in self._replicas]
        return np.stack(values) if len(values) > 1 and buffer.space is not None else values[0].copy()

    def write(self, name: str, values: Any) -> None:
        """Set a buffer from a number, (N,) or (replicas, N) finite values."""
        buffer = self.program.buffer(name)
        check_finite(name, values)
        self._set(self._replicas, buffer, values)
        self._written.add(name)

    def state(self) -> dict[str, np.ndarray]:
        """All buffers of kind ``state``, the parameters that were written, and the newest events.

        The events of a list are those of the steps from ``step - history`` to ``step - 1``, by step, then
        copy, then index. A delay is at most ``history - 1`` steps, so the next step needs none older than
        ``step - history + 1``; the one before is kept so that a list without delays has its newest entry.
        """
        buffers = self.program.buffers.values()
        chosen = [b.name for b in buffers if b.kind == "state" or b.name in self._written]
        kept: dict[str, np.ndarray] = {name: self.read(name) for name in chosen}
        for name in self.program.lists:
            kept |= self._events(name)
        return kept

    def restore(self, step: int, state: Mapping[str, np.ndarray]) -> None:
        """Take up a state; parameters that it does not hold get their initial values.

        Raises
        ------
        CheckpointError
            When the state is of another program; the runner is then as it was.
        """
        self._check_keys(state)
        fresh = self._fresh()
        for name in state:
            if name in self.program.buffers:
                try:
                    self._set(fresh, self.program.buffers[name], state[name])
                except DescriptionError as problem:
                    raise CheckpointError(f"the state belongs to another network: {problem}") from None
        for name in self.program.lists:
            self._restore_events(name, state, fresh)
        self._replicas, self.step = fresh, step
        self._written = {name for name in state if name in self.program.buffers}

    def info(self) -> dict[str, Any]:
        """Backend, dtype and threads; there is nothing to compile."""
        return {"backend": "reference", "dtype": "float64", "threads": 1}

    def _fresh(self) -> list[Replica]:
        return [Replica(self.program, number, self._wiring) for number in range(self.program.replicas)]

    def _set(self, replicas: Sequence[Replica], buffer: Buffer, values: Any) -> None:
        size = None if buffer.space is None else self.program.size_of(buffer.space)
        copies = self.program.replicas
        shape, allowed = np.shape(values), [(), (size,), (copies, size)] if size is not None else [()]
        if shape not in allowed:
            expected = "one value" if size is None else f"one value, ({size},) or ({copies}, {size}) values"
            raise DescriptionError(f"{buffer.name} needs {expected}, got an array of shape {shape}")
        for replica, row in zip(replicas, rows(self.program, buffer, values), strict=True):
            replica.buffers[buffer.name][...] = row

    def _events(self, name: str) -> dict[str, np.ndarray]:
        """The entries of an event list as arrays of equal length."""
        found = [
            (step, number, index)
            for number, replica in enumerate(self._replicas)
            for step, indices in replica.events[name].items()
            for index in indices
        ]
        steps, numbers, indices = np.array(sorted(found), np.int64).reshape(-1, 3).T
        columns = {"steps": steps, "indices": indices, "replicas": numbers}
        return {f"{name}#{key}": np.array(column) for key, column in columns.items()}

    def _restore_events(self, name: str, state: Mapping[str, np.ndarray], fresh: Sequence[Replica]) -> None:
        columns = (np.asarray(state[f"{name}#{key}"], np.int64) for key in ("steps", "indices", "replicas"))
        steps, indices, numbers = columns
        if not steps.shape == indices.shape == numbers.shape:
            raise CheckpointError(f"the state is damaged: the arrays of the events {name} differ in length")
        for number, replica in enumerate(fresh):
            for step in np.unique(steps[numbers == number]):
                replica.events[name][int(step)] = indices[(numbers == number) & (steps == step)]

    def _check_keys(self, state: Mapping[str, np.ndarray]) -> None:
        """The state has what a run needs and nothing that this program lacks."""
        needed = {name for name, buffer in self.program.buffers.items() if buffer.kind == "state"}
        needed |= {f"{n}#{key}" for n in self.program.lists for key in ("steps", "indices", "replicas")}
        lacking, foreign = needed - set(state), set(state) - needed - set(self.program.buffers)
        if lacking or foreign:
            what = f"it lacks {listing(lacking)}" if lacking else f"there is no {listing(foreign)} here"
            raise CheckpointError(f"the state belongs to another network: {what}")
