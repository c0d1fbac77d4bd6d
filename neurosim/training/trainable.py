"""A scan made ready to run forwards and backwards on a backend."""

import math
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from ..backends import scan_runner
from ..errors import DescriptionError
from ..gradients import Adjoint, NotBinary, Outer, Product, Ran, Scan, Storage, adjoint, read_by

Arrays = Mapping[str, np.ndarray]
MANY = 0.25
"""Share of ones above which a binary value runs as numbers from the next run on."""


@dataclass
class Tape:
    """What a forward run leaves for the backward one.

    Parameters
    ----------
    outputs
        (T, B, N) for each output.
    ends
        For each carry by its start: (lag, B, N), with which a run may go on.
    """

    outputs: dict[str, np.ndarray]
    ends: dict[str, np.ndarray]
    inputs: Arrays = field(repr=False)
    parameters: Arrays = field(repr=False)
    steps: int
    copies: int
    storage: Storage = field(repr=False)
    own: bool = field(repr=False)
    segments: list["_Segment"] = field(repr=False, default_factory=list)

    def returned(self, array: Any) -> Any:
        """An array for the caller: as it lies, where the inputs lay on the backend's device too, else one of NumPy."""
        return array if self.own else self.storage.returned(array)


@dataclass(frozen=True)
class Gradients:
    """Gradients of a loss: of inputs (T, B, N), of parameters as they are shaped, of what a run began with."""

    inputs: dict[str, np.ndarray]
    parameters: dict[str, np.ndarray]
    starts: dict[str, np.ndarray]


@dataclass
class _Segment:
    first: int
    last: int
    starts: Arrays
    ran: Ran | None
    events: frozenset[str]


class Trainable:
    """A scan and its adjoint, compiled.

    Parameters
    ----------
    scan
        What runs forwards.
    wanted
        Inputs, parameters and matrices whose gradients are asked for.
    backend, dtype, threads
        Where and how it runs; 0 threads are as many as there are processors. On ``cupy`` arrays that lie on the GPU
        go in without a copy, and all that comes out lies there, too; threads and events are Numba's.
    memory
        ``"full"`` keeps what the backward run reads of every step. ``"recompute"`` keeps only the states at which
        segments begin, and computes each segment again when the backward run comes to it, for a third more time.
    segment
        Steps of a segment; by default all with full memory, and about the square root of T with recomputing. With
        equal segments both give the same bits; large products cut elsewhere add up in another order.
    events
        ``"auto"`` runs binary values as events while few of them are 1; True and False fix the choice. The two add up
        in another order, so they agree within rounding.
    """

    def __init__(self, scan: Scan, wanted: Iterable[str], *, backend: str = "numba", dtype: str = "float32",
                 threads: int = 0, memory: str = "full", segment: int | None = None, events: bool | str = "auto"):
        if memory not in ("full", "recompute"):
            raise DescriptionError(f"memory must be 'full' or 'recompute', got {memory!r}")
        if segment is not None and segment < 1:
            raise DescriptionError(f"segment must be >= 1 step, got {segment!r}")
        if events not in ("auto", True, False):
            raise DescriptionError(f"events must be 'auto', True or False, got {events!r}")
        self.adjoint: Adjoint = adjoint(scan, wanted)
        self.scan, self.memory, self.segment, self.events = scan, memory, segment, events
        self._options: dict[str, Any] = {"name": backend, "dtype": dtype, "threads": threads}
        self._runners: dict[Any, Any] = {}
        self._lock = threading.RLock()
        self._dense: set[str] = set()
        self._able = frozenset(_multiplied(scan)) if backend == "numba" else frozenset()
        self._only_multiplied = _only_multiplied(self.adjoint)

    def forward(self, inputs: Arrays, parameters: Arrays, starts: Arrays | None = None, *, record: bool = True) -> Tape:
        """Run all steps; with ``record`` what the backward run reads is kept.

        Parameters
        ----------
        inputs
            For each input (T, B, N).
        parameters
            For each parameter a number or (N,), for each matrix (M, N).
        starts
            For carries by their starts (lag, B, N), zeros where missing.
        """
        steps, copies = self._shape(inputs)
        try:
            return self._forward(inputs, parameters, dict(starts or {}), steps, copies, record)
        except NotBinary as found:
            if self.events != "auto":
                raise
            self._dense.add(found.name)
            return self.forward(inputs, parameters, starts, record=record)

    def _forward(self, inputs: Arrays, parameters: Arrays, starts: Arrays, steps: int, copies: int,
                 record: bool) -> Tape:
        keep = record and self.memory == "full"
        storage = self._runner("forward" if keep else "plain", self._event_values()).storage
        own = any(storage.is_own(x) for x in inputs.values())
        inputs, parameters = ({n: storage.taken(n, x) for n, x in given.items()} for given in (inputs, parameters))
        tape = Tape({}, {}, inputs, parameters, steps, copies, storage, own)
        length = self._segment_length(steps)
        pieces: list[Arrays] = []
        for first in range(0, steps, length):
            segment = _Segment(first, min(first + length, steps), starts, None, self._event_values())
            ran = self._run_forward(tape, segment, keep)
            starts = ran.ends
            if keep:
                segment.ran = ran
            tape.segments.append(segment)
            pieces.append({n: ran.sequences[n] for n in self.scan.outputs})
            self._watch(ran, segment.last - first, copies)
        tape.ends = {n: tape.returned(x) for n, x in starts.items()}
        tape.outputs = {n: tape.returned(_joined([p[n] for p in pieces], storage)) for n in self.scan.outputs}
        tape.inputs = {n: x for n, x in inputs.items() if n in self.read_again}
        return tape

    @cached_property
    def read_again(self) -> frozenset[str]:
        """Values of the scan that a backward run reads from the arrays that went in or came out."""
        if self.memory == "recompute":
            return frozenset(self.scan.of_kind("input", "parameter", "matrix", "carry"))
        taped = (self.scan.origin(name)[0] for name in self.adjoint.tape.values())
        return frozenset((*taped, *self.adjoint.backward.of_kind("parameter", "matrix")))

    def backward(self, tape: Tape, seeds: Arrays, end_seeds: Arrays | None = None) -> Gradients:
        """Gradients, from those of the outputs, (T, B, N) or (1, B, N), and of the ends, (lag, B, N)."""
        a, storage = self.adjoint, tape.storage
        seeds = {n: storage.taken(a.seeds.get(n, n), x) for n, x in seeds.items()}
        starts = self._begin_backward(end_seeds or {}, storage)
        totals: dict[str, Any] = {}
        pieces: list[Ran] = []
        for segment in reversed(tape.segments):
            ran = self._run_backward(tape, segment, seeds, starts)
            starts = ran.ends
            for name, total in ran.totals.items():
                if name in totals:
                    storage.add(total, totals[name])
                else:
                    totals[name] = total
            pieces.insert(0, ran)
        inputs = {n: _joined([p.sequences[v] for p in pieces], storage) for n, v in a.inputs.items()}
        found = (inputs, {n: totals[v] for n, v in a.totals.items()}, self._end_backward(starts, storage))
        return Gradients(*({n: tape.returned(x) for n, x in part.items()} for part in found))

    def _begin_backward(self, end_seeds: Arrays, storage: Storage) -> dict[str, Any]:
        """Gradients of the ends where the backward scan takes them: for each lag the latest steps of a value's past."""
        given = {c.final: storage.taken(c.start, end_seeds[c.start]) for c in self.scan.pasts() if c.start in end_seeds}
        longest = {c.final: c.start for c in self.scan.pasts()}
        return {self.adjoint.starts[c.start]: storage.turned(given[c.final]) for c in self.scan.carries
                if c.final in given and c.start in self.adjoint.starts and c.start == longest[c.final]}

    def _end_backward(self, ends: Arrays, storage: Storage) -> dict[str, Any]:
        """Gradients of what the run began with: those at all lags of a value add up on its past."""
        found: dict[str, Any] = {}
        for past in self.scan.pasts():
            for carry in self.scan.carries:
                here = self.adjoint.starts.get(carry.start)
                if carry.final != past.final or here is None or here not in ends:
                    continue
                gradient = storage.turned(ends[here])
                if past.start not in found:
                    found[past.start] = storage.zeros((past.lag, *gradient.shape[1:]), gradient.dtype)
                storage.add(gradient, found[past.start][past.lag - carry.lag :])
        return found

    def __getstate__(self) -> dict[str, Any]:
        """What is compiled stays behind, and is compiled (or found in the cache) where it is needed."""
        return {**self.__dict__, "_runners": {}, "_lock": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, _lock=threading.RLock())

    def _shape(self, inputs: Arrays) -> tuple[int, int]:
        steps = max(len(x) for x in inputs.values())
        return steps, next(iter(inputs.values())).shape[1]

    def _segment_length(self, steps: int) -> int:
        usual = steps if self.memory == "full" else math.isqrt(max(steps - 1, 0)) + 1
        return max(1, self.segment or usual)

    def _run_forward(self, tape: Tape, segment: _Segment, record: bool) -> Ran:
        runner = self._runner("forward" if record else "plain", segment.events)
        inputs = {n: _piece(x, segment) for n, x in tape.inputs.items()}
        ran: Ran = runner.run(inputs, tape.parameters, segment.starts, segment.last - segment.first, tape.copies)
        return ran

    def _run_backward(self, tape: Tape, segment: _Segment, seeds: Arrays, starts: Arrays) -> Ran:
        a = self.adjoint
        ran = segment.ran or self._run_forward(tape, segment, True)
        given: dict[str, np.ndarray] = {}
        events: dict[str, Any] = {}
        for here, name in a.tape.items():
            origin, lag = self.scan.origin(name)
            if origin in segment.events and here in self._only_multiplied:
                events[here] = ran.events[origin].seen(lag, tape.copies)
            elif self.scan.values[name].kind == "input":
                given[here] = _piece(tape.inputs[name], segment)
            else:
                given[here] = ran.sequences[name]
        for name, seed in a.seeds.items():
            given[seed] = _piece(seeds[name], segment) if name in seeds else (
                tape.storage.zeros((1, tape.copies, self.scan.size(name)), self._options["dtype"]))
        found: Ran = self._runner("backward", segment.events).run(
            given, tape.parameters, starts, segment.last - segment.first, tape.copies, events)
        return found

    def _runner(self, what: str, events: frozenset[str]) -> Any:
        """The compiled scan for a choice of values that run as events."""
        with self._lock:
            if (what, events) not in self._runners:
                self._runners[what, events] = self._made(what, events)
            return self._runners[what, events]

    def _made(self, what: str, events: frozenset[str]) -> Any:
        a = self.adjoint
        if what == "plain":
            return scan_runner(self.scan, (), events=events, **self._options)
        only = {here for here in self._only_multiplied if self.scan.origin(a.tape[here])[0] in events}
        if what == "backward":
            return scan_runner(a.backward, (), events=only, **self._options)
        keep = [n for here, n in a.tape.items() if here not in only and self.scan.values[n].kind != "input"]
        return scan_runner(self.scan, keep, events=events, **self._options)

    def _event_values(self) -> frozenset[str]:
        if self.events == "auto":
            return self._able - self._dense
        return self._able if self.events else frozenset()

    def _watch(self, ran: Ran, steps: int, copies: int) -> None:
        """Count the ones just seen, and choose for the next run."""
        if self.events != "auto":
            return
        for name, found in ran.events.items():
            share = found.count / max(1, (steps + found.past) * copies * found.size)
            if share > MANY:
                self._dense.add(name)


def _piece(values: np.ndarray, segment: _Segment) -> np.ndarray:
    return values if len(values) == 1 else values[segment.first : segment.last]


def _joined(pieces: list[Any], storage: Storage) -> Any:
    return pieces[0] if len(pieces) == 1 else storage.joined(pieces)


def _multiplied(scan: Scan) -> Iterable[str]:
    """Binary values, inputs among them, that a product reads."""
    for op in scan.work:
        if isinstance(op, Product) and scan.values[op.source].binary:
            yield scan.origin(op.source)[0]


def _only_multiplied(made: Adjoint) -> frozenset[str]:
    """Inputs of the backward scan that nothing but outer products reads."""
    work = made.backward.work
    return frozenset(here for here in made.tape if all(isinstance(op, Outer) for op in work if here in read_by(op)))
