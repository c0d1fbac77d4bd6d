r"""Mongillo, Barak & Tsodyks (2008): a memory held by facilitated synapses while the neurons are silent.

.. math::
    \tau_m \dot v = -v + \mu + \sigma \sqrt{\tau_m} \, \xi + \tau_m \sum J u x \, \delta(t - t_{spike} - D), \qquad
    \dot u = \frac{U - u}{\tau_F}, \quad \dot x = \frac{1 - x}{\tau_D}

At a spike u grows by U (1 - u), then x falls by u x. All synapses from one excitatory neuron onto others share their
history, so u and x are the neuron's own variables, and an edge is only a weight and a delay: what a spike releases,
u x, is kept in ``out`` until it has arrived everywhere (delays are at most 1 ms, spikes at least 2 ms apart).

References
----------
Mongillo, Barak & Tsodyks (2008). Science 319, 1543-1546. doi:10.1126/science.1150769, and its supporting material
"""

from functools import lru_cache
from typing import Any

import numpy as np

from neurosim import Network, Neurons, Recording, TimedArray, simulate
from neurosim.analysis import population_rate
from neurosim.catalog import Claim, Entry
from neurosim.connectivity import Bernoulli, FromArrays, Uniform
from neurosim.errors import DescriptionError
from neurosim.plots import raster

ITEMS, ITEM_SHARE, CONTACT, POTENTIATED = 5, 0.1, 0.2, 0.1
"""Memories, share of the excitatory neurons in each, chance of a contact, and of a potentiated one elsewhere."""
J_EE, J_EE_STRONG, J_IE, J_EI, J_II = 0.10, 0.45, 0.135, 0.25, 0.20
"""Jumps of the potential, mV: excitatory to excitatory (baseline and potentiated), exc. to inh., inh. to exc., inh."""
CUE, CUE_FACTOR = (1000.0, 1350.0), 1.15
READOUT_LENGTH, READOUT_FACTOR = 250.0, 1.05
GRAIN = 50.0
"""How long a row of the input holds, ms."""
RECORD = (("spikes", None), ("exc.u", 10.0), ("exc.x", 10.0))

EXCITATORY = """
dv/dt = (mu - v)/tau + sigma*xi/sqrt(tau) : mV (unless refractory)
du/dt = (U - u)/tau_F : 1
dx/dt = (1 - x)/tau_D : 1
out : 1
mu : mV
"""
INHIBITORY = "dv/dt = (mu - v)/tau + sigma*xi/sqrt(tau) : mV (unless refractory)\nmu : mV"
RELEASE = "v = v_reset; u += U*(1 - u); out = u*x; x -= out"


def build(scale: float = 0.2, mu_exc: float = 23.8, mu_inh: float = 21.0, readout: float | None = None,
          duration: float = 4000.0, contact: float = 0.5, seed: int = 0) -> Network:  # fmt: skip
    """Five memories among the excitatory neurons, the first of which is cued from 1.0 to 1.35 s.

    Parameters
    ----------
    scale
        Share of the paper's 10,000 neurons, in (0, 1].
    mu_exc, mu_inh
        Mean input of excitatory and inhibitory neurons, mV.
    readout
        When a weak signal to all excitatory neurons begins, ms; None for none.
    duration
        How long the input is known, ms.
    contact
        Chance of a contact between two neurons, 0.2 in the paper; weights are such that the mean input is the paper's.
    seed
        Of the contacts between excitatory neurons.
    """
    if not 0.0 < scale <= 1.0:
        raise DescriptionError(f"scale must be in (0, 1], got {scale!r}")
    if not 0.0 < contact <= 1.0:
        raise DescriptionError(f"contact must be in (0, 1], got {contact!r}")
    exc, inh = round(8000 * scale), round(2000 * scale)
    net = Network()
    net.add("exc", Neurons(
        exc, EXCITATORY, threshold="v >= 20", reset=RELEASE, refractory=2.0, tau=15.0, v_reset=16.0, sigma=1.0, U=0.2,
        tau_F=1500.0, tau_D=200.0, mu=_input(mu_exc, members(exc) == 0, readout, duration),
        initial={"v": "16 + 4*rand()", "u": 0.2, "x": 1.0},
    ))  # fmt: skip
    net.add("inh", Neurons(inh, INHIBITORY, threshold="v >= 20", reset="v = v_reset", refractory=2.0, tau=10.0,
                           v_reset=13.0, sigma=1.0, initial={"v": "13 + 7*rand()", "mu": mu_inh}))  # fmt: skip
    source, target, weight = contacts(exc, contact, seed)
    delay, strength = Uniform(0.1, 1.0), CONTACT / (contact * scale)
    net.connect("exc", "exc", FromArrays(source, target), on_pre="v += J*out_pre", J=weight * strength, delay=delay)
    net.connect("exc", "inh", Bernoulli(contact), on_pre="v += J", J=J_IE * strength, delay=delay)
    net.connect("inh", "exc", Bernoulli(contact), on_pre="v -= J", J=J_EI * strength, delay=delay)
    net.connect("inh", "inh", Bernoulli(contact), on_pre="v -= J", J=J_II * strength, delay=delay)
    return net


def members(exc: int) -> np.ndarray:
    """Which memory each excitatory neuron belongs to, (N,); ``ITEMS`` for none."""
    return np.minimum(np.arange(exc) // round(exc * ITEM_SHARE), ITEMS)


def contacts(exc: int, contact: float, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sources, targets and weights (mV) of the edges between excitatory neurons, (E,) each."""
    rng = np.random.default_rng(seed)
    count = rng.binomial(exc, contact, size=exc)
    source = np.repeat(np.arange(exc), count)
    target = np.concatenate([rng.permutation(exc)[:n] for n in count])
    item, other = members(exc)[source], members(exc)[target]
    within = (item == other) & (item < ITEMS)
    elsewhere = (item == ITEMS) | (other == ITEMS)
    strong = within | (elsewhere & (rng.random(len(source)) < POTENTIATED))
    return source, target, np.where(strong, J_EE_STRONG, J_EE)


def _input(mu: float, cued: np.ndarray, readout: float | None, duration: float) -> TimedArray:
    """Mean input over time, mV: the cue to one memory, the readout to all."""
    times = np.arange(round(duration / GRAIN)) * GRAIN
    factor = np.ones((len(times), len(cued)))
    if readout is not None:
        factor[(times >= readout) & (times < readout + READOUT_LENGTH)] = READOUT_FACTOR
    factor[np.ix_((times >= CUE[0]) & (times < CUE[1]), cued)] = CUE_FACTOR
    return TimedArray(mu * factor, GRAIN, unit="mV")


@lru_cache(maxsize=4)  # claims share runs
def run(scale: float = 0.2, mu_exc: float = 23.8, readout: float | None = None, duration: float = 2500.0,
        contact: float = 0.5, backend: str = "numba", seed: int = 0) -> Recording:  # fmt: skip
    """Spikes, and u and x of the excitatory neurons every 10 ms; single precision."""
    network = build(scale, mu_exc, readout=readout, duration=duration, contact=contact, seed=seed)
    return simulate(network, duration, record=list(RECORD), backend=backend, seed=seed, progress=False)


def item(spikes: Any, number: int) -> Any:
    """The spikes of one memory's neurons."""
    size = round(spikes.size * ITEM_SHARE)
    return spikes.of(slice(number * size, (number + 1) * size))


def rate(number: int = 0, *, start: float = 300.0, stop: float = 1000.0, **options: Any) -> float:
    """Mean rate of a memory's neurons, Hz."""
    return item(run(**options)["exc.spikes"], number).between(start, stop).mean_rate()


def bursts(number: int = 0, *, start: float = 1500.0, scale: float = 0.2, contact: float = 0.5,
           **options: Any) -> float:  # fmt: skip
    """Population spikes a second: how often a memory's neurons pass 15 Hz in 20 ms, after ``start``."""
    size = {} if (scale, contact) == (0.2, 0.5) else {"scale": scale, "contact": contact}  # one run for all claims
    recording = run(**size, **options)
    times, found = population_rate(item(recording["exc.spikes"], number), bin=20.0)
    above = found[times >= start] > 15.0
    return float(np.count_nonzero(above[1:] & ~above[:-1]) * 1000.0 / (recording.stop - start))


def trace(variable: str, at: float, **options: Any) -> float:
    """Mean of u or x over the cued memory at a time."""
    values = run(**options)[f"exc.{variable}"].between(at, at + 10.0)
    return float(np.asarray(values)[0, : round(values.shape[1] * ITEM_SHARE)].mean())


def figure(ax, recording=None, *, backend="numba", seed=0):
    """Figure 2: the cued memory (red) and another one, and below them u and x of the cued one."""
    recording = recording if recording is not None else run(backend=backend, seed=seed)
    ax.set_axis_off()
    upper, lower = ax.inset_axes([0.0, 0.5, 1.0, 0.5]), ax.inset_axes([0.0, 0.0, 1.0, 0.4])
    spikes = recording["exc.spikes"]
    raster({"cued": item(spikes, 0), "another": item(spikes, 1)}, upper, most=30_000)
    for name, color in (("u", "tab:blue"), ("x", "tab:red")):
        if f"exc.{name}" not in recording:
            continue  # a recording of spikes alone
        values = recording[f"exc.{name}"]
        size = round(values.shape[1] * ITEM_SHARE)
        lower.plot(values.times, np.asarray(values)[:, :size].mean(axis=1), color=color, label=name)
    lower.axvspan(*CUE, color="0.9", zorder=0)
    lower.set(xlim=upper.get_xlim(), ylim=(0, 1), xlabel="time (ms)", ylabel="mean u, x")
    if lower.lines:
        lower.legend(frameon=False)
    upper.set(xlabel="", xticklabels=[])
    return ax


TABLE = "text and table S1; the protocol of figure 2 (a cue of 350 ms, 15 % above the background)"
BOUND = "read from the figure; the bound is inferred"

ENTRY = Entry(
    title="Working memory held by synaptic facilitation",
    paper="Mongillo, G., Barak, O. & Tsodyks, M. (2008). Science 319, 1543-1546. doi:10.1126/science.1150769",
    family="spiking",
    build=build,
    figure=figure,
    differs="a fifth of the 10,000 neurons with contacts of 0.5 instead of 0.2 and twice the weights (scale=1, "
    "contact=0.2 is the paper's size); that the noise is white with a standard deviation of sigma / sqrt(2) of the "
    "potential is inferred, and the background of 23.8 mV is one that gives population spikes, close to the paper's",
    record=("spikes",),
    duration=2500.0,
    claims=(
        Claim("spontaneous rate before the cue, Hz", rate, {"number": 0}, low=0.1, high=3.0,
              where="figure 2 (spontaneous state)", why="about 1 Hz; " + BOUND),
        Claim("the cue makes its memory's neurons fire, Hz", rate, {"number": 0, "start": 1000.0, "stop": 1350.0},
              low=10.0, high=60.0, where=TABLE, why="far above the spontaneous rate; " + BOUND),
        Claim("and the other memories' neurons silent, Hz", rate, {"number": 1, "start": 1000.0, "stop": 1350.0},
              low=0.0, high=0.5, where="figure 2 (competition by inhibition)", why=BOUND),
        Claim("at the end of the cue the synapses are facilitated: u, where U = 0.2", trace,
              {"variable": "u", "at": 1350.0}, low=0.5, high=1.0, where="figure 2 (u rises to its plateau)", why=BOUND),
        Claim("half a second later they still are, while x has recovered: u", trace, {"variable": "u", "at": 1850.0},
              low=0.35, high=0.9, where="equations 2 and 3: tau_F = 1.5 s",
              why="without a spike 0.5 s leave 72 % of the rise above 0.2"),
        Claim("x recovers between population spikes", trace, {"variable": "x", "at": 1550.0}, low=0.5, high=1.0,
              where="equations 2 and 3: tau_D = 0.2 s", why="0.2 s after the cue x is above 0.6"),
        Claim("the memory reactivates itself in population spikes after the cue, 1/s", bursts, {"number": 0}, low=0.9,
              high=6.0, where="figure 2B: a population spike each 0.3 s or so", why=BOUND),
        Claim("a memory that was not cued does not, 1/s", bursts, {"number": 1}, low=0.0, high=0.5,
              where="figure 2B", why=BOUND),
        Claim("at half the paper's size: population spikes, 1/s", bursts,
              {"number": 0, "scale": 0.5, "contact": 0.2}, low=0.9, high=6.0, cost="slow",
              where="figure 2B", why=BOUND),
        Claim("at the paper's size: population spikes, 1/s", bursts, {"number": 0, "scale": 1.0, "contact": 0.2},
              low=0.9, high=6.0, where="figure 2B", why=BOUND, cost="full"),
    ),
)
