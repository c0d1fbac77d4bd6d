"""The same weights as Brian 2, one by one, of edges that learn in a network whose spikes they make.

Ours arrive at the beginning of a step and Brian's at the end of the one before (see ``brian_peer``), so what a spike
does to the target has a delay one step shorter there; traces count the time of arrival and have the same delay.
"""

import numpy as np
import pytest

from neurosim import Network, Neurons, SpikeGenerator, simulate
from neurosim.connectivity import FromArrays
from neurosim.families.plasticity import STDP, InhibitorySTDP, Rule, ShortTerm, TripletSTDP

pytest.importorskip("brian2")

DT, DURATION, STEPS = 0.1, 400.0, 7
SOURCES, TARGETS = 40, 5
CELL = "dv/dt = -v/tau : volt"
RULES: dict[str, Rule] = {
    "additive": STDP(w_max=3.0, a_plus=0.02, a_minus=0.022),
    "weight dependent": STDP(w_max=3.0, a_plus=0.02, a_minus=0.03, mu_plus=1, mu_minus=1),
    "nearest": STDP(w_max=3.0, a_plus=0.02, a_minus=0.022, pairing="nearest"),
    "triplet": TripletSTDP(a2_plus=0.02, a3_plus=0.05, a2_minus=0.03, a3_minus=0.01, w_max=3.0),
    "inhibitory": InhibitorySTDP(eta=0.02, rho=20.0, w_max=3.0),
    "short term": ShortTerm(U=0.3, tau_rec=200.0, tau_facil=100.0),
}


def drawn():
    """Spikes of the sources, edges and weights, for both."""
    rng = np.random.default_rng(11)
    steps = np.flatnonzero(rng.random((SOURCES, round(DURATION / DT) - 20)) < 0.004)
    source, step = np.divmod(steps, round(DURATION / DT) - 20)
    edges = np.divmod(np.arange(SOURCES * TARGETS), TARGETS)
    return source, step, edges, rng.uniform(0.5, 2.5, SOURCES * TARGETS)


def ours(rule, record):
    source, step, edges, w = drawn()
    net = Network({
        "pre": SpikeGenerator(SOURCES, source, step * DT),
        "post": Neurons(TARGETS, CELL, threshold="v > 10*mV", reset="v -= 10*mV", method="exact", tau=10.0),
    })
    passed = "v += 8*w*release" if isinstance(rule, ShortTerm) else "v += w"
    net.connect("pre", "post", FromArrays(*edges), on_pre=passed, plasticity=rule, w=w, delay=STEPS * DT)
    recording = simulate(net, DURATION, dt=DT, backend="reference", record=["post.spikes", (record, DURATION)],
                         progress=False)
    return recording["post.spikes"], recording[record].values[-1]


def theirs(rule):
    import brian2 as b

    b.prefs.codegen.target = "numpy"
    b.start_scope()
    source, step, edges, w = drawn()
    texts, units = rule.texts(), {"tau": b.ms, "w": b.mV, "rho": b.Hz, "eta": b.mV}
    amounts = ("a2_plus", "a3_plus", "a2_minus", "a3_minus")
    values = {
        name: value * (b.mV if name in amounts else units.get(name.split("_")[0], 1))
        for name, value in rule.values().items() if isinstance(value, int | float)
    }
    clock = b.Clock(dt=DT * b.ms)
    pre = b.SpikeGeneratorGroup(SOURCES, source, step * DT * b.ms, clock=clock)
    post = b.NeuronGroup(TARGETS, CELL, threshold="v > 10*mV", reset="v -= 10*mV", method="exact",
                         namespace={"tau": 10 * b.ms}, clock=clock)
    short = isinstance(rule, ShortTerm)
    model = texts.model.replace(", presynaptic", "").replace(" (presynaptic)", "") + "\nw : volt"
    before = texts.before.replace("; ", "\n")
    learn = texts.on_pre.replace("; ", "\n").replace(", 0, w_max", ", 0*volt, w_max")
    on_pre = {"pass": f"{before}\nv_post += 8*w*release"} if short else {"pass": "v_post += w", "learn": learn}
    delays = {"pass": (STEPS - 1) * DT * b.ms} | ({} if short else {"learn": STEPS * DT * b.ms})
    on_post = None if short else texts.on_post.replace("; ", "\n").replace(", 0, w_max", ", 0*volt, w_max")
    synapses = b.Synapses(pre, post, model, on_pre=on_pre, on_post=on_post, delay=delays, namespace=values, clock=clock)
    synapses.connect(i=edges[0], j=edges[1])
    synapses.w = w * b.mV
    for name, value in texts.initial.items():
        setattr(synapses, name, value)
    if not short:  # ours learn at an arrival before the target's spikes of that step, and pass on what is left after
        synapses.learn.order, synapses.post.order = -1, 0
    getattr(synapses, "pass").order = 1
    monitor = b.SpikeMonitor(post)
    b.Network(pre, post, synapses, monitor).run(DURATION * b.ms)
    found = np.asarray(synapses.x) if short else np.asarray(synapses.w / b.mV)
    return np.asarray(monitor.i), np.rint(np.asarray(monitor.t / b.ms) / DT).astype(int), found


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("name", list(RULES))
def test_all_weights_are_those_of_brian2_one_by_one(name):
    rule = RULES[name]
    short = isinstance(rule, ShortTerm)
    spikes, learned = ours(rule, "pre_to_post.x" if short else "pre_to_post.w")
    which, when, expected = theirs(rule)
    assert spikes.count > 50, "the network is too quiet to prove anything"
    order = np.lexsort((which, when))
    np.testing.assert_array_equal(spikes.steps, when[order])
    np.testing.assert_array_equal(spikes.indices, which[order])
    if short:
        learned = np.repeat(learned, TARGETS)  # kept once for each source; the last spikes of all have arrived
    assert np.abs(learned - (1.0 if short else drawn()[3])).max() > 0.05
    np.testing.assert_allclose(learned, expected, rtol=0, atol=1e-10)
