"""Scans on a GPU: the calls to CuPy and to torch, on stand-ins that refuse what these refuse."""

import ctypes
import importlib.util
import re
import sys
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from neurosim.backends import available, scan_runner
from neurosim.backends.cupy.cuda import OPTIONS
from neurosim.backends.cupy.host import HostDevice, find_compiler
from neurosim.backends.cupy.scans import device as device_module
from neurosim.backends.cupy.scans.cuda import CudaScans
from neurosim.errors import BackendError, DescriptionError, MemoryForeseenError
from neurosim.gradients import Scan, Unrolling
from neurosim.training import Trainable

needs_compiler = pytest.mark.skipif(find_compiler() is None, reason="no C++ compiler on this machine")


class Pointer:
    """Where an array of CuPy begins."""

    def __init__(self, array):
        assert array.flags.c_contiguous
        self.ptr = array.ctypes.data

    def copy_from_device_async(self, source, size):
        ctypes.memmove(self.ptr, source.ptr, size)

    def memset_async(self, value, size):
        ctypes.memset(self.ptr, value, size)


class FakeArray(np.ndarray):
    """As much of an array of CuPy as is used."""

    __cuda_array_interface__ = {"version": 3}

    @property
    def data(self):
        return Pointer(self)

    def set(self, values):
        assert values.dtype == self.dtype and values.shape == self.shape and values.flags.c_contiguous
        self[...] = values

    def get(self):
        assert self.flags.c_contiguous, "CuPy would copy this with a kernel of its own"
        return np.array(self)


class FakeCupy:
    """As much of CuPy as is used, on NumPy arrays; the kernels are those of the host's compiler."""

    def __init__(self):
        self._host, self.streams, self.free = HostDevice(), [], 1 << 33
        self.launched, self.multiplied = 0, 0
        card = {"name": b"Fake card", "major": 9, "minor": 0, "multiProcessorCount": 2}
        runtime = SimpleNamespace(
            driverGetVersion=lambda: 13000, runtimeGetVersion=lambda: 13000, getDeviceCount=lambda: 1,
            getDevice=lambda: 0, getDeviceProperties=lambda number: card, memGetInfo=lambda: (self.free, 1 << 34),
        )  # fmt: skip
        out = type("OutOfMemoryError", (MemoryError,), {})
        self.cuda = SimpleNamespace(
            runtime=runtime, memory=SimpleNamespace(OutOfMemoryError=out), Device=self._entered("device"),
            ExternalStream=self._entered("stream"),
            get_current_stream=lambda: SimpleNamespace(synchronize=lambda: None))

    def _entered(self, kind):
        @contextmanager
        def entered(which):
            self.streams.append((kind, which))
            yield
            self.streams.append((kind, None))

        return entered

    def empty(self, shape, dtype):
        if np.prod(shape) * 8 > self.free:
            raise self.cuda.memory.OutOfMemoryError
        return np.full(shape, np.nan if np.dtype(dtype).kind == "f" else 0, dtype).view(FakeArray)

    def asarray(self, values):
        return values if isinstance(values, FakeArray) else np.asarray(values).view(FakeArray)

    def ascontiguousarray(self, values):
        assert values.flags.c_contiguous, "CuPy would copy this with a kernel of its own"
        return values

    def dot(self, left, right, out):
        assert out.flags.c_contiguous and left.dtype == right.dtype == out.dtype
        for one in (left, right):
            assert one.flags.c_contiguous or one.flags.f_contiguous, "cuBLAS takes rows or columns"
        self.multiplied += 1
        out[...] = np.asarray(left) @ np.asarray(right)

    def RawModule(self, code, options):
        assert options == OPTIONS
        names = re.findall(r'extern "C" __global__ void (\w+)\(([^)]*)\)', code)
        launchers = self._host.compile(code, {name: found.split(", ") for name, found in names})
        return SimpleNamespace(get_function=lambda name: self._kernel(launchers[name]))

    def _kernel(self, launcher):
        def launch(grid, block, arguments):
            assert len(grid) == 2 and len(block) == 1 and 1 <= block[0] <= 512 and grid[0] > 0
            assert all(isinstance(a, FakeArray | np.int64) for a in arguments)
            assert all(a.flags.c_contiguous for a in arguments if isinstance(a, FakeArray))
            self.launched += 1
            launcher(*grid, 1, [a.ctypes.data if isinstance(a, FakeArray) else a.item() for a in arguments])

        return launch


def found(monkeypatch, there: bool) -> None:
    """Let a search for CuPy find it, or not; everything else is searched for as before."""
    real = importlib.util.find_spec

    def find_spec(name, *rest):
        return (object() if there else None) if name == "cupy" else real(name, *rest)

    monkeypatch.delenv("NEUROSIM_CUDA_LOADER", raising=False)
    monkeypatch.setattr(importlib.util, "find_spec", find_spec)


@pytest.fixture
def cupy(monkeypatch):
    fake = FakeCupy()
    monkeypatch.setitem(sys.modules, "cupy", fake)
    found(monkeypatch, True)
    device_module._device.cache_clear()
    yield fake
    device_module._device.cache_clear()


def layer() -> Scan:
    """A recurrent layer and a readout."""
    made = Unrolling({"in": 3, "cells": 5, "out": 2})
    made.input("x", "in")
    for name, rows, columns in (("w", "in", "cells"), ("r", "cells", "cells"), ("v", "cells", "out")):
        made.parameter(name, columns, rows=rows)
    made.parameter("beta")
    made.state("u", "cells")
    made.state("s", "cells", binary=True)
    made.state("y", "out")
    made.product("x", "w", "I")
    made.product("s", "r", "J")
    made.step("cells", "u = beta*u + I + J - stop(H(u - 1)); s = H(u - 1)", surrogate="arctan")
    made.product("s", "v", "K")
    made.step("out", "y = 0.9*y + K")
    return made.finish(["y"])


def values(steps: int = 6, copies: int = 4) -> tuple[dict, dict]:
    rng = np.random.default_rng(4)
    parameters = {n: rng.normal(size=shape) for n, shape in (("w", (3, 5)), ("r", (5, 5)), ("v", (5, 2)))}
    return {"x": 2 * rng.random((steps, copies, 3))}, {**parameters, "beta": np.array(0.9)}


@needs_compiler
@pytest.mark.parametrize("memory", ["full", "recompute"])
def test_the_calls_to_cupy_are_those_it_has(cupy, memory):
    assert available("cupy") is None
    inputs, parameters = values()
    wanted = ("x", "w", "r", "v", "beta")
    runs = []
    for backend in ("cupy", "numba"):
        trainable = Trainable(layer(), wanted, backend=backend, dtype="float64", memory=memory, events=False)
        tape = trainable.forward(inputs, parameters)
        found = trainable.backward(tape, {"y": np.ones((1, 4, 2))})
        runs.append([tape.outputs["y"], found.inputs["x"], *(found.parameters[n] for n in wanted[1:])])
    assert cupy.launched and cupy.multiplied and np.abs(runs[0][0]).max() > 0.1
    for ours, theirs in zip(*runs, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-10)


@needs_compiler
def test_a_stage_is_one_launch_for_all_steps(cupy):
    inputs, parameters = values(steps=50)
    runner = scan_runner(layer(), name="cupy", dtype="float64")
    runner.run(inputs, parameters, {}, 50, 4)
    assert (cupy.launched, cupy.multiplied) == (2, 2)


@needs_compiler
def test_what_does_not_fit_says_what_needs_less(cupy):
    inputs, parameters = values()
    runner = scan_runner(layer(), name="cupy", dtype="float64")
    cupy.free = 500
    with pytest.raises(MemoryForeseenError, match=r"GiB on the device.* memory='recompute' or a smaller batch"):
        runner.run(inputs, parameters, {}, 6, 4)


@needs_compiler
def test_without_the_library_for_products_the_error_says_what_to_install(cupy):
    def dot(left, right, out):
        raise ImportError("libcublas.so.13: cannot open shared object file")

    inputs, parameters = values()
    runner = scan_runner(layer(), name="cupy", dtype="float64")
    cupy.dot = dot
    with pytest.raises(BackendError, match=r"gradients need cuBLAS.*libcublas.*pip install nvidia-cublas for CUDA 13"):
        runner.run(inputs, parameters, {}, 6, 4)


def test_without_a_gpu_gradients_say_what_is_missing(monkeypatch):
    found(monkeypatch, False)
    with pytest.raises(BackendError, match="needs the package cupy"):
        scan_runner(layer(), name="cupy")
    with pytest.raises(BackendError, match="needs the package cupy"):
        CudaScans()


@needs_compiler
def test_tensors_on_a_gpu_are_taken_and_given_as_they_are(cupy, monkeypatch):
    torch = pytest.importorskip("torch")
    from neurosim.bridges.torch import ScanModule, exchange, running

    inputs, parameters = values()
    place = exchange.OnCuda(torch.device("cpu", 0))
    runs = []
    for on_gpu in (False, True):
        if on_gpu:
            monkeypatch.setattr(running, "exchange_for", lambda tensors: place)
            monkeypatch.setattr(torch.cuda, "current_stream", lambda device: SimpleNamespace(cuda_stream=77))
            monkeypatch.setattr(CudaScans, "is_own", lambda self, x: isinstance(x, FakeArray | torch.Tensor))
            cupy.empty, handed = _noted(cupy.empty)
        x = torch.tensor(inputs["x"], requires_grad=True)
        train = list(parameters)
        module = ScanModule(layer(), inputs=["x"], outputs=["y"], values=parameters, train=train, dtype=torch.float64)
        given = dict(module.named_parameters())
        y, state = module(x, return_state=True)
        (y.sum() + (state["y.before"] ** 2).sum()).backward()
        runs.append([y.detach(), x.grad, *(p.grad for p in given.values())])
    assert runs[1][0].abs().max() > 0.1
    for ours, theirs in zip(*runs, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-9, atol=1e-9)
    entered = [which for kind, which in cupy.streams if kind == "stream"]
    assert entered == [77, None, 77, None]
    places = [(a.ctypes.data, a.ctypes.data + a.nbytes) for a in handed]
    for tensor in (runs[1][0], runs[1][1]):
        assert any(low <= tensor.data_ptr() < high for low, high in places), "a copy on the way out"


def _noted(empty):
    handed = []

    def noted(shape, dtype):
        handed.append(empty(shape, dtype))
        return handed[-1]

    return noted, handed


def test_tensors_that_no_backend_can_run_are_refused_by_name(monkeypatch):
    torch = pytest.importorskip("torch")
    from neurosim.bridges.torch.exchange import OnCpu, check_available, exchange_for

    cpu, gpu = (SimpleNamespace(device=torch.device(name)) for name in ("cpu", "cuda:0"))
    assert isinstance(exchange_for({"x": cpu}), OnCpu) and exchange_for({"x": gpu}).backend == "cupy"
    with pytest.raises(DescriptionError, match="w must be on cuda:0 as x is, got a tensor on cpu"):
        exchange_for({"x": gpu, "w": cpu})
    with pytest.raises(DescriptionError, match="x must be on the cpu or on cuda, got a tensor on meta"):
        exchange_for({"x": torch.empty(1, device="meta")})
    found(monkeypatch, False)
    with pytest.raises(BackendError, match="tensors on cuda run on the backend 'cupy': not available: .*package cupy"):
        check_available(exchange_for({"x": gpu}))


@needs_compiler
def test_the_benchmark_trains_layers(monkeypatch, capsys):
    monkeypatch.setenv("NEUROSIM_CUDA_LOADER", "host")
    monkeypatch.syspath_prepend(str(Path(__file__).resolve().parents[2] / "benchmarks"))
    import gpu

    monkeypatch.setattr(gpu, "TRAINED", {"gpu-train-recurrent": ((6, 5, 3), 4, 2)})
    assert gpu.main(["gpu-train-recurrent", "--repeat", "1"]) == 0
    shown = capsys.readouterr()
    assert "no measurement of a GPU" in shown.err and re.search(r"neurosim cupy .* iteration_s 0\.\d+", shown.out)


def test_a_module_on_a_gpu_trains_as_on_the_processor():
    torch = pytest.importorskip("torch")
    if not torch.cuda.is_available() or available("cupy") is not None:
        pytest.skip(f"no GPU for torch and cupy: {available('cupy')}")
    from neurosim.bridges.torch import ScanModule

    inputs, parameters = values()
    runs = []
    for device in ("cpu", "cuda"):
        module = ScanModule(layer(), inputs=["x"], outputs=["y"], values=parameters, train=list(parameters),
                            dtype=torch.float64).to(device)
        x = torch.tensor(inputs["x"], requires_grad=True, device=device)
        with torch.cuda.stream(torch.cuda.Stream()):  # what is queued on another stream than the usual one
            for _ in range(3):
                y = module(x)
                y.square().sum().backward()
        torch.cuda.synchronize()
        assert y.device.type == device
        runs.append([one.cpu() for one in (y.detach(), x.grad, *(p.grad for p in module.parameters()))])
    for ours, theirs in zip(*runs, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-9, atol=1e-9)
