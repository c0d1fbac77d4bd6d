"""Running networks: in one go, or as a session."""

from .progress import Progress
from .session import Interrupted, Simulation, simulate

__all__ = ["Interrupted", "Progress", "Simulation", "simulate"]
