"""Equations and statements as text, and what they are made of."""

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from ..errors import EquationError, UnitError, listing, nearest
from ..units import DIMENSIONLESS, Unit, parse_unit
from .expressions import FUNCTIONS, names, parse_source
from .source import Source, one_line

RESERVED = frozenset({"t", "dt", "i", "N", "not_refractory", "lastspike", "xi", "pi", "e", "inf"})
_FLAGS = {
    "differential": ("unless refractory", "event-driven", "clock-driven", "presynaptic"),
    "subexpression": ("shared", "constant over dt"),
    "parameter": ("constant", "shared", "presynaptic"),
}
_BOOLEAN = ("bool", "boolean")
_NAME = r"[^\W\d]\w*"
_DIFFERENTIAL = re.compile(rf"\s*d({_NAME})\s*/\s*dt\s*$")
_PLAIN = re.compile(rf"\s*({_NAME})\s*$")
_STATEMENT = re.compile(r"(?P<target>.*?)(?P<op>\*\*=|//=|%=|[-+*/]=|(?<![<>=!])=(?!=))(?P<value>.*)$", re.S)


@dataclass(frozen=True)
class Variable:
    """One definition.

    Parameters
    ----------
    name, kind, unit
        Its name; ``differential``, ``subexpression`` or ``parameter``; the unit it is declared in.
    expression
        The right-hand side, None for a parameter.
    flags
        What stands in brackets, e.g. ``unless refractory``; ``boolean`` and ``integer`` are flags too.
    line
        The line of its definition, from 1.
    """

    name: str
    kind: str
    unit: Unit
    expression: ast.expr | None
    flags: frozenset[str]
    line: int
    source: Source = field(repr=False, compare=False)


@dataclass(frozen=True)
class Assign:
    """``target = value`` or ``target += value``, with the value as text in internal units."""

    target: str
    op: str
    value: str

    def __str__(self) -> str:
        return f"{self.target} {self.op} {self.value}"


@dataclass(frozen=True)
class Statement:
    """One statement as written: target, one of = += -= *= /=, and value."""

    target: str
    op: str
    value: ast.expr
    value_source: Source
    source: Source


@dataclass(frozen=True)
class Equations:
    """Differential equations, subexpressions and parameters, one definition a line.

    ``dx/dt = expression : unit (flags)`` is a differential equation, ``x = expression : unit`` a
    subexpression, ``x : unit`` a parameter. A definition may go on in the next line after a backslash or
    inside brackets; ``#`` begins a comment. The unit of a differential equation is that of its variable.

    Parameters
    ----------
    text
        The definitions. Flags are ``unless refractory``, ``event-driven``, ``clock-driven`` for
        differential equations, ``shared``, ``constant over dt`` for subexpressions, and ``constant``,
        ``shared`` for parameters. Units may also be ``boolean`` and, for parameters, ``integer``.

    Raises
    ------
    EquationError
        When a line cannot be understood, a name is taken, or subexpressions form a circle.

    Examples
    --------
    >>> equations = Equations("dv/dt = (E_L - v) / tau : mV (unless refractory)")
    >>> equations.variables["v"].unit.name
    'mV'
    """

    text: str

    def __post_init__(self) -> None:
        if not isinstance(self.text, str):
            raise EquationError(f"Equations.text must be a string, got {self.text!r:.60}")
        _ = self.variables, self.subexpressions  # a mistake shows up here, not at first use

    @cached_property
    def variables(self) -> dict[str, Variable]:
        """All definitions in the order of the text, by name."""
        found: dict[str, Variable] = {}
        for source in _definitions(Source(self.text, "equations", 1)):
            variable = _definition(source)
            if variable.name in found:
                first = found[variable.name].line
                raise source.error(f"{variable.name!r} is already defined in line {first}")
            found[variable.name] = variable
        return found

    def _kind(self, kind: str) -> dict[str, Variable]:
        return {name: variable for name, variable in self.variables.items() if variable.kind == kind}

    @property
    def differential(self) -> dict[str, Variable]:
        """The differential equations, in order."""
        return self._kind("differential")

    @cached_property
    def subexpressions(self) -> dict[str, Variable]:
        """The subexpressions, each after those it uses."""
        return _in_order(self._kind("subexpression"))

    @property
    def parameters(self) -> dict[str, Variable]:
        """The parameters, in order."""
        return self._kind("parameter")

    def __add__(self, other: "Equations | str") -> "Equations":
        text = other.text if isinstance(other, Equations) else other
        return Equations(f"{self.text}\n{text}")

    def _repr_latex_(self) -> str:
        from .typeset import typeset  # SymPy is slow to import

        return typeset(self)


def _definitions(source: Source) -> list[Source]:
    """The text cut where a definition ends: at a line break that is not escaped nor inside brackets."""
    found, start, depth, at = [], 0, 0, 0
    text = source.text
    for row in [*text.split("\n")]:
        code = row.split("#")[0].rstrip()
        depth += sum(code.count(c) for c in "([{") - sum(code.count(c) for c in ")]}")
        at += len(row)
        if depth <= 0 and not code.endswith("\\"):
            found.append(source.part(start, at))
            start, depth = at + 1, 0
        at += 1
    if start < len(text):
        found.append(source.part(start, len(text)))
    return [part for part in found if one_line(part.text).strip()]


def _definition(source: Source) -> Variable:
    plain = one_line(source.text)
    head, colon, tail = plain.partition(":")
    if not colon:
        raise source.error("a definition ends with a colon and a unit, as in 'x = a + b : mV'")
    flags_at = _flags_start(tail)
    unit_text, flags_text = (tail, "") if flags_at < 0 else (tail[:flags_at], tail[flags_at:])
    left, equal, right = head.partition("=")
    kind = "parameter"
    if equal:
        kind = "differential" if re.search(r"/\s*dt\s*$", left) else "subexpression"
    name = _defined_name(left, kind, source)
    flags = _flags(flags_text, kind, source)
    unit, extra = _unit(unit_text.strip(), kind, source)
    expression, rhs = None, source
    if equal:
        start = len(left) + 1
        rhs = source.part(start, len(head))
        expression = parse_source(rhs)
    line = source.line + len(source.text[: len(plain) - len(plain.lstrip())].split("\n")) - 1
    return Variable(name, kind, unit, expression, flags | extra, line, rhs)


def _defined_name(left: str, kind: str, source: Source) -> str:
    match = (_DIFFERENTIAL if kind == "differential" else _PLAIN).match(left)
    if not match:
        raise source.error("a definition begins with 'dx/dt =', 'x =' or 'x :'")
    name = match[1]
    check_name(name, source)
    return name


def check_name(name: str, source: Source, node: ast.AST | None = None) -> None:
    """Raise unless ``name`` is one that a user may give to a variable."""
    if name in RESERVED or name.startswith("xi_"):
        raise source.error(f"the name {name!r} has a meaning of its own; choose another", node)
    if name in FUNCTIONS and name != "H":
        raise source.error(f"{name!r} is a function; choose another name", node)
    if name.startswith("_"):
        raise source.error(
            f"the name {name!r} begins with an underscore, which is kept for internal use", node
        )
    if not name.isascii() or not name.isidentifier():
        raise source.error(f"the name {name!r} must be made of letters a-z, digits and underscores", node)


def _flags_start(tail: str) -> int:
    """Where the bracketed flags begin; a bracket after an operator belongs to the unit."""
    stripped = tail.rstrip()
    if not stripped.endswith(")"):
        return -1
    start = stripped.rfind("(")
    before = stripped[:start].rstrip()
    return start if before and before[-1] not in "*/^(" else -1


def _flags(text: str, kind: str, source: Source) -> frozenset[str]:
    flags = frozenset(" ".join(flag.split()) for flag in text.strip(" ()").split(",") if flag.strip())
    for flag in sorted(flags):
        if flag == "linked":
            raise source.error("linked variables are not supported; join the two parts with a connection")
        if flag not in _FLAGS[kind]:
            known = {f for flags in _FLAGS.values() for f in flags}
            hint = nearest(flag, known - {flag}) if flag not in known else ""
            a = "a differential equation" if kind == "differential" else f"a {kind}"
            raise source.error(f"{a} cannot be {flag!r}; its flags are: {listing(_FLAGS[kind])}{hint}")
    if {"event-driven", "clock-driven"} <= flags:
        raise source.error("an equation is either event-driven or clock-driven")
    return flags - {"clock-driven"}


def _unit(text: str, kind: str, source: Source) -> tuple[Unit, frozenset[str]]:
    if not text:
        raise source.error("a unit is missing after the colon; a plain number has the unit 1")
    if text in _BOOLEAN and kind != "differential":
        return Unit("1", DIMENSIONLESS, 1.0), frozenset({"boolean"})
    if text == "integer" and kind == "parameter":
        return Unit("1", DIMENSIONLESS, 1.0), frozenset({"integer"})
    if text in (*_BOOLEAN, "integer"):
        raise source.error(f"a {kind} cannot be {text}")
    try:
        return parse_unit(text), frozenset()
    except UnitError as problem:
        start = source.text.rfind(text)
        node = ast.Name(id=text, col_offset=start, end_col_offset=start + len(text)) if start >= 0 else None
        raise source.error(str(problem), node, UnitError) from None


def _in_order(variables: Mapping[str, Variable]) -> dict[str, Variable]:
    ordered: dict[str, Variable] = {}

    def visit(name: str, path: tuple[str, ...]) -> None:
        if name in path:
            circle = " -> ".join((*path[path.index(name) :], name))
            raise variables[name].source.error(f"subexpressions form a circle: {circle}")
        if name not in ordered:
            expression = variables[name].expression
            for other in sorted(names(expression) & set(variables)) if expression else ():
                visit(other, (*path, name))
            ordered[name] = variables[name]

    for name in variables:
        visit(name, ())
    return ordered


def parse_statements(text: str, where: str) -> list[Statement]:
    """The statements of ``"v = -60; w += b"``, separated by semicolons or line breaks.

    Raises
    ------
    EquationError
        When a statement is not an assignment with one of = += -= *= /=.
    """
    if not isinstance(text, str):
        raise EquationError(f"{where} must be a string of statements, got {text!r:.60}")
    source = Source(text, where, 1 if "\n" in text.strip() else 0)
    found: list[Statement] = []
    for part in _definitions(source):
        # a comment may hold a semicolon, so cut where the blanked text has one
        plain, start = one_line(part.text), 0
        for end in [*(m.start() for m in re.finditer(";", plain)), len(plain)]:
            if plain[start:end].strip():
                found.append(_statement(part.part(start, end)))
            start = end + 1
    return found


def _statement(source: Source) -> Statement:
    match = _STATEMENT.match(one_line(source.text))
    if not match or not _PLAIN.match(match["target"]):
        raise source.error("a statement is an assignment, as in 'v = -60' or 'w += 1'")
    if match["op"] not in ("=", "+=", "-=", "*=", "/="):
        raise source.error(f"{match['op']} is not known here; use = += -= *= or /=")
    target = match["target"].strip()
    value = source.part(*match.span("value"))
    return Statement(target, match["op"], parse_source(value), value, source)
