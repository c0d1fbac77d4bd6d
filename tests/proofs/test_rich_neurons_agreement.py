"""Named neurons and receptors in Brian 2, from the text that we print: the same potentials at every step.

Both sides compute in double precision, Brian 2 in volts and seconds, so a difference begins as a rounding; a spike's
steep flanks make it 1e-11 mV or so within the time compared.
"""

import re

import numpy as np
import pytest

from neurosim import (
    AdaptiveLIF,
    AdEx,
    Network,
    Receptor,
    SpikeGenerator,
    SquidAxon,
    WangBuzsaki,
    simulate,
    with_currents,
)
from neurosim.connectivity import OneToOne
from neurosim.units import display_unit

b = pytest.importorskip("brian2")

UNITS = {"mV": "volt", "pA": "amp", "nS": "siemens", "1/ms": "Hz"}
DT = 0.02


def brian_text(text):
    """The equations with the units that Brian 2 wants behind the colon."""
    return re.sub(r": (mV|pA|nS|1/ms)\b", lambda found: f": {UNITS[found[1]]}", text)


def quantity(value, dimension):
    """A plain number of ours as a quantity of Brian 2."""
    name = display_unit(dimension).name
    return value * eval(name, {"__builtins__": {}}, vars(b)) if name != "1" else value


def ours(neurons, spikes, target, weight, duration):
    """(T, N) potentials, the first behind one step."""
    network = Network({"cell": neurons})
    if target:
        network.add("source", SpikeGenerator(1, np.zeros(len(spikes), int), spikes))
        network.connect("source", "cell", OneToOne(), on_pre=f"{target} += weight", weight=weight, delay=DT)
    run = simulate(network, duration, dt=DT, dtype="float64", record="cell.v", backend="reference", progress=False)
    return np.asarray(run["cell.v"])


def theirs(neurons, spikes, target, weight, duration):
    """The same from Brian 2."""
    b.prefs.codegen.target = "numpy"
    b.start_scope()
    clock = b.Clock(dt=DT * b.ms)
    units = neurons.dimensions
    group = b.NeuronGroup(
        neurons.size,
        brian_text(neurons.equations),
        threshold=neurons.threshold,
        reset=neurons.reset,
        refractory=neurons.refractory if neurons.refractory is not None else False,
        method=neurons.update.method,
        namespace={name: quantity(value, units[name]) for name, value in neurons.parameters.items()},
        clock=clock,
    )
    for name, value in neurons.initial.items():
        setattr(group, name, quantity(value, units[name]))
    monitor = b.StateMonitor(group, "v", record=True, clock=clock)
    parts = [group, monitor]
    if target:
        source = b.SpikeGeneratorGroup(1, np.zeros(len(spikes), int), spikes * b.ms, clock=clock)
        synapses = b.Synapses(source, group, on_pre=f"{target} += weight", clock=clock,
                              namespace={"weight": quantity(weight, units[target])})
        synapses.connect()
        parts += [source, synapses]
    b.Network(*parts).run((duration + DT) * b.ms)
    return np.asarray(monitor.v / b.mV).T[1:]


AMPA = Receptor("syn", tau=5.0, reversal=0.0)
NMDA = Receptor("syn", tau=80.0, tau_rise=2.0, reversal=0.0, magnesium=1.0)
CASES = {
    "squid": (SquidAxon(1, I=100.0), None, 0.0),
    "interneuron": (WangBuzsaki(1, I=10.0), None, 0.0),
    "adaptive": (AdaptiveLIF(1, i=30.0), None, 0.0),
    "exponential": (with_currents(AdaptiveLIF(1), AMPA), "g_syn", 0.5),
    "alpha": (with_currents(SquidAxon(1), Receptor("syn", tau=3.0, tau_rise=3.0, reversal=0.0)), "h_syn", 2.0),
    "two": (with_currents(AdEx(1), Receptor("syn", tau=8.0, tau_rise=1.0)), "h_syn", 900.0),
    "nmda": (with_currents(AdaptiveLIF(1), NMDA), "h_syn", 4.0),
}  # fmt: skip


SLOW = {"alpha", "interneuron", "squid"}  # Brian 2 takes ten seconds or more to write their step down


@pytest.mark.parametrize("name", [pytest.param(n, marks=pytest.mark.slow if n in SLOW else ()) for n in CASES])
def test_a_text_gives_the_potentials_that_brian_2_finds(name):
    part, target, weight = CASES[name]
    neurons = part.as_neurons() if hasattr(part, "as_neurons") else part
    case = (neurons, np.array([2.0, 5.0, 6.0]), target, weight, 25.0)
    found, expected = ours(*case), theirs(*case)[: len(ours(*case))]
    assert np.ptp(expected) > 5.0
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-9)
