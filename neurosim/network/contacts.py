"""Synapses of one neuron with several glial cells: they act where the neuron and one of the cells meet."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..connectivity import Edges, FromArrays, FromMatrix
from ..connectivity.edges import smallest_unsigned
from ..equations import names, parse, substitute, unparse
from ..errors import NetworkError
from ..families import Part
from ..units import DIMENSIONLESS
from .edge_texts import resolved_text, text_values
from .ends import End
from .glia import NEAREST

COUNT = "N_glia"
"""What a text for the domain may name besides both ends: how many glial cells there are."""


def along_edges(domain: Any, rule: Any, target: End) -> bool:
    """Whether a domain says for each edge, and not for each target, which glial cell it belongs to."""
    if isinstance(domain, str):
        return domain != NEAREST
    if np.shape(domain) in ((), (target.size,)) or not isinstance(rule, FromArrays | FromMatrix):
        return False
    given = rule.arrays if isinstance(rule, FromMatrix) else rule
    return np.shape(domain) == np.shape(given.source)


def check_along_edges(
    join: Any,
    source: End,
    target: End,
    glia: Part,
    sides: Mapping[str, tuple[str, str]],
    statements: Mapping[str, Any],
) -> None:
    """Refuse what edges cannot do whose domain is their own."""
    where = f"join {join.name!r}"
    for text in ("on_post", "couple", "structure"):
        if getattr(join, text):
            raise NetworkError(f"{where}: {text} needs one glial cell for each target; domain says it for each edge")
    if isinstance(join.domain, str):
        _resolved(join.name, join.domain, source, target, glia)
    else:
        _checked(where, np.asarray(join.domain), glia)
    added = {
        sides[a.target][0] for body in statements.values() for a in body if sides.get(a.target, ("", ""))[1] == "target"
    }
    read = {name for body in statements.values() for a in body for name in names(parse(a.value))}
    both = sorted({sides[n][0] for n in read if sides.get(n, ("", ""))[1] == "target"} & added)
    if both:
        raise NetworkError(
            f"{where}: where domain says it for each edge, a join may read {both[0]!r} of the target or "
            "add to it, not both"
        )


class Contacts:
    """Pairs of a target and a glial cell between which there is a synapse: an index space where edges end.

    Edges may write at their targets only. Those of one neuron that lie in several domains therefore end at contacts,
    one for each pair, ordered by target and cell; what they read and give is passed on between contacts and both.

    Parameters
    ----------
    join
        The join, with a domain for each edge.
    edges
        Its edges, from source to target.
    source, target, glia
        Both ends, and the third partner.
    **draws
        ``seed``, ``stream`` and ``dt`` for a domain that is a text.
    """

    def __init__(self, join: Any, edges: Edges, source: End, target: End, glia: Part, **draws: Any):
        self.space = f"{join.name}.contacts"
        owners, drawn = _owners(join, edges, source, target, glia, draws), isinstance(join.domain, str)
        width = glia.size + 1
        pairs = edges.target.astype(np.int64) * width + owners + 1
        # without edges there is still a place, since no space is empty
        kinds, place = np.unique(pairs, return_inverse=True) if pairs.size else (np.zeros(1, np.int64), pairs)
        self.targets, self.owners = kinds // width, kinds % width - 1
        place = _in_order(place, edges, drawn, f"join {join.name!r}")
        self.edges = dataclasses.replace(
            edges, targets=kinds.size, target=place.astype(smallest_unsigned(kinds.size - 1))
        )


def _owners(join: Any, edges: Edges, source: End, target: End, glia: Part, draws: Mapping[str, Any]) -> np.ndarray:
    """The glial cell of each edge in canonical order, (E,); -1 for none."""
    where = f"join {join.name!r}"
    if not isinstance(join.domain, str):
        given = _checked(where, np.asarray(join.domain), glia)
        return given if edges.order is None else given[edges.order]
    text = _resolved(join.name, join.domain, source, target, glia)
    box = getattr(join.rule, "periodic", None)
    drawn = np.floor(text_values(text, edges, source, target, box, **draws))
    return _checked(where, np.broadcast_to(drawn, edges.count).astype(np.int64), glia)


def _resolved(join: str, text: str, source: End, target: End, glia: Part) -> str:
    whole = unparse(substitute(parse(text), {COUNT: parse(str(glia.size))}))
    return resolved_text(join, "domain", whole, DIMENSIONLESS, source, target)


def _checked(where: str, owners: np.ndarray, glia: Part) -> np.ndarray:
    if owners.dtype.kind not in "iu":
        raise NetworkError(f"{where}: domain must be whole numbers, got {owners!r:.60}")
    outside = owners[(owners < -1) | (owners >= glia.size)]
    if outside.size:
        raise NetworkError(f"{where}: domain must be in [-1, {glia.size}), got {outside[0]}")
    return owners.astype(np.int64)


def _in_order(place: np.ndarray, edges: Edges, drawn: bool, where: str) -> np.ndarray:
    """Places such that edges from one source with one delay ascend; drawn ones of equal edges change theirs."""
    order = np.lexsort((place, np.broadcast_to(edges.delay, place.shape), edges.source))
    if not drawn and not np.array_equal(place[order], place):
        raise NetworkError(
            f"{where}: edges from the same source to the same target must be given in ascending order of their domain"
        )
    return place[order]
