"""Scans compiled with Numba."""

from .runner import NumbaScan

__all__ = ["NumbaScan"]
