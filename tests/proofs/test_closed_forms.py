"""What `simulate` gives against what can be worked out by hand, on every backend, in double precision."""

import numpy as np
import pytest

from neurosim import LIF, Network, Neurons, Poisson, SpikeGenerator, current_steps, simulate
from neurosim.connectivity import FromArrays

DT = 0.1


def run(net, duration, record, backend, dt=DT, seed=1):
    return simulate(
        net, duration, dt=dt, seed=seed, record=record, backend=backend, dtype="float64", progress=False
    )


def test_a_passive_membrane_decays_and_answers_a_step_to_1e_12(backend):
    resistance, tau, rest = 0.1, 10.0, -65.0  # GΩ, ms, mV
    amps = np.array([0.0, 100.0, -50.0, 320.0])  # pA
    start = np.array([-40.0, -65.0, -80.0, 0.0])
    membrane = "dv/dt = (E_L - v + R*I)/tau : mV\nI : pA"
    net = Network(
        {
            "still": Neurons(4, membrane, E_L=rest, R=resistance, tau=tau, initial={"v": start, "I": amps}),
            "stepped": Neurons(
                1, membrane, E_L=rest, R=resistance, tau=tau, initial={"v": rest},
                I=current_steps([0.0, 20.0, 50.0], [0.0, 200.0, 0.0], dt=DT),
            ),
        }
    )  # fmt: skip
    recording = run(net, 80.0, ["still.v", "stepped.v"], backend)
    t = recording["still.v"].times[:, np.newaxis]
    end = rest + resistance * amps
    expected = end + (start - end) * np.exp(-t / tau)
    np.testing.assert_allclose(recording["still.v"].values, expected, rtol=1e-12)
    risen = 20.0 * (1.0 - np.exp(-np.clip(t - 20.0, 0.0, 30.0) / tau))
    expected = rest + risen * np.exp(-np.clip(t - 50.0, 0.0, None) / tau)
    np.testing.assert_allclose(recording["stepped.v"].values, expected, rtol=1e-12)


def test_the_rate_of_an_integrate_and_fire_neuron_follows_its_closed_form(backend):
    tau, refractory, span = 20.0, 2.0, 20.0  # ms, ms, mV from reset to threshold
    drive = np.array([15.0, 19.99, 20.5, 23.0, 27.3, 36.1, 55.7, 120.3])
    net = Network({"cell": LIF(drive.size, i=drive, tau=tau, refractory=refractory)})
    spikes = run(net, 1000.0, ["cell.spikes"], backend)["cell.spikes"]
    assert not np.isin(spikes.indices, [0, 1]).any()  # the drive does not reach the threshold
    for neuron in range(2, drive.size):
        steps = spikes.steps[spikes.indices == neuron]
        climb = tau * np.log(drive[neuron] / (drive[neuron] - span))
        # a step that is tested at its end: the first at or past the crossing; refractory steps k+1 .. k+19
        whole = int(np.ceil(climb / DT)) + 19
        assert np.all(np.diff(steps) == whole)
        assert refractory + climb - DT <= whole * DT < refractory + climb
        assert steps[0] == whole - 19 - 1


SYNAPSES = """
dv/dt = (s - v)/tau_m : mV
ds/dt = -s/tau_s : mV
"""
ALPHA = """
dv/dt = (s - v)/tau_m : mV
ds/dt = (h - s)/tau_s : mV
dh/dt = -h/tau_s : mV
"""


def exponential_psp(t, tau_m, tau_s):
    if tau_m == tau_s:
        return t / tau_s * np.exp(-t / tau_s)
    return tau_s / (tau_m - tau_s) * (np.exp(-t / tau_m) - np.exp(-t / tau_s))


def alpha_psp(t, tau_m, tau_s):
    k = 1.0 / tau_s - 1.0 / tau_m
    inner = t**2 / 2.0 if k == 0.0 else (1.0 - np.exp(-k * t) * (1.0 + k * t)) / k**2
    return np.exp(-t / tau_m) * inner / (tau_m * tau_s)


def test_potentials_after_a_spike_have_their_shape_from_stamp_plus_delay_on(backend):
    tau_m, tau_s = np.array([10.0, 10.0, 4.0]), np.array([2.0, 10.0, 5.0])  # one pair is equal
    delay, stamp, w = np.array([0.1, 1.5, 7.3]), 5.0, 3.0
    net = Network({"input": SpikeGenerator(1, [0], [stamp])})
    for name, text, hit in (("plain", SYNAPSES, "s"), ("alpha", ALPHA, "h")):
        net.add(name, Neurons(3, text, tau_m=tau_m, tau_s=tau_s))
        net.connect("input", name, FromArrays([0, 0, 0], [0, 1, 2]), on_pre=f"{hit} += w", w=w, delay=delay)
    recording = run(net, 60.0, ["plain.v", "alpha.v", "alpha.s"], backend)
    for neuron in range(3):
        # np.rint: the clock is a count of steps, 12.3 - 5.0 is not
        after = np.rint(recording["plain.v"].times / DT) - np.rint((stamp + delay[neuron]) / DT)
        t = np.clip(after, 0, None) * DT
        pair = tau_m[neuron], tau_s[neuron]
        current = t / tau_s[neuron] * np.exp(-t / tau_s[neuron])
        # sums of exponentials that cancel near the onset: absolute, in parts of w
        for name, shape in (("plain.v", exponential_psp(t, *pair)), ("alpha.v", alpha_psp(t, *pair)),
                            ("alpha.s", current)):  # fmt: skip
            found = recording[name].values[:, neuron]
            np.testing.assert_allclose(found, w * shape, rtol=0.0, atol=w * 1e-12)
            assert np.all(found[after <= 0] == 0.0)


def test_every_spike_arrives_along_every_edge_at_stamp_plus_delay(backend):
    rng = np.random.default_rng(5)
    senders, receivers, edges, steps = 4, 7, 60, 600
    stamps = np.array([np.sort(rng.choice(400, 25, replace=False)) for _ in range(senders)])
    source, target = rng.integers(0, senders, edges), rng.integers(0, receivers, edges)
    delay = np.concatenate([[1, 2, 150], rng.integers(1, 130, edges - 3)])
    w = rng.integers(1, 9, edges).astype(float)  # whole numbers: their sums are exact in any order
    net = Network(
        {
            "input": SpikeGenerator(senders, np.repeat(np.arange(senders), 25), stamps.ravel() * DT),
            "sum": Neurons(receivers, "x : 1"),
        }
    )
    net.connect("input", "sum", FromArrays(source, target), on_pre="x += w", w=w, delay=delay * DT)
    recording = run(net, steps * DT, ["sum.x", "input.spikes"], backend)
    arrived = np.zeros((steps, receivers))
    for s, t, d, weight in zip(source, target, delay, w, strict=True):
        arrived[stamps[s] + d, t] += weight
    assert np.array_equal(recording["sum.x"].values, np.cumsum(arrived, axis=0))
    sent = recording["input.spikes"]
    assert all(np.array_equal(sent.steps[sent.indices == n], stamps[n]) for n in range(senders))


def noisy():
    """Poisson trains, shot noise and an Ornstein-Uhlenbeck process, in one program."""
    net = Network(
        {
            "trains": Poisson(1000, 80.0),
            "shots": Neurons(1000, "dx/dt = -x/tau : 1", tau=5.0),
            "wave": Neurons(
                1000,
                "dv/dt = (mu - v)/tau + sigma*sqrt(2/tau)*xi : mV",
                mu=-60.0,
                sigma=2.0,
                tau=10.0,
                initial={"v": -60.0},
            ),
        }
    )
    net.drive("shots", "x += w", rate=30.0, count=20, w=0.5)
    return net


@pytest.fixture(scope="module")
def stationary():
    """A recording of ``noisy`` per backend, made when asked for."""
    made = {}

    def get(backend):
        if backend not in made:
            record = ["trains.spikes", ("shots.x", 25.0), ("wave.v", 5.0)]
            made[backend] = run(noisy(), 400.0, record, backend)
        return made[backend]

    return get


def near(estimates, expected, error, sigmas=4.5):
    """The estimate lies within so many of its own standard errors: one false alarm in 150 000."""
    assert abs(estimates - expected) < sigmas * error, (estimates, expected, error)


def test_poisson_trains_have_the_mean_variance_and_intervals_of_independent_draws(stationary, backend):
    spikes, n, steps = stationary(backend)["trains.spikes"], 1000, 4000
    p = 80.0 * 1e-3 * DT  # in each step independently: counts are binomial, intervals geometric
    counts = np.bincount(spikes.indices, minlength=n)
    near(counts.mean(), steps * p, np.sqrt(steps * p * (1 - p) / n))
    fano = counts.var(ddof=1) / counts.mean()
    near(fano, 1 - p, np.sqrt(2.0 / n))
    # the end of the recording cuts long intervals off; of those that begin in its first quarter it cuts none
    early = [np.diff(train)[: np.searchsorted(train[:-1], 100.0)] for train in spikes.trains()]
    intervals = np.concatenate(early) / DT
    near(intervals.mean() * p, 1.0, 1.0 / np.sqrt(intervals.size))
    near(intervals.std() / intervals.mean(), np.sqrt(1 - p), 1.0 / np.sqrt(intervals.size))
    pairs = np.corrcoef(counts[:-1], counts[1:])[0, 1]
    near(pairs, 0.0, 1 / np.sqrt(n))


def test_shot_noise_has_the_mean_and_variance_of_campbells_theorem(stationary, backend):
    late = stationary(backend)["shots.x"].values[2:].ravel()  # from 75 ms on, 25 ms = 5 tau apart
    decay = np.exp(-DT / 5.0)
    events, w = 20 * 30.0 * 1e-3 * DT, 0.5
    # x -> (x + w k) decay, k Poisson: Campbell's rate tau w and rate tau w^2 / 2 but for the step
    mean, variance = w * events * decay / (1 - decay), w**2 * events * decay**2 / (1 - decay**2)
    assert abs(mean - 20 * 30e-3 * 5.0 * w) < 0.02 and abs(variance / (20 * 30e-3 * 2.5 * w**2) - 1) < 0.03
    near(late.mean(), mean, np.sqrt(variance / late.size))
    # fourth cumulant over squared variance of shot noise is 1 / (rate tau)
    near(late.var(), variance, variance * np.sqrt((2.0 + 1.0 / 3.0) / late.size))


def test_ornstein_uhlenbeck_noise_has_its_stationary_variance_and_correlation(stationary, backend):
    values = stationary(backend)["wave.v"].values[10:] + 60.0  # from 55 ms on
    h = DT / 10.0
    variance = 2.0**2 / (1.0 - h / 2.0)  # of v -> (1 - h) v + sigma sqrt(2 h) randn
    seldom = values[::10]  # 50 ms = 5 tau apart
    near(seldom.mean(), 0.0, np.sqrt(variance / seldom.size))
    near(seldom.var(), variance, variance * np.sqrt(2.0 / seldom.size))
    lagged = (seldom * values[1::10][: len(seldom)])[:-1].mean() / variance
    rho = (1.0 - h) ** 50
    near(lagged, rho, np.sqrt((1.0 + rho**2) / seldom[:-1].size))


DETERMINISTIC = {"euler": 1, "exponential_euler": 1, "rk2": 2, "heun": 2, "rk4": 4}
FADING = "dx/dt = -x*y/tau : 1\ndy/dt = -y/tau : 1"


def test_every_solver_converges_with_its_order(backend):
    # y = exp(-t), x = exp(y - 1): not linear together, linear each in itself, so every method may have it
    errors = {name: [] for name in DETERMINISTIC}
    start = {"x": 1.0, "y": 1.0}
    net = Network({name: Neurons(1, FADING, tau=1.0, method=name, initial=start) for name in DETERMINISTIC})
    for dt in (0.1, 0.05, 0.025):
        recording = run(net, 2.0, [f"{name}.x" for name in DETERMINISTIC], backend, dt=dt)
        for name in DETERMINISTIC:
            exact = np.exp(np.exp(-2.0) - 1.0)
            errors[name].append(abs(recording[f"{name}.x"].values[-1, 0] - exact))
    for name, order in DETERMINISTIC.items():
        slopes = np.log2(np.divide(errors[name][:-1], errors[name][1:]))
        # the next term of the error is dt times smaller: at these steps the slope is within a quarter
        assert np.all(np.abs(slopes - order) < 0.25), (name, slopes)


def test_every_solver_of_noise_converges_along_its_own_path_with_its_order(backend):
    # W, driven by the same noise, is the path: Stratonovich's x = exp(a t + s W), and for the noise that
    # does not depend on x the exact answer to the path with straight lines between the grid points
    grown = "dx/dt = a*x + s*x*xi : 1\ndW/dt = xi : second**0.5"
    wave = "dx/dt = -x/tau + s*xi : 1\ndW/dt = xi : second**0.5"
    # s = 0.4 per sqrt(ms)
    numbers = {"s": "0.4/sqrt(ms)", "initial": {"x": 1.0}}
    net = Network({
        "milstein": Neurons(500, grown, a="0.1/ms", method="milstein", **numbers),
        "heun": Neurons(500, grown, a="0.1/ms", method="heun", **numbers),
        "euler_maruyama": Neurons(500, wave, tau=1.0, method="euler_maruyama", **numbers),
    })  # fmt: skip
    errors = {name: [] for name in net.parts}
    steps = (0.1, 0.05, 0.025)
    for dt in steps:
        recording = run(net, 2.0, [f"{n}.{x}" for n in net.parts for x in ("x", "W")], backend, dt=dt)
        for name in net.parts:
            x, path = (recording[f"{name}.{which}"].values for which in ("x", "W"))
            near((path[-1] ** 2).mean(), 2.0, 2.0 * np.sqrt(2.0 / 500))
            exact = np.exp(0.1 * 2.0 + 0.4 * path[-1])
            if name == "euler_maruyama":
                exact = np.ones(500)
                for grow in np.diff(path, axis=0, prepend=0.0):
                    exact = exact * np.exp(-dt) + 0.4 * grow * (1.0 - np.exp(-dt)) / dt
            errors[name].append(np.abs(x[-1] - exact).mean())
    for name, found in errors.items():
        slopes = np.log2(np.divide(found[:-1], found[1:]))
        # 500 paths: the mean error is known to about 4 %, the slope to 0.08
        assert np.all(np.abs(slopes - 1.0) < 0.35), (name, slopes)
