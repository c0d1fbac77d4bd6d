"""From neurons described by equations to operations."""

import ast
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..equations import Assign, calls, names, parse, substitute, unparse
from ..equations.expressions import RANDOM, children, rebuilt
from ..errors import EquationError
from ..program import Scope
from ..program.initial import initial_values, stream_number
from ..units import DIMENSIONLESS, TIME, Dimension, to_internal
from .neurons import Neurons
from .slow import add_clock, in_own_steps
from .timed import TimedArray

ACTIVE = "refractory_left <= 0"
LONG_AGO = -1e7
"""Time of the last spike before the first one, ms."""


def lower(part: Neurons, scope: Scope) -> None:
    """Write ``part`` into ``scope``: its variables, constants, and the operations of a step."""
    scope.space(part.size)
    values = evaluate_values(part, scope)
    _add_buffers(part, scope, values)
    every = part.own_steps(scope.dt)
    clock, step = add_clock(scope, every), every * scope.dt
    _add_refractoriness(part, scope, step)
    coefficients = part.update.numbers({name: values[name] for name in part.constants}, step, scope.prefix)
    renamed = {name: "step" + name for name in part.update.coefficients}
    for name, own in renamed.items():
        scope.value(own, coefficients[name], inner=True)
    body = _integration(part, renamed, scope)
    if clock:
        body = [Assign(a.target, a.op, in_own_steps(a.value)) for a in body]
    if body:
        scope.map(body, "integrate", at=clock)
    if part.threshold is not None:
        condition = _resolved(part.checked.conditions["threshold"], part)
        if part.refractory_kind:
            condition = f"({condition}) and {ACTIVE}"
        if clock:
            condition = f"({condition}) and waiting == 0"
        scope.events("spikes", condition)
        reset = _reset(part)
        if clock:
            reset = [Assign(a.target, a.op, in_own_steps(a.value)) for a in reset]
        if reset:
            scope.map(reset, "reset", at=scope.full("spikes"))


def observe(part: Neurons, scope: Scope, name: str) -> None:
    """Add a variable that holds the subexpression ``name`` of ``part`` at the end of each step."""
    tree = parse(_resolved(name, part))
    drawn = sorted({*calls(tree)} & RANDOM | names(tree) & {"xi"})
    slow = sorted(names(tree) & {"t", "dt"}) if part.own_steps(scope.dt) > 1 else []
    if drawn or slow:
        why = f"it draws by {drawn[0]}" if drawn else f"it reads {slow[0]!r} of a part with steps of its own"
        raise EquationError(f"record: the subexpression {scope.full(name)!r} cannot be recorded: {why}")
    at_the_end = substitute(tree, {"t": parse("t + dt")})
    scope.state(name, 0.0, part.checked.dimensions[name])
    scope.map([Assign(name, "=", unparse(at_the_end))], "reset")


def evaluate_values(part: Neurons, scope: Scope) -> dict[str, Any]:
    """The values of constants and the initial values of variables, in internal units."""
    values: dict[str, Any] = {}
    waiting = [*part.parameters]
    while waiting:
        # a text may name another parameter that is a text too: take those whose names are known
        ready = [name for name in waiting if _needs(part, name).isdisjoint(set(waiting) - {name})]
        if not ready:
            ready = waiting[:1]  # a circle; the evaluation names what is missing
        for name in ready:
            values[name] = _value(part, scope, name, part.parameters[name], part.texts.get(name), values)
            waiting.remove(name)
    for name in part.variables:
        if name in part.initial:
            text = part.texts.get(f"initial {name}")
            values[name] = _value(part, scope, name, part.initial[name], text, values)
        else:
            values.setdefault(name, 0.0)
    for name in part.constants:
        values.setdefault(name, 0.0)
    return values


def _needs(part: Neurons, name: str) -> set[str]:
    return set(names(parse(part.texts[name]))) if name in part.texts else set()


def _value(
    part: Neurons, scope: Scope, name: str, given: Any, text: str | None, env: Mapping[str, Any]
) -> Any:
    if text is not None:
        numbers = {other: value for other, value in env.items() if not isinstance(value, TimedArray)}
        builder = scope.builder
        return initial_values(
            text,
            numbers,
            size=part.size,
            seed=builder.seed,
            replicas=builder.replicas,
            stream=stream_number(scope.full(name)),
            dt=scope.dt,
        )
    if isinstance(given, TimedArray):
        return given
    return to_internal(given, _dimension(part, name), scope.full(name))


def _dimension(part: Neurons, name: str) -> Dimension:
    return part.dimensions.get(name, DIMENSIONLESS)


def _add_buffers(part: Neurons, scope: Scope, values: Mapping[str, Any]) -> None:
    for name in part.variables:
        value, dimension = values[name], _dimension(part, name)
        if isinstance(value, TimedArray):
            value.build(scope, name, dimension, part.size)
            continue
        flags = part.parsed.variables[name].flags
        dtype = "bool" if "boolean" in flags else "int" if "integer" in flags else "float"
        scope.state(name, value, dimension, dtype)  # type: ignore[arg-type]
    for name in part.constants:
        scope.value(name, values[name], _dimension(part, name))


def _add_refractoriness(part: Neurons, scope: Scope, step: float) -> None:
    if part.refractory_kind:
        scope.state("refractory_left", 0.0)
    if part.refractory_kind == "duration":
        # Brian 2 compares whole steps and allows a thousandth for rounding
        steps = np.floor(np.asarray(part.refractory) / step + 1e-3)
        scope.value("refractory_steps", steps if steps.ndim else float(steps), inner=True)
    if any("lastspike" in names(parse(text)) for text in _own_texts(part)):
        scope.state("lastspike", LONG_AGO, TIME)


def _own_texts(part: Neurons) -> list[str]:
    checked = part.checked
    bodies = [assign.value for assign in part.update.body]
    resets = [assign.value for assign in checked.statements.get("reset", ())]
    given = [unparse(v.expression) for v in part.parsed.subexpressions.values() if v.expression is not None]
    return [*bodies, *resets, *given, *checked.conditions.values(), *checked.expressions.values()]


def _integration(part: Neurons, renamed: Mapping[str, str], scope: Scope) -> list[Assign]:
    """One step of the equations, after refractoriness has run down by a step."""
    # names with an underscore are locals of a body, but coefficients are buffers
    coefficients = {name: parse(own) for name, own in renamed.items()}
    body = [
        Assign(
            a.target,
            a.op,
            _resolved(unparse(substitute(parse(a.value), coefficients)), part, active="_active"),
        )
        for a in part.update.body
    ]
    if not part.refractory_kind:
        return body
    left = "max(refractory_left - 1.0, 0.0)"
    if part.refractory_kind == "condition":
        left = f"refractory_left if {_resolved(part.checked.conditions['refractory'], part)} else 0.0"
    # what arrived while a neuron rested has no effect: Brian 2's conditional write, without a test at each arrival
    head = [
        Assign(name, "=", f"({value}) if refractory_left > 0 else {name}")
        for name, value in part.pinned.items() if scope.full(name) in scope.builder.inputs
    ]
    head.append(Assign("refractory_left", "=", left))
    if any("_active" in names(parse(assign.value)) for assign in body):
        head.append(Assign("_active", "=", ACTIVE))
    return head + body


def _reset(part: Neurons) -> list[Assign]:
    body = [
        Assign(a.target, a.op, _resolved(a.value, part)) for a in part.checked.statements.get("reset", ())
    ]
    if any("lastspike" in names(parse(text)) for text in _own_texts(part)):
        body.insert(0, Assign("lastspike", "=", "t"))
    if part.refractory_kind == "duration":
        body.append(Assign("refractory_left", "=", "refractory_steps"))
    elif part.refractory_kind == "condition":
        body.append(Assign("refractory_left", "=", "1.0"))
    elif part.refractory_kind == "expression":
        text = _resolved(part.checked.expressions["refractory"], part)
        body.append(Assign("refractory_left", "=", f"floor(({text}) / dt + 0.001)"))
    return body


def _resolved(text: str, part: Neurons, active: str = ACTIVE) -> str:
    """``text`` with subexpressions written out and ``not_refractory`` as what it means for this part."""
    tree = parse(text)
    for name, variable in reversed(part.checked.equations.subexpressions.items()):
        if variable.expression is not None:
            tree = substitute(tree, {name: variable.expression})
    if "not_refractory" in names(tree):
        tree = _replaced(tree, parse(active) if part.refractory_kind else ast.Constant(True))
    return unparse(tree)


def _replaced(tree: ast.expr, meaning: ast.expr) -> ast.expr:
    """``not_refractory`` replaced, and a choice that is then no choice taken."""
    if isinstance(tree, ast.Name):
        return meaning if tree.id == "not_refractory" else tree
    if isinstance(tree, ast.IfExp):
        test = _replaced(tree.test, meaning)
        if isinstance(test, ast.Constant) and test.value is True:
            return _replaced(tree.body, meaning)
    inner = [_replaced(child, meaning) for child in children(tree)]
    return rebuilt(tree, inner) if inner else tree
