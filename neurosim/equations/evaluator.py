"""What an expression means, on NumPy arrays: a walk over the tree, and nothing of Python's own eval."""

import ast
import operator
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ..errors import EquationError, nearest
from .expressions import FUNCTIONS, RANDOM, parse
from .renderer import whole_power

_BINARY: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: np.divide,
    ast.FloorDiv: np.floor_divide,
    ast.Mod: np.mod,
}
_COMPARE: Mapping[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}


def _floats(x: Any) -> np.ndarray:
    """An array of floats: float32 stays so, and everything that is no float becomes float64."""
    array = np.asarray(x)
    return array if array.dtype.kind == "f" else array.astype(np.float64)


def _number(x: Any, beside: Any = None) -> Any:
    """Truth values as 0.0 and 1.0, of the precision of what stands ``beside`` them; all else as it is."""
    array = np.asarray(x)
    if array.dtype.kind != "b":
        return x
    other = np.asarray(beside).dtype
    return array.astype(other if other.kind == "f" else np.float64)[()]


def _exprel(x: Any) -> Any:
    """(exp(x) - 1) / x, and 1 at 0."""
    x = _floats(x)
    return np.divide(np.expm1(x), x, out=np.ones_like(x), where=x != 0)[()]


def _least(first: Any, *others: Any) -> Any:
    for other in others:
        first = np.minimum(first, other)
    return first


def _greatest(first: Any, *others: Any) -> Any:
    for other in others:
        first = np.maximum(first, other)
    return first


_NUMPY: Mapping[str, Callable[..., Any]] = {
    **{name: getattr(np, name) for name in FUNCTIONS if hasattr(np, name) and name not in RANDOM},
    "exprel": _exprel,
    "min": _least,
    "max": _greatest,
    "int": lambda x: np.trunc(_floats(x))[()],
    "clip": lambda x, low, high: np.minimum(np.maximum(x, low), high),
    "H": lambda x: np.where(np.asarray(x) > 0, 1.0, 0.0)[()],
    "stop": lambda x: x,
}


def evaluate(expr: ast.expr | str, env: Mapping[str, Any]) -> Any:
    """The value of an expression, elementwise on arrays.

    Parameters
    ----------
    expr
        A tree, or the text of one.
    env
        Values of its names, numbers or arrays that broadcast; ``rand``, ``randn`` and ``poisson`` are
        callables in it when the expression draws.

    Notes
    -----
    Both branches of a conditional are evaluated, and ``and`` and ``or`` do not stop early, as on any
    machine that works on many neurons at once. Overflow and division by zero give inf and nan, unwarned.
    A truth value counts as 0 or 1 in arithmetic and as an argument: ``(a > 0) + (b > 0)`` is 0, 1 or 2.
    """
    tree = parse(expr) if isinstance(expr, str) else expr
    with np.errstate(all="ignore"):
        return _value(tree, env)


def _value(expr: ast.expr, env: Mapping[str, Any]) -> Any:
    match expr:
        case ast.Constant(value=bool() as truth):
            return np.bool_(truth)
        case ast.Constant(value=int() | float() as number):
            return float(number)
        case ast.Name(id="inf"):
            return np.inf
        case ast.Name(id=name):
            return _lookup(name, env)
        case ast.UnaryOp(op=op, operand=operand):
            inner = _value(operand, env)
            if isinstance(op, ast.Not):
                return np.logical_not(inner)
            return -_number(inner) if isinstance(op, ast.USub) else _number(inner)
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            whole = whole_power(left, right)
            base = _number(_value(left, env))
            return np.power(base, _number(_value(right, env), base)) if whole is None else _product(base, whole)
        case ast.BinOp(left=left, op=op, right=right):
            first, second = _value(left, env), _value(right, env)
            return _BINARY[type(op)](_number(first, second), _number(second, first))
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            return _COMPARE[type(op)](_value(left, env), _value(right, env))
        case ast.BoolOp(op=op, values=values):
            join = np.logical_and if isinstance(op, ast.And) else np.logical_or
            result = _value(values[0], env)
            for value in values[1:]:
                result = join(result, _value(value, env))
            return result
        case ast.IfExp(test=test, body=body, orelse=orelse):
            return np.where(_value(test, env), _value(body, env), _value(orelse, env))[()]
        case ast.Call(func=ast.Name(id=name), args=args):
            function = _lookup(name, env) if name in RANDOM else _NUMPY[name]
            return function(*(_number(_value(argument, env)) for argument in args))
    raise TypeError(f"{type(expr).__name__} is no part of an expression")


def _product(base: Any, power: int) -> Any:
    """Repeated squaring, in the very order in which ``Renderer.integer_power`` writes it."""
    if power < 0:
        return np.divide(1.0, _product(base, -power))
    if power == 0:
        return np.ones_like(_floats(base))[()]
    if power == 1:
        return base
    half = _product(base, power // 2)
    return half * half * base if power % 2 else half * half


def _lookup(name: str, env: Mapping[str, Any]) -> Any:
    try:
        return env[name]
    except KeyError:
        raise EquationError(f"the expression needs a value for {name!r}{nearest(name, env)}") from None
