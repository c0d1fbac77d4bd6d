"""Solvers that step along slopes: Euler, midpoint, Runge and Kutta, Heun, Milstein."""

import ast
from collections.abc import Mapping

from . import trees
from .affine import affine
from .expressions import names, substitute
from .stages import Stages
from .systems import HELD, System
from .updates import Hoist, Lines, Update

Slopes = Mapping[str, ast.expr]
DT = trees.name("dt")


def _ahead(slopes: Slopes, fraction: float = 1.0) -> dict[str, ast.expr]:
    """The state a fraction of a step along the slopes."""
    step = trees.mul(trees.number(fraction), DT)
    return {name: trees.add(trees.name(name), trees.mul(step, slope)) for name, slope in slopes.items()}


def _finished(method: str, reason: str, stages: Stages, new: Mapping[str, ast.expr]) -> Update:
    # slopes were written from the old state, and each variable's new value reads no other variable
    lines = [*stages.lines, *new.items()]
    return Hoist(stages.system.constants).update(method, reason, lines)


def euler(system: System, reason: str, method: str = "euler") -> Update:
    """x + dt f(x), of order 1; with noise it is the Euler-Maruyama method."""
    stages = Stages(system)
    return _finished(method, reason, stages, _ahead(stages.at({})))


def rk2(system: System, reason: str) -> Update:
    """The midpoint method, of order 2."""
    stages = Stages(system)
    middle = stages.at(_ahead(stages.at({}), 0.5), 0.5)
    return _finished("rk2", reason, stages, _ahead(middle))


def heun(system: System, reason: str) -> Update:
    """The mean of the slopes at both ends, of order 2; with noise of strong order 1, Stratonovich."""
    stages = Stages(system)
    first = stages.at({})
    last = stages.at(_ahead(first), 1.0)
    return _finished("heun", reason, stages, _ahead({n: trees.add(first[n], last[n]) for n in first}, 0.5))


def rk4(system: System, reason: str) -> Update:
    """The classical method of Runge and Kutta, of order 4."""
    stages = Stages(system)
    k1 = stages.at({})
    k2 = stages.at(_ahead(k1, 0.5), 0.5)
    k3 = stages.at(_ahead(k2, 0.5), 0.5)
    k4 = stages.at(_ahead(k3), 1.0)
    two = trees.number(2)
    sums = {n: trees.total([k1[n], trees.mul(two, k2[n]), trees.mul(two, k3[n]), k4[n]]) for n in k1}
    sixth = trees.div(DT, trees.number(6))
    new = {n: trees.add(trees.name(n), trees.mul(sixth, total)) for n, total in sums.items()}
    return _finished("rk4", reason, stages, new)


def noise_parts(system: System, variable: str) -> tuple[ast.expr, dict[str, ast.expr]] | None:
    """Drift and the factor of each noise term of an equation, or None when noise is not a plain factor."""
    form = affine(system.inlined(system.equations[variable]), frozenset(system.noise))
    if form is None:
        return None
    return form.offset(), {name: form.coefficient(name) for name in form.terms}


def milstein(system: System, reason: str) -> Update:
    """Milstein's method without derivatives, of strong order 1, in the sense of Stratonovich.

    With drift a, noise factor b and the increment W of the noise, x grows by a dt + b W + b b' W² / 2,
    where b b' is (b(x + b sqrt(dt)) - b(x - b sqrt(dt))) / (2 sqrt(dt)). The difference must be central: the
    error of a one-sided one does not average out as Stratonovich reads noise, and costs half an order.

    References
    ----------
    Kloeden & Platen (1992), Numerical Solution of Stochastic Differential Equations, sections 10.3 and 11.1.
    doi:10.1007/978-3-662-12616-5
    """
    root = trees.call("sqrt", DT)
    lines: Lines = [(f"_{name}", trees.call("randn")) for name in system.noise]
    sampled: dict[str, ast.expr] = {}
    for name, expr in system.subexpressions.items():
        if name in system.sampled:
            lines.append((f"_sub_{name}", substitute(system.inlined(expr), sampled)))
            sampled[name] = trees.name(f"_sub_{name}")
    new: dict[str, ast.expr] = {}
    for name in system.equations:
        drift, factors = noise_parts(system, name) or (trees.ZERO, {})
        a, x = trees.name(f"_drift_{name}"), trees.name(name)
        lines.append((f"_drift_{name}", trees.mul(substitute(drift, sampled), DT)))
        moved = trees.add(x, a)
        for noise, factor in factors.items():  # there is one at most
            b, draw = trees.name(f"_b_{name}"), trees.name(f"_{noise}")
            lines.append((f"_b_{name}", trees.mul(substitute(factor, sampled), root)))
            moved = trees.add(moved, trees.mul(b, draw))
            if name not in names(factor):
                continue
            sides = []
            for side, point in (("above", trees.add(x, b)), ("below", trees.sub(x, b))):
                lines.append((f"_{side}_{name}", point))
                there = substitute(factor, {**sampled, name: trees.name(f"_{side}_{name}")})
                sides.append(trees.mul(there, root))
            bend = trees.mul(trees.number(0.25), trees.sub(*sides))
            moved = trees.add(moved, trees.mul(bend, trees.mul(draw, draw)))
        if name in system.held:
            moved = trees.where(trees.name(HELD), moved, x)
        lines.append((f"_new_{name}", moved))
        new[name] = trees.name(f"_new_{name}")
    return Hoist(system.constants).update("milstein", reason, [*lines, *new.items()])
