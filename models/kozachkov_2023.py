r"""Kozachkov, Slotine & Krotov (2023, 2025): an astrocyte makes a dense associative memory of neurons and synapses.

Where the processes of an astrocyte couple pairs of synapses, four neurons act on each other at once, and the energy is
quartic in what the neurons send, :math:`-\frac{1}{4} \sum_\mu (\xi^\mu \cdot \phi)^4`. Such a memory holds far more
patterns than neurons; without the astrocyte it is Hopfield's. The paper was read in a public summary and not in full:
the interaction of four neurons, the energy and the demonstration with 25 codes of 768 bits are the paper's, the numbers
about how much is stored are those of an independent program.

References
----------
Kozachkov, Slotine & Krotov (2025). PNAS 122, e2417788122. doi:10.1073/pnas.2417788122; arXiv 2311.08135
"""

import warnings
from functools import lru_cache
from typing import Any

import numpy as np

from neurosim import Network, RandomPatterns, Recording, simulate
from neurosim.catalog import Claim, Entry
from neurosim.errors import DescriptionError
from neurosim.families import CapacityWarning, KrotovHopfield, NeuronAstrocyteMemory

FLIPPED = 0.1
"""Share of a pattern that a cue has wrong."""
SWEEPS = 8


def build(count: int = 25, size: int = 768, order: int = 4, seed: int = 0) -> Network:
    """Neurons with continuous states, a tenth of which start with the wrong sign.

    Parameters
    ----------
    count, size
        Number of codes stored and of neurons.
    order
        4 with the astrocyte, 2 without.
    seed
        Of the codes and of the cue.
    """
    for name, value in (("count", count), ("size", size)):
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise DescriptionError(f"{name} must be a whole number >= 1, got {value!r}")
    patterns = RandomPatterns(count, size, seed=seed).draw()
    # weak in the beginning, as what the neurons do not know yet
    return Network({"memory": NeuronAstrocyteMemory(patterns, order=order, start=0.5 * _cue(patterns[0], seed))})


def _cue(pattern: np.ndarray, seed: int) -> np.ndarray:
    flipped = np.random.default_rng(seed).permutation(pattern.size) < round(FLIPPED * pattern.size)
    return np.where(flipped, -pattern, pattern).astype(float)


@lru_cache(maxsize=4)
def run(count: int = 25, size: int = 768, order: int = 4, *, backend: str = "numba", seed: int = 0) -> Recording:
    """The recall of one code, 200 ms."""
    net = build(count, size, order, seed)
    return simulate(net, 200.0, dt=1.0, record=["memory.x", "memory.m"], dtype="float64", backend=backend, seed=seed,
                    progress=False)


def recalled(**options: Any) -> float:
    """Overlap of the last state with the code asked for."""
    return float(run(**options)["memory.m"].values[-1, 0])


def greatest_rise(**options: Any) -> float:
    """The greatest change of the energy in a step, relative to how far it falls; it never rises if that is <= 0."""
    states = run(**options)["memory.x"].values
    memory: Any = build(seed=options.get("seed", 0)).parts["memory"]
    energy = memory.energy(states)
    return float(np.diff(energy).max() / (energy[0] - energy[-1]))


def successes(
    count: int, order: int, *, size: int = 64, probes: int = 40, backend: str = "numba", seed: int = 0
) -> float:
    """Share of cues from which two-state neurons, one after another, come to an overlap of 0.95 in eight sweeps."""
    patterns = RandomPatterns(count, size, seed=seed).draw()
    asked = np.arange(probes) % count
    cues = np.stack([_cue(patterns[k], seed + 1 + n) for n, k in enumerate(asked)])
    # an energy in powers of overlaps in which a unit never meets itself
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CapacityWarning)  # beyond what Hopfield's network holds, on purpose
        memory = KrotovHopfield(patterns=patterns, degree=order, start=cues)
    recording = simulate(Network({"memory": memory}), float(SWEEPS), dt=1.0, record="memory.s", replicas=probes,
                         backend=backend, seed=seed, progress=False)
    overlap = (recording["memory.s"].values[-1] * patterns[asked]).mean(axis=-1)
    return float(np.mean(overlap >= 0.95))


def figure(ax, recording=None, *, backend="numba", seed=0):
    """The overlap with each stored code while one is recalled, and below it the energy."""
    recording = recording or run(backend=backend, seed=seed)
    ax.set_axis_off()
    upper, lower = ax.inset_axes([0.0, 0.56, 1.0, 0.44]), ax.inset_axes([0.0, 0.0, 1.0, 0.44])
    overlaps = recording["memory.m"]
    upper.plot(overlaps.times, overlaps.values[:, 1:], color="lightgrey")
    upper.plot(overlaps.times, overlaps.values[:, 0], color="C0")
    upper.set(ylabel="overlap")
    states = recording["memory.x"]
    lower.plot(states.times, build(seed=seed).parts["memory"].energy(states.values), color="black")
    lower.set(xlabel="time (ms)", ylabel="energy")
    return ax


PILOT = "no capacity was published; the number is that of an independent program"

ENTRY = Entry(
    title="An astrocyte makes neurons a memory of more patterns than there are neurons",
    paper="Kozachkov, L., Slotine, J.-J. & Krotov, D. (2025). Neuron-astrocyte associative memory. PNAS 122, "
    "e2417788122. doi:10.1073/pnas.2417788122; arXiv 2311.08135 (2023)",
    family="astrocytes",
    build=build,
    figure=figure,
    record=("memory.x", "memory.m"),
    duration=200.0,
    dt=1.0,
    differs="synapses and processes have settled: their own dynamics are left out, on which fixed points do not "
    "depend; codes are drawn, where the paper takes those of pictures; capacities are those of two-state neurons, one "
    "after another",
    claims=(
        Claim("one of 25 codes of 768 bits is recalled from a cue with a tenth wrong: overlap", recalled, low=0.99,
              high=1.0, where="demonstration with 25 latent codes of 768 bits, from a public summary",
              why="1 is perfect recall; tanh(5) leaves 0.9999"),
        Claim("the energy never rises: greatest change in a step over the whole fall", greatest_rise, low=-1.0,
              high=1e-12, where="theorem on the energy, from a public summary", why="0 but for rounding"),
        Claim("64 neurons with an astrocyte recall 500 patterns: share of 40 cues", successes,
              {"count": 500, "order": 4}, low=0.95, high=1.0, where=PILOT, why="1.00 in the program", cost="slow"),
        Claim("without it they fail at 16: share of 40 cues", successes, {"count": 16, "order": 2}, low=0.0, high=0.6,
              where=PILOT, why="0.25 in the program; one draw of patterns is one sample", cost="slow"),
    ),
)
