"""Bodies of elementwise steps as text of a kernel."""

import ast

from ....equations import Assign, parse, trees
from ..syntax import CSyntax

_CONSTANTS = {"pi": "3.141592653589793", "e": "2.718281828459045"}


class StepText(CSyntax):
    """Renders the texts of one step.

    Parameters
    ----------
    identifiers
        What each name of the body is called in the kernel; changes as names are assigned.
    bits
        Width of a float.
    """

    def __init__(self, identifiers: dict[str, str], bits: int):
        self.identifiers, self.bits = identifiers, bits
        self.booleans: set[str] = set()

    def name(self, id: str) -> str:
        return self.identifiers[id] if id in self.identifiers else f"F({_CONSTANTS[id]})"

    def assign(self, assign: Assign, to: str) -> str:
        """The line that computes an assignment into the local ``to``, by which the name is known from then on."""
        tree = parse(assign.value)
        if assign.op == "+=":
            tree = ast.BinOp(trees.name(assign.target), ast.Add(), tree)
        truth = self.is_truth(tree)
        line = f"const {'bool' if truth else 'F'} {to} = {self.as_truth(tree) if truth else self.as_number(tree)};"
        self.identifiers[assign.target] = to
        (self.booleans.add if truth else self.booleans.discard)(assign.target)
        return line

    def float_of(self, name: str) -> str:
        """What a name stands for, as a number."""
        found = self.identifiers[name]
        return f"({found} ? F(1) : F(0))" if name in self.booleans else found
