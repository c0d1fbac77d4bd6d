r"""Butz & van Ooyen (2013): neurons grow connections until they fire at the rate that they aim at.

Each neuron has a trace of its spikes (calcium), axonal and dendritic elements that grow and shrink by it along a
Gaussian curve, and loses or finds partners as its elements come and go:

.. math::
    \dot{Ca} = -Ca/\tau_{Ca} + \beta_{Ca} \textstyle\sum \delta, \qquad
    \dot z = \nu \left(2 e^{-((Ca - \xi)/\zeta)^2} - 1\right)

The network is not the paper's, whose cells lie on a grid and lose their input to a lesion of the retina, but the one by
which NEST shows the same rule (its example ``structural_plasticity``): 800 excitatory and 200 inhibitory neurons under
Poisson input, without any connection at the beginning. Excitatory neurons aim at a calcium of 0.05 (5 Hz), inhibitory
ones at 0.2 (20 Hz). All numbers are that program's, where it says none those of its neuron ``iaf_psc_alpha``.

References
----------
Butz & van Ooyen (2013). PLoS Comput Biol 9, e1003259. doi:10.1371/journal.pcbi.1003259
Diaz-Pier, Naveau, Butz-Ostendorf & Morrison (2016). Front Neuroanat 10, 57. doi:10.3389/fnana.2016.00057
"""

import math
from functools import lru_cache
from typing import Any

import numpy as np

from neurosim import Network, Neurons, Recording, simulate
from neurosim.catalog import Claim, Entry
from neurosim.connectivity import Bernoulli
from neurosim.errors import DescriptionError
from neurosim.families.plasticity import GaussianGrowth, SynapticElements, with_elements

CELL = """
dv/dt = (E_L - v)/tau_m + I_syn/C : mV (unless refractory)
dI_syn/dt = h_syn - I_syn/tau_syn : pA
dh_syn/dt = -h_syn/tau_syn : pA/ms
"""
"""Alpha currents: a weight in pA is the peak, where h jumps by e/tau_syn times it."""
TARGETS = {"exc": 0.05, "inh": 0.2}
"""Calcium that neurons aim at."""
RATES = {"exc": {"axon_e": 0.1, "dendrite_e": 0.1, "dendrite_i": 0.1},
         "inh": {"axon_i": 0.1, "dendrite_e": 0.4, "dendrite_i": 0.1}}  # fmt: skip
"""Growth rates of the elements of both populations, Hz."""
WEIGHT, EXTERNAL, TAU_SYN = 585.0, 6.2, 2.0
"""Peaks of a recurrent and of an external current, pA, and the time of their peak, ms."""


def build(scale: float = 1.0, every_ms: float = 100.0) -> Network:
    """800 excitatory and 200 inhibitory neurons that find their connections.

    Parameters
    ----------
    scale
        Share of the number of neurons. Weights stay as they are.
    every_ms
        Time between rewirings, ms.
    """
    if not 0.0 < scale <= 1.0:
        raise DescriptionError(f"scale must be in (0, 1], got {scale!r}")
    net = Network()
    for name, size in {"exc": round(800 * scale), "inh": round(200 * scale)}.items():
        cells = Neurons(
            size, CELL, threshold="v >= -55", reset="v = -70", refractory=2.0, E_L=-70.0, tau_m=10.0,
            tau_syn=TAU_SYN, C=250.0, initial={"v": -70.0},
        )  # fmt: skip
        curves = {element: GaussianGrowth(rate=rate, eta=0.0, eps=TARGETS[name])
                  for element, rate in RATES[name].items()}
        net.add(name, with_elements(cells, curves))
        net.drive(name, "h_syn += w", rate=10_000.0, w=EXTERNAL * math.e / TAU_SYN)
    for source, kind, sign in (("exc", "e", 1.0), ("inh", "i", -1.0)):
        net.connect(
            source, ["exc", "inh"], Bernoulli(0.0), on_pre="h_syn += w", w=sign * WEIGHT * math.e / TAU_SYN, delay=1.0,
            structure=SynapticElements(axon=f"axon_{kind}", dendrite=f"dendrite_{kind}", every=every_ms),
        )  # fmt: skip
    return net


DURATION = 200_000.0
"""How long NEST's example runs, ms."""
JOINS = ("exc_to_exc", "exc_to_inh", "inh_to_exc", "inh_to_inh")


@lru_cache(maxsize=2)  # the claims of one size are about the same run
def run(scale: float, duration: float, every_ms: float = 100.0, backend: str = "numba", seed: int = 0) -> Recording:
    """Calcium and numbers of inputs of all neurons, every second."""
    record = {name: 1000.0 for name in ("exc.Ca", "inh.Ca", *(f"{join}.in_degree" for join in JOINS))}
    network = build(scale, every_ms)
    return simulate(network, duration, dt=0.1, record=record, backend=backend, seed=seed, progress=False)


def _late(values: Any) -> np.ndarray:
    """The last quarter of the samples, each the mean of all neurons."""
    means = np.asarray(values).mean(axis=1)
    return means[-(len(means) // 4) :]


def calcium(name: str, *, scale: float = 1.0, every_ms: float = 100.0, **options: Any) -> float:
    """Mean calcium of a population in the last quarter of a run over the one that it aims at."""
    return float(_late(run(scale, DURATION, every_ms, **options)[f"{name}.Ca"]).mean() / TARGETS[name])


def inputs(recording: Recording, source: str) -> np.ndarray:
    """Mean number of edges that a neuron has from a population, over time."""
    counts = [np.asarray(recording[f"{source}_to_{target}.in_degree"]) for target in ("exc", "inh")]
    return np.concatenate(counts, axis=1).mean(axis=1)


def drift(source: str, *, scale: float = 1.0, every_ms: float = 100.0, **options: Any) -> float:
    """Mean number of edges in the last 25 s of a run over that in the 25 s before."""
    found = inputs(run(scale, DURATION, every_ms, **options), source)
    return float(found[-25:].mean() / found[-50:-25].mean())


def figure(ax, recording=None, *, backend="numba", seed=0):
    """As NEST's example draws it: calcium on its way to the aims, and edges on theirs (broken lines)."""
    recording = recording if recording is not None else run(0.1, DURATION, 1000.0, backend, seed)
    right = ax.inset_axes([0.0, 0.0, 1.0, 1.0], zorder=1)
    right.patch.set_visible(False)
    for name, color in (("exc", "tab:blue"), ("inh", "tab:red")):
        trace = recording[f"{name}.Ca"]
        ax.axhline(TARGETS[name], color=color, linewidth=3.0, alpha=0.3)
        ax.plot(trace.times / 1000.0, np.asarray(trace).mean(axis=1), color=color, label=f"calcium, {name}")
        right.plot(trace.times / 1000.0, inputs(recording, name), "--", color=color)
    ax.set(xlabel="time (s)", ylabel="calcium", xlim=(0, recording.stop / 1000.0), ylim=(0, 0.3))
    right.set(xticks=[], xlim=(0, recording.stop / 1000.0))
    right.yaxis.tick_right()
    right.yaxis.set_label_position("right")
    right.set_ylabel("edges from a population, per neuron")
    ax.legend(frameon=False, loc="upper left")
    return ax


SMALL = {"scale": 0.1, "every_ms": 1000.0}
AIM = "growth curves of NEST's example, and the paper's rule: the upper zero of the curve is the stable concentration"
SETTLED = "the paper's rule: edges settle when neurons fire as they aim to (no number is given; the bound is inferred)"


def _claims(size: str, cost: str, arguments: dict[str, Any]) -> tuple[Claim, ...]:
    """The claims of one size of the network."""
    named = {"exc": "excitatory", "inh": "inhibitory"}
    aims = [Claim(f"{named[name]} neurons reach the calcium that they aim at{size}: mean over aim", calcium,
                  {"name": name, **arguments}, low=0.9, high=1.1, where=AIM, cost=cost,
                  why="free elements come and go as calcium swings around the aim by chance; 10 % (inferred)")
            for name in named]
    rest = [Claim(f"{named[name]} connections settle{size}: number in the last 25 s over 25 s before", drift,
                  {"source": name, **arguments}, low=0.9, high=1.1, where=SETTLED, cost=cost, why="1 is rest")
            for name in named]
    return (*aims, *rest)


ENTRY = Entry(
    title="Neurons grow connections until they fire at the rate that they aim at",
    paper="Butz, M. & van Ooyen, A. (2013). PLoS Comput Biol 9, e1003259. doi:10.1371/journal.pcbi.1003259; the "
    "network is that of NEST's example, see Diaz-Pier, S. et al. (2016). Front Neuroanat 10, 57. "
    "doi:10.3389/fnana.2016.00057",
    family="spiking",
    build=build,
    figure=figure,
    differs="partners are found at random, not nearby, and nothing is lesioned: the network is NEST's example; "
    "thresholds are tested on the grid",
    record=("spikes", *(f"{name}.Ca[:20]" for name in TARGETS), *(f"{join}.in_degree[:20]" for join in JOINS)),
    duration=1000.0,
    dt=0.1,
    claims=(*_claims(", a tenth of the neurons rewired every second", "quick", SMALL), *_claims("", "slow", {})),
)
