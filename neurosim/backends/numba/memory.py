"""Sizes and names of what lies in memory; the processors that there are."""

import os

import numpy as np

BLOCK = 64
"""Indices that the generated loops treat at once; every space is padded to a multiple of it."""


def padded(size: int) -> int:
    """``size`` rounded up to whole blocks."""
    return -(-size // BLOCK) * BLOCK


def shares(size: int, lanes: int) -> np.ndarray:
    """Where the share of each of ``lanes`` threads begins, (lanes + 1,); whole blocks, as even as they go."""
    blocks = padded(size) // BLOCK
    return np.array([BLOCK * (blocks * q // lanes) for q in range(lanes + 1)], dtype=np.int64)


def power_of_two(n: int) -> int:
    """The smallest power of two that is at least ``n``."""
    return 1 << max(n - 1, 0).bit_length()


def symbol(name: str) -> str:
    """A name as part of an identifier: ``exc.v`` becomes ``exc__v``."""
    return name.replace(".", "__")


def cores() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
