"""Right-hand sides at the points where a solver evaluates them."""

import ast
from collections.abc import Mapping

from . import trees
from .expressions import names, substitute
from .systems import HELD, System
from .updates import Lines


def held(system: System, variable: str, new: ast.expr) -> ast.expr:
    """The new value, or the old one while the neuron is refractory and the variable stands still then."""
    if variable not in system.held:
        return new
    return trees.where(trees.name(HELD), new, trees.name(variable))


def locals_of(system: System, lines: Lines) -> Lines:
    """The lines behind the subexpressions they read, which become locals of the step."""
    used = frozenset(name for _, expr in lines for name in names(expr))
    needed = system.needed(used)
    renamed: dict[str, ast.expr] = {name: trees.name(f"_sub_{name}") for name, _ in needed}
    front = [(f"_sub_{name}", substitute(expr, renamed)) for name, expr in needed]
    return front + [(target, substitute(expr, renamed)) for target, expr in lines]


class Stages:
    """Writes slopes k1, k2, ... of all equations, each with its own values of the subexpressions.

    Noise terms are numbers drawn once a step and divided by sqrt(dt), so that to the solver they are
    constant inputs: the Euler method then is that of Euler and Maruyama, and Heun's is the one that
    converges to the solution in the sense of Stratonovich.
    """

    def __init__(self, system: System):
        self.system = system
        self.lines: Lines = []
        for name in system.noise:
            scaled = trees.mul(
                trees.call("randn"), trees.div(trees.ONE, trees.call("sqrt", trees.name("dt")))
            )
            self.lines.append((f"_{name}", scaled))
        self._fixed: dict[str, ast.expr] = {name: trees.name(f"_{name}") for name in system.noise}
        reached = frozenset().union(*(system.reads(expr) for expr in system.equations.values()))
        for name, expr in system.subexpressions.items():
            if name in system.sampled and name in reached:
                inner = substitute(system.inlined(expr), self._fixed)
                self._fixed[name] = trees.name(f"_sub_{name}")
                self.lines.append((f"_sub_{name}", inner))
        self._count = 0

    def at(self, state: Mapping[str, ast.expr], fraction: float = 0.0) -> dict[str, ast.expr]:
        """Write the slopes at ``state`` (nothing means the present one), ``fraction`` of a step ahead."""
        self._count += 1
        label = str(self._count)
        moved = dict(self._fixed)
        for name, expr in state.items():
            self.lines.append((f"_at{label}_{name}", expr))
            moved[name] = trees.name(f"_at{label}_{name}")
        if fraction:
            ahead = trees.mul(trees.number(fraction), trees.name("dt"))
            moved["t"] = trees.add(trees.name("t"), ahead)
        used = frozenset(name for expr in self.system.equations.values() for name in names(expr))
        for name, expr in self.system.needed(used):
            if name not in self.system.sampled:
                self.lines.append((f"_sub{label}_{name}", substitute(expr, moved)))
                moved[name] = trees.name(f"_sub{label}_{name}")
        slopes: dict[str, ast.expr] = {}
        for name, expr in self.system.equations.items():
            slope = substitute(expr, moved)
            if name in self.system.held:
                slope = trees.where(trees.name(HELD), slope, trees.ZERO)
            self.lines.append((f"_k{label}_{name}", slope))
            slopes[name] = trees.name(f"_k{label}_{name}")
        return slopes
