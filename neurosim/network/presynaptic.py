"""Variables of edges that depend on their source alone: kept once for each source neuron."""

from collections.abc import Iterable, Mapping, Sequence

from ..connectivity import OneToOne, draw
from ..equations import Assign, names, parse
from ..program import Builder, EdgeSpace, MapEdges, Ref, Scope
from .join import PLAIN, CheckedJoin


def shared_variables(checked: CheckedJoin, body: Mapping[str, Sequence[Assign]]) -> frozenset[str]:
    """The variables flagged ``presynaptic`` where one value for each source does, else none.

    It does where all edges have one delay, where numbers and starts that they depend on are the same for all edges,
    where ``on_pre`` alone changes them, before it reads them for anything else, and where no other text reads them.
    """
    join, equations = checked.join, checked.checked.equations
    flagged = frozenset(n for n, v in equations.variables.items() if "presynaptic" in v.flags)
    if not flagged or not (join.delay is None or isinstance(join.delay, int | float)):
        return frozenset()
    own, rest = _split(body.get("on_pre", ()), flagged)
    elsewhere = {n for text, b in body.items() if text != "on_pre" for a in b for n in (a.target, *_read(a))}
    elsewhere |= {n for name, v in equations.variables.items() if name not in flagged and v.expression is not None
                  for n in names(v.expression)}
    late = all("event-driven" in v.flags for n, v in equations.differential.items() if n in flagged)
    read = {n for a in own for n in _read(a)}
    read |= {n for name, v in equations.differential.items() if name in flagged and v.expression is not None
             for n in names(v.expression)}
    numbers = read - flagged - PLAIN
    given = {**join.values, **{n: v for n, v in join.initial.items() if n in flagged}}
    alone = all(isinstance(given.get(n), int | float) for n in numbers) and all(
        isinstance(v, int | float) for n, v in given.items() if n in flagged
    )
    drawn = any("rand" in a.value or "poisson" in a.value for a in own)
    first = not any(flagged & _read(a) for a in rest[: _lead(body.get("on_pre", ()), flagged)])
    return flagged if late and alone and first and not drawn and not (elsewhere & flagged) else frozenset()


def _split(written: Iterable[Assign], flagged: frozenset[str]) -> tuple[list[Assign], list[Assign]]:
    """The statements that change flagged variables, and the others."""
    written = list(written)
    return [a for a in written if a.target in flagged], [a for a in written if a.target not in flagged]


def _lead(written: Iterable[Assign], flagged: frozenset[str]) -> int:
    """How many of the other statements stand before the last one that changes a flagged variable."""
    others = count = 0
    for assign in written:
        if assign.target in flagged:
            count = others
        else:
            others += 1
    return count


def _read(assign: Assign) -> set[str]:
    return set(names(parse(assign.value)))


class Terminals:
    """The terminals of a join, one for each source neuron, and what edges see of them.

    Their variables live on edges of their own, from each source to itself with the delay of the join, so that a spike
    reaches them when it reaches the join's edges. What those read is handed to a buffer of the source.

    Parameters
    ----------
    join, source
        Names of the join and of its source.
    variables
        The variables kept here.
    builder
        Where everything ends up.
    """

    def __init__(self, join: str, source: str, variables: frozenset[str], builder: Builder):
        self.join, self.source, self.variables, self.builder = join, source, variables, builder
        self.space = f"{join}.terminals"

    def open(self, size: int, steps: int | None) -> None:
        """Make the terminals of ``size`` sources, reached after ``steps``."""
        edges = draw(OneToOne(), sources=size, targets=size, seed=0, stream=0, same=True, delay=steps)
        self.builder.add_edges(EdgeSpace(self.space, self.source, self.source, edges))

    def seen(self, name: str) -> Ref:
        """What an edge of the join reads as ``name``: the value as the last spike that reached it left it."""
        return Ref(f"{self.join}.{name}_sent", "source")

    def lower(self, written: Sequence[Assign], catch_up: Sequence[Assign], scope: Scope) -> list[Assign]:
        """Update the terminals that a spike reaches and hand over what edges read; returns what is left for those."""
        own, rest = _split(written, self.variables)
        handed = sorted({n for a in rest for n in _read(a)} & self.variables)
        body, found = [*catch_up, *own], {}
        for name in handed:
            scope.state(f"{name}_sent", 0.0, space=self.source)
            found[f"{name}_sent"] = Ref(scope.full(f"{name}_sent"), "target")
            # a target can only be added to: what is there is taken away first, which leaves exactly zero
            body += [Assign(f"{name}_sent", "+=", f"-{name}_sent"), Assign(f"{name}_sent", "+=", name)]
        stamp = None
        if catch_up:
            scope.state("last_arrival", 0, dtype="int", space=self.space)
            stamp = scope.full("last_arrival")
        for assign in body:
            for name in (assign.target, *_read(assign)):
                if name not in found and name not in PLAIN and not name.startswith("_"):
                    found[name] = Ref(scope.full(name), "edge")
        self.builder.add("arrive", MapEdges(edges=self.space, at="source", events=f"{self.source}.spikes",
                                            body=tuple(body), names=found, stamp=stamp))
        return rest
