"""What joins two parts, as plain data, checked against both."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..connectivity.rules import RULES
from ..equations import Checked, Equations, check
from ..errors import EquationError, NetworkError, listing, nearest
from ..families import Part
from ..families.plain import call, fields_of, shown
from ..units import Dimension, to_internal
from .delays import DISTRIBUTIONS, checked_delay

PLAIN = frozenset({"t", "dt", "i", "N", "lastspike"})


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Join:
    """Edges from one part to another and what happens along them; made by ``Network.connect``.

    Parameters
    ----------
    name, source, target
        Own name and those of the two parts.
    rule
        Who is connected to whom: a rule of ``neurosim.connectivity``.
    model, on_pre, on_post, couple, delay, method, initial, values
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
    method: str = "auto"
    initial: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    values: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """The fields as plain numbers, texts, lists and dicts."""
        return fields_of(self)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Join) and self.to_dict() == other.to_dict()

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return call("Join", fields_of(self))


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
        For each name from outside, the part's own name of it and ``source`` or ``target``.
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


def checked_join(join: Join, source: Part, target: Part) -> CheckedJoin:
    """Check a join against its two parts and make its values plain.

    Raises
    ------
    DescriptionError
        When a name is unknown, a dimension wrong, a value missing or superfluous, a delay negative.
    """
    where = f"join {join.name!r}"
    if not isinstance(join.rule, RULES):
        kinds = listing(rule.__name__ for rule in RULES)
        raise NetworkError(f"{where}: the rule must be one of {kinds}, got {join.rule!r:.60}")
    sides = _sides(join, source, target)
    texts = {"on_pre": join.on_pre, "on_post": join.on_post, "couple": join.couple or ""}
    for name, text in texts.items():
        if not isinstance(text, str):
            raise EquationError(f"{where}, {name} must be a text of statements, got {text!r:.60}")
    parts = {"source": source, "target": target}
    known = {name: parts[side].dimensions[own] for name, (own, side) in sides.items()}
    checked = check(
        Equations(join.model),
        statements={n: t for n, t in texts.items() if t.strip()},
        known=known,
        where=where,
    )
    _check_spikes(join, source, target)
    _check_statements(join, checked, sides, target)
    result = CheckedJoin(join=join, checked=checked, sides=sides)
    _check_values(result, [*sides])
    plain = dataclasses.replace(
        join,
        delay=checked_delay(join),
        values={
            name: _plain(value, result.dimension(name), f"{where}: {name}")
            for name, value in join.values.items()
        },
        initial={n: _plain(v, result.dimension(n), f"{where}: initial {n}") for n, v in join.initial.items()},
    )
    return dataclasses.replace(result, join=plain)


def _sides(join: Join, source: Part, target: Part) -> dict[str, tuple[str, str]]:
    """What ``x_pre``, ``x_post`` and a bare ``x`` stand for; what the edges have themselves comes first."""
    own = {*Equations(join.model).variables, *join.values}
    sides = {name: (name, "target") for name in target.dimensions}
    sides |= {f"{name}_post": (name, "target") for name in target.dimensions}
    sides |= {f"{name}_pre": (name, "source") for name in source.dimensions}
    return {name: side for name, side in sides.items() if name not in own}


def _check_spikes(join: Join, source: Part, target: Part) -> None:
    for text, part, name in (("on_pre", source, join.source), ("on_post", target, join.target)):
        if getattr(join, text).strip() and not part.spiking:
            raise NetworkError(f"join {join.name!r}: {text} needs spikes of {name!r}, which has no threshold")
    if not (join.on_pre.strip() or join.on_post.strip() or join.couple or join.model.strip()):
        raise NetworkError(f"join {join.name!r} does nothing: give on_pre, on_post, couple or model")
    if join.couple and join.delay is not None and not join.on_pre.strip():
        raise NetworkError(f"join {join.name!r}: delay has no meaning for couple, which acts at once")


def _check_statements(
    join: Join, checked: Checked, sides: Mapping[str, tuple[str, str]], target: Part
) -> None:
    """Statements change edges, or add to variables of the target that may be changed."""
    for text, body in checked.statements.items():
        for assign in body:
            place = f"join {join.name!r}, {text}: '{assign}'"
            if text == "couple" and (len(body) > 1 or assign.op != "=" or assign.target not in sides):
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
            if name not in target.targets:
                raise EquationError(
                    f"{place}: {name!r} of {join.target!r} is constant; "
                    f"these can change: {listing(target.targets)}"
                )
            if text != "couple" and assign.op != "+=":
                raise EquationError(f"{place}: a variable of the target can only be added to, with += or -=")


def _check_values(result: CheckedJoin, outside: list[str]) -> None:
    join, checked = result.join, result.checked
    where = f"join {join.name!r}"
    needed = [*checked.free, *(n for n, p in checked.equations.parameters.items() if "constant" in p.flags)]
    missing = sorted(name for name in needed if name not in join.values)
    if missing:
        raise EquationError(f"{where} needs a value for: {', '.join(missing)}{nearest(missing[0], outside)}")
    declared = [name for name in result.own if name not in checked.equations.differential]
    for name in join.values:
        if name not in declared:
            raise NetworkError(
                f"{where} has no parameter {name!r}{nearest(name, declared)}; there are: {listing(declared)}"
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
