"""An NVIDIA GPU through CuPy. CuPy's own kernels are not used, so no headers of CUDA are needed."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import numpy as np

from ...errors import BackendError
from .availability import look, unavailable
from .launching import word
from .layout import Stored
from .loader import Device, Launcher

OPTIONS = ("-std=c++17", "--fmad=false", "-ftz=true")
"""No fused additions: in float64 the bits are those of the other backends. Small numbers are 0, as Numba has it."""


class CudaDevice(Device):
    """The current card of this process; everything is queued on one stream."""

    def __init__(self) -> None:
        reason = unavailable()
        if reason is not None:
            raise BackendError(f"cupy: {reason}")
        import cupy

        self._cupy = cupy
        self._stream = cupy.cuda.Stream(non_blocking=True)
        facts = cupy.cuda.runtime.getDeviceProperties(cupy.cuda.runtime.getDevice())
        self.busy, self.resident = 4 * facts["multiProcessorCount"], 2 * facts["multiProcessorCount"]

    def describe(self) -> dict[str, Any]:
        found = look()
        return {"device": found.name, "compute capability": "{}.{}".format(*found.capability),
                "CUDA": found.runtime // 10 / 100, "cupy": self._cupy.__version__}

    def memory(self) -> tuple[int, int]:
        free, there = self._cupy.cuda.runtime.memGetInfo()
        return free + self._cupy.get_default_memory_pool().free_bytes(), there

    def allocate(self, stored: Stored) -> Any:
        with self._stream:
            if stored.values is None:
                return self._cupy.zeros(stored.shape, stored.dtype)
            array = self._cupy.empty(stored.shape, stored.dtype)
        self.write(array, stored.values().reshape(stored.shape))
        return array

    def address(self, array: Any) -> int:
        return int(array.data.ptr)

    def write(self, array: Any, values: np.ndarray) -> None:
        array.set(np.ascontiguousarray(values, dtype=array.dtype), stream=self._stream)
        self._stream.synchronize()  # the values may be gone when the copy runs

    def read(self, array: Any) -> np.ndarray:
        found = array.get(stream=self._stream)
        self._stream.synchronize()
        return found

    def compile(
        self, text: str, parameters: Mapping[str, Sequence[str]], together: Collection[str] = ()
    ) -> dict[str, Launcher]:
        module = self._cupy.RawModule(code=text, options=OPTIONS)
        return {name: (self._at_once if name in together else self._launcher)(module.get_function(name))
                for name in parameters}

    def capture(self, launches: Callable[[], None]) -> Callable[[], None]:
        with self._stream:
            self._stream.begin_capture()
            try:
                launches()
            finally:
                graph = self._stream.end_capture()
        return lambda: graph.launch(self._stream)

    def _launcher(self, kernel: Any) -> Launcher:
        def launch(blocks: int, replicas: int, threads: int, arguments: Sequence[Any]) -> None:
            given = tuple(_scalar(a) if isinstance(a, int | float) else a for a in arguments)
            with self._stream:
                kernel((blocks, replicas), (threads,), given)

        return launch

    def _at_once(self, kernel: Any) -> Launcher:
        """CuPy's own way wants a library of CUDA's toolkit; the driver alone can do it, given where arguments lie."""
        driver, pointer = self._cupy.cuda.driver, kernel.kernel.ptr

        def launch(blocks: int, replicas: int, threads: int, arguments: Sequence[Any]) -> None:
            words = [word(a) if isinstance(a, int | float) else self.address(a) for a in arguments]
            given = np.array(words, np.uint64)
            places = given.ctypes.data + given.itemsize * np.arange(len(given), dtype=np.uint64)
            driver.launchCooperativeKernel(pointer, blocks, replicas, 1, threads, 1, 1, 0, self._stream.ptr,
                                           places.ctypes.data)

        return launch


def _scalar(value: int | float) -> Any:
    return np.int64(value) if isinstance(value, int) else np.float64(value)
