"""Joins whose edges come and go: what is refused, and which of them are rewired together."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import NetworkError
from ..families import Part
from ..families.plasticity import Structure
from .delays import DISTRIBUTIONS


@dataclass(frozen=True, kw_only=True)
class Group:
    """Joins with equal structures, by name, and how many steps lie between two rewirings."""

    structure: Structure
    joins: tuple[str, ...]
    steps: int


def check_structure(join: Any, own: Iterable[str], source: Part, target: Part) -> None:
    """Refuse a join whose edges cannot come and go; ``own`` are its variables and constants.

    Raises
    ------
    DescriptionError
        When the rule is none, misses a variable, or does not go with what else is given.
    """
    if join.structure is None:
        return
    where = f"join {join.name!r}"
    if not isinstance(join.structure, Structure):
        raise NetworkError(f"{where}: structure must be a rule such as SynapticElements(), got {join.structure!r:.60}")
    if join.source_range is not None or join.target_range is not None:
        raise NetworkError(f"{where}: edges that come and go connect whole parts, got {' -> '.join(join.between)}")
    if join.glia is not None:
        raise NetworkError(f"{where}: edges with a glia cannot come and go: give structure or glia, not both")
    if join.delay is not None and not isinstance(join.delay, int | float):
        raise NetworkError(f"{where}: edges that come and go need one delay for all, got {join.delay!r:.60}")
    for name, value in (*join.values.items(), *join.initial.items()):
        if np.ndim(value) and not isinstance(value, (str, *DISTRIBUTIONS)):
            raise NetworkError(f"{where}: {name} of edges that come and go must be a number, a distribution or a text, "
                               f"which also says what new ones get, got an array of shape {np.shape(value)}")
    join.structure.check(source, target, dict.fromkeys(own), where)


def groups_of(joins: Mapping[str, Any], dt: float, replicas: int) -> list[Group]:
    """The joins that are rewired together, in the order of their first.

    Raises
    ------
    DescriptionError
        When they do not fit together, the time step or the number of replicas.
    """
    found: list[tuple[Structure, list[Any]]] = []
    for join in joins.values():
        if join.structure is None:
            continue
        if replicas > 1:
            raise NetworkError(f"join {join.name!r}: replicas share their edges, so none may come and go; run them one "
                               f"by one, got replicas={replicas}")
        alike = [members for structure, members in found if structure == join.structure]
        if alike:
            alike[0].append(join)
        else:
            found.append((join.structure, [join]))
    owners: dict[str, str] = {}
    for structure, members in found:
        structure.check_together([(join.name, join.source, join.target) for join in members])
        for variable in {v for join in members for v in structure.variables(join.source, join.target)}:
            other = owners.setdefault(variable, members[0].name)
            if other != members[0].name:
                raise NetworkError(f"joins {other!r} and {members[0].name!r} both change {variable}; give them equal "
                                   "structures, or elements of their own")
    return [Group(structure=structure, joins=tuple(join.name for join in members),
                  steps=_steps(structure, members[0].name, dt)) for structure, members in found]


def _steps(structure: Structure, join: str, dt: float) -> int:
    steps = round(structure.every / dt)
    if steps < 1 or abs(steps * dt - structure.every) > 1e-6 * structure.every:
        raise NetworkError(f"join {join!r}: every of its structure must be a multiple of the time step {dt:g} ms, got "
                           f"{structure.every:g} ms")
    return steps
