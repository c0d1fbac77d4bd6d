"""The reference backend: NumPy, float64, slow and plain. Its rendering of an operation is what that means."""

from .backend import ReferenceBackend

__all__ = ["ReferenceBackend"]
