"""Derivatives of expression trees.

What has no slope (comparisons, whole numbers, ``stop``) has derivative 0; of a conditional the branch that is taken is
differentiated. ``H(x)``, 1 above 0 and else 0, takes the slope of a surrogate.
"""

import ast

from ..equations import names, parse, substitute, trees
from ..errors import EquationError
from .surrogates import slope

_SLOPES = {
    "exp": "exp(x)", "expm1": "exp(x)", "log": "1/x", "log10": "0.4342944819032518/x",
    "sin": "cos(x)", "cos": "-sin(x)", "tan": "1 + tan(x)**2",
    "sinh": "cosh(x)", "cosh": "sinh(x)", "tanh": "1 - tanh(x)**2",
    "arcsin": "1/sqrt(1 - x**2)", "arccos": "-1/sqrt(1 - x**2)", "arctan": "1/(1 + x**2)",
    "sqrt": "0.5/sqrt(x)", "abs": "sign(x)",
    # 1/2 + x/3 is the series at 0, where the quotient loses its digits
    "exprel": "(0.5 + x/3) if abs(x) < 0.001 else (exp(x) - exprel(x))/x",
}
_FLAT = ("stop", "floor", "ceil", "sign", "int")


def derivative(expr: ast.expr, name: str, surrogate: str) -> ast.expr:
    """The tree of d ``expr`` / d ``name``; 0 when it does not depend on it.

    Parameters
    ----------
    expr, name
        What to differentiate, and by which name.
    surrogate
        Name or text of the slope of ``H``, see ``surrogates``.

    Raises
    ------
    EquationError
        When a function in it has no derivative; random numbers have none either.
    """
    if name not in names(expr):
        return trees.ZERO

    def d(inner: ast.expr) -> ast.expr:
        return derivative(inner, name, surrogate)

    match expr:
        case ast.Name():
            return trees.ONE
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return trees.neg(d(operand))
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return d(operand)
        case ast.UnaryOp() | ast.Compare() | ast.BoolOp():
            return trees.ZERO
        case ast.IfExp(test=test, body=body, orelse=orelse):
            a, b = d(body), d(orelse)
            return trees.ZERO if trees.value_of(a) == 0 == trees.value_of(b) else trees.where(test, a, b)
        case ast.BinOp(left=left, op=op, right=right):
            return _of_operation(left, op, right, d(left), d(right))
        case ast.Call(func=ast.Name(id=function), args=args):
            return _of_call(function, args, [d(a) for a in args], surrogate)
    raise EquationError(f"{ast.unparse(expr)} has no derivative by {name}")


def _of_operation(left: ast.expr, op: ast.operator, right: ast.expr, dl: ast.expr, dr: ast.expr) -> ast.expr:
    match op:
        case ast.Add():
            return trees.add(dl, dr)
        case ast.Sub():
            return trees.sub(dl, dr)
        case ast.Mult():
            return trees.add(trees.mul(dl, right), trees.mul(left, dr))
        case ast.Div():
            by_right = trees.div(trees.mul(trees.div(left, right), dr), right)
            return trees.sub(trees.div(dl, right), by_right)
        case ast.Pow():
            return _of_power(left, right, dl, dr)
        case ast.Mod():
            return dl
    return trees.ZERO


def _of_power(base: ast.expr, exponent: ast.expr, db: ast.expr, de: ast.expr) -> ast.expr:
    lower = trees.folded(trees.sub(exponent, trees.ONE))
    power = trees.ONE if trees.value_of(lower) == 0 else base if trees.value_of(lower) == 1 else (
        ast.BinOp(base, ast.Pow(), lower))
    by_base = trees.mul(trees.mul(exponent, power), db)
    if trees.value_of(de) == 0:
        return by_base
    return trees.add(by_base, trees.mul(trees.mul(ast.BinOp(base, ast.Pow(), exponent), trees.call("log", base)), de))


def _of_call(function: str, args: list[ast.expr], inner: list[ast.expr], surrogate: str) -> ast.expr:
    if function in _FLAT:
        return trees.ZERO
    if function == "H":
        return trees.mul(slope(surrogate, args[0]), inner[0])
    if function in ("min", "max"):
        return _of_extreme(ast.Lt() if function == "min" else ast.Gt(), args, inner)
    if function == "clip":
        # a value at a bound still has slope 1
        x, low, high = args
        above = trees.where(ast.Compare(x, [ast.Gt()], [high]), inner[2], inner[0])
        return trees.where(ast.Compare(x, [ast.Lt()], [low]), inner[1], above)
    if function not in _SLOPES:
        raise EquationError(f"{function}() has no derivative")
    return trees.mul(substitute(parse(_SLOPES[function]), {"x": args[0]}), inner[0])


def _of_extreme(order: ast.cmpop, args: list[ast.expr], inner: list[ast.expr]) -> ast.expr:
    """The slope of the one that is taken; of equal ones the first, as when the text is run."""
    best, found = args[0], inner[0]
    for other, slope_of_other in zip(args[1:], inner[1:], strict=True):
        test = ast.Compare(best, [order], [other])
        best, found = trees.where(test, best, other), trees.where(test, found, slope_of_other)
    return found
