"""Joins that learn: rules of plasticity, merged into the texts of a join."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from ..equations import Equations, check, names
from ..equations.text import parse_statements
from ..errors import NetworkError
from ..families import Part
from ..families.plasticity import Rule, Texts
from ..units import DIMENSIONLESS, coherent_name

WEIGHT = "w"
_AS_WEIGHT = re.compile(r":\s*weight\b")


def with_rules(
    fields: Mapping[str, Any], plasticity: Any, source: Part, target: Part, where: str
) -> dict[str, Any]:
    """The fields of a join with what its rules add.

    A spike of the source runs what the rules put before it is passed on, then the join's own ``on_pre``, then the
    rest of the rules; one of the target runs the join's own ``on_post``, then the rules. Rules come in their order.

    Parameters
    ----------
    fields
        Those of ``Join`` but for its name and ends.
    plasticity
        A rule or several; None adds nothing.
    source, target
        The parts joined.
    where
        The join, for errors.
    """
    rules = _checked(plasticity, where)
    if not rules:
        return dict(fields)
    texts = [rule.texts() for rule in rules]
    model = _model(fields, texts, source, target, where)
    merged = {
        **fields,
        "model": model,
        "on_pre": _joined([*(t.before for t in texts), fields["on_pre"], *(t.on_pre for t in texts)]),
        "on_post": _joined([fields["on_post"], *(t.on_post for t in texts)]),
    }
    declared = Equations(model)
    given = {n: v for n, v in fields["values"].items() if n not in declared.differential}
    starts = {n: v for n, v in fields["values"].items() if n not in given}  # w=... also where w has an equation
    merged["values"] = _values(rules, given, _mentioned(merged, where) - set(declared.variables), where)
    merged["initial"] = {n: v for t in texts for n, v in t.initial.items()} | starts | dict(fields["initial"])
    return merged


def _checked(plasticity: Any, where: str) -> list[Rule]:
    if plasticity is None:
        return []
    several = isinstance(plasticity, Iterable) and not isinstance(plasticity, str)
    rules = [*plasticity] if several else [plasticity]
    for rule in rules:
        if not isinstance(rule, Rule):
            raise NetworkError(f"{where}: plasticity must be a rule such as STDP() or a list of them, got {rule!r:.60}")
    return rules


def _model(fields: Mapping[str, Any], texts: list[Texts], source: Part, target: Part, where: str) -> str:
    """The equations of the join and of its rules, and the weight where nobody else declares it."""
    added = "\n".join(t.model for t in texts if t.model.strip())
    plain = Equations(_AS_WEIGHT.sub(": 1", added)).variables
    own = Equations(fields["model"])
    unit = _unit_of_weight(fields, own, plain, source, target, where)
    lines = [fields["model"], _AS_WEIGHT.sub(f": {unit}", added)]
    changed = [text for t in texts for text in (t.before, t.on_pre, t.on_post)]
    assigned = {s.target for text in changed for s in parse_statements(text, where)}
    if WEIGHT in assigned and WEIGHT not in plain and WEIGHT not in own.variables:
        lines.append(f"{WEIGHT} : {unit}")
    return _joined(lines)


def _unit_of_weight(fields: Mapping[str, Any], own: Equations, plain: Mapping[str, Any], source: Part,
                    target: Part, where: str) -> str:
    """The unit that ``on_pre`` of the join gives the weight; 1 where it does not use it."""
    if WEIGHT in own.variables:
        return own.variables[WEIGHT].unit.name
    if not fields["on_pre"].strip():
        return "1"
    known = {n: d for n, d in target.dimensions.items() if n != WEIGHT}
    known |= {f"{n}_post": d for n, d in target.dimensions.items()}
    known |= {f"{n}_pre": d for n, d in source.dimensions.items()}
    known |= {name: variable.unit.dimension for name, variable in plain.items() if name != WEIGHT}
    for name in own.variables:
        known.pop(name, None)
    found = check(own, statements={"on_pre": fields["on_pre"]}, known=known, where=where).dimensions
    return coherent_name(found.get(WEIGHT, DIMENSIONLESS))


def _mentioned(merged: Mapping[str, Any], where: str) -> set[str]:
    """Every name that a text of the join reads."""
    statements = [s.value for text in ("on_pre", "on_post") for s in parse_statements(merged[text], where)]
    expressions = [v.expression for v in Equations(merged["model"]).variables.values() if v.expression is not None]
    return set().union(*(names(tree) for tree in (*statements, *expressions)))


def _values(rules: list[Rule], given: Mapping[str, Any], wanted: set[str], where: str) -> dict[str, Any]:
    """The numbers of the join and of its rules; a name means one number."""
    found = dict(given)
    for rule in rules:
        for name, value in rule.values().items():
            if name not in wanted:
                continue
            if name in given or name in found and found[name] is not value and found[name] != value:
                raise NetworkError(f"{where}: {name} is given twice, as {found[name]!r} and by {rule!r:.60}")
            found[name] = value
    return found


def _joined(texts: Iterable[str]) -> str:
    return "\n".join(text.strip() for text in texts if text.strip())
