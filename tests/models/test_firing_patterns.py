"""The twenty patterns of Izhikevich (2004) against the author's program, written as a loop."""

import numpy as np
import pytest

from neurosim import simulate
from neurosim.errors import DescriptionError
from neurosim.models import izhikevich_2004 as model

CLASS_1 = {"class 1 excitable", "integrator"}


def by_hand(pattern):
    """Potential behind each step, and the steps with a spike."""
    cell = model.CELLS[pattern]
    p, q = (4.1, 108.0) if pattern in CLASS_1 else (5.0, 140.0)
    v, u = cell.v, (-16.0 if pattern == "accommodation" else cell.b * cell.v)
    trace, spikes = [], []
    steps = round(cell.duration / cell.step) + 1
    for k, current in enumerate(cell.input(cell.step * np.arange(steps))):
        v = v + cell.step * (0.04 * v**2 + p * v + q - u + current)
        slope = cell.a * (cell.b * (v + 65.0)) if pattern == "accommodation" else cell.a * (cell.b * v - u)
        u = u + cell.step * slope
        if v > 30:
            spikes.append(k)
            v, u = cell.c, u + cell.d
        trace.append(v)
    return np.array(trace), np.array(spikes)


@pytest.mark.parametrize("pattern", model.CELLS)
def test_a_cell_is_the_published_loop(pattern):
    cell = model.CELLS[pattern]
    trace, spikes = by_hand(pattern)
    assert len(spikes) >= 1
    np.testing.assert_allclose(model.times_of(pattern), cell.step * spikes, rtol=0, atol=1e-9)
    # each spike makes a rounding some hundred times larger, so potentials are compared until the third
    until = spikes[2] if len(spikes) > 2 else len(trace) - 1
    ends = np.round(cell.step / model.DT * np.arange(1, until + 1)).astype(int) - 1
    v = np.asarray(model.run()["cells.v"])[ends, model.place(pattern)]
    np.testing.assert_allclose(v, trace[:until], rtol=0, atol=1e-6)


def test_some_of_them_can_be_built_alone():
    chosen = ("tonic spiking", "depolarizing after-potential")
    recording = simulate(model.build(chosen), 20.0, dt=model.DT, record="spikes", backend="reference", progress=False)
    for number, pattern in enumerate(chosen):
        step = model.CELLS[pattern].step
        loop = (by_hand(pattern)[1] + 1) * step - model.DT
        found = recording["cells.spikes"].of(number).times
        assert len(found) >= 1
        np.testing.assert_allclose(found, loop[loop < 20.0], rtol=0, atol=1e-9)


def test_an_unknown_pattern_offers_the_nearest():
    with pytest.raises(DescriptionError, match="no pattern 'tonic spike'; did you mean 'tonic spiking'"):
        model.build(("tonic spike",))
