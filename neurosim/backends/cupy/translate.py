"""The elementary functions and draws of ``neurosim.kernels`` in C, made from their own Python text.

They exist once, as Python that Numba compiles; here their few kinds of statements are printed again, so that no
coefficient and no order of additions can differ.
"""

import ast
import inspect
import math
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

import numpy as np

from ...kernels import constants, counters, elementary

DRAWS = ("uniform32", "uniform64", "normal32", "normal64")
"""What is taken of the draws; Philox itself is written for 32-bit machines in ``device.h``."""

_CASTS = {"float32": "float", "float64": "double", "int32": "int", "int64": "i64", "uint32": "u32", "uint64": "u64"}
_OPERATORS = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.LShift: "<<", ast.RShift: ">>", ast.BitAnd: "&",
    ast.BitOr: "|", ast.Lt: "<", ast.Gt: ">", ast.LtE: "<=", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!=",
}  # fmt: skip
_FUNCTIONS = {"abs": "fabs", "sqrt": "sqrt"}


@cache
def elementary_text() -> str:
    """All elementary functions and draws, each as a template over the types of its arguments."""
    known = {**vars(constants), **vars(elementary), **vars(counters)}
    texts = [_function(node, known) for node in _functions(elementary) if node.name != "polynomial"]
    texts += [_function(node, known) for node in _functions(counters) if node.name in DRAWS]
    return "\n".join(texts)


def _functions(module: Any) -> Iterable[ast.FunctionDef]:
    return [node for node in ast.parse(inspect.getsource(module)).body if isinstance(node, ast.FunctionDef)]


def _function(node: ast.FunctionDef, known: Mapping[str, Any]) -> str:
    names = [argument.arg for argument in node.args.args]
    kinds = ", ".join(f"class T{n}" for n in range(len(names)))
    head = ", ".join(f"T{n} {name}" for n, name in enumerate(names))
    lines = _Lines(set(names), known)
    for statement in node.body:
        lines.add(statement)
    return f"template <{kinds}> DEVICE auto {node.name}({head}) {{\n" + "\n".join(lines.lines) + "\n}"


class _Lines:
    """The statements of one function; ``own`` are its arguments and the locals so far."""

    def __init__(self, own: set[str], known: Mapping[str, Any]):
        self.own, self.known, self.lines = own, known, list[str]()

    def add(self, node: ast.stmt) -> None:
        match node:
            case ast.Expr(value=ast.Constant(value=str())):
                return
            case ast.Return(value=ast.Tuple(elts=parts)):
                self.lines.append(f"    return both({', '.join(map(self.text, parts))});")
            case ast.Return(value=ast.expr() as value):
                self.lines.append(f"    return {self.text(value)};")
            case ast.Assign(targets=[ast.Tuple(elts=targets)], value=value):
                names = [target.id for target in targets if isinstance(target, ast.Name)]
                self.lines.append(f"    auto [{', '.join(names)}] = {self.text(value)};")
                self.own.update(names)
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                self.lines.append(f"    {'' if name in self.own else 'auto '}{name} = {self.text(value)};")
                self.own.add(name)
            case _:
                raise TypeError(f"{ast.unparse(node)} has no counterpart in C here")

    def text(self, node: ast.expr) -> str:
        """An expression; everything is bracketed, so that the order of operations is that of the tree."""
        match node:
            case ast.Constant(value=int() | float() as value):
                return literal(value)
            case ast.Name(id=name):
                return name if name in self.own else literal(self.known[name])
            case ast.Attribute(value=ast.Name(id="np"), attr=name):
                return literal(getattr(np, name))
            case ast.BinOp(op=ast.Pow()):
                return literal(ast.literal_eval(node.left) ** ast.literal_eval(node.right))  # of numbers alone
            case ast.BinOp(left=left, op=op, right=right):
                return f"({self.text(left)} {_OPERATORS[type(op)]} {self.text(right)})"
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return f"(-{self.text(operand)})"
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                return f"({self.text(left)} {_OPERATORS[type(op)]} {self.text(right)})"
            case ast.IfExp(test=test, body=body, orelse=orelse):
                return f"({self.text(test)} ? {self.text(body)} : {self.text(orelse)})"
            case ast.Call(func=ast.Name(id="polynomial"), args=[ast.Name(id=name), x]):
                return self._polynomial(self.known[name], self.text(x))
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=args):
                return f"{_CASTS.get(name) or _FUNCTIONS.get(name, name)}({', '.join(map(self.text, args))})"
        raise TypeError(f"{ast.unparse(node)} has no counterpart in C here")

    def _polynomial(self, coefficients: tuple, x: str) -> str:
        """Horner's rule, highest power first, written out."""
        total = literal(coefficients[0])
        for coefficient in coefficients[1:]:
            total = f"({total} * {x} + {literal(coefficient)})"
        return total


def literal(value: Any) -> str:
    """A number of Python or NumPy as the same number of the same type in C."""
    if isinstance(value, int | np.signedinteger):
        return f"{int(value)}" if isinstance(value, np.int32) else f"{int(value)}LL"
    if isinstance(value, np.unsignedinteger):
        return f"{int(value)}ULL" if value.itemsize == 8 else f"{int(value)}U"
    single, number = isinstance(value, np.float32), float(value)
    if math.isnan(number):
        return "f32_of_bits(0x7FC00000)" if single else "f64_of_bits(0x7FF8000000000000LL)"
    if math.isinf(number):
        found = "f32_of_bits(0x7F800000)" if single else "f64_of_bits(0x7FF0000000000000LL)"
        return found if number > 0 else f"(-{found})"
    return f"{number!r}{'f' if single else ''}"
