"""Scans on a GPU."""

from .runner import CudaScan

__all__ = ["CudaScan"]
