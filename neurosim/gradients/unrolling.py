"""Writing a scan down as one would a step of a simulation: variables that change."""

import ast
from collections.abc import Iterable, Mapping

from ..equations import Assign, names, parse
from ..errors import NetworkError, listing, nearest
from .scan import Along, Carry, Edges, Fold, Product, Scan, Step, Value, Winner, Work

_FIXED = frozenset({"pi", "inf"})


class Unrolling:
    """Collects the operations of a step on variables, and keeps track of the value that each variable has.

    A state begins a step with what it had at the end of the step before.

    Examples
    --------
    >>> from neurosim.gradients import Unrolling
    >>> layer = Unrolling({"cells": 4})
    >>> layer.input("x", "cells")
    >>> layer.parameter("beta", "cells")
    >>> layer.state("u", "cells")
    >>> layer.step("cells", "u = beta*u + x; s = H(u - 1)", surrogate="arctan")
    >>> scan = layer.finish(["s"])
    >>> [type(op).__name__ for op in scan.work], scan.carries[0]
    (['Step'], Carry(start='u.before', final='u', lag=1))
    """

    def __init__(self, spaces: Mapping[str, int]):
        self.spaces = dict(spaces)
        self.values: dict[str, Value] = {}
        self.edges: dict[str, Edges] = {}
        self._work: list[Work] = []
        self._now: dict[str, str] = {}
        self._delayed: dict[tuple[str, int], str] = {}
        self._states: dict[str, str] = {}

    def input(self, name: str, space: str, *, binary: bool = False) -> None:
        """A variable that is given anew for each step; ``binary`` says that it may run as events."""
        self._begin(Value(name, space, "input", binary=binary))

    def parameter(self, name: str, space: str | None = None, *, rows: str | None = None) -> None:
        """A number, or one per index of a space (of neurons or of edges); with ``rows`` a matrix, (rows, space)."""
        self._begin(Value(name, space, "matrix" if rows else "parameter", rows))

    def state(self, name: str, space: str, *, binary: bool = False) -> None:
        """A variable that a step begins with as the last one left it."""
        start = f"{name}.before"
        self.values[start] = Value(start, space, "carry", binary=binary)
        self._now[name] = start
        self._states[name] = start

    def along(self, name: str, edges: Edges) -> None:
        """Edges between two spaces; their variables lie on the space ``name``."""
        self.edges[name] = edges
        self.spaces[name] = len(edges.targets)

    def _value(self, name: str) -> str:
        """The value that a variable has now."""
        if name not in self._now:
            raise NetworkError(f"no variable {name!r}{nearest(name, self._now)}; there are: {listing(self._now)}")
        return self._now[name]

    def step(self, space: str, body: str | Iterable[Assign], *, known: Mapping[str, str] | None = None,
             segments: Iterable[str] = (), surrogate: str = "") -> None:
        """Elementwise: a text of assignments joined by ``;`` or lines, or the assignments themselves.

        Names are variables, or what ``known`` says they stand for; those with a leading underscore are local. What is
        assigned and is no variable yet becomes one.
        """
        body = _assignments(body) if isinstance(body, str) else tuple(body)
        known = known or {}
        reads: dict[str, str] = {}
        assigned: dict[str, ast.expr] = {}
        for assign in body:
            tree = parse(assign.value)
            for name in sorted(names(tree) | ({assign.target} if assign.op == "+=" else set())):
                if name not in assigned and name not in _FIXED:
                    reads.setdefault(name, self._value(known.get(name, name)))
            assigned[assign.target] = tree
        writes = {}
        for name, tree in assigned.items():
            if not name.startswith("_"):
                writes[name] = self._new(known.get(name, name), space, self._is_binary(tree, assigned, reads))
        self._work.append(Step(space=space, body=body, reads=reads, writes=writes, segments=frozenset(segments),
                               surrogate=surrogate))

    def product(self, source: str, weight: str, target: str, *, transpose: bool = False, edges: str = "") -> None:
        """``target = source @ weight``; along ``edges`` the sum over those into a target of weight times source."""
        if edges:
            made = self._new(target, self.edges[edges].target, False)
            self._work.append(Along(edges=edges, source=self._value(source), weight=weight, target=made))
            return
        value = self.values[weight]
        made = self._new(target, (value.rows if transpose else value.space) or "", False)
        self._work.append(Product(source=self._value(source), weight=weight, target=made, transpose=transpose))

    def fold(self, source: str, target: str, space: str, *, scale: float = 1.0) -> None:
        """``target`` = the sum over equally long segments of ``source``, times ``scale``."""
        made = self._new(target, space, False)
        self._work.append(Fold(source=self._value(source), target=made, scale=scale))

    def winner(self, source: str, target: str) -> None:
        """``target`` = 1 where ``source`` is greatest, at the first of equals, else 0; no gradient flows through it."""
        made = self._new(target, self.values[self._value(source)].space or "", True)
        self._work.append(Winner(source=self._value(source), target=made))

    def delayed(self, name: str, lag: int, target: str, *, space: str, binary: bool = False) -> None:
        """``target`` is what the variable ``name`` has at the end of the step ``lag`` steps before this one.

        The variable may be made later in the step.
        """
        start = self._delayed.setdefault((name, lag), f"{name}.{lag}.before")
        self.values[start] = Value(start, space, "carry", binary=binary)
        self._now[target] = start

    def finish(self, outputs: Iterable[str]) -> Scan:
        """The scan, with the outputs called by the names of their variables."""
        carries = [Carry(start, self._made(name)) for name, start in self._states.items()]
        carries += [Carry(start, self._made(name), lag) for (name, lag), start in self._delayed.items()]
        return Scan(spaces=self.spaces, values=self.values, work=tuple(self._work), carries=tuple(carries),
                    outputs=tuple(self._made(name) for name in outputs), edges=self.edges)

    def _made(self, name: str) -> str:
        """The last value of a variable, as something that an operation has made."""
        value = self.values[self._value(name)]
        if value.kind != "step":
            self.step(value.space or "", (Assign("new", "=", "_old"),), known={"_old": name, "new": name})
        return self._now[name]

    def _begin(self, value: Value) -> None:
        if value.name in self.values:
            raise NetworkError(f"there are two variables called {value.name!r}")
        self.values[value.name] = value
        self._now[value.name] = value.name

    def _new(self, variable: str, space: str, binary: bool) -> str:
        name, number = variable, 1
        while name in self.values:
            number += 1
            name = f"{variable}.{number}"
        self.values[name] = Value(name, space, "step", binary=binary)
        self._now[variable] = name
        return name

    def _is_binary(self, tree: ast.expr, assigned: Mapping[str, ast.expr], reads: Mapping[str, str]) -> bool:
        match tree:
            case ast.Call(func=ast.Name(id="H")):
                return True
            case ast.Call(func=ast.Name(id="stop"), args=[inner]):
                return self._is_binary(inner, assigned, reads)
            case ast.BinOp(left=ast.Constant(value=1), op=ast.Sub(), right=right):
                return self._is_binary(right, assigned, reads)
            case ast.BinOp(left=left, op=ast.Mult(), right=right):
                return self._is_binary(left, assigned, reads) and self._is_binary(right, assigned, reads)
            case ast.Name(id=name) if name in assigned:
                return assigned[name] is not tree and self._is_binary(assigned[name], {}, reads)
            case ast.Name(id=name) if name in reads:
                return self.values[reads[name]].binary
        return False


def _assignments(text: str) -> tuple[Assign, ...]:
    found = []
    for line in text.replace("\n", ";").split(";"):
        if line.strip():
            target, _, value = line.partition("=")
            op = "+=" if target.rstrip().endswith("+") else "="
            found.append(Assign(target.rstrip(" +").strip(), op, value.strip()))  # type: ignore[arg-type]
    return tuple(found)
