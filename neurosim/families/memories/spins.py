"""What all memories of two-state units share: patterns, start, temperature, and the sweep over the units."""

import warnings
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np

from ...equations import Assign, names, parse
from ...errors import DescriptionError, check_choice, fields_by_name
from ...kernels import philox
from ...kernels.philox import stream_number
from ...program import Buffer, Ref, Scope, Sweep
from ...units import DIMENSIONLESS, Dimension
from ..arrays import taken
from ..part import Part
from .patterns import RandomPatterns, filled

Entries = Literal["signs", "ternary", "numbers"]


class CapacityWarning(UserWarning):
    """More is stored than theory says can be retrieved."""


@dataclass(frozen=True, kw_only=True)
class Energy:
    """How a memory's energy reads in a ``Sweep``.

    Parameters
    ----------
    rows
        What is stored, unit by unit, (N, rows).
    entries
        What the rows hold; see ``Sweep``.
    response
        Text of the response; see ``Sweep``.
    gain
        What the sum over patterns is multiplied by to be a field.
    overlaps
        Number of overlaps: those with the first, third, ... powers of the entries.
    values
        Numbers and arrays (rows,) that the response names.
    """

    rows: np.ndarray
    entries: Entries
    response: tuple[Assign, ...]
    gain: float
    overlaps: int
    values: Mapping[str, Any]


@fields_by_name
@dataclass(frozen=True, eq=False, repr=False)
class SpinMemory(Part):
    """Units of two states, -1 and 1, that fall or are thrown into states like the patterns stored.

    A step of the simulation is a sweep: each unit is visited once. What tells such memories apart is ``energy``.
    """

    patterns: Any
    _: KW_ONLY
    temperature: Any = 0.0
    start: Any = 0
    drive: Any = 0.0
    order: str = "random"

    def __post_init__(self) -> None:
        object.__setattr__(self, "patterns", taken_patterns(self))
        if isinstance(self.temperature, str):
            unknown = names(parse(self.temperature)) - {"t", "dt"}
            if unknown:
                raise DescriptionError(f"{self._name}.temperature may name t and dt, got {sorted(unknown)[0]!r}")
        else:
            self._check_values("temperature", 0.0)
        self._check_values("drive", -np.inf)
        check_choice(self, "order", ("ascending", "random"))
        object.__setattr__(self, "start", self._taken_start())

    @abstractmethod
    def energy(self) -> Energy:
        """What is stored, and how it pulls."""

    @cached_property
    def size(self) -> int:  # type: ignore[override]
        """Number of units, N."""
        return self.patterns.size if isinstance(self.patterns, RandomPatterns) else self.patterns.shape[1]

    @cached_property
    def count(self) -> int:
        """Number of patterns, K."""
        return self.patterns.count if isinstance(self.patterns, RandomPatterns) else len(self.patterns)

    @cached_property
    def archetypes(self) -> np.ndarray:
        """The patterns, (K, N) int8."""
        return self.patterns.draw() if isinstance(self.patterns, RandomPatterns) else self.patterns

    @property
    def by_unit(self) -> np.ndarray:
        """The patterns unit by unit, (N, K) int8."""
        drawn = isinstance(self.patterns, RandomPatterns)
        return self.patterns.by_unit() if drawn else np.ascontiguousarray(self.patterns.T)

    @property
    def dimensions(self) -> Mapping[str, Dimension]:
        """``s``, the states, ``drive``, which is added to the fields, and ``temperature`` unless it is a text."""
        heat = () if isinstance(self.temperature, str) else ("temperature",)
        return dict.fromkeys(("s", "drive", *heat), DIMENSIONLESS)

    @property
    def targets(self) -> frozenset[str]:
        """Joins may change the field and the temperature."""
        return frozenset(self.dimensions) - {"s"}

    def build(self, scope: Scope) -> None:
        """Units, what is stored, overlaps, and one sweep."""
        energy, full, builder = self.energy(), scope.full, scope.builder
        stored, entries = full("stored"), full("entries")
        scope.space(self.size)
        builder.add_space(stored, energy.rows.shape[1])
        builder.add_space(entries, energy.rows.size)
        scope.state("s", self._initial(scope))
        scope.state("seen")
        scope.state("drive", self.drive)
        overlaps = ["overlap", *(f"overlap{2 * k + 1}" for k in range(1, energy.overlaps))]
        for name in overlaps:
            scope.state(name, space=stored)
        builder.add_buffer(Buffer(
            name=f"{entries}.x", space=entries, kind="parameter", initial=np.ascontiguousarray(energy.rows).reshape(-1),
            dtype="int8" if energy.rows.dtype == np.int8 else "float",
        ))
        refs = {"drive": Ref(full("drive")), "gain": Ref(full("gain"))}
        scope.value("gain", energy.gain)
        if not isinstance(self.temperature, str):
            scope.state("temperature", self.temperature)  # one for each unit, so that joins and sessions may change it
            refs["temperature"] = Ref(full("temperature"))
        for name, value in energy.values.items():
            space = stored if np.ndim(value) else None
            builder.add_buffer(Buffer(name=full(name), space=space, kind="parameter", initial=value))
            refs[name] = Ref(full(name), "source")
        builder.add("integrate", Sweep(
            spins=full("s"), seen=full("seen"), patterns=f"{entries}.x", overlaps=tuple(map(full, overlaps)),
            response=energy.response, field="gain * _sum + drive", names=refs, entries=energy.entries,
            temperature=self.temperature if isinstance(self.temperature, str) else "temperature",
            order=self.order, stream=stream_number(full("sweep")),  # type: ignore[arg-type]
        ))

    @property
    def _name(self) -> str:
        return type(self).__name__

    def _check_values(self, field: str, least: float) -> None:
        """A field is a number, or one for each unit, or for each unit of each replica."""
        values = taken(getattr(self, field), f"{self._name}.{field}", float)
        if values.ndim > 2 or values.shape[-1:] not in ((), (self.size,)) or not np.isfinite(values).all() or (
                values < least).any():
            rule = "finite" if least < 0 else "finite and >= 0"
            raise DescriptionError(f"{self._name}.{field} must be {rule}, one number, ({self.size},) or (replicas, "
                                   f"{self.size}), got {getattr(self, field)!r:.60}")
        if values.ndim:
            object.__setattr__(self, field, values)

    def _taken_start(self) -> Any:
        """The start as a number of a pattern, ``random``, or states (N,) or (replicas, N)."""
        start = self.start
        if isinstance(start, str) and start == "random":
            return start
        if isinstance(start, int | np.integer) and not isinstance(start, bool) and 0 <= start < self.count:
            return int(start)
        states = taken(start, f"{self._name}.start")
        if states.ndim in (1, 2) and states.shape[-1] == self.size and np.isin(states, (-1, 1)).all():
            return states.astype(np.int8)
        raise DescriptionError(f"{self._name}.start must be the number of a pattern below {self.count}, an array of -1 "
                               f"and 1 with {self.size} columns, or 'random', got {start!r:.60}")

    def _initial(self, scope: Scope) -> np.ndarray:
        """The states at the start, (N,), or (replicas, N) where they differ."""
        builder = scope.builder
        seeds = [(builder.seed + b) % 2**64 for b in range(builder.replicas)]
        if isinstance(self.start, str):
            stream = stream_number(scope.full("s"))
            rows = [np.where(philox.uniform(seed, stream, 0, np.arange(self.size)) < 0.5, -1, 1) for seed in seeds]
        elif isinstance(self.start, int):
            rows = [filled(self._pattern(self.start), seed) for seed in seeds]
        else:
            return self.start
        return np.array(rows) if len(rows) > 1 else rows[0]

    def _pattern(self, number: int) -> np.ndarray:
        """One pattern, (N,)."""
        drawn = isinstance(self.patterns, RandomPatterns)
        return self.patterns.draw(number, number + 1)[0] if drawn else self.patterns[number]


def taken_patterns(part: Any) -> Any:
    """The patterns of a part as (K, N) int8, or as they are where they are drawn later.

    Raises
    ------
    DescriptionError
        Where there are none, or entries other than -1 and 1 (and 0, if the part is ``diluted``).
    """
    name, given = f"{type(part).__name__}.patterns", part.patterns
    allowed = (-1, 0, 1) if getattr(part, "diluted", False) else (-1, 1)
    words = "-1, 0 or 1" if 0 in allowed else "-1 or 1 (blanks, 0, need diluted=True in a memory that takes it)"
    if isinstance(given, RandomPatterns):
        if given.dilution and 0 not in allowed:
            raise DescriptionError(f"{name} must be {words}, got patterns with a dilution of {given.dilution}")
        return given
    patterns = taken(given, name)
    if patterns.ndim != 2 or not patterns.size:
        raise DescriptionError(f"{name} must be (K, N) with K >= 1 and N >= 1, got shape {patterns.shape}")
    wrong = ~np.isin(patterns, allowed)
    if wrong.any():
        at = tuple(int(k) for k in np.argwhere(wrong)[0])
        raise DescriptionError(f"{name} must be {words}, got {patterns[at]} at {at}")
    patterns = patterns.astype(np.int8)
    patterns.setflags(write=False)
    return patterns


def warn_beyond(part: SpinMemory, count: float, most: float, why: str, depth: int = 5) -> None:
    """Warn where more is stored than can be retrieved, at the line ``depth`` calls up, which makes the memory."""
    if count > most:
        warnings.warn(f"{type(part).__name__} stores {count:g} patterns in {part.size} units, more than the {most:.4g} "
                      f"that can be retrieved ({why})", CapacityWarning, stacklevel=depth)
