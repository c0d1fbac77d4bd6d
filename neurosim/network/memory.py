"""Foreseeing whether a network fits into memory, before anything of it is drawn."""

from collections.abc import Mapping

import numpy as np

from ..connectivity import FromArrays, FromMatrix, estimate
from ..connectivity.drawing import PLANS
from ..connectivity.workers import available_memory, readable, usable_threads
from ..errors import MemoryForeseenError
from ..families import Part
from ..program.buffers import MANY
from .contacts import along_edges
from .ends import ends_of, within
from .join import DISTRIBUTIONS, CheckedJoin, Join

PER_NEURON = 100
"""Bytes that a neuron takes at the most in the network as built: a dozen variables of eight bytes."""
PER_CONTACT = 60
"""Bytes for an edge whose domain is its own, at the most: four variables, and edges to both partners."""


def may_wait(join: Join) -> bool:
    """Whether nothing looks at single edges before a run, so that they need not be drawn until then."""
    values = (join.delay, *join.values.values(), *join.initial.values())
    looked_at = any(isinstance(value, str) or np.ndim(value) for value in values)
    whole = join.source_range is None and join.target_range is None
    return type(join.rule) in PLANS and whole and join.glia is None and join.structure is None and not looked_at


def foreseen(
    joins: Mapping[str, CheckedJoin], parts: Mapping[str, Part], replicas: int, held: bool = True
) -> dict[str, int]:
    """Bytes that each part and join will take, by name; see ``check_fits``."""
    needed = {name: part.size * PER_NEURON * replicas for name, part in parts.items()}
    for name, checked in joins.items():
        join = checked.join
        source, target = parts[join.source], parts[join.target]
        delay = 1000 if join.delay is not None and not isinstance(join.delay, int | float) else 1
        given = isinstance(join.rule, FromArrays | FromMatrix)
        edges, size = estimate(
            join.rule,
            sources=source.size,
            targets=target.size,
            same=join.source == join.target,
            within=within(join, source, target),
            delay=None if given or delay == 1 else delay,
            source_positions=getattr(source, "positions", None),
            target_positions=getattr(target, "positions", None),
        )
        if not held and edges > MANY and may_wait(join):
            needed[name] = 8 * (4 + usable_threads()) * source.size  # where rows begin, and what counts them
            continue
        equations = checked.checked.equations
        changing = len(equations.differential) * replicas
        drawn = [
            v for v in (*join.values.values(), *join.initial.values()) if isinstance(v, (str, *DISTRIBUTIONS))
        ]
        arrays = [v for v in join.values.values() if np.ndim(v)]
        own = join.glia and along_edges(join.domain, join.rule, ends_of(join, source, target)[1])
        contacts = PER_CONTACT if own else 0
        needed[name] = size + edges * (4 * len(drawn) + 8 * (len(arrays) + changing) + contacts)
    return needed


def check_fits(
    joins: Mapping[str, CheckedJoin], parts: Mapping[str, Part], replicas: int, limit: int | None, held: bool = True
) -> None:
    """Refuse a network that will not fit.

    Parameters
    ----------
    limit
        Bytes allowed; None for what is free.
    held
        Whether all edges are held here; a device may draw many of them itself.

    Raises
    ------
    MemoryForeseenError
        Saying how much is needed, how much there is, and what needs most.
    """
    needed = foreseen(joins, parts, replicas, held)
    total, allowed = sum(needed.values()), available_memory() if limit is None else limit
    if allowed is not None and total > allowed:
        largest = max(needed, key=lambda name: needed[name])
        raise MemoryForeseenError(
            f"the network would need {readable(total)}, of which {largest} takes "
            f"{readable(needed[largest])}, but only {readable(allowed)} are "
            f"{'available' if limit is None else 'allowed'}"
        )
