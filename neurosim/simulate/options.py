"""How a run is carried out: the options of ``simulate``, checked before anything is built."""

import inspect
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, TypedDict, TypeVar

import numpy as np

from ..backends import backend_names
from ..errors import DescriptionError, listing, nearest
from ..recording.files import check_place
from .progress import Progress

F = TypeVar("F", bound=Callable[..., Any])

DTYPES = ("float32", "float64")
THREADS_PER_CORE, THREADS_ANYWHERE = 4, 16
"""More threads than four to a core only wait for each other; sixteen are allowed everywhere, so that a
script written for another machine runs."""


class RunOptions(TypedDict, total=False):
    """What ``simulate`` and ``Simulation`` take besides the network; explained at ``simulate``."""

    dt: Any
    backend: str
    seed: int
    record: Any
    dtype: str
    threads: int
    replicas: int
    progress: bool | Progress
    memory_limit: int | None | Literal["auto"]
    path: str | Path | None
    overwrite: bool


DEFAULTS: RunOptions = {
    "dt": 0.1, "backend": "numba", "seed": 0, "record": (), "dtype": "float32", "threads": 0, "replicas": 1,
    "progress": True, "memory_limit": "auto", "path": None, "overwrite": False,
}  # fmt: skip


def shows_options(function: F) -> F:
    """Let ``help`` and notebooks show the options by name where a function takes ``**options``."""
    own = inspect.signature(function)
    kept = [p for p in own.parameters.values() if p.kind is not p.VAR_KEYWORD and not p.name.startswith("_")]
    kinds = RunOptions.__annotations__
    options = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kinds[name])
        for name, default in DEFAULTS.items() if name not in own.parameters
    ]
    function.__signature__ = own.replace(parameters=[*kept, *options])  # type: ignore[attr-defined]
    return function


def checked_options(given: RunOptions) -> RunOptions:
    """All options, those not given by default; wrong ones are refused before anything is built."""
    for name in given:
        if name not in DEFAULTS:
            known = listing(DEFAULTS)
            raise DescriptionError(f"there is no option {name!r} of a run{nearest(name, DEFAULTS)}; there are: {known}")
    options: RunOptions = {**DEFAULTS, **given}
    path, overwrite = checked_path(options["path"]), options["overwrite"]
    if not isinstance(overwrite, bool | np.bool_):
        raise DescriptionError(f"overwrite must be True or False, got {overwrite!r:.80}")
    if path is not None:
        check_place(path, bool(overwrite))
    elif overwrite:
        raise DescriptionError("overwrite needs a path, got none")
    return {
        **options,
        "backend": checked_backend(options["backend"]),
        "dtype": checked_dtype(options["dtype"]),
        "threads": checked_threads(options["threads"]),
        "progress": checked_progress(options["progress"]),
        "memory_limit": checked_memory_limit(options["memory_limit"]),
        "path": path,
        "overwrite": bool(overwrite),
    }


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
