"""Indices into edges that the kernels need: chunks by delay and owner, and columns by target."""

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from ...kernels.loader import load, prelude_text, source_text


@cache
def kernels() -> Any:
    """The compiled loops over edges."""
    return load("edge_index", prelude_text(), source_text(Path(__file__).with_name("index_kernels.py")))


def place_type(first: np.ndarray) -> type:
    """The type of a place within a row; ``first`` says where each row begins."""
    return np.uint16 if int(np.diff(first).max(initial=0)) < 65536 else np.uint32


def number_type(edges: int) -> type:
    """The type of the number of an edge."""
    return np.int32 if edges < 2**31 else np.int64


def chunk_bounds(edges: Any, delays: np.ndarray, ranges: np.ndarray) -> np.ndarray:
    """Where in each row the chunk of each (delay, owner) begins, (sources, D * owners + 1), from the row's start.

    Rows are sorted by delay and then target, and owners hold ascending ranges of targets, so every chunk is contiguous.
    """
    owners = len(ranges) - 1
    width = place_type(edges.first)
    if hasattr(edges, "chunks"):  # a bundle, cut by owners when it was made
        return edges.chunks.astype(width)
    out = np.zeros((edges.sources, max(len(delays), 1) * owners + 1), width)
    if edges.count:
        many = np.ndim(edges.delay) > 0
        delay = edges.delay if many else np.full(1, edges.delay, np.uint16)
        slot = np.zeros(int(delays[-1]) + 1, np.int32)
        slot[delays] = np.arange(len(delays))
        kernels().bounds(edges.first, edges.target, delay, many, slot, ranges, out)
    return out


def columns(edges: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The edges by target: starts (targets + 1,), edge numbers and sources (E,), sources ascending."""
    first = np.zeros(edges.targets + 1, np.int64)
    edge, source = np.zeros(edges.count, number_type(edges.count)), np.zeros(edges.count, np.int32)
    kernels().columns(edges.first, edges.target, first, edge, source)
    return first, edge, source
