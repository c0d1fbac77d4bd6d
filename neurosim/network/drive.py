"""Poisson input onto every neuron of a part."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..equations import Assign, Checked, Equations, check, names, parse
from ..errors import DescriptionError, EquationError, NetworkError, listing, nearest, take_count
from ..families import Part
from ..families.plain import call, fields_of, shown
from ..families.timed import TimedArray
from ..program import Buffer, Builder, Ref, Scope
from ..units import DIMENSIONLESS, FREQUENCY, Dimension, display_unit, to_internal

EVENTS = "events_per_step"
"""Where a program keeps the rate of a drive that was described by numbers: events of all trains in a step."""
PLAYED = "played_rate"
"""What the text of a drive calls the rate that a table plays."""


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Drive:
    """Independent Poisson trains onto each neuron of a part; made by ``Network.drive``.

    Parameters
    ----------
    name, part
        Own name and that of the part.
    on_event
        What an event adds: ``"I += w"``.
    rate, count
        Rate of one train, Hz: a number, an array (N,), a text in ``t`` and ``i``, below 0 Hz as good as 0 Hz, or a
        TimedArray; and number of trains.
    values
        Values of the names that ``on_event`` uses and the part lacks.
    """

    name: str
    part: str
    on_event: str
    rate: Any
    count: int = 1
    values: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """The fields as plain numbers, texts, lists and dicts."""
        return fields_of(self)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Drive) and self.to_dict() == other.to_dict()

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return call("Drive", fields_of(self))


def checked_drive(drive: Drive, part: Part) -> tuple[Drive, Checked]:
    """The drive with plain values, and its texts with units resolved."""
    where = f"drive {drive.name!r}"
    take_count(drive, "count")
    outside = {name: dim for name, dim in part.dimensions.items() if name not in drive.values}
    expressions = {"rate": (drive.rate, FREQUENCY)} if isinstance(drive.rate, str) else {}
    checked = check(
        Equations(""),
        statements={"on_event": drive.on_event},
        expressions=expressions,
        known=outside,
        where=where,
    )
    for assign in checked.statements["on_event"]:
        if assign.op != "+=":
            raise EquationError(f"{where}: '{assign}' must add, with += or -=")
        if assign.target not in part.targets:
            raise EquationError(
                f"{where}: {assign.target!r} of {drive.part!r} is constant; "
                f"these can change: {listing(part.targets)}"
            )
    missing = sorted(set(checked.free) - set(drive.values))
    if missing:
        raise EquationError(f"{where} needs a value for: {', '.join(missing)}{nearest(missing[0], outside)}")
    for name in drive.values:
        if name not in checked.free:
            raise NetworkError(f"{where} does not use {name!r}{nearest(name, checked.free)}")
    values = {
        name: _plain(value, checked.dimensions[name], part.size, f"{where}: {name}")
        for name, value in drive.values.items()
    }
    rate = drive.rate if isinstance(drive.rate, str) else _rates(drive.rate, part.size, f"{where}: rate")
    return dataclasses.replace(drive, rate=rate, values=values), checked


def lower_drive(drive: Drive, checked: Checked, scope: Scope, guarded: frozenset[str]) -> None:
    """A ``Map`` over the part that adds a Poisson number of events in each step.

    All statements of a drive count the same events.
    """
    builder = scope.builder
    extra = {}
    for name, value in drive.values.items():
        internal = to_internal(value, checked.dimensions[name], name)
        extra[name] = _add(builder, drive, name, internal, checked.dimensions[name])
    if isinstance(drive.rate, str):
        mean = f"{drive.count} * max({checked.expressions['rate']}, 0.0) * dt"
    elif isinstance(drive.rate, TimedArray):
        size = builder.spaces[drive.part].size
        drive.rate.build(Scope(builder, drive.name), "rate", FREQUENCY, size, space=drive.part)
        extra[PLAYED] = Ref(f"{drive.name}.rate")
        mean = f"{drive.count} * {PLAYED} * dt"
    else:
        expected = to_internal(drive.rate, FREQUENCY, "rate") * drive.count * builder.dt
        extra[EVENTS] = _add(builder, drive, EVENTS, expected, DIMENSIONLESS, inner=True)
        mean = EVENTS
    body = [Assign("_events", "=", f"poisson({mean})")]
    for assign in checked.statements["on_event"]:
        one = assign.value if names(parse(assign.value)) == {assign.value} else f"({assign.value})"
        added = f"{one} * _events"
        if assign.target in guarded:
            added = f"({added}) if refractory_left <= 0 else 0.0"
        body.append(Assign(assign.target, "+=", added))
    scope.map(body, "arrive", extra=extra)


def _add(builder: Builder, drive: Drive, name: str, value: Any, dimension: Dimension, inner: bool = False) -> Ref:
    """A constant of the drive: one number, or one for each neuron of the part."""
    full = f"{drive.name}.{name}"
    builder.add_buffer(
        Buffer(
            name=full,
            space=drive.part if np.ndim(value) else None,
            kind="parameter",
            initial=value,
            dimension=dimension,
            inner=inner,
        )
    )
    return Ref(full)


def _rates(rate: Any, size: int, where: str) -> Any:
    """Rates given as numbers or a table, checked."""
    if isinstance(rate, TimedArray):
        lowest = np.min(rate.internal(FREQUENCY, where)) / display_unit(FREQUENCY).factor
        if rate.values.ndim > 1 and rate.values.shape[-1] != size:
            raise DescriptionError(f"{where} needs a TimedArray of shape (T,) or (T, {size}), got {rate.values.shape}")
    else:
        rate = _plain(rate, FREQUENCY, size, where)
        lowest = np.min(rate)
    if lowest < 0:
        raise DescriptionError(f"{where} must be >= 0, got {float(lowest)} Hz")
    return rate


def _plain(value: Any, dimension: Dimension, size: int, where: str) -> Any:
    internal = np.asarray(to_internal(value, dimension, where))
    if internal.ndim and internal.shape != (size,):
        raise DescriptionError(f"{where} must be one number or ({size},), got shape {internal.shape}")
    if not np.isfinite(internal).all():
        raise DescriptionError(f"{where} must be finite, got {internal[~np.isfinite(internal)].flat[0]}")
    return shown(value, dimension, where)
