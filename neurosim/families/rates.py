"""Rate units without memory: layers of feedforward networks."""

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from typing import Any

import numpy as np

from ..equations import names, parse, substitute, unparse
from ..errors import DescriptionError, fields_by_name, listing, take_count
from ..program import Scope
from ..units import DIMENSIONLESS, Dimension
from .part import Part
from .sparse.layers import Layers

ACTIVATIONS = {
    "linear": "x",
    "relu": "max(x, 0)",
    "clipped": "clip(x, 0, 1)",
    "sigmoid": "1/(1 + exp(-x))",
    "tanh": "tanh(x)",
}
"""Rates by name, as texts of the input ``x``."""


@fields_by_name
@dataclass(frozen=True, eq=False, repr=False)
class RateUnits(Part):
    r"""Units whose rate is a function of what reaches them in the step, :math:`r = \phi(x + bias)`.

    A join that couples (``couple="x = w*r_pre"``) takes rates of the step before, of input lines those of this one, so
    a layer is a step behind the one before it.

    Parameters
    ----------
    size
        Number of units, N.
    activation
        ``linear``, ``relu``, ``clipped`` to 0..1, ``sigmoid``, ``tanh``, or a text of ``x``: ``"x/(1 + abs(x))"``.
    bias
        A number or (N,); trained as ``bias``.

    States
    ------
    x : (N,) input, set by coupling
    r : (N,) rate
    """

    size: int
    _: KW_ONLY
    activation: str = "tanh"
    bias: Any = 0.0

    def __post_init__(self) -> None:
        take_count(self, "size")
        if not isinstance(self.activation, str):
            raise DescriptionError(f"RateUnits.activation must be a text, got {self.activation!r}")
        unknown = sorted(names(parse(self._text)) - {"x", "pi"})
        if unknown or "x" not in names(parse(self._text)):
            raise DescriptionError(f"RateUnits.activation must be one of {listing(ACTIVATIONS)} or a text of x alone, "
                                   f"got {self.activation!r}")
        bias = np.array(self.bias, dtype=float)
        if bias.shape not in ((), (self.size,)) or not np.isfinite(bias).all():
            raise DescriptionError(f"RateUnits.bias must be finite, a number or ({self.size},), got {self.bias!r:.60}")
        bias.setflags(write=False)
        object.__setattr__(self, "bias", bias if bias.ndim else float(bias))

    @property
    def _text(self) -> str:
        return ACTIVATIONS.get(self.activation, self.activation)

    @property
    def dimensions(self) -> Mapping[str, Dimension]:
        """Plain numbers."""
        return dict.fromkeys(("x", "r", "bias"), DIMENSIONLESS)

    @property
    def targets(self) -> frozenset[str]:
        """Joins and drives may change the input."""
        return frozenset({"x"})

    def build(self, scope: Scope) -> None:
        """One text."""
        layers = Layers(scope, {"": self.size})
        layers.constants("", bias=np.broadcast_to(self.bias, (self.size,)))
        layers.states("", x=0.0, r=0.0)
        text = unparse(substitute(parse(self._text), {"x": parse("_x")}))
        layers.map("", f"_x = x + bias\nr = {text}")
