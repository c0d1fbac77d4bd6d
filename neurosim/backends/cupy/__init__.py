"""The GPU backend: CUDA text for each operation, launched through CuPy, and provable without a GPU."""

from .availability import unavailable
from .backend import CupyBackend

__all__ = ["CupyBackend", "unavailable"]
