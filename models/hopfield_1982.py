r"""Hopfield (1982): a network of two-state neurons recalls what it was taught, up to 0.14 patterns a neuron.

.. math::
    s_i \leftarrow \mathrm{sgn} \sum_{j \ne i} T_{ij} s_j, \qquad T_{ij} = \frac{1}{N} \sum_\mu \xi_i^\mu \xi_j^\mu

The theory of its capacity is that of Amit, Gutfreund and Sompolinsky.

References
----------
Hopfield (1982). PNAS 79, 2554-2558. doi:10.1073/pnas.79.8.2554
Amit, Gutfreund and Sompolinsky (1987). Ann Phys 173, 30-67. doi:10.1016/0003-4916(87)90092-3
"""

import warnings
from typing import Any

import numpy as np

from neurosim import Hopfield, Network, RandomPatterns, corrupted, simulate
from neurosim.catalog import Claim, Entry
from neurosim.errors import DescriptionError
from neurosim.families import CapacityWarning
from neurosim.plots import theory_and_simulation
from neurosim.theory import retrieval, storage_limit


def build(load: float = 0.05, size: int = 1000, flipped: float = 0.1, patterns_seed: int = 0) -> Network:
    """A memory with ``load * size`` random patterns that starts at the first with some of its units turned.

    Parameters
    ----------
    load
        Patterns per neuron, alpha.
    size
        Number of neurons, N.
    flipped
        Share of the units that start in the wrong state.
    patterns_seed
        Seed of the patterns.
    """
    if not 0.0 <= load < np.inf:
        raise DescriptionError(f"load must be >= 0 and finite, got {load!r}")
    patterns = RandomPatterns(max(round(load * size), 1), size, seed=patterns_seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CapacityWarning)  # too high a load is what some claims are about
        return Network({"memory": Hopfield(patterns, start=corrupted(patterns.draw(0, 1)[0], flipped))})


def recall(
    load: float, *, size: int = 1000, flipped: float = 0.0, trials: int = 3, sweeps: float = 30.0,
    backend: str = "numba", seed: int = 0,
) -> float:
    """Mean overlap with the pattern at the start after some sweeps; 1 is perfect recall."""
    found = []
    for trial in range(trials):
        network = build(load, size, flipped, patterns_seed=1000 * seed + trial)
        recording = simulate(network, sweeps, dt=1.0, record="memory.s", backend=backend, seed=seed, progress=False)
        memory: Any = network.parts["memory"]
        found.append(np.mean(np.asarray(recording["memory.s"].values)[-1] * memory.patterns.draw(0, 1)[0]))
    return float(np.mean(found))


def limit(**_: Any) -> float:
    """The greatest load with a state of recall at temperature 0, from the self-consistency equations."""
    return storage_limit(2)


def predicted(load: float, **_: Any) -> float:
    """The overlap at temperature 0 from the self-consistency equations."""
    return retrieval(2, load, 0.0).m


def figure(ax, recording=None, *, backend="numba", seed=0):
    """Overlap with the pattern against load, simulated and as theory has it; or the sweeps of a recording."""
    if recording is not None:
        s = np.asarray(recording["memory.s"].values, float)
        ax.plot(recording["memory.s"].times, s @ s[-1] / s.shape[-1], "o-")
        ax.set(xlabel="sweeps", ylabel="overlap with the last state", title="Hopfield (1982)")
        return ax
    loads = np.array([0.02, 0.06, 0.1, 0.12, 0.135, 0.15, 0.17, 0.2, 0.25])
    measured = [recall(load, size=500, trials=3, sweeps=20.0, backend=backend, seed=seed) for load in loads]
    fine = np.linspace(0.005, 0.25, 60)
    curves = {"theory, N to infinity": (fine, [predicted(load) for load in fine])}
    theory_and_simulation({"500 neurons": (loads, measured)}, curves, ax)
    ax.axvline(storage_limit(2), color="0.7", linestyle=":")
    ax.set(xlabel="patterns per neuron", ylabel="overlap with the pattern", ylim=(0.0, 1.05), title="Hopfield (1982)")
    return ax


ENTRY = Entry(
    title="Two-state neurons recall what they were taught, up to 0.14 patterns a neuron",
    paper="Hopfield, J. J. (1982). PNAS 79, 2554-2558. doi:10.1073/pnas.79.8.2554; capacity: Amit, D. J., Gutfreund, "
    "H. & Sompolinsky, H. (1987). Ann Phys 173, 30-67. doi:10.1016/0003-4916(87)90092-3",
    family="associative memory",
    build=build,
    figure=figure,
    differs="states are -1 and 1, not 0 and 1; each neuron is visited once in a sweep, in a random order, and not at "
    "random times",
    record=("memory.s",),
    duration=20.0,
    dt=1.0,
    claims=(
        Claim("capacity in theory, patterns per neuron", limit, low=0.1377, high=0.1381,
              where="Amit et al. 1987: alpha_c = 0.138", why="0.137906 by quadrature, rounded in the paper"),
        Claim("overlap in theory at 0.13 patterns per neuron", predicted, {"load": 0.13}, low=0.9870, high=0.9874,
              where="Amit et al. 1987, equations at T = 0; recomputed",
              why="0.98721 from the closed form in one variable"),
        Claim("recall from the pattern at 0.10 patterns per neuron: overlap", recall, {"load": 0.1}, low=0.99, high=1.0,
              where="Amit et al. 1987: 0.998 at that load", why="three networks of 1,000 neurons"),
        Claim("a tenth of the neurons turned is mended at 0.05 patterns per neuron: overlap", recall,
              {"load": 0.05, "flipped": 0.1}, low=0.99, high=1.0,
              where="Hopfield 1982, text: a few percent of errors at n = 0.1 N", why="far below capacity"),
        Claim("recall is lost at 0.20 patterns per neuron: overlap", recall, {"load": 0.2, "trials": 5}, low=0.0,
              high=0.55, where="Amit et al. 1987: no state of recall above 0.138; Hopfield 1982: about 0.15 N",
              why="single networks of 1,000 neurons end between 0.2 and 0.5; from 0.13 to 0.18 they differ too much"),
    ),
)
