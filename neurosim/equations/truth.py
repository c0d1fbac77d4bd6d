"""Printing for languages in which a truth value and a number are two things."""

import ast

from . import trees
from .expressions import parse
from .renderer import Renderer
from .text import Assign


class TypedRenderer(Renderer):
    """As ``Renderer``, with truth values turned into numbers where a number is wanted, and back.

    ``booleans`` are the names that hold truth values.
    """

    booleans: set[str]

    def as_number(self, tree: ast.expr) -> str:
        """The text of a tree as a number; what is true counts as 1."""
        return self.render(self._number_of(tree))

    def as_truth(self, tree: ast.expr) -> str:
        """The text of a tree as a truth value; what is not 0 is true."""
        text = self.render(tree)
        return text if self.is_truth(tree) else f"({text} != {self.number(0.0)})"

    def is_truth(self, tree: ast.expr) -> bool:
        """Whether the text of the tree is a truth value."""
        match tree:
            case ast.Constant(value=bool()) | ast.Compare() | ast.BoolOp() | ast.UnaryOp(op=ast.Not()):
                return True
            case ast.Name(id=name):
                return name in self.booleans
            case ast.IfExp(body=body, orelse=orelse):
                return self.is_truth(body) and self.is_truth(orelse)
        return False

    def render(self, expr: ast.expr) -> str:
        """The text of ``expr``, each operand as what its operation takes."""
        match expr:
            case ast.BinOp(left=left, op=op, right=right):
                return super().render(ast.BinOp(self._number_of(left), op, self._number_of(right)))
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return self.negation(self.as_truth(operand))
            case ast.UnaryOp(op=op, operand=operand):
                return super().render(ast.UnaryOp(op, self._number_of(operand)))
            case ast.BoolOp(op=op, values=values):
                return self.boolean("and" if isinstance(op, ast.And) else "or", [self.as_truth(v) for v in values])
            case ast.IfExp(test=test, body=body, orelse=orelse):
                both = self.is_truth(body) and self.is_truth(orelse)
                branch = self.as_truth if both else self.as_number
                return self.conditional(self.as_truth(test), branch(body), branch(orelse))
            case ast.Call(func=func, args=args):
                return super().render(ast.Call(func, [self._number_of(a) for a in args], []))
        return super().render(expr)

    def _number_of(self, tree: ast.expr) -> ast.expr:
        if not self.is_truth(tree):
            return tree
        return ast.IfExp(tree, ast.Constant(1), ast.Constant(0))


class StepRenderer(TypedRenderer):
    """Renders bodies of which each assignment makes a local of its own; stands before the renderer of a language.

    ``identifiers`` tell what each name of a body is called, and change as names are assigned.
    """

    identifiers: dict[str, str]

    def name(self, id: str) -> str:
        return self.identifiers[id] if id in self.identifiers else super().name(id)

    def declaration(self, to: str, value: str, truth: bool) -> str:
        """The line that makes the local ``to``, a truth value or a number."""
        raise NotImplementedError

    def assign(self, assign: Assign, to: str) -> str:
        """The line that computes an assignment into the local ``to``, by which the name is known from then on."""
        tree = parse(assign.value)
        if assign.op == "+=":
            tree = ast.BinOp(trees.name(assign.target), ast.Add(), tree)
        truth = self.is_truth(tree)
        line = self.declaration(to, self.as_truth(tree) if truth else self.as_number(tree), truth)
        self.identifiers[assign.target] = to
        (self.booleans.add if truth else self.booleans.discard)(assign.target)
        return line

    def float_of(self, name: str) -> str:
        """What a name stands for, as a number."""
        return self.as_number(trees.name(name))
