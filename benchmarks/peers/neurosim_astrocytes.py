"""The rows with astrocytes in neurosim, through its public names alone."""

import time
from argparse import Namespace
from typing import Any

import numpy as np
from astrocyte_workloads import (
    CELL,
    CURRENT,
    DT,
    GAP,
    REACH,
    ROWS,
    SLOW_DT,
    STIMULUS,
    STIMULUS_EVERY,
    SYNAPSE,
    WEIGHTS,
    Row,
)
from outcome import parse, peak_memory, rate_and_cv, say

from neurosim import Network, Neurons, Simulation, TimedArray, __version__
from neurosim.connectivity import Bernoulli, Distance
from neurosim.families.astrocytes import GapJunctions, ModulatedRelease, astrocytes, grid

TEXT = """
dv/dt = (g_l*(E_l - v) + g_e*(E_e - v) + g_i*(E_i - v) + stimulus*I_ex)/C_m : mV (unless refractory)
dg_e/dt = -g_e/tau_e : nS
dg_i/dt = -g_i/tau_i : nS
stimulus : 1
"""


def lattice(size: int, side: float) -> np.ndarray:
    columns = int(np.sqrt(size))
    return grid(-(-size // columns), columns, side / columns)[:size]


def build(row: Row) -> Network:
    """Every excitatory synapse belongs to the astrocyte nearest to its target."""
    net = Network()
    sizes = {"exc": row.excitatory, "inh": row.inhibitory}
    for name, size in sizes.items():
        if size:
            net.add(name, Neurons(
                size, TEXT, threshold="v > -50", reset="v = -60", refractory=5.0, method="euler", I_ex=CURRENT,
                stimulus=TimedArray(STIMULUS, dt=STIMULUS_EVERY), positions=lattice(size, row.side), **CELL,
                initial={"v": "-60*mV + 10*mV*rand()", "g_e": "0.05*nS*rand()", "g_i": "1*nS*rand()"},
            ))
    spacing = row.side / int(np.sqrt(row.astrocytes))
    net.add("astro", astrocytes(row.astrocytes, "network", dt=SLOW_DT, positions=lattice(row.astrocytes, row.side)))
    net.connect("astro", "astro", Distance("step", REACH * spacing, self_connections=False),
                **GapJunctions(**GAP).coupling())
    targets = [name for name, size in sizes.items() if size]
    for name, variable, p, glia in (("exc", "g_e", row.p_exc, "astro"), ("inh", "g_i", row.p_inh, None)):
        if sizes[name]:
            synapse = ModulatedRelease(**SYNAPSE).onto(variable, w=WEIGHTS[name], glia=glia is not None)
            net.connect(name, targets, Bernoulli(p), glia=glia, **synapse)
    return net


def begun(row: Row, asked: Namespace, record: list[str]) -> tuple[Simulation, Network]:
    """A simulation that has made its first step."""
    net = build(row)
    simulation = Simulation(net, dt=DT, backend="numba", seed=asked.seed, record=record, threads=asked.threads,
                            dtype=asked.dtype, progress=False)
    simulation.run(DT)
    return simulation, net


def timed(row: Row, asked: Namespace, seconds: float) -> dict:
    """Without recording: how long it took, and the memory at its end."""
    begin = time.perf_counter()
    simulation, _ = begun(row, asked, [])
    built = time.perf_counter() - begin
    begin = time.perf_counter()
    simulation.run(1000.0 * seconds)
    return {"build_s": built, "simulate_s": (time.perf_counter() - begin) / seconds, "rss_mib": peak_memory()}


def observed(row: Row, asked: Namespace, seconds: float) -> dict:
    """The same run, and so the same spikes, recorded after what was the timed phase."""
    names = [name for name, size in (("exc", row.excitatory), ("inh", row.inhibitory)) if size]
    simulation, _ = begun(row, asked, [f"{name}.spikes" for name in names])
    start = DT + 1000.0 * seconds
    recording = simulation.run(start - DT + 1000.0 * row.observe)
    times, indices, offset = [], [], 0
    for name in names:
        spikes = recording[f"{name}.spikes"]
        late = spikes.times > start
        times.append(spikes.times[late])
        indices.append(spikes.indices[late] + offset)
        offset += spikes.size
    rate, cv = rate_and_cv(np.concatenate(times), np.concatenate(indices), offset, row.observe)
    return {"rate_hz": rate, "cv": cv}


def main() -> None:
    asked = parse("neurosim", rows=ROWS, dtype=("float32", "float64"))
    row = ROWS[asked.row]
    seconds = asked.seconds or row.seconds
    found: dict[str, Any] = timed(row, asked, seconds)  # first, while memory and cache are still its own
    found |= observed(row, asked, seconds)
    say(row=asked.row, tool="neurosim", version=__version__, threads=asked.threads, dtype=asked.dtype, compile_s=None,
        model_seconds=seconds, **found)


if __name__ == "__main__":
    main()
