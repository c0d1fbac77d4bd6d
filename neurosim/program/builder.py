"""How descriptions write themselves down as a program."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import numpy as np

from ..equations import Assign, names, parse
from ..errors import EquationError, NetworkError, listing, nearest
from ..kernels.philox import stream_number
from ..units import DIMENSIONLESS, Dimension
from .buffers import Buffer, DType, EdgeSpace, EventList, Schedule, Space, check_finite
from .drawing import extract_draws
from .operations import Diffuse, Draw, Events, Map, MapEdges, MatMul, Operation, Play, Propagate, Ref
from .program import Program

PHASES = ("arrive", "integrate", "threshold", "plastic", "reset")
SPECIAL = frozenset({"t", "dt", "i", "N"})


class Builder:
    """Collects spaces, buffers and operations, and puts the operations into the order of a step.

    Parameters
    ----------
    dt, seed, replicas
        Time step (ms), seed and number of independent copies of the run.
    inputs
        Full names of the variables that joins or drives will add to; a part may write less where there is none.
    """

    def __init__(self, *, dt: float, seed: int = 0, replicas: int = 1, inputs: Collection[str] = ()):
        self.dt, self.seed, self.replicas, self.inputs = dt, seed, replicas, frozenset(inputs)
        self.spaces: dict[str, Space] = {}
        self.edges: dict[str, EdgeSpace] = {}
        self.buffers: dict[str, Buffer] = {}
        self.schedules: dict[str, Schedule] = {}
        self._lists: dict[str, str] = {}
        self._operations: dict[str, list[Operation]] = {phase: [] for phase in PHASES}

    def add_space(self, name: str, size: int) -> None:
        """A new index space of ``size`` indices."""
        _check_name("a space", name)
        self.spaces[name] = Space(name, size)

    def add_edges(self, edges: EdgeSpace) -> None:
        """A new space of edges between two index spaces."""
        _check_name("edges", edges.name)
        self.edges[edges.name] = edges

    def add_buffer(self, buffer: Buffer) -> None:
        """A new array or number; its initial values must be finite."""
        _check_name("a variable", buffer.name)
        check_finite(buffer.name, buffer.initial)
        self.buffers[buffer.name] = buffer

    def add_list(self, name: str, space: str) -> None:
        """A new event list over ``space``."""
        _check_name("an event list", name)
        self._lists[name] = space

    def add_schedule(self, schedule: Schedule, into: str, phase: str) -> None:
        """Play a schedule into the event list or buffer ``into``, at this place of the phase."""
        _check_name("a schedule", schedule.name)
        self.schedules[schedule.name] = schedule
        self.add(phase, Play(schedule=schedule.name, into=into))

    def add(self, phase: str, operation: Operation) -> None:
        """Append an operation to a phase of the step."""
        self._operations[phase].append(operation)

    def has_list(self, name: str) -> bool:
        """Whether the event list exists."""
        return name in self._lists

    def finish(self) -> Program:
        """The program, with every event list remembered for as long as its longest delay."""
        operations = tuple(op for phase in PHASES for op in self._operations[phase])
        history = dict.fromkeys(self._lists, 1)
        for op in operations:
            if isinstance(op, MapEdges) and op.at != "source":
                continue
            if isinstance(op, Propagate | MapEdges) and op.events is not None and self.edges[op.edges].delays.size:
                longest = int(self.edges[op.edges].delays[-1])
                history[op.events] = max(history[op.events], longest + 1)
        lists = {name: EventList(name, space, history[name]) for name, space in self._lists.items()}
        return Program(
            dt=self.dt, seed=self.seed, replicas=self.replicas, spaces=self.spaces, edges=self.edges,
            buffers=self.buffers, lists=lists, schedules=self.schedules, operations=operations,
        )


class Scope:
    """What one part or join sees of the builder: names without the part's prefix.

    Parameters
    ----------
    builder
        Where everything ends up.
    prefix
        Name of the part; its buffers are called ``prefix.name``.
    """

    def __init__(self, builder: Builder, prefix: str):
        self.builder, self.prefix = builder, prefix
        self._draw_count = 0

    @property
    def dt(self) -> float:
        """Time step, ms."""
        return self.builder.dt

    def full(self, name: str) -> str:
        """The full name of a buffer or list of this part."""
        return f"{self.prefix}.{name}"

    def space(self, size: int) -> None:
        """The part's own index space."""
        self.builder.add_space(self.prefix, size)

    def state(self, name: str, initial: Any = 0.0, dimension: Dimension = DIMENSIONLESS, dtype: DType = "float",
              space: str | None = None) -> None:
        """A variable that changes, one value per index."""
        self._buffer(name, space or self.prefix, "state", initial, dimension, dtype)

    def value(self, name: str, value: Any, dimension: Dimension = DIMENSIONLESS, inner: bool = False) -> None:
        """A constant: one number for all when ``value`` is a number, else one per index; see ``Buffer.inner``."""
        space = self.prefix if np.ndim(value) else None
        self._buffer(name, space, "parameter", value, dimension, "float", inner)

    def map(self, body: Iterable[Assign], phase: str = "integrate", at: str | None = None,
            extra: Mapping[str, Ref] | None = None) -> None:
        """Update this part's variables; see ``Map``."""
        body, draws, stream = self._extract(body)
        found = self.resolve(body, extra, draws)
        self.builder.add(phase, Map(space=self.prefix, body=body, names=found, draws=draws, stream=stream, at=at))

    def events(self, name: str, condition: str, phase: str = "threshold",
               extra: Mapping[str, Ref] | None = None) -> None:
        """Collect the indices where ``condition`` holds into the event list ``name``."""
        (assign,), draws, stream = self._extract([Assign("_condition", "=", condition)])
        self.builder.add_list(self.full(name), self.prefix)
        found = self.resolve((assign,), extra, draws)
        self.builder.add(phase, Events(space=self.prefix, condition=assign.value, into=self.full(name),
                                       names=found, draws=draws, stream=stream))

    def matmul(self, source: str, target: str, weight: str, *, transpose: bool = False, accumulate: bool = False,
               phase: str = "integrate") -> None:
        """A dense product between buffers given by full name."""
        self.builder.add(phase, MatMul(source=source, target=target, weight=weight, transpose=transpose,
                                       accumulate=accumulate))

    def diffuse(self, edges: str, target: str, value: str, names: Mapping[str, Ref], phase: str = "arrive") -> None:
        """Continuous coupling along edges into the buffer ``target`` (full name)."""
        self.builder.add(phase, Diffuse(edges=edges, target=target, value=value, names=names))

    def resolve(self, body: Iterable[Assign], extra: Mapping[str, Ref] | None = None,
                draws: Iterable[Draw] = ()) -> dict[str, Ref]:
        """What each name of a body and its draws stands for; an unknown one is an error that offers the nearest."""
        found: dict[str, Ref] = {}
        extra = extra or {}
        for assign in (*body, *(Assign(d.name, "=", d.argument) for d in draws if d.argument)):
            for name in sorted(names(parse(assign.value)) | {assign.target}):
                if name in SPECIAL or name.startswith("_"):
                    continue
                if name in extra:
                    found[name] = extra[name]
                elif self.full(name) in self.builder.buffers:
                    found[name] = Ref(self.full(name))
                else:
                    known = self._own_names()
                    raise EquationError(
                        f"{self.prefix}: unknown name {name!r} in {assign.target} = {assign.value}"
                        f"{nearest(name, known)}; there are: {listing([*known, *extra])}"
                    )
        return found

    def _own_names(self) -> list[str]:
        """This part's buffers by the names that its texts know; not those of parts nested in it."""
        start = self.full("")
        buffers = self.builder.buffers.values()
        found = [b.name.removeprefix(start) for b in buffers if b.name.startswith(start) and not b.inner]
        return [name for name in found if "." not in name]

    def _buffer(self, name: str, space: str | None, kind: Any, initial: Any, dimension: Dimension,
                dtype: DType, inner: bool = False) -> None:
        full = self.full(name)
        if full in self.builder.buffers:
            raise NetworkError(f"{self.prefix} has two variables called {name!r}")
        size = 1 if space is None else self._size(space)
        shape = np.shape(initial)
        allowed = {(), (size,), (self.builder.replicas, size)} if space else {()}
        if shape not in allowed:
            each = f", or {(self.builder.replicas, size)}, a row for each replica" if space else ""
            raise NetworkError(f"{full} needs one value or {size}{each}, got an array of shape {shape}")
        self.builder.add_buffer(Buffer(name=full, space=space, kind=kind, dtype=dtype, initial=initial,
                                       dimension=dimension, inner=inner))

    def _size(self, space: str) -> int:
        spaces = self.builder.spaces
        return spaces[space].size if space in spaces else self.builder.edges[space].size

    def _extract(self, body: Iterable[Assign]) -> tuple[tuple[Assign, ...], tuple[Draw, ...], int]:
        """Turn calls of rand(), randn() and poisson() into draws, in the order in which they stand."""
        out, draws = extract_draws(body, self.prefix)
        stream = 0
        if draws:
            stream = stream_number(f"{self.prefix}/{self._draw_count}")
            self._draw_count += 1
        return out, draws, stream


def _check_name(what: str, name: str) -> None:
    """Names become parts of identifiers in generated code."""
    if not all(part.isidentifier() and part.isascii() for part in name.split(".")):
        raise NetworkError(f"the name of {what} must be ASCII identifiers joined by dots, got {name!r}")
