"""Catches what probes ask for and hands it over."""

from collections.abc import Sequence

import numpy as np

from ...program import Probe
from ..base import Sink
from .replica import Replica


class Catcher:
    """What the probes caught since it was last handed over."""

    def __init__(self, probes: Sequence[Probe]):
        self.probes = tuple(probes)
        self._events: dict[str, list[np.ndarray]] = {}
        self._samples: dict[str, list[np.ndarray]] = {}
        self._steps: dict[str, list[int]] = {}

    def catch(self, step: int, replicas: Sequence[Replica]) -> None:
        """Look at the state after ``step``; events are kept as rows of step, index and copy."""
        for probe in self.probes:
            if probe.kind == "events":
                found = [_event_rows(probe, step, number, replica) for number, replica in enumerate(replicas)]
                self._events.setdefault(probe.key, []).extend(rows for rows in found if len(rows))
            elif (step + 1) % probe.every == 0:
                values = np.stack([_sample(probe, replica) for replica in replicas])
                self._samples.setdefault(probe.key, []).append(values if len(replicas) > 1 else values[0])
                self._steps.setdefault(probe.key, []).append(step)

    def hand_over(self, sink: Sink, batched: bool) -> None:
        """Give everything to ``sink``; events by step, then copy, then index."""
        for key, found in self._events.items():
            if found:
                steps, indices, numbers = np.concatenate(found).T
                copies = numbers.astype(np.int32) if batched else None
                sink.events(key, steps, indices.astype(np.int32), copies)
        for key, values in self._samples.items():
            sink.samples(key, np.asarray(self._steps[key], np.int64), np.stack(values))
        self._events, self._samples, self._steps = {}, {}, {}


def _event_rows(probe: Probe, step: int, number: int, replica: Replica) -> np.ndarray:
    """(n, 3) int64: step, index and number of the copy."""
    indices = replica.events_of(probe.source, step)
    if probe.indices is not None:
        indices = indices[np.isin(indices, probe.indices)]
    return np.column_stack([np.full(indices.size, step), indices, np.full(indices.size, number)])


def _sample(probe: Probe, replica: Replica) -> np.ndarray:
    """A copy of the values probed, (n,); a number is one value."""
    values = np.atleast_1d(replica.buffers[probe.source])
    return values.copy() if probe.indices is None else values[probe.indices]
