"""Where the values of a scan lie in memory."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

from ....gradients import Outer, Product, Scan, Stage, Step, Work, made_by, read_by
from .fusing import segments

SHORT = 64
"""Numbers below which a row is too short to vectorise well, so that rows of several copies are treated as one."""


@dataclass(frozen=True)
class Home:
    """The memory of a value.

    Parameters
    ----------
    kind
        ``input``: given, (T or 1, B N). ``sequence``: every step, behind (or, where time runs backwards, in front of)
        the ``past`` rows that the run begins with, (T + past, B N). ``ring``: the last ``past`` steps and this one.
        ``whole``: this step, (1, B N). ``own``: the rows that a thread is at, (P, G N). ``local``: no memory at all.
    array
        The name of the array; the start of a carry shares that of its final value.
    past
        Rows of earlier steps.
    lag
        How many steps back this value is read: 0, or that of the carry whose start it is.
    """

    kind: Literal["input", "sequence", "ring", "whole", "own", "local"]
    array: str
    past: int = 0
    lag: int = 0


def together(scan: Scan, space: str) -> int:
    """How many copies of a row of ``space`` are treated as one row, G."""
    return max(1, SHORT // scan.spaces[space])


def by_events(scan: Scan, op: Work, events: Collection[str]) -> str | None:
    """The value that an operation reads as events, when it is a product with one of ``events``; else None."""
    match op:
        case Product(source=source) if scan.origin(source)[0] in events:
            return source
        case Outer(left=left) if left in events:
            return left
        case Outer(right=right) if right in events:
            return right
    return None


def find_homes(scan: Scan, cut: Sequence[Stage], keep: Collection[str], events: Collection[str]) -> dict[str, Home]:
    """A home for every input, carry and step value; ``keep`` needs the numbers themselves, not only their events."""
    kept = {*scan.outputs, *keep}
    maker = {name: n for n, stage in enumerate(cut) for op in stage.work for name in made_by(op)}
    readers: dict[str, set[int]] = {name: set() for name in scan.values}
    crossing: set[str] = set()  # what is read or made in a step's product, which is done for all copies at once
    for n, stage in enumerate(cut):
        for op in stage.work:
            spikes = by_events(scan, op, events)
            for name in read_by(op):
                if name != spikes:
                    readers[name].add(n)
            if isinstance(op, Product) and spikes is None:
                crossing |= {*read_by(op), *made_by(op)}
    for carry in scan.carries:
        readers[carry.final] |= readers[carry.start]
        if carry.start in kept:
            kept.add(carry.final)
    homes: dict[str, Home] = {}
    for name in scan.of_kind("input"):
        homes[name] = Home("input", name)
    for name in scan.of_kind("step"):
        past = max((c.lag for c in scan.carries if c.final == name and (readers[c.start] or c.start in kept
                    or name not in events)), default=0)
        elsewhere = readers[name] - {maker[name]} or cut[maker[name]].bulk
        if name in kept or elsewhere:
            homes[name] = Home("sequence", name, past)
        elif past:
            homes[name] = Home("ring", name, past)
        elif name in crossing:
            homes[name] = Home("whole", name)
        else:
            homes[name] = Home(_within(scan, name, cut[maker[name]], events), name)
    for carry in scan.carries:
        home = homes[carry.final]
        only_events = home.past < carry.lag
        homes[carry.start] = Home("local", "") if only_events else Home(home.kind, home.array, home.past, carry.lag)
    return homes


def dense_products(scan: Scan, stage: Stage, events: Collection[str]) -> set[int]:
    """Identities of the products of a scanned stage that do not run over events."""
    return {id(op) for op in stage.work if isinstance(op, Product) and by_events(scan, op, events) is None}


def _within(scan: Scan, name: str, stage: Stage, events: Collection[str]) -> Literal["whole", "own", "local"]:
    """The home of a value that is read only where it is made: in the same loop, the same row, or after a product."""
    for segment in segments(stage.work, dense_products(scan, stage, events)):
        for loop in segment:
            if not any(name in made_by(op) for op in loop):
                continue
            here = [op for part in segment for op in part]
            reading = [op for op in stage.work if name in read_by(op)]
            if any(not any(op is other for other in here) for op in reading):
                return "whole"
            outside = any(not any(op is other for other in loop) for op in reading)
            return "own" if outside or name in events or not isinstance(loop[0], Step) else "local"
    return "own"
