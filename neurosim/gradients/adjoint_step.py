"""The adjoint of an elementwise step: the chain rule on its text."""

import ast
import itertools
from collections.abc import Mapping
from typing import TYPE_CHECKING

from ..equations import Assign, names, parse, substitute, trees, unparse
from .derivative import derivative
from .scan import Fold, Step

if TYPE_CHECKING:
    from .adjoint import _Walk

MOST_CANDIDATES = 10
"""Values among which the smallest tape is sought by trying all sets."""


class StepAdjoint:
    """The operations that take the gradients of what a step writes to those of what it reads.

    Parameters
    ----------
    walk
        The walk over the whole scan; it knows the gradients so far and takes the new operations.
    step
        The step to differentiate.
    """

    def __init__(self, walk: "_Walk", step: Step):
        self.walk, self.step = walk, step
        self.lines, self.last = _single_assignment(step)

    def emit(self) -> None:
        """Append the operations, and replace the gradients."""
        step, walk = self.step, self.walk
        seeds = {n: walk.gradient.pop(v) for n, v in step.writes.items() if v in walk.gradient}
        back, slopes = self._reverse(seeds)
        results = {n: slopes[n] for n in step.reads if n in slopes and self._is_wanted(step.reads[n])}
        if not results:
            return
        needed = _closure(results.values(), dict(back))
        back = [(n, e) for n, e in back if n in needed]
        primal = {n for n in needed if n in step.reads or n in self._local_values()}
        again, taped = self._smallest_tape(primal)
        self._append(seeds, [*again, *back], taped, results)

    def _is_wanted(self, value: str) -> bool:
        kind = self.walk.scan.values[value].kind
        return value in (self.walk.wanted if kind == "parameter" else self.walk.active)

    def _local_values(self) -> set[str]:
        return {name for name, _ in self.lines}

    def _reverse(self, seeds: Mapping[str, str]) -> tuple[list[tuple[str, ast.expr]], dict[str, ast.expr]]:
        """Assignments from last to first: named intermediate gradients, and those of what is read."""
        slopes: dict[str, ast.expr] = {}
        for name in seeds:
            local = self.last.get(name, name)
            slopes[local] = trees.add(slopes.get(local, trees.ZERO), trees.name(f"_g_{name}"))
        back: list[tuple[str, ast.expr]] = []
        for target, expr in reversed(self.lines):
            gradient = slopes.pop(target, trees.ZERO)
            if trees.value_of(gradient) == 0:
                continue
            local = f"_d{target}"
            parts = [(n, trees.folded(derivative(expr, n, self.step.surrogate))) for n in sorted(names(expr))]
            parts = [(n, part) for n, part in parts if trees.value_of(part) != 0]
            if not parts:
                continue
            back.append((local, gradient))
            for name, part in parts:
                slopes[name] = trees.add(slopes.get(name, trees.ZERO), trees.mul(trees.name(local), part))
        return back, slopes

    def _smallest_tape(self, primal: set[str]) -> tuple[list[tuple[str, ast.expr]], dict[str, str]]:
        """What to compute again, and which values of the forward scan to read for it, by local name."""
        given = {n: v for n, v in self.step.reads.items()
                 if self.walk.scan.values[v].kind in ("parameter", "input")}
        offered = {n: v for n, v in self.step.reads.items() if n not in given}
        offered |= {self.last[n]: v for n, v in self.step.writes.items() if n in self.last}
        groups: dict[str, list[str]] = {}
        for local, value in offered.items():
            groups.setdefault(self.walk.scan.origin(value)[0], []).append(local)
        paid = [g for g in groups if g not in self.walk.kept]
        free = {local for g in groups if g in self.walk.kept for local in groups[g]}
        if len(paid) > MOST_CANDIDATES:
            paid = [g for g in paid if any(local in self.step.reads for local in groups[g])]
        for count in range(len(paid) + 1):
            choices = []
            for chosen in itertools.combinations(paid, count):
                known = {*given, *free, *(local for g in chosen for local in groups[g])}
                again = self._again(primal, known)
                if again is not None:
                    choices.append((len(again), again, known))
            if choices:
                _, again, known = min(choices, key=lambda choice: choice[0])
                used = set(primal) | {n for _, e in again for n in names(e)}
                return again, {n: (given | offered)[n] for n in sorted(used & known)}
        raise AssertionError("the values that a step reads always suffice")

    def _again(self, primal: set[str], known: set[str]) -> list[tuple[str, ast.expr]] | None:
        """The lines that give what is needed from what is known; None where they do not."""
        wanted, found = primal - known, []
        for target, expr in reversed(self.lines):
            if target in wanted:
                found.append((target, expr))
                wanted = (wanted - {target}) | (names(expr) - known - {target})
        wanted -= {"pi", "inf"}
        return None if wanted else found[::-1]

    def _append(self, seeds: Mapping[str, str], lines: list[tuple[str, ast.expr]], taped: Mapping[str, str],
                results: Mapping[str, ast.expr]) -> None:
        step, walk = self.step, self.walk
        reads = {n: walk.taped(v) for n, v in taped.items()}
        segments = {n for n in taped if n in step.segments}
        reads |= {f"_g_{n}": g for n, g in seeds.items()}
        body = [Assign(_local(n), "=", _renamed(e)) for n, e in lines]
        writes: dict[str, str] = {}
        totals: dict[str, str] = {}
        folds: list[tuple[str, str]] = []
        same: dict[str, str] = {}  # currents that are added up all have one gradient
        for name, expr in results.items():
            value = step.reads[name]
            if walk.scan.values[value].kind == "parameter":
                body.append(Assign(f"_t_{name}", "=", _renamed(expr)))
                totals[f"_t_{name}"] = walk.total(value)
                continue
            segmented = name in step.segments
            old = None if segmented else walk.gradient.get(value)
            text = unparse(expr)
            if not segmented and old is None and text in same:
                walk.gradient[value] = same[text]
                continue
            if old is not None:
                reads[f"_o_{name}"] = old
            total = trees.add(trees.name(f"_o_{name}"), expr) if old is not None else expr
            new = walk.new(f"d.{value}", step.space)
            body.append(Assign(f"_n_{name}", "=", _renamed(total)))
            writes[f"_n_{name}"] = new
            if segmented:
                folds.append((value, new))
                continue
            walk.gradient[value] = new
            if old is None:
                same[text] = new
        walk.work.append(Step(space=step.space, body=tuple(body), reads={_local(n): v for n, v in reads.items()},
                              writes=writes, totals=totals, segments=frozenset(_local(n) for n in segments)))
        for value, new in folds:
            target = walk.new(f"d.{value}", walk.scan.values[value].space)
            walk.work.append(Fold(source=new, target=target))
            walk.add(value, target)


def _single_assignment(step: Step) -> tuple[list[tuple[str, ast.expr]], dict[str, str]]:
    """The body with a new name for each assignment, ``v.1``, and the last name of each.

    The dot keeps them apart from any name of a text; ``_local`` makes them identifiers again.
    """
    now: dict[str, str] = {}
    lines = []
    for number, assign in enumerate(step.body):
        tree = parse(assign.value)
        if assign.op == "+=":
            tree = ast.BinOp(trees.name(assign.target), ast.Add(), tree)
        tree = substitute(tree, {old: trees.name(new) for old, new in now.items()})
        now[assign.target] = f"{assign.target}.{number}"
        lines.append((now[assign.target], tree))
    return lines, now


def _closure(results: object, back: Mapping[str, ast.expr]) -> set[str]:
    """All names that the results depend on, through the intermediate gradients."""
    found: set[str] = set()
    todo = [n for e in results for n in names(e)]  # type: ignore[attr-defined]
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            todo += list(names(back[name])) if name in back else []
    return found


def _local(name: str) -> str:
    return name.replace(".", "__")


def _renamed(expr: ast.expr) -> str:
    return unparse(substitute(expr, {n: trees.name(_local(n)) for n in names(expr) if "." in n}))
