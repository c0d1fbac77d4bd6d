"""The same spikes, one by one, as Brian 2 from the same arrays.

Both sides compute in double precision but not to the same last bit: Brian 2 in volts and seconds and with
its own order of operations, we in mV and ms. A spike would move only where a potential comes within such a
rounding, about 1e-14 mV, of its threshold, and leak and reset shrink every difference in between, so no
network here has a spike that differs.
"""

from dataclasses import replace

import numpy as np
import pytest
from brian_peer import Edges, Model, brian_spikes, first_difference, our_spikes

pytest.importorskip("brian2")


def drawn_edges(rng, sources, targets, probability):
    """(E,) sources and targets, Bernoulli, without edges from a neuron to itself."""
    count = rng.binomial(targets.size, probability, size=sources.size)
    source = np.repeat(sources, count)
    target = np.concatenate([rng.choice(targets, size=n, replace=False) for n in count])
    return source[source != target], target[source != target]


def coba(size=4000):
    """Benchmark 1 of Brette et al. (2007), conductances in units of the leak."""
    rng = np.random.default_rng(20)
    excitatory = size * 4 // 5
    sources = np.arange(size)
    exc = drawn_edges(rng, sources[:excitatory], sources, 80 / size)
    inh = drawn_edges(rng, sources[excitatory:], sources, 80 / size)
    return Model(
        size=size,
        equations="""
        dv/dt   = (E_L - v + g_e*(E_e - v) + g_i*(E_i - v)) / tau_m : volt (unless refractory)
        dg_e/dt = -g_e / tau_e : 1
        dg_i/dt = -g_i / tau_i : 1
        """,
        threshold="v > -50*mV",
        reset="v = -60*mV",
        refractory=5.0,
        method="exponential_euler",
        values={"E_L": (-60.0, "mV"), "E_e": (0.0, "mV"), "E_i": (-80.0, "mV"), "tau_m": (20.0, "ms"),
                "tau_e": (5.0, "ms"), "tau_i": (10.0, "ms")},
        initial={"v": (rng.uniform(-60.0, -50.0, size), "mV"), "g_e": (rng.normal(4.0, 1.5, size), "1"),
                 "g_i": (rng.normal(20.0, 12.0, size), "1")},
        edges=(
            Edges(source=exc[0], target=exc[1], steps=1, on_pre="g_e += w", w=0.6),
            Edges(source=inh[0], target=inh[1], steps=1, on_pre="g_i += w", w=6.7),
        ),
    )  # fmt: skip


def cuba(size=4000):
    """Benchmark 2 of Brette et al. (2007), but every edge has a delay of its own, 0.1 to 2 ms."""
    rng = np.random.default_rng(21)
    excitatory = size * 4 // 5
    sources = np.arange(size)
    exc = drawn_edges(rng, sources[:excitatory], sources, 80 / size)
    inh = drawn_edges(rng, sources[excitatory:], sources, 80 / size)
    return Model(
        size=size,
        equations="""
        dv/dt   = (g_e + g_i - (v - E_L)) / tau_m : volt (unless refractory)
        dg_e/dt = -g_e / tau_e : volt
        dg_i/dt = -g_i / tau_i : volt
        """,
        threshold="v > -50*mV",
        reset="v = -60*mV",
        refractory=5.0,
        method="exact",
        values={"E_L": (-49.0, "mV"), "tau_m": (20.0, "ms"), "tau_e": (5.0, "ms"), "tau_i": (10.0, "ms")},
        initial={"v": (rng.uniform(-60.0, -50.0, size), "mV")},
        edges=tuple(
            Edges(source=s, target=t, steps=rng.integers(1, 21, s.size), on_pre=on_pre, w=w, unit="mV")
            for (s, t), on_pre, w in ((exc, "g_e += w", 1.62), (inh, "g_i += w", -9.0))
        ),
    )


def adex(size=500):
    """Adaptive exponential neurons, each with a current of its own, joined by decaying currents."""
    rng = np.random.default_rng(22)
    everyone = np.arange(size)
    source, target = drawn_edges(rng, everyone, everyone, 0.1)
    return Model(
        size=size,
        equations="""
        dv/dt = (g_L*(E_L - v) + upstroke - w_a + s + I) / C : volt (unless refractory)
        upstroke = g_L*Delta_T*exp((v - V_T)/Delta_T) : amp
        dw_a/dt = (a*(v - E_L) - w_a) / tau_w : amp
        ds/dt = -s / tau_s : amp
        """,
        threshold="v > -40*mV",
        reset="v = E_L\nw_a += b",
        refractory=2.0,
        method="euler",
        values={"C": (281.0, "pF"), "g_L": (30.0, "nS"), "E_L": (-70.6, "mV"), "V_T": (-50.4, "mV"),
                "Delta_T": (2.0, "mV"), "tau_w": (144.0, "ms"), "a": (4.0, "nS"), "b": (80.5, "pA"),
                "tau_s": (5.0, "ms"), "I": (800.0, "pA")},
        initial={"v": (rng.uniform(-70.6, -52.0, size), "mV"), "w_a": (rng.uniform(0.0, 150.0, size), "pA")},
        edges=(Edges(source=source, target=target, steps=rng.integers(1, 31, source.size),
                     on_pre="s += w", w=20.0, unit="pA"),),
    )  # fmt: skip


def hodgkin_huxley(size=200):
    """Traub and Miles channels with decaying conductances; a spike is an upward crossing of -20 mV."""
    rng = np.random.default_rng(23)
    everyone = np.arange(size)
    source, target = drawn_edges(rng, everyone, everyone, 0.05)
    return Model(
        size=size,
        equations="""
        dv/dt = (g_L*(E_L - v) + g_Na*m**3*h*(E_Na - v) + g_K*n**4*(E_K - v) + g_e*(E_e - v)) / C : volt
        dm/dt = a_m*(1 - m) - b_m*m : 1
        dh/dt = a_h*(1 - h) - b_h*h : 1
        dn/dt = a_n*(1 - n) - b_n*n : 1
        dg_e/dt = -g_e / tau_e : siemens
        a_m = 0.32*4/exprel((13*mV - v + V_T)/(4*mV))/ms : Hz
        b_m = 0.28*5/exprel((v - V_T - 40*mV)/(5*mV))/ms : Hz
        a_h = 0.128*exp((17*mV - v + V_T)/(18*mV))/ms : Hz
        b_h = 4/(1 + exp((40*mV - v + V_T)/(5*mV)))/ms : Hz
        a_n = 0.032*5/exprel((15*mV - v + V_T)/(5*mV))/ms : Hz
        b_n = 0.5*exp((10*mV - v + V_T)/(40*mV))/ms : Hz
        """,
        threshold="v > -20*mV",
        reset="",
        refractory="v > -20*mV",
        method="exponential_euler",
        values={"C": (200.0, "pF"), "g_L": (10.0, "nS"), "g_Na": (20000.0, "nS"), "g_K": (6000.0, "nS"),
                "E_L": (-60.0, "mV"), "E_Na": (50.0, "mV"), "E_K": (-90.0, "mV"), "E_e": (0.0, "mV"),
                "V_T": (-63.0, "mV"), "tau_e": (5.0, "ms")},
        initial={"v": (rng.uniform(-70.0, -55.0, size), "mV"), "h": (np.ones(size), "1"),
                 "g_e": (rng.uniform(0.0, 20.0, size), "nS")},
        edges=(Edges(source=source, target=target, steps=rng.integers(1, 31, source.size),
                     on_pre="g_e += w", w=2.0, unit="nS"),),
    )  # fmt: skip


def delta(size=600):
    """Spikes move the potential itself.

    Brian 2 delivers them before the reset of the step, we at the beginning of the next; a reset that
    subtracts gives the same either way, one to a fixed value would wipe out the former.
    """
    rng = np.random.default_rng(25)
    everyone = np.arange(size)
    source, target = drawn_edges(rng, everyone, everyone, 0.1)
    return Model(
        size=size,
        equations="dv/dt = (mu - v) / tau : volt (unless refractory)",
        threshold="v > 20*mV",
        reset="v -= 15*mV",
        refractory=1.0,
        method="exact",
        values={"mu": (rng.uniform(21.0, 30.0, size), "mV"), "tau": (20.0, "ms")},
        initial={"v": (rng.uniform(0.0, 20.0, size), "mV")},
        edges=(Edges(source=source, target=target, steps=rng.integers(1, 41, source.size),
                     on_pre="v -= w", w=0.11, unit="mV"),),
    )  # fmt: skip


MODELS = {"coba": coba, "cuba": cuba, "adex": adex, "hodgkin_huxley": hodgkin_huxley, "delta": delta}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize(
    ("name", "duration", "least"),
    [
        ("coba", 1000.0, 50_000),
        ("cuba", 1000.0, 10_000),
        ("adex", 1000.0, 5000),
        ("delta", 1000.0, 5000),
        ("hodgkin_huxley", 40.0, 500),
        # Brian 2 takes a minute for this one
        pytest.param("hodgkin_huxley", 1000.0, 10_000, marks=pytest.mark.slow),
    ],
)
def test_all_spikes_are_those_of_brian2_one_by_one(name, duration, least):
    model = MODELS[name]()
    ours = our_spikes(model, duration)
    assert len(ours[0]) > least, "the network is too quiet to prove anything"
    assert first_difference(ours, brian_spikes(model, duration)) == ""


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("refractory", [0.1, 0.2, 0.3, 0.35, 1.0])
def test_refractoriness_lasts_as_many_steps_as_in_brian2(refractory, backend):
    rng = np.random.default_rng(24)
    model = Model(
        size=30,
        equations="dv/dt = I : volt (unless refractory)",
        threshold="v > 0*mV",
        reset="v -= 1*mV",
        refractory=refractory,
        method="euler",
        values={"I": (1.7, "mV/ms")},
        initial={"v": (rng.uniform(-1.0, 0.0, 30), "mV")},
    )
    ours = our_spikes(model, 20.0, backend)
    assert first_difference(ours, brian_spikes(model, 20.0)) == ""
    intervals = np.diff(ours[0][ours[1] == 0])
    assert intervals.min() >= max(int(refractory / 0.1 + 1e-3), 1)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_model_that_differs_is_found_to_differ():
    model = adex()
    other = replace(model, values={**model.values, "b": (81.0, "pA")})
    assert "spikes are the same, then" in first_difference(our_spikes(model, 50.0), brian_spikes(other, 50.0))
