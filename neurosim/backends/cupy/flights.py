"""What may be sent at once: spikes whose values do not depend on when they arrive.

Where a value depends on nothing that changes, it may be added when the spike is known and not when it arrives. A row is
then read in one piece, whatever its delays, and what arrives in a step is one row of a ring, which the update of the
target takes up.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ...equations import names, parse
from ...program import Operation, Program, Propagate
from ...program.redrawn import RedrawnValues
from .layout import Layout, symbol

HEADROOM = 2.0**62
"""What all edges of a target together may add up to, as a whole number of 64 bits."""


@dataclass(frozen=True)
class Flight:
    """All propagations into one variable that are sent at once, in their order."""

    target: str
    operations: tuple[Propagate, ...]

    @property
    def symbol(self) -> str:
        """The symbol of what is on its way, (replicas, steps, size)."""
        return "flight_" + symbol(self.target)


def flights(program: Program, sums: str) -> list[Flight]:
    """What may be sent at once in the mode ``fixed`` or ``fast``; nothing in the mode ``exact``."""
    if sums == "exact":
        return []
    found: dict[str, list[Propagate]] = {}
    for op in program.operations:
        if isinstance(op, Propagate) and _may_be_sent(op, program, sums):
            found.setdefault(op.target, []).append(op)
    return [Flight(target, tuple(ops)) for target, ops in found.items()
            if _meet_nobody(target, ops, program.operations)]


@dataclass(frozen=True)
class Push:
    """A propagation that is sent at once: the rows of the events of the last step into a ring."""

    op: Propagate
    flight: Flight
    number: int


@dataclass(frozen=True)
class Arrival:
    """What arrives in this step onto the target, elementwise; its place in the ring is empty then."""

    space: str
    flight: Flight
    number: int
    names: dict[str, Any] = field(default_factory=dict)
    draws: tuple[()] = ()


def planned(program: Program, found: Sequence[Flight]) -> list[Operation | Push | Arrival]:
    """The operations of a step with what is sent at once; it arrives just before anybody touches the target."""
    steps: list[Operation | Push | Arrival] = []
    waiting: dict[str, Arrival] = {}
    for op in program.operations:
        number = next((n for n, flight in enumerate(found) if any(op is sent for sent in flight.operations)), None)
        if number is not None and isinstance(op, Propagate):
            steps.append(Push(op, found[number], number))
            space = program.buffers[op.target].space or ""
            waiting.setdefault(op.target, Arrival(space, found[number], number))
            continue
        steps += [waiting.pop(target) for target in list(waiting) if target in touched(op)]
        steps.append(op)
    return [*steps, *waiting.values()]


def touched(op: Operation) -> set[str]:
    """Every name that an operation mentions."""
    return {*(v for v in vars(op).values() if isinstance(v, str)),
            *(r.buffer for r in getattr(op, "names", {}).values())}


def lay_flights(layout: Layout, found: Sequence[Flight], sums: str) -> None:
    """Rings of what is on its way, and the size of the smallest part of each sum."""
    for flight in found:
        longest = max(int(layout.program.edges[op.edges].delays[-1]) for op in flight.operations)
        ring = 1 << max(longest - 1, 0).bit_length()
        size = layout.size(layout.program.buffers[flight.target].space or "")
        layout.add(flight.symbol, (layout.program.replicas, ring, size), np.int64 if sums == "fixed" else layout.dtype)
    if found and sums == "fixed":
        layout.keep("scales", scales(layout.program, found))


def scales(program: Program, found: Sequence[Flight]) -> np.ndarray:
    """What 1 is as a whole number, for each flight: a power of two that no sum of all its edges can overflow."""
    largest = [sum(program.edges[op.edges].size * _most(op, program) for op in flight.operations) for flight in found]
    return np.array([2.0 ** np.floor(np.log2(HEADROOM / max(each, 2.0**-60))) for each in largest])


def _may_be_sent(op: Propagate, program: Program, sums: str) -> bool:
    """Whether the value is the same whenever it is added, and how large it can be is known."""
    read = names(parse(op.value))
    constant = all(program.buffers[op.names[n].buffer].kind == "parameter" for n in read if n in op.names)
    known = sums == "fast" or op.value in op.names
    there_are = program.edges[op.edges].size > 0 and program.buffers[op.target].dtype == "float"
    return constant and known and there_are and not op.draws and "t" not in read


def _meet_nobody(target: str, ops: Sequence[Propagate], operations: Sequence[Operation]) -> bool:
    """Whether nothing but these propagations touches the target between the first and the last of them."""
    places = [n for n, op in enumerate(operations) if op in ops]
    between = [op for op in operations[places[0] : places[-1]] if op not in ops]
    return not any(target in touched(op) for op in between)


def _most(op: Propagate, program: Program) -> float:
    """The largest size of the value, which is that of a constant, or what it cannot exceed where many are drawn."""
    initial = program.buffers[op.names[op.value].buffer].initial
    if isinstance(initial, RedrawnValues) and initial.recipe is not None:
        return initial.recipe.bound
    values = np.asarray(initial)
    return float(max(abs(values.max(initial=0.0)), abs(values.min(initial=0.0))))
