r"""Vogels et al. (2011): plastic inhibition balances excitation, channel by channel.

One neuron gets excitation and inhibition along eight channels, each carrying its own slowly varying signal. Excitatory
synapses differ from channel to channel; inhibitory ones start equal and weak, and learn:

.. math::
    C \dot v = g_L (E_L - v) + g_e (E_e - v) + g_i (E_i - v), \qquad
    \Delta w = \eta (pre \times post - \rho_0 \times pre)

In the end inhibition mirrors excitation and the neuron fires sparsely, at the rate that the rule aims at. In a
recurrent network the same rule brings all excitatory neurons to that rate and makes their firing irregular.

References
----------
Vogels, Sprekeler, Zenke, Clopath & Gerstner (2011). Science 334, 1569-1573. doi:10.1126/science.1211095, figures 1, 2
and 4, and its supporting material; the network also as the authors' program, ModelDB 143751
"""

from functools import lru_cache
from typing import Any

import numpy as np

from neurosim import Network, Neurons, Recording, simulate
from neurosim.analysis import cv
from neurosim.catalog import Claim, Entry
from neurosim.connectivity import AllToAll, Bernoulli, FromArrays
from neurosim.errors import DescriptionError, listing, nearest
from neurosim.families.plasticity import InhibitorySTDP

CELL = """
dv/dt   = (g_L*(E_L - v) + g_e*(E_e - v) + g_i*(E_i - v) + I) / C : mV (unless refractory)
dg_e/dt = -g_e / tau_e : nS
dg_i/dt = -g_i / tau_i : nS
"""
NUMBERS: dict[str, Any] = {"C": 200.0, "g_L": 10.0, "E_L": -60.0, "E_e": 0.0, "E_i": -80.0, "tau_e": 5.0, "tau_i": 10.0}
INPUT = """
signal : 1
rate = 2*Hz + 38*Hz*max(signal, 0) : Hz
"""
CHANNELS, EXC, INH = 8, 100, 25
"""Channels, and the excitatory and inhibitory inputs of each."""


def tuning() -> np.ndarray:
    """(CHANNELS,) excitatory conductances as shares of the strongest: a peak at the fifth channel."""
    return (0.3 + 1.1 / (1.0 + (np.arange(CHANNELS) - 4.0) ** 4)) / 1.4


def build(kind: str = "channels", eta: float = 0.02, rho: float = 5.0, size: int = 2000) -> Network:
    """A neuron with eight channels, or a recurrent network.

    Parameters
    ----------
    kind
        ``channels`` or ``network``.
    eta
        Learning rate, nS.
    rho
        Rate aimed at, Hz.
    size
        Number of neurons of the network, 100 or more; each keeps as many inputs as at 10,000 neurons.
    """
    if kind not in ("channels", "network"):
        raise DescriptionError(f"kind must be one of {listing(('channels', 'network'))}, got {kind!r}"
                               f"{nearest(str(kind), ('channels', 'network'))}")
    rule = InhibitorySTDP(eta=eta, rho=rho, tau=20.0, w_max=100.0)
    return _channels(rule) if kind == "channels" else _network(rule, size)


def _channels(rule: InhibitorySTDP) -> Network:
    net = Network()
    net.add("signals", Neurons(CHANNELS, "dx/dt = -x/tau_x + xi*sqrt(2/tau_x) : 1", tau_x=50.0,
                               initial={"x": "randn()"}))
    for name, each in {"exc": EXC, "inh": INH}.items():
        net.add(name, Neurons(CHANNELS * each, INPUT, threshold="rand() < rate*dt"))
        channel = np.repeat(np.arange(CHANNELS), each)
        net.connect("signals", name, FromArrays(channel, np.arange(channel.size)), couple="signal = x_pre")
    net.add("cell", Neurons(1, CELL, threshold="v > -50*mV", reset="v = -60*mV", refractory=5.0, I=0.0,
                            initial={"v": -60.0}, **NUMBERS))
    channel = np.repeat(np.arange(CHANNELS), EXC)
    source = np.arange(channel.size)
    net.connect("exc", "cell", FromArrays(source, np.zeros_like(source)), on_pre="g_e += w", w=0.28 * tuning()[channel])
    net.connect("inh", "cell", AllToAll(), on_pre="g_i += w", plasticity=rule, w=0.1)
    return net


def _network(rule: InhibitorySTDP, size: int) -> Network:
    if isinstance(size, bool) or not isinstance(size, int) or size < 100:
        raise DescriptionError(f"size must be a whole number >= 100, got {size!r}")
    net, chance = Network(), min(0.02 * 10_000 / size, 1.0)
    for name, number in {"exc": size - size // 5, "inh": size // 5}.items():
        net.add(name, Neurons(number, CELL, threshold="v > -50*mV", reset="v = -60*mV", refractory=5.0, I=200.0,
                              initial={"v": "-60*mV + 10*mV*rand()"}, **NUMBERS))
    net.connect("exc", ["exc", "inh"], Bernoulli(chance), on_pre="g_e += w", w=0.3)
    net.connect("inh", "inh", Bernoulli(chance), on_pre="g_i += w", w=3.0)
    net.connect("inh", "exc", Bernoulli(chance), on_pre="g_i += w", plasticity=rule, w=0.0)
    return net


@lru_cache(maxsize=2)
def run(kind: str, duration: float, eta: float, rho: float, backend: str = "numba", seed: int = 0) -> Recording:
    """Spikes, and a hundred samples of the inhibitory weights."""
    learned, cell = ("inh_to_cell", "cell") if kind == "channels" else ("inh_to_exc", "exc")
    dt = 0.5 if kind == "channels" else 0.1
    return simulate(build(kind, eta, rho), duration, dt=dt, backend=backend, seed=seed, progress=False,
                    record=[f"{cell}.spikes", (f"{learned}.w", duration / 100)])


def inhibition(recording: Recording) -> np.ndarray:
    """(samples, CHANNELS) mean inhibitory weight of each channel, nS."""
    w = np.asarray(recording["inh_to_cell.w"])
    return w.reshape(len(w), CHANNELS, INH).mean(axis=2)


def mirror(duration: float, eta: float, rho: float, **options: Any) -> float:
    """Correlation over channels of the learned inhibitory weights with the excitatory ones."""
    recording = run("channels", duration, eta, rho, **options)
    return float(np.corrcoef(inhibition(recording)[-1], tuning())[0, 1])


def rate(kind: str, duration: float, eta: float, rho: float, **options: Any) -> float:
    """Mean rate in the last fifth of the run over the rate aimed at."""
    recording = run(kind, duration, eta, rho, **options)
    spikes = recording["cell.spikes" if kind == "channels" else "exc.spikes"]
    return spikes.between(0.8 * duration, duration).mean_rate() / rho


def first_rate(kind: str, duration: float, eta: float, rho: float, **options: Any) -> float:
    """Mean rate in the first hundredth of the run over the rate aimed at."""
    recording = run(kind, duration, eta, rho, **options)
    spikes = recording["cell.spikes" if kind == "channels" else "exc.spikes"]
    return spikes.between(0.0, 0.01 * duration).mean_rate() / rho


def irregularity(kind: str, duration: float, eta: float, rho: float, **options: Any) -> float:
    """Coefficient of variation of the intervals in the last half of the run."""
    recording = run(kind, duration, eta, rho, **options)
    found = np.atleast_1d(cv(recording["cell.spikes" if kind == "channels" else "exc.spikes"].between(
        duration / 2, duration)))
    return float(np.nanmean(found))


def figure(ax, recording=None, *, backend="numba", seed=0):
    """Weights by channel before and after learning: figures 1 and 2 of the paper."""
    if recording is None:
        recording = run("channels", **QUICK, backend=backend, seed=seed)
    channels, learned = np.arange(1, CHANNELS + 1), inhibition(recording)
    exc = tuning()
    ax.plot(channels, exc, "ko-", label="excitation")
    ax.plot(channels, learned[0] / max(learned[-1].max(), 1e-9), "o--", color="0.6", label="inhibition, first sample")
    ax.plot(channels, learned[-1] / max(learned[-1].max(), 1e-9), "ro-", label="inhibition, learned")
    spikes = recording["cell.spikes"]
    late = spikes.between(recording.start + 0.8 * recording.duration, recording.stop).mean_rate()
    ax.set(xlabel="channel", ylabel="mean weight (of the greatest)", ylim=(0, 1.1))
    ax.set_title(f"Vogels et al. (2011): after {recording.duration / 1000:g} s, at {late:.1f} Hz")
    ax.legend(frameon=False)
    return ax


QUICK: dict[str, Any] = {"duration": 40_000.0, "eta": 0.02, "rho": 5.0}
NETWORK: dict[str, Any] = {"kind": "network", "duration": 20_000.0, "eta": 0.1, "rho": 3.0}

ENTRY = Entry(
    title="Plastic inhibition balances excitation channel by channel and sets the rate",
    paper="Vogels, T. P., Sprekeler, H., Zenke, F., Clopath, C. & Gerstner, W. (2011). Science 334, 1569-1573. "
    "doi:10.1126/science.1211095",
    family="spiking",
    build=build,
    figure=figure,
    record=("cell.spikes", "inh_to_cell.w"),
    duration=1000.0,
    dt=0.5,
    differs="the eight signals are Ornstein-Uhlenbeck processes of 50 ms, cut at zero, and learning is fast, both "
    "chosen here; the tuning of the excitation is inferred; the network has 2,000 neurons with the inputs of 10,000",
    claims=(
        Claim("inhibition mirrors excitation: correlation over channels", mirror, QUICK, low=0.9, high=1.0,
              where="Vogels et al. 2011, figure 2: detailed balance after learning (no number is given)",
              why="1 is a perfect mirror; the weights begin equal"),
        Claim("the neuron comes to fire at the rate aimed at: ratio", rate, {"kind": "channels", **QUICK}, low=0.5,
              high=1.2, where="Vogels et al. 2011, text and supporting material: the fixed point of the rule",
              why="correlations within a channel move the fixed point below 1, where it is without them"),
        Claim("before, it fires far more: ratio", first_rate, {"kind": "channels", **QUICK}, low=3.0, high=40.0,
              where="Vogels et al. 2011, figure 1 (no number is given)", why="1 is the rate aimed at"),
        Claim("it fires irregularly: coefficient of variation", irregularity, {"kind": "channels", **QUICK}, low=0.6,
              high=1.5, where="Vogels et al. 2011, figures 1 and 2: sparse and irregular (inferred bound)",
              why="1 is Poisson, 0 regular"),
        Claim("in a recurrent network all excitatory neurons come to the rate: ratio", rate, NETWORK, low=0.8, high=1.6,
              where="Vogels et al. 2011, figure 4 and the authors' program", cost="slow",
              why="1 is the fixed point, from which it is still falling slowly after 20 s"),
        Claim("before, they fire at many times that rate: ratio", first_rate, NETWORK, low=5.0, high=60.0,
              where="Vogels et al. 2011, figure 4, before inhibition has grown", why="1 is the rate aimed at",
              cost="slow"),
        Claim("the network becomes asynchronous and irregular: coefficient of variation", irregularity, NETWORK,
              low=0.6, high=1.4, where="Vogels et al. 2011, figure 4 and text (inferred bound)", why="1 is Poisson",
              cost="slow"),
    ),
)
