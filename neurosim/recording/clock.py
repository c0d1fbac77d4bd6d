"""Times in ms and the steps they stand for."""

import math

import numpy as np

from ..errors import DescriptionError, RecordingError

MOST_STEPS = 2**53
"""More could not be told apart as floats, and no run gets there."""


def first_step_at(time: float, dt: float) -> int:
    """The first step k with ``k * dt >= time``; a time that is a step but for rounding is that step."""
    return math.ceil(round(time / dt, 6))


def whole_steps(name: str, time: float, dt: float) -> int:
    """How many steps of ``dt`` make ``time``, both ms.

    Raises
    ------
    DescriptionError
        When ``time`` is not a positive multiple of ``dt``.
    """
    steps = round(time / dt) if np.ndim(time) == 0 and math.isfinite(time) else 0
    if not 1 <= steps <= MOST_STEPS or abs(steps * dt - time) > 1e-6 * time:
        rule = f"a multiple of the time step {dt:g} ms and > 0" if steps <= MOST_STEPS else "at most 2^53 time steps"
        raise DescriptionError(f"{name} must be {rule}, got {time!r}")
    return steps


def check_clock(owner: str, dt: float, start_step: int, stop_step: int) -> None:
    """A time step above zero, and an end that is not before the start."""
    if not (math.isfinite(dt) and dt > 0):
        raise RecordingError(f"{owner}.dt must be > 0 and finite, got {dt!r}")
    if stop_step < start_step:
        raise RecordingError(f"{owner}.stop_step must be >= start_step ({start_step}), got {stop_step}")


def window(start: float, stop: float, dt: float, bounds: tuple[int, int]) -> tuple[int, int]:
    """First step and the step after the last of [start, stop), ms, cut to ``bounds``.

    Raises
    ------
    RecordingError
        When nothing was recorded in that time.
    """
    first = max(first_step_at(start, dt), bounds[0])
    last = min(first_step_at(stop, dt), bounds[1])
    if last <= first:
        raise RecordingError(
            f"the window must hold at least one step of {bounds[0] * dt:g} to {bounds[1] * dt:g} ms, "
            f"got {start:g} to {stop:g} ms"
        )
    return first, last
