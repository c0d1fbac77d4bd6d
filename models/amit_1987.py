r"""Amit, Gutfreund and Sompolinsky (1987): where in the plane of load and temperature Hopfield's network retrieves.

Units are thrown into their states by a heat bath of temperature T; :math:`\alpha` patterns a unit are stored. Patterns
have states of their own below T_M, which are the most likely of all below T_c; below :math:`T_g = 1 + \sqrt{\alpha}`
the states without overlap are those of a glass. All in replica-symmetric theory; ``neurosim.theory`` has the equations.

References
----------
Amit, Gutfreund and Sompolinsky (1987). Ann Phys 173, 30-67. doi:10.1016/0003-4916(87)90092-3
Amit, Gutfreund and Sompolinsky (1985). Phys Rev Lett 55, 1530-1533. doi:10.1103/PhysRevLett.55.1530
Naef and Canning (1992). J Phys I France 2, 247-250. doi:10.1051/jp1:1992141
"""

import warnings
from typing import Any

import numpy as np

from neurosim import Hopfield, Network, RandomPatterns, simulate
from neurosim.catalog import Claim, Entry
from neurosim.families import CapacityWarning
from neurosim.plots import phase_diagram as draw_phases
from neurosim.theory import crossing_load, crossing_temperature, phase_diagram, retrieval, spinodal_load
from neurosim.theory import spinodal_temperature as retrieved_below

SETTLING = 10
"""Sweeps that are left out of averages."""


def build(
    load: float = 0.05, size: int = 500, temperature: Any = 0.4, start: Any = 0, patterns_seed: int = 0
) -> Network:
    """A memory with ``load * size`` random patterns in a heat bath.

    Parameters
    ----------
    load, size, temperature
        alpha, N and T, which may differ between units and replicas.
    start
        As of ``Hopfield``; the first pattern by default.
    patterns_seed
        Seed of the patterns.
    """
    patterns = RandomPatterns(max(round(load * size), 1), size, seed=patterns_seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CapacityWarning)  # what happens beyond capacity is part of the question
        return Network({"memory": Hopfield(patterns, temperature=temperature, start=start)})


def overlaps(
    load: float, temperatures: Any, *, size: int = 500, trials: int = 4, sweeps: int = 40, backend: str = "numba",
    seed: int = 0,
) -> np.ndarray:
    """Mean overlap with the pattern at the start, at each temperature, (T,); replicas have patterns of their own."""
    temperatures = np.asarray(temperatures, float)
    count = max(round(load * size), 1)
    starts = RandomPatterns(count, size, seed=seed).draw(0, min(trials, count))
    every = np.tile(starts, (len(temperatures), 1))
    heat = np.repeat(temperatures, len(starts))[:, None] * np.ones(size)
    network = build(load, size, heat, every, patterns_seed=seed)
    recording = simulate(network, float(sweeps), dt=1.0, record="memory.s", replicas=len(every), backend=backend,
                         seed=seed, progress=False)
    late = np.asarray(recording["memory.s"].values, float)[SETTLING:].mean(axis=0)
    return (late * every).mean(axis=1).reshape(len(temperatures), -1).mean(axis=1)


def simulated(load: float, temperature: float, **run: Any) -> float:
    """Overlap at one load and temperature, of networks of 1,000 units."""
    return float(overlaps(load, [temperature], **{"size": 1000, **run})[0])


def from_theory(load: float, temperature: float, **run: Any) -> float:
    """Simulated overlap less that of the self-consistency equations."""
    return simulated(load, temperature, **run) - retrieval(2, load, temperature).m


def lowest_at_zero(**_: Any) -> float:
    """The load up to which patterns are the states of lowest energy."""
    return crossing_load(2, 0.0)


def turned_back(**_: Any) -> float:
    """The greatest load at which patterns have states of their own, at any temperature."""
    return max(spinodal_load(2, t) for t in (0.01, 0.015, 0.02, 0.025, 0.03))


def slope(line: str, load: float = 1e-6, **_: Any) -> float:
    """(1 - T) over the square root of a small load, on the line ``spinodal`` or ``crossing``."""
    temperature = {"spinodal": retrieved_below, "crossing": crossing_temperature}[line](2, load)
    return (1.0 - temperature) / load**0.5


def figure(ax, recording=None, *, backend="numba", seed=0):
    """Overlaps of 500 units over the plane, and the three lines of theory; or the sweeps of a recording."""
    if recording is not None:
        s = np.asarray(recording["memory.s"].values, float)
        ax.plot(recording["memory.s"].times, s @ s[0] / s.shape[-1])
        ax.set(xlabel="sweeps", ylabel="overlap with the first state", title="Amit et al. (1987)")
        return ax
    loads, temperatures = np.linspace(0.01, 0.19, 10), np.linspace(0.05, 1.25, 13)
    found = np.array([overlaps(load, temperatures, backend=backend, seed=seed) for load in loads]).T
    plane = phase_diagram(2, np.concatenate([np.linspace(0.0, 1.0, 41), np.linspace(1.01, 1.5, 12)]))
    lines = {"retrieval, T_M": plane.spinodal, "lowest, T_c": plane.crossing, "glass, T_g": plane.glass}
    draw_phases({name: (line, plane.temperature) for name, line in lines.items()}, (loads, temperatures, found), ax)
    ax.set(xlabel="patterns per neuron", ylabel="temperature", title="Amit et al. (1987)")
    ax.set(xlim=(0.0, 0.2), ylim=(0.0, 1.5))
    return ax


THEORY = "phase diagram (figure and text; recalled), recomputed"

ENTRY = Entry(
    title="Load and temperature decide whether a memory retrieves, wanders or freezes",
    paper="Amit, D. J., Gutfreund, H. & Sompolinsky, H. (1987). Statistical mechanics of neural networks near "
    "saturation. Ann Phys 173, 30-67. doi:10.1016/0003-4916(87)90092-3",
    family="associative memory",
    build=build,
    figure=figure,
    differs="networks of 500 and 1,000 units, each visited once in a sweep, in a random order; lines are those of the "
    "limit of many units, without broken replica symmetry",
    record=("memory.s",),
    duration=40.0,
    dt=1.0,
    claims=(
        Claim("patterns are the states of lowest energy up to a load of", lowest_at_zero, low=0.051, high=0.052,
              where=THEORY, why="0.051 there; 0.0519 to one digit more, where -1/2 meets the energy of the glass"),
        Claim("greatest load with states of patterns at any temperature", turned_back, low=0.1380, high=0.1383,
              where="Naef & Canning 1992 (recalled): 0.13819 near T = 0.02, a little above that at T = 0",
              why="four digits"),
        Claim("T_M at small loads: (1 - T) over the root of the load", slope, {"line": "spinodal"}, low=1.93, high=1.97,
              where=THEORY + ": T_M = 1 - 1.95 sqrt(alpha)", why="three digits, and a load of 1e-6"),
        Claim("T_c at small loads: (1 - T) over the root of the load", slope, {"line": "crossing"}, low=2.55, high=2.65,
              where=THEORY + ": T_c = 1 - 2.6 sqrt(alpha)", why="two digits, and a load of 1e-6"),
        *(Claim(f"overlap at load {load}, T = {t}, less theory's", from_theory, {"load": load, "temperature": t},
                low=-0.02, high=0.02, where="self-consistency equations of the paper",
                why="four networks of 1,000 units, well below T_M")
          for load, t in ((0.03, 0.5), (0.05, 0.4), (0.1, 0.15))),
        Claim("above T_M a pattern is lost: overlap at load 0.05, T = 0.8", simulated,
              {"load": 0.05, "temperature": 0.8}, low=-0.2, high=0.2, where=THEORY,
              why="0 in theory; below T_g what is left of a pattern decays slowly, and 40 sweeps see some of it"),
    ),
)
