"""Calls of random functions in texts, turned into draws."""

import ast
from collections.abc import Iterable
from typing import Literal

from ..equations import Assign, calls, names, parse, unparse
from ..errors import EquationError
from .operations import Draw

DRAWS: dict[str, Literal["uniform", "normal", "poisson"]] = {"rand": "uniform", "randn": "normal", "poisson": "poisson"}


def extract_draws(body: Iterable[Assign], where: str) -> tuple[tuple[Assign, ...], tuple[Draw, ...]]:
    """The body with rand(), randn() and poisson() replaced by local names, and the draws that those stand for.

    Raises
    ------
    EquationError
        When the mean of a Poisson number is assigned in the same body: all draws are made before it runs.
    """
    draws: list[Draw] = []
    out: list[Assign] = []
    assigned: set[str] = set()
    for assign in body:
        first = len(draws)
        out.append(Assign(assign.target, assign.op, _without_draws(assign.value, draws)))
        for draw in draws[first:]:
            late = sorted(names(parse(draw.argument)) & assigned) if draw.argument else []
            if late:
                raise EquationError(f"{where}: the mean of poisson({draw.argument}) must not be assigned before in the "
                                    f"same text, got {late[0]!r}; all random numbers are drawn before the text runs")
        assigned.add(assign.target)
    return tuple(out), tuple(draws)


def _without_draws(text: str, draws: list[Draw]) -> str:
    """The text with every call of a random function replaced by a local name, noted in ``draws``."""
    if DRAWS.keys().isdisjoint(calls(parse(text))):
        return text  # left exactly as it was written

    class Replace(ast.NodeTransformer):
        def visit_Call(self, node: ast.Call) -> ast.expr:
            self.generic_visit(node)
            name = getattr(node.func, "id", "")
            if name not in DRAWS:
                return node
            argument = unparse(node.args[0]) if node.args else None
            draws.append(Draw(f"_draw{len(draws)}", DRAWS[name], len(draws), argument))
            return ast.Name(draws[-1].name, ast.Load())

    # a fresh tree, because parsed ones are shared
    return unparse(Replace().visit(ast.parse(text, mode="eval").body))
