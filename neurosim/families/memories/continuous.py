"""The continuous modern Hopfield network: one update is one step of attention."""

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ...equations import Assign
from ...errors import DescriptionError, check_positive, fields_by_name
from ...program import Buffer, Reduce, Ref, Scope
from ...units import DIMENSIONLESS, Dimension
from ..arrays import taken
from ..part import Part


@fields_by_name
@dataclass(frozen=True, eq=False, repr=False)
class ContinuousHopfield(Part):
    r"""A modern Hopfield network of continuous states, :math:`x \leftarrow X\, \mathrm{softmax}(\beta X^T x)`.

    A step is one update. It lowers
    :math:`E = -\frac{1}{\beta} \ln \sum_\mu e^{\beta x_\mu \cdot x} + \frac{1}{2} x \cdot x + const`. Replicas start
    from states of their own: a batch of cues.

    Parameters
    ----------
    patterns
        What is stored, (K, N) numbers.
    beta
        Inverse temperature; what counts is beta times the squared norm of a pattern.
    start
        Number of a pattern, or states (N,) or (replicas, N).

    States
    ------
    x : (N,) state
    weight : (K,) share of each pattern in the last update

    References
    ----------
    Ramsauer et al. (2021). ICLR. doi:10.48550/arXiv.2008.02217, equations 1-3
    """

    patterns: Any
    _: KW_ONLY
    beta: float = 1.0
    start: Any = 0

    def __post_init__(self) -> None:
        patterns = taken(self.patterns, "ContinuousHopfield.patterns", float).copy()
        if patterns.ndim != 2 or not patterns.size:
            raise DescriptionError("ContinuousHopfield.patterns must be (K, N) with K >= 1 and N >= 1, got shape "
                                   f"{patterns.shape}")
        if not np.isfinite(patterns).all():
            raise DescriptionError("ContinuousHopfield.patterns must be finite, got "
                                   f"{patterns[~np.isfinite(patterns)].flat[0]}")
        patterns.setflags(write=False)
        object.__setattr__(self, "patterns", patterns)
        check_positive(self, "beta")
        self._check_start()

    @cached_property
    def size(self) -> int:  # type: ignore[override]
        """Length of a pattern, N."""
        return self.patterns.shape[1]

    @property
    def dimensions(self) -> Mapping[str, Dimension]:
        """``x``, the state."""
        return {"x": DIMENSIONLESS}

    @property
    def targets(self) -> frozenset[str]:
        """Joins may change the state."""
        return frozenset({"x"})

    def energy(self, states: Any) -> np.ndarray:
        r"""The energy of states (..., N), (...); at least 0 among the patterns.

        :math:`-lse(\beta, X^T x) + \frac{1}{2} x \cdot x + \frac{1}{\beta} \ln K + \frac{1}{2} M^2`, M the greatest
        norm.
        """
        states = taken(states, "states", float)
        if states.shape[-1:] != (self.size,):
            raise DescriptionError(f"states must be (..., {self.size}), got shape {states.shape}")
        scores = self.beta * states @ self.patterns.T
        top = scores.max(axis=-1, keepdims=True)
        lse = (top[..., 0] + np.log(np.exp(scores - top).sum(axis=-1))) / self.beta
        largest = float((self.patterns**2).sum(axis=1).max())
        constant = np.log(len(self.patterns)) / self.beta + 0.5 * largest
        return -lse + 0.5 * (states**2).sum(axis=-1) + constant

    def build(self, scope: Scope) -> None:
        """Two products with the patterns, and a softmax between them."""
        full, builder, count = scope.full, scope.builder, len(self.patterns)
        scope.space(self.size)
        memory, whole = Scope(builder, full("memory")), Scope(builder, full("whole"))
        memory.space(count)
        whole.space(1)
        builder.add_space(full("entries"), self.patterns.size)
        builder.add_buffer(Buffer(name=full("entries.x"), space=full("entries"), kind="parameter",
                                  initial=self.patterns.reshape(-1)))
        scope.state("x", self.patterns[self.start] if isinstance(self.start, int) else self.start)
        scope.state("weight", space=memory.prefix)
        memory.state("score")
        for name in ("top", "total"):
            whole.state(name)
        memory.value("beta", self.beta)
        entries, extra = full("entries.x"), {"weight": Ref(full("weight"))}
        scope.matmul(full("x"), memory.full("score"), entries, transpose=True)
        builder.add("integrate", Reduce(source=memory.full("score"), target=whole.full("top"), how="max"))
        # the greatest score is taken away first: the exponential of a large one overflows
        memory.map([Assign("weight", "=", "exp(beta * (score - top))")],
                   extra={**extra, "top": Ref(whole.full("top"), "segment")})
        builder.add("integrate", Reduce(source=full("weight"), target=whole.full("total")))
        memory.map([Assign("weight", "=", "weight / total")],
                   extra={**extra, "total": Ref(whole.full("total"), "segment")})
        scope.matmul(full("weight"), full("x"), entries)

    def _check_start(self) -> None:
        start, count = self.start, len(self.patterns)
        if isinstance(start, int | np.integer) and not isinstance(start, bool) and 0 <= start < count:
            object.__setattr__(self, "start", int(start))
            return
        states = taken(start, "ContinuousHopfield.start", float)
        if states.ndim not in (1, 2) or states.shape[-1] != self.size or not np.isfinite(states).all():
            raise DescriptionError(f"ContinuousHopfield.start must be the number of a pattern below {count}, or finite "
                                   f"states with {self.size} columns, got {start!r:.60}")
        object.__setattr__(self, "start", states)
