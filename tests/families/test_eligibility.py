"""e-prop along edges: what a run adds up, against the published traces."""

import numpy as np
import pytest

from neurosim import Network, Neurons, SpikeGenerator, TimedArray, simulate
from neurosim.connectivity import AllToAll
from neurosim.errors import DescriptionError
from neurosim.families.plasticity import EProp

LINES, CELLS, STEPS = 4, 3, 400
TAU_M, TAU_A, TAU_OUT, V_TH, GAMMA, BETA = 15.0, 120.0, 20.0, 10.0, 0.3, 0.4
RNG = np.random.default_rng(2)
WEIGHTS = RNG.uniform(1.0, 6.0, (LINES, CELLS))
STEP, LINE = np.nonzero(RNG.random((STEPS, LINES)) < 0.08)
LEARNING = np.cumsum(RNG.normal(size=(STEPS, CELLS)), axis=0)


def network(adapts, **options):
    """Cells with a given learning signal; the weight adds up its changes beside what a spike really does."""
    rise = "; theta += beta" if adapts else ""
    cells = Neurons(CELLS, "dv/dt = -v/tau_m : mV\ndtheta/dt = -theta/tau_a : mV\nlearning : 1",
                    threshold="v > v_th + theta", reset=f"v -= v_th{rise}", tau_m=TAU_M, tau_a=TAU_A, v_th=V_TH,
                    learning=TimedArray(LEARNING, 1.0), **({"beta": BETA} if adapts else {}))
    net = Network({"source": SpikeGenerator(LINES, LINE, 1.0 * STEP), "cells": cells})
    rule = EProp(eta=1.0, tau_m=TAU_M, tau_out=TAU_OUT, v_th=V_TH, width=V_TH, gamma=GAMMA, beta=BETA, tau_a=TAU_A,
                 adaptation="theta" if adapts else "", **options)
    net.connect("source", "cells", AllToAll(), on_pre="v += j", j=WEIGHTS.ravel(), delay=1.0, plasticity=rule, w=0.0)
    return net


def published(v, theta, adapts):
    """Minus the gradient that the traces of the paper add up, from potentials before resets."""
    alpha, rho, kappa = (np.exp(-1.0 / tau) for tau in (TAU_M, TAU_A, TAU_OUT))
    x = np.zeros((STEPS, LINES))
    x[STEP, LINE] = 1.0
    trace, moved, e_bar = np.zeros(LINES), np.zeros((LINES, CELLS)), np.zeros((LINES, CELLS))
    found = np.zeros((LINES, CELLS))
    for t in range(STEPS):
        trace = alpha * (trace + (x[t - 1] if t else 0.0))
        psi = GAMMA * np.maximum(0.0, 1.0 - np.abs(v[t] - V_TH - theta[t]) / V_TH)
        found -= LEARNING[t] * e_bar  # the learning signal finds the trace that the step before has left
        e = psi * (trace[:, None] - moved)
        moved = rho * (moved + BETA / V_TH * e) if adapts else moved
        e_bar = kappa * e_bar + e
    return found


def potentials(adapts):
    """Potentials before resets and moves of the threshold, by a plain loop, (T, N) each."""
    v, theta = np.zeros(CELLS), np.zeros(CELLS)
    seen = np.zeros((2, STEPS, CELLS))
    x = np.zeros((STEPS, LINES))
    x[STEP, LINE] = 1.0
    for t in range(STEPS):
        v = np.exp(-1.0 / TAU_M) * (v + (x[t - 1] @ WEIGHTS if t else 0.0))
        theta = np.exp(-1.0 / TAU_A) * theta
        seen[:, t] = v, theta
        fired = v > V_TH + theta
        v, theta = v - V_TH * fired, theta + BETA * fired * adapts
    return seen


def test_a_weight_follows_learning_signal_times_filtered_eligibility(backend):
    record = {"cells.spikes": None, "source_to_cells.w": STEPS}
    recording = simulate(network(False), float(STEPS), dt=1.0, record=record,
                         dtype="float64", backend=backend, progress=False)
    assert recording["cells.spikes"].count > 20
    # the solver takes traces as they are before their decay, and adds up what flows in during a step
    scale = np.exp(1.0 / TAU_M) * TAU_OUT * -np.expm1(-1.0 / TAU_OUT)
    wanted = scale * published(*potentials(False), False)
    assert np.abs(wanted).max() > 10.0
    np.testing.assert_allclose(recording["source_to_cells.w"].values[-1], wanted.ravel(), rtol=1e-10, atol=1e-9)


def test_where_the_threshold_adapts_the_trace_does_too():
    recording = simulate(network(True), float(STEPS), dt=1.0, record={"source_to_cells.w": STEPS}, dtype="float64",
                         backend="reference", progress=False)
    found = recording["source_to_cells.w"].values[-1]
    seen = potentials(True)
    right, without = published(*seen, True).ravel(), published(*seen, False).ravel()

    def apart(wanted):
        """What is left of the direction found when the wanted one is taken out of it."""
        share = found @ wanted / (np.linalg.norm(found) * np.linalg.norm(wanted))
        return np.sqrt(max(0.0, 1.0 - share**2))

    assert apart(right) < 0.02 < apart(without)


def test_online_learning_makes_a_readout_follow_its_target():
    steps = 2100
    target = np.sin(2 * np.pi * np.arange(steps) / 300.0)[:, None]
    rng = np.random.default_rng(5)
    step, line = np.nonzero(np.tile(rng.random((300, 20)) < 0.05, (7, 1)))
    cells = Neurons(30, "dv/dt = -v/tau_m : mV\nlearning : 1", threshold="v > 10*mV", reset="v -= 10*mV", tau_m=20.0)
    out = Neurons(1, "dy/dt = -y/tau_out : 1\naim : 1", tau_out=20.0, aim=TimedArray(target, 1.0))
    net = Network({"source": SpikeGenerator(20, line, 1.0 * step), "cells": cells, "out": out})
    rule = EProp(eta=0.002, tau_m=20.0, tau_out=20.0, v_th=10.0, width=10.0)
    net.connect("source", "cells", AllToAll(), on_pre="v += w", w="3*mV*randn()", plasticity=rule)
    net.connect("cells", "cells", AllToAll(), on_pre="v += w", w="0.5*mV*randn()", plasticity=rule)
    net.connect("cells", "out", AllToAll(), model="dz/dt = -z/tau : 1\ndw/dt = -rate*(y_post - aim_post)*z/dt : 1",
                on_pre="y += w; z += 1", tau=20.0, rate=0.0002, initial={"w": "0.1*randn()"})
    net.connect("out", "cells", AllToAll(), couple="learning = b*(y_pre - aim_pre)", b="randn()")
    recording = simulate(net, float(steps), dt=1.0, record=["out.y"], backend="reference", progress=False)
    error = (recording["out.y"].values - target) ** 2
    assert error[-300:].mean() < 0.5 * error[:300].mean()


def test_a_wrong_field_is_refused_by_name():
    with pytest.raises(DescriptionError, match="EProp.width must be > 0"):
        EProp(width=0.0)
    with pytest.raises(DescriptionError, match="EProp.tau_out must be > 0"):
        EProp(tau_out=-1.0)
