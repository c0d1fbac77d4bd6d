"""Building expression trees, with the simplifications that change no rounding: x+0, x*1, x*0, --x."""

import ast
import math
import operator
from collections.abc import Callable, Iterable, Mapping

from .expressions import children, rebuilt

ZERO = ast.Constant(0)
ONE = ast.Constant(1)
_FOLD: Mapping[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}


def number(value: float) -> ast.expr:
    """A number as a tree; a negative one is the negation of a positive one, infinity a name."""
    if value < 0 or (value == 0 and math.copysign(1.0, value) < 0):
        return ast.UnaryOp(ast.USub(), number(-value))
    if math.isinf(value):
        return name("inf")
    return ast.Constant(int(value) if float(value).is_integer() and value < 1e15 else float(value))


def value_of(expr: ast.expr) -> float | None:
    """The value of a tree that is a number, perhaps with signs, else None."""
    match expr:
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
            return float(value)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            inner = value_of(operand)
            return None if inner is None else -inner
    return None


def name(identifier: str) -> ast.expr:
    """A name as a tree."""
    return ast.Name(identifier, ast.Load())


def call(function: str, *arguments: ast.expr) -> ast.expr:
    """A function of trees."""
    return ast.Call(name(function), list(arguments), [])


def where(test: ast.expr, body: ast.expr, orelse: ast.expr) -> ast.expr:
    """``body if test else orelse``."""
    return ast.IfExp(test, body, orelse)


def neg(a: ast.expr) -> ast.expr:
    """``-a``."""
    if value_of(a) == 0:
        return ZERO
    return _unsigned(a) if _negated(a) else ast.UnaryOp(ast.USub(), a)


def add(a: ast.expr, b: ast.expr) -> ast.expr:
    """``a + b``, or ``a - c`` when b is ``-c``."""
    if value_of(a) == 0:
        return b
    if value_of(b) == 0:
        return a
    if isinstance(b, ast.UnaryOp) and isinstance(b.op, ast.USub):
        return ast.BinOp(a, ast.Sub(), b.operand)
    return ast.BinOp(a, ast.Add(), b)


def sub(a: ast.expr, b: ast.expr) -> ast.expr:
    """``a - b``."""
    return add(a, neg(b))


def mul(a: ast.expr, b: ast.expr) -> ast.expr:
    """``a * b``; a sign of either is moved to the front."""
    va, vb = value_of(a), value_of(b)
    if va == 0 or vb == 0:
        return ZERO
    if va is not None and abs(va) == 1:
        return b if va == 1 else neg(b)
    if vb is not None and abs(vb) == 1:
        return a if vb == 1 else neg(a)
    if _negated(a) or _negated(b):
        product = mul(_unsigned(a), _unsigned(b))
        return product if _negated(a) and _negated(b) else neg(product)
    return ast.BinOp(a, ast.Mult(), b)


def div(a: ast.expr, b: ast.expr) -> ast.expr:
    """``a / b``; a sign of ``a`` is moved to the front."""
    if value_of(a) == 0:
        return ZERO
    if _negated(a):
        return neg(div(_unsigned(a), b))
    return a if value_of(b) == 1 else ast.BinOp(a, ast.Div(), b)


def _negated(a: ast.expr) -> bool:
    return isinstance(a, ast.UnaryOp) and isinstance(a.op, ast.USub)


def _unsigned(a: ast.expr) -> ast.expr:
    return a.operand if isinstance(a, ast.UnaryOp) and isinstance(a.op, ast.USub) else a


def total(terms: Iterable[ast.expr]) -> ast.expr:
    """The sum of the terms from left to right; 0 when there are none."""
    result: ast.expr = ZERO
    for term in terms:
        result = add(result, term)
    return result


def folded(expr: ast.expr) -> ast.expr:
    """The tree with operations between plain numbers carried out, and factors of exactly 1 left out."""
    inner = [folded(child) for child in children(expr)]
    expr = rebuilt(expr, inner) if inner else expr
    match expr:
        case ast.BinOp(left=left, op=op, right=right):
            a, b = value_of(left), value_of(right)
            if a is not None and b is not None and type(op) in _FOLD:
                return _fold(expr, type(op), a, b)
            if b == 1 and isinstance(op, ast.Mult | ast.Div):
                return left
            if a == 1 and isinstance(op, ast.Mult):
                return right
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return operand
    return expr


def _fold(expr: ast.expr, op: type[ast.operator], a: float, b: float) -> ast.expr:
    try:
        value = _FOLD[op](a, b)
    except (ArithmeticError, ValueError):
        return expr
    if isinstance(value, complex) or not math.isfinite(value):
        return expr
    return number(value)
