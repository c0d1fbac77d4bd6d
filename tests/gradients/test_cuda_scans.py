"""Scans on a GPU: kernels built by the host's compiler against the other backends, and machine code from NVRTC."""

import os
import sys
from pathlib import Path

import numpy as np
import pytest
from scans import given, smooth, spiking

from neurosim.backends import available
from neurosim.backends.cupy.cuda import OPTIONS
from neurosim.backends.cupy.host import find_compiler
from neurosim.backends.cupy.module import prelude_text
from neurosim.backends.cupy.scans import CudaScan
from neurosim.backends.cupy.scans import storage as storage_module
from neurosim.backends.cupy.scans.homes import find_homes
from neurosim.backends.cupy.scans.host import HostScans, Resident
from neurosim.backends.cupy.scans.module import make_scan_module
from neurosim.backends.cupy.scans.parts import Part, plan
from neurosim.backends.cupy.scans.storage import OnDevice
from neurosim.backends.numba.scans import NumbaScan
from neurosim.backends.reference.scans import ReferenceScan
from neurosim.errors import BackendError
from neurosim.gradients import Edges, Scan, Unrolling, adjoint
from neurosim.training import Trainable

sys.path.append(str(Path(__file__).resolve().parents[1] / "backends"))
import nvrtc  # noqa: E402

DOUBLE = {"rtol": 1e-10, "atol": 1e-10}  # some thousand roundings, and sums in another order
CARDS = [("sm_75", "float32", 13), ("sm_80", "float64", 13), ("sm_90", "float32", 13), ("sm_100", "float64", 13),
         ("sm_70", "float32", 12)]

needs_compiler = pytest.mark.skipif(find_compiler() is None, reason="no C++ compiler on this machine")


@pytest.fixture(autouse=True)
def device(monkeypatch):
    """The backend ``cupy`` on a GPU; where there is none, on the processor."""
    if available("cupy") is not None:
        monkeypatch.setenv("NEUROSIM_CUDA_LOADER", "host")


def ran(runner, *given) -> dict:
    """What a run gives, as arrays of NumPy."""
    found = runner.run(*given)
    return {(part, name): runner.storage.returned(array) for part in ("sequences", "ends", "totals")
            for name, array in getattr(found, part).items()}


def past() -> Scan:
    """Everything that is left in other scans: values read several steps later, constant inputs, a winner, one matrix
    in two products, one number in two spaces."""
    layer = Unrolling({"in": 4, "cells": 4, "pairs": 8})
    layer.input("x", "in")
    layer.input("drive", "cells")
    layer.parameter("w", "cells", rows="in")
    layer.parameter("k")
    layer.parameter("rate", "pairs")
    layer.parameter("one")
    layer.along("chain", Edges("cells", "cells", np.array([0, 0, 1, 3]), np.array([1, 3, 0, 3])))
    layer.state("u", "cells")
    layer.state("v", "pairs")
    layer.delayed("u", 3, "u_then", space="cells")
    layer.product("x", "w", "I")
    layer.step("cells", "u = 0.8*u - k*u_then + I + drive")
    layer.winner("u", "best")
    layer.product("u", "w", "J")
    layer.product("best", "one", "K", edges="chain")
    layer.step("pairs", "v = rate*v + tanh(k*u)", segments=["u"])
    layer.step("cells", "y = J + K")
    return layer.finish(["y", "v"])


def products() -> Scan:
    """Nothing that needs a kernel."""
    layer = Unrolling({"cells": 4})
    layer.input("x", "cells")
    layer.parameter("w", "cells", rows="cells")
    layer.product("x", "w", "h")
    layer.product("h", "w", "y")
    return layer.finish(["y"])


def both(scan: Scan, wanted, steps: int, copies: int, *, constant=(), **options):
    """The tapes and gradients of the reference and of the host's kernels."""
    inputs, parameters, starts = given(scan, steps, copies)
    inputs |= {name: inputs[name][:1] for name in constant}
    rng = np.random.default_rng(2)
    seeds = {n: rng.normal(size=(steps, copies, scan.size(n))) for n in scan.outputs}
    ends = {c.start: rng.normal(size=(c.lag, copies, scan.size(c.start))) for c in scan.pasts()}
    found = []
    for name, more in (("reference", {}), ("cupy", {"dtype": "float64", **options})):
        trainable = Trainable(scan, wanted, backend=name, **more)
        tape = trainable.forward(inputs, parameters, starts)
        found.append((tape, trainable.backward(tape, seeds, ends)))
    return found


def assert_close(ours, theirs, **tolerance) -> None:
    (tape, gradients), (expected_tape, expected) = ours, theirs
    for part, other in ((tape.outputs, expected_tape.outputs), (tape.ends, expected_tape.ends),
                        *((getattr(gradients, n), getattr(expected, n)) for n in ("inputs", "parameters", "starts"))):
        assert part.keys() == other.keys()
        for name in other:
            assert type(part[name]) is np.ndarray and part[name].shape == np.shape(other[name]), name
            np.testing.assert_allclose(part[name], other[name], err_msg=name, **tolerance)


@needs_compiler
@pytest.mark.parametrize(("scan", "wanted", "steps", "copies", "constant"), [
    (smooth(), ("x", "w", "r", "beta", "theta", "g"), 6, 5, ()),
    (smooth(), ("x", "w", "r", "beta", "theta", "g"), 1, 2, ()),
    (past(), ("x", "w", "k", "rate", "one"), 7, 4, ("drive",)),
    (past(), ("w", "drive"), 2, 1, ()),
    (spiking(), ("x", "w", "r", "w2", "w3", "beta", "theta"), 12, 5, ()),
    (products(), ("x", "w"), 3, 2, ()),
    (products(), ("w",), 3, 2, ("x",)),
])
def test_gradients_are_those_of_the_reference(scan, wanted, steps, copies, constant):
    expected, found = both(scan, wanted, steps, copies, constant=constant)
    assert_close(found, expected, **DOUBLE)


@needs_compiler
def test_single_precision_agrees_within_its_rounding():
    expected, found = both(smooth(), ("x", "w", "r", "beta", "theta", "g"), 5, 3, dtype="float32")
    assert found[0].outputs["z"].dtype == found[1].parameters["w"].dtype == np.float32
    assert_close(found, expected, rtol=1e-4, atol=1e-4)  # some thousand roundings of 6e-8


@needs_compiler
def test_segments_computed_again_give_the_bits_of_the_full_tape():
    found = [both(smooth(), ("x", "w", "r", "beta", "theta", "g"), 7, 3, memory=memory, segment=3)
             for memory in ("full", "recompute")]
    assert_close(found[0][1], found[0][0], **DOUBLE)
    for part in ("inputs", "parameters", "starts"):
        for name, expected in getattr(found[0][1][1], part).items():
            np.testing.assert_array_equal(getattr(found[1][1][1], part)[name], expected)


def leaky() -> Scan:
    """Neurons without products: one kernel in which each thread goes alone."""
    layer = Unrolling({"cells": 70})
    layer.input("x", "cells")
    layer.parameter("beta", "cells")
    layer.parameter("theta")
    layer.state("u", "cells")
    layer.delayed("s", 2, "s_then", space="cells")
    layer.step("cells", "_q = stop(H(u - theta)); u = beta*u + x - 0.3*s_then - theta*_q; s = H(u - theta)",
               surrogate="arctan")
    return layer.finish(["s", "u"])


@needs_compiler
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_neurons_without_products_have_the_bits_of_numba(dtype):
    scan = leaky()
    inputs, parameters, starts = given(scan, 25, 6)
    assert [part.alone for part in plan(scan)] == [True]
    found, expected = (ran(runner, inputs, parameters, starts, 25, 6) for runner in (
        CudaScan(scan, ["u.before"], dtype=dtype), NumbaScan(scan, ["u.before"], dtype=dtype)))
    assert 0.1 < expected["sequences", "s"].mean() < 0.9 and found.keys() == expected.keys()
    for name in expected:
        np.testing.assert_array_equal(found[name], expected[name], err_msg=name)


@needs_compiler
def test_threads_of_a_block_that_run_at_once_give_the_same_bits():
    for one in (past(), spiking()):
        inputs, parameters, starts = given(one, 5, 6)
        runs = [ran(CudaScan(one, dtype="float64", device=HostScans(threads)), inputs, parameters, starts, 5, 6)
                for threads in (1, 7)]
        for name in runs[0]:
            np.testing.assert_array_equal(runs[1][name], runs[0][name], err_msg=name)


def wide(binary: bool) -> Scan:
    """A recurrent product with more sources than are marked at once."""
    layer = Unrolling({"cells": 1100})
    layer.input("x", "cells")
    layer.parameter("r", "cells", rows="cells")
    layer.state("s", "cells", binary=binary)
    layer.product("s", "r", "I")
    layer.step("cells", "s = H(x + 0*I - 2); y = I")
    return layer.finish(["y"])


@needs_compiler
@pytest.mark.parametrize("copies", [1, 6])
@pytest.mark.parametrize("binary", [True, False])
def test_products_within_steps_add_up_what_the_reference_adds_up(binary, copies):
    scan = wide(binary)
    inputs, parameters, starts = given(scan, 3, copies)
    own = HostScans(3, processors=2) if os.environ.get("NEUROSIM_CUDA_LOADER") == "host" else None
    found, expected = (ran(runner, inputs, parameters, starts, 3, copies) for runner in (
        CudaScan(scan, dtype="float64", device=own), ReferenceScan(scan)))
    assert np.abs(expected["sequences", "y"]).max() > 1
    np.testing.assert_allclose(found["sequences", "y"], expected["sequences", "y"], **DOUBLE)


@needs_compiler
def test_what_needs_nothing_of_each_other_is_apart_and_goes_alone_where_nothing_crosses():
    layer = Unrolling({"a": 3, "b": 5})
    for space in "ab":
        layer.input(f"x{space}", space)
        layer.state(f"u{space}", space)
        layer.step(space, f"u{space} = 0.5*u{space} + x{space}")
    assert [part.alone for part in plan(layer.finish(["ua", "ub"]))] == [True, True]
    kinds = [one.alone if isinstance(one, Part) else type(one).__name__ for one in plan(spiking())]
    assert kinds == ["Product", False, "Product", True, "Product", True]


class Counting(HostScans):
    """Counts copies between host and device."""

    def __init__(self):
        super().__init__()
        self.written, self.read_back = 0, 0

    def write(self, values, array):
        self.written += values.dtype.kind == "f"
        super().write(values, array)

    def read(self, array):
        self.read_back += 1
        return super().read(array)


@needs_compiler
@pytest.mark.parametrize("memory", ["full", "recompute"])
def test_arrays_of_the_device_go_in_and_come_out_without_copies(monkeypatch, memory):
    counting = Counting()
    monkeypatch.setattr("neurosim.backends.cupy.scans.runner.default_scan_device", lambda: counting)
    scan = smooth()
    arrays = [{n: np.array(x).view(Resident) for n, x in part.items()} for part in given(scan, 6, 2)]
    seeds = {n: np.ones((6, 2, scan.size(n))).view(Resident) for n in scan.outputs}
    trainable = Trainable(scan, ("x", "w", "g"), backend="cupy", dtype="float64", memory=memory)
    tape = trainable.forward(*arrays)
    found = trainable.backward(tape, seeds)
    assert (counting.written, counting.read_back) == (0, 0)
    assert tape.inputs["x"] is arrays[0]["x"]
    for part in (tape.outputs, tape.ends, found.inputs, found.parameters, found.starts):
        assert part and all(isinstance(x, Resident) for x in part.values())


@needs_compiler
def test_what_lies_on_the_device_in_another_precision_is_refused(monkeypatch):
    monkeypatch.setattr("neurosim.backends.cupy.scans.runner.default_scan_device", HostScans)
    scan = leaky()
    inputs, parameters, starts = given(scan, 2, 2)
    with pytest.raises(BackendError, match="x must be float32 on the device, got float64"):
        Trainable(scan, ("beta",), backend="cupy").forward({"x": inputs["x"].view(Resident)}, parameters, starts)


@needs_compiler
@pytest.mark.parametrize(("part", "name", "shape", "message"), [
    (0, "x", (3, 2, 69), r"x must be \(4, 2, 70\)"), (1, "beta", (3,), r"beta must be \(70,\), got \(3,\)"),
    (2, "s.2.before", (1, 2, 70), r"s\.2\.before must be \(2, 2, 70\)"),
])
def test_an_array_of_the_wrong_size_is_refused_by_name(part, name, shape, message):
    scan = leaky()
    arrays = given(scan, 4, 2)
    arrays[part][name] = np.zeros(shape)
    with pytest.raises(BackendError, match=message):
        CudaScan(scan, dtype="float64").run(*arrays, 4, 2)


def texts(scan: Scan, dtype: str):
    """The modules of a scan and of its adjoint, with all that they can be asked for."""
    made = adjoint(scan, scan.of_kind("input", "parameter", "matrix"))
    for one, keep in ((made.forward, made.tape.values()), (made.backward, ())):
        planned = plan(one)
        yield make_scan_module(one, planned, find_homes(one, planned, keep), np.dtype(dtype))


@pytest.mark.parametrize(("card", "dtype", "major"), CARDS)
def test_every_kernel_compiles_for_every_card_and_spills_no_registers(card, dtype, major):
    nvrtc.needed(major)
    between = Path(storage_module.__file__).with_name("between.h").read_text(encoding="utf-8")
    modules = [(m.text, set(m.parameters)) for scan in (smooth(), past(), spiking()) for m in texts(scan, dtype)]
    modules.append((f"{prelude_text(dtype)}\n{between}", {name for name, _ in storage_module.KERNEL.findall(between)}))
    for text, names in modules:
        used = nvrtc.compiled(text, card, OPTIONS, major)
        assert used.keys() == names
        for name, needs in used.items():
            # 512 threads of 128 registers fill a processor's 65,536
            assert needs.registers <= 128 and needs.spilled == 0, (name, needs)


def test_every_process_would_generate_the_same_text():
    for first, second in zip(texts(smooth(), "float32"), texts(smooth(), "float32"), strict=True):
        assert first.text == second.text and "nan" not in first.text.split("// What the kernels of scans share")[1]


@needs_compiler
def test_arrays_between_scans_are_joined_turned_and_added_up():
    storage = OnDevice(HostScans(5), np.dtype("float64"))
    x = np.arange(30.0).reshape(3, 2, 5)
    own = storage.taken("x", x)
    np.testing.assert_array_equal(storage.joined([own, own[1:]]), np.concatenate([x, x[1:]]))
    np.testing.assert_array_equal(storage.turned(own), x[::-1])
    total, number = storage.zeros((2, 5)), storage.zeros(())
    for _ in range(2):
        storage.add_rows(own, 3, total)
        storage.add_rows(own, 3, number)
    np.testing.assert_array_equal(total, 2 * x.sum(axis=0))
    assert number == 2 * x.sum()
