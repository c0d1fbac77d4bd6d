"""Equations, conditions and statements of one part, checked together."""

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field

from ..errors import EquationError, nearest
from ..units import DIMENSIONLESS, TIME, Dimension, coherent_name
from . import trees
from .dimensions import Form
from .expressions import RANDOM, calls, names, parse_source, unparse
from .inference import CONSTANTS, SPECIAL, Reading, Scope
from .source import Source
from .text import Assign, Equations, Statement, Variable, check_name, parse_statements


@dataclass(frozen=True)
class Checked:
    """The texts of one part with every unit and literal turned into plain internal numbers.

    Parameters
    ----------
    equations
        The equations in internal units; flags, order and names are those of the text.
    dimensions
        Of every name that occurs: variables, constants, outside and special names.
    free
        Undeclared names: constants that must be supplied.
    conditions, statements, expressions
        The texts that were given along, by the name they were given under.
    where
        What the texts belong to, for error messages.
    """

    equations: Equations
    dimensions: Mapping[str, Dimension]
    free: frozenset[str]
    conditions: Mapping[str, str] = field(default_factory=dict)
    statements: Mapping[str, tuple[Assign, ...]] = field(default_factory=dict)
    expressions: Mapping[str, str] = field(default_factory=dict)
    where: str = ""


def check(
    equations: Equations,
    *,
    conditions: Mapping[str, str] | None = None,
    statements: Mapping[str, str] | None = None,
    expressions: Mapping[str, tuple[str, Dimension | None]] | None = None,
    known: Mapping[str, Dimension] | None = None,
    where: str = "",
) -> Checked:
    """Check all texts of a part jointly and turn them into internal units.

    Parameters
    ----------
    equations
        The part's equations.
    conditions
        Texts that are true or false, e.g. ``{"threshold": "v > -50"}``.
    statements
        Texts that change variables, e.g. ``{"reset": "v = -60; w += b"}``.
    expressions
        Texts with the dimension they must have, or None, e.g. ``{"refractory": ("5*ms", TIME)}``.
    known
        Dimensions of names from outside, which statements may change too.
    where
        The part's name, for error messages.

    Raises
    ------
    EquationError
        When a text cannot be understood or is not allowed.
    UnitError
        When dimensions do not fit.
    """
    return _Check(equations, dict(known or {}), where).run(
        conditions or {}, statements or {}, expressions or {}
    )


class _Check:
    def __init__(self, equations: Equations, known: dict[str, Dimension], where: str):
        self.equations = equations
        self.known = known
        self.where = where
        variables = equations.variables
        booleans = {name for name, variable in variables.items() if "boolean" in variable.flags}
        declared = known | {n: v.unit.dimension for n, v in variables.items() if n not in booleans}
        self.scope = Scope(declared, frozenset({"not_refractory", *booleans}) - set(known))

    def run(
        self,
        conditions: Mapping[str, str],
        statements: Mapping[str, str],
        expressions: Mapping[str, tuple[str, Dimension | None]],
    ) -> Checked:
        readings = {
            n: self._variable(v) for n, v in self.equations.variables.items() if v.expression is not None
        }
        tests = {name: self._condition(name, text) for name, text in conditions.items()}
        changes = {name: self._statements(name, text) for name, text in statements.items()}
        others = {name: self._expression(name, text, dim) for name, (text, dim) in expressions.items()}
        self.scope.unknowns.settle()
        told = {f"{name} {k}": reading for name, pairs in changes.items() for k, (_, reading) in enumerate(pairs)}
        self._refuse_drawn_again(tests | told)
        return Checked(
            equations=self._resolved_equations(readings),
            dimensions=self._dimensions(),
            free=frozenset(self.scope.free),
            conditions={name: unparse(reading.resolved()) for name, reading in tests.items()},
            statements={
                name: tuple(_assign(s, r.resolved()) for s, r in pairs) for name, pairs in changes.items()
            },
            expressions={name: unparse(reading.resolved()) for name, reading in others.items()},
            where=self.where,
        )

    def _variable(self, variable: Variable) -> Reading:
        assert variable.expression is not None
        source = variable.source.within(self.where)
        differential = variable.kind == "differential"
        if "constant over dt" not in variable.flags and set(calls(variable.expression)) & RANDOM:
            advice = "use xi for noise" if differential else "add the flag (constant over dt)"
            raise source.error(f"random numbers would differ within a step; {advice}", variable.expression)
        reading = Reading(variable.expression, source, self.scope, noise=differential)
        if "boolean" in variable.flags:
            reading.boolean()
        elif differential:
            reading.match(Form(variable.unit.dimension / TIME), f"d{variable.name}/dt", rate=True)
        else:
            reading.match(Form(variable.unit.dimension), variable.name)
        return reading

    def _source(self, name: str, text: str) -> Source:
        place = f"{self.where}, {name}" if self.where else name
        if not isinstance(text, str):
            raise EquationError(f"{place} must be a text, got {text!r:.60}")
        return Source(text, place)

    def _condition(self, name: str, text: str) -> Reading:
        source = self._source(name, text)
        reading = Reading(parse_source(source), source, self.scope)
        reading.boolean()
        return reading

    def _expression(self, name: str, text: str, dim: Dimension | None) -> Reading:
        source = self._source(name, text)
        reading = Reading(parse_source(source), source, self.scope)
        if dim is None:
            reading.any_kind()
        else:
            reading.match(Form(dim), name)
        return reading

    def _statements(self, name: str, text: str) -> list[tuple[Statement, Reading]]:
        place = self._source(name, text).where
        return [(statement, self._statement(statement)) for statement in parse_statements(text, place)]

    def _statement(self, statement: Statement) -> Reading:
        target, source = statement.target, statement.source
        self._check_target(target, source)
        reading = Reading(statement.value, statement.value_source, self.scope)
        if target in self.scope.booleans:
            if statement.op != "=":
                raise source.error(f"{target} is true or false and can only be set with =")
            reading.boolean()
        elif statement.op in ("*=", "/="):
            reading.pure()
        else:
            reading.match(Form(self.scope.declared[target]), target)
        return reading

    def _check_target(self, target: str, source: Source) -> None:
        if target in self.known:
            return
        variable = self.equations.variables.get(target)
        if variable is None:
            check_name(target, source)
            choices = [n for n, v in self.equations.variables.items() if v.kind != "subexpression"]
            hint = nearest(target, [*choices, *self.known])
            raise source.error(f"there is no variable {target!r} to change{hint}")
        if variable.kind == "subexpression":
            raise source.error(f"{target} is a subexpression: it follows from others and cannot be set")
        if "constant" in variable.flags:
            raise source.error(f"{target} is declared constant and cannot be set")

    def _refuse_drawn_again(self, readings: Mapping[str, Reading]) -> None:
        """A subexpression that draws holds for a step of the equations; another text would draw other numbers."""
        drawn: set[str] = set()
        for name, variable in self.equations.subexpressions.items():
            expr = variable.expression
            if expr is not None and (RANDOM & set(calls(expr)) or drawn & set(names(expr))):
                drawn.add(name)
        for place, reading in readings.items():
            again = sorted(drawn & set(names(reading.resolved())))
            if again:
                where = ", ".join([*([self.where] if self.where else []), place.split()[0]])
                raise EquationError(f"{where}: {again[0]!r} draws random numbers for the equations alone; "
                                    f"draw here instead, or keep the number in a variable")

    def _resolved_equations(self, readings: Mapping[str, Reading]) -> Equations:
        lines = []
        for name, variable in self.equations.variables.items():
            left = f"d{name}/dt" if variable.kind == "differential" else name
            right = f" = {unparse(readings[name].resolved())}" if name in readings else ""
            types = variable.flags & {"boolean", "integer"}
            unit = next(iter(types), coherent_name(variable.unit.dimension) if not types else "")
            flags = ", ".join(sorted(variable.flags - types))
            lines.append(f"{left}{right} : {unit}" + (f" ({flags})" if flags else ""))
        return Equations("\n".join(lines))

    def _dimensions(self) -> dict[str, Dimension]:
        unknowns = self.scope.unknowns
        found = {name: dim for name, dim in SPECIAL.items() if name not in CONSTANTS}
        found |= dict.fromkeys(self.scope.booleans, DIMENSIONLESS) | self.scope.declared
        return found | {name: unknowns.dimension(unknowns.named(name)) for name in sorted(self.scope.free)}


def _assign(statement: Statement, value: ast.expr) -> Assign:
    target, op = statement.target, statement.op
    if op == "-=":
        return Assign(target, "+=", unparse(trees.neg(value)))
    if op in ("*=", "/="):
        sign = ast.Mult() if op == "*=" else ast.Div()
        return Assign(target, "=", unparse(ast.BinOp(trees.name(target), sign, value)))
    return Assign(target, op, unparse(value))
