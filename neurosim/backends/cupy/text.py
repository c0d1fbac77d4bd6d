"""The texts of operations in kernels."""

import ast
from collections.abc import Mapping, Sequence

from ...equations import Assign, names, parse
from ...program import Ref
from .kernel import Kernel
from .syntax import CONSTANTS, CSyntax


class Text(CSyntax):
    """Renders the texts of one operation into a kernel; shared numbers become its parameters.

    What belongs to a model is called ``x_name`` (truth values in locals ``b_name``, shared numbers ``v_name``), so that
    no name of a model meets one of ours.
    """

    def __init__(self, kernel: Kernel, refs: Mapping[str, Ref]):
        self.kernel, self.refs, self.layout = kernel, refs, kernel.layout
        self.bits = 8 * self.layout.dtype.itemsize
        self.booleans = {n for n in refs if self._kind(n) == "bool"}

    def value(self, text: str) -> str:
        """A text as a float."""
        return self.as_number(parse(text))

    def condition(self, text: str) -> str:
        """A text as a truth value."""
        return self.as_truth(parse(text))

    def assignments(self, body: Sequence[Assign], known: set[str]) -> list[str]:
        """The statements of a body; names that are not yet ``known`` are declared where they are first assigned."""
        lines = []
        for assign in body:
            tree, name = parse(assign.value), assign.target
            if assign.op == "+=":
                tree = ast.BinOp(ast.Name(name, ast.Load()), ast.Add(), tree)
            truth = name in self.booleans if name in self.refs else self.is_truth(tree)
            right = self.as_truth(tree) if truth else self.as_number(tree)
            right = f"trunc({right})" if self._kind(name) in ("int", "int8") else right
            (self.booleans.add if truth else self.booleans.discard)(name)
            # a local that was a truth value and becomes a number is another one in C
            own = name if name in self.refs else self.name(name)
            start = "" if own in known else ("bool " if truth else "F ")
            lines.append(f"{start}{self.name(name)} = {right};")
            known.add(own)
        return lines

    def load(self, name: str, element: str) -> str:
        """An element of the buffer behind ``name`` as a local."""
        truth = self._kind(name) == "bool"
        return f"bool x_{name} = {element} != 0;" if truth else f"F x_{name} = F({element});"

    def store(self, name: str, element: str) -> str:
        """The local ``name`` into an element of its buffer."""
        kinds = {"float": "{}", "int": "int({})", "int8": "(signed char)({})", "bool": "(unsigned char)({})"}
        return f"{element} = {kinds[self._kind(name)].format('x_' + name)};"

    def name(self, id: str) -> str:
        if id in self.refs:
            buffer = self.refs[id].buffer
            return self.kernel.number(buffer) if self.layout.is_number(buffer) else f"x_{id}"
        if id in CONSTANTS:
            return super().name(id)
        return f"b_{id}" if id in self.booleans else f"x_{id}"

    def _kind(self, name: str) -> str:
        return self.layout.program.buffers[self.refs[name].buffer].dtype if name in self.refs else ""


def read_names(texts: Sequence[str]) -> set[str]:
    """Every name that some texts read."""
    return {name for text in texts for name in names(parse(text))}
