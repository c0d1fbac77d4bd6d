"""The spiking rows in Brian 2, compiled while it runs (cython) or as a C++ program of its own (cpp)."""

import tempfile
import time
from pathlib import Path

import brian2
import numpy as np
from brian2 import (
    Hz,
    Network,
    NeuronGroup,
    PoissonInput,
    SpikeMonitor,
    Synapses,
    defaultclock,
    device,
    ms,
    mV,
    prefs,
    second,
    set_device,
)
from outcome import parse, peak_memory, rate_and_cv, say
from workloads import BRUNEL, COBA, CUBA, DT, Workload, workload

COBA_TEXT = """
dv/dt = (E_L - v + g_e*(E_e - v) + g_i*(E_i - v)) / tau_m : volt (unless refractory)
dg_e/dt = -g_e / tau_e : 1
dg_i/dt = -g_i / tau_i : 1
"""
CUBA_TEXT = """
dv/dt = (g_e + g_i - (v - E_L)) / tau_m : volt (unless refractory)
dg_e/dt = -g_e / tau_e : volt
dg_i/dt = -g_i / tau_i : volt
"""
BRUNEL_TEXT = "dv/dt = -v / tau_m : volt (unless refractory)"

# wall time between two marks of the C++ program: Brian's own figure is processor time with one thread
CLOCK = """
{ timespec now; clock_gettime(CLOCK_MONOTONIC, &now);
  std::ofstream mark(brian::results_dir + "marks.txt", std::ios::app);
  mark.precision(17); mark << now.tv_sec + 1e-9 * now.tv_nsec << std::endl; }
"""
MEMORY = """
{ std::ifstream status("/proc/self/status");
  std::ofstream(brian::results_dir + "status.txt") << status.rdbuf(); }
"""


def brette(size: int, text: str, p: dict, method: str, names: dict) -> tuple[NeuronGroup, list]:
    """Both of Brette's networks; potentials start between reset and threshold."""
    names |= {name: p[name] * ms for name in ("tau_m", "tau_e", "tau_i")}
    names |= {"E_L": p["E_L"] * mV, "Vt": p["threshold"] * mV, "Vr": p["reset"] * mV}
    group = NeuronGroup(
        size,
        text,
        threshold="v > Vt",
        reset="v = Vr",
        refractory=p["refractory"] * ms,
        method=method,
        namespace=names,
    )
    group.v = "Vr + rand() * (Vt - Vr)"
    n_exc = round(size * p["exc_share"])
    sources = {"g_e += w_e": group[:n_exc], "g_i += w_i": group[n_exc:]}
    synapses = [Synapses(source, group, on_pre=action, namespace=names) for action, source in sources.items()]
    for synapse in synapses:
        synapse.connect(p=p["indegree"] / size)
    return group, synapses


def coba(size: int) -> tuple[NeuronGroup, list]:
    names = {"E_e": COBA["E_e"] * mV, "E_i": COBA["E_i"] * mV, "w_e": COBA["w_e"], "w_i": COBA["w_i"]}
    group, rest = brette(size, COBA_TEXT, COBA, "exponential_euler", names)
    for variable in ("g_e", "g_i"):
        mean, deviation = COBA[variable]
        setattr(group, variable, f"clip({mean} + {deviation} * randn(), 0, inf)")
    return group, rest


def cuba(size: int) -> tuple[NeuronGroup, list]:
    names = {"w_e": CUBA["w_e"] * mV, "w_i": CUBA["w_i"] * mV}
    return brette(size, CUBA_TEXT, CUBA, "exact", names)


def brunel(size: int) -> tuple[NeuronGroup, list]:
    p = BRUNEL
    names = {"tau_m": p["tau_m"] * ms, "theta": p["threshold"] * mV, "Vr": p["reset"] * mV}
    group = NeuronGroup(
        p["n_e"] + p["n_i"],
        BRUNEL_TEXT,
        threshold="v >= theta",
        reset="v = Vr",
        refractory=p["refractory"] * ms,
        method="exact",
        namespace=names,
    )
    parts: list = [PoissonInput(group, "v", N=p["c_ext"], rate=p["rate_ext"] * Hz, weight=p["w"] * mV)]
    for source, count, weight in (
        (group[: p["n_e"]], p["c_e"], p["w"]),
        (group[p["n_e"] :], p["c_i"], -p["g"] * p["w"]),
    ):
        names = {"w": weight * mV}
        synapse = Synapses(source, group, on_pre="v += w", delay=p["delay"] * ms, namespace=names)
        synapse.connect(i=f"k for k in sample(N_pre, size={count})")
        parts.append(synapse)
    return group, parts


MODELS = {"coba": coba, "cuba": cuba, "brunel": brunel}


class Marks:
    """Wall times, s, taken here (cython) or inside the C++ program (cpp) at the same places.

    Parameters
    ----------
    compiled
        Whether the device is the standalone one.
    """

    def __init__(self, compiled: bool):
        self.compiled = compiled
        self.times: list[float] = []

    def take(self) -> None:
        if self.compiled:
            device.insert_code("main", CLOCK)
        else:
            self.times.append(time.perf_counter())

    def read(self, results: Path) -> np.ndarray:
        """All marks in order, (M,), s."""
        return np.loadtxt(results / "marks.txt") if self.compiled else np.array(self.times)


def run_phases(run: Workload, network: Network, monitor: SpikeMonitor, compiled: bool) -> tuple[Marks, dict]:
    """Say the three phases to Brian; at run time they run here, standalone they are written down."""
    marks, loop = Marks(compiled), {}
    marks.take()
    network.run(DT * ms)
    marks.take()
    if run.settle:
        network.run(run.settle * second)
    marks.take()
    if run.seconds:
        network.run(run.seconds * second)
        # the loop alone: what Brian does before each run() is compiling, looked up again
        loop = {} if compiled else {"loop": device._last_run_time}
    marks.take()
    if compiled:
        device.insert_code("main", MEMORY)
    else:
        loop["memory"] = peak_memory()
    monitor.active = True
    if run.observe:
        network.run(run.observe * second)
    return marks, loop


def observed(monitor: SpikeMonitor, size: int, seconds: float) -> dict:
    """Rate and CV of all neurons."""
    if not seconds:
        return {"rate_hz": None, "cv": None}
    rate, cv = rate_and_cv(np.asarray(monitor.t / ms), np.asarray(monitor.i), size, seconds)
    return {"rate_hz": rate, "cv": cv}


def measure(run: Workload, threads: int, seed: int, compiled: bool, folder: Path) -> dict:
    """Build the network, run its three phases, and say how long each took.

    Standalone, what is built (synapses, initial values) is built inside the C++ program, before its first
    mark; so the time that the program took before it is the building, and writing and compiling it is not.
    """
    brian2.seed(seed)
    defaultclock.dt = DT * ms
    begin = time.perf_counter()
    group, parts = MODELS[run.model](run.size)
    monitor = SpikeMonitor(group)
    monitor.active = False
    network = Network(group, monitor, *parts)
    described = time.perf_counter() - begin
    marks, found = run_phases(run, network, monitor, compiled)
    if not compiled:
        stamps = marks.read(folder)
        loop = found.get("loop")
        timing = {
            "build_s": described,
            "compile_s": stamps[1] - stamps[0],
            "simulate_s": loop / run.seconds if loop else None,
            "rss_mib": found["memory"],
        }
        return timing | observed(monitor, group.N, run.observe)
    begin = time.perf_counter()
    device.build(directory=str(folder / "program"), compile=True, run=False, debug=False, clean=False)
    compiled_in = time.perf_counter() - begin
    results = folder / "program" / "results"
    (results / "marks.txt").unlink(missing_ok=True)
    begin = time.clock_gettime(time.CLOCK_MONOTONIC)
    device.run(str(folder / "program"), None, [])
    stamps = marks.read(results)
    timing = {
        "build_s": described + stamps[1] - begin,
        "compile_s": compiled_in,
        "simulate_s": (stamps[3] - stamps[2]) / run.seconds if run.seconds else None,
        "rss_mib": peak_memory(str(results / "status.txt")),
    }
    return timing | observed(monitor, group.N, run.observe)


def main() -> None:
    asked = parse("Brian 2", mode=("cython", "cpp"))
    compiled = asked.mode == "cpp"
    run = workload(asked.row, seconds=asked.seconds)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(asked.cache or temporary).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        if compiled:
            set_device("cpp_standalone", build_on_run=False)
            prefs.devices.cpp_standalone.openmp_threads = asked.threads if asked.threads > 1 else 0
        else:
            prefs.codegen.target = "cython"
            prefs.codegen.runtime.cython.cache_dir = str(folder / "cython")
        found = measure(run, asked.threads, asked.seed, compiled, folder)
    say(
        row=asked.row,
        tool=f"brian2-{asked.mode}",
        version=brian2.__version__,
        threads=asked.threads if compiled else 1,
        dtype="float64",
        model_seconds=run.seconds,
        **found,
    )


if __name__ == "__main__":
    main()
