r"""Wang & Buzsáki (1996): mutual inhibition makes interneurons fire together, at gamma frequencies only.

Each neuron (``WangBuzsaki``) drives a synapse that opens with its own potential,

.. math::
    \dot s = \alpha F(v) (1 - s) - \beta s, \quad F(v) = \frac{1}{1 + e^{-v / 2}}, \qquad
    I_{syn} = g_{syn} \, \bar s \, (E_{syn} - v)

with :math:`\bar s` the mean over the neurons that a neuron listens to. Where all listen to all, that mean is the same
number for everybody: a part of one index collects it (N edges) and hands it on (N edges), instead of N * N edges.

References
----------
Wang & Buzsáki (1996). J Neurosci 16, 6402-6413. doi:10.1523/JNEUROSCI.16-20-06402.1996
"""

from functools import lru_cache
from typing import Any

import numpy as np

from neurosim import Network, Neurons, Recording, WangBuzsaki, simulate
from neurosim.catalog import Claim, Entry
from neurosim.connectivity import AllToAll, Bernoulli
from neurosim.errors import DescriptionError
from neurosim.plots import raster

AREA = 10.0
"""pA and nS on a patch of ``WangBuzsaki`` that are 1 µA/cm² and 1 mS/cm²."""
SYNAPSE = """
ds/dt = (12*(1 - s)/(1 + exp(-v/(2*mV))) - 0.1*s)/ms : 1
I_syn = g_syn*mean_s*(E_syn - v) : pA
mean_s : 1
"""


def build(size: int = 100, drive: float = 1.0, spread: float = 0.03, contacts: int | None = None,
          reversal: float = -75.0) -> Network:  # fmt: skip
    """Interneurons that inhibit each other, begun at random potentials. Run it with a step of 0.05 ms.

    Parameters
    ----------
    size
        Number of neurons, 2 or more.
    drive, spread
        Mean and standard deviation over neurons of the input current, µA/cm².
    contacts
        How many neurons each listens to in the mean, each pair drawn by itself; None for all.
    reversal
        Reversal potential of the synapses, mV.
    """
    if isinstance(size, bool) or not isinstance(size, int) or size < 2:
        raise DescriptionError(f"size must be a whole number >= 2, got {size!r}")
    cell = WangBuzsaki(size).as_neurons()
    text = cell.equations.replace("+ I) / C", "+ I + I_syn) / C").strip() + SYNAPSE
    net = Network({"int": Neurons(
        size, text, threshold=cell.threshold, refractory=cell.refractory, method="rk4",
        g_syn=0.1 * AREA, E_syn=reversal,
        initial={"v": "-70 + 20*rand()", "h": 0.78, "n": 0.09, "I": f"{AREA * drive} + {AREA * spread}*randn()"},
        **cell.parameters,
    )})  # fmt: skip
    if contacts is None:
        net.add("mean", Neurons(1, "s : 1"))
        net.connect("int", "mean", AllToAll(), couple="s = share*s_pre", share=1.0 / size)
        net.connect("mean", "int", AllToAll(), couple="mean_s = s_pre")
    else:
        rule = Bernoulli(contacts / size, self_connections=False)
        net.connect("int", "int", rule, couple="mean_s = share*s_pre", share=1.0 / contacts)
    return net


@lru_cache(maxsize=8)  # several claims are about the same run
def run(drive: float, spread: float, duration: float = 1000.0, size: int = 100, contacts: int | None = None,
        reversal: float = -75.0, backend: str = "numba", seed: int = 0) -> Recording:  # fmt: skip
    """Spikes, single precision."""
    network = build(size, drive, spread, contacts, reversal)
    return simulate(network, duration, dt=0.05, record="spikes", backend=backend, seed=seed, progress=False)


def coherence(spikes: Any, size: int, start: float, stop: float, bin: float) -> float:
    """Mean over pairs of the bins in which both fired over the geometric mean of the bins of each."""
    cut = spikes.between(start, stop)
    fired = np.zeros((size, int(np.ceil((stop - start) / bin))))
    fired[cut.indices, np.minimum(((cut.times - start) / bin + 1e-9).astype(int), fired.shape[1] - 1)] = 1.0
    active = fired[fired.sum(axis=1) > 0]
    together = active @ active.T
    number = np.diag(together)
    pairs = np.triu_indices(len(active), 1)
    return float((together / np.sqrt(np.outer(number, number)))[pairs].mean())


def kappa(drive: float = 1.0, spread: float = 0.03, *, bin: float | None = None, size: int = 100,
          contacts: int | None = None, reversal: float = -75.0, **options: Any) -> float:  # fmt: skip
    """Coherence over the second half of a second, in bins of ``bin`` ms, or of a tenth of the mean period."""
    recording = run(drive, spread, size=size, contacts=contacts, reversal=reversal, **options)
    spikes = recording["int.spikes"]
    width = 100.0 / spikes.between(500.0, 1000.0).mean_rate() if bin is None else bin
    return coherence(spikes, size, 500.0, 1000.0, width)


def rate(drive: float, spread: float, **options: Any) -> float:
    """Mean rate over the second half of a second, Hz."""
    return run(drive, spread, **options)["int.spikes"].between(500.0, 1000.0).mean_rate()


def figure(ax, recording=None, *, backend="numba", seed=0):
    """Figure 3A: from random potentials the neurons come to fire together within half a second."""
    recording = recording if recording is not None else run(1.0, 0.03, backend=backend, seed=seed)
    spikes = recording["int.spikes"].between(recording.start, min(recording.stop, 500.0))
    raster({"inhibitory": spikes}, ax)
    ax.set_title(f"Wang & Buzsáki (1996): {spikes.mean_rate():.0f} Hz")
    return ax


CHANCE = "0.1 is chance (bins of a tenth of the mean period) and 1 is all at once; the bound is inferred"
NARROW = "chance is the bin times the rate and 1 is all at once; the bound is inferred"

ENTRY = Entry(
    title="Gamma oscillations by mutual inhibition of interneurons",
    paper="Wang, X.-J. & Buzsáki, G. (1996). J Neurosci 16, 6402-6413. doi:10.1523/JNEUROSCI.16-20-06402.1996",
    family="spiking",
    build=build,
    figure=figure,
    differs="where all listen to all a neuron hears itself too, a hundredth of what it hears; what is heard is that of "
    "the beginning of the step of 0.05 ms; single precision; that the bin of the coherence is a tenth of the mean "
    "period is inferred; contacts are drawn pair by pair, so that their number differs between neurons (with the same "
    "number for all, 20 of 100 equal neurons suffice for a coherence of 1)",
    record=("int.spikes", "int.v"),
    duration=500.0,
    dt=0.05,
    claims=(
        Claim("equal neurons come to fire as one: coherence", kappa, {"drive": 1.0, "spread": 0.0}, low=0.95,
              high=1.0, where="figure 3A and text (I = 1 µA/cm², no heterogeneity)", why="1 is all at once"),
        Claim("they fire at a gamma frequency, Hz", rate, {"drive": 1.0, "spread": 0.0}, low=20.0, high=80.0,
              where="abstract: gamma, 20-80 Hz", why="the published range"),
        Claim("with 3 % of heterogeneity coherence stays", kappa, {"drive": 1.0, "spread": 0.03}, low=0.3, high=1.0,
              where="abstract, point 3; the paper's moderate heterogeneity, I_sigma = 0.03", why=CHANCE),
        Claim("with 3 % of heterogeneity coherence stays, in bins of 1 ms", kappa,
              {"drive": 1.0, "spread": 0.03, "bin": 1.0}, low=0.3, high=1.0, where="abstract, point 3", why=NARROW,
              misses="0.24: at 38 Hz the spikes of a cycle spread over several milliseconds; in bins of a tenth of the "
              "period it is 0.53"),
        Claim("with 10 % of heterogeneity it is lost", kappa, {"drive": 1.0, "spread": 0.1}, low=0.0, high=0.15,
              where="abstract, point 3 (modest heterogeneities only), and figure 5", why=CHANCE),
        Claim("below the gamma range (16 Hz, decay of 10 ms) it is lost", kappa, {"drive": 0.5, "spread": 0.03},
              low=0.0, high=0.15, where="abstract, point 2: decay over period must be large enough", why=CHANCE),
        Claim("in the gamma range (72 Hz) it is there", kappa, {"drive": 2.0, "spread": 0.03}, low=0.3, high=1.0,
              where="abstract, point 2", why=CHANCE),
        Claim("above the gamma range (206 Hz) it is lost", kappa, {"drive": 7.0, "spread": 0.03}, low=0.0, high=0.15,
              where="abstract: synchrony is high only within the gamma band, 20-80 Hz", why=CHANCE,
              misses="0.54, and 0.74 in bins of 1 ms: where all listen to all the fast rhythm holds together; the "
              "paper shows its band with about 60 contacts each"),
        Claim("with a reversal of -55 mV, above the afterhyperpolarisation, it is lost", kappa,
              {"drive": 1.0, "spread": 0.03, "reversal": -55.0}, low=0.0, high=0.15,
              where="abstract, point 1: the afterhyperpolarisation must lie above the reversal potential", why=CHANCE),
        Claim("20 contacts are too few for 100 neurons: coherence", kappa, {"size": 100, "contacts": 20, "spread": 0.0},
              low=0.0, high=0.3, where="abstract, point 4 (a critical number of contacts)", why=CHANCE, cost="slow"),
        Claim("and for 1,000", kappa, {"size": 1000, "contacts": 20, "spread": 0.0}, low=0.0, high=0.3, cost="slow",
              where="abstract, point 4 (not sensitive to network size)", why=CHANCE),
        Claim("60 contacts are enough for 100 neurons: coherence", kappa, {"size": 100, "contacts": 60, "spread": 0.0},
              low=0.3, high=1.0, where="abstract, point 4; that 60 is enough is inferred from the paper's networks",
              why=CHANCE, cost="slow"),
        Claim("and 60 for 1,000", kappa, {"size": 1000, "contacts": 60, "spread": 0.0}, low=0.3, high=1.0, cost="slow",
              where="abstract, point 4 (not sensitive to network size), inferred as above", why=CHANCE,
              misses="0.10, which is chance: of 1,000 neurons numbers of contacts differ more than of 100, where 60 is "
              "most of them"),
        Claim("200 contacts are enough for 1,000 neurons: coherence", kappa,
              {"size": 1000, "contacts": 200, "spread": 0.0}, low=0.4, high=1.0, cost="slow",
              where="abstract, point 4", why=CHANCE),
    ),
)
