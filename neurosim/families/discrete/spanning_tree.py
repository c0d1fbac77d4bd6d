"""A binary layer along a spanning tree: each channel is computed from one that resembles it."""

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from typing import Any

import numpy as np

from ...connectivity.edges import Edges
from ...errors import DescriptionError, fields_by_name
from ...program import Buffer, EdgeSpace, Ref, Scope, Table
from ...units import DIMENSIONLESS, Dimension
from ..arrays import taken
from ..part import Part
from .writing import checked_numbers


@fields_by_name
@dataclass(frozen=True, eq=False)
class ChannelTree:
    """A rooted tree over the channels of a layer.

    Parameters
    ----------
    root
        The channel that is computed in full.
    parent
        Of each channel, (C,); -1 for the root.
    sign
        1, or -1 where a channel is computed from its parent's complement, (C,).
    distance
        Positions at which a channel differs from its parent (or the complement of that), (C,); n for the root.
    depth
        Steps from the root, (C,).
    """

    root: int
    parent: np.ndarray
    sign: np.ndarray
    distance: np.ndarray
    depth: np.ndarray

    @property
    def operations(self) -> int:
        """Positions looked at for one input; without a tree it is C n."""
        return int(self.distance.sum())

    @property
    def ratio(self) -> float:
        """Operations along the tree over those in full."""
        return self.operations / (len(self.parent) * int(self.distance[self.root]))


def spanning_tree(weights: Any, *, complement: bool = False) -> ChannelTree:
    """The minimum spanning tree over channels by Hamming distance, rooted at its centre.

    Prim's algorithm on the whole matrix of distances, which is why equal channels, at distance 0, are no trouble. Of
    equally near parents the one nearer to the first channel is taken, which keeps the tree low.

    Parameters
    ----------
    weights
        (C, n) of -1 and 1.
    complement
        Whether a channel may be computed from the complement of another, whose distance is n - d.
    """
    signs = checked_signs(weights, "weights")
    if not isinstance(complement, bool):
        raise DescriptionError(f"complement must be True or False, got {complement!r}")
    channels, n = signs.shape
    differing = (n - signs @ signs.T) // 2
    near = np.minimum(differing, n - differing) if complement else differing
    best, parent = near[0].astype(np.int64), np.zeros(channels, np.int64)
    depth, waiting = np.zeros(channels, np.int64), np.ones(channels, bool)
    waiting[0], parent[0] = False, -1
    for _ in range(channels - 1):
        # distance first, then depth of the parent; the lowest channel among equals
        cost = np.where(waiting, best * channels + depth[parent], np.iinfo(np.int64).max)
        channel = int(cost.argmin())
        waiting[channel] = False
        depth[channel] = depth[parent[channel]] + 1
        closer = (near[channel] < best) | ((near[channel] == best) & (depth[channel] < depth[parent]))
        take = waiting & closer
        best[take], parent[take] = near[channel][take], channel
    return _rooted(parent, differing, near, n)


def checked_signs(weights: Any, where: str) -> np.ndarray:
    """(C, n) of -1 and 1, int64."""
    signs = taken(weights, where)
    if signs.ndim != 2 or not signs.size:
        raise DescriptionError(f"{where} must be (C, n) with C and n >= 1, got an array of shape {signs.shape}")
    if not np.isin(signs, (-1, 1)).all():
        raise DescriptionError(f"{where} must be -1 or 1, got {signs[~np.isin(signs, (-1, 1))][0]}")
    return signs.astype(np.int64)


def _rooted(parent: np.ndarray, differing: np.ndarray, near: np.ndarray, n: int) -> ChannelTree:
    """The same tree from its centre, where the deepest channel is as near as can be."""
    channels = len(parent)
    joined: list[list[int]] = [[] for _ in range(channels)]
    for channel, other in enumerate(parent):
        if other >= 0:
            joined[channel].append(int(other))
            joined[int(other)].append(channel)
    # the middle of a longest path: the farthest channel from any one is an end of it
    end = int(_walk(joined, 0)[1].argmax())
    towards, far = _walk(joined, end)
    root = int(far.argmax())
    for _ in range(int(far.max()) // 2):
        root = int(towards[root])
    parent, depth = _walk(joined, root)
    every = np.arange(channels)
    distance = np.where(parent < 0, n, near[every, parent])
    sign = np.where((parent >= 0) & (differing[every, parent] > near[every, parent]), -1, 1)
    return ChannelTree(root=root, parent=parent, sign=sign, distance=distance, depth=depth)


def _walk(joined: list[list[int]], root: int) -> tuple[np.ndarray, np.ndarray]:
    """Parent and depth of every channel, seen from ``root``."""
    parent, depth = np.full((2, len(joined)), -1)
    depth[root], waiting = 0, [root]
    while waiting:
        channel = waiting.pop()
        for other in joined[channel]:
            if depth[other] < 0:
                parent[other], depth[other] = channel, depth[channel] + 1
                waiting.append(other)
    return parent, depth


@fields_by_name
@dataclass(frozen=True, eq=False, repr=False)
class TreeLayer(Part):
    r"""Channels of weights -1 and 1, each computed from its parent in a spanning tree:

    .. math:: y_j = \sigma_j y_{p(j)} + 2 \sum_{k \in D_j} w_{jk} x_k

    with :math:`D_j` the positions at which j differs from its parent, or from the parent's complement where
    :math:`\sigma_j = -1`. All sums over :math:`D_j` are one operation, and a second one adds them up along the way to
    the root, so that the depth of the tree costs no steps.

    Parameters
    ----------
    weights
        (C, n) of -1 and 1.
    samples
        Inputs, (T, n), one row a step, the last one ever after; results are exact where they are whole numbers.
    complement
        Whether channels may be computed from complements.

    States
    ------
    y : (C,) the product of weights and input
    difference : (C,) what a channel adds to its parent

    References
    ----------
    Vo et al. (2023). ICCV 2023, doi:10.48550/arXiv.2308.13735
    """

    weights: Any
    samples: Any
    _: KW_ONLY
    complement: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "weights", checked_signs(self.weights, "TreeLayer.weights"))
        shape = (None, self.weights.shape[1])
        object.__setattr__(self, "samples", checked_numbers(self.samples, shape, "TreeLayer.samples"))
        if not isinstance(self.complement, bool):
            raise DescriptionError(f"TreeLayer.complement must be True or False, got {self.complement!r}")

    @property
    def size(self) -> int:  # type: ignore[override]
        """Number of channels, C."""
        return len(self.weights)

    @property
    def dimensions(self) -> Mapping[str, Dimension]:
        """The results."""
        return {"y": DIMENSIONLESS, "difference": DIMENSIONLESS}

    @property
    def tree(self) -> ChannelTree:
        """How the channels hang together."""
        return spanning_tree(self.weights, complement=self.complement)

    def build(self, scope: Scope) -> None:
        """Inputs, differences, and sums of differences on the way to the root."""
        tree, builder = self.tree, scope.builder
        scope.space(self.size)
        seen = Scope(builder, scope.full("input"))
        seen.space(self.weights.shape[1])
        seen.state("x", self.samples[0])
        table = Table(name=seen.full("x_table"), values=self.samples)
        builder.add_schedule(table, seen.full("x"), "arrive")
        for name in ("y", "difference"):
            scope.state(name)
        changes = self.weights.copy()
        below = tree.parent >= 0
        changes[below] -= tree.sign[below, None] * self.weights[tree.parent[below]]
        ways = np.zeros((self.size, self.size), np.int64)
        for channel in np.argsort(tree.depth, kind="stable"):
            if tree.parent[channel] >= 0:
                ways[channel] = tree.sign[channel] * ways[tree.parent[channel]]
            ways[channel, channel] = 1
        self._sum(scope, "differs", seen.prefix, "x", "difference", changes)
        self._sum(scope, "way", scope.prefix, "difference", "y", ways)

    def _sum(self, scope: Scope, name: str, source: str, read: str, target: str, matrix: np.ndarray) -> None:
        """The product with what is not zero of a matrix (targets, sources)."""
        edges, columns = scope.full(name), matrix.T
        rows, targets = np.nonzero(columns)
        first = np.concatenate([[0], np.cumsum((columns != 0).sum(axis=1))]).astype(np.int64)
        made = Edges(sources=len(columns), targets=self.size, first=first, target=targets.astype(np.uint32), delay=1)
        scope.builder.add_edges(EdgeSpace(edges, source, scope.prefix, made))
        scope.builder.add_buffer(
            Buffer(name=f"{edges}.weight", space=edges, kind="parameter", initial=columns[rows, targets].astype(float))
        )
        refs = {"weight": Ref(f"{edges}.weight", "edge"), "read": Ref(f"{source}.{read}", "source")}
        scope.diffuse(edges, scope.full(target), "weight * read", refs, phase="integrate")
