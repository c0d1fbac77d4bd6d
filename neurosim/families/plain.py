"""Descriptions as plain data, and back."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..errors import DescriptionError, listing, nearest
from ..units import Dimension, display_unit, to_internal

SHOWN = 24
"""Longest list that ``repr`` writes out; a longer array is named by its shape."""


def to_plain(value: Any) -> Any:
    """Arrays as lists, NumPy numbers as Python's, descriptions as dicts with their class under ``kind``."""
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Mapping):
        return {str(key): to_plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_plain(item) for item in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {"kind": type(value).__name__, **fields_of(value)}
    if hasattr(value, "tocoo"):  # a SciPy sparse matrix
        entries = value.tocoo()
        lists = {"rows": entries.row.tolist(), "columns": entries.col.tolist(), "data": entries.data.tolist()}
        return {"kind": "SparseMatrix", "shape": list(entries.shape), **lists}
    return value


def checked_mapping(value: Any, where: str) -> dict[str, Any]:
    """A dict of values by name; None is an empty one."""
    if value is None:
        return {}
    if not isinstance(value, Mapping) or not all(isinstance(name, str) for name in value):
        raise DescriptionError(f"{where} must be a dict of values by name, such as {{'v': -60.0}}, got {value!r:.80}")
    return dict(value)


def shown(value: Any, dimension: Dimension, where: str) -> Any:
    """A number, array or quantity as plain numbers in the unit in which ``dimension`` is shown.

    Plain ones are left as they are, bit for bit, so that a description survives being written and read.
    """
    internal = np.asarray(to_internal(value, dimension, where))
    if type(value) in (int, float, bool):
        return value
    quantity = hasattr(value, "dimensionality") or hasattr(value, "dim")
    numbers = internal / display_unit(dimension).factor if quantity else np.asarray(value, dtype=float)
    return numbers if numbers.ndim else float(numbers)


def fields_of(description: Any) -> dict[str, Any]:
    """The fields of a dataclass that differ from their defaults, plain."""
    found = {}
    for field in dataclasses.fields(description):
        plain = to_plain(getattr(description, field.name))
        default = field.default
        if field.default_factory is not dataclasses.MISSING:
            default = field.default_factory()
        if default is dataclasses.MISSING or plain != to_plain(default):
            found[field.name] = plain
    return found


def from_plain(data: Mapping[str, Any], kinds: Mapping[str, Any], key: str, where: str) -> Any:
    """The description that ``data`` tells of: its class by ``data[key]``, its fields by the rest."""
    data = dict(data)
    name = data.pop(key, None)
    if name not in kinds:
        hint = nearest(str(name), kinds)
        raise DescriptionError(f"{where}: no {key} {name!r}{hint}; there are: {listing(kinds)}")
    values = {
        field: from_plain(value, kinds, "kind", where)
        if isinstance(value, Mapping) and "kind" in value
        else value
        for field, value in data.items()
    }
    try:
        return kinds[name](**values)
    except TypeError as error:
        raise DescriptionError(f"{where}: {name} does not take these fields: {error}") from None


def show(description: Any) -> str:
    """``LIF(100, tau=10.0)``: the call that makes the description again, long arrays named by their shape."""
    return call(type(description).__name__, fields_of(description))


def call(name: str, given: Mapping[str, Any]) -> str:
    """A call in Python's words; where ``size`` is the first field it comes without its name."""
    bare = next(iter(given), None) == "size"
    return f"{name}({', '.join(_text(v) if bare and k == 'size' else f'{k}={_text(v)}' for k, v in given.items())})"


def text_of(value: Any) -> str:
    """``value`` as Python writes it; a long array as its shape, a description as its call."""
    return _text(to_plain(value))


def _text(plain: Any) -> str:
    if isinstance(plain, list) and np.size(np.asarray(plain, dtype=object)) > SHOWN:
        return f"<array of shape {np.shape(np.asarray(plain))}>"
    if isinstance(plain, dict) and "kind" in plain:
        inner = {key: value for key, value in plain.items() if key != "kind"}
        return call(plain["kind"], inner)
    return repr(plain)
