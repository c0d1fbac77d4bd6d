"""Figures; each function draws into ``ax`` and returns it, and none calls ``show``."""

from .agreement import phase_diagram, theory_and_simulation
from .distributions import histogram, spectrum
from .edges import connectivity
from .overview import overview, raster_with_rates
from .spikes import raster, rate
from .variables import traces

__all__ = [
    "connectivity",
    "histogram",
    "overview",
    "phase_diagram",
    "raster",
    "raster_with_rates",
    "rate",
    "spectrum",
    "theory_and_simulation",
    "traces",
]
