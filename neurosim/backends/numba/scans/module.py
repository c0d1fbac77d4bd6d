"""The module of a scan: its scanned stages, one function each."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ....gradients import Scan, Stage
from ....kernels.loader import prelude_text, source_text
from .homes import Home
from .panels import PANEL_BYTES, TILE
from .stage import StageText

_HEAD = """\
F = np.{dtype}
scanned = njit(error_model="numpy", boundscheck=False, nogil=True, cache=True, _nrt=False)
backwards = njit(error_model="numpy", boundscheck=False, nogil=True, cache=True, _nrt=False,
                 fastmath={{"contract", "nsz", "arcp"}})
"""


@dataclass(frozen=True)
class ScanModule:
    """Generated text, and for each scanned stage the arguments behind the first four: (kind, name) each."""

    text: str
    arguments: tuple[tuple[tuple[str, str], ...], ...]


def make_scan_module(scan: Scan, cut: list[Stage], homes: dict[str, Home], dtype: np.dtype,
                     events: Collection[str]) -> ScanModule:
    """Everything that the scanned stages need, as one self-contained text."""
    parts: list[str] = []
    arguments = []
    for stage in cut:
        if stage.bulk:
            continue
        found = StageText(scan, stage, homes, dtype, events)
        parts.append(found.emit(f"stage_{len(parts)}"))
        arguments.append(tuple(found.arguments.values()))
    here = Path(__file__).parent
    runtime = source_text(here.with_name("runtime.py")) + source_text(here / "runtime.py")
    sizes, head = f"PANEL_BYTES, TILE = {PANEL_BYTES}, {TILE}", _HEAD.format(dtype=dtype.name)
    return ScanModule("\n\n".join([prelude_text(), sizes, runtime, head, *parts]), tuple(arguments))
