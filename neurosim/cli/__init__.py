"""The command line: ``neurosim``, or ``python -m neurosim``."""

from .app import app, main

__all__ = ["app", "main"]
