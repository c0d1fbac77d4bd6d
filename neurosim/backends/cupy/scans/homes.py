"""Where the values of a scan lie on the device."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

from ....gradients import Outer, Product, Scan, Step, made_by, read_by
from .parts import Part


@dataclass(frozen=True)
class Home:
    """The memory of a value.

    Parameters
    ----------
    kind
        ``input``: given, (T or 1, B N). ``sequence``: every step, behind (or, where time runs backwards, in front of)
        the ``past`` rows that the run begins with, (T + past, B N). ``ring``: the last ``past`` steps and this one.
        ``held``: in a register; its row, (1, B N), is read before the first step and written after the last.
        ``whole``: this step, (1, B N). ``local``: no memory at all.
    array
        The name of the array; the start of a carry shares that of its final value.
    past
        Rows of earlier steps.
    lag
        How many steps back this value is read: 0, or that of the carry whose start it is.
    """

    kind: Literal["input", "sequence", "ring", "held", "whole", "local"]
    array: str
    past: int = 0
    lag: int = 0


def find_homes(scan: Scan, planned: Sequence[Part | Product | Outer], keep: Collection[str]) -> dict[str, Home]:
    """A home for every input, carry and step value; ``keep`` and outputs are wanted for every step."""
    maker: dict[str, int] = {}
    readers: dict[str, set[int]] = {name: set() for name in scan.values}
    for n, one in enumerate(planned):
        for op in one.work if isinstance(one, Part) else [one]:
            maker |= dict.fromkeys(made_by(op), n)
            for name in read_by(op):
                readers[scan.origin(name)[0]].add(n)
    kept = {scan.origin(name)[0] for name in (*scan.outputs, *keep)}
    homes = {name: Home("input", name) for name in scan.of_kind("input")}
    for name in scan.of_kind("step"):
        if name in maker:
            one = planned[maker[name]]
            anywhere = name in kept or readers[name] - {maker[name]} or not isinstance(one, Part)
            homes[name] = Home("sequence" if anywhere else _within(scan, name, one), name, scan.history(name))
    for carry in scan.carries:
        home = homes[carry.final]
        homes[carry.start] = Home(home.kind, home.array, home.past, carry.lag)
    return homes


def _within(scan: Scan, name: str, part: Part | Product | Outer) -> Literal["ring", "held", "whole", "local"]:
    """The home of a value that nothing but the kernel that makes it reads."""
    assert isinstance(part, Part)
    past = scan.history(name)
    if past:
        return "held" if part.alone and past == 1 else "ring"
    reading = [n for n, loop in enumerate(part.loops) if any(name in read_by(op) for op in loop)]
    making = next(n for n, loop in enumerate(part.loops) if any(name in made_by(op) for op in loop))
    alone = isinstance(part.loops[making][0], Step) and not set(reading) - {making}
    return "local" if alone else "whole"
