"""The spiking rows in neurosim, through its public names alone."""

import time
from argparse import Namespace
from typing import Any

import numpy as np
from outcome import parse, peak_memory, rate_and_cv, say
from workloads import (
    BRUNEL,
    CELL,
    COBA,
    CUBA,
    DELAY_SD,
    DELAYS,
    DT,
    EXTERNAL_RATE,
    FIRST_V_MEAN,
    FIRST_V_SD,
    POPULATIONS,
    WEIGHT_SD,
    Workload,
    microcircuit,
    workload,
)

from neurosim import Network, Neurons, Simulation, __version__
from neurosim.connectivity import Bernoulli, FixedInDegree, FixedTotal, Normal

COBA_TEXT = """
dv/dt = (E_L - v + g_e*(E_e - v) + g_i*(E_i - v)) / tau_m : mV (unless refractory)
dg_e/dt = -g_e / tau_e : 1
dg_i/dt = -g_i / tau_i : 1
"""
CUBA_TEXT = """
dv/dt = (g_e + g_i - (v - E_L)) / tau_m : mV (unless refractory)
dg_e/dt = -g_e / tau_e : mV
dg_i/dt = -g_i / tau_i : mV
"""
BRUNEL_TEXT = "dv/dt = -v / tau_m : mV (unless refractory)"
CORTEX_TEXT = """
dv/dt = (E_L - v) / tau_m + (I + I_dc) / C_m : mV (unless refractory)
dI/dt = -I / tau_syn : pA
"""


def brette(size: int, text: str, p: dict, initial: dict, **more: float) -> Network:
    """Both of Brette's networks; potentials start between reset and threshold."""
    n_exc = round(size * p["exc_share"])
    shared = {name: p[name] for name in ("tau_m", "tau_e", "tau_i", "E_L", "refractory")} | more
    initial = {"v": f"{p['reset']} + {p['threshold'] - p['reset']} * rand()"} | initial
    net = Network()
    for name, count in {"exc": n_exc, "inh": size - n_exc}.items():
        fires = {"threshold": f"v > {p['threshold']}", "reset": f"v = {p['reset']}"}
        net.add(name, Neurons(count, text, initial=initial, **fires, **shared))
    rule = Bernoulli(p["indegree"] / size)
    net.connect("exc", ["exc", "inh"], rule, on_pre="g_e += w", w=p["w_e"], delay=DT)
    net.connect("inh", ["exc", "inh"], rule, on_pre="g_i += w", w=p["w_i"], delay=DT)
    return net


def coba(size: int, scale: float) -> Network:
    initial = {key: f"clip({COBA[key][0]} + {COBA[key][1]} * randn(), 0, 1000)" for key in ("g_e", "g_i")}
    return brette(size, COBA_TEXT, COBA, initial, E_e=COBA["E_e"], E_i=COBA["E_i"])


def cuba(size: int, scale: float) -> Network:
    return brette(size, CUBA_TEXT, CUBA, {})


def brunel(size: int, scale: float) -> Network:
    p = BRUNEL
    net = Network()
    for name in ("e", "i"):
        cells = Neurons(
            p[f"n_{name}"],
            BRUNEL_TEXT,
            threshold=f"v >= {p['threshold']}",
            reset=f"v = {p['reset']}",
            refractory=p["refractory"],
            tau_m=p["tau_m"],
        )
        net.add(name, cells)
    for source, w in {"e": p["w"], "i": -p["g"] * p["w"]}.items():
        rule = FixedInDegree(p[f"c_{source}"], multiple=False)
        net.connect(source, ["e", "i"], rule, on_pre="v += w", w=w, delay=p["delay"])
        net.drive(source, "v += w", rate=p["rate_ext"], count=p["c_ext"], w=p["w"])
    return net


def cortex(size: int, scale: float) -> Network:
    """Potjans and Diesmann's network.

    NEST's delay d acts one step later here, and what it draws below half a step it draws again; so delays are
    d + dt, from one and a half steps on.
    """
    numbers = microcircuit(scale)
    shared = {name: CELL[name] for name in ("tau_m", "tau_syn", "C_m", "E_L", "refractory")}
    net = Network()
    for i, name in enumerate(POPULATIONS):
        cells = Neurons(
            numbers.sizes[i],
            CORTEX_TEXT,
            threshold=f"v >= {CELL['threshold']}",
            reset=f"v = {CELL['reset']}",
            initial={"v": f"{FIRST_V_MEAN[i]} + {FIRST_V_SD[i]} * randn()"},
            I_dc=numbers.current[i],
            **shared,
        )
        net.add(name, cells)
        net.drive(name, "I += w", rate=EXTERNAL_RATE, count=numbers.external[i], w=numbers.external_weight)
    for i, target in enumerate(POPULATIONS):
        for j, source in enumerate(POPULATIONS):
            if numbers.synapses[i][j]:
                rule = FixedTotal(numbers.synapses[i][j])
                w, d = numbers.weights[i][j], DELAYS[j % 2]
                sign = {"low": 0.0} if w > 0 else {"high": 0.0}
                weight = Normal(w, abs(w) * WEIGHT_SD, **sign)
                delay = Normal(d + DT, d * DELAY_SD, low=1.5 * DT)
                net.connect(source, target, rule, on_pre="I += w", w=weight, delay=delay)
    return net


MODELS = {"coba": coba, "cuba": cuba, "brunel": brunel, "microcircuit": cortex}


def begun(run: Workload, asked: Namespace, record: list[str]) -> tuple[Simulation, dict[str, int]]:
    """A simulation that has made its first step, and the size of each of its parts."""
    net = MODELS[run.model](run.size, asked.scale)
    simulation = Simulation(
        net,
        dt=DT,
        backend="numba",
        seed=asked.seed,
        record=record,
        threads=asked.threads,
        dtype=asked.dtype,
        progress=False,
    )
    simulation.run(DT)
    return simulation, {name: part.size for name, part in net.parts.items()}


def timed(run: Workload, asked: Namespace) -> dict:
    """The first two phases, without recording: how long they took and the memory at their end."""
    begin = time.perf_counter()
    simulation, _ = begun(run, asked, [])
    built = time.perf_counter() - begin
    if run.settle:
        simulation.run(1000.0 * run.settle)
    simulated = None
    if run.seconds:
        begin = time.perf_counter()
        simulation.run(1000.0 * run.seconds)
        simulated = (time.perf_counter() - begin) / run.seconds
    return {"build_s": built, "simulate_s": simulated, "rss_mib": peak_memory()}


def observed(run: Workload, asked: Namespace) -> dict:
    """The same run, and so the same spikes, recorded after what was the timed phase."""
    begin = time.perf_counter()
    parts = [f"{name}.spikes" for name in populations(run)]
    simulation, sizes = begun(run, asked, parts)
    built = time.perf_counter() - begin
    start = DT + 1000.0 * (run.settle + run.seconds)
    recording = simulation.run(start - DT + 1000.0 * run.observe)
    times, indices, rates = [], [], {}
    offset = 0
    for name, size in sizes.items():
        spikes = recording[f"{name}.spikes"]
        late = spikes.times > start
        times.append(spikes.times[late])
        indices.append(spikes.indices[late] + offset)
        rates[name] = int(late.sum()) / size / run.observe
        offset += size
    rate, cv = rate_and_cv(np.concatenate(times), np.concatenate(indices), offset, run.observe)
    return {"build_s": built, "rate_hz": rate, "cv": cv, "rates": rates}


def populations(run: Workload) -> tuple[str, ...]:
    """The parts of a network, as its model names them."""
    return {"brunel": ("e", "i"), "microcircuit": POPULATIONS}.get(run.model, ("exc", "inh"))


def main() -> None:
    asked = parse("neurosim", dtype=("float32", "float64"))
    run = workload(asked.row, seconds=asked.seconds)
    found: dict[str, Any] = {"simulate_s": None, "rate_hz": None, "cv": None}
    if run.observe and not run.seconds:
        found |= observed(run, asked) | {"rss_mib": peak_memory()}
    else:
        found |= timed(run, asked)  # first, while memory and cache are still its own
        found |= {"rates": {}} | (observed(run, asked) if run.observe else {}) | {"build_s": found["build_s"]}
    say(
        row=asked.row,
        tool="neurosim",
        version=__version__,
        threads=asked.threads,
        dtype=asked.dtype,
        compile_s=None,  # not apart from the building; what the first start takes longer than later ones
        model_seconds=run.seconds,
        **found,
    )


if __name__ == "__main__":
    main()
