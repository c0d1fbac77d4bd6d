"""A discrete key-value bottleneck: what is learnt is kept where it was learnt."""

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from typing import Any, Literal

import numpy as np

from ...connectivity.edges import Edges
from ...errors import DescriptionError, check_not_negative, check_probability, fields_by_name, take_count
from ...program import Buffer, Compete, EdgeSpace, MapEdges, MatMul, Reduce, Ref, Scope, Table
from ...units import DIMENSIONLESS, Dimension
from ..arrays import taken
from ..part import Part
from .writing import assignments, checked_numbers

KEYS, SHOW = -1, -2


@fields_by_name
@dataclass(frozen=True, eq=False, repr=False)
class KeyValueBottleneck(Part):
    r"""The nearest of many keys names a value, and only that value is taught.

    Each of H heads sees the input through a fixed matrix :math:`P_h` and fetches the value of its nearest key; the mean
    of the values is the evidence for the classes,

    .. math:: j_h = \arg\min_j |P_h x - k_{hj}|^2, \qquad
        p = \operatorname{softmax}\Big(\tfrac1H \sum_h v_{h j_h}\Big), \qquad
        v_{h j_h} \leftarrow v_{h j_h} - \tfrac{\eta}{H} (p - e_y)

    Values of other keys are untouched: nothing is forgotten but what shares a key. Keys are learnt beforehand and
    without labels, each as the running mean of the inputs nearest to it:
    :math:`k \leftarrow k + (1 - g)(P x - k) / n`, with n the share of inputs that it won, a running mean, too.

    A step is a sample; behind the last one nothing is learnt.

    Parameters
    ----------
    samples, labels
        Inputs (T, m) and classes (T,); -1 for a sample that teaches the keys, -2 for one that is only shown.
    classes
        Number of classes, C.
    keys
        At the beginning: (H, K, d), or (K, d) for one head. None leaves the keys out, and the values are the
        weights of a softmax regression on the inputs.
    projections
        (H, m, d), one for each head; None takes the input as it is, with d = m.
    rate
        Step of the values, :math:`\eta`.
    decay
        Of running means, g in [0, 1), by sample.
    values
        At the beginning, (H K, C), or (m, C) without keys; None is 0.

    States
    ------
    code.win : (H K,) 1 for the key fetched in each head; the lowest of equals
    p : (C,) probability of each class
    answer : (C,) 1 for the likeliest class; the lowest of equals
    value.weight, key.weight : values (C, H K) and keys, edge by edge

    References
    ----------
    Traeuble et al. (2023). ICML 2023, doi:10.48550/arXiv.2207.11240
    """

    samples: Any
    labels: Any
    _: KW_ONLY
    classes: int
    keys: Any = None
    projections: Any = None
    rate: float = 0.05
    decay: float = 0.99
    values: Any = None

    def __post_init__(self) -> None:
        take_count(self, "classes")
        check_not_negative(self, "rate")
        check_probability(self, "decay")
        if self.decay == 1.0:
            raise DescriptionError("KeyValueBottleneck.decay must be < 1, got 1.0")
        object.__setattr__(self, "samples", checked_numbers(self.samples, (None, None), "KeyValueBottleneck.samples"))
        count, inputs = self.samples.shape
        labels = taken(self.labels, "KeyValueBottleneck.labels")
        if labels.shape != (count,) or labels.dtype.kind not in "iu":
            raise DescriptionError(
                f"KeyValueBottleneck.labels must be ({count},) whole numbers, got {labels.dtype} {labels.shape}"
            )
        if labels.min() < SHOW or labels.max() >= self.classes:
            raise DescriptionError(
                f"KeyValueBottleneck.labels must be in {SHOW}..{self.classes - 1}, got {labels.min()}..{labels.max()}"
            )
        object.__setattr__(self, "labels", labels.astype(np.int64))
        self._check_keys(inputs)
        if self.values is not None:
            shape = (self._codes, self.classes)
            object.__setattr__(self, "values", checked_numbers(self.values, shape, "KeyValueBottleneck.values"))

    def _check_keys(self, inputs: int) -> None:
        if self.keys is None:
            if self.projections is not None:
                raise DescriptionError("KeyValueBottleneck.projections must be None where keys is None")
            return
        keys = taken(self.keys, "KeyValueBottleneck.keys", float)
        keys = checked_numbers(keys[None] if keys.ndim == 2 else keys, (None, None, None), "KeyValueBottleneck.keys")
        object.__setattr__(self, "keys", keys)
        heads, _, width = keys.shape
        if self.projections is not None:
            shape = (heads, inputs, width)
            given = checked_numbers(self.projections, shape, "KeyValueBottleneck.projections")
            object.__setattr__(self, "projections", given)
        elif width != inputs:
            raise DescriptionError(
                f"KeyValueBottleneck.keys must have as many numbers as an input ({inputs}) without projections, "
                f"got {width}"
            )

    @property
    def size(self) -> int:  # type: ignore[override]
        """The classes."""
        return self.classes

    @property
    def dimensions(self) -> Mapping[str, Dimension]:
        """What it answers."""
        return {"p": DIMENSIONLESS, "answer": DIMENSIONLESS}

    @property
    def _heads(self) -> int:
        return 1 if self.keys is None else self.keys.shape[0]

    @property
    def _codes(self) -> int:
        """Rows of values: keys of all heads, or inputs."""
        return self.samples.shape[1] if self.keys is None else self.keys.shape[0] * self.keys.shape[1]

    def build(self, scope: Scope) -> None:
        """Inputs, heads, codes and classes, each a space of its own."""
        scope.space(self.classes)
        for name in ("evidence", "e", "p", "answer"):
            scope.state(name)
        inner = {name: Scope(scope.builder, scope.full(name)) for name in ("input", "head", "code", "told")}
        inner["told"].space(1)
        inner["input"].space(self.samples.shape[1])
        self._play(inner["input"], "x", self.samples)
        # one row more, because the last one holds ever after
        self._play(inner["told"], "label", np.append(self.labels, SHOW)[:, None])
        inner["told"].state("total")
        code = inner["input"].full("x") if self.keys is None else self._fetch(scope, inner)
        self._answer(scope, inner["told"], code)
        self._teach(scope, inner, code)

    def _play(self, scope: Scope, name: str, values: np.ndarray) -> None:
        scope.state(name, values[0].astype(float))
        table = Table(name=scope.full(f"{name}_table"), values=values.astype(float))
        scope.builder.add_schedule(table, scope.full(name), "arrive")

    def _fetch(self, scope: Scope, inner: Mapping[str, Scope]) -> str:
        """The winners of all heads; the full name of what is 1 for them."""
        builder, code = scope.builder, inner["code"]
        heads, count, width = self.keys.shape
        seen = inner["input"].full("x")
        source = inner["input"].prefix
        if self.projections is not None:
            inner["head"].space(heads * width)
            inner["head"].state("z")
            matrix = scope.full("projection")
            builder.add_space(matrix, self.projections.size)
            together = self.projections.transpose(1, 0, 2).ravel()
            builder.add_buffer(Buffer(name=f"{matrix}.weight", space=matrix, kind="parameter", initial=together))
            seen, source = inner["head"].full("z"), inner["head"].prefix
            builder.add("integrate", MatMul(source=inner["input"].full("x"), target=seen, weight=f"{matrix}.weight"))
        code.space(heads * count)
        for name in ("distance", "near", "win", "share"):
            code.state(name)
        edges = scope.full("key")
        builder.add_edges(EdgeSpace(edges, source, code.prefix, _blocks(heads, width, count)))
        builder.add_buffer(
            Buffer(name=f"{edges}.weight", space=edges, kind="state", initial=self.keys.transpose(0, 2, 1).ravel())
        )
        refs = {"weight": Ref(f"{edges}.weight", "edge"), "z": Ref(seen, "source")}
        code.diffuse(edges, code.full("distance"), "(z - weight)**2", refs, phase="integrate")
        code.map(assignments("near = -distance"))
        builder.add("integrate", Compete(source=code.full("near"), target=code.full("win"), group=count))
        return code.full("win")

    def _answer(self, scope: Scope, told: Scope, code: str) -> None:
        """Probabilities from the values fetched."""
        builder, edges = scope.builder, scope.full("value")
        builder.add_edges(
            EdgeSpace(edges, scope.prefix, code.rpartition(".")[0], _blocks(1, self.classes, self._codes))
        )
        initial = 0.0 if self.values is None else self.values.T.ravel()
        builder.add_buffer(Buffer(name=f"{edges}.weight", space=edges, kind="state", initial=initial))
        builder.add(
            "integrate", MatMul(source=code, target=scope.full("evidence"), weight=f"{edges}.weight", transpose=True)
        )
        scope.value("heads", float(self._heads))
        # the greatest evidence is taken off first: that of inputs far from 1 may be larger than any exponential
        told.state("top")
        builder.add("integrate", Reduce(source=scope.full("evidence"), target=told.full("top"), how="max"))
        top = {"top": Ref(told.full("top"), "segment")}
        scope.map(assignments("e = exp((evidence - top) / heads)"), extra=top)
        builder.add("integrate", Reduce(source=scope.full("e"), target=told.full("total")))
        scope.map(assignments("p = e / total"), extra={"total": Ref(told.full("total"), "segment")})
        builder.add("integrate", Compete(source=scope.full("p"), target=scope.full("answer"), group=self.classes))

    def _teach(self, scope: Scope, inner: Mapping[str, Scope], code: str) -> None:
        """Values of the keys fetched where there is a class, keys where there is none."""
        label = {"label": Ref(inner["told"].full("label"), "segment")}
        scope.state("error")
        scope.value("rate", self.rate)
        text = "error = (p - (1 if i == label else 0)) * rate / heads if label >= 0 else 0"
        scope.map(assignments(text), extra=label)
        fetched = None
        if self.keys is not None:
            inner["code"].events("fetched", "win > 0.5", phase="plastic")
            fetched = inner["code"].full("fetched")
            self._move_keys(scope, inner["code"], label, fetched)
        names = {
            "weight": Ref(f"{scope.full('value')}.weight", "edge"),
            "error": Ref(scope.full("error"), "source"),
            "seen": Ref(code, "target"),
        }
        self._change(scope, "value", fetched, "weight += -error * seen", names)

    def _move_keys(self, scope: Scope, code: Scope, label: Mapping[str, Ref], fetched: str) -> None:
        """Running means: of how often a key wins, and of what it wins."""
        code.value("decay", self.decay)
        code.state("pull")
        text = """
            share = decay * share + (1 - decay) * win if label == -1 else share
            pull = (1 - decay) * win / share if label == -1 and win > 0.5 else 0
        """
        code.map(assignments(text), extra=label, phase="plastic")
        seen = f"{scope.builder.edges[scope.full('key')].source}.{'x' if self.projections is None else 'z'}"
        names = {
            "weight": Ref(f"{scope.full('key')}.weight", "edge"),
            "pull": Ref(code.full("pull"), "target"),
            "z": Ref(seen, "source"),
        }
        self._change(scope, "key", fetched, "weight += pull * (z - weight)", names)

    def _change(self, scope: Scope, edges: str, events: str | None, text: str, names: Mapping[str, Ref]) -> None:
        """Edges into what was fetched, or all."""
        at: Literal["all", "target"] = "all" if events is None else "target"
        body = tuple(assignments(text))
        change = MapEdges(edges=scope.full(edges), at=at, events=events, names=names, body=body)
        scope.builder.add("plastic", change)


def _blocks(blocks: int, sources: int, targets: int) -> Edges:
    """All edges from the sources to the targets of each block, none between blocks."""
    first = np.arange(blocks * sources + 1, dtype=np.int64) * targets
    block = np.repeat(np.arange(blocks), sources)[:, None]
    target = (block * targets + np.arange(targets)).ravel().astype(np.uint32)
    return Edges(sources=blocks * sources, targets=blocks * targets, first=first, target=target, delay=1)
