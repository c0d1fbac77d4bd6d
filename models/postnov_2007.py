r"""Postnov et al. (2007): a functional model of neurons and a glial cell, without units.

Calcium of the glial cell is raised on two ways: at once by the activity of the postsynaptic neuron (through potassium
outside), and slowly by a mediator that synaptic activity makes. What the glial cell then releases drives the
postsynaptic neuron, which so stays active after its input has ended.

Of the paper the abstract was to be had. The equations of the glial cell and their numbers were read in a public program
of Basso and Barros, which names this model as its source; its neurons are Izhikevich's, where the paper has others. How
strong the two ways and the release are is left open by the model: here ``beta`` is that program's, ``alpha`` and
``gamma`` are ours.

References
----------
Postnov, Ryazanova & Sosnovtseva (2007). BioSystems 89, 84-91. doi:10.1016/j.biosystems.2006.04.012
Basso & Barros (2022). arXiv 2204.00506
"""

from functools import lru_cache
from typing import Any

import numpy as np

from neurosim import Network, Neurons, Recording, SpikeGenerator, simulate
from neurosim.catalog import Claim, Entry
from neurosim.connectivity import AllToAll, OneToOne
from neurosim.errors import DescriptionError
from neurosim.families import Postnov

CELL = """
dv/dt = (0.04*v**2/mV + 5*v + 140*mV - u + w_in*g*(E - v) + gamma*G_m*mV)/ms : mV
du/dt = a*(b*v - u)/ms : mV
dg/dt = -g/tau_g : 1
G_m : 1
"""
TONIC = {"a": 0.02, "b": 0.2, "E": 0.0, "w_in": 0.09, "tau_g": 10.0}
START, STOP, END, RATE = 500.0, 1500.0, 4000.0, 50.0
"""Of the input: begin and end, ms, and spikes per second; the run ends 2.5 s after it."""


def build(alpha: float = 0.05, beta: float = 0.05, gamma: float = 10.0) -> Network:
    """Four postsynaptic neurons with the same input: with both ways into their glial cell, one, the other, and none.

    Parameters
    ----------
    alpha, beta
        Strength of the fast way, from the postsynaptic neuron, and of the slow one, from its synapse.
    gamma
        What the glial cell gives back, mV per ms.
    """
    for name, value in (("alpha", alpha), ("beta", beta), ("gamma", gamma)):
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1000:
            raise DescriptionError(f"{name} must be in [0, 1000), got {value!r}")
    times = np.arange(START, STOP, 1000.0 / RATE)
    rest = {"v": -70.0, "u": -14.0}
    net = Network(
        {
            "source": SpikeGenerator(1, np.zeros(times.size, int), times),
            "cell": Neurons(
                4,
                CELL,
                threshold="v >= 30*mV",
                reset="v = -65*mV; u += 6*mV",
                initial=rest,
                gamma=[gamma, gamma, gamma, 0.0],
                method="euler",
                **TONIC,
            ),
            "glia": Postnov(4, alpha=[alpha, alpha, 0.0, alpha], beta=[beta, 0.0, beta, beta]),
        }
    )
    net.connect(
        "source",
        "cell",
        AllToAll(),
        name="synapses",
        glia="glia",
        domain=np.arange(4),
        on_pre="g_post += 1; z_glia += 1",
    )
    net.connect("cell", "glia", OneToOne(), couple="w = (u_pre + 14*mV)/mV")
    net.connect("glia", "cell", OneToOne(), couple="G_m = G_m_pre")
    return net


BOTH, FAST, SLOW, NONE = range(4)
"""The four neurons of a run, by the ways into their glial cells; that of the last gives nothing back."""


@lru_cache(maxsize=2)  # the claims are about the same run
def run(*, backend: str = "numba", seed: int = 0) -> Recording:
    """A second of input, and two and a half after it."""
    record = {"cell.spikes": None, "glia.spikes": None, "glia.C": 1.0}
    return simulate(build(), END, dt=0.1, record=record, dtype="float64", backend=backend, seed=seed, progress=False)


def late_rate(cell: int, **options: Any) -> float:
    """Rate of a postsynaptic neuron from 1.5 to 2.5 s after its input has ended, Hz."""
    return float(run(**options)["cell.spikes"].of(cell).between(END - 1000.0, END).count)


def latency(cell: int, **options: Any) -> float:
    """From the first input to the first transient of calcium, ms; NaN if there is none."""
    times = run(**options)["glia.spikes"].of(cell).between(START, STOP).times
    return float(times[0] - START) if times.size else float("nan")


def later(**options: Any) -> float:
    """Latency of the first transient by the slow way over that by the fast one."""
    return latency(SLOW, **options) / latency(FAST, **options)


def transients(cell: int, **options: Any) -> float:
    """Number of times that calcium rises above the threshold while there is input."""
    return float(run(**options)["glia.spikes"].of(cell).between(START, STOP).count)


def longest(cell: int, **options: Any) -> float:
    """The longest time without a break for which calcium is above the threshold while there is input, ms."""
    calcium = run(**options)["glia.C"].between(START, STOP).values[:, cell] > 0.5
    edges = np.flatnonzero(np.diff(np.concatenate([[False], calcium, [False]]).astype(int)))
    return float((edges[1::2] - edges[::2]).max(initial=0))


def figure(ax, recording=None, *, backend="numba", seed=0):
    """Calcium of the glial cells that hear both ways or the slow one, and spikes of all four neurons."""
    recording = recording or run(backend=backend, seed=seed)
    calcium = recording["glia.C"]
    for cell, name in ((BOTH, "both ways"), (SLOW, "the slow way")):
        ax.plot(calcium.times / 1000, calcium.values[:, cell], label=name)
    for cell in (BOTH, FAST, SLOW, NONE):
        times = recording["cell.spikes"].of(cell).times / 1000
        ax.plot(times, np.full(times.size, -0.2 - 0.15 * cell), "|", color="black")
    ax.set(xlabel="time (s)", ylabel="calcium; below it spikes: both, fast, slow, no feedback")
    ax.legend(frameon=False, loc="upper right")
    return ax


ABSTRACT = "abstract: {} (no number is given)"
POTENTIATION = ABSTRACT.format("long-term potentiation of the postsynaptic neuron")
VARIOUS = ABSTRACT.format("various calcium transients in response to the activation of different pathways")

ENTRY = Entry(
    title="A glial cell keeps its postsynaptic neuron active after the input has ended",
    paper="Postnov, D. E., Ryazanova, L. S. & Sosnovtseva, O. V. (2007). Functional modeling of neural-glial "
    "interaction. BioSystems 89, 84-91. doi:10.1016/j.biosystems.2006.04.012",
    family="astrocytes",
    build=build,
    figure=figure,
    record=("glia.C", "cell.spikes"),
    duration=END,
    dt=0.1,
    differs="of the paper the abstract was to be had: equations and numbers of the glial cell are those of a public "
    "program that names it as its source, and time is ms; neurons are Izhikevich's; alpha and gamma are ours",
    claims=(
        Claim(
            "the postsynaptic neuron is active 1.5 to 2.5 s after its input has ended: rate, Hz",
            late_rate,
            {"cell": BOTH},
            low=5.0,
            high=100.0,
            where=POTENTIATION,
            why="far from silence; inferred",
        ),
        Claim(
            "without what the glial cell gives back it is silent then, Hz",
            late_rate,
            {"cell": NONE},
            low=0.0,
            high=0.0,
            where=POTENTIATION,
            why="no input is left",
        ),
        Claim(
            "the slow way alone does not last so long, Hz",
            late_rate,
            {"cell": SLOW},
            low=0.0,
            high=0.0,
            where="inferred: without synaptic activity its mediator decays within 0.3 s",
            why="nothing is left",
        ),
        Claim(
            "the fast way raises calcium sooner than the slow one: first transient of the slow one over that of the "
            "fast one",
            later,
            low=2.0,
            high=20.0,
            where=VARIOUS,
            why="fast and slow; the factor is inferred",
        ),
        Claim(
            "the slow way makes a train of transients while there is input: how many",
            transients,
            {"cell": SLOW},
            low=3.0,
            high=30.0,
            where=VARIOUS,
            why="a train; the number is inferred",
        ),
        Claim(
            "both together hold calcium up: longest time above the threshold, ms",
            longest,
            {"cell": BOTH},
            low=500.0,
            high=1000.0,
            where=VARIOUS,
            why="half of the input or more; inferred",
        ),
        Claim(
            "which the slow way alone does not, ms",
            longest,
            {"cell": SLOW},
            low=1.0,
            high=100.0,
            where=VARIOUS,
            why="transients; inferred",
        ),
    ),
)
