"""The dimension of every part of an expression, and its text in internal units.

The rules: both sides of a sum, comparison or assignment, the branches of a conditional, and the arguments
of min, max and clip have one dimension. A bare number (made of numbers, ``i``, ``N``, pi, and functions
of these, random ones included) takes the dimension and the display unit of what it stands beside: in
``v > -50`` it is -50 mV, in ``rate > 50`` it is 50 Hz. In a product or as the argument of a function such
as exp, a number is just a number; ``(v - 5) / 4`` is still a voltage, and ``exp`` of it is refused: write
``4*mV``. At the top of a differential equation a bare number whose unit would be Hz is refused too, because
the unit of the equation there is 1/ms and a reader cannot tell which of the two is meant.
"""

import ast
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from ..errors import EquationError, NeurosimError, UnitError
from ..units import (
    DIMENSIONLESS,
    FREQUENCY,
    TIME,
    Dimension,
    display_unit,
    literal,
    unit_named,
)
from . import trees
from .dimensions import PURE, Form, Unknowns
from .expressions import FUNCTIONS, children, rebuilt, unparse
from .source import Source

CONSTANTS: Mapping[str, float] = {"pi": math.pi, "e": math.e, "inf": math.inf}
SPECIAL: Mapping[str, Dimension] = {
    "t": TIME,
    "dt": TIME,
    "lastspike": TIME,
    "i": DIMENSIONLESS,
    "N": DIMENSIONLESS,
    **dict.fromkeys(CONSTANTS, DIMENSIONLESS),
}
_BARE = frozenset({"i", "N", *CONSTANTS})
NOISE = TIME ** Fraction(-1, 2)


def is_noise(name: str) -> bool:
    """Whether a name is ``xi`` or ``xi_<name>``."""
    return name == "xi" or name.startswith("xi_")


class Boolean:
    """In place of a dimension: the value is true or false."""


BOOLEAN = Boolean()
Kind = Form | Boolean


@dataclass
class Scope:
    """What the names mean: dimensions that are declared, unknowns, and who is boolean.

    Parameters
    ----------
    declared
        Dimensions of declared and outside names.
    booleans
        Declared names that are true or false.
    free
        Undeclared names met so far.
    unknowns
        Their dimensions, as far as they are settled.
    """

    declared: dict[str, Dimension]
    booleans: frozenset[str] = frozenset({"not_refractory"})
    free: set[str] = field(default_factory=set)
    unknowns: Unknowns = field(default_factory=Unknowns)


class Reading:
    """One expression, read in a scope: first ``kind``, and once all is read, ``resolved``."""

    def __init__(self, expr: ast.expr, source: Source, scope: Scope, noise: bool = False):
        self._expr = expr
        self._source = source
        self._scope = scope
        self._noise = noise
        self._adopting: dict[int, tuple[ast.expr, Form, bool]] = {}

    def boolean(self) -> None:
        """The whole is true or false, or an error says that it is not."""
        if not isinstance(self._kind(self._expr, False, False), Boolean):
            raise self._error("this must be a condition, such as v > -50", self._expr)

    def any_kind(self) -> Kind:
        """The kind of the whole, whatever it is."""
        return self._kind(self._expr, True, False)

    def match(self, expected: Form, what: str, rate: bool = False) -> None:
        """The whole has the dimension ``expected``, which is that of ``what``."""
        form = self._number(self._expr, True, rate)
        self._equate(expected, form, what, self._expr, self._expr)

    def pure(self) -> None:
        """The whole is a number without unit."""
        self._pure(self._expr, "the value", adopt=False)

    def resolved(self) -> ast.expr:
        """The tree with units, pi and e as numbers, and every bare number in internal units."""
        return trees.folded(self._resolve(self._expr))

    def _error(
        self, message: str, node: ast.expr, kind: type[NeurosimError] = EquationError
    ) -> NeurosimError:
        return self._source.error(message, node, kind)

    # what each part is

    def _kind(self, node: ast.expr, adopt: bool, top: bool) -> Kind:
        if self._is_bare(node):
            if not adopt:
                return PURE
            form = self._scope.unknowns.fresh()
            self._adopting[id(node)] = (node, form, top)
            return form
        match node:
            case ast.Constant():
                return BOOLEAN
            case ast.Name(id=name):
                return self._name(node, name)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return self._truth(operand)
            case ast.UnaryOp(operand=operand):
                return self._number(operand, adopt, top)
            case ast.BinOp(left=left, op=op, right=right):
                return self._operation(node, left, op, right, top)
            case ast.BoolOp(values=values):
                for value in values:
                    self._truth(value)
                return BOOLEAN
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                return self._comparison(left, op, right)
            case ast.IfExp(test=test, body=body, orelse=orelse):
                self._truth(test)
                kind = self._kind(body, True, top)
                if isinstance(kind, Boolean):
                    return self._truth(orelse)
                return self._same([body, orelse], top, [kind])
            case ast.Call(func=ast.Name(id=name), args=args):
                return self._call(name, args, top)
        raise TypeError(f"{type(node).__name__} is no part of an expression")

    def _is_bare(self, node: ast.expr) -> bool:
        if isinstance(node, ast.Constant):
            return not isinstance(node.value, bool)
        if isinstance(node, ast.Name):
            return node.id in _BARE and node.id not in self._scope.declared
        if isinstance(node, ast.Compare | ast.BoolOp | ast.IfExp):
            return False
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            return False
        return all(self._is_bare(child) for child in children(node))

    def _name(self, node: ast.expr, name: str) -> Kind:
        scope = self._scope
        if name in scope.booleans:
            return BOOLEAN
        if name in scope.declared:
            return Form(scope.declared[name])
        if is_noise(name):
            if not self._noise:
                raise self._error(f"{name} is noise and belongs in a differential equation", node)
            return Form(NOISE)
        if name in SPECIAL:
            return Form(SPECIAL[name])
        unit = unit_named(name)
        if unit is not None:
            return Form(unit.dimension)
        if name.startswith("_") or not name.isascii():
            raise self._error(
                f"the name {name!r} must begin with a letter and be made of a-z, digits and _", node
            )
        scope.free.add(name)
        return scope.unknowns.named(name)

    def _truth(self, node: ast.expr) -> Boolean:
        kind = self._kind(node, False, False)
        if not isinstance(kind, Boolean):
            raise self._error(f"{_shown(node)} is a number where true or false is needed", node)
        return kind

    def _number(self, node: ast.expr, adopt: bool, top: bool = False) -> Form:
        kind = self._kind(node, adopt, top)
        if isinstance(kind, Boolean):
            raise self._error(
                f"{_shown(node)} is true or false where a number is needed; write int(...)", node
            )
        return kind

    def _operation(
        self, node: ast.expr, left: ast.expr, op: ast.operator, right: ast.expr, top: bool
    ) -> Form:
        if isinstance(op, ast.Add | ast.Sub):
            return self._same([left, right], top)
        if isinstance(op, ast.Mod):
            return self._same([left, right], False)
        if isinstance(op, ast.FloorDiv):
            self._same([left, right], False)
            return PURE
        a = self._number(left, False)
        if isinstance(op, ast.Pow):
            power = literal(right)
            if power is not None:
                return a**power
            self._equate(PURE, a, "a base whose exponent is not a plain number", left, left)
            self._pure(right, "an exponent")
            return PURE
        b = self._number(right, False)
        return a * b if isinstance(op, ast.Mult) else a / b

    def _comparison(self, left: ast.expr, op: ast.cmpop, right: ast.expr) -> Boolean:
        if isinstance(op, ast.Eq | ast.NotEq) and isinstance(self._kind(left, True, False), Boolean):
            return self._truth(right)
        self._same([left, right], False)
        return BOOLEAN

    def _call(self, name: str, args: list[ast.expr], top: bool) -> Form:
        rule = FUNCTIONS[name]
        if rule.takes == "same":
            return self._same(args, top)
        if rule.takes == "root":
            return self._number(args[0], False) ** Fraction(1, 2)
        for argument in args:
            if rule.takes == "pure":
                self._pure(argument, f"the argument of {name}")
            elif name == "int":
                self._kind(argument, True, False)
            else:
                self._number(argument, True)
        return PURE

    def _same(self, nodes: list[ast.expr], top: bool, known: list[Form] | None = None) -> Form:
        """The dimension that all nodes share; ``known`` are the forms of the first of them."""
        forms = list(known or [])
        forms += [self._number(node, True, top) for node in nodes[len(forms) :]]
        for node, form in zip(nodes[1:], forms[1:], strict=True):
            self._equate(forms[0], form, _shown(nodes[0]), nodes[0], node)
        return forms[0]

    def _pure(self, node: ast.expr, what: str, adopt: bool = True) -> None:
        form = self._number(node, adopt)
        if not self._scope.unknowns.equate(PURE, form):
            hint = (
                ""
                if not _has_number(node)
                else "; a number in a product has no unit, so write it out, as in 4*mV"
            )
            unit = self._scope.unknowns.dimension(form)
            raise self._error(
                f"{what} must be a number without unit, but {_shown(node)} is in {unit}{hint}",
                node,
                UnitError,
            )

    def _equate(self, expected: Form, given: Form, what: str, first: ast.expr, node: ast.expr) -> None:
        unknowns = self._scope.unknowns
        if not unknowns.equate(expected, given):
            left, right = unknowns.dimension(expected), unknowns.dimension(given)
            raise self._error(f"{what} is in {left}, but {_shown(node)} is in {right}", node, UnitError)

    # what each part becomes

    def _resolve(self, node: ast.expr) -> ast.expr:
        adopting = self._adopting.get(id(node))
        if adopting is not None:
            return self._scaled(*adopting)
        if isinstance(node, ast.Name):
            return self._resolve_name(node)
        inner = children(node)
        return rebuilt(node, [self._resolve(child) for child in inner]) if inner else node

    def _resolve_name(self, node: ast.Name) -> ast.expr:
        name, scope = node.id, self._scope
        if name in scope.declared or name in scope.booleans or name in scope.free:
            return node
        if name in CONSTANTS:
            return trees.number(CONSTANTS[name])
        unit = unit_named(name)
        return node if unit is None else trees.number(unit.factor)

    def _scaled(self, node: ast.expr, form: Form, top: bool) -> ast.expr:
        dim = self._scope.unknowns.dimension(form)
        inner = trees.folded(rebuilt(node, [self._resolve(child) for child in children(node)]))
        if isinstance(inner, ast.Name):
            inner = self._resolve_name(inner)
        value = trees.value_of(inner)
        if value == 0:
            return inner
        if top and dim == FREQUENCY:
            text = _shown(node)
            raise self._error(f"{text} is a rate here: write {text}/ms or {text}*Hz", node, UnitError)
        factor = display_unit(dim).factor
        if factor == 1.0:
            return inner
        # dividing by 1000 keeps 50 Hz at exactly 0.05
        return (
            trees.number(value / (1 / factor))
            if value is not None
            else ast.BinOp(inner, ast.Mult(), trees.number(factor))
        )


def _shown(node: ast.expr) -> str:
    text = unparse(node)
    return text if len(text) <= 60 else text[:57] + "..."


def _has_number(node: ast.expr) -> bool:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Div):
        return any(isinstance(child, ast.Constant) or _has_number(child) for child in children(node))
    return isinstance(node, ast.UnaryOp) and _has_number(node.operand)
