"""The host's part of a run on a GPU, on a device that watches: what is allocated when, graphs, chunks, errors."""

import ctypes
import re
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from benchmark_scripts import load
from programs import Caught, receiving, run_until
from test_runners import PROBES, network

from neurosim import LIF, Network, Simulation
from neurosim.backends import Options, available
from neurosim.backends.cupy import availability
from neurosim.backends.cupy.availability import Found, diagnose, unavailable
from neurosim.backends.cupy.backend import CupyBackend, laid_out
from neurosim.backends.cupy.cuda import OPTIONS
from neurosim.backends.cupy.emit_records import MOST_STEPS
from neurosim.backends.cupy.host import HostDevice, find_compiler
from neurosim.backends.cupy.layout import TILE, Layout
from neurosim.backends.cupy.module import prelude_text
from neurosim.equations import Assign
from neurosim.errors import BackendError, MemoryForeseenError
from neurosim.program import Builder, Draw, Map, Probe, Ref

needs_compiler = pytest.mark.skipif(find_compiler() is None, reason="no C++ compiler on this machine")


class Watched(HostDevice):
    """A device that notes what is asked of it, and refuses what a GPU refuses."""

    def __init__(self, free: int = 1 << 40):
        super().__init__()
        self.free, self.allocated, self.launched, self.captured, self.replayed = free, 0, 0, 0, 0
        self._capturing = False

    def memory(self):
        return self.free, self.free

    def allocate(self, stored):
        self._refuse_in_capture("allocate")
        self.allocated += stored.nbytes
        return super().allocate(stored)

    def write(self, array, values):
        self._refuse_in_capture("write")
        super().write(array, values)

    def read(self, array):
        self._refuse_in_capture("read")
        return super().read(array)

    def compile(self, text, parameters, together=()):
        made = super().compile(text, parameters, together)
        return {name: self._noted(launcher) for name, launcher in made.items()}

    def capture(self, launches):
        self.captured += 1
        recorded = []
        self._capturing, self._record = True, recorded
        launches()  # a graph takes the launches down, and runs nothing
        self._capturing = False

        def replay():
            self.replayed += 1
            for launcher, arguments in recorded:
                self.launched += 1
                launcher(*arguments)

        return replay

    def _noted(self, launcher):
        def launch(*arguments):
            if self._capturing:
                self._record.append((launcher, arguments))
            else:
                launcher(*arguments)

        return launch

    def _refuse_in_capture(self, what):
        if self._capturing:
            raise AssertionError(f"{what} while a graph is captured")


def prepared(program, probes=(), free=1 << 40, dtype="float64"):
    device = Watched(free)
    return CupyBackend(device, loop="graph").prepare(program, list(probes), Options(dtype=dtype)), device


@needs_compiler
def test_nothing_is_allocated_or_captured_while_a_run_goes_on():
    runner, device = prepared(network(replicas=2), PROBES)
    allocated = device.allocated
    assert device.captured == 1 and device.replayed == 0
    run_until(runner, 500)
    assert (device.allocated, device.captured) == (allocated, 1)
    steps_per_graph = device.launched // device.replayed // runner.info()["launches per step"]
    assert device.replayed >= 500 // steps_per_graph > 1


@needs_compiler
def test_what_is_allocated_is_what_was_foreseen():
    program = network(replicas=2)
    _, device = prepared(program, PROBES)
    assert device.allocated == sum(s.nbytes for s in laid_out(program, PROBES, "float64").arrays.values())


@needs_compiler
def test_a_run_stops_at_its_step_though_a_graph_holds_more():
    runner, device = prepared(network(), PROBES)
    caught = run_until(runner, 3)
    assert runner.step == 3 and device.replayed == 1
    assert {step for step, _ in caught.pairs("s")} <= {0, 1, 2}
    expected = run_until(prepared(network(), PROBES)[0], 70)
    assert run_until(runner, 70, caught).pairs("s") == expected.pairs("s")


def everyone_fires(size: int) -> Builder:
    builder = Builder(dt=1.0)
    part = receiving(builder, "cell", size, v=0.0)
    part.map([Assign("v", "+=", "1")])
    part.events("spikes", "v > 0")
    return builder


@needs_compiler
def test_a_chunk_ends_by_itself_before_its_events_have_no_room(monkeypatch):
    monkeypatch.setattr("neurosim.backends.cupy.emit_records.EVENT_BYTES", 4000 * 4)
    runner, _ = prepared(everyone_fires(1000).finish(), [Probe("s", "events", "cell.spikes")])
    runner._steps_per_chunk = 60
    caught = Caught()
    runner.advance(60, caught)
    assert runner.step == 4  # room for 4000 events
    run_until(runner, 9, caught)
    assert caught.pairs("s") == [(k, i) for k in range(9) for i in range(1000)]


@needs_compiler
def test_a_chunk_has_no_more_steps_than_there_is_room_for_samples(monkeypatch):
    monkeypatch.setattr("neurosim.backends.cupy.emit_records.SAMPLE_BYTES", 7 * 8 * 5)
    runner, _ = prepared(everyone_fires(5).finish(), [Probe("v", "samples", "cell.v", every=2)])
    runner._steps_per_chunk = 1000
    caught = run_until(runner, 50)
    assert caught.steps("v") == list(range(1, 50, 2))
    np.testing.assert_array_equal(caught.values("v")[:, 0], np.arange(2, 51, 2))
    assert len(caught.traces["v"]) > 3


def test_no_chunk_outgrows_the_room_for_counts():
    probes = [Probe("s", "events", "cell.spikes")]
    layout = laid_out(everyone_fires(3).finish(), probes, "float32")
    assert layout.arrays["until_0"].shape == (1, MOST_STEPS)


@needs_compiler
def test_events_are_found_in_ascending_order_over_many_tiles():
    builder = Builder(dt=1.0)
    part = receiving(builder, "cell", 5 * TILE + 3, v=0.0)
    part.events("spikes", "(i * 7 + t) % 11 == 0 and i % 256 > 3 and i // 256 != 2")
    runner, _ = prepared(builder.finish(), [Probe("s", "events", "cell.spikes")])
    i = np.arange(5 * TILE + 3)
    expected = [(k, int(n)) for k in range(3) for n in i[((i * 7 + k) % 11 == 0) & (i % 256 > 3) & (i // 256 != 2)]]
    assert run_until(runner, 3).pairs("s") == expected


@needs_compiler
def test_a_mean_that_is_raised_gets_a_larger_table_and_a_new_graph():
    builder = Builder(dt=1.0, seed=1)
    part = receiving(builder, "cell", 200, n=0.0)
    part.value("mean", 0.5)
    refs = {"n": Ref("cell.n"), "mean": Ref("cell.mean")}
    builder.add("integrate", Map(space="cell", body=(Assign("n", "=", "_p"),), names=refs, stream=5,
                                 draws=(Draw("_p", "poisson", 0, "mean"),)))
    runner, device = prepared(builder.finish())
    run_until(runner, 1)
    runner.write("cell.mean", 400.0)
    assert device.captured == 2
    run_until(runner, 2)
    assert 390 < runner.read("cell.n").mean() < 410
    runner.write("cell.mean", 0.0)
    run_until(runner, 3)
    assert device.captured == 2 and runner.read("cell.n").max() == 0


def test_what_does_not_fit_is_refused_before_anything_is_allocated():
    device = Watched(free=30_000)
    with pytest.raises(MemoryForeseenError, match=r"needs \d\.\d\d GiB .* has 0\.00 of 0\.00 GiB free; .*a") as caught:
        CupyBackend(device).prepare(network(), PROBES, Options())
    assert device.allocated == 0 and "replicas" not in str(caught.value)


def test_how_many_replicas_fit_is_told_and_they_do():
    probes = []
    needed = [sum(s.nbytes for s in laid_out(network(n), probes, "float32").arrays.values()) for n in (1, 40, 100)]
    with pytest.raises(MemoryForeseenError, match=r"at most (\d+) of 100 replicas fit") as caught:
        CupyBackend(Watched(free=needed[1])).prepare(network(100), probes, Options())
    told = int(str(caught.value).partition("at most ")[2].split()[0])
    assert told == 40 and needed[0] < needed[1] < needed[2]


def test_options_are_refused_by_name():
    with pytest.raises(BackendError, match=r"cupy: sums must be one of exact, fast, fixed, got 'quick'"):
        CupyBackend(sums="quick")
    with pytest.raises(BackendError, match=r"cupy: loop must be one of block, graph, grid, got 'for'"):
        CupyBackend(loop="for")
    with pytest.raises(BackendError, match=r"cupy: dtype must be one of float32, float64, got 'float16'"):
        CupyBackend(Watched()).prepare(network(), [], Options(dtype="float16"))


def test_the_precision_is_that_of_the_prelude():
    assert prelude_text("float32").startswith("typedef float F;")
    assert prelude_text("float64").startswith("typedef double F;")
    assert f"#define TILE {TILE} " in prelude_text("float32")
    assert Layout(everyone_fires(2).finish(), np.dtype("float32")).arrays["a_cell_pv"].dtype == np.float32


CARD = {"cards": 1, "name": "Some card", "capability": (9, 0)}


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (Found(driver=0, runtime=13000), "no NVIDIA driver was found"),
        (Found(driver=12040, runtime=13000), r"serves CUDA 12\.4, and this cupy is built for CUDA 13; .*cuda12"),
        (Found(driver=13000, runtime=13000), "no NVIDIA GPU was found"),
        (Found(driver=13000, runtime=13000, **{**CARD, "capability": (6, 1)}), r"compute capability 6\.1.* needs 7\.5"),
        (Found(driver=13000, runtime=13000, **{**CARD, "capability": (7, 0)}), r"cupy-cuda12x serves 7\.0"),
        (Found(driver=12040, runtime=12080, **{**CARD, "capability": (7, 0)}), None),
        (Found(driver=13000, runtime=12080, **CARD), None),
        (Found(driver=13020, runtime=13000, **CARD), None),
    ],
)
def test_what_is_missing_is_said_with_what_helps(found, said):
    reason = diagnose(found)
    if said is None:
        assert reason is None
    else:
        assert reason is not None and re.search(said, reason) and reason.startswith("not available: ")


def test_without_cupy_the_backend_says_what_to_install(monkeypatch):
    monkeypatch.delenv("NEUROSIM_CUDA_LOADER", raising=False)
    monkeypatch.setattr(availability.importlib.util, "find_spec", lambda name: None)
    assert "not available: the backend 'cupy' needs the package cupy: pip install 'neurosim[cuda13]'" in unavailable()
    with pytest.raises(BackendError, match="needs the package cupy"):
        Simulation(Network({"cell": LIF(2)}), backend="cupy", progress=False)


def test_a_broken_cupy_is_a_reason_and_no_crash(monkeypatch):
    monkeypatch.delenv("NEUROSIM_CUDA_LOADER", raising=False)
    monkeypatch.setattr(availability.importlib.util, "find_spec", lambda name: object())
    monkeypatch.setitem(sys.modules, "cupy", None)
    assert "cupy cannot be used here (ModuleNotFoundError" in unavailable()


def test_the_host_loader_needs_a_compiler(monkeypatch):
    monkeypatch.setenv("NEUROSIM_CUDA_LOADER", "host")
    monkeypatch.setenv("CXX", "no-such-compiler")
    assert "finds no C++ compiler" in available("cupy")
    with pytest.raises(BackendError, match="no C\\+\\+ compiler was found"):
        HostDevice()


@needs_compiler
def test_further_flags_for_the_host_compiler_are_used(monkeypatch):
    monkeypatch.setenv("NEUROSIM_HOST_FLAGS", "-O1 -no-such-flag")
    with pytest.raises(BackendError, match="-no-such-flag"):
        CupyBackend(HostDevice()).prepare(network(), PROBES, Options())


@needs_compiler
def test_a_simulation_runs_and_says_on_what(monkeypatch):
    monkeypatch.setenv("NEUROSIM_CUDA_LOADER", "host")
    session = Simulation(Network({"cell": LIF(3, i=30.0)}), backend="cupy", record=["cell.spikes"], progress=False)
    recording = session.run(50.0)
    assert recording["cell.spikes"].count == 6  # each after 22 and 44 ms: tau * ln 3
    assert session.info()["sums"] == recording.metadata["sums"] == "fixed"
    assert session.info()["device"] == "host compiler"


class FakeCupy:
    """As much of CuPy as is used, on NumPy arrays; the kernels are those of the host's compiler."""

    __version__ = "14.0.0"

    class Array(np.ndarray):
        stream: object = None

        def set(self, values, stream):
            assert values.dtype == self.dtype and values.shape == self.shape and values.flags.c_contiguous
            assert stream.depth >= 0
            self[...] = values

        def get(self, stream):
            assert self.flags.c_contiguous, "CuPy would copy this with a kernel of its own"
            return np.array(self)

        @property
        def data(self):
            return SimpleNamespace(ptr=self.ctypes.data)

    class Stream:
        def __init__(self, non_blocking):
            assert non_blocking
            self.depth, self.nodes, self.ptr = 0, None, 77

        def __enter__(self):
            self.depth += 1

        def __exit__(self, *problem):
            self.depth -= 1

        def synchronize(self):
            assert self.nodes is None, "no waiting while a graph is captured"

        def begin_capture(self):
            self.nodes = []

        def end_capture(self):
            nodes, self.nodes = self.nodes, None
            return SimpleNamespace(launch=lambda stream: [node() for node in nodes])

    def __init__(self, host):
        self._host, self.streams, self._launchers, self.at_once = host, [], {}, 0
        card = {"name": b"Fake card", "major": 9, "minor": 0, "multiProcessorCount": 2}
        runtime = SimpleNamespace(
            driverGetVersion=lambda: 13000, runtimeGetVersion=lambda: 13000, getDeviceCount=lambda: 1,
            getDevice=lambda: 0, getDeviceProperties=lambda number: card, memGetInfo=lambda: (1 << 33, 1 << 34),
        )  # fmt: skip
        driver = SimpleNamespace(launchCooperativeKernel=self._launch_at_once)
        self.cuda = SimpleNamespace(runtime=runtime, driver=driver, Stream=self._stream)

    def get_default_memory_pool(self):
        return SimpleNamespace(free_bytes=lambda: 100)

    def zeros(self, shape, dtype):
        return np.zeros(shape, dtype).view(self.Array)

    empty = zeros

    def RawModule(self, code, options):
        assert options == OPTIONS
        names = re.findall(r'extern "C" __global__ void (?:__launch_bounds__\(TILE, 2\) )?(\w+)\(([^)]*)\)', code)
        parameters = {name: found.split(", ") for name, found in names}
        launchers = self._host.compile(code, parameters, parameters.keys() & {"steps"})
        return SimpleNamespace(get_function=lambda name: self._kernel(launchers[name], len(parameters[name])))

    def _stream(self, non_blocking):
        self.streams.append(self.Stream(non_blocking))
        return self.streams[-1]

    def _launch_at_once(self, pointer, x, y, z, threads, threads_y, threads_z, shared, stream, arguments):
        assert (z, threads_y, threads_z, shared, stream) == (1, 1, 1, 0, 77)
        launcher, count = self._launchers[pointer]
        places = (ctypes.c_void_p * count).from_address(arguments)
        self.at_once += 1
        launcher(x, y, threads, [ctypes.c_int64.from_address(place).value for place in places])

    def _kernel(self, launcher, count):
        pointer = len(self._launchers)
        self._launchers[pointer] = launcher, count

        def launch(grid, block, arguments):
            stream = self.streams[-1]
            assert stream.depth and len(grid) == 2 and len(block) == 1
            assert all(isinstance(a, self.Array | np.int64 | np.float64) for a in arguments)
            given = [a.ctypes.data if isinstance(a, self.Array) else a.item() for a in arguments]
            if stream.nodes is None:
                launcher(*grid, 1, given)
            else:
                stream.nodes.append(lambda: launcher(*grid, 1, given))

        launch.kernel = SimpleNamespace(ptr=pointer)
        return launch


@needs_compiler
@pytest.mark.parametrize("loop", ["graph", "block", "grid"])
@pytest.mark.parametrize("sums", ["exact", "fixed"])
def test_the_calls_to_cupy_are_those_it_has(monkeypatch, sums, loop):
    fake = FakeCupy(HostDevice())
    monkeypatch.delenv("NEUROSIM_CUDA_LOADER", raising=False)
    monkeypatch.setitem(sys.modules, "cupy", fake)
    monkeypatch.setattr(availability.importlib.util, "find_spec", lambda name: object())
    assert available("cupy") is None
    runner = CupyBackend(sums=sums, loop=loop).prepare(network(replicas=2), PROBES, Options(dtype="float64"))
    expected = CupyBackend(HostDevice(), sums=sums).prepare(network(replicas=2), PROBES, Options(dtype="float64"))
    caught = run_until(runner, 30)
    runner.restore(30, runner.state())
    assert run_until(runner, 60, caught).pairs("s") == run_until(expected, 60).pairs("s") != []
    assert (fake.at_once > 0) == (loop == "grid")
    assert runner.info()["device"] == "Fake card" and runner.info()["compute capability"] == "9.0"
    with pytest.raises(MemoryForeseenError, match="GiB"):
        monkeypatch.setattr(fake.cuda.runtime, "memGetInfo", lambda: (0, 1 << 34))
        CupyBackend().prepare(network(), PROBES, Options())


def test_the_benchmark_says_plainly_that_there_is_no_gpu(monkeypatch, capsys):
    gpu = load("gpu")
    monkeypatch.setattr(gpu, "available", lambda name: "not available: no NVIDIA GPU was found")
    assert gpu.main(["gpu-brunel"]) == 2
    shown = capsys.readouterr()
    assert shown.err.startswith("there is no GPU to measure on: not available") and shown.out == ""
