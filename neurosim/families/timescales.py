"""Rate units with time constants of their own, all connected to all."""

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ..errors import DescriptionError, check_choice, check_not_negative, fields_by_name, take_count
from ..program import MatMul, Scope
from ..units import DIMENSIONLESS, Dimension
from .afferents import add_matrix, checked_weights, lines_of
from .elm import drawn_uniform
from .part import Part
from .sparse.layers import Layers

LEAKS = {
    "inside": """
        _share = 1 / max(tau, 1)
        _r = (1 - _share) * r + _share * (recurrent + b_r + fed + b_in)
        r = _r if _r > 0 else slope * _r
    """,
    "outside": """
        _share = 1 / max(tau, 1)
        _r = recurrent + b_r + fed + b_in
        r = (1 - _share) * r + _share * (_r if _r > 0 else slope * _r)
    """,
}
"""Where the leak stands: within the nonlinearity, or beside it."""


@fields_by_name
@dataclass(frozen=True, eq=False, repr=False)
class LeakyRNN(Part):
    r"""Recurrent rate units with a time constant each, in discrete time.

    .. math:: r \leftarrow \phi\big((1 - 1/\tau) r + (W r + b_r + W_{in} x + b_{in}) / \tau\big)

    with :math:`\phi(z) = z` above 0 and ``slope * z`` below. A step is the unit of time: tau is in steps, whatever the
    time step of the run is. A tau below 1 counts as 1, a unit without leak; gradients by it are 0 there.

    Parameters
    ----------
    size
        Number of units, N.
    inputs
        Name of the input lines (``Afferents``), M of them, added before.
    lines
        M, the number of input lines.
    leak
        ``inside`` the nonlinearity or ``outside``, :math:`r \leftarrow (1 - 1/\tau) r + \phi(\dots) / \tau`.
    slope
        Of the nonlinearity below 0.
    weights
        ``W`` (N, N), from column to row, ``b_r`` (N,), ``W_in`` (N, M), ``b_in`` (N,) and ``tau`` (N,) steps; None
        draws them from ``seed`` as published: tau within 1 to 2, W and b_r within one over the root of N, W_in and b_in
        within one over the root of M, no unit connected to itself.
    seed
        Of the weights drawn.
    start
        r at the beginning, a number, (N,) or (replicas, N).

    States
    ------
    r : (N,) rates

    References
    ----------
    Khajehabdollahi et al. (2024). ICLR 2024, doi:10.48550/arXiv.2309.12927, and the authors' code
    """

    size: int
    _: KW_ONLY
    inputs: str
    lines: int = 1
    leak: str = "inside"
    slope: float = 0.01
    weights: Any = None
    seed: int = 0
    start: Any = 0.0

    def __post_init__(self) -> None:
        take_count(self, "size", "lines")
        check_choice(self, "leak", LEAKS)
        check_not_negative(self, "slope")
        object.__setattr__(self, "weights", checked_weights(self.weights, self.shapes, "LeakyRNN.weights"))
        start = np.asarray(self.start, dtype=float)
        if not np.isfinite(start).all() or (start.ndim and start.shape[-1] != self.size) or start.ndim > 2:
            raise DescriptionError(f"LeakyRNN.start must be finite, a number or with {self.size} columns, got "
                                   f"{self.start!r:.60}")
        object.__setattr__(self, "start", start if start.ndim else float(start))

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shape of each trained array."""
        n, m = self.size, self.lines
        return {"W": (n, n), "b_r": (n,), "W_in": (n, m), "b_in": (n,), "tau": (n,)}

    @cached_property
    def values(self) -> dict[str, np.ndarray]:
        """The weights and time constants: those given, or those drawn."""
        if self.weights is not None:
            return self.weights
        bounds = {"W": self.size, "b_r": self.size, "W_in": self.lines, "b_in": self.lines}
        found = {n: drawn_uniform(self.seed, f"rnn/{n}", self.shapes[n], m**-0.5) for n, m in bounds.items()}
        np.fill_diagonal(found["W"], 0.0)
        return found | {"tau": 1.5 + drawn_uniform(self.seed, "rnn/tau", (self.size,), 0.5)}

    @property
    def dimensions(self) -> Mapping[str, Dimension]:
        """Rates and time constants, which are numbers of steps."""
        return {"r": DIMENSIONLESS, "tau": DIMENSIONLESS}

    @property
    def targets(self) -> frozenset[str]:
        """Joins and drives may change the rates."""
        return frozenset({"r"})

    def build(self, scope: Scope) -> None:
        """Two products and the leak."""
        lines, count = lines_of(scope, self.inputs, "LeakyRNN")
        if count != self.lines:
            raise DescriptionError(f"{scope.prefix}: LeakyRNN.lines must be the {count} lines of {self.inputs!r}, got "
                                   f"{self.lines}")
        layers, value = Layers(scope, {"": self.size}), self.values
        layers.constants("", tau=value["tau"], b_r=value["b_r"], b_in=value["b_in"], slope=self.slope)
        layers.states("", r=self.start, recurrent=0.0, fed=0.0)
        for source, target, name in ((scope.full("r"), "recurrent", "W"), (lines, "fed", "W_in")):
            scope.builder.add("integrate", MatMul(source=source, target=scope.full(target), transpose=True,
                                                  weight=add_matrix(scope, name, value[name])))
        layers.map("", LEAKS[self.leak])
