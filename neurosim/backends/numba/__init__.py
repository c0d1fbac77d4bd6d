"""The CPU backend: one generated, self-contained Numba module per program, the whole step loop compiled."""

from .backend import NumbaBackend

__all__ = ["NumbaBackend"]
