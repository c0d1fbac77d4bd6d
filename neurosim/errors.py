"""Every error that neurosim raises on purpose, and the checks that raise the commonest of them."""

import difflib
import inspect
import math
from collections.abc import Iterable
from functools import wraps
from typing import Any, TypeVar

Kind = TypeVar("Kind", bound=type)


class NeurosimError(Exception):
    """The base of all errors of neurosim; catch it to catch them all."""


class DescriptionError(NeurosimError, ValueError):
    """A field of a description, or an argument of a public function, breaks a rule."""


class EquationError(DescriptionError):
    """An equation, condition or statement cannot be understood or is not allowed."""


class UnitError(DescriptionError):
    """A quantity or an expression has the wrong physical dimension."""


class NetworkError(DescriptionError):
    """A name in a network is unknown, taken, or joined in a way that cannot work."""


class BackendError(NeurosimError):
    """A backend is missing, or cannot run a program."""


class MemoryForeseenError(BackendError, MemoryError):
    """What was asked for would not fit into memory; raised before anything is allocated."""


class NonFiniteError(NeurosimError, ArithmeticError):
    """A state variable became infinite or not a number during a run.

    ``recording`` holds what was recorded until then.
    """

    recording: Any = None


class RecordingError(NeurosimError):
    """A recording cannot be read, written, or asked for what it does not hold."""


class CheckpointError(NeurosimError):
    """A saved simulation is damaged, foreign, or belongs to another network."""


def nearest(name: str, choices: Iterable[str]) -> str:
    """``; did you mean 'x'?`` when one of ``choices`` is close to ``name``, else an empty string."""
    close = difflib.get_close_matches(name, list(choices), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def listing(choices: Iterable[str]) -> str:
    """The choices as one readable line; ``none`` when there are none."""
    return ", ".join(sorted(choices)) or "none"


def _fail(owner: Any, field: str, rule: str, value: Any) -> None:
    raise DescriptionError(f"{type(owner).__name__}.{field} must be {rule}, got {value!r}")


def check_positive(owner: Any, *fields: str) -> None:
    """Each named field of ``owner`` is a finite number above zero."""
    for field in fields:
        value = getattr(owner, field)
        if not (_is_number(value) and value > 0):
            _fail(owner, field, "> 0 and finite", value)


def check_not_negative(owner: Any, *fields: str) -> None:
    """Each named field of ``owner`` is a finite number, zero or above."""
    for field in fields:
        value = getattr(owner, field)
        if not (_is_number(value) and value >= 0):
            _fail(owner, field, ">= 0 and finite", value)


def check_probability(owner: Any, *fields: str) -> None:
    """Each named field of ``owner`` lies in [0, 1]."""
    for field in fields:
        value = getattr(owner, field)
        if not (_is_number(value) and 0 <= value <= 1):
            _fail(owner, field, "in [0, 1]", value)


def check_count(owner: Any, *fields: str) -> None:
    """Each named field of ``owner`` is a whole number of at least 1."""
    for field in fields:
        value = getattr(owner, field)
        if isinstance(value, bool) or not _is_number(value) or int(value) != value or value < 1:
            _fail(owner, field, "a whole number >= 1", value)


def take_count(owner: Any, *fields: str) -> None:
    """Each named field of a frozen ``owner`` is a whole number of at least 1, kept as int: 3.0 is taken for 3."""
    check_count(owner, *fields)
    for field in fields:
        object.__setattr__(owner, field, int(getattr(owner, field)))


def check_below(owner: Any, low: str, high: str) -> None:
    """The field ``low`` of ``owner`` is smaller than its field ``high``."""
    if not getattr(owner, low) < getattr(owner, high):
        _fail(owner, low, f"< {high} ({getattr(owner, high)!r})", getattr(owner, low))


def check_choice(owner: Any, field: str, choices: Iterable[str]) -> None:
    """The named field of ``owner`` is one of ``choices``."""
    choices = list(choices)
    value = getattr(owner, field)
    if value not in choices:
        hint = nearest(value, choices) if isinstance(value, str) else ""
        _fail(owner, field, f"one of {listing(choices)}{hint}", value)


def check_flag(owner: Any, *fields: str) -> None:
    """Each named field of ``owner`` is True or False: a text such as ``"no"`` would count as true."""
    for field in fields:
        if type(getattr(owner, field)).__name__ not in ("bool", "bool_"):
            _fail(owner, field, "True or False", getattr(owner, field))


def fields_by_name(kind: Kind) -> Kind:
    """Let a class refuse a keyword that is none of its fields, with the nearest one; a decorator."""
    begin = kind.__init__  # type: ignore[misc]
    fields = [*inspect.signature(begin).parameters][1:]

    @wraps(begin)
    def checked(self: Any, *args: Any, **given: Any) -> None:
        for name in given:
            if name not in fields:
                raise DescriptionError(f"{kind.__name__} has no field {name!r}{nearest(name, fields)}; its fields are: "
                                       f"{', '.join(fields) or 'none'}")
        begin(self, *args, **given)

    kind.__init__ = checked  # type: ignore[misc]
    return kind


def _is_number(value: Any) -> bool:
    try:
        return math.isfinite(value)
    except TypeError:
        return False
