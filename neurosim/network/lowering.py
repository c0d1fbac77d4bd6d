"""From joins and drives to edges and operations."""

import ast
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..connectivity import draw, values
from ..equations import Assign, Update, calls, event_driven, names, parse, solve, substitute, unparse
from ..errors import EquationError, NetworkError
from ..families import Part
from ..program import Builder, Diffuse, EdgeSpace, MapEdges, Propagate, Ref, Scope
from ..program.initial import RANDOM, initial_values, stream_number
from ..units import display_unit, to_internal
from .delays import DISTRIBUTIONS, delay_steps
from .join import PLAIN, CheckedJoin


class JoinLowering:
    """One join on its way into a program.

    Parameters
    ----------
    checked
        The join, checked against its parts.
    parts
        The parts of the network, by name.
    builder
        Where everything ends up.
    """

    def __init__(self, checked: CheckedJoin, parts: Mapping[str, Part], builder: Builder):
        self.checked, self.builder, self.join = checked, builder, checked.join
        self.source, self.target = parts[self.join.source], parts[self.join.target]
        self.scope = Scope(builder, self.join.name)
        self.body: dict[str, list[Assign]] = {
            name: [self._guarded(Assign(a.target, a.op, self._inlined(a.value))) for a in body]
            for name, body in checked.checked.statements.items()
        }

    def lower(self) -> None:
        """Draw the edges, make their variables, and add the operations of the join."""
        self._draw_edges()
        variables = self.checked.checked.equations.variables
        late = [name for name, variable in variables.items() if "event-driven" in variable.flags]
        found = self._add_buffers()
        self._integrate(found, late)
        catch_up = self._catch_up(found, late)
        if "couple" in self.body:
            (assign,) = self.body["couple"]
            self.builder.add(
                "arrive",
                Diffuse(
                    edges=self.join.name,
                    target=self._ref(assign.target).buffer,
                    value=assign.value,
                    names=self._names([Assign("_value", "=", assign.value)]),
                ),
            )
        if "on_pre" in self.body:
            self._on_pre(catch_up)
        if "on_post" in self.body:
            events = f"{self.join.target}.spikes"
            self._map_edges("target", events, [*catch_up, *self.body["on_post"]], "plastic")

    def _draw_edges(self) -> None:
        join, builder = self.join, self.builder
        edges = draw(
            join.rule,
            sources=self.source.size,
            targets=self.target.size,
            seed=builder.seed,
            stream=stream_number(join.name),
            same=join.source == join.target,
            delay=delay_steps(join, builder.dt),
            source_positions=getattr(self.source, "positions", None),
            target_positions=getattr(self.target, "positions", None),
        )
        self.edges = edges
        builder.add_edges(EdgeSpace(join.name, join.source, join.target, edges))

    def _add_buffers(self) -> dict[str, Any]:
        """Variables and constants of the edges; returns their values, internal units."""
        checked, join = self.checked, self.join
        equations = checked.checked.equations
        assigned = {a.target for body in self.body.values() for a in body} | set(equations.differential)
        found: dict[str, Any] = {}
        for name in checked.own:
            given = join.values.get(name, join.initial.get(name, 0.0))
            found[name] = self._value(name, given)
            if name in assigned:
                flags = equations.variables[name].flags
                dtype = "bool" if "boolean" in flags else "int" if "integer" in flags else "float"
                self.scope.state(name, found[name], checked.dimension(name), dtype)  # type: ignore[arg-type]
            else:
                self.scope.value(name, found[name], checked.dimension(name))
        return found

    def _value(self, name: str, given: Any) -> Any:
        dimension, stream = self.checked.dimension(name), stream_number(f"{self.join.name}.{name}")
        where, seed = f"{self.join.name}.{name}", self.builder.seed
        if isinstance(given, str):
            text = _resolved_text(given, dimension, where)
            # replicas share their structure, so a drawn weight is the same in all
            return initial_values(
                text, {}, size=self.edges.count, seed=seed, stream=stream, dt=self.builder.dt
            )
        if isinstance(given, DISTRIBUTIONS):
            # drawn numbers need no more than single precision, and there may be hundreds of millions
            scaled = given.scaled(display_unit(dimension).factor)
            return values(scaled, self.edges, seed=seed, stream=stream, dtype=np.float32)
        try:
            return values(to_internal(given, dimension, where), self.edges, seed=seed, stream=stream)
        except ValueError as error:
            raise NetworkError(f"{where}: {error}") from None

    def _integrate(self, found: Mapping[str, Any], late: list[str]) -> None:
        """The differential equations that run at every step."""
        if len(late) == len(self.checked.checked.equations.differential):
            return
        changed = {a.target for body in self.body.values() for a in body}
        constant = [name for name in self.checked.checked.equations.parameters if name not in changed]
        update = solve(self.checked.checked, method=self.join.method, constant=constant)
        self._map_edges("all", None, self._coefficients(update, found, "step"), "integrate")

    def _catch_up(self, found: Mapping[str, Any], late: list[str]) -> list[Assign]:
        """What brings event-driven variables from their last event to this one."""
        if not late:
            return []
        update = event_driven(self.checked.checked, late)
        self.scope.state("last_update", 0, dtype="int")
        return [
            Assign("_step", "=", "floor(t / dt + 0.5)"),
            Assign("_elapsed", "=", "(_step - last_update) * dt"),
            *self._coefficients(update, found, "event"),
            Assign("last_update", "=", "_step"),
        ]

    def _coefficients(self, update: Update, found: Mapping[str, Any], prefix: str) -> list[Assign]:
        """The body of an update, its coefficients made constants of the edges."""
        renamed = {}
        where = f"join {self.join.name!r}"
        for name, value in update.numbers(found, self.builder.dt, where).items():
            self.scope.value(prefix + name, value)
            renamed[name] = parse(prefix + name)
        return [Assign(a.target, a.op, unparse(substitute(parse(a.value), renamed))) for a in update.body]

    def _on_pre(self, catch_up: list[Assign]) -> None:
        body, join = self.body["on_pre"], self.join
        events = f"{join.source}.spikes"
        outside = {self._ref(a.target) for a in body if a.target in self.checked.sides}
        read = {ref for a in body for ref in self._names([Assign("_value", "=", a.value)]).values()}
        plain = all(a.target in self.checked.sides for a in body) and not catch_up
        # several statements see each other's results on one edge, which separate passes would not
        if not plain or (len(body) > 1 and outside & read):
            self._map_edges("source", events, [*catch_up, *body], "arrive")
            return
        for assign in body:
            self.builder.add(
                "arrive",
                Propagate(
                    edges=join.name,
                    events=events,
                    target=self._ref(assign.target).buffer,
                    value=assign.value,
                    names=self._names([Assign("_value", "=", assign.value)]),
                ),
            )

    def _map_edges(self, at: Any, events: str | None, body: list[Assign], phase: str) -> None:
        self.builder.add(
            phase,
            MapEdges(edges=self.join.name, at=at, events=events, body=tuple(body), names=self._names(body)),
        )

    def _names(self, body: list[Assign]) -> dict[str, Ref]:
        found = {}
        for assign in body:
            drawn = RANDOM.intersection(calls(parse(assign.value)))
            if drawn:
                raise EquationError(
                    f"join {self.join.name!r}: {sorted(drawn)[0]}() cannot be drawn along edges"
                )
            for name in sorted(names(parse(assign.value)) | {assign.target}):
                if name not in PLAIN and not name.startswith("_"):
                    found[name] = self._ref(name)
        return found

    def _ref(self, name: str) -> Ref:
        if name == "refractory_left_post":
            return Ref(f"{self.join.target}.refractory_left", "target")
        if name not in self.checked.sides:
            return Ref(self.scope.full(name), "edge")
        own, side = self.checked.sides[name]
        part = self.join.source if side == "source" else self.join.target
        return Ref(f"{part}.{own}", side)  # type: ignore[arg-type]

    def _guarded(self, assign: Assign) -> Assign:
        """An addition that a refractory target does not take, where the target's family says so."""
        own, side = self.checked.sides.get(assign.target, ("", ""))
        if side != "target" or own not in self.target.guarded:
            return assign
        return Assign(assign.target, assign.op, f"({assign.value}) if refractory_left_post <= 0 else 0.0")

    def _inlined(self, text: str) -> str:
        """The text with the subexpressions of the model written out."""
        tree: ast.expr = parse(text)
        for name, variable in reversed(self.checked.checked.equations.subexpressions.items()):
            if variable.expression is not None:
                tree = substitute(tree, {name: variable.expression})
        return unparse(tree)


def _resolved_text(text: str, dimension: Any, where: str) -> str:
    from ..equations import Equations, check

    checked = check(Equations(""), expressions={where: (text, dimension)}, where=where)
    if checked.free:
        raise EquationError(
            f"{where}: unknown name {sorted(checked.free)[0]!r} in {text!r}; a value may draw only"
        )
    return checked.expressions[where]
