"""How a run is carried out: the options of ``simulate``, checked before anything is built."""

import os
from pathlib import Path
from typing import Any

import numpy as np

from ..backends import backend_names
from ..errors import DescriptionError, listing, nearest
from .progress import Progress

DTYPES = ("float32", "float64")
THREADS_PER_CORE, THREADS_ANYWHERE = 4, 16
"""More threads than four to a core only wait for each other; sixteen are allowed everywhere, so that a
script written for another machine runs."""


def checked_backend(name: Any) -> str:
    """The name of a backend, which may still be missing."""
    if not isinstance(name, str):
        raise DescriptionError(f"backend must be one of {listing(backend_names())}, got {name!r:.80}")
    return name


def checked_dtype(dtype: Any) -> str:
    """The name of the precision; names and NumPy's kinds of float are taken."""
    try:
        # NumPy reads None as float64, which nobody asked for
        name = str(dtype) if dtype is None else np.dtype(dtype).name
    except TypeError:
        name = str(dtype)
    if name not in DTYPES:
        raise DescriptionError(f"dtype must be one of {listing(DTYPES)}, got {dtype!r}{nearest(name, DTYPES)}")
    return name


def checked_threads(threads: Any) -> int:
    """The number of threads; 0 leaves the choice to the backend."""
    if isinstance(threads, bool) or not isinstance(threads, int | np.integer) or threads < 0:
        raise DescriptionError(f"threads must be a whole number >= 0, got {threads!r}")
    cores = os.cpu_count() or 1
    most = max(THREADS_PER_CORE * cores, THREADS_ANYWHERE)
    if threads > most:
        raise DescriptionError(f"threads must be at most {most} on a machine of {cores} cores, got {threads}")
    return int(threads)


def checked_memory_limit(limit: Any) -> Any:
    """Bytes, ``auto``, or None for no limit."""
    if limit is None or isinstance(limit, str) and limit == "auto":
        return limit
    if isinstance(limit, bool) or not isinstance(limit, int | float | np.number) or not 0 <= limit < np.inf:
        raise DescriptionError(f"memory_limit must be a number of bytes >= 0, 'auto' or None, got {limit!r:.80}")
    return int(limit)


def checked_path(path: Any, name: str = "path") -> Path | None:
    """Where to write or read; None is nowhere."""
    if path is None:
        return None
    try:
        found = Path(path)
    except TypeError:
        found = None
    if found is None or "\0" in str(found):
        raise DescriptionError(f"{name} must be a path, got {path!r:.80}")
    return found


def checked_progress(progress: Any) -> bool | Progress:
    """True, False, or what is called with the model time done and to be done."""
    if progress is None:
        return False
    if isinstance(progress, bool | np.bool_):
        return bool(progress)
    if not callable(progress):
        raise DescriptionError(f"progress must be True, False or a callable(done_ms, total_ms), got {progress!r:.80}")
    return progress
