"""The third partner of a join: whose domain a synapse lies in, and what passes between the two."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from ..connectivity import Edges, FromArrays, draw
from ..equations import Assign
from ..errors import NetworkError
from ..families import Part
from ..program import Buffer, Builder, Diffuse, EdgeSpace, Map, MapEdges, Ref
from ..units import DIMENSIONLESS, Dimension
from .ends import End

SUFFIX = "_glia"
SYNAPSES = "synapses"
"""With the suffix: how many synapses lie in the domain, of all joins with that partner."""
NEAREST = "nearest"


def owners_of(where: str, domain: Any, target: End, glia: Part) -> np.ndarray:
    """For each neuron of ``target`` the glial cell in whose domain its synapses lie, (N,); -1 for none."""
    if domain is None and glia.size == 1:
        return np.zeros(target.size, np.int64)
    if domain is None or (isinstance(domain, str) and domain == NEAREST):
        return _nearest(where, target, glia)
    owners = np.asarray(domain)
    if owners.shape != (target.size,) or owners.dtype.kind not in "iu":
        raise NetworkError(
            f"{where}: domain must be 'nearest' or whole numbers of shape ({target.size},), one for each target, "
            f"got {domain!r:.60}"
        )
    outside = owners[(owners < -1) | (owners >= glia.size)]
    if outside.size:
        raise NetworkError(f"{where}: domain must be in [-1, {glia.size}), got {outside[0]}")
    return owners.astype(np.int64)


def _nearest(where: str, target: End, glia: Part) -> np.ndarray:
    points = {"target": target.positions, "glia": getattr(glia, "positions", None)}
    for name, given in points.items():
        if given is None:
            raise NetworkError(f"{where}: domain 'nearest' needs positions of the {name}, or give whole numbers")
    ends, centres = (np.asarray(points[name], float) for name in ("target", "glia"))
    if ends.shape[1] != centres.shape[1]:
        raise NetworkError(
            f"{where}: positions of target and glia must have as many columns, got {ends.shape[1]} "
            f"and {centres.shape[1]}"
        )
    from scipy.spatial import KDTree  # slow to import

    return KDTree(centres).query(ends)[1].astype(np.int64)


class Domain:
    """What a join reads of a partner and gives to it, kept where the join's edges end.

    Edges may write at their targets only, so whoever owns a target is the only one to write there. What an edge
    reads of its glial cell is therefore brought to where edges end before, and what it gives is collected there and
    handed over afterwards, along one edge per place. Where edges end at contacts (see ``Contacts``), their target is
    such a partner, too.

    Parameters
    ----------
    join, place, partner
        Names of the join, of the space where its edges end, and of the partner.
    owners
        The partner's index that belongs to each place; -1 for none. See ``owners_of``.
    size
        Of the partner.
    builder
        Where everything ends up.
    suffix
        What the partner's variables are called by in the texts, behind their names.
    """

    def __init__(
        self, join: str, place: str, partner: str, owners: np.ndarray, size: int, builder: Builder, suffix: str = SUFFIX
    ):
        self.join, self.place, self.partner, self.owners, self.builder = join, place, partner, owners, builder
        self.size, self.suffix = size, suffix
        self._counted = False
        inside = np.flatnonzero(owners >= 0)
        self._edges = {}
        for way, ends in (("from", (owners[inside], inside)), ("to", (inside, owners[inside]))):
            sizes = (size, owners.size) if way == "from" else (owners.size, size)
            spaces = (partner, place) if way == "from" else (place, partner)
            edges = draw(FromArrays(*ends), sources=sizes[0], targets=sizes[1], seed=0, stream=0, same=False, delay=1)
            self._edges[way] = f"{join}.{way}{suffix}"
            builder.add_edges(EdgeSpace(self._edges[way], *spaces, edges))

    def buffer(self, name: str) -> str:
        """Where the partner's variable ``name`` is kept."""
        return f"{self.join}.{name}{self.suffix}"

    def bring(self, read: Iterable[str], dimensions: Mapping[str, Dimension]) -> None:
        """Before the edges act, show each place the variables of its partner; 0 where there is none."""
        for name in read:
            if name == SYNAPSES and self.suffix == SUFFIX:
                self._counted = True
                continue
            self._add(name, dimensions.get(name, DIMENSIONLESS))
            value = Diffuse(
                edges=self._edges["from"],
                target=self.buffer(name),
                value="x",
                names={"x": Ref(f"{self.partner}.{name}", "source")},
            )
            self.builder.add("arrive", value)

    def open(self, given: Iterable[str], dimensions: Mapping[str, Dimension], phase: str) -> None:
        """Before the edges act, nothing has been given to the partner."""
        for name in given:
            self._add(name, dimensions[name])
            body = (Assign("given", "=", "0.0"),)
            self.builder.add(phase, Map(space=self.place, body=body, names={"given": Ref(self.buffer(name))}))

    def hand_over(self, given: Iterable[str], phase: str) -> None:
        """After the edges have acted, add up what each partner is given."""
        for name in given:
            body = (Assign("x", "+=", "given"),)
            refs = {"x": Ref(f"{self.partner}.{name}", "target"), "given": Ref(self.buffer(name), "source")}
            edges = self._edges["to"]
            self.builder.add(phase, MapEdges(edges=edges, at="all", events=None, body=body, names=refs))

    def synapses(self, edges: Edges) -> np.ndarray:
        """Edges of the join in each domain, (size,)."""
        degrees = np.bincount(edges.target, minlength=self.owners.size)
        inside = self.owners >= 0
        return np.bincount(self.owners[inside], weights=degrees[inside], minlength=self.size)

    def add_counts(self, synapses: np.ndarray) -> None:
        """Make the number of synapses in its domain known at each place, where a text asks for it."""
        if self._counted:
            counts = np.where(self.owners >= 0, synapses[self.owners], 1).astype(float)
            self.builder.add_buffer(
                Buffer(name=self.buffer(SYNAPSES), space=self.place, kind="parameter", initial=np.maximum(counts, 1.0))
            )

    def _add(self, name: str, dimension: Dimension) -> None:
        if self.buffer(name) not in self.builder.buffers:
            self.builder.add_buffer(Buffer(name=self.buffer(name), space=self.place, kind="state", dimension=dimension))


def count_synapses(domains: Iterable[tuple[Domain, Edges]]) -> None:
    """Give every domain the number of its synapses, over all joins with the same glia."""
    pairs = list(domains)
    for glia in {domain.partner for domain, _ in pairs}:
        own = [(domain, edges) for domain, edges in pairs if domain.partner == glia]
        total = sum(domain.synapses(edges) for domain, edges in own)
        for domain, _ in own:
            domain.add_counts(np.asarray(total))


def glia_dimensions(glia: Part) -> dict[str, Dimension]:
    """What texts may name with the suffix."""
    return {**glia.dimensions, SYNAPSES: DIMENSIONLESS}
