"""The module of a scan: its kernels, one for each part."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ....gradients import Outer, Product, Scan
from ..module import prelude_text
from .emit_alone import emit_alone
from .emit_together import emit_together
from .homes import Home
from .kernel import PartText
from .parts import Part


@dataclass(frozen=True)
class ScanModule:
    """Generated text.

    Parameters
    ----------
    text
        All kernels; empty of them where there are only products over all steps.
    parameters
        Of each kernel by name, as they are declared in C.
    arguments
        For each part by its number what it is given behind the numbers of steps and copies: (kind, name) each.
    """

    text: str
    parameters: dict[str, list[str]]
    arguments: dict[int, list[tuple[str, str]]]


def make_scan_module(scan: Scan, planned: Sequence[Part | Product | Outer], homes: Mapping[str, Home],
                     dtype: np.dtype) -> ScanModule:
    """Everything that the kernels of a scan need, as one self-contained text."""
    own = Path(__file__).with_name("scans.h").read_text(encoding="utf-8")
    lines = [prelude_text(dtype.name), own]
    parameters: dict[str, list[str]] = {}
    arguments = {}
    for number, part in enumerate(planned):
        if not isinstance(part, Part):
            continue
        text = PartText(scan, part, homes, number, 8 * dtype.itemsize)
        lines += [*(emit_alone if part.alone else emit_together)(text), ""]
        more = ["i64 width"] if part.alone else []
        parameters[f"part_{number}"] = ["i64 steps", "i64 copies", *more, *text.parameters]
        arguments[number] = list(text.arguments.values())
    return ScanModule("\n".join(lines), parameters, arguments)
