"""Equations as LaTeX, for notebooks."""

import ast
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .text import Equations, Variable

_NAMES = {
    "arcsin": "asin",
    "arccos": "acos",
    "arctan": "atan",
    "abs": "Abs",
    "min": "Min",
    "max": "Max",
    "ceil": "ceiling",
}
_KNOWN = {"exp", "log", "sin", "cos", "tan", "sinh", "cosh", "tanh", "floor", "sign", *_NAMES.values()}
_RELATIONS: Mapping[type[ast.cmpop], str] = {
    ast.Lt: "Lt",
    ast.LtE: "Le",
    ast.Gt: "Gt",
    ast.GtE: "Ge",
    ast.Eq: "Eq",
    ast.NotEq: "Ne",
}


def typeset(equations: "Equations") -> str:
    """The equations as one aligned block of LaTeX, in the order of the text."""
    rows = [_row(variable) for variable in equations.variables.values()]
    return "$$\\begin{aligned}\n" + " \\\\\n".join(rows) + "\n\\end{aligned}$$"


def _row(variable: "Variable") -> str:
    import sympy

    name = sympy.latex(sympy.Symbol(variable.name))
    left = rf"\frac{{d {name}}}{{dt}}" if variable.kind == "differential" else name
    right = "" if variable.expression is None else "&= " + latex(variable.expression)
    notes = [str(variable.unit), *sorted(variable.flags)]
    notes = [note.replace("_", r"\_").replace("**", "^") for note in notes if note != "1" or len(notes) == 1]
    return rf"{left} {right or '&'} && \text{{({', '.join(notes)})}}"


def latex(expr: ast.expr) -> str:
    """One expression as LaTeX, its terms in the order of the text."""
    import sympy

    return str(sympy.latex(_symbolic(expr), order="none"))


def _symbolic(expr: ast.expr) -> Any:
    import sympy

    match expr:
        case ast.Constant(value=value):
            return sympy.true if value is True else sympy.false if value is False else sympy.sympify(value)
        case ast.Name(id=name):
            return {"pi": sympy.pi, "inf": sympy.oo}.get(name, sympy.Symbol(name))
        case ast.UnaryOp(op=op, operand=operand):
            inner = _symbolic(operand)
            if isinstance(op, ast.Not):
                return sympy.Not(inner, evaluate=False)
            return inner if isinstance(op, ast.UAdd) else _minus(inner)
        case ast.BinOp(
            left=ast.UnaryOp(op=ast.USub(), operand=left), op=ast.Mult() | ast.Div() as op, right=right
        ):
            return _minus(_operation(_symbolic(left), op, _symbolic(right)))
        case ast.BinOp(left=left, op=op, right=right):
            return _operation(_symbolic(left), op, _symbolic(right))
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            return getattr(sympy, _RELATIONS[type(op)])(_symbolic(left), _symbolic(right), evaluate=False)
        case ast.BoolOp(op=op, values=values):
            join = sympy.And if isinstance(op, ast.And) else sympy.Or
            return join(*map(_symbolic, values), evaluate=False)
        case ast.IfExp(test=test, body=body, orelse=orelse):
            otherwise = (_symbolic(orelse), True)
            return sympy.Piecewise((_symbolic(body), _symbolic(test)), otherwise, evaluate=False)
        case ast.Call(func=ast.Name(id=name), args=args):
            known = _NAMES.get(name, name)
            inner = [_symbolic(argument) for argument in args]
            if known in _KNOWN:
                return getattr(sympy, known)(*inner, evaluate=False)
            half = sympy.Rational(1, 2)
            return (
                sympy.Pow(*inner, half, evaluate=False) if known == "sqrt" else sympy.Function(name)(*inner)
            )
    raise TypeError(f"{type(expr).__name__} is no part of an expression")


def _minus(inner: Any) -> Any:
    import sympy

    # SymPy would carry the sign into a sum, and prints a sign that it did not carry out as a factor (-1)
    return sympy.Mul(-1, inner, evaluate=False) if inner.is_Add else -inner


def _summands(a: Any) -> tuple[Any, ...]:
    return tuple(a.args) if a.is_Add else (a,)


def _operation(a: Any, op: ast.operator, b: Any) -> Any:
    import sympy

    match op:
        case ast.Add():
            return sympy.Add(*_summands(a), b, evaluate=False)
        case ast.Sub():
            return sympy.Add(*_summands(a), _minus(b), evaluate=False)
        case ast.Mult():
            return sympy.Mul(a, b, evaluate=False)
        case ast.Div():
            return sympy.Mul(a, sympy.Pow(b, -1, evaluate=False), evaluate=False)
        case ast.Pow():
            return sympy.Pow(a, b, evaluate=False)
        case ast.Mod():
            return sympy.Mod(a, b, evaluate=False)
    return sympy.floor(sympy.Mul(a, sympy.Pow(b, -1, evaluate=False), evaluate=False), evaluate=False)
