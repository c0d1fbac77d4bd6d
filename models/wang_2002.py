r"""Wang (2002): a decision is a slow race of two populations that excite themselves and inhibit each other.

.. math::
    C \dot v = g_L (E_L - v) + I_{ext} + I_{AMPA} + I_{NMDA} + I_{GABA}, \qquad
    \dot s^{NMDA}_j = -s_j/\tau + \alpha x_j (1 - s_j)

All neurons are joined to all. What a neuron receives is then a sum over whole populations, so it is made once for each
and handed on: ``pool`` has an index for each of the three excitatory populations and collects from 1,600 neurons, and
each target reads three numbers. That is 6,400 edges for the NMDA synapses onto excitatory neurons instead of 2.56
million, and neither the saturation of each presynaptic neuron's NMDA synapses nor their rise is given up.

References
----------
Wang (2002). Neuron 36, 955-968. doi:10.1016/S0896-6273(02)01092-9
Brunel & Wang (2001). J Comput Neurosci 11, 63-85. doi:10.1023/A:1011204814320 (the network that it builds on)
"""

from functools import lru_cache
from typing import Any

import numpy as np

from neurosim import Network, Neurons, Poisson, Recording, TimedArray, simulate
from neurosim.analysis import population_rate
from neurosim.catalog import Claim, Entry
from neurosim.connectivity import AllToAll, FromArrays, OneToOne
from neurosim.errors import DescriptionError
from neurosim.plots import raster

EXC, INH, SELECTIVE = 1600, 400, 240
"""Excitatory and inhibitory neurons, and neurons of each of the two selective populations."""
ON, OFF, HOLD = 500.0, 1500.0, 50.0
"""When the stimulus begins and ends, and how long each drawn rate holds, ms."""
MEAN_RATE, SD_RATE = 40.0, 4.0
"""Mean stimulus to each population at zero coherence, and standard deviation of its changes, Hz."""

CELL = """
dv/dt = (g_L*(E_L - v) + (s_ext + g_ampa*s_ampa + g_nmda*block*s_nmda)*(0*mV - v) + g_gaba*s_gaba*(E_i - v))/C
    : mV (unless refractory)
ds_ext/dt = -s_ext/tau_ampa : nS
block = 1/(1 + exp(-0.062*v/mV)/3.57) : 1 (constant over dt)
s_ampa : 1
s_nmda : 1
s_gaba : 1
""".replace("\n    :", " :")
NMDA = """
ds/dt = -s/tau_nmda + alpha*x*(1 - s) : 1
dx/dt = -x/tau_rise : 1
"""
SLOW = {"tau_nmda": 100.0, "tau_rise": 2.0, "alpha": 500.0}
COMMON = {"E_L": -70.0, "E_i": -70.0, "tau_ampa": 2.0}
KINDS: dict[str, dict[str, Any]] = {
    "exc": {"refractory": 2.0, "C": 500.0, "g_L": 25.0, "g_ampa": 0.05, "g_nmda": 0.165, "g_gaba": 1.3},
    "inh": {"refractory": 1.0, "C": 200.0, "g_L": 20.0, "g_ampa": 0.04, "g_nmda": 0.13, "g_gaba": 1.0},
}
EXTERNAL = {"exc": 2.1, "inh": 1.62}
"""Conductance of an external event, nS; 2,400 of them a second."""


def stimulus(coherence: float, seed: int) -> TimedArray:
    """Rates of the inputs to both selective populations, Hz, drawn anew every 50 ms."""
    rng = np.random.default_rng(seed)
    steps = round(OFF / HOLD) + 1
    begin, end = round(ON / HOLD), round(OFF / HOLD)
    rates = np.zeros((steps, 2 * SELECTIVE))
    for first, sign in ((0, 1.0), (SELECTIVE, -1.0)):
        mean = MEAN_RATE * (1.0 + sign * coherence / 100.0)
        drawn = np.maximum(mean + SD_RATE * rng.standard_normal(end - begin), 0.0)
        rates[begin:end, first : first + SELECTIVE] = drawn[:, np.newaxis]
    return TimedArray(rates, HOLD)


def build(coherence: float = 12.8, seed: int = 0, w_plus: float = 1.7) -> Network:
    """A trial: stimulus to both selective populations from 0.5 to 1.5 s.

    Parameters
    ----------
    coherence
        Of the moving dots, per cent, from -100 to 100; positive ones favour the first population.
    seed
        Of the stimulus; what else is drawn follows the seed of the run.
    w_plus
        Strength of synapses within a selective population.
    """
    if not -100.0 <= coherence <= 100.0:
        raise DescriptionError(f"coherence must be in [-100, 100] per cent, got {coherence!r}")
    net = Network()
    for name, size in {"exc": EXC, "inh": INH}.items():
        text = CELL + NMDA if name == "exc" else CELL
        values = {**COMMON, **KINDS[name], **(SLOW if name == "exc" else {})}
        net.add(name, Neurons(size, text, threshold="v >= -50", reset="v = -55", method="exponential_euler",
                              initial={"v": "-55 + 5*rand()"}, **values))  # fmt: skip
        net.drive(name, "s_ext += g", rate=2400.0, g=EXTERNAL[name])
    _join_recurrent(net, w_plus)
    net.add("dots", Poisson(2 * SELECTIVE, stimulus(coherence, seed)))
    both = np.arange(2 * SELECTIVE)
    net.connect("dots", "exc", FromArrays(both, both), on_pre="s_ext += g", g=EXTERNAL["exc"], delay=0.1)
    return net


def _join_recurrent(net: Network, w_plus: float) -> None:
    """Pools collect what each population sends, with a delay of 0.5 ms, and hand it to all."""
    member = np.repeat([0, 1, 2], [SELECTIVE, SELECTIVE, EXC - 2 * SELECTIVE])
    net.add("pool", Neurons(3, "da/dt = -a/tau : 1\nn : 1", tau=2.0))
    net.add("pool_inh", Neurons(1, "dg/dt = -g/tau : 1", tau=5.0))
    net.connect("exc", "exc", OneToOne(), on_pre="x += 1", delay=0.5)
    net.connect("exc", "pool", FromArrays(np.arange(EXC), member), on_pre="a += 1", delay=0.5, couple="n = s_pre")
    net.connect("inh", "pool_inh", AllToAll(), on_pre="g += 1", delay=0.5)
    # rows: pools; a selective population is weakened for all that come from elsewhere, so that the sum stays
    share = SELECTIVE / EXC
    w_minus = 1.0 - share * (w_plus - 1.0) / (1.0 - share)
    weights = np.array([[w_plus, w_minus, 1.0], [w_minus, w_plus, 1.0], [w_minus, w_minus, 1.0]])[:, member]
    source, target = np.indices(weights.shape)
    rule = FromArrays(source.ravel(), target.ravel())
    for variable, sent in (("s_ampa", "a_pre"), ("s_nmda", "n_pre")):
        net.connect("pool", "exc", rule, couple=f"{variable} = w*{sent}", w=weights.ravel())
        net.connect("pool", "inh", AllToAll(), couple=f"{variable} = {sent}")
    net.connect("pool_inh", ["exc", "inh"], AllToAll(), couple="s_gaba = g_pre")


@lru_cache(maxsize=64)  # claims share trials
def trial(coherence: float, seed: int, duration: float = 2500.0, backend: str = "numba") -> Recording:
    """Spikes of one trial, single precision."""
    network = build(coherence, seed)
    return simulate(network, duration, record="spikes", backend=backend, seed=seed, progress=False)


def rates(recording: Recording, start: float, stop: float) -> tuple[float, float]:
    """Mean rates of both selective populations, Hz."""
    spikes = recording["exc.spikes"].between(start, stop)
    seconds = SELECTIVE * (stop - start) / 1000.0
    first, second = (spikes.indices < SELECTIVE).sum(), ((spikes.indices >= SELECTIVE) &
                                                         (spikes.indices < 2 * SELECTIVE)).sum()  # fmt: skip
    return float(first / seconds), float(second / seconds)


def spontaneous(part: str, *, seed: int = 0, **options: Any) -> float:
    """Mean rate before the stimulus, Hz."""
    return trial(12.8, seed, **options)[f"{part}.spikes"].between(200.0, ON).mean_rate()


def winner(coherence: float, *, seed: int = 0, **options: Any) -> float:
    """Rate of the population that won at the end of the stimulus, Hz."""
    return max(rates(trial(coherence, seed, **options), OFF - 200.0, OFF))


def loser(coherence: float, *, seed: int = 0, **options: Any) -> float:
    """Rate of the other one then, Hz."""
    return min(rates(trial(coherence, seed, **options), OFF - 200.0, OFF))


def memory(coherence: float, *, seed: int = 0, **options: Any) -> float:
    """Rate of the winner in the last half second, the stimulus long gone, over that of the loser plus 1 Hz."""
    recording = trial(coherence, seed, **options)
    first, second = rates(recording, recording.stop - 500.0, recording.stop)
    return max(first, second) / (min(first, second) + 1.0)


def correct(coherence: float, *, trials: int = 20, seed: int = 0, **options: Any) -> float:
    """Share of trials in which the favoured population wins; half the trials favour the second one."""
    right = 0
    for number in range(trials):
        sign = 1.0 if number % 2 == 0 else -1.0
        recording = trial(sign * coherence, seed * trials + number, 2000.0, **options)
        first, second = rates(recording, 1800.0, 2000.0)
        right += (first - second) * sign > 0
    return right / trials


def decision_time(coherence: float, *, trials: int = 20, seed: int = 0, **options: Any) -> float:
    """Mean time from the stimulus until a population passes 15 Hz (windows of 50 ms), ms."""
    found = []
    for number in range(trials):
        sign = 1.0 if number % 2 == 0 else -1.0
        spikes = trial(sign * coherence, seed * trials + number, 2000.0, **options)["exc.spikes"]
        ends = np.arange(ON + 50.0, 2000.0, 5.0)
        passed = []
        for first in (0, SELECTIVE):
            own = spikes.times[(spikes.indices >= first) & (spikes.indices < first + SELECTIVE)]
            count = np.searchsorted(own, ends) - np.searchsorted(own, ends - 50.0)
            above = np.flatnonzero(count / SELECTIVE / 0.05 > 15.0)
            passed.append(ends[above[0]] if above.size else 2000.0)
        found.append(min(passed) - ON)
    return float(np.mean(found))


def hesitation(**options: Any) -> float:
    """How much longer a decision takes at 0 % than at 51.2 %, ms."""
    return decision_time(0.0, **options) - decision_time(51.2, **options)


def figure(ax, recording=None, *, backend="numba", seed=0):
    """Rasters and rates of both selective populations, as in figure 2; by default of a trial at 51.2 %."""
    recording = recording if recording is not None else trial(51.2, seed, backend=backend)
    ax.set_axis_off()
    upper, lower = ax.inset_axes([0.0, 0.5, 1.0, 0.5]), ax.inset_axes([0.0, 0.0, 1.0, 0.42])
    names = {"favoured": np.arange(SELECTIVE), "other": np.arange(SELECTIVE, 2 * SELECTIVE)}
    raster({name: recording["exc.spikes"].of(chosen) for name, chosen in names.items()}, upper, most=30_000)
    for name, chosen in names.items():
        spikes = recording["exc.spikes"].of(chosen)
        lower.plot(*population_rate(spikes, bin=5.0, width=20.0), label=name)
    lower.axvspan(ON, OFF, color="0.9", zorder=0)
    lower.set(xlim=upper.get_xlim(), xlabel="time (ms)", ylabel="rate (Hz)")
    lower.legend(frameon=False)
    upper.set(xlabel="", xticklabels=[])
    return ax


SHOWN = "figures 2-4 of the paper; the number is read from them or inferred"

ENTRY = Entry(
    title="A decision by slow reverberation and winner-take-all competition",
    paper="Wang, X.-J. (2002). Neuron 36, 955-968. doi:10.1016/S0896-6273(02)01092-9",
    family="spiking",
    build=build,
    figure=figure,
    differs="recurrent input is summed once for each population, by which a neuron hears itself too (1 of 1,600); "
    "exponential Euler with 0.1 ms instead of Runge-Kutta with 0.02 ms; AMPA and GABA conductances of a step are those "
    "of its beginning; the stimulus lasts from 0.5 to 1.5 s",
    record=("spikes",),
    duration=2500.0,
    claims=(
        Claim("spontaneous rate of excitatory neurons, Hz", spontaneous, {"part": "exc"}, low=1.0, high=5.0,
              where="text: about 3 Hz (after Brunel & Wang 2001)", why="3 Hz, 2 Hz to either side; 300 ms of one run"),
        Claim("spontaneous rate of inhibitory neurons, Hz", spontaneous, {"part": "inh"}, low=6.0, high=12.0,
              where="text: about 9 Hz (after Brunel & Wang 2001)", why="9 Hz, 3 Hz to either side"),
        Claim("at 51.2 % the winner ramps up, Hz at the end of the stimulus", winner, {"coherence": 51.2}, low=15.0,
              high=60.0, where=SHOWN, why="the paper's threshold of a decision is 15 Hz"),
        Claim("and the loser is held down, Hz", loser, {"coherence": 51.2}, low=0.0, high=7.0, where=SHOWN,
              why="the stimulus alone would raise it above its spontaneous 3 Hz"),
        Claim("the choice is kept for a second after the stimulus: winner over loser", memory, {"coherence": 51.2},
              low=2.0, high=100.0, where="figure 2 (persistent activity in the delay)", why="1 is forgotten"),
        Claim("no evidence, no preference: correct of 40 trials at 0 %", correct, {"coherence": 0.0, "trials": 40},
              low=0.25, high=0.75, where="figure 4A: chance", why="0.5, three standard deviations of 40 trials",
              cost="slow"),
        Claim("share of correct trials at 12.8 %", correct, {"coherence": 12.8}, low=0.65, high=1.0, cost="slow",
              where="figure 4A: about 0.9", why="0.9 less three standard deviations of 20 trials, rounded"),
        Claim("share of correct trials at 25.6 %", correct, {"coherence": 25.6}, low=0.85, high=1.0, cost="slow",
              where="figure 4A: near 1", why="one or two errors of 20 at a share of 0.98"),
        Claim("share of correct trials at 51.2 %", correct, {"coherence": 51.2}, low=0.95, high=1.0, cost="slow",
              where="figure 4A: 1", why="one error of 20"),
        Claim("decisions take longer without evidence: time at 0 % less that at 51.2 %, ms", hesitation, {},
              low=100.0, high=1000.0, cost="slow", where="figure 4B: about 750 and 400 ms",
              why="350 ms, read from the figure, with a wide margin"),
    ),
)
