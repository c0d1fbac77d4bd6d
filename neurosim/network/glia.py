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

SUFFIX = "_glia"
SYNAPSES = "synapses"
"""With the suffix: how many synapses lie in the domain, of all joins with that partner."""
NEAREST = "nearest"


def owners_of(where: str, domain: Any, target: Part, glia: Part) -> np.ndarray:
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


def _nearest(where: str, target: Part, glia: Part) -> np.ndarray:
    points = {"target": getattr(target, "positions", None), "glia": getattr(glia, "positions", None)}
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
    """What a join reads of its glia and gives to it, kept at the join's targets.

    Edges may write at their targets only, so whoever owns a target is the only one to write there. What an edge
    reads of its glial cell is therefore brought to the targets before, and what it gives is collected there and
    handed over afterwards, along one edge per target.

    Parameters
    ----------
    join, target, glia
        Names of the join and of the two partners.
    owners
        See ``owners_of``.
    builder
        Where everything ends up.
    """

    def __init__(self, join: str, target: str, glia: str, owners: np.ndarray, glia_size: int, builder: Builder):
        self.join, self.target, self.glia, self.owners, self.builder = join, target, glia, owners, builder
        self.glia_size = glia_size
        self._counted = False
        inside = np.flatnonzero(owners >= 0)
        self._edges = {}
        for name, ends in (("from_glia", (owners[inside], inside)), ("to_glia", (inside, owners[inside]))):
            sizes = (glia_size, owners.size) if name == "from_glia" else (owners.size, glia_size)
            spaces = (glia, target) if name == "from_glia" else (target, glia)
            edges = draw(FromArrays(*ends), sources=sizes[0], targets=sizes[1], seed=0, stream=0, same=False, delay=1)
            self._edges[name] = f"{join}.{name}"
            builder.add_edges(EdgeSpace(f"{join}.{name}", *spaces, edges))

    def buffer(self, name: str) -> str:
        """Where the targets keep the glia's variable ``name``."""
        return f"{self.join}.{name}{SUFFIX}"

    def bring(self, read: Iterable[str], dimensions: Mapping[str, Dimension]) -> None:
        """Before the edges act, show each target the variables of its glial cell; 0 where there is none."""
        for name in read:
            if name == SYNAPSES:
                self._counted = True
                continue
            self._add(name, dimensions[name])
            value = Diffuse(edges=self._edges["from_glia"], target=self.buffer(name), value="x",
                            names={"x": Ref(f"{self.glia}.{name}", "source")})
            self.builder.add("arrive", value)

    def open(self, given: Iterable[str], dimensions: Mapping[str, Dimension], phase: str) -> None:
        """Before the edges act, nothing has been given to the glia."""
        for name in given:
            self._add(name, dimensions[name])
            body = (Assign("given", "=", "0.0"),)
            self.builder.add(phase, Map(space=self.target, body=body, names={"given": Ref(self.buffer(name))}))

    def hand_over(self, given: Iterable[str], phase: str) -> None:
        """After the edges have acted, add up what each glial cell is given."""
        for name in given:
            body = (Assign("x", "+=", "given"),)
            refs = {"x": Ref(f"{self.glia}.{name}", "target"), "given": Ref(self.buffer(name), "source")}
            edges = self._edges["to_glia"]
            self.builder.add(phase, MapEdges(edges=edges, at="all", events=None, body=body, names=refs))

    def synapses(self, edges: Edges) -> np.ndarray:
        """Edges of the join in each domain, (size of the glia,)."""
        degrees = np.bincount(edges.target, minlength=self.owners.size)
        inside = self.owners >= 0
        return np.bincount(self.owners[inside], weights=degrees[inside], minlength=self.glia_size)

    def add_counts(self, synapses: np.ndarray) -> None:
        """Make the number of synapses in its domain known at each target, where a text asks for it."""
        if self._counted:
            counts = np.where(self.owners >= 0, synapses[self.owners], 1).astype(float)
            self.builder.add_buffer(
                Buffer(name=self.buffer(SYNAPSES), space=self.target, kind="parameter", initial=np.maximum(counts, 1.0))
            )

    def _add(self, name: str, dimension: Dimension) -> None:
        if self.buffer(name) not in self.builder.buffers:
            self.builder.add_buffer(
                Buffer(name=self.buffer(name), space=self.target, kind="state", dimension=dimension)
            )


def count_synapses(domains: Iterable[tuple[Domain, Edges]]) -> None:
    """Give every domain the number of its synapses, over all joins with the same glia."""
    pairs = list(domains)
    for glia in {domain.glia for domain, _ in pairs}:
        own = [(domain, edges) for domain, edges in pairs if domain.glia == glia]
        total = sum(domain.synapses(edges) for domain, edges in own)
        for domain, _ in own:
            domain.add_counts(np.asarray(total))


def glia_dimensions(glia: Part) -> dict[str, Dimension]:
    """What texts may name with the suffix."""
    return {**glia.dimensions, SYNAPSES: DIMENSIONLESS}
