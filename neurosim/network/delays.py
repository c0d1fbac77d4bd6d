"""The delays of a join: checked in ms, then turned into steps."""

from typing import Any

import numpy as np

from ..connectivity import Constant, Edges, Exponential, FromArrays, FromMatrix, LogNormal, Normal, Rounded, Uniform
from ..connectivity.delays import LONGEST, delay_law
from ..connectivity.distributions import limits
from ..errors import DescriptionError, NetworkError
from ..program.initial import stream_number
from ..units import TIME, to_internal
from .edge_texts import resolved_text, text_values
from .ends import End

DELAYS = (Constant, Normal, LogNormal, Uniform, Exponential)
"""Distributions of delays, which are rounded to steps anyway."""
DISTRIBUTIONS = (*DELAYS, Rounded)


def checked_delay(join: Any) -> Any:
    """The delay in ms: None, a number, an array, a distribution or a text; above zero as far as no step is known."""
    if join.delay is None:
        return None
    where = f"join {join.name!r}: delay"
    if isinstance(join.delay, str):
        if getattr(join.rule, "delay", None) is not None:
            raise NetworkError(f"{where} is given twice: in the rule and beside it")
        return join.delay
    if isinstance(join.delay, DELAYS):
        low, high = (join.delay.value,) * 2 if isinstance(join.delay, Constant) else limits(join.delay)
        if high <= 0 or np.isfinite(low) and low <= 0:
            raise NetworkError(f"{where} must be > 0 ms, got {join.delay!r}")
        return join.delay
    delay = np.asarray(to_internal(join.delay, TIME, where))
    wrong = ~(np.isfinite(delay) & (delay > 0))
    if wrong.any():
        raise NetworkError(f"{where} must be > 0 and finite, got {delay[wrong].flat[0]} ms")
    if delay.ndim and not isinstance(join.rule, FromArrays | FromMatrix):
        raise NetworkError(f"join {join.name!r}: an array of delays needs edges from arrays or a matrix")
    return delay if delay.ndim else float(delay)


def delay_steps(join: Any, dt: float) -> Any:
    """The delay in steps: None, a whole number, (E,) whole numbers, or a distribution in steps; None for a text, too.

    Raises
    ------
    NetworkError
        When a delay is shorter than one step or longer than ``LONGEST`` steps; it is told in ms.
    """
    delay = join.delay
    if delay is None or isinstance(delay, str):
        return None
    if isinstance(delay, Constant):
        delay = delay.value
    if isinstance(delay, DELAYS):
        return _drawn_steps(join, dt)
    given = np.asarray(delay)
    _check_range(join, dt, given[given / dt < 1.0 - 1e-6], given[given / dt > LONGEST + 0.5])
    whole = np.rint(given / dt).astype(np.int64)
    return whole if whole.ndim else int(whole)


def delayed(edges: Edges, join: Any, source: End, target: End, *, seed: int, dt: float) -> Edges:
    """The edges with the delays that the text of a join says, each rounded to steps.

    Raises
    ------
    NetworkError
        As of ``delay_steps``.
    """
    text = resolved_text(join.name, "delay", join.delay, TIME, source, target)
    box, stream = getattr(join.rule, "periodic", None), stream_number(f"{join.name}.delay")
    said = text_values(text, edges, source, target, box, seed=seed, stream=stream, dt=dt)
    given = np.broadcast_to(np.asarray(said, float), (edges.count,))
    if not np.isfinite(given).all():
        raise NetworkError(f"join {join.name!r}: delay must be finite, got {join.delay!r} = "
                           f"{given[~np.isfinite(given)][0]} ms")
    _check_range(join, dt, given[given / dt < 1.0 - 1e-6], given[given / dt > LONGEST + 0.5])
    return edges.with_delays(np.rint(given / dt).astype(np.int64))


def _drawn_steps(join: Any, dt: float) -> Any:
    """A distribution in steps, of which every number from one step on can be a delay."""
    low, high = limits(join.delay)
    stated = [low] if np.isfinite(low) else []
    _check_range(join, dt, [bound for bound in stated if bound / dt < 1.0 - 1e-6], [])
    scaled = join.delay.scaled(1.0 / dt)
    try:
        delay_law(scaled)
    except DescriptionError:
        below, above = join.delay.cdf(np.array([max(low, dt), high]))
        short = not above - below >= 1e-12
        _check_range(join, dt, [join.delay] if short else [], [] if short else [join.delay])
        raise
    return scaled


def _check_range(join: Any, dt: float, short: Any, long: Any) -> None:
    where = f"join {join.name!r}: delay"
    for wrong, rule in (
        (short, f"at least one step, dt = {dt:g} ms"),
        (long, f"at most {LONGEST:,} steps, {LONGEST * dt:g} ms"),
    ):
        if len(wrong):
            got = f"{wrong[0]!r} (in ms)" if isinstance(wrong[0], DELAYS) else f"{wrong[0]:g} ms"
            raise NetworkError(f"{where} must be {rule}, got {got}")
