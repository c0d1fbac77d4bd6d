"""What joins two parts, as plain data, checked against both."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..connectivity.drawing import check_rule
from ..connectivity.rules import RULES, Distance
from ..equations import Checked, Equations, check, event_driven, names, parse, solve, unparse
from ..errors import DescriptionError, EquationError, NetworkError, listing, nearest
from ..families import Part
from ..families.plain import call, fields_of, shown
from ..units import TIME, Dimension, to_internal, unit_named
from .contacts import along_edges, check_along_edges
from .delays import DISTRIBUTIONS, checked_delay
from .edge_texts import resolved_text
from .ends import ends_of, within, written
from .glia import SUFFIX, glia_dimensions, owners_of
from .structures import check_structure

RANGES = ("source_range", "target_range")
PLAIN = frozenset({"t", "dt"})
OF_NEURONS = frozenset({"i", "N", "lastspike", "not_refractory"})
"""What the texts of a neuron may name, and those of a join may not."""


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Join:
    """Edges from one part to another and what happens along them; made by ``Network.connect``.

    Parameters
    ----------
    name, source, target
        Own name and those of the two parts.
    rule
        Who is connected to whom: a rule of ``neurosim.connectivity``.
    source_range, target_range
        The neurons of either part that it connects; None is all.
    model, on_pre, on_post, couple, delay, glia, domain, structure, method, initial, values
        See ``Network.connect``.
    """

    name: str
    source: str
    target: str
    rule: Any
    model: str = ""
    on_pre: str = ""
    on_post: str = ""
    delay: Any = None
    couple: str | None = None
    glia: str | None = None
    domain: Any = None
    structure: Any = None
    method: str = "auto"
    initial: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    values: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    source_range: range | None = None
    target_range: range | None = None

    @property
    def between(self) -> tuple[str, str]:
        """Source and target as ``Network.connect`` takes them: ``exc[0:100]``."""
        return written(self.source, self.source_range), written(self.target, self.target_range)

    def to_dict(self) -> dict[str, Any]:
        """The fields as plain numbers, texts, lists and dicts; ranges stand behind the names of their parts."""
        source, target = self.between
        plain = {name: value for name, value in fields_of(self).items() if name not in RANGES}
        return {**plain, "source": source, "target": target}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Join) and self.to_dict() == other.to_dict()

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return call("Join", fields_of(self))


OPTIONS = (*(field.name for field in dataclasses.fields(Join) if field.name not in RANGES), "plasticity")
"""What ``Network.connect`` takes besides values: a misspelt one arrives among them."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class CheckedJoin:
    """A join whose texts fit its parts.

    Parameters
    ----------
    join
        The description, its delay in ms, its values plain.
    checked
        Its texts with units resolved; the statements ``on_pre``, ``on_post`` and ``couple``.
    sides
        For each name from outside, the part's own name of it and ``source``, ``target`` or ``glia``.
    """

    join: Join
    checked: Checked
    sides: Mapping[str, tuple[str, str]]

    @property
    def own(self) -> tuple[str, ...]:
        """The variables and constants of the edges: those of ``model`` and those only given as values."""
        variables = self.checked.equations.variables
        declared = [name for name, variable in variables.items() if variable.kind != "subexpression"]
        return (*declared, *sorted(self.checked.free))

    def dimension(self, name: str) -> Dimension:
        """The dimension of an own variable."""
        return self.checked.dimensions[name]


def checked_join(join: Join, source: Part, target: Part, glia: Part | None = None) -> CheckedJoin:
    """Check a join against its parts and make its values plain.

    Raises
    ------
    DescriptionError
        When a name is unknown, a dimension wrong, a value missing or superfluous, a delay negative.
    """
    where = f"join {join.name!r}"
    if not isinstance(join.rule, RULES):
        kinds = listing(rule.__name__ for rule in RULES)
        raise NetworkError(f"{where}: the rule must be one of {kinds}, got {join.rule!r:.60}")
    _check_fit(join, source, target)
    ends = ends_of(join, source, target)
    sides = _sides(join, source, target)
    parts = {"source": source.dimensions, "target": target.dimensions}
    if glia is not None:
        parts["glia"] = glia_dimensions(glia)
        if not along_edges(join.domain, join.rule, ends[1]):
            owners_of(where, join.domain, ends[1], glia)
        sides |= {n + SUFFIX: (n, "glia") for n in parts["glia"] if n + SUFFIX not in join.values}
    elif join.domain is not None:
        raise NetworkError(f"{where}: domain needs the part that it is a domain of: give glia")
    texts = {"on_pre": join.on_pre, "on_post": join.on_post, "couple": join.couple or ""}
    for name, text in texts.items():
        if not isinstance(text, str):
            raise EquationError(f"{where}, {name} must be a text of statements, got {text!r:.60}")
    known = {name: parts[side][own] for name, (own, side) in sides.items()}
    checked = check(
        Equations(join.model),
        statements={n: t for n, t in texts.items() if t.strip()},
        known=known,
        where=where,
    )
    _check_names(join, checked)
    _check_method(join, checked)
    _check_spikes(join, source, target)
    _check_statements(join, checked, sides, {"target": target, "glia": glia})
    if glia is not None and along_edges(join.domain, join.rule, ends[1]):
        check_along_edges(join, *ends, glia, sides, checked.statements)
    result = CheckedJoin(join=join, checked=checked, sides=sides)
    _check_values(result, [*sides])
    given = [(n, v, result.dimension(n)) for n, v in (*join.values.items(), *join.initial.items())]
    for name, value, dimension in [*given, ("delay", join.delay, TIME)]:
        if isinstance(value, str):
            resolved_text(join.name, name, value, dimension, *ends)
    plain = dataclasses.replace(
        join,
        delay=checked_delay(join),
        values={n: _plain(v, result.dimension(n), f"{where}: {n}") for n, v in join.values.items()},
        initial={n: _plain(v, result.dimension(n), f"{where}: initial {n}") for n, v in join.initial.items()},
    )
    check_structure(plain, result.own, source, target)
    return dataclasses.replace(result, join=plain)


def _sides(join: Join, source: Part, target: Part) -> dict[str, tuple[str, str]]:
    """What ``x_pre``, ``x_post`` and a bare ``x`` stand for; what the edges have themselves comes first."""
    own = {*Equations(join.model).variables, *join.values}
    sides = {name: (name, "target") for name in target.dimensions}
    sides |= {f"{name}_post": (name, "target") for name in target.dimensions}
    sides |= {f"{name}_pre": (name, "source") for name in source.dimensions}
    return {name: side for name, side in sides.items() if name not in own}


def _check_fit(join: Join, source: Part, target: Part) -> None:
    """The rule can be drawn between these ends."""
    try:
        check_rule(join.rule, sources=source.size, targets=target.size, same=join.source == join.target,
                   within=within(join, source, target))
    except DescriptionError as problem:
        raise NetworkError(f"join {join.name!r}: {problem}") from None
    for name, part in ((join.source, source), (join.target, target)):
        if isinstance(join.rule, Distance) and getattr(part, "positions", None) is None:
            raise NetworkError(
                f"join {join.name!r}: Distance needs to know where {name!r} is: give the part positions, "
                f"({part.size}, 1 to 3) in µm"
            )


def _check_names(join: Join, checked: Checked) -> None:
    """An edge has two ends: what a neuron calls its own index has no meaning here."""
    read = {text: [a.value for a in body] for text, body in checked.statements.items()}
    read["model"] = [unparse(v.expression) for v in checked.equations.variables.values() if v.expression is not None]
    for text, values in read.items():
        wrong = sorted(OF_NEURONS & {name for value in values for name in names(parse(value))})
        if wrong:
            raise EquationError(
                f"join {join.name!r}, {text}: {wrong[0]!r} has no meaning along edges; a value of the edges may be a "
                f"text that names i and j, the indices of both ends"
            )


def _check_method(join: Join, checked: Checked) -> None:
    """The equations of the edges can be solved as asked for; a solver without equations would do nothing."""
    every = checked.equations.differential
    late = [name for name, variable in every.items() if "event-driven" in variable.flags]
    if late:
        event_driven(checked, late)
    if len(late) < len(every):
        changed = {a.target for body in checked.statements.values() for a in body}
        solve(checked, method=join.method, constant=[n for n in checked.equations.parameters if n not in changed])
    elif join.method != "auto":
        raise NetworkError(
            f"join {join.name!r}: method {join.method!r} has no meaning without equations that run at every step"
        )


def _check_spikes(join: Join, source: Part, target: Part) -> None:
    for text, part, name in (("on_pre", source, join.source), ("on_post", target, join.target)):
        if getattr(join, text).strip() and not part.spiking:
            raise NetworkError(f"join {join.name!r}: {text} needs spikes of {name!r}, which has no threshold")
    if not (join.on_pre.strip() or join.on_post.strip() or join.couple or join.model.strip()):
        hint = next(filter(None, (nearest(name, OPTIONS) for name in join.values)), "")
        raise NetworkError(f"join {join.name!r} does nothing: give on_pre, on_post, couple or model{hint}")
    if join.couple and join.delay is not None and not join.on_pre.strip():
        raise NetworkError(f"join {join.name!r}: delay has no meaning for couple, which acts at once")


def _check_statements(
    join: Join, checked: Checked, sides: Mapping[str, tuple[str, str]], parts: Mapping[str, Part | None]
) -> None:
    """Statements change edges, or add to variables of target and glia that may be changed."""
    for text, body in checked.statements.items():
        for assign in body:
            place = f"join {join.name!r}, {text}: '{assign}'"
            side = sides.get(assign.target, ("", ""))[1]
            if text == "couple" and (len(body) > 1 or assign.op != "=" or side in ("", "glia")):
                raise EquationError(
                    f"{place}: couple is one statement 'x = sum over edges of ...' with x of the target"
                )
            if assign.target not in sides:
                continue
            name, side = sides[assign.target]
            if side == "source":
                raise EquationError(
                    f"{place} would change the source; only the target and the edges can be changed"
                )
            part, called = parts[side], {"target": join.target, "glia": join.glia}[side]
            if part is None or name not in part.targets:
                raise EquationError(
                    f"{place}: {name!r} of {called!r} is constant; "
                    f"these can change: {listing(part.targets if part else ())}"
                )
            if text != "couple" and assign.op != "+=":
                raise EquationError(f"{place}: a variable of the {side} can only be added to, with += or -=")
            others = [a for other in checked.statements.values() for a in other]
            if side == "glia" and any(assign.target in names(parse(a.value)) for a in others):
                raise EquationError(f"{place}: a join may read {assign.target!r} or add to it, not both")


def _check_values(result: CheckedJoin, outside: list[str]) -> None:
    join, checked = result.join, result.checked
    where = f"join {join.name!r}"
    needed = [*checked.free, *(n for n, p in checked.equations.parameters.items() if "constant" in p.flags)]
    missing = sorted(name for name in needed if name not in join.values)
    if missing:
        given = [name for name in join.values if name not in needed]
        raise EquationError(f"{where} needs a value for: {', '.join(missing)}{nearest(missing[0], [*given, *outside])}")
    declared = [name for name in result.own if name not in checked.equations.differential]
    for name in join.values:
        if name not in declared and unit_named(name) is not None:
            raise NetworkError(f"{where}: {name!r} is a unit in equations; give the value another name")
        if name not in declared:
            raise NetworkError(
                f"{where} has no parameter {name!r}{nearest(name, [*declared, *OPTIONS])}; "
                f"there are: {listing(declared)}"
            )
    changing = [name for name in result.own if name not in checked.free]
    for name in join.initial:
        if name not in changing:
            raise NetworkError(
                f"{where} has no variable {name!r}{nearest(name, changing)}; there are: {listing(changing)}"
            )
        if name in join.values:
            raise NetworkError(f"{where}: {name!r} is given twice, as a value and in initial")


def _plain(value: Any, dimension: Dimension, where: str) -> Any:
    """A value in display units: a number, an array, a distribution or a text."""
    if isinstance(value, (str, *DISTRIBUTIONS)):
        return value
    internal = np.asarray(to_internal(value, dimension, where))
    if not np.isfinite(internal).all():
        raise NetworkError(f"{where} must be finite, got {internal[~np.isfinite(internal)].flat[0]}")
    return shown(value, dimension, where)
