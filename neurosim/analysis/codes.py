"""Sparse codes: one winner in each module of a mac."""

from typing import Any

import numpy as np

from ..errors import RecordingError

SILENT = -1
"""Stands for the winner of a module that has none."""


def winners(win: Any, modules: int, cells: int) -> np.ndarray:
    """The number of the winner in each module, (T, M, Q); ``SILENT`` where there is none.

    Parameters
    ----------
    win
        Whether a cell has won, (T, M Q K): a trace such as ``recording["memory.win"]``, or an array.
    modules, cells
        Q and K.
    """
    for name, count in (("modules", modules), ("cells", cells)):
        if count < 1:
            raise RecordingError(f"{name} must be a whole number >= 1, got {count!r}")
    values = np.asarray(getattr(win, "values", win)) != 0
    if values.ndim != 2 or not values.shape[1] or values.shape[1] % (modules * cells):
        raise RecordingError(f"win must be (T, M * {modules} * {cells}), got shape {values.shape}")
    if not len(values):
        raise RecordingError("there is no code: the recording holds no frame; run it first")
    grouped = values.reshape(len(values), -1, modules, cells)
    return np.where(grouped.any(axis=-1), grouped.argmax(axis=-1), SILENT)


def agreement(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Fraction of modules with the same winner in two codes, (...); chance is 1 / K.

    Parameters
    ----------
    first, second
        Codes, (..., M, Q), as ``winners`` gives them. Modules of a mac that is silent in either do not count; where
        all are, the result is NaN.
    """
    first, second = np.asarray(first), np.asarray(second)
    lengths = {*first.shape[:-2]} | {*second.shape[:-2]}
    if min(first.ndim, second.ndim) < 2 or first.shape[-2:] != second.shape[-2:] or len(lengths - {1}) > 1:
        raise RecordingError(
            f"codes must be (..., M, Q) of the same macs, and as many, got shapes {first.shape} and {second.shape}"
        )
    both = (first != SILENT) & (second != SILENT)
    counted = both.sum(axis=(-2, -1))
    same = ((first == second) & both).sum(axis=(-2, -1))
    return np.where(counted > 0, same / np.maximum(counted, 1), np.nan)


class LogCounts:
    """Classes from codes by how often a winner was seen with a class.

    The evidence for a class is the sum over winners of ``log(count + 1)`` minus the log of the class's own sum.

    Parameters
    ----------
    codes
        (T, M, Q) codes, as ``winners`` gives them.
    labels
        Class of each, (T,), from 0; -1 for a code that is not to be counted.
    cells
        K.
    """

    def __init__(self, codes: np.ndarray, labels: np.ndarray, cells: int):
        labels = np.asarray(labels)
        if labels.ndim != 1 or len(codes) != len(labels) or not len(labels):
            raise RecordingError(
                f"there must be one label for each of at least one code, got labels of shape {labels.shape} "
                f"for {len(codes)} codes"
            )
        if labels.dtype.kind not in "iu" or labels.min() < SILENT or labels.max() < 0:
            raise RecordingError(
                f"labels must be whole numbers from 0, or -1 for none, and not all -1, got {labels.dtype} "
                f"{labels.min()}..{labels.max()}"
            )
        flat = _flat(codes, cells)
        flat, labels = flat[labels >= 0], labels[labels >= 0]
        counts = np.zeros((int(labels.max()) + 1, flat.shape[1], cells))
        at = np.arange(flat.shape[1])
        for code, label in zip(flat, labels, strict=True):
            spoken = code != SILENT
            counts[label, at[spoken], code[spoken]] += 1
        self.evidence = np.log(counts + 1) - np.log(counts.sum(axis=2, keepdims=True) + cells)

    def classify(self, codes: np.ndarray) -> np.ndarray:
        """The class with most evidence for each of (T, M, Q) codes, (T,)."""
        flat = _flat(codes, self.evidence.shape[2])
        if flat.shape[1] != self.evidence.shape[1]:
            raise RecordingError(
                f"codes must have {self.evidence.shape[1]} modules as those counted, got {flat.shape[1]}"
            )
        at = np.arange(flat.shape[1])
        totals = self.evidence[:, at, np.maximum(flat, 0)] * (flat != SILENT)
        return totals.sum(axis=2).argmax(axis=0)


def _flat(codes: np.ndarray, cells: int) -> np.ndarray:
    """Winners (T, M * Q), each below ``cells``."""
    codes = np.asarray(codes)
    if codes.ndim < 2 or codes.dtype.kind not in "iu" or codes.min() < SILENT or codes.max() >= cells:
        raise RecordingError(
            f"codes must be (T, M, Q) winners in -1..{cells - 1}, as winners() gives them, got {codes.dtype} of shape "
            f"{codes.shape}"
        )
    return codes.reshape(len(codes), -1)
