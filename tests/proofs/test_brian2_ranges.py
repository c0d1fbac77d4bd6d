"""Joins between ranges of neurons: the same spikes, one by one, as Brian 2 with subgroups and the same texts."""

import numpy as np
import pytest
from brian_peer import DT, first_difference

from neurosim import Network, Neurons, simulate
from neurosim.connectivity import FromArrays

pytest.importorskip("brian2")

SIZE, EXCITATORY = 400, 320
EQUATIONS = """
dv/dt   = (g_e + g_i - (v - E_L)) / tau_m : volt (unless refractory)
dg_e/dt = -g_e / tau_e : volt
dg_i/dt = -g_i / tau_i : volt
"""
CELLS = {"threshold": "v > -50*mV", "reset": "v = -60*mV", "method": "exact"}
CONSTANTS = {"E_L": (-49.0, "mV"), "tau_m": (20.0, "ms"), "tau_e": (5.0, "ms"), "tau_i": (10.0, "ms")}
START = np.random.default_rng(31).uniform(-60.0, -50.0, SIZE)
JOINS = (
    (slice(None, EXCITATORY), slice(None), "g_e += w", 11, "4*mV*(i + 1)/N_pre", "floor(20*j/N_post)"),
    (slice(EXCITATORY, None), slice(50, 390), "g_i += w", 7, "-9*mV*(1 + j/N_post)", "floor(10*i/N_pre)"),
    (slice(300, 360), slice(310, 311), "g_e += w", 2, "1*mV*i/N_pre", "3"),
)
"""Source, target, what a spike does, of how many pairs one is joined, weight, and steps of delay behind the first."""


def pairs(source, target, every):
    """Which pairs are joined, by indices that count from the beginnings of both ranges."""
    i, j = (np.arange(SIZE)[part].size for part in (source, target))
    return np.nonzero((7 * np.arange(i)[:, None] + 3 * np.arange(j)) % every == 0)


def text(part):
    bounds = ["" if bound is None else str(bound) for bound in (part.start, part.stop)]
    return f"cells[{bounds[0]}:{bounds[1]}]"


def ours(duration):
    values = {name: value for name, (value, _) in CONSTANTS.items()}
    net = Network({"cells": Neurons(SIZE, EQUATIONS, **CELLS, refractory=5.0, initial={"v": START}, **values)})
    for source, target, on_pre, every, weight, late in JOINS:
        net.connect(text(source), text(target), FromArrays(*pairs(source, target, every)), on_pre=on_pre, w=weight,
                    delay=f"{DT}*ms*(1 + {late})")
    recording = simulate(net, duration, dt=DT, backend="reference", record="cells.spikes", progress=False)
    return recording["cells.spikes"].steps, recording["cells.spikes"].indices


def theirs(duration):
    import brian2 as b

    b.prefs.codegen.target = "numpy"
    b.start_scope()
    units, clock = {"mV": b.mV, "ms": b.ms}, b.Clock(dt=DT * b.ms)
    numbers = {name: value * units[unit] for name, (value, unit) in CONSTANTS.items()}
    cells = b.NeuronGroup(SIZE, EQUATIONS, **CELLS, refractory=5 * b.ms, namespace=numbers, clock=clock)
    cells.v = START * b.mV
    monitor = b.SpikeMonitor(cells)
    parts = [cells, monitor]
    for source, target, on_pre, every, weight, late in JOINS:
        synapses = b.Synapses(cells[source], cells[target], "w : volt", on_pre=on_pre, clock=clock)
        synapses.connect(condition=f"(7*i + 3*j) % {every} == 0")
        synapses.w = weight
        # Brian 2 delivers at the end of a step, so that its delay of 0 is our delay of one step
        synapses.delay = f"{DT}*ms*{late}"
        parts.append(synapses)
    b.Network(*parts).run(duration * b.ms)
    steps, neurons = np.rint(np.asarray(monitor.t / b.ms) / DT).astype(np.int64), np.asarray(monitor.i)
    order = np.lexsort((neurons, steps))
    return steps[order], neurons[order]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_all_spikes_are_those_of_brian2_between_subgroups():
    found = ours(200.0)
    assert len(found[0]) > 1000, "the network is too quiet to prove anything"
    assert first_difference(found, theirs(200.0)) == ""
