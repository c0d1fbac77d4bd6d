"""How an expression reads in C."""

import ast

from ...equations import TypedRenderer

_OWN = {"exp": "exp", "log": "log", "sin": "sin", "cos": "cos", "tanh": "tanh", "exprel": "exprel"}
_OWN_LONG = {"expm1": "expm1_", "log1p": "log1p_"}  # a digit ends their name, so the width follows an underscore
_LIBRARY = {"arcsin": "asin", "arccos": "acos", "arctan": "atan"} | {
    name: name for name in ("sqrt", "floor", "ceil", "tan", "sinh", "cosh", "log10")
}
CONSTANTS = {"pi": "3.141592653589793", "e": "2.718281828459045"}
INFINITY = {32: "f32_of_bits(0x7F800000)", 64: "f64_of_bits(0x7FF0000000000000LL)"}


class CSyntax(TypedRenderer):
    """Everything but the names, which depend on what they stand for, unless that is a constant.

    ``bits`` is the width of a float; every literal has the precision of the run.
    """

    bits: int

    def render(self, expr: ast.expr) -> str:
        if isinstance(expr, ast.Constant) and isinstance(expr.value, bool):
            return "true" if expr.value else "false"
        return super().render(expr)

    def name(self, id: str) -> str:
        return f"F({CONSTANTS[id]})"

    def number(self, value: float) -> str:
        return f"F({value!r})" if abs(value) != float("inf") else f"F({INFINITY[self.bits]})"

    def call(self, fn: str, args: list[str]) -> str:
        if fn in _OWN or fn in _OWN_LONG:
            return f"{(_OWN | _OWN_LONG)[fn]}{self.bits}({args[0]})"
        if fn in _LIBRARY:
            return f"{_LIBRARY[fn]}({args[0]})"
        if fn in ("min", "max"):
            compare = "<" if fn == "min" else ">"
            found = args[0]
            for other in args[1:]:
                found = f"({found} {compare} {other} ? {found} : {other})"
            return found
        if fn == "clip":
            return self.call("min", [self.call("max", args[:2]), args[2]])
        return {
            "abs": "fabs({})", "stop": "({})", "int": "trunc({})", "sign": "sign({})",
            "H": "({} > F(0) ? F(1) : F(0))",
        }[fn].format(args[0])  # fmt: skip

    def boolean(self, word: str, values: list[str]) -> str:
        return "(" + (" && " if word == "and" else " || ").join(values) + ")"

    def negation(self, value: str) -> str:
        return f"(!{value})"

    def conditional(self, test: str, body: str, orelse: str) -> str:
        return f"({test} ? {body} : {orelse})"

    def modulo(self, left: str, right: str) -> str:
        return f"({left} - {right} * floor({left} / {right}))"

    def floor_divide(self, left: str, right: str) -> str:
        return f"floor({left} / {right})"

    def power(self, base: str, exponent: str) -> str:
        return f"pow({base}, {exponent})"
