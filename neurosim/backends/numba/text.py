"""Expressions as the text of generated functions."""

import ast
from collections.abc import Mapping, Sequence

from ...equations import Assign, Renderer, names, parse
from ...program import Ref
from .functions import Function

_CONSTANTS = {"pi": "3.141592653589793", "e": "2.718281828459045", "inf": "np.inf"}
_OWN = {"exp": "exp", "log": "log", "sin": "sin", "cos": "cos", "tanh": "tanh", "exprel": "exprel"}
_OWN_LONG = {"expm1": "expm1_", "log1p": "log1p_"}  # a digit ends their name, so the width follows an underscore
_NUMPY = ("sqrt", "floor", "ceil", "tan", "sinh", "cosh", "arcsin", "arccos", "arctan", "log10")


class Text(Renderer):
    """Renders the texts of one operation into a function; shared numbers become its parameters.

    Those are called ``v_name``, all else ``x_name``, so that no name of a model meets one of ours. Every
    literal has the precision of the run: ``2*x`` of a float32 would otherwise be float64.
    """

    def __init__(self, function: Function, refs: Mapping[str, Ref]):
        self.function, self.refs = function, refs
        self.layout = function.layout
        self.bits = 8 * self.layout.dtype.itemsize
        self.booleans = {n for n, r in refs.items() if self.layout.program.buffers[r.buffer].dtype == "bool"}

    @staticmethod
    def names(text: str) -> frozenset[str]:
        """The names that a text reads."""
        return names(parse(text))

    def value(self, text: str) -> str:
        """A text as a float."""
        tree = parse(text)
        return self._float(tree)

    def condition(self, text: str) -> str:
        """A text as a truth value."""
        return self._truth(parse(text))

    def assignments(self, body: Sequence[Assign]) -> list[str]:
        """The statements of a body as lines; targets are the locals of their names."""
        lines = []
        for assign in body:
            tree = parse(assign.value)
            is_bool = self._is_boolean(tree) if assign.target not in self.refs else assign.target in self.booleans
            if is_bool:
                self.booleans.add(assign.target)
            right = self._truth(tree) if is_bool else self._float(tree)
            left = self.name(assign.target)
            right = f"{left} + {right}" if assign.op == "+=" else right
            lines.append(f"{left} = np.trunc({right})" if self._is_whole(assign.target) else f"{left} = {right}")
        return lines

    def _is_whole(self, name: str) -> bool:
        return name in self.refs and self.layout.program.buffers[self.refs[name].buffer].dtype == "int"

    def number(self, value: float) -> str:
        return f"F({value!r})" if abs(value) != float("inf") else "F(np.inf)"

    def name(self, id: str) -> str:
        if id in self.refs:
            buffer = self.refs[id].buffer
            return self.function.number(buffer) if self.layout.is_number(buffer) else f"x_{id}"
        return f"F({_CONSTANTS[id]})" if id in _CONSTANTS else f"x_{id}"

    def call(self, fn: str, args: list[str]) -> str:
        if fn in _OWN:
            return f"{_OWN[fn]}{self.bits}({args[0]})"
        if fn in _OWN_LONG:
            return f"{_OWN_LONG[fn]}{self.bits}({args[0]})"
        if fn in _NUMPY:
            return f"np.{fn}({args[0]})"
        if fn in ("min", "max"):
            sign = "<" if fn == "min" else ">"
            found = args[0]
            for other in args[1:]:
                found = f"({found} if {found} {sign} {other} else {other})"
            return found
        if fn == "clip":
            return self.call("min", [self.call("max", args[:2]), args[2]])
        return {
            "abs": "abs({})", "stop": "({})", "int": "np.trunc({})", "sign": "sign({})",
            "H": "(F(1) if {} > F(0) else F(0))",
        }[fn].format(args[0])

    def render(self, expr: ast.expr) -> str:
        """As the base class, with truth values turned into numbers where a number is wanted, and back."""
        match expr:
            case ast.BinOp(left=left, op=op, right=right):
                return super().render(ast.BinOp(self._number_of(left), op, self._number_of(right)))
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return self.negation(self._truth(operand))
            case ast.UnaryOp(op=op, operand=operand):
                return super().render(ast.UnaryOp(op, self._number_of(operand)))
            case ast.BoolOp(op=op, values=values):
                # & and | of truth values vectorise, `and` and `or` branch
                word = " & " if isinstance(op, ast.And) else " | "
                return "(" + word.join(self._truth(v) for v in values) + ")"
            case ast.IfExp(test=test, body=body, orelse=orelse):
                both = self._is_boolean(body) and self._is_boolean(orelse)
                branch = self._truth if both else self._float
                return self.conditional(self._truth(test), branch(body), branch(orelse))
            case ast.Call(func=func, args=args):
                return super().render(ast.Call(func, [self._number_of(a) for a in args], []))
        return super().render(expr)

    def modulo(self, left: str, right: str) -> str:
        return f"({left} - {right} * np.floor({left} / {right}))"

    def floor_divide(self, left: str, right: str) -> str:
        return f"np.floor({left} / {right})"

    def _number_of(self, tree: ast.expr) -> ast.expr:
        if not self._is_boolean(tree):
            return tree
        return ast.IfExp(tree, ast.Constant(1), ast.Constant(0))

    def _float(self, tree: ast.expr) -> str:
        return self.render(self._number_of(tree))

    def _truth(self, tree: ast.expr) -> str:
        text = self.render(tree)
        return text if self._is_boolean(tree) else f"({text} != F(0))"

    def _is_boolean(self, tree: ast.expr) -> bool:
        match tree:
            case ast.Constant(value=bool()) | ast.Compare() | ast.BoolOp() | ast.UnaryOp(op=ast.Not()):
                return True
            case ast.Name(id=name):
                return name in self.booleans
            case ast.IfExp(body=body, orelse=orelse):
                return self._is_boolean(body) and self._is_boolean(orelse)
        return False


def load(text: Text, name: str, element: str) -> str:
    """An element of the buffer behind ``name`` as a local value."""
    dtype = text.layout.program.buffers[text.refs[name].buffer].dtype
    return {"float": element, "int": f"F({element})", "bool": f"({element} != 0)"}[dtype]


def store(text: Text, name: str) -> str:
    """The local value of ``name`` as an element of its buffer."""
    dtype = text.layout.program.buffers[text.refs[name].buffer].dtype
    return {"float": "{}", "int": "np.int32({})", "bool": "np.uint8({})"}[dtype].format("x_" + name)
