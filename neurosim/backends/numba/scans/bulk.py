"""Matrix products over whole sequences."""

import sys

import numpy as np


def multiply(left: np.ndarray, right: np.ndarray, out: np.ndarray) -> None:
    """``out = left @ right``, all two-dimensional.

    Where torch is at hand its library is used, which is the faster on most processors.
    """
    torch = sys.modules.get("torch")
    if torch is not None and hasattr(torch, "mm"):
        torch.mm(torch.from_numpy(left), torch.from_numpy(right), out=torch.from_numpy(out))
    else:
        np.matmul(left, right, out=out)
