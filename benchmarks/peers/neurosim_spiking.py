"""The spiking rows in neurosim, through its public names alone."""

import time
from argparse import Namespace
from typing import Any

import numpy as np
from outcome import parse, peak_memory, rate_and_cv, say, spread
from workloads import (
    CELL,
    CHANNELS,
    COBA,
    COBAHH,
    CUBA,
    DELAY_SD,
    DELAYS,
    DT,
    EXTERNAL_RATE,
    FIRST_V_MEAN,
    FIRST_V_SD,
    POPULATIONS,
    STDP,
    WEIGHT_SD,
    Workload,
    brunel_numbers,
    microcircuit,
    workload,
)

from neurosim import Network, Neurons, Poisson, Simulation, __version__
from neurosim.connectivity import AllToAll, Bernoulli, FixedInDegree, FixedTotal, Normal
from neurosim.families import plasticity

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
COBAHH_TEXT = """
dv/dt = (g_L*(E_L - v) + g_e*(E_e - v) + g_i*(E_i - v) + g_Na*m**3*h*(E_Na - v) + g_K*n**4*(E_K - v)) / C_m : mV
dg_e/dt = -g_e / tau_e : nS
dg_i/dt = -g_i / tau_i : nS
"""
STDP_TEXT = """
dv/dt = (g_e - (v - E_L)) / tau_m : mV
dg_e/dt = -g_e / tau_e : mV
"""
BRUNEL_TEXT = "dv/dt = -v / tau_m : mV (unless refractory)"
CORTEX_TEXT = """
dv/dt = (E_L - v) / tau_m + (I + I_dc) / C_m : mV (unless refractory)
dI/dt = -I / tau_syn : pA
"""


def taken(p: dict, *names: str) -> dict[str, float]:
    """Some numbers of a workload, by name."""
    return {name: p[name] for name in names}


def clipped(start: tuple[float, float]) -> str:
    """A normal value of this mean and standard deviation, cut at 0."""
    return f"clip({start[0]} + {start[1]} * randn(), 0, 1000)"


def brette(size: int, text: str, p: dict, **fields: Any) -> Network:
    """Brette's networks: four of five neurons excite, and each pair is joined at random."""
    n_exc = round(size * p["exc_share"])
    net = Network()
    for name, count in {"exc": n_exc, "inh": size - n_exc}.items():
        net.add(name, Neurons(count, text, **taken(p, "E_L", "tau_e", "tau_i"), **fields))
    rule = Bernoulli(p["indegree"] / size)
    net.connect("exc", ["exc", "inh"], rule, on_pre="g_e += w", w=p["w_e"], delay=DT)
    net.connect("inh", ["exc", "inh"], rule, on_pre="g_i += w", w=p["w_i"], delay=DT)
    return net


def point_neurons(p: dict) -> dict[str, Any]:
    """Threshold, reset and refractory time; potentials start between reset and threshold."""
    initial = {"v": f"{p['reset']} + {p['threshold'] - p['reset']} * rand()"}
    return {"threshold": f"v > {p['threshold']}", "reset": f"v = {p['reset']}", "initial": initial,
            **taken(p, "tau_m", "refractory")}  # fmt: skip


def coba(run: Workload, scale: float) -> Network:
    fields = point_neurons(COBA)
    fields["initial"] |= {name: clipped(COBA[name]) for name in ("g_e", "g_i")}
    return brette(run.size, COBA_TEXT, COBA, **taken(COBA, "E_e", "E_i"), **fields)


def cuba(run: Workload, scale: float) -> Network:
    return brette(run.size, CUBA_TEXT, CUBA, **point_neurons(CUBA))


def cobahh(run: Workload, scale: float) -> Network:
    p = COBAHH
    above = f"v > {p['threshold']}"
    mean, deviation = p["v"]
    start = {"v": f"{mean} + {deviation} * randn()", "h": 1.0, "g_e": clipped(p["g_e"]), "g_i": clipped(p["g_i"])}
    channels = taken(p, "C_m", "g_L", "g_Na", "g_K", "E_Na", "E_K", "V_T", "E_e", "E_i")
    return brette(run.size, COBAHH_TEXT + CHANNELS, p, threshold=above, refractory=above, initial=start,
                  method="exponential_euler", **channels)  # fmt: skip


def stdp(run: Workload, scale: float) -> Network:
    p = STDP
    net = Network({"input": Poisson(p["inputs"], p["rate"])})
    cells = Neurons(run.size, STDP_TEXT, threshold=f"v > {p['threshold']}", reset=f"v = {p['reset']}",
                    method="exact", initial={"v": p["reset"]}, **taken(p, "tau_m", "tau_e", "E_L"))  # fmt: skip
    net.add("cells", cells)
    rule = plasticity.STDP(**taken(p, "w_max", "tau_plus", "tau_minus", "a_plus", "a_minus"))
    net.connect("input", "cells", AllToAll(), on_pre="g_e += w", plasticity=rule, w=f"{p['w_max']} * mV * rand()",
                delay=p["delay"])  # fmt: skip
    return net


def brunel(run: Workload, scale: float) -> Network:
    p = brunel_numbers(run.regime, scale)
    net = Network()
    for name in ("exc", "inh"):
        cells = Neurons(
            p[f"n_{name[0]}"],
            BRUNEL_TEXT,
            threshold=f"v >= {p['threshold']}",
            reset=f"v = {p['reset']}",
            **taken(p, "refractory", "tau_m"),
        )
        net.add(name, cells)
    for source, w in {"exc": p["w"], "inh": -p["g"] * p["w"]}.items():
        rule = FixedInDegree(p[f"c_{source[0]}"], multiple=False)
        net.connect(source, ["exc", "inh"], rule, on_pre="v += w", w=w, delay=p["delay"])
        net.drive(source, "v += w", rate=p["rate_ext"], count=p["c_ext"], w=p["w"])
    return net


def cortex(run: Workload, scale: float) -> Network:
    """Potjans and Diesmann's network.

    NEST's delay d acts one step later here, and what it draws below half a step it draws again; so delays are
    d + dt, from one and a half steps on. Its refractory time is one step longer, too.
    """
    numbers = microcircuit(scale)
    net = Network()
    for i, name in enumerate(POPULATIONS):
        cells = Neurons(
            numbers.sizes[i],
            CORTEX_TEXT,
            threshold=f"v >= {CELL['threshold']}",
            reset=f"v = {CELL['reset']}",
            initial={"v": f"{FIRST_V_MEAN[i]} + {FIRST_V_SD[i]} * randn()"},
            I_dc=numbers.current[i],
            refractory=CELL["refractory"] + DT,
            **taken(CELL, "tau_m", "tau_syn", "C_m", "E_L"),
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


MODELS = {"coba": coba, "cuba": cuba, "cobahh": cobahh, "stdp": stdp, "brunel": brunel, "microcircuit": cortex}
OBSERVED = {"microcircuit": POPULATIONS, "stdp": ("cells",)}
"""The parts of a network that count, where they are not ``exc`` and ``inh``."""


def populations(run: Workload) -> tuple[str, ...]:
    """The parts of a network whose spikes are looked at."""
    return OBSERVED.get(run.model, ("exc", "inh"))


def begun(run: Workload, asked: Namespace, record: list[str]) -> Simulation:
    """A simulation that has made its first step."""
    simulation = Simulation(
        MODELS[run.model](run, asked.scale),
        dt=DT,
        backend="numba",
        seed=asked.seed,
        record=record,
        threads=asked.threads,
        dtype=asked.dtype,
        progress=False,
    )
    simulation.run(DT)
    return simulation


def timed(run: Workload, asked: Namespace) -> dict:
    """The first two phases, without recording: how long they took and the memory at their end."""
    begin = time.perf_counter()
    simulation = begun(run, asked, [])
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
    simulation = begun(run, asked, [f"{name}.spikes" for name in populations(run)])
    built = time.perf_counter() - begin
    start = DT + 1000.0 * (run.settle + run.seconds)
    recording = simulation.run(start - DT + 1000.0 * run.observe)
    times, indices, rates = [], [], {}
    offset = 0
    for name in populations(run):
        spikes = recording[f"{name}.spikes"]
        late = spikes.times > start
        times.append(spikes.times[late])
        indices.append(spikes.indices[late] + offset)
        rates[name] = int(late.sum()) / spikes.size / run.observe
        offset += spikes.size
    rate, cv = rate_and_cv(np.concatenate(times), np.concatenate(indices), offset, run.observe)
    weights = spread(simulation.get("input_to_cells.w"), STDP["w_max"]) if run.model == "stdp" else {}
    return {"build_s": built, "rate_hz": rate, "cv": cv, "rates": rates} | weights


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
