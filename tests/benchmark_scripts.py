"""How tests get at the scripts of ``benchmarks/``."""

import importlib
import sys
from pathlib import Path
from types import ModuleType

FOLDER = Path(__file__).resolve().parent.parent / "benchmarks"


def load(name: str) -> ModuleType:
    """A module of ``benchmarks/``, which is a folder of scripts and not a package."""
    places = [str(FOLDER), str(FOLDER / "peers")]
    sys.path[:0] = places
    try:
        return importlib.import_module(name)
    finally:
        for place in places:
            sys.path.remove(place)
