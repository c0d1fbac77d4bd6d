"""Expressions as trees: parsed against a whitelist, never evaluated as Python."""

import ast
import functools
import keyword
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ..errors import listing, nearest
from .source import Source, one_line

MAX_LENGTH = 20_000
MAX_DEPTH = 150
SPOKEN = frozenset({"if", "else", "and", "or", "not", "True", "False"})
"""The words of Python that have a meaning in an expression."""
TOO_DEEP = f"the expression is nested too deeply (at most {MAX_DEPTH} levels); split it with subexpressions"


@dataclass(frozen=True)
class Function:
    """A function that expressions may call.

    Parameters
    ----------
    arguments
        Fewest and most arguments; the most is None when there is no limit.
    takes, gives
        Dimension rules: arguments are ``"pure"`` numbers, of ``"any"`` dimension, all of the ``"same"``,
        or a ``"root"``; the result is ``"pure"``, the ``"same"`` as the arguments, or a ``"root"``.
    """

    arguments: tuple[int, int | None] = (1, 1)
    takes: str = "pure"
    gives: str = "pure"


_PURE = (
    *("exp", "expm1", "exprel", "log", "log10", "sin", "cos", "tan", "sinh", "cosh", "tanh"),
    *("arcsin", "arccos", "arctan", "floor", "ceil", "poisson"),
)
FUNCTIONS: Mapping[str, Function] = {
    **{name: Function() for name in _PURE},
    "rand": Function((0, 0)),
    "randn": Function((0, 0)),
    "int": Function((1, 1), "any"),
    "sign": Function((1, 1), "any"),
    "H": Function((1, 1), "any"),
    "sqrt": Function((1, 1), "root", "root"),
    "abs": Function((1, 1), "same", "same"),
    "stop": Function((1, 1), "same", "same"),
    "clip": Function((3, 3), "same", "same"),
    "min": Function((2, None), "same", "same"),
    "max": Function((2, None), "same", "same"),
}
RANDOM = frozenset({"rand", "randn", "poisson"})
_BINARY = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow)
_UNARY = (ast.USub, ast.UAdd, ast.Not)
_COMPARE = (ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq)
_ADVICE = {
    ast.Attribute: "no attributes (a dot) are allowed",
    ast.Subscript: "no indexing is allowed",
    ast.Lambda: "no lambda is allowed",
    ast.NamedExpr: "no assignment is allowed here",
    ast.Tuple: "a comma has no meaning here",
    ast.BitXor: "a power is written **",
    ast.BitAnd: "conditions are joined with 'and'",
    ast.BitOr: "conditions are joined with 'or'",
}


def parse(text: str, where: str = "expression") -> ast.expr:
    """The tree of an expression; equal texts give the same tree, which nobody may change.

    Raises
    ------
    EquationError
        When the text is no expression, or uses anything that is not on the whitelist.
    """
    return parse_source(Source(text, where))


@functools.lru_cache(maxsize=4096)
def parse_source(source: Source) -> ast.expr:
    """The tree of a piece of text that knows its place."""
    plain = one_line(source.text)
    if len(plain) > MAX_LENGTH:
        raise source.part(0, 60).error(f"the expression is longer than {MAX_LENGTH} characters")
    if not plain.strip():
        raise source.error("an expression is missing")
    lead = len(plain) - len(plain.lstrip())
    try:
        # blanks in front would be an indent to Python; a bracket pair of our own would hide unbalanced ones
        tree = ast.parse(plain.strip(), mode="eval").body
    except SyntaxError as problem:
        at = ast.Name(id="", col_offset=lead + max((problem.offset or 1) - 1, 0))
        taken = [word for word in re.findall(r"[A-Za-z_]\w*", plain) if keyword.iskeyword(word) and word not in SPOKEN]
        reason = f"{taken[0]!r} is a word of Python and cannot be a name" if taken else problem.msg
        raise source.error(f"this is not an expression ({reason})", at) from None
    except (RecursionError, MemoryError):  # Python's own parser runs out of stack
        raise source.error(TOO_DEEP) from None
    except ValueError:
        raise source.error("this is not an expression") from None
    return _checked(tree, source, lead, depth=0)


def _checked(node: ast.expr, source: Source, lead: int, depth: int) -> ast.expr:
    """A clean copy of the tree, with positions in the source, once each node has passed the whitelist."""
    node.col_offset, node.end_col_offset = node.col_offset + lead, (node.end_col_offset or 0) + lead
    if depth > MAX_DEPTH:
        raise source.error(TOO_DEEP, node)

    def inner(child: ast.expr) -> ast.expr:
        return _checked(child, source, lead, depth + 1)

    match node:
        case ast.Constant(value=value):
            return _checked_number(node, value, source)
        case ast.Name(id=name):
            _check_name(node, name, source)
            return node
        case ast.UnaryOp(op=op, operand=operand) if isinstance(op, _UNARY):
            node.operand = inner(operand)
        case ast.BinOp(left=left, op=op, right=right) if isinstance(op, _BINARY):
            node.left, node.right = inner(left), inner(right)
        case ast.BoolOp(values=values):
            node.values = [inner(value) for value in values]
        case ast.Compare(left=left, ops=[op], comparators=[right]) if isinstance(op, _COMPARE):
            node.left, node.comparators = inner(left), [inner(right)]
        case ast.Compare(ops=ops) if len(ops) > 1:
            raise source.error("compare two things at a time and join them with 'and'", node)
        case ast.IfExp(test=test, body=body, orelse=orelse):
            node.test, node.body, node.orelse = inner(test), inner(body), inner(orelse)
        case ast.Call():
            _check_call(node, source)
            node.args = [inner(argument) for argument in node.args]
        case _:
            kind = type(node.op) if isinstance(node, ast.BinOp) else type(node)
            advice = _ADVICE.get(kind, "only arithmetic, comparisons and known functions are allowed")
            raise source.error(advice, node)
    return node


def _checked_number(node: ast.Constant, value: object, source: Source) -> ast.expr:
    if isinstance(value, bool):
        return node
    if not isinstance(value, int | float):
        raise source.error("only numbers, True and False can stand for themselves", node)
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise source.error("this number is too large; infinity is written inf", node)
    node.value = int(number) if number.is_integer() and abs(number) < 1e15 else number
    return node


def _check_name(node: ast.AST, name: str, source: Source) -> None:
    if name.startswith("__"):
        raise source.error(f"the name {name!r} is not allowed", node)
    if name in FUNCTIONS and name != "H":
        raise source.error(f"{name} is a function: write {name}(...)", node)


def _check_call(node: ast.Call, source: Source) -> None:
    if not isinstance(node.func, ast.Name):
        raise source.error("only functions known by name can be called", node)
    name = node.func.id
    if name not in FUNCTIONS:
        hint = nearest(name, FUNCTIONS) or f"; there are: {listing(FUNCTIONS)}"
        if node.args and isinstance(node.args[0], ast.Name) and node.args[0].id == "t":
            hint = f"; what a table says over time is a parameter, {name} alone, for which a TimedArray is given"
        raise source.error(f"unknown function {name!r}{hint}", node)
    if node.keywords or any(isinstance(argument, ast.Starred) for argument in node.args):
        raise source.error(f"{name} takes plain arguments only", node)
    low, high = FUNCTIONS[name].arguments
    if len(node.args) < low or (high is not None and len(node.args) > high):
        count = str(low) if low == high else f"at least {low}"
        raise source.error(f"{name} takes {count} argument{'s' * (low != 1)}, got {len(node.args)}", node)


def walk(expr: ast.expr) -> Iterator[ast.expr]:
    """Every part of an expression, itself first, but not the names of functions."""
    yield expr
    for child in children(expr):
        yield from walk(child)


def children(expr: ast.expr) -> list[ast.expr]:
    """The operands of an expression, in the order in which they are written."""
    match expr:
        case ast.UnaryOp(operand=operand):
            return [operand]
        case ast.BinOp(left=left, right=right):
            return [left, right]
        case ast.BoolOp(values=values):
            return list(values)
        case ast.Compare(left=left, comparators=rights):
            return [left, *rights]
        case ast.IfExp(test=test, body=body, orelse=orelse):
            return [body, test, orelse]
        case ast.Call(args=args):
            return list(args)
    return []


def names(expr: ast.expr) -> frozenset[str]:
    """The names an expression reads, without those of functions and without ``inf``."""
    return frozenset(node.id for node in walk(expr) if isinstance(node, ast.Name)) - {"inf"}


def calls(expr: ast.expr) -> list[str]:
    """The functions an expression calls, outermost and leftmost first, as often as it calls them."""
    return [
        node.func.id for node in walk(expr) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    ]


def unparse(expr: ast.expr) -> str:
    """The text of a tree: what ``parse`` reads back as the same tree, in the order it was written."""
    return ast.unparse(expr)


def rebuilt(expr: ast.expr, inner: "list[ast.expr]") -> ast.expr:
    """A copy of ``expr`` with other operands, which come in the order of ``children``."""
    new: ast.expr
    match expr:
        case ast.UnaryOp(op=op):
            new = ast.UnaryOp(op, inner[0])
        case ast.BinOp(op=op):
            new = ast.BinOp(inner[0], op, inner[1])
        case ast.BoolOp(op=bool_op):
            new = ast.BoolOp(bool_op, inner)
        case ast.Compare(ops=ops):
            new = ast.Compare(inner[0], ops, inner[1:])
        case ast.IfExp():
            new = ast.IfExp(inner[1], inner[0], inner[2])
        case ast.Call(func=func):
            new = ast.Call(func, inner, [])
        case _:
            return expr
    return ast.copy_location(new, expr)


def substitute(expr: ast.expr, mapping: Mapping[str, ast.expr]) -> ast.expr:
    """The expression with names replaced by trees; what is not touched is shared, not copied."""
    if isinstance(expr, ast.Name):
        return mapping.get(expr.id, expr)
    old = children(expr)
    new = [substitute(child, mapping) for child in old]
    return expr if all(a is b for a, b in zip(old, new, strict=True)) else rebuilt(expr, new)
