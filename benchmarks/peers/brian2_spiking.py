"""The spiking rows in Brian 2, compiled while it runs (cython) or as a C++ program of its own (cpp)."""

import tempfile
import time
from argparse import Namespace
from pathlib import Path
from typing import Any

import brian2
import numpy as np
from brian2 import (
    Hz,
    Network,
    NeuronGroup,
    PoissonGroup,
    PoissonInput,
    SpikeMonitor,
    Synapses,
    defaultclock,
    device,
    ms,
    mV,
    nS,
    pF,
    prefs,
    second,
    set_device,
)
from outcome import parse, peak_memory, rate_and_cv, say, spread
from workloads import CHANNELS, COBA, COBAHH, CUBA, DT, STDP, Workload, brunel_numbers, workload

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
COBAHH_TEXT = """
dv/dt = (g_L*(E_L - v) + g_e*(E_e - v) + g_i*(E_i - v) + g_Na*m**3*h*(E_Na - v) + g_K*n**4*(E_K - v)) / C_m : volt
dg_e/dt = -g_e / tau_e : siemens
dg_i/dt = -g_i / tau_i : siemens
"""
STDP_TEXT = """
dv/dt = (g_e - (v - E_L)) / tau_m : volt
dg_e/dt = -g_e / tau_e : volt
"""
PAIRS_TEXT = """
w : volt
dpre/dt = -pre / tau_plus : 1 (event-driven)
dpost/dt = -post / tau_minus : 1 (event-driven)
"""
BRUNEL_TEXT = "dv/dt = -v / tau_m : volt (unless refractory)"
UNITS = {
    **dict.fromkeys(("E_L", "E_Na", "E_K", "E_e", "E_i", "V_T", "w_max"), mV),
    **dict.fromkeys(("tau_m", "tau_e", "tau_i", "tau_plus", "tau_minus"), ms),
    **dict.fromkeys(("g_L", "g_Na", "g_K"), nS),
    "C_m": pF,
}

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


def quantities(p: dict, *names: str) -> dict[str, Any]:
    """Some numbers of a workload with their units, by name."""
    return {name: p[name] * UNITS[name] if name in UNITS else p[name] for name in names}


def brette(size: int, text: str, p: dict, weights: dict, names: dict, **fields: Any) -> tuple[NeuronGroup, list]:
    """Brette's networks: four of five neurons excite, and each pair is joined at random."""
    names |= quantities(p, "E_L", "tau_e", "tau_i")
    group = NeuronGroup(size, text, namespace=names, **fields)
    n_exc = round(size * p["exc_share"])
    sources = {"g_e += w_e": group[:n_exc], "g_i += w_i": group[n_exc:]}
    synapses = [Synapses(source, group, on_pre=action, namespace=weights) for action, source in sources.items()]
    for synapse in synapses:
        synapse.connect(p=p["indegree"] / size)
    return group, synapses


def point_neurons(size: int, text: str, p: dict, weights: dict, method: str, *more: str) -> tuple[NeuronGroup, list]:
    """Those without channels; potentials start between reset and threshold."""
    names = {"Vt": p["threshold"] * mV, "Vr": p["reset"] * mV, **quantities(p, "tau_m", *more)}
    group, rest = brette(size, text, p, weights, names, threshold="v > Vt", reset="v = Vr",
                         refractory=p["refractory"] * ms, method=method)  # fmt: skip
    group.v = "Vr + rand() * (Vt - Vr)"
    return group, rest


def coba(run: Workload, scale: float) -> tuple[NeuronGroup, list]:
    weights = {"w_e": COBA["w_e"], "w_i": COBA["w_i"]}
    group, rest = point_neurons(run.size, COBA_TEXT, COBA, weights, "exponential_euler", "E_e", "E_i")
    for variable in ("g_e", "g_i"):
        mean, deviation = COBA[variable]
        setattr(group, variable, f"clip({mean} + {deviation} * randn(), 0, inf)")
    return group, rest


def cuba(run: Workload, scale: float) -> tuple[NeuronGroup, list]:
    weights = {"w_e": CUBA["w_e"] * mV, "w_i": CUBA["w_i"] * mV}
    return point_neurons(run.size, CUBA_TEXT, CUBA, weights, "exact")


def cobahh(run: Workload, scale: float) -> tuple[NeuronGroup, list]:
    p = COBAHH
    names = quantities(p, "C_m", "g_L", "g_Na", "g_K", "E_Na", "E_K", "V_T", "E_e", "E_i")
    above = f"v > {p['threshold']}*mV"
    weights = {"w_e": p["w_e"] * nS, "w_i": p["w_i"] * nS}
    group, rest = brette(run.size, COBAHH_TEXT + CHANNELS, p, weights, names, threshold=above, refractory=above,
                         method="exponential_euler")  # fmt: skip
    group.v, group.h = f"({p['v'][0]} + {p['v'][1]} * randn()) * mV", 1.0
    for variable in ("g_e", "g_i"):
        mean, deviation = p[variable]
        setattr(group, variable, f"clip({mean} + {deviation} * randn(), 0, inf) * nS")
    return group, rest


def stdp(run: Workload, scale: float) -> tuple[NeuronGroup, list]:
    """The delay is what it is in neurosim: the same pairs meet, and the potential moves one step later."""
    p = STDP
    trains = PoissonGroup(p["inputs"], p["rate"] * Hz)
    group = NeuronGroup(
        run.size,
        STDP_TEXT,
        threshold=f"v > {p['threshold']}*mV",
        reset=f"v = {p['reset']}*mV",
        method="exact",
        namespace=quantities(p, "tau_m", "tau_e", "E_L"),
    )
    group.v = p["reset"] * mV
    synapses = Synapses(
        trains,
        group,
        PAIRS_TEXT,
        on_pre="g_e_post += w; pre += 1; w = clip(w - a_minus*w_max*post, 0*mV, w_max)",
        on_post="post += 1; w = clip(w + a_plus*w_max*pre, 0*mV, w_max)",
        delay=p["delay"] * ms,
        namespace=quantities(p, "w_max", "a_plus", "a_minus", "tau_plus", "tau_minus"),
    )
    synapses.connect()
    synapses.w = "rand() * w_max"
    return group, [trains, synapses]


def brunel(run: Workload, scale: float) -> tuple[NeuronGroup, list]:
    p = brunel_numbers(run.regime, scale)
    names = {"theta": p["threshold"] * mV, "Vr": p["reset"] * mV, **quantities(p, "tau_m")}
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


MODELS = {"coba": coba, "cuba": cuba, "cobahh": cobahh, "stdp": stdp, "brunel": brunel}


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


def observed(monitor: SpikeMonitor, parts: list, seconds: float) -> dict:
    """Rate and CV of all neurons, and how the weights that learn are spread."""
    if not seconds:
        return {"rate_hz": None, "cv": None}
    size = len(monitor.source)
    rate, cv = rate_and_cv(np.asarray(monitor.t / ms), np.asarray(monitor.i), size, seconds)
    found: dict[str, Any] = {"rate_hz": rate, "cv": cv}
    for part in parts:
        if "w" in getattr(part, "variables", {}):
            found |= spread(np.asarray(part.w) * 1000.0, STDP["w_max"])
    return found


def measure(run: Workload, asked: Namespace, compiled: bool, folder: Path) -> dict:
    """Build the network, run its three phases, and say how long each took.

    Standalone, what is built (synapses, initial values) is built inside the C++ program, before its first
    mark; so the time that the program took before it is the building, and writing and compiling it is not.
    """
    brian2.seed(asked.seed)
    defaultclock.dt = DT * ms
    begin = time.perf_counter()
    group, parts = MODELS[run.model](run, asked.scale)
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
        return timing | observed(monitor, parts, run.observe)
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
    return timing | observed(monitor, parts, run.observe)


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
            # as many compilers at once as there are files would stop everything else on the machine
            prefs.devices.cpp_standalone.extra_make_args_unix = ["-j1"]
        else:
            prefs.codegen.target = "cython"
            prefs.codegen.runtime.cython.cache_dir = str(folder / "cython")
        found = measure(run, asked, compiled, folder)
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
