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
    if first.shape[-2:] != second.shape[-2:]:
        raise RecordingError(f"codes must be of the same macs, got shapes {first.shape} and {second.shape}")
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
        Class of each, (T,), from 0.
    cells
        K.
    """

    def __init__(self, codes: np.ndarray, labels: np.ndarray, cells: int):
        labels = np.asarray(labels)
        if len(codes) != len(labels) or not len(labels):
            raise RecordingError(
                f"there must be one label for each of at least one code, got {len(labels)} labels "
                f"for {len(codes)} codes"
            )
        flat = np.asarray(codes).reshape(len(codes), -1)
        counts = np.zeros((int(labels.max()) + 1, flat.shape[1], cells))
        at = np.arange(flat.shape[1])
        for code, label in zip(flat, labels, strict=True):
            spoken = code != SILENT
            counts[label, at[spoken], code[spoken]] += 1
        self.evidence = np.log(counts + 1) - np.log(counts.sum(axis=2, keepdims=True) + cells)

    def classify(self, codes: np.ndarray) -> np.ndarray:
        """The class with most evidence for each of (T, M, Q) codes, (T,)."""
        flat = np.asarray(codes).reshape(len(codes), -1)
        at = np.arange(flat.shape[1])
        totals = self.evidence[:, at, np.maximum(flat, 0)] * (flat != SILENT)
        return totals.sum(axis=2).argmax(axis=0)
