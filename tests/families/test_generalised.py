"""Generalised integrate-and-fire neurons against a loop written by hand."""

from functools import lru_cache

import numpy as np
import pytest
from scipy.linalg import expm

from neurosim import GLIF, Network, TimedArray, simulate
from neurosim.errors import DescriptionError, UnitError
from neurosim.families import glif
from neurosim.families.generalised import CELL

STEP = {"numba": 0.05, "reference": 0.1}


def by_hand(level, current, dt):
    """Spike steps, potentials, thresholds and sums of currents, by the propagator of the whole system."""
    cell = {"reset": None, "spike_threshold": None, "currents": (), "voltage_threshold": None, **CELL[level]}
    c, g, rest, t_ref = 58.72, cell["g"], -78.85, 3.75
    b_s, jump_s = cell["spike_threshold"] or (0.0, 0.0)
    a_v, b_v = cell["voltage_threshold"] or (0.0, 0.0)
    rates = [rate for rate, _ in cell["currents"]] or [0.0, 0.0]
    jumps = [jump for _, jump in cell["currents"]] or [0.0, 0.0]
    # u = v - rest, two currents, theta_s, theta_v, and the input, which stays
    matrix = np.zeros((6, 6))
    matrix[0] = [-g / c, 1 / c, 1 / c, 0, 0, 1 / c]
    matrix[1, 1], matrix[2, 2] = -0.001 * rates[0], -0.001 * rates[1]
    matrix[3, 3] = -0.001 * b_s
    matrix[4, 0], matrix[4, 4] = 0.001 * a_v, -0.001 * b_v
    step = expm(matrix * dt)
    state, resting, found = np.zeros(6), 0, {"spikes": [], "v": [], "theta": [], "sum": []}
    for k, given in enumerate(current):
        state[5] = given
        if resting:
            resting -= 1
        else:
            state = step @ state
            if rest + state[0] > cell["V_th"] + state[3] + state[4]:
                found["spikes"].append(k)
                share, added = cell["reset"] or (0.0, 0.0)
                state[0] = share * state[0] + added
                for j in (0, 1):
                    state[1 + j] = state[1 + j] * np.exp(-0.001 * rates[j] * t_ref) + jumps[j]
                state[3] = state[3] * np.exp(-0.001 * b_s * t_ref) + jump_s
                resting = int(t_ref / dt + 0.001) - 1
        found["v"].append(rest + state[0])
        found["theta"].append(state[3] + state[4])
        found["sum"].append(state[1] + state[2])
    return found


@lru_cache
def run(backend):
    """Level 5 for long, or the others for a short time, and the current that they got."""
    dt = STEP[backend]
    levels, times = ([5], np.arange(0.0, 400.0, dt)) if backend == "numba" else ([1, 2, 3, 4], np.arange(0.0, 60.0, dt))
    current = np.where(times < 300.0, 400.0, 250.0) if backend == "numba" else np.full(times.size, 600.0)
    parts = {f"level_{level}": glif(level, I=TimedArray(current, dt)) for level in levels}
    variables = ("v", "I_1", "I_2", "theta_s", "theta_v")
    record = ["spikes", *(f"{name}.{v}" for name, part in parts.items() for v in variables if v in part.dimensions)]
    found = simulate(Network(parts), times.size * dt, dt=dt, dtype="float64", record=record, backend=backend,
                     progress=False)
    return found, current


@pytest.mark.parametrize("level", CELL)
def test_a_level_is_the_loop_written_by_hand(level):
    assert glif(level).update.method == "exact"
    backend, name = "numba" if level == 5 else "reference", f"level_{level}"
    recording, current = run(backend)
    expected = by_hand(level, current, STEP[backend])
    assert len(expected["spikes"]) > 4
    np.testing.assert_array_equal(recording[f"{name}.spikes"].steps, expected["spikes"])
    np.testing.assert_allclose(recording[f"{name}.v"][:, 0], expected["v"], rtol=0, atol=1e-8)
    for key, members in (("theta", ("theta_s", "theta_v")), ("sum", ("I_1", "I_2"))):
        total = sum(recording[f"{name}.{v}"][:, 0] for v in members if f"{name}.{v}" in recording)
        np.testing.assert_allclose(np.broadcast_to(total, current.size), expected[key], rtol=0, atol=1e-8)


def test_level_one_fires_at_its_closed_form_rate_and_level_five_adapts():
    """From reset, the threshold is reached after tau log(I / (I - g (V_th - v_reset))), behind the refractory time."""
    part = glif(1)
    rise = part.C / part.g * np.log(600.0 / (600.0 - part.g * (part.V_th - part.E_L)))
    regular = np.diff(run("reference")[0]["level_1.spikes"].times)
    # of a rest of 3.75 ms 3.7 are whole steps; it lasts a step less, and a spike is found up to a step late
    np.testing.assert_allclose(regular, rise + 3.65, rtol=0, atol=0.1)
    times = run("numba")[0]["level_5.spikes"].times
    adapting = np.diff(times[times < 300.0])
    assert adapting[-1] > 1.2 * adapting[0]


def test_it_is_written_down_and_read_again():
    net = Network({"cells": glif(5, 3, I=[100.0, 200.0, 300.0])})
    assert Network.from_dict(net.to_dict()) == net
    assert Network.from_yaml(net.to_yaml()) == net


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: glif(6), DescriptionError, "level must be one of 1, 2, 3, 4, 5, got 6"),
        (lambda: GLIF(1, C=0.0), DescriptionError, "GLIF.C must be > 0"),
        (lambda: GLIF(1, reset=0.2), DescriptionError, "GLIF.reset must have 2 numbers, got 0.2"),
        (lambda: GLIF(1, currents=[(3.0,)]), DescriptionError, "GLIF.currents must have 3 numbers"),
        (lambda: GLIF(1, spike_threshold=(-9.0, 0.3)), DescriptionError, "a rate must be >= 0 Hz, got -9.0"),
        (lambda: GLIF(1, voltage_threshold=("5", 90.0)), UnitError, "GLIF.voltage_threshold"),
        (lambda: GLIF(1, refractory=-1.0), DescriptionError, "refractory must be >= 0"),
    ],
)
def test_a_wrong_field_is_refused_by_name(call, error, message):
    with pytest.raises(error, match=message):
        call()
