"""Backends: how programs run."""

from .base import Backend, Options, Runner, Sink
from .registry import available, backend, backend_names, is_optional, scan_runner

__all__ = ["Backend", "Options", "Runner", "Sink", "available", "backend", "backend_names", "is_optional",
           "scan_runner"]
