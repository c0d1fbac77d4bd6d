"""Values of edges given as text: made of the indices and places of both ends, and drawn."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..connectivity import Edges
from ..equations import Equations, check, names, parse
from ..errors import EquationError, listing, nearest
from ..program.initial import initial_values
from ..units import DIMENSIONLESS, LENGTH, Dimension
from .ends import End

AXES = "xyz"
DISTANCE = "distance"
"""Name of the way between both ends, to the nearest image where the rule says that space is periodic."""


def names_of_ends(source: End, target: End) -> dict[str, Dimension]:
    """What a text may name besides draws: ``i``, ``j``, ``N_pre``, ``N_post``; of places ``x_pre``, ``distance``."""
    found = dict.fromkeys(("i", "j", "N_pre", "N_post"), DIMENSIONLESS)
    axes = [_axes(end.positions) for end in (source, target)]
    for count, side in zip(axes, ("pre", "post"), strict=True):
        found |= {f"{axis}_{side}": LENGTH for axis in AXES[:count]}
    if axes[0] == axes[1] > 0:
        found[DISTANCE] = LENGTH
    return found


def resolved_text(join: str, name: str, text: str, dimension: Dimension, source: End, target: End) -> str:
    """The text for ``name`` of a join, in internal units.

    Raises
    ------
    EquationError
        When it names something else than both ends, or is of another dimension.
    """
    known = names_of_ends(source, target)
    # i is always known; the others are given along
    outside = {name: dim for name, dim in known.items() if name != "i"}
    where = f"join {join!r}"
    checked = check(Equations(""), expressions={name: (text, dimension)}, known=outside, where=where)
    wrong = sorted(checked.free) or sorted(names(parse(text)) & {"t", "N", "lastspike", "not_refractory"})
    if wrong:
        hint = nearest(wrong[0], known)
        raise EquationError(f"{where}, {name}: unknown name {wrong[0]!r} in {text!r}{hint}; a value may draw and name: "
                            f"{listing(known)}")
    return checked.expressions[name]


def text_values(text: str, edges: Edges, source: End, target: End, box: Any, **draws: Any) -> Any:
    """The values of a resolved text, a number or (E,); edge e draws with its own number, indices count from the ends.

    Parameters
    ----------
    box
        Size of a periodic space, or None.
    **draws
        ``seed``, ``stream`` and ``dt`` of ``initial_values``.
    """
    env = _ends(names(parse(text)), edges, source, target, box)
    return initial_values(text, env, size=edges.count, **draws)


def _ends(used: frozenset[str] | set[str], edges: Edges, source: End, target: End, box: Any) -> Mapping[str, Any]:
    found: dict[str, Any] = {"N_pre": float(source.size), "N_post": float(target.size)}
    rows, columns = edges.source - source.chosen.start, edges.target - target.chosen.start
    if "i" in used:
        found["i"] = rows.astype(float)
    if "j" in used:
        found["j"] = columns.astype(float)
    places = [end.positions for end in (source, target)]
    for points, side, own in zip(places, ("pre", "post"), (rows, columns), strict=True):
        for number, axis in enumerate(AXES[: _axes(points)]):
            if points is not None and f"{axis}_{side}" in used:
                found[f"{axis}_{side}"] = points[own, number]
    if DISTANCE in used and places[0] is not None and places[1] is not None:
        way = places[1][columns] - places[0][rows]
        if box is not None:
            way -= np.asarray(box) * np.round(way / np.asarray(box))
        found[DISTANCE] = np.sqrt((way**2).sum(axis=1))
    return found


def _axes(points: np.ndarray | None) -> int:
    """How many coordinates places have; 0 where there are none."""
    return 0 if points is None else points.shape[1]
