"""The numbers of edges that a join gives."""

from functools import partial
from typing import Any, cast

import numpy as np

from ..connectivity import Edges, Rounded, values
from ..connectivity.distributions import limits
from ..connectivity.edge_values import drawn_values, single, value_recipe
from ..connectivity.pending import PendingEdges
from ..errors import NetworkError
from ..program.buffers import MANY
from ..program.redrawn import RedrawnValues
from ..units import display_unit, to_internal
from .delays import DISTRIBUTIONS
from .edge_texts import resolved_text, text_values
from .ends import End
from .join import CheckedJoin


def edge_numbers(
    checked: CheckedJoin, name: str, edges: Edges | PendingEdges, source: End, target: End, *, seed: int, stream: int,
    dt: float
) -> Any:
    """What ``name`` of a join is along ``edges``: a number, or (E,) in internal units; see ``RedrawnValues`` for many.

    Parameters
    ----------
    checked, name
        The join and one of its variables or constants.
    edges, source, target
        The edges and both ends. Edges that are not drawn yet have no values that are texts or arrays.
    seed, stream, dt
        Of what is drawn, and the time step, ms.
    """
    join, dimension = checked.join, checked.dimension(name)
    given, known = join.values.get(name, join.initial.get(name, 0.0)), cast(Edges, edges)
    if isinstance(given, str):
        text = resolved_text(join.name, name, given, dimension, source, target)
        box = getattr(join.rule, "periodic", None)
        # replicas share their structure, so a drawn weight is the same in all
        return text_values(text, known, source, target, box, seed=seed, stream=stream, dt=dt)
    if isinstance(given, DISTRIBUTIONS):
        # drawn numbers need no more than single precision, and there may be hundreds of millions
        scaled = given.scaled(display_unit(dimension).factor)
        if edges.count <= MANY or single(scaled) is not None:
            return values(scaled, known, seed=seed, stream=stream, dtype=np.float32)
        again = partial(drawn_values, scaled, edges.count, seed=seed, stream=stream, dtype=np.float32)
        step = scaled.power if isinstance(scaled, Rounded) else 0.0
        return RedrawnValues(again, edges.count, np.float32, step, max(map(abs, limits(scaled))),
                             value_recipe(scaled, seed=seed, stream=stream))
    where = f"{join.name}.{name}"
    try:
        return values(to_internal(given, dimension, where), known, seed=seed, stream=stream)
    except ValueError as error:
        raise NetworkError(f"{where}: {error}") from None
