"""Event-driven equations: brought up to date when an event needs them, however long ago the last one was."""

import ast
from collections.abc import Collection

from ..errors import EquationError, listing
from . import trees
from .affine import affine
from .checking import Checked
from .expressions import names
from .inference import is_noise
from .systems import system
from .updates import Hoist, Lines, Update

ELAPSED = "_elapsed"
"""The name that stands for the time since the last event, ms."""


def event_driven(checked: Checked, variables: Collection[str]) -> Update:
    """The exact solution of scalar linear equations over ``_elapsed`` ms.

    Parameters
    ----------
    checked
        Equations in internal units.
    variables
        Which of its variables; each must be x' = (b - s x) / d, and nothing in it may change
        between events.

    Raises
    ------
    EquationError
        When an equation is not of that form; it is named.
    """
    whole = system(checked)
    every = checked.equations
    between = whole.constants | (every.parameters.keys() & whole.inputs)
    elapsed = trees.name(ELAPSED)
    hoist = Hoist(whole.constants)
    lines: Lines = []
    for variable in variables:
        expr = every.differential[variable].expression if variable in every.differential else None
        if expr is None:
            raise EquationError(
                f"there is no differential equation of {variable!r}; there are: {listing(every.differential)}"
            )
        place = f"{checked.where}: " if checked.where else ""
        form = affine(whole.inlined(expr), {variable})
        moving = sorted(names(whole.inlined(expr)) - between - {variable})
        rule = f"{place}d{variable}/dt cannot be event-driven"
        if moving:
            what = "noise" if is_noise(moving[0]) else moving[0]
            raise EquationError(f"{rule}: {what} changes between events")
        if form is None:
            raise EquationError(f"{rule}: it is not linear in {variable}")
        rate = form.coefficient(variable)
        reach = ast.BinOp(rate, ast.Mult(), elapsed)
        pushed = trees.mul(form.offset(), elapsed)
        x = trees.name(variable)
        if trees.value_of(rate) != 0:
            x = trees.mul(x, trees.call("exp", reach))
            pushed = trees.mul(pushed, trees.call("exprel", reach))
        lines.append((variable, trees.add(x, pushed)))
    return hoist.update("exact", "scalar linear equations between events", lines)
