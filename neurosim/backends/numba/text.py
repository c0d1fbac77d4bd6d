"""Expressions as the text of generated functions."""

import ast
from collections.abc import Collection, Mapping

from ...equations import Assign, TypedRenderer, names, parse
from ...program import Ref
from .functions import Function

_CONSTANTS = {"pi": "3.141592653589793", "e": "2.718281828459045", "inf": "np.inf"}
_OWN = {"exp": "exp", "log": "log", "sin": "sin", "cos": "cos", "tanh": "tanh", "exprel": "exprel"}
_OWN_LONG = {"expm1": "expm1_", "log1p": "log1p_"}  # a digit ends their name, so the width follows an underscore
_NUMPY = ("sqrt", "floor", "ceil", "tan", "sinh", "cosh", "arcsin", "arccos", "arctan", "log10")


class Text(TypedRenderer):
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
        return self.as_number(parse(text))

    def condition(self, text: str) -> str:
        """A text as a truth value."""
        return self.as_truth(parse(text))

    def statement(self, assign: Assign) -> str:
        """A statement of a body as a line, its target the local of its name.

        Those before it have been asked for: a local that was true or false may become a number.
        """
        tree, name = parse(assign.value), assign.target
        if assign.op == "+=":
            tree = ast.BinOp(ast.Name(name, ast.Load()), ast.Add(), tree)
        is_truth = name in self.booleans if name in self.refs else self.is_truth(tree)
        right = self.as_truth(tree) if is_truth else self.as_number(tree)
        if is_truth:
            self.booleans.add(name)
        else:
            self.booleans.discard(name)
        return f"{self.name(name)} = " + (f"np.trunc({right})" if self._is_whole(name) else right)

    def _is_whole(self, name: str) -> bool:
        return name in self.refs and self.layout.program.buffers[self.refs[name].buffer].dtype in ("int", "int8")

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

    def boolean(self, word: str, values: list[str]) -> str:
        # & and | of truth values vectorise, `and` and `or` branch
        return "(" + (" & " if word == "and" else " | ").join(values) + ")"

    def modulo(self, left: str, right: str) -> str:
        return f"({left} - {right} * np.floor({left} / {right}))"

    def floor_divide(self, left: str, right: str) -> str:
        return f"np.floor({left} / {right})"


def emit_time(f: Function, names_read: Collection[str]) -> None:
    """``t`` and ``dt``, where one of them is read."""
    if not {"t", "dt"}.isdisjoint(names_read):
        dt = f.need("dt", "dt")
        f.add(0, f"x_t, x_dt = F(t * {dt}), F({dt})")


def load(text: Text, name: str, element: str) -> str:
    """An element of the buffer behind ``name`` as a local value."""
    dtype = text.layout.program.buffers[text.refs[name].buffer].dtype
    return {"float": element, "int": f"F({element})", "int8": f"F({element})", "bool": f"({element} != 0)"}[dtype]


def store(text: Text, name: str) -> str:
    """The local value of ``name`` as an element of its buffer."""
    dtype = text.layout.program.buffers[text.refs[name].buffer].dtype
    kinds = {"float": "{}", "int": "np.int32({})", "int8": "np.int8({})", "bool": "np.uint8({})"}
    return kinds[dtype].format("x_" + name)
