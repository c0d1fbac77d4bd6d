"""Small programs and a sink for the tests of backends."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from neurosim.backends import Options, Runner
from neurosim.backends import backend as backend_called
from neurosim.program import Buffer, Builder, EdgeSpace, EventSchedule, Probe, Program, Scope


@dataclass(frozen=True)
class Wires:
    """Edges in canonical order: by source, then delay, then target."""

    sources: int
    targets: int
    first: np.ndarray
    target: np.ndarray
    delay: Any

    @property
    def count(self) -> int:
        return len(self.target)


def wires(sources: int, targets: int, edges: Sequence[tuple[int, int, int]]) -> Wires:
    """Edges from (source, delay, target) triples in any order; equal delays are kept as one number."""
    rows = np.array(sorted(edges), np.int64).reshape(-1, 3)
    source, delay, target = rows.T
    first = np.searchsorted(source, np.arange(sources + 1))
    same = len(np.unique(delay)) == 1
    delays = int(delay[0]) if same else delay.astype(np.int32)
    return Wires(sources, targets, first, target.astype(np.int32), delays)


@dataclass
class Caught:
    """A sink that keeps everything."""

    spikes: dict[str, list[tuple[np.ndarray, ...]]] = field(default_factory=dict)
    traces: dict[str, list[tuple[np.ndarray, np.ndarray]]] = field(default_factory=dict)

    def events(
        self, key: str, steps: np.ndarray, indices: np.ndarray, replicas: np.ndarray | None = None
    ) -> None:
        found = (steps, indices) if replicas is None else (steps, indices, replicas)
        self.spikes.setdefault(key, []).append(tuple(np.array(part) for part in found))

    def samples(self, key: str, steps: np.ndarray, values: np.ndarray) -> None:
        self.traces.setdefault(key, []).append((np.array(steps), np.array(values)))

    def pairs(self, key: str) -> list[tuple[int, ...]]:
        """All events of a probe as (step, index) or (step, index, replica)."""
        return [tuple(map(int, row)) for part in self.spikes.get(key, []) for row in zip(*part, strict=True)]

    def values(self, key: str) -> np.ndarray:
        return np.concatenate([values for _, values in self.traces[key]])

    def steps(self, key: str) -> list[int]:
        return [int(step) for steps, _ in self.traces[key] for step in steps]


def prepare(program: Program, backend: str, probes: Sequence[Probe] = (), dtype: str = "float64",
            threads: int = 1) -> Runner:
    return backend_called(backend).prepare(program, list(probes), Options(dtype=dtype, threads=threads))


def run_until(runner: Runner, stop: int, sink: Caught | None = None) -> Caught:
    sink = Caught() if sink is None else sink
    while runner.step < stop:
        runner.advance(stop, sink)
    return sink


def after(program: Program, backend: str, steps: int, name: str, dtype: str = "float64") -> np.ndarray:
    """The values of a buffer after some steps."""
    runner = prepare(program, backend, dtype=dtype)
    run_until(runner, steps)
    return runner.read(name)


def sending(builder: Builder, name: str, size: int, spikes: Sequence[tuple[int, int]]) -> Scope:
    """A part whose events are known beforehand, as (step, index)."""
    part = Scope(builder, name)
    part.space(size)
    builder.add_list(f"{name}.spikes", name)
    steps, indices = np.array(sorted(spikes), np.int64).reshape(-1, 2).T
    schedule = EventSchedule(name=f"{name}.schedule", steps=steps, indices=indices.astype(np.int32))
    builder.add_schedule(schedule, f"{name}.spikes", "threshold")
    return part


def receiving(builder: Builder, name: str, size: int, **states: Any) -> Scope:
    """A part with some variables and nothing that changes them."""
    part = Scope(builder, name)
    part.space(size)
    for state, initial in states.items():
        part.state(state, initial)
    return part


def joined(builder: Builder, source: str, target: str, edges: Wires, **weights: Any) -> None:
    """Edges called ``join`` with their variables."""
    builder.add_edges(EdgeSpace("join", source, target, edges))
    for name, values in weights.items():
        builder.add_buffer(Buffer(name=f"join.{name}", space="join", kind="state", initial=values))
