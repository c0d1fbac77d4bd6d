"""Rules that say who connects to whom, and the edges drawn from them."""

from .distributions import Constant, Exponential, LogNormal, Normal, Rounded, Uniform
from .drawing import draw, estimate
from .edge_values import values
from .edges import Edges
from .layouts import grid, hexagonal, ring, scattered
from .rules import (
    AllToAll,
    Bernoulli,
    Distance,
    FixedInDegree,
    FixedOutDegree,
    FixedTotal,
    FromArrays,
    FromMatrix,
    OneToOne,
)

__all__ = [
    "AllToAll",
    "Bernoulli",
    "Constant",
    "Distance",
    "Edges",
    "Exponential",
    "FixedInDegree",
    "FixedOutDegree",
    "FixedTotal",
    "FromArrays",
    "FromMatrix",
    "LogNormal",
    "Normal",
    "OneToOne",
    "Rounded",
    "Uniform",
    "draw",
    "estimate",
    "grid",
    "hexagonal",
    "ring",
    "scattered",
    "values",
]
