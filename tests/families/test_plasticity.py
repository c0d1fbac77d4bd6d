"""Rules of plasticity against sums over pairs of spikes, closed forms, and themselves."""

from functools import lru_cache

import numpy as np
import pytest

from neurosim import LIF, Network, Neurons, Poisson, Simulation, SpikeGenerator, simulate
from neurosim.connectivity import AllToAll, Bernoulli, OneToOne, Uniform
from neurosim.errors import DescriptionError, NetworkError
from neurosim.families.plasticity import (
    STDP,
    InhibitorySTDP,
    RewardSTDP,
    Rule,
    Scaling,
    ShortTerm,
    Texts,
    TripletSTDP,
    VoltageSTDP,
)

DT, DELAY, START = 0.5, 1.5, 0.4
LAGS = np.r_[-60.0:60.5:7.5]  # ms, from the arrival to the spike of the target
RULES = {
    "additive": STDP(a_plus=0.01, a_minus=0.012, tau_plus=17.0, tau_minus=34.0),
    "multiplicative": STDP(mu_plus=1, mu_minus=1, a_plus=0.02, a_minus=0.03, w_max=0.8),
    "between": STDP(mu_plus=0.2, mu_minus=0.3, w_max=0.9, tau_minus=30.0),
    "nearest": STDP(pairing="nearest", a_plus=0.02, a_minus=0.01, tau_minus=25.0),
    "bounded": STDP(a_plus=0.5, a_minus=0.55, w_max=0.7),
    "triplet": TripletSTDP(a2_plus=0.003, a3_plus=0.01, a2_minus=0.006, a3_minus=0.004),
    "triplet_nearest": TripletSTDP.published("hippocampus", "nearest", minimal=False),
    "inhibitory": InhibitorySTDP(eta=0.002, rho=8.0, tau=15.0),
    "scaling": Scaling(rho=20.0, tau_a=80.0, tau_w=300.0),
    "short_term": ShortTerm(U=0.3, tau_rec=150.0, tau_facil=60.0),
    "depressing": ShortTerm(U=0.6, tau_rec=120.0),
}


def trains(rng, count):
    """Spike times of ``count`` sources and targets, ms: pairs with each lag first, then irregular trains."""
    pairs = [([100.0 - DELAY], [100.0 + lag]) for lag in LAGS]
    irregular = [tuple(np.sort(rng.choice(np.arange(10, 600), n, replace=False)) * DT for n in (12, 14))
                 for _ in range(count - len(pairs))]
    both = [*pairs, *irregular]
    return [list(pre) for pre, _ in both], [list(post) for _, post in both]


def generator(times):
    indices = np.repeat(np.arange(len(times)), [len(t) for t in times])
    return SpikeGenerator(len(times), indices, np.concatenate(times))


PRE, POST = trains(np.random.default_rng(4), 24)


@lru_cache
def results(backend):
    """Every rule on the same spikes: weights after 400 ms, and the resources that short-term rules leave."""
    net = Network({"pre": generator(PRE), "post": generator(POST)})
    names = {}
    for name, rule in RULES.items():
        given = {} if isinstance(rule, ShortTerm) else {"w": START}
        net.connect("pre", "post", OneToOne(), name=name, plasticity=rule, delay=DELAY, **given)
        names[name] = [f"{name}.release", f"{name}.x"] if isinstance(rule, ShortTerm) else [f"{name}.w"]
    record = [(variable, 400.0) for variables in names.values() for variable in variables]
    recording = simulate(net, 400.0, dt=DT, dtype="float64", backend=backend, record=record, progress=False)
    return {name: np.array([recording[v].values[-1] for v in variables]) for name, variables in names.items()}


def events(number):
    """Arrivals (0) and spikes of the target (1) of one synapse in order; arrivals come first in a step."""
    found = [(t + DELAY, 0) for t in PRE[number]] + [(t, 1) for t in POST[number]]
    return sorted(found)


def trace(past, now, tau, nearest=False):
    """Sum over past spikes, or the last of them alone."""
    kernels = [np.exp(-(now - t) / tau) for t in past]
    return (kernels[-1] if kernels else 0.0) if nearest else sum(kernels)


def follow(number, at_pre, at_post):
    """Walk through the events of a synapse; each function takes the weight, earlier spikes of both sides and now."""
    w, seen = START, ([], [])
    for now, side in events(number):
        w = (at_post if side else at_pre)(w, *seen, now)
        seen[side].append(now)
    return w


def by_hand(name, number):
    rule = RULES[name]
    near = getattr(rule, "pairing", "all") == "nearest"
    if isinstance(rule, STDP):
        top = rule.w_max

        def depress(w, pre, post, now):
            return np.clip(w - rule.a_minus * top * (w / top) ** rule.mu_minus * trace(post, now, rule.tau_minus, near),
                           0, top)

        def potentiate(w, pre, post, now):
            return np.clip(w + rule.a_plus * top * (1 - w / top) ** rule.mu_plus * trace(pre, now, rule.tau_plus, near),
                           0, top)

    elif isinstance(rule, TripletSTDP):

        def depress(w, pre, post, now):
            r2 = trace(pre, now, rule.tau_x, near)
            return w - trace(post, now, rule.tau_minus, near) * (rule.a2_minus + rule.a3_minus * r2)

        def potentiate(w, pre, post, now):
            o2 = trace(post, now, rule.tau_y, near)
            return w + trace(pre, now, rule.tau_plus, near) * (rule.a2_plus + rule.a3_plus * o2)

    else:
        alpha = 2 * rule.rho / 1000 * rule.tau

        def depress(w, pre, post, now):
            return w + rule.eta * (trace(post, now, rule.tau) - alpha)

        def potentiate(w, pre, post, now):
            return w + rule.eta * trace(pre, now, rule.tau)

    return follow(number, depress, potentiate)


@pytest.mark.parametrize("name", ["additive", "multiplicative", "between", "nearest", "bounded", "triplet",
                                  "triplet_nearest", "inhibitory"])
def test_a_rule_is_its_sum_over_pairs_of_spikes(name, backend):
    expected = [by_hand(name, number) for number in range(len(PRE))]
    assert np.ptp(expected) > 1e-3, "the spikes hardly change anything"
    np.testing.assert_allclose(results(backend)[name][0], expected, rtol=0, atol=1e-12)


def test_the_window_of_a_pair_is_the_published_one(backend):
    rule = RULES["additive"]
    up, down = rule.a_plus * np.exp(-LAGS / rule.tau_plus), -rule.a_minus * np.exp(LAGS / rule.tau_minus)
    window = np.where(LAGS >= 0, up, down)
    changes = results(backend)["additive"][0][: LAGS.size] - START
    np.testing.assert_allclose(changes, window, rtol=0, atol=1e-12)


def test_scaling_follows_its_differential_equation(backend):
    """The closed form between events, against the two equations integrated in steps of 0.001 ms."""
    rule, fine, number = RULES["scaling"], 0.001, 20
    last, spikes = events(number)[-1][0], set(np.rint(np.array(POST[number]) / fine).astype(int))
    rate, log_w = 0.0, np.log(START)
    for step in range(round(last / fine)):
        rate += 1000 / rule.tau_a if step in spikes else 0.0
        log_w += fine / rule.tau_w * (1 - rate * np.exp(-0.5 * fine / rule.tau_a) / rule.rho)
        rate *= np.exp(-fine / rule.tau_a)
    assert abs(np.exp(log_w) - START) > 0.01
    assert results(backend)["scaling"][0][number] == pytest.approx(np.exp(log_w), rel=1e-8)


@pytest.mark.shim
def test_scaling_lets_the_weights_of_a_silent_target_grow(backend):
    rule, pair = RULES["scaling"], int(np.argmax(LAGS))
    # at the arrival the target has been silent all along, at its spike 60 ms later too
    assert results(backend)["scaling"][0][pair] == pytest.approx(START * np.exp(160.0 / rule.tau_w), rel=1e-12)


@pytest.mark.shim
@pytest.mark.parametrize("name", ["short_term", "depressing"])
def test_short_term_plasticity_follows_its_recursion(name, backend):
    rule = RULES[name]
    for number, arrivals in enumerate(PRE):
        u, x, release = 0.0, 1.0, 0.0
        for interval in np.diff(arrivals, prepend=arrivals[0]):
            u = u * np.exp(-interval / rule.tau_facil) if rule.tau_facil else 0.0
            u += rule.U * (1 - u)
            x = 1 - (1 - x) * np.exp(-interval / rule.tau_rec)
            release, x = u * x, x - u * x
        got = results(backend)[name][:, number]
        np.testing.assert_allclose(got, [release, x], rtol=0, atol=1e-12)


@pytest.mark.parametrize("rate", [5.0, 20.0, 50.0])
def test_short_term_plasticity_settles_at_its_closed_form(rate):
    U, recover, facilitate, T = 0.2, 300.0, 200.0, 1000.0 / rate
    times = np.arange(1, round(6000.0 / T)) * T
    net = Network({"pre": SpikeGenerator(1, np.zeros(times.size, int), times), "post": Neurons(1, "g : 1")})
    net.connect("pre", "post", OneToOne(), plasticity=ShortTerm(U=U, tau_rec=recover, tau_facil=facilitate),
                on_pre="g += w*release", w=2.0)
    recording = simulate(net, times[-1] + 1, dt=1.0, backend="reference", record="post.g", progress=False)
    u = U / (1 - (1 - U) * np.exp(-T / facilitate))
    x = (1 - np.exp(-T / recover)) / (1 - (1 - u) * np.exp(-T / recover))
    last = np.diff(recording["post.g"].values[:, 0])
    assert last[last > 0][-1] == pytest.approx(2.0 * u * x, rel=1e-8)


def test_resources_are_kept_once_for_each_source_where_nothing_forces_more():
    """The same bits with one state for each source and with one for each edge."""
    found = {}
    for name, U in (("sources", 0.3), ("edges", "0.3 + 0*rand()")):
        net = Network({"a": Poisson(6, 60.0), "b": Neurons(4, "g : 1")})
        net.connect("a", "b", AllToAll(), plasticity=ShortTerm(U=U, tau_facil=50.0), on_pre="g += w*release", w=2.0,
                    delay=1.2)
        session = Simulation(net, backend="reference", seed=2, progress=False)
        session.run(300.0)
        found[name] = session.get("b.g"), session.get("a_to_b.x")
    assert [found[name][1].shape for name in found] == [(6,), (24,)]
    assert found["sources"][0].max() > 10
    np.testing.assert_array_equal(found["sources"][0], found["edges"][0])
    np.testing.assert_array_equal(np.repeat(found["sources"][1], 4), found["edges"][1])


@pytest.mark.parametrize(
    ("given", "size"),
    [({}, 2), ({"delay": 2.0}, 2), ({"delay": Uniform(1.0, 5.0)}, 6), ({"on_pre": "g += x; x -= 0.5*x"}, 6),
     ({"on_pre": "x -= w*x; g += x", "w": 0.5}, 2), ({"on_pre": "x -= w*x; g += x", "w": Uniform(0.0, 0.5)}, 6),
     ({"on_pre": "x -= 0.5*x; g += x", "initial": {"x": "rand()"}}, 6),
     ({"on_pre": "h += x; g += h; x -= h"}, 6)],
)
def test_what_forces_a_state_for_each_edge(given, size):
    text = {"model": "dx/dt = -x/tau : 1 (event-driven, presynaptic)\nh : 1", "on_pre": "x += 1; g += x; h += 1"}
    net = Network({"a": Poisson(2, 10.0), "b": Neurons(3, "g : 1")})
    net.connect("a", "b", AllToAll(), tau=5.0, **{**text, **given})
    program = net.build(dt=0.1)
    assert program.size_of(program.buffers["a_to_b.x"].space) == size


def test_triplets_let_potentiation_grow_with_the_rate_of_pairing():
    """60 pairs at +10 ms: o2 has not decayed from pair to pair when pairs come fast."""
    rule, changes = TripletSTDP.published(), {}
    for rate in (5.0, 20.0, 50.0):
        T, tau = 1000.0 / rate, (rule.tau_plus, rule.tau_minus, rule.tau_y)
        pre = 100.0 + T * np.arange(60)
        w = START
        for k in range(60):
            past = T * np.arange(1, k + 1)
            w -= rule.a2_minus * np.sum(np.exp(-(past - 10.0) / tau[1]))
            r1, o2 = np.sum(np.exp(-(np.r_[0.0, past] + 10.0) / tau[0])), np.sum(np.exp(-past / tau[2]))
            w += rule.a3_plus * r1 * o2
        net = Network({"pre": generator([list(pre - DELAY)]), "post": generator([list(pre + 10.0)])})
        net.connect("pre", "post", OneToOne(), plasticity=TripletSTDP(w_max=5.0), delay=DELAY, w=START)
        recording = simulate(net, pre[-1] + 20, dt=DT, backend="reference", record=[("pre_to_post.w", pre[-1] + 20)],
                             progress=False)
        changes[rate] = recording["pre_to_post.w"].values[-1, 0] - START
        assert changes[rate] == pytest.approx(w - START, abs=1e-10)
    assert changes[5.0] < 0.1 < changes[20.0] < changes[50.0]


def test_inhibitory_plasticity_stands_still_where_the_target_fires_at_its_rate(backend):
    """Regular trains of both sides, at every phase to each other, so that they are uncorrelated."""
    tau, dt, rho = 20.0, 1.0, 10.0
    q = np.exp(-dt / tau)
    for rate in (10.0, 20.0):
        T = round(1000.0 / rate)
        phases = np.arange(T)
        # from 1 s on, when traces have settled, 10 spikes of each
        pre = [list(phase + T * np.arange(round(1000 / T) + 10)) for phase in phases]
        post = [list(T * np.arange(round(1000 / T) + 12)) for _ in phases]
        net = Network({"pre": generator(pre), "post": generator(post)})
        net.connect("pre", "post", OneToOne(), plasticity=InhibitorySTDP(eta=1e-3, rho=rho, tau=tau), w=0.5)
        recording = simulate(net, 1000.0 + 10 * T, dt=dt, dtype="float64", backend=backend, progress=False,
                             record=[("pre_to_post.w", 100.0)])
        w = recording["pre_to_post.w"].values.mean(axis=1)
        drift = (w[-1] - w[-2]) / (100.0 / T) / 1e-3
        # a train seen at all phases on the grid: sums of q**k over k = 1.. for the target, 0.. for the source
        assert drift == pytest.approx((1 + q) / (1 - q) / T - 2 * rho * tau / 1000, abs=1e-10)
        assert abs(drift) < 1e-4 if rate == rho else drift > 0.3


def test_a_reward_turns_eligibility_into_weight(backend):
    rule = RewardSTDP(tau_c=400.0, tau_w=10.0)
    target = Neurons(1, "dv/dt = -v/ms : 1\ndd/dt = -d/tau_d : 1", threshold="v > 1", reset="v = 0", tau_d=100.0)
    parts = {"pre": generator([[10.0]]), "push": generator([[14.0]]), "reward": generator([[200.0]]), "post": target}
    net = Network(parts)
    net.connect("pre", "post", OneToOne(), plasticity=RewardSTDP(tau_c=400.0, modulator="d"), w=1.0)
    net.connect("push", "post", OneToOne(), on_pre="v += 100")
    net.connect("reward", "post", OneToOne(), on_pre="d += 0.5")
    recording = simulate(net, 1500.0, dt=1.0, dtype="float64", backend=backend, record="pre_to_post.w", progress=False)
    w = recording["pre_to_post.w"].values[:, 0]
    assert w[199] == 1.0
    # arrival at 11 ms, spike in the step of 15 ms; its eligibility has decayed by whole steps when reward arrives
    # at 201 ms, by Euler steps. Equations of edges run after those of neurons and see dopamine as it then is
    c = np.exp(-1.0 / 100.0) * rule.a_plus * np.exp(-4.0 / 20.0) * (1.0 - 1.0 / 400.0) ** (201 - 16)
    ratio = (1.0 - 1.0 / 400.0) * np.exp(-1.0 / 100.0)
    steps = np.arange(w.size - 201)
    expected = 1.0 + c * 0.5 / rule.tau_w * (1 - ratio ** (steps + 1)) / (1 - ratio)
    np.testing.assert_allclose(w[201:], expected, rtol=0, atol=1e-10)


def test_the_voltage_rule_weighs_potentials_above_their_thresholds(backend):
    rule = VoltageSTDP(a_ltd=1e-3, a_ltp=1e-4, w_max=10.0)
    target = Neurons(2, "v : mV\nu_minus : mV\nu_plus : mV", v=[-40.0, -50.0], u_minus=-65.0, u_plus=-60.0)
    net = Network({"pre": generator([[10.0]]), "post": target})
    net.connect("pre", "post", AllToAll(), plasticity=rule, w=1.0)
    recording = simulate(net, 60.0, dt=0.5, dtype="float64", backend=backend, record="pre_to_post.w", progress=False)
    w = recording["pre_to_post.w"].values
    depressed = 1.0 - 1e-3 * 5.6
    x = (1.0 - 0.5 / 15.0) ** np.arange(98) / 15.0  # Euler steps from the arrival at 10.5 ms
    grown = depressed + 0.5 * 1e-4 * 5.3 * 10.6 * np.cumsum(x)
    np.testing.assert_allclose(w[21:119, 0], grown, rtol=0, atol=1e-12)
    np.testing.assert_allclose(w[21:, 1], depressed, rtol=0, atol=1e-14)


def test_integrated_weights_stay_within_their_bounds():
    target = Neurons(1, "v : mV\nu_minus : mV\nu_plus : mV\nd : 1", v=0.0, u_minus=-75.0, u_plus=0.0, d=1.0,
                     threshold="v > 1*mV")
    net = Network({"pre": generator([[5.0], [5.0]]), "post": target})
    net.connect("pre", "post", AllToAll(), plasticity=VoltageSTDP(a_ltp=1.0, w_max=0.8), w=0.5)
    net.connect("pre", "post", AllToAll(), name="reward", on_pre="c -= 1", w=0.5,
                plasticity=RewardSTDP(modulator="d", w_max=0.8))
    session = Simulation(net, dt=0.5, backend="reference", progress=False)
    session.run(20.0)
    assert np.all(session.get("pre_to_post.w") == 0.8)
    assert np.all(session.get("reward.w") == 0.0)


def recurrent(size=60):
    """Neurons that drive each other along synapses with every kind of event-driven rule."""
    net = Network({"noise": Poisson(20, 200.0), "cells": LIF(size, tau=10.0, refractory=1.0)})
    net.connect("noise", "cells", Bernoulli(0.5), on_pre="v += w", w=6.0)
    rules = [STDP(w_max=2.0, a_plus=0.05, a_minus=0.05), Scaling(w_max=2.0, tau_w=500.0), ShortTerm(tau_facil=50.0)]
    net.connect("cells", "cells", Bernoulli(0.3), on_pre="v += w*release", plasticity=rules, w="2*mV*rand()", delay=1.5)
    net.connect("cells", "cells", Bernoulli(0.2), on_pre="v -= w", plasticity=InhibitorySTDP(eta=0.05), w=0.5,
                name="inhibition")
    return net


LEARNED = ["cells_to_cells.w", "inhibition.w", "cells.v"]


def test_what_is_learned_has_the_same_bits_for_any_number_of_threads():
    runs = {}
    for threads in (1, 2, 3):
        session = Simulation(recurrent(), seed=3, threads=threads, progress=False)
        start = session.get("inhibition.w")
        session.run(80.0)  # three threads on fewer cores wait for each other
        runs[threads] = [session.get(name) for name in LEARNED]
        assert np.abs(runs[threads][1] - start).max() > 0.1, "the network is too quiet to prove anything"
    for threads in (2, 3):
        for one, other in zip(runs[1], runs[threads], strict=True):
            np.testing.assert_array_equal(one, other)


def test_a_run_that_learns_can_be_split_saved_and_taken_up(tmp_path):
    whole = Simulation(recurrent(), seed=3, threads=1, progress=False)
    whole.run(300.0)
    split = Simulation(recurrent(), seed=3, threads=1, progress=False)
    split.run(70.3)
    split.save(tmp_path / "half.npz")
    again = Simulation.load(tmp_path / "half.npz", threads=1, progress=False)
    again.run(300.0 - 70.3)
    for name in LEARNED:
        np.testing.assert_array_equal(whole.get(name), again.get(name))


def test_a_join_with_rules_survives_being_written_down():
    assert Network.from_yaml(recurrent().to_yaml()) == recurrent()


def test_the_weight_takes_the_unit_that_on_pre_gives_it():
    net = Network({"a": Poisson(2, 10.0), "b": LIF(2), "c": Neurons(2, "g : nS", threshold="g > 1*nS")})
    net.connect("a", "b", AllToAll(), on_pre="v += w", plasticity=STDP(w_max=3.0), w=1.0)
    net.connect("a", "c", AllToAll(), on_pre="g += w", plasticity=STDP(w_max=3.0), w=1.0)
    program = net.build(dt=0.1)
    shown = [program.buffers[name].dimension for name in ("a_to_b.w", "b.v", "a_to_c.w", "c.g")]
    assert shown[0] == shown[1] and shown[2] == shown[3] and shown[0] != shown[2]


class Hebbian(Rule):
    gain = 0.1

    def texts(self):
        return Texts(on_post="w += gain")

    def values(self):
        return {"gain": self.gain, "unused": 1.0}


def test_a_rule_of_ones_own_is_a_text():
    net = Network({"a": generator([[1.0]]), "b": generator([[2.0, 3.0]])})
    net.connect("a", "b", OneToOne(), plasticity=Hebbian(), w=0.5)
    recording = simulate(net, 5.0, dt=0.5, backend="reference", record="a_to_b.w", progress=False)
    assert recording["a_to_b.w"].values[-1, 0] == pytest.approx(0.7)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: STDP(tau_plus=0.0), "STDP.tau_plus must be > 0"),
        (lambda: STDP(mu_minus=-1.0), "STDP.mu_minus must be >= 0"),
        (lambda: STDP(pairing="neerest"), "STDP.pairing must be one of all, nearest; did you mean 'nearest'"),
        (lambda: TripletSTDP.published("cerebellum"), "TripletSTDP: no set .'cerebellum', 'all', 'minimal'.; there"),
        (lambda: ShortTerm(U=1.5), r"ShortTerm.U must be in \[0, 1\], got 1.5"),
        (lambda: ShortTerm(U=0.0), "ShortTerm.U must be > 0"),
        (lambda: Scaling(tau_w=-1.0), "Scaling.tau_w must be > 0"),
    ],
)
def test_a_rule_refuses_what_cannot_be(make, message):
    with pytest.raises(DescriptionError, match=message):
        make()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"plasticity": "STDP"}, "plasticity must be a rule such as STDP"),
        ({"plasticity": [STDP(), STDP()]}, "'pre' is already defined"),
        ({"plasticity": [STDP(w_max=1.0), Scaling(w_max=2.0)]}, "w_max is given twice"),
        ({"plasticity": STDP(), "w_max": 2.0}, "w_max is given twice"),
        ({"plasticity": VoltageSTDP()}, "u_plus_post"),
    ],
)
def test_a_join_refuses_rules_that_do_not_fit(given, message):
    net = Network({"a": Poisson(2, 10.0), "b": LIF(2)})
    with pytest.raises((NetworkError, DescriptionError), match=message):
        net.connect("a", "b", AllToAll(), on_pre="v += w", w=1.0, **given)
    assert not net.joins
