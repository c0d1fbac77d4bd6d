"""Matrix products: within generated loops by address, and large ones over whole sequences."""

import sys
from functools import cache

import numpy as np

_NAMES = {"float32": "s", "float64": "d"}


@cache
def register() -> None:
    """Make ``neurosim_float32_gemm`` and ``neurosim_float64_gemm`` known to LLVM: SciPy's, with Fortran's interface.

    A function called by name can be kept in the cache of compiled code, one called by address cannot.
    """
    import llvmlite.binding as llvm
    import scipy.linalg.cython_blas  # noqa: F401
    from numba.extending import get_cython_function_address

    for dtype, letter in _NAMES.items():
        address = get_cython_function_address("scipy.linalg.cython_blas", f"{letter}gemm")
        llvm.add_symbol(f"neurosim_{dtype}_gemm", address)


def multiply(left: np.ndarray, right: np.ndarray, out: np.ndarray) -> None:
    """``out = left @ right``, all two-dimensional.

    Where torch is at hand its library is used, which is the faster on most processors.
    """
    torch = sys.modules.get("torch")
    if torch is not None and hasattr(torch, "mm"):
        torch.mm(torch.from_numpy(left), torch.from_numpy(right), out=torch.from_numpy(out))
    else:
        np.matmul(left, right, out=out)
