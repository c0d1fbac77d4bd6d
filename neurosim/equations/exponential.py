"""Exponential Euler: each variable exactly, with the others held for a step."""

import ast

from . import trees
from .affine import Affine
from .stages import held, locals_of
from .systems import System
from .updates import Hoist, Lines, Update, assigned


def exponential_euler(system: System, reason: str) -> Update:
    """Each equation, affine in its own variable, x' = (b - s x) / d, is solved as if b, s, d stood still.

    With s constant, x becomes x exp(-s dt/d) + b (dt/d) exprel(-s dt/d), both factors fixed before the run.
    Where s holds a number, as in 1 + g_e + g_i, x tends to b/s by exp(-s dt/d). Else s may vanish, if only
    because a leak is set to 0, and x grows by dt x' exprel(-s dt/d), which has no 0/0.
    """
    hoist = Hoist(system.constants)
    before: dict[str, Lines] = {}
    updates: dict[str, ast.expr] = {}
    for variable in system.equations:
        form = system.affine_in(variable)
        if form is None:
            raise ValueError(f"d{variable}/dt is not affine in {variable}")
        before[variable], new = _advanced(variable, form, hoist)
        updates[variable] = held(system, variable, new)
    return hoist.update("exponential_euler", reason, locals_of(system, assigned(updates, before)))


def _advanced(variable: str, form: Affine, hoist: Hoist) -> tuple[Lines, ast.expr]:
    x = trees.name(variable)
    step: ast.expr = trees.name("dt")
    if form.divisor is not None:
        step = trees.div(step, form.divisor)
    slopes, rest = form.terms.get(variable, ()), trees.total(form.rest)
    if not slopes:
        return [], trees.add(x, trees.mul(step, rest))
    slope = trees.total(slopes)
    reach = trees.mul(step, slope)  # the exponent of the step, negative for a decay
    if hoist.is_constant(reach):
        grown = trees.mul(x, trees.call("exp", reach))
        pushed = trees.mul(rest, trees.mul(step, trees.call("exprel", reach)))
        return [], trees.add(grown, pushed)
    leaks = [trees.neg(term) for term in slopes]
    decays = not any(_has_sign(term) for term in leaks)
    if decays and any((trees.value_of(term) or 0.0) > 0.0 for term in leaks):
        return _towards(variable, trees.total(leaks), rest, step)
    s = trees.name(f"_s_{variable}")
    pull = trees.mul(s, x)
    speed = trees.sub(rest, pull) if decays else trees.add(rest, pull)
    exponent = _product(trees.neg(step) if decays else step, s)
    moved = trees.mul(trees.mul(step, speed), trees.call("exprel", exponent))
    return [(f"_s_{variable}", trees.total(leaks) if decays else slope)], trees.add(x, moved)


def _towards(variable: str, leak: ast.expr, rest: ast.expr, step: ast.expr) -> tuple[Lines, ast.expr]:
    x, s, end = trees.name(variable), trees.name(f"_s_{variable}"), trees.name(f"_end_{variable}")
    decay = trees.call("exp", _product(trees.neg(step), s))
    lines: Lines = [(f"_s_{variable}", leak)]
    if trees.value_of(rest) == 0:
        return lines, trees.mul(x, decay)
    lines.append((f"_end_{variable}", trees.div(rest, s)))
    return lines, trees.add(end, trees.mul(trees.sub(x, end), decay))


def _product(a: ast.expr, b: ast.expr) -> ast.expr:
    """``a * b`` with the sign left in ``a``, so that a constant ``a`` takes it out of the step."""
    return ast.BinOp(a, ast.Mult(), b)


def _has_sign(term: ast.expr) -> bool:
    return isinstance(term, ast.UnaryOp) and isinstance(term.op, ast.USub)
