"""An NVIDIA GPU for scans, through CuPy. Of CuPy's own kernels none is used, so no headers of CUDA are needed."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ....errors import BackendError, MemoryForeseenError
from ..availability import unavailable
from ..cuda import OPTIONS
from ..loader import Launcher
from .device import ScanDevice


class CudaScans(ScanDevice):
    """The current card; everything goes to CuPy's current stream."""

    def __init__(self) -> None:
        reason = unavailable()
        if reason is not None:
            raise BackendError(f"cupy: {reason}")
        import cupy

        self._cupy = cupy
        runtime = cupy.cuda.runtime
        self.processors = runtime.getDeviceProperties(runtime.getDevice())["multiProcessorCount"]

    def compile(self, text: str, parameters: Mapping[str, Sequence[str]]) -> dict[str, Launcher]:
        module = self._cupy.RawModule(code=text, options=OPTIONS)
        return {name: _launcher(module.get_function(name)) for name in parameters}

    def empty(self, shape: Sequence[int], dtype: np.dtype) -> Any:
        try:
            return self._cupy.empty(shape, dtype)
        except self._cupy.cuda.memory.OutOfMemoryError as problem:
            needed = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize / 2**30
            free, there = (n / 2**30 for n in self._cupy.cuda.runtime.memGetInfo())
            raise MemoryForeseenError(
                f"cupy: an array of {tuple(shape)} numbers needs {needed:.2f} GiB on the device, which has {free:.2f} "
                f"of {there:.2f} GiB free; memory='recompute' or a smaller batch needs less") from problem

    def is_own(self, values: Any) -> bool:
        # a tensor on the processor has the attribute too, and refuses to give it
        return hasattr(values, "__cuda_array_interface__")

    def view(self, values: Any) -> Any:
        return self._cupy.ascontiguousarray(self._cupy.asarray(values))

    def write(self, values: np.ndarray, array: Any) -> None:
        array.set(values)
        self._cupy.cuda.get_current_stream().synchronize()  # the values may be gone when the copy runs

    def read(self, array: Any) -> np.ndarray:
        found: np.ndarray = array.get()
        return found

    def copy(self, array: Any, into: Any) -> None:
        into.data.copy_from_device_async(array.data, array.nbytes)

    def clear(self, array: Any) -> None:
        array.data.memset_async(0, array.nbytes)

    def multiply(self, left: Any, right: Any, into: Any) -> None:
        try:
            self._cupy.dot(left, right, out=into)
        except (ImportError, OSError) as problem:
            raise BackendError(f"cupy: gradients need cuBLAS, which could not be loaded ({problem}): pip install "
                               "nvidia-cublas for CUDA 13, nvidia-cublas-cu12 for CUDA 12") from problem


def _launcher(kernel: Any) -> Launcher:
    def launch(blocks: int, replicas: int, threads: int, arguments: Sequence[Any]) -> None:
        kernel((blocks, replicas), (threads,), tuple(np.int64(a) if isinstance(a, int) else a for a in arguments))

    return launch
