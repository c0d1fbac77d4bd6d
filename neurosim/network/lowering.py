"""From joins and drives to edges and operations."""

import ast
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from ..connectivity import Edges, FromArrays, FromMatrix, draw
from ..connectivity.drawing import pending
from ..connectivity.pending import PendingEdges
from ..equations import Assign, Update, event_driven, names, parse, solve, substitute, unparse
from ..errors import EquationError
from ..families import DUE, Part
from ..program import Builder, Diffuse, Draw, EdgeSpace, Map, MapEdges, Propagate, Ref, Scope, buffers, extract_draws
from ..program.initial import stream_number
from ..program.redrawn import RedrawnValues
from ..units import Dimension
from .contacts import Contacts, along_edges
from .delays import delay_steps, delayed
from .edge_numbers import edge_numbers
from .ends import ends_of, within
from .glia import Domain, glia_dimensions, owners_of
from .join import PLAIN, CheckedJoin
from .memory import may_wait
from .presynaptic import Terminals, shared_variables
from .rewiring import IN_DEGREE

REST = ("refractory_left", "target")
"""What the guard of an addition reads: the target's own name of it, and the side."""


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
    adds
        Whether a join before this one couples to the same variable, so that its sum is added to.
    """

    def __init__(self, checked: CheckedJoin, parts: Mapping[str, Part], builder: Builder, *, adds: bool = False):
        self.checked, self.builder, self.join, self.adds = checked, builder, checked.join, adds
        self.source, self.target = parts[self.join.source], parts[self.join.target]
        self.ends = ends_of(self.join, self.source, self.target)
        self.scope = Scope(builder, self.join.name)
        self.glia = parts[self.join.glia] if self.join.glia else None
        self.contacts: Contacts | None = None
        self.partners: dict[str, Domain] = {}
        self.terminals: Terminals | None = None
        self.body: dict[str, list[Assign]] = {
            name: [self._guarded(Assign(a.target, a.op, self._inlined(a.value))) for a in body]
            for name, body in checked.checked.statements.items()
        }

    @property
    def domain(self) -> Domain | None:
        """What the join reads of its glia and gives to it."""
        return self.partners.get("glia")

    def lower(self) -> None:
        """Draw the edges, make their variables, and add the operations of the join."""
        self._draw_edges()
        self._open_terminals()
        self._meet_partners()
        variables = self.checked.checked.equations.variables
        late = [name for name, variable in variables.items() if "event-driven" in variable.flags]
        found = self._add_buffers()
        self._integrate(found, late)
        if self.terminals is not None:
            shared = [name for name in late if name in self.terminals.variables]
            late = [name for name in late if name not in shared]
            news = self._coefficients(event_driven(self.checked.checked, shared), found, "sent") if shared else []
            self.body["on_pre"] = self.terminals.lower(self.body["on_pre"], news, self.scope)
        catch_up = self._catch_up(found, late)
        if "couple" in self.body:
            self._couple()
        if "on_pre" in self.body:
            self._open("on_pre", "arrive")
            self._on_pre(catch_up)
            self._hand_over("on_pre", "arrive")
        if "on_post" in self.body:
            events = f"{self.join.target}.spikes"
            self._open("on_post", "plastic")
            self._map_edges("target", events, self.body["on_post"], "plastic", catch_up)
            self._hand_over("on_post", "plastic")

    def _draw_edges(self) -> None:
        join, builder, place = self.join, self.builder, self.join.target
        said: dict[str, Any] = {
            "sources": self.source.size,
            "targets": self.target.size,
            "seed": builder.seed,
            "stream": stream_number(join.name),
            "same": join.source == join.target,
            "delay": delay_steps(join, builder.dt),
        }
        later = pending(join.rule, **said) if may_wait(join) else None
        if later is not None and later.count > buffers.MANY:
            self.drawn: Edges | PendingEdges = later
            builder.add_edges(EdgeSpace(join.name, join.source, place, None, pending=later))
            return
        further: dict[str, Any] = {"source_positions": getattr(self.source, "positions", None),
                                   "target_positions": getattr(self.target, "positions", None),
                                   "within": within(join, self.source, self.target)}
        again = partial(draw, join.rule, **said, **further) if later is None else later.draw
        if isinstance(join.delay, str):
            again = partial(self._delayed, again)
        self.drawn = self.edges = edges = again()
        if self.glia is not None and along_edges(join.domain, join.rule, self.ends[1]):
            stream = stream_number(f"{join.name}.domain")
            self.contacts = Contacts(join, edges, *self.ends, self.glia, seed=builder.seed, stream=stream,
                                     dt=builder.dt)
            self.edges, place = self.contacts.edges, self.contacts.space
            builder.add_space(place, self.edges.targets)
        given = isinstance(join.rule, FromArrays | FromMatrix) or self.contacts is not None
        builder.add_edges(EdgeSpace(join.name, join.source, place, self.edges, None if given else again))
        if join.structure is not None:
            degrees = np.bincount(self.edges.target, minlength=self.edges.targets)
            self.scope.state(IN_DEGREE, degrees, dtype="int", space=join.target)

    def _delayed(self, drawn: Callable[[], Edges]) -> Edges:
        return delayed(drawn(), self.join, *self.ends, seed=self.builder.seed, dt=self.builder.dt)

    def _open_terminals(self) -> None:
        variables = shared_variables(self.checked, self.body)
        if variables:
            self.terminals = Terminals(self.join.name, self.join.source, variables, self.builder)
            self.terminals.open(self.source.size, delay_steps(self.join, self.builder.dt))

    def _meet_partners(self) -> None:
        """Bring what the texts read of the glia, and of targets where edges end at contacts, to where edges end."""
        join, builder = self.join, self.builder
        if self.glia is None:
            return
        if self.contacts is None:
            owners, place = np.full(self.target.size, -1), join.target
            part = self.ends[1].chosen
            owners[part.start : part.stop] = owners_of(f"join {join.name!r}", join.domain, self.ends[1], self.glia)
        else:
            owners, place = self.contacts.owners, self.contacts.space
            further = self.contacts.targets, self.target.size, builder, "_post"
            self.partners["target"] = Domain(join.name, place, join.target, *further)
        self.partners["glia"] = Domain(join.name, place, join.glia or "", owners, self.glia.size, builder)
        read = {name for body in self.body.values() for a in body for name in names(parse(a.value))}
        defined = self.checked.checked.equations.variables.values()
        read |= {name for variable in defined if variable.expression for name in names(variable.expression)}
        ends = [self._end(name) for name in read]
        for side, partner in self.partners.items():
            partner.bring(sorted({own for own, where in ends if where == side}), self._dimensions(side))

    def _dimensions(self, side: str) -> Mapping[str, Dimension]:
        return glia_dimensions(self.glia) if side == "glia" and self.glia is not None else self.target.dimensions

    def _given(self, text: str, side: str) -> list[str]:
        """What a text gives to a partner."""
        ends = [self._end(a.target) for a in self.body.get(text, ())]
        return list(dict.fromkeys(own for own, where in ends if where == side))

    def _open(self, text: str, phase: str) -> None:
        for side, partner in self.partners.items():
            partner.open(self._given(text, side), self._dimensions(side), phase)

    def _hand_over(self, text: str, phase: str) -> None:
        for side, partner in self.partners.items():
            partner.hand_over(self._given(text, side), phase)

    def _add_buffers(self) -> dict[str, Any]:
        """Variables and constants of the edges; returns their values, internal units."""
        checked = self.checked
        equations = checked.checked.equations
        assigned = {a.target for body in self.body.values() for a in body} | set(equations.differential)
        found: dict[str, Any] = {}
        for name in checked.own:
            found[name] = self._value(name)
            if name in assigned:
                flags = equations.variables[name].flags
                dtype = "bool" if "boolean" in flags else "int" if "integer" in flags else "float"
                shared = self.terminals is not None and name in self.terminals.variables
                space = self.terminals.space if self.terminals is not None and shared else None
                self.scope.state(name, found[name], checked.dimension(name), dtype, space)  # type: ignore[arg-type]
            else:
                self.scope.value(name, found[name], checked.dimension(name))
        return found

    def _value(self, name: str) -> Any:
        stream = stream_number(f"{self.join.name}.{name}")
        # texts name the target, also where an edge ends at a contact of it
        return edge_numbers(self.checked, name, self.drawn, *self.ends, seed=self.builder.seed, stream=stream,
                            dt=self.builder.dt)

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
        return self._coefficients(update, found, "event")

    def _coefficients(self, update: Update, found: Mapping[str, Any], prefix: str) -> list[Assign]:
        """The body of an update, its coefficients made constants of the edges."""
        renamed = {}
        where = f"join {self.join.name!r}"
        held = {n: np.asarray(v) if isinstance(v, RedrawnValues) and n in update.reads else v for n, v in found.items()}
        for name, value in update.numbers(held, self.builder.dt, where).items():
            self.scope.value(prefix + name, value, inner=True)
            renamed[name] = parse(prefix + name)
        return [Assign(a.target, a.op, unparse(substitute(parse(a.value), renamed))) for a in update.body]

    def _couple(self) -> None:
        (assign,) = self._drawn(self.body["couple"], "couple")[0]
        target, edges, due = self._ref(assign.target).buffer, self.join.name, f"{self.join.target}.{DUE}"
        slow = self.builder.has_list(due)
        if not (slow or self.adds):
            found = self._names([assign], targets=False)
            self.builder.add("arrive", Diffuse(edges=edges, target=target, value=assign.value, names=found))
            return
        # a slow target needs the sum in its own steps only
        if not self.adds:
            zero = (Assign("sum", "=", "0.0"),)
            self.builder.add("arrive", Map(space=self.join.target, body=zero, names={"sum": Ref(target)}, at=due))
        adding = (Assign(assign.target, "+=", assign.value),)
        when: dict[str, Any] = {"at": "target", "events": due} if slow else {"at": "all", "events": None}
        self.builder.add("arrive", MapEdges(edges=edges, body=adding, names=self._names(adding), **when))

    def _on_pre(self, catch_up: list[Assign]) -> None:
        written, join = self.body["on_pre"], self.join
        events = f"{join.source}.spikes"
        outside = {self._ref(a.target) for a in written if a.target in self.checked.sides}
        body, draws, stream = self._drawn(written, "on_pre")
        read = set(self._names(body, draws, targets=False).values())
        plain = all(a.target in self.checked.sides for a in body) and not catch_up
        # several statements see each other's results on one edge, which separate passes would not
        if not plain or (len(body) > 1 and outside & read):
            self._map_edges("source", events, written, "arrive", catch_up)
            return
        for assign in body:
            own = tuple(draw for draw in draws if draw.name in names(parse(assign.value)))
            self.builder.add(
                "arrive",
                Propagate(
                    edges=join.name,
                    events=events,
                    target=self._ref(assign.target).buffer,
                    value=assign.value,
                    names=self._names([assign], own, targets=False),
                    draws=own,
                    stream=stream,
                ),
            )

    def _map_edges(self, at: Any, events: str | None, written: list[Assign], phase: str,
                   catch_up: Sequence[Assign] = ()) -> None:
        """A ``MapEdges`` of what is written, behind what brings event-driven variables up to date."""
        text = {"source": "on_pre", "target": "on_post"}.get(at, "model")
        body, draws, stream = self._drawn([*catch_up, *written], text)
        operation = MapEdges(edges=self.join.name, at=at, events=events, body=body, names=self._names(body, draws),
                             draws=draws, stream=stream, stamp=self.scope.full("last_update") if catch_up else None)
        self.builder.add(phase, operation)

    def _drawn(self, body: list[Assign], text: str) -> tuple[tuple[Assign, ...], tuple[Draw, ...], int]:
        """The body with its random numbers drawn along edges, and the stream that is this text's own."""
        where = f"join {self.join.name!r}, {text}"
        out, draws = extract_draws(body, where)
        if draws and text == "couple":
            raise EquationError(f"{where}: a sum over edges draws no random numbers, got {body[0]}")
        return out, draws, stream_number(f"{self.join.name}/{text}") if draws else 0

    def _names(self, body: Iterable[Assign], draws: Iterable[Draw] = (), targets: bool = True) -> dict[str, Ref]:
        """What the names that a body reads, and with ``targets`` those that it assigns, stand for."""
        read = [names(parse(text)) for text in (*(a.value for a in body), *(d.argument for d in draws if d.argument))]
        found = set().union(*read, {a.target for a in body} if targets else ())
        return {name: self._ref(name) for name in sorted(found) if name not in PLAIN and not name.startswith("_")}

    def _end(self, name: str) -> tuple[str, str]:
        """The partner's own name of what a text calls ``name``, and its side; two empty texts for the edge's own."""
        return REST if name == "refractory_left_post" else self.checked.sides.get(name, ("", ""))

    def _ref(self, name: str) -> Ref:
        own, side = self._end(name)
        if self.terminals is not None and name in self.terminals.variables:
            return self.terminals.seen(name)
        if not side:
            return Ref(self.scope.full(name), "edge")
        if side in self.partners:
            return Ref(self.partners[side].buffer(own), "target")
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
