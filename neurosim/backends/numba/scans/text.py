"""Bodies of elementwise steps as text of a generated function."""

import ast
from typing import Any

import numpy as np

from ....equations import Assign, parse, trees
from ..text import Text


class StepText(Text):
    """Renders the texts of one step.

    Parameters
    ----------
    identifiers
        What each name of the body is called in the function; changes as names are assigned.
    dtype
        Precision of the run.
    """

    def __init__(self, identifiers: dict[str, str], dtype: np.dtype[Any]):
        self.refs = {}
        self.bits = 8 * dtype.itemsize
        self.booleans: set[str] = set()
        self.identifiers = identifiers

    def name(self, id: str) -> str:
        return self.identifiers[id] if id in self.identifiers else super().name(id)

    def assign(self, assign: Assign, to: str) -> str:
        """The line that computes an assignment into the local ``to``, by which the name is known from then on."""
        tree = parse(assign.value)
        if assign.op == "+=":
            tree = ast.BinOp(trees.name(assign.target), ast.Add(), tree)
        truth = self.is_truth(tree)
        line = f"{to} = {self.as_truth(tree) if truth else self.as_number(tree)}"
        self.identifiers[assign.target] = to
        (self.booleans.add if truth else self.booleans.discard)(assign.target)
        return line

    def float_of(self, name: str) -> str:
        """What a name stands for, as a number."""
        found = self.identifiers[name]
        return f"(F(1) if {found} else F(0))" if name in self.booleans else found
