"""Sizes and names of what lies in memory; the processors that there are."""

import os

import numpy as np

BLOCK = 64
"""Indices that the generated loops treat at once; every space is padded to a multiple of it."""


def padded(size: int) -> int:
    """``size`` rounded up to whole blocks."""
    return -(-size // BLOCK) * BLOCK


def words(columns: int) -> int:
    """Words of 64 bits that a row of ``columns`` bits takes."""
    return -(-columns // 64)


def packed(bits: np.ndarray, columns: int) -> np.ndarray:
    """Rows of ``columns`` truth values, (n,), as words, the first bit of a row the lowest."""
    rows = np.asarray(bits, bool).reshape(-1, columns)
    whole = np.zeros((len(rows), 8 * words(columns)), np.uint8)
    whole[:, : -(-columns // 8)] = np.packbits(rows, axis=1, bitorder="little")
    return whole.view("<u8").astype(np.uint64, copy=False).ravel()


def unpacked(matrix: np.ndarray, columns: int) -> np.ndarray:
    """The truth values of ``packed``, row by row, (n,)."""
    whole = matrix.astype("<u8", copy=False).reshape(-1, words(columns)).view(np.uint8)
    return np.unpackbits(whole, axis=1, count=columns, bitorder="little").astype(bool).ravel()


def shares(size: int, lanes: int) -> np.ndarray:
    """Where the share of each of ``lanes`` threads begins, (lanes + 1,); whole blocks, as even as they go."""
    blocks = padded(size) // BLOCK
    return np.array([BLOCK * (blocks * q // lanes) for q in range(lanes + 1)], dtype=np.int64)


def power_of_two(n: int) -> int:
    """The smallest power of two that is at least ``n``."""
    return 1 << max(n - 1, 0).bit_length()


def symbol(name: str) -> str:
    """A name as part of an identifier, another one for each: ``exc.v_m`` becomes ``exc_pv__m``."""
    return name.replace("_", "__").replace(".", "_p")


def cores() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
