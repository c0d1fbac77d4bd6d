"""What numbers theory takes."""

import math
from numbers import Integral
from typing import Any

from ..errors import DescriptionError


def check_whole(least: int = 1, **values: Any) -> None:
    """Each is a whole number of at least ``least``."""
    for name, value in values.items():
        if isinstance(value, bool) or not isinstance(value, Integral) or value < least:
            raise DescriptionError(f"{name} must be a whole number >= {least}, got {value!r}")


def check_least(least: float = 0.0, **values: Any) -> None:
    """Each is one finite number of at least ``least``."""
    _check(lambda value: value >= least, f">= {least:g}", values)


def check_above(least: float = 0.0, **values: Any) -> None:
    """Each is one finite number above ``least``."""
    _check(lambda value: value > least, f"> {least:g}", values)


def _check(fits: Any, rule: str, values: dict[str, Any]) -> None:
    for name, value in values.items():
        try:
            well = math.isfinite(value) and fits(value)
        except (TypeError, ValueError):
            well = False
        if not well:
            raise DescriptionError(f"{name} must be {rule} and finite, got {value!r}")
