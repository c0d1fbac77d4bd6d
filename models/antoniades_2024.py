r"""Antoniades et al. (2024): spikes of a network with hubs, from which its graph is to be found.

The paper's transformer finds three hubs and the direction of their projections in simulated spikes. How those were made
is not known; here are fifty leaky integrate-and-fire neurons with noise, three of which project to fifteen others each,
and the scores of what needs no transformer: the greatest lagged correlation.

References
----------
Antoniades et al. (2024). ICLR 2024, doi:10.48550/arXiv.2311.00136
"""

from functools import lru_cache

import numpy as np

from neurosim import Network, Neurons, simulate
from neurosim.catalog import Claim, Entry
from neurosim.connectivity import FromArrays
from neurosim.tasks import HubGraph, lagged_correlation

LIF = "dv/dt = (E_L - v)/tau_m + noise*xi*sqrt(2/tau_m) : mV (unless refractory)"
STRONG, WEAK = 3.0, 0.5
"""Jumps of the potential, mV; the threshold is 10 mV above rest."""


def graph(seed: int = 0, delay: tuple[int, int] = (5, 15)) -> HubGraph:
    """Three hubs of fifty neurons, fifteen targets each."""
    return HubGraph(seed=seed, delay=delay)  # type: ignore[arg-type]


def build(seed: int = 0, shortest: int = 5, longest: int = 15, noise_mV: float = 4.6) -> Network:
    """Fifty neurons that fire at some 5 Hz by their noise, joined by the graph. Run it with a step of 1 ms.

    Parameters
    ----------
    seed
        Of the graph.
    shortest, longest
        Delays of its edges, ms.
    noise_mV
        Standard deviation of the potential without a threshold.
    """
    known = graph(seed, (shortest, longest))
    strong, edges = known.edges()
    source, target = np.nonzero(edges)
    net = Network({"cells": Neurons(known.size, LIF, threshold="v >= -50", reset="v = -60", refractory=2.0, E_L=-60.0,
                                    tau_m=10.0, noise=noise_mV, initial={"v": "-60 + 3*randn()"})})
    weight = np.where(strong[source, target], STRONG, WEAK)
    delay = np.maximum(known.delays()[source, target], 1.0)
    net.connect("cells", "cells", FromArrays(source, target), on_pre="v += w", w=weight, delay=delay)
    return net


@lru_cache(maxsize=4)
def counts(duration: float, shortest: int, longest: int, backend: str = "numba", seed: int = 0) -> np.ndarray:
    """Spikes of each neuron in bins of 1 ms, (T, N)."""
    recording = simulate(build(seed, shortest, longest), duration, dt=1.0, record="spikes", backend=backend, seed=seed,
                         progress=False)
    spikes = recording["cells.spikes"]
    found = np.zeros((round(duration), 50), np.float32)
    np.add.at(found, (spikes.steps, spikes.indices), 1.0)
    return found


@lru_cache(maxsize=4)  # several claims are about the same guess
def guess(lags: int, duration: float = 300_000.0, *, backend: str = "numba", seed: int = 0) -> np.ndarray:
    """The greatest correlation of each pair over so many lags of 1 ms, (N, N)."""
    return lagged_correlation(counts(duration, 5, 15, backend=backend, seed=seed), range(lags))


def score(name: str, lags: int, *, backend: str = "numba", seed: int = 0) -> float:
    """How well lagged correlation finds the graph: ``area``, ``direction`` or ``hubs_found`` of its scores."""
    return float(getattr(graph(seed), name)(guess(lags, backend=backend, seed=seed)))


def without_delays(duration: float = 300_000.0, *, backend: str = "numba", seed: int = 0) -> float:
    """Share of strong edges whose direction lags of up to 20 ms tell, where delays are one step, the least there is."""
    found = lagged_correlation(counts(duration, 0, 0, backend=backend, seed=seed), range(21))
    return float(graph(seed, (0, 0)).direction(found))


def rate(duration: float = 300_000.0, *, backend: str = "numba", seed: int = 0) -> float:
    """Mean rate, Hz."""
    return float(counts(duration, 5, 15, backend=backend, seed=seed).mean() * 1000.0)


def figure(ax, recording=None, *, backend="numba", seed=0):
    """Lagged correlations of all pairs beside the edges that are; of a recording, its raster."""
    if recording is not None:
        from neurosim.plots import raster

        return raster({"cells": recording["cells.spikes"]}, ax)
    ax.set_axis_off()
    found = guess(21, backend=backend, seed=seed) * ~np.eye(50, dtype=bool)
    strong, edges = graph(seed).edges()
    left, right = ax.inset_axes([0.0, 0.0, 0.45, 1.0]), ax.inset_axes([0.55, 0.0, 0.45, 1.0])
    left.pcolormesh(edges + 1.0 * strong, cmap="Greys")
    right.pcolormesh(found, cmap="Greys", vmin=0.0, vmax=np.quantile(found, 0.995))
    for panel, title in ((left, "edges; strong ones black"), (right, "greatest correlation, 0 to 20 ms later")):
        panel.set(xlabel="to neuron", ylabel="from neuron", title=title)
    return ax


INFERRED = "the paper's claim is about its transformer; this bound is reasoned for a network of our own"

ENTRY = Entry(
    title="Hubs and the direction of their projections can be read from spikes, but not without delays",
    paper="Antoniades, A. et al. (2024). Neuroformer. ICLR 2024. doi:10.48550/arXiv.2311.00136",
    family="spiking",
    build=build,
    figure=figure,
    duration=1000.0,
    dt=1.0,
    differs="the paper's simulated network is not known: size, hubs and delays are inferred; lagged correlation stands "
    "in the place of the transformer; noise of 4.6 mV was chosen so that the background is about 5 Hz, which is "
    "what the network was to have",
    claims=(
        Claim("background rate, Hz", rate, low=4.0, high=6.0, where="inferred: the network is ours, of about 5 Hz",
              why="5 Hz, 1 Hz to either side; the noise was chosen for it, so it tells nothing of the paper"),
        Claim("without delays lags tell nothing: share of strong edges that point the right way", without_delays,
              low=0.3, high=0.7, where=INFERRED, why="1/2 is chance, three standard errors of 45 edges",
              misses="1: the least delay is one step, after which the target fires; one bin is enough to tell"),
        Claim("correlation without lags says nothing of direction: share of strong edges that point the right way",
              score, {"name": "direction", "lags": 1}, low=0.5, high=0.5, where="reviews of the paper; " + INFERRED,
              why="it is symmetric, so all pairs are equal"),
        Claim("lagged correlation: share of strong edges that point the right way", score,
              {"name": "direction", "lags": 21}, low=0.9, high=1.0, where=INFERRED, why="delays are 5 to 15 ms"),
        Claim("lagged correlation: area under the curve of strong edges", score, {"name": "area", "lags": 21}, low=0.9,
              high=1.0, where=INFERRED, why="1/2 is chance"),
        Claim("lagged correlation: share of the three hubs found", score, {"name": "hubs_found", "lags": 21}, low=1.0,
              high=1.0, where="abstract: hubs are found; " + INFERRED, why="all three"),
    ),
)
