r"""Brunel (2000): a sparse network of excitatory and inhibitory neurons has four regimes.

Leaky integrate-and-fire neurons, each with 1,000 excitatory inputs of J = 0.1 mV, 250 inhibitory ones of -g J, and
1,000 external Poisson trains of J:

.. math::
    \tau \dot V_i = -V_i + \tau \sum_j J_{ij} \sum_k \delta(t - t_j^k - D), \qquad V \ge \theta \Rightarrow V = V_r

The external rate is given relative to :math:`\nu_{thr} = \theta / (C_E J \tau)`, which alone would bring the mean
potential to the threshold.

While a neuron is refractory its potential rests and what arrives is lost.

References
----------
Brunel (2000). J Comput Neurosci 8, 183-208. doi:10.1023/A:1008925309027, figure 8 and section 5
"""

from functools import lru_cache
from typing import Any

from neurosim import Network, Neurons, Recording, simulate
from neurosim.analysis import cv, mean_rate, population_rate, power_spectrum
from neurosim.catalog import Claim, Entry
from neurosim.connectivity import FixedInDegree
from neurosim.errors import DescriptionError, listing, nearest
from neurosim.plots import raster
from neurosim.recording import Spikes

LIF = "dv/dt = -v/tau : mV (unless refractory)"
REGIMES = {"SR": (3.0, 2.0), "SI fast": (6.0, 4.0), "AI": (5.0, 2.0), "SI slow": (4.5, 0.9)}
"""g and the ratio of the external rate to the threshold rate, as in figure 8A to D."""


def build(g: float = 5.0, ratio: float = 2.0, size: int = 12_500, J_mV: float = 0.1, delay_ms: float = 1.5) -> Network:
    """The network with a tenth of all connections.

    Parameters
    ----------
    g
        Strength of inhibitory relative to excitatory synapses.
    ratio
        External rate relative to the threshold rate.
    size
        Number of neurons; four fifths are excitatory, and each neuron gets inputs from a tenth of either kind.
    J_mV
        Excitatory strength, mV.
    delay_ms
        Delay, ms.
    """
    values = {"g": g, "ratio": ratio, "J_mV": J_mV}
    for name, value in values.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < float("inf"):
            raise DescriptionError(f"{name} must be >= 0 and finite, got {value!r}")
    if J_mV == 0:
        raise DescriptionError("J_mV must be > 0, got 0: the external rate is relative to a threshold rate")
    if isinstance(size, bool) or not isinstance(size, int) or size < 100:
        raise DescriptionError(f"size must be a whole number >= 100, got {size!r}")
    sizes = {"exc": size - size // 5, "inh": size // 5}
    degrees = {name: part // 10 for name, part in sizes.items()}
    tau, theta = 20.0, 20.0
    threshold_rate = 1000.0 * theta / (degrees["exc"] * J_mV * tau)  # Hz
    net = Network()
    for name, part in sizes.items():
        net.add(name, Neurons(part, LIF, threshold="v >= theta", reset="v = V_r", refractory=2.0, tau=tau,
                              theta=theta, V_r=10.0))
        net.drive(name, "v += J", rate=ratio * threshold_rate, count=degrees["exc"], J=J_mV)
    for name, weight in {"exc": J_mV, "inh": -g * J_mV}.items():
        net.connect(name, ["exc", "inh"], FixedInDegree(degrees[name]), on_pre="v += J", J=weight, delay=delay_ms)
    return net


def regime(name: str) -> dict[str, Any]:
    """The parameters of a regime of figure 8, for ``build``."""
    if name not in REGIMES:
        raise DescriptionError(f"regime must be one of {listing(REGIMES)}, got {name!r}{nearest(str(name), REGIMES)}")
    return dict(zip(("g", "ratio"), REGIMES[name], strict=True))


@lru_cache(maxsize=8)  # the claims of a regime are about the same run
def run(name: str, duration: float, backend: str = "numba", seed: int = 0) -> Recording:
    """Spikes of a regime for ``duration`` ms after 200 ms, during which the start is forgotten."""
    net = build(**regime(name))
    return simulate(net, 200.0 + duration, record="spikes", backend=backend, seed=seed, progress=False)


SPANS = {"SR": 200.0, "SI slow": 2000.0}
"""How long claims and the figure look at a regime, ms; 1000 where nothing is said."""


def _excitatory(name: str, duration: float, **options: Any) -> Spikes:
    recording = run(name, duration, **options)
    return recording["exc.spikes"].between(200.0, recording.stop)


def rate(name: str, *, duration: float = 1000.0, **options: Any) -> float:
    """Mean rate of the excitatory neurons, Hz."""
    return mean_rate(_excitatory(name, duration, **options))


def irregularity(name: str, *, duration: float = 1000.0, **options: Any) -> float:
    """Mean coefficient of variation of the excitatory neurons' intervals."""
    return cv(_excitatory(name, duration, **options))


def rhythm(name: str, *, duration: float = 1000.0, **options: Any) -> float:
    """Frequency of most power in the excitatory population's rate, Hz."""
    spikes = _excitatory(name, duration, **options)
    return power_spectrum(spikes, bin=0.5, segment=min(duration, 1000.0)).peak


def fluctuation(name: str, *, duration: float = 1000.0, **options: Any) -> float:
    """Standard deviation over mean of the excitatory population's rate in bins of 0.5 ms."""
    values = population_rate(_excitatory(name, duration, **options), bin=0.5).values
    return float(values.std() / values.mean())


def steadiness(name: str, other: str, *, duration: float = 1000.0, **options: Any) -> float:
    """Fluctuation of one regime over that of another."""
    return fluctuation(name, duration=duration, **options) / fluctuation(other, duration=duration, **options)


def cycles_per_spike(name: str, *, duration: float = 1000.0, **options: Any) -> float:
    """Frequency of the population's rhythm over the mean rate of its neurons."""
    return rhythm(name, duration=duration, **options) / rate(name, duration=duration, **options)


def figure(ax, recording=None, *, backend="numba", seed=0):
    """Figure 8: rasters of 50 neurons above the global activity, for the four regimes or one recording."""
    if recording is not None:
        shown = {"": recording}
        places = [(0.0, 0.0, 1.0, 1.0)]
    else:
        shown = {name: run(name, SPANS.get(name, 1000.0), backend=backend, seed=seed) for name in REGIMES}
        places = [(column, row, 0.44, 0.4) for row in (0.54, 0.0) for column in (0.0, 0.56)]
    ax.set_axis_off()
    for (name, one), (left, bottom, width, height) in zip(shown.items(), places, strict=True):
        # the slow oscillation needs a longer window
        span = 300.0 if name == "SI slow" else 100.0
        spikes = one["exc.spikes"].between(max(one.stop - span, one.start), one.stop)
        upper = ax.inset_axes([left, bottom + 0.4 * height, width, 0.6 * height])
        lower = ax.inset_axes([left, bottom, width, 0.34 * height], sharex=upper)
        raster(spikes.of(slice(0, 50)), upper, color="black").set(xlabel="", ylabel="", yticks=[])
        upper.tick_params(labelbottom=False)
        times, values = population_rate(spikes, bin=0.5)
        lower.fill_between(times, values, color="black", linewidth=0)
        lower.set(xlabel="time (ms)", ylabel="Hz", xlim=(spikes.start, spikes.stop))
        lower.set_ylim(bottom=0)
        lower.spines[["top", "right"]].set_visible(False)
        g, ratio = REGIMES.get(name, (None, None))
        named = f"{name}: g = {g:g}, ratio {ratio:g}, " if g is not None else ""
        upper.set_title(f"{named}{spikes.mean_rate():.1f} Hz", fontsize="medium")
    return ax


TEXT = "text on figure 8{}: {}; the numbers were taken at second hand, not checked against the paper's page"
IRREGULAR = "0 is a clock, 1 Poisson; the paper says irregularly and gives no number, the bound is inferred"

ENTRY = Entry(
    title="Excitation, inhibition and drive: four regimes of a sparse network",
    paper="Brunel, N. (2000). J Comput Neurosci 8, 183-208. doi:10.1023/A:1008925309027",
    family="spiking",
    build=build,
    figure=figure,
    differs="time in steps of 0.1 ms; the inputs of a neuron are drawn with replacement; all potentials begin at 0",
    claims=(
        Claim("SR: neurons fire regularly, CV", irregularity, {"name": "SR", "duration": SPANS["SR"]}, low=0.0,
              high=0.1, where="figure 8A, caption: firing regularly at high rates",
              why="0 is a clock; the bound is inferred"),
        Claim("SR: the network is almost fully synchronised, sd of the rate over its mean", fluctuation,
              {"name": "SR", "duration": SPANS["SR"]}, low=1.0, high=10.0,
              where="figure 8A, caption: almost fully synchronized network",
              why="a rate that is 0 half of the time and constant else has 1; the bound is inferred"),
        Claim("SI fast: mean rate, Hz", rate, {"name": "SI fast"}, low=54.6, high=66.8,
              where=TEXT.format("B", "60.7 Hz (theory 55.8)"), why="10 %: one run of a finite network against another"),
        Claim("SI fast: frequency of the global oscillation, Hz", rhythm, {"name": "SI fast"}, low=162.0, high=198.0,
              where=TEXT.format("B", "180 Hz (theory 190)"), why="10 %, as much as simulation and theory differ by"),
        Claim("SI fast: neurons fire irregularly, CV", irregularity, {"name": "SI fast"}, low=0.5, high=1.5,
              where="figure 8B, caption", why=IRREGULAR),
        Claim("SI fast: a neuron misses most cycles, cycles per spike", cycles_per_spike, {"name": "SI fast"}, low=1.5,
              high=6.0, where="figure 8B, caption: a rate that is lower than the global frequency",
              why="180 Hz over 60.7 Hz is 3.0; half and twice of it, inferred"),
        Claim("AI: mean rate, Hz", rate, {"name": "AI"}, low=33.9, high=41.5,
              where=TEXT.format("C", "37.7 Hz"), why="10 %: one run of a finite network against another"),
        Claim("AI: neurons fire irregularly, CV", irregularity, {"name": "AI"}, low=0.3, high=1.5,
              where="figure 8C, caption", why=IRREGULAR),
        Claim("AI: the activity is steadier than in SI fast, ratio of sd over mean", steadiness,
              {"name": "AI", "other": "SI fast"}, low=0.0, high=1.0,
              where="figure 8C, caption: stationary global activity; B: oscillation",
              why="a finite network swings in every regime, so only the order of the two is claimed; inferred"),
        Claim("SI slow: mean rate, Hz", rate, {"name": "SI slow", "duration": SPANS["SI slow"]}, low=4.4, high=6.6,
              where=TEXT.format("D", "5.5 Hz (theory 6.5)"), why="20 %, as much as simulation and theory differ by"),
        Claim("SI slow: frequency of the global oscillation, Hz", rhythm,
              {"name": "SI slow", "duration": SPANS["SI slow"]}, low=16.0, high=28.0,
              where=TEXT.format("D", "22 Hz (theory 29)"),
              why="27 %, as much as simulation and theory differ by, to either side"),
        Claim("SI slow: a neuron misses most cycles, cycles per spike", cycles_per_spike,
              {"name": "SI slow", "duration": SPANS["SI slow"]}, low=2.0, high=8.0,
              where="figure 8D, caption: very low rates",
              why="22 Hz over 5.5 Hz is 4.0; half and twice of it, inferred"),
    ),
)
