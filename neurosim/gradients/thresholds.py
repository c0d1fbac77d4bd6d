"""A condition as a number, 1 where it holds, with a slope at its threshold."""

import ast

from ..equations import names, parse, trees, unparse
from ..errors import BackendError

NO_SLOPE = ("refractory", "not_refractory", "waiting", "_active")
"""How names begin whose comparisons decide who may spike at all; no gradient flows through these."""


def spike_text(condition: str) -> str:
    """``H(v - threshold)`` for ``v > threshold``, products for ``and``."""
    return unparse(_number(parse(condition)))


def _number(tree: ast.expr) -> ast.expr:
    match tree:
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            step = _step(left, op, right)
            flat = any(n.startswith(NO_SLOPE) for n in names(tree))
            return trees.call("stop", step) if flat else step
        case ast.BoolOp(op=ast.And(), values=values):
            result = _number(values[0])
            for value in values[1:]:
                result = ast.BinOp(result, ast.Mult(), _number(value))
            return result
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return trees.sub(trees.ONE, _number(operand))
        case ast.Constant(value=bool() as truth):
            return trees.ONE if truth else trees.ZERO
        case ast.Name():
            return trees.call("stop", tree)
    raise BackendError(f"gradients need a threshold made of comparisons and 'and', got {unparse(tree)!r}")


def _step(left: ast.expr, op: ast.cmpop, right: ast.expr) -> ast.expr:
    match op:
        case ast.Gt():
            return trees.call("H", trees.sub(left, right))
        case ast.Lt():
            return trees.call("H", trees.sub(right, left))
        case ast.GtE():
            return trees.sub(trees.ONE, trees.call("H", trees.sub(right, left)))
        case ast.LtE():
            return trees.sub(trees.ONE, trees.call("H", trees.sub(left, right)))
    raise BackendError("gradients need a threshold with <, <=, > or >=, got == or !=")
