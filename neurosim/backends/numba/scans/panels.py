"""Weights as the loops of a scan read them: in panels of as many columns as a few vectors of the processor hold.

A panel is read from its first source to its last, while the sums of a tile, which is some copies by the columns of a
panel, stay in registers. A BLAS would arrange the weights anew in every step, for a handful of copies.
"""

import llvmlite.binding as llvm
import numpy as np

PANEL_BYTES = 128 if llvm.get_host_cpu_features().get("avx512f") else 64
"""Bytes of a row of a panel: two vectors."""
TILE = 4
"""Copies whose sums are kept in registers together; with two vectors for each that is as many as AVX2 has to spare."""


def panels(weight: np.ndarray) -> np.ndarray:
    """A matrix, (sources, targets), panel by panel, the last filled up with zeros; flat."""
    depth, columns = weight.shape
    width = PANEL_BYTES // weight.itemsize
    count = -(-columns // width)
    filled = np.zeros((depth, count * width), weight.dtype)
    filled[:, :columns] = weight
    return np.ascontiguousarray(filled.reshape(depth, count, width).transpose(1, 0, 2)).ravel()
