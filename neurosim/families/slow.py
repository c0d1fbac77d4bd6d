"""Parts that take longer steps than the run."""

import ast
from typing import Any

import numpy as np

from ..equations import Assign, parse, substitute, unparse
from ..errors import DescriptionError, check_positive
from ..program import Scope
from ..units import TIME, to_internal

DUE = "due"
"""The event list of a slow part: all its indices in the last step of each of its own, none in others."""


def checked_step(part: Any, value: Any) -> float | None:
    """A part's own time step, ms, or None."""
    if value is None:
        return None
    object.__setattr__(part, "dt", to_internal(value, TIME, f"{type(part).__name__}.dt"))
    check_positive(part, "dt")
    return float(part.dt)


def own_steps(dt: float | None, step: float, where: str) -> int:
    """How many steps of the run one of the part's own is."""
    if dt is None:
        return 1
    every = round(dt / step)
    if every < 1 or not np.isclose(every * step, dt, rtol=1e-6, atol=0.0):
        raise DescriptionError(f"{where}.dt must be a multiple of the time step of the run, {step:g} ms, got {dt:g} ms")
    return every


def add_clock(scope: Scope, every: int) -> str | None:
    """Count steps and fill the list ``due``; None for a part that takes every step of the run."""
    if every == 1:
        return None
    scope.value("own_dt", every * scope.dt)
    scope.value("own_lag", (every - 1) * scope.dt)
    scope.state("waiting", every, dtype="int")
    scope.map([Assign("waiting", "=", f"(waiting if waiting > 0 else {every}) - 1")], "arrive")
    scope.events(DUE, "waiting == 0", "arrive")
    return scope.full(DUE)


def in_own_steps(text: str) -> str:
    """``text`` with the step, and the time at its beginning, those of the part's own."""
    tree: ast.expr = substitute(parse(text), {"dt": parse("own_dt"), "t": parse("t - own_lag")})
    return unparse(tree)
