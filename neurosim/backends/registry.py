"""Which backends there are, and whether they can run here."""

import importlib
import importlib.util

from ..errors import BackendError, listing, nearest
from .base import Backend

# name: (module, class, package it needs, what to install)
_BACKENDS = {
    "reference": ("neurosim.backends.reference", "ReferenceBackend", "numpy", "numpy"),
    "numba": ("neurosim.backends.numba", "NumbaBackend", "numba", "numba"),
}


def backend_names() -> list[str]:
    """The names that ``simulate(..., backend=...)`` takes."""
    return list(_BACKENDS)


def available(name: str) -> str | None:
    """None when the backend can run here, else the reason why not."""
    if name not in _BACKENDS:
        return f"no backend {name!r}{nearest(name, _BACKENDS)}; there are: {listing(_BACKENDS)}"
    _, _, package, install = _BACKENDS[name]
    if importlib.util.find_spec(package) is None:
        return f"the backend {name!r} needs the package {package}: pip install {install}"
    return None


def backend(name: str) -> Backend:
    """The backend called ``name``; its packages are imported now."""
    reason = available(name)
    if reason:
        raise BackendError(reason)
    module, cls, _, _ = _BACKENDS[name]
    made: Backend = getattr(importlib.import_module(module), cls)()
    return made
