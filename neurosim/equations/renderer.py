"""From an expression tree to text in another language."""

import ast
import math

from .expressions import walk

_BINARY = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
_COMPARE = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!="}
MAX_PRODUCT = 16
MAX_BASE = 30


class Renderer:
    """Prints a tree through one hook per construct; every hook takes text and returns text.

    The order of operations is the tree's own and every result is bracketed, because a rounding
    moves a spike. What a backend prints differently, it overrides; as it stands, the class prints
    Python. Powers with small whole exponents are products, ``+ - * /`` and comparisons have no hook because
    they read the same in every language that we print, and truth values are ``True`` and ``False``.
    """

    def render(self, expr: ast.expr) -> str:
        """The text of ``expr`` in the target language."""
        match expr:
            case ast.Constant(value=bool() as value):
                return repr(value)
            case ast.Constant(value=int() | float() as number):
                return self.number(float(number))
            case ast.Name(id="inf"):
                return self.number(math.inf)
            case ast.Name(id=name):
                return self.name(name)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return self.negation(self.render(operand))
            case ast.UnaryOp(op=op, operand=operand):
                return f"({'-' if isinstance(op, ast.USub) else '+'}{self.render(operand)})"
            case ast.BinOp(left=left, op=op, right=right):
                return self._operation(left, op, right)
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                return f"({self.render(left)} {_COMPARE[type(op)]} {self.render(right)})"
            case ast.BoolOp(op=op, values=values):
                return self.boolean(
                    "and" if isinstance(op, ast.And) else "or", [self.render(v) for v in values]
                )
            case ast.IfExp(test=test, body=body, orelse=orelse):
                return self.conditional(self.render(test), self.render(body), self.render(orelse))
            case ast.Call(func=ast.Name(id=name), args=args):
                return self.call(name, [self.render(argument) for argument in args])
        raise TypeError(f"{type(expr).__name__} is no part of an expression")

    def _operation(self, left: ast.expr, op: ast.operator, right: ast.expr) -> str:
        base, other = self.render(left), self.render(right)
        if isinstance(op, ast.Pow):
            whole = whole_power(left, right)
            return self.power(base, other) if whole is None else self._product(base, whole)
        if isinstance(op, ast.Mod):
            return self.modulo(base, other)
        if isinstance(op, ast.FloorDiv):
            return self.floor_divide(base, other)
        return f"({base} {_BINARY[type(op)]} {other})"

    def _product(self, base: str, power: int) -> str:
        """A power as products, halving the exponent: x**5 is (x*x)*(x*x)*x."""
        if power < 0:
            return f"({self.number(1.0)} / {self._product(base, -power)})"
        if power == 0:
            return self.number(1.0)
        if power == 1:
            return base
        half = self._product(base, power // 2)
        return f"(({half} * {half}) * {base})" if power % 2 else f"({half} * {half})"

    def number(self, value: float) -> str:
        """A number; negative ones do not occur (the sign is an operation), infinity may."""
        return repr(value)

    def name(self, id: str) -> str:
        """A variable, constant or local."""
        return id

    def modulo(self, left: str, right: str) -> str:
        """``left % right`` with the sign of ``right``, as in Python."""
        return f"({left} % {right})"

    def floor_divide(self, left: str, right: str) -> str:
        """The largest whole number not above ``left / right``."""
        return f"({left} // {right})"

    def power(self, base: str, exponent: str) -> str:
        """``base ** exponent`` where the exponent is not a small whole number."""
        return f"({base} ** {exponent})"

    def boolean(self, word: str, values: list[str]) -> str:
        """Two or more values joined by ``and`` or ``or``."""
        return "(" + f" {word} ".join(values) + ")"

    def negation(self, value: str) -> str:
        """``not value``."""
        return f"(not {value})"

    def conditional(self, test: str, body: str, orelse: str) -> str:
        """``body`` where ``test`` holds, else ``orelse``."""
        return f"({body} if {test} else {orelse})"

    def call(self, fn: str, args: list[str]) -> str:
        """A known function of rendered arguments."""
        return f"{fn}({', '.join(args)})"


def whole_power(base: ast.expr, exponent: ast.expr) -> int | None:
    """The exponent when it is a whole number small enough to be written out as products, else None.

    A base that is long or holds a power itself is not written out: its text would grow without bound.
    """
    sign = 1
    if isinstance(exponent, ast.UnaryOp) and isinstance(exponent.op, ast.USub):
        sign, exponent = -1, exponent.operand
    match exponent:
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
            if float(value).is_integer() and abs(value) <= MAX_PRODUCT and _repeats_well(base):
                return sign * int(value)
    return None


def _repeats_well(base: ast.expr) -> bool:
    parts = list(walk(base))
    return len(parts) <= MAX_BASE and not any(
        isinstance(p, ast.BinOp) and isinstance(p.op, ast.Pow) for p in parts
    )
