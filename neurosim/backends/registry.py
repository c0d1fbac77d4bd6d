"""Which backends there are, and whether they can run here."""

import importlib
import importlib.util
from collections.abc import Collection

from ..errors import BackendError, listing, nearest
from ..gradients import Scan, ScanRunner
from .base import Backend

# name: (module, class, package it needs, what to install)
_BACKENDS = {
    "reference": ("neurosim.backends.reference", "ReferenceBackend", "numpy", "numpy"),
    "numba": ("neurosim.backends.numba", "NumbaBackend", "numba", "numba"),
    "cupy": ("neurosim.backends.cupy", "CupyBackend", "", ""),
}
# a package is not all that these need: their own module says what is missing
_ASKED = {"cupy": "neurosim.backends.cupy.availability"}

_SCANS = {
    "reference": ("neurosim.backends.reference.scans", "ReferenceScan"),
    "numba": ("neurosim.backends.numba.scans", "NumbaScan"),
    "cupy": ("neurosim.backends.cupy.scans", "CudaScan"),
}


def backend_names() -> list[str]:
    """The names that ``simulate(..., backend=...)`` takes."""
    return list(_BACKENDS)


def is_optional(name: str) -> bool:
    """Whether the backend needs more than a plain installation and an ordinary machine."""
    return name in _ASKED


def available(name: str) -> str | None:
    """None when the backend can run here, else the reason why not."""
    if name not in _BACKENDS:
        return f"no backend {name!r}{nearest(name, _BACKENDS)}; there are: {listing(_BACKENDS)}"
    if name in _ASKED:
        reason: str | None = importlib.import_module(_ASKED[name]).unavailable()
        return reason
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


def scan_runner(scan: Scan, keep: Collection[str] = (), *, name: str = "numba", dtype: str = "float32",
                threads: int = 0, events: Collection[str] = ()) -> ScanRunner:
    """A scan made ready on the backend called ``name``; ``keep`` are values to hand out beside the outputs.

    ``events`` are binary values whose products run over events; Numba alone knows how.
    """
    reason = available(name)
    if reason:
        raise BackendError(reason)
    module, cls = _SCANS[name]
    made = getattr(importlib.import_module(module), cls)
    if name == "reference":
        return made(scan, keep)  # type: ignore[no-any-return]
    if name == "cupy":
        return made(scan, keep, dtype=dtype)  # type: ignore[no-any-return]
    return made(scan, keep, dtype=dtype, threads=threads, events=events)  # type: ignore[no-any-return]
