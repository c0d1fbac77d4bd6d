r"""Agliari et al. (2023): a Hebbian network with blank entries in its patterns retrieves several at once.

.. math::
    H = -\frac{N}{2} \sum_\mu m_\mu^2, \qquad m_\mu = \frac{1}{N} \sum_i \xi_i^\mu \sigma_i, \qquad
    \xi_i^\mu = 0 \text{ with probability } d

Where blanks are few the overlaps fall as powers of d (hierarchical), where they are many all patterns are retrieved
alike (parallel). Overlaps and temperatures are quoted over 1 - d, which is how the paper is recalled to define them.

References
----------
Agliari et al. (2023). J Stat Mech 113303. doi:10.1088/1742-5468/ad0a86
"""

from functools import lru_cache
from typing import Any

import numpy as np

from neurosim import DenseHebbian, Examples, Network, RandomPatterns, filled, simulate
from neurosim.catalog import Claim, Entry
from neurosim.errors import DescriptionError
from neurosim.plots import theory_and_simulation
from neurosim.theory import amplitudes, hierarchical_limit, hierarchy, level_crossing, parallel_dilution


def build(
    count: int = 3, dilution: float = 0.3, size: int = 5000, temperature: float = 0.05, begin: str = "hierarchical",
    examples: int = 0, quality: float = 1.0, supervised: bool = True, patterns_seed: int = 0,
) -> Network:
    """A multitasking network.

    Parameters
    ----------
    count, dilution, size
        K, d and N.
    temperature
        T / (1 - d).
    begin
        ``hierarchical``, at each unit the first entry that is not blank; or ``parallel``, the sign of their sum.
    examples, quality, supervised
        M and r of the examples that it learns from, and whether a teacher groups them; 0 stores the patterns.
    patterns_seed
        Seed of patterns and examples.
    """
    if begin not in ("hierarchical", "parallel"):
        raise DescriptionError(f"begin must be one of hierarchical, parallel, got {begin!r}")
    patterns = RandomPatterns(count, size, dilution, seed=patterns_seed)
    drawn = patterns.draw()
    first = drawn[np.argmax(drawn != 0, axis=0), np.arange(size)]
    start = filled(first if begin == "hierarchical" else np.sign(drawn.sum(axis=0)), seed=patterns_seed)
    learnt: dict[str, Any] = {}
    if examples:
        learnt = {"examples": Examples(examples, quality, seed=patterns_seed + 1),
                  "learning": "supervised" if supervised else "unsupervised"}
    return Network({"memory": DenseHebbian(patterns, degree=2, diluted=True, start=start.astype(np.int8),
                                           temperature=temperature * (1.0 - dilution), **learnt)})


@lru_cache(maxsize=8)
def overlaps(sweeps: float = 60.0, backend: str = "numba", seed: int = 0, **options: Any) -> tuple[float, ...]:
    """Mean overlaps over 1 - d with each pattern, after a third of the sweeps."""
    network = build(patterns_seed=seed, **options)
    recording = simulate(network, sweeps, dt=1.0, record=[("memory.s", 2.0)], backend=backend, seed=seed,
                         progress=False)
    memory: Any = network.parts["memory"]
    states = np.asarray(recording["memory.s"].values)
    late = states[len(states) // 3 :].mean(axis=0, dtype=float)
    return tuple((memory.archetypes @ late / late.size / (1.0 - memory.patterns.dilution)).tolist())


CASES: dict[str, dict[str, Any]] = {
    "few blanks": {"count": 3, "dilution": 0.3, "temperature": 0.05, "sweeps": 30.0},
    "many blanks": {"count": 3, "dilution": 0.9, "temperature": 0.3, "begin": "parallel", "sweeps": 90.0},
    "learnt": {"count": 2, "dilution": 0.5, "temperature": 0.2, "examples": 40, "quality": 0.5, "sweeps": 30.0},
}
"""What the claims are about, at 20,000 units."""


def measured(case: str, **run: Any) -> np.ndarray:
    """Mean overlaps over 1 - d in a case, (K,)."""
    return np.array(overlaps(size=20_000, **{**CASES[case], **run}))


def from_hierarchy(case: str, **run: Any) -> float:
    """Greatest distance of an overlap from d^(mu - 1)."""
    options = CASES[case]
    return float(np.abs(measured(case, **run) - hierarchy(options["count"], options["dilution"])).max())


def from_theory(case: str, **run: Any) -> float:
    """Greatest distance of an overlap from the self-consistency equations."""
    options = CASES[case]
    m, r = options["examples"], options["quality"]
    theory = amplitudes(options["count"], options["dilution"], options["temperature"], start="hierarchical",
                        entropy=(1.0 - r * r) / (m * r * r))
    return float(np.abs(measured(case, **run) - theory.m).max())


def mean_overlap(case: str, **run: Any) -> float:
    """Mean over the patterns."""
    return float(measured(case, **run).mean())


def spread(case: str, **run: Any) -> float:
    """Greatest less least overlap."""
    return float(np.ptp(measured(case, **run)))


def protocols(case: str, **run: Any) -> float:
    """Greatest difference of overlaps learnt with a teacher and without."""
    return float(np.abs(measured(case, supervised=True, **run) - measured(case, supervised=False, **run)).max())


def boundary(which: str, **_: Any) -> float:
    """A dilution at which regimes meet: ``hierarchical``, ``crossing`` or ``parallel``."""
    found = {"hierarchical": lambda: hierarchical_limit(3), "crossing": level_crossing, "parallel": parallel_dilution}
    return found[which]()


def hierarchical_state(dilution: float, **_: Any) -> float:
    """Distance of the fixed point that is reached from the hierarchy, from the hierarchy; T / (1 - d) = 0.01, K = 3."""
    return float(np.abs(amplitudes(3, dilution, 0.01, start="hierarchical").m - hierarchy(3, dilution)).max())


def rank_correlation(*, backend: str = "numba", seed: int = 0) -> float:
    """Rank correlation, in a run that cools down, of the energy and the squared errors to the nearer of xi and -xi."""
    from scipy.stats import spearmanr

    count, dilution, size = 3, 0.5, 2000
    patterns = RandomPatterns(count, size, dilution, seed=seed)
    memory = DenseHebbian(patterns, degree=2, diluted=True, temperature="(1 - t/40) * 0.6", start="random")
    recording = simulate(Network({"memory": memory}), 40.0, dt=1.0, record="memory.s", backend=backend, seed=seed,
                         progress=False)
    states, drawn = np.asarray(recording["memory.s"].values, float), patterns.draw()
    m = states @ drawn.T / size
    losses = [((s - sign * drawn) ** 2).sum(axis=1) / (2 * size) for s in states for sign in (1, -1)]
    nearer = np.array(losses).reshape(len(states), 2, count).min(axis=1).sum(axis=1)
    return float(spearmanr(-(m**2).sum(axis=1), nearer).statistic)


def figure(ax, recording=None, *, backend="numba", seed=0):
    """Overlaps with three patterns against dilution, simulated and in theory; or against time in a recording."""
    if recording is not None:
        s = np.asarray(recording["memory.s"].values, float)
        ax.plot(recording["memory.s"].times, (s * s[-1]).mean(axis=-1))
        ax.set(xlabel="sweeps", ylabel="overlap with the last state", title="Agliari et al. (2023), multitasking")
        return ax
    heat, shown = 0.05, np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9])
    options = {"count": 3, "size": 3000, "temperature": heat, "sweeps": 30.0, "backend": backend, "seed": seed}
    found = np.array([sorted(overlaps(dilution=d, **options), reverse=True) for d in shown])
    fine = np.linspace(0.05, 0.95, 61)
    theory = np.array([amplitudes(3, d, heat, start="hierarchical").m for d in fine])
    points = {f"pattern {k + 1}": (shown, found[:, k]) for k in range(3)}
    theory_and_simulation(points, {f"theory {k + 1}": (fine, np.sort(theory)[:, 2 - k]) for k in range(3)}, ax)
    for place in (level_crossing(), hierarchical_limit(3)):
        ax.axvline(place, color="0.8", linestyle=":", zorder=0)
    ax.set(xlabel="dilution", ylabel="overlap / (1 - d)", ylim=(0.0, 1.12))
    ax.set_title("Agliari et al. (2023): three patterns at once")
    return ax


INFERRED = "inferred: self-consistency equations of the energy given above; the abstract names the regimes"

ENTRY = Entry(
    title="Patterns with blanks are retrieved several at once, in a hierarchy or alike",
    paper="Agliari, E., Alessandrelli, A., Barra, A. & Ricci-Tersenghi, F. (2023). J Stat Mech 113303. "
    "doi:10.1088/1742-5468/ad0a86",
    family="associative memory",
    build=build,
    figure=figure,
    differs="overlaps are not divided by 1 - d in the energy, so temperatures are quoted over 1 - d; numbers are "
    "derived",
    record=("memory.s",),
    duration=30.0,
    dt=1.0,
    claims=(
        Claim("few blanks: overlaps are 1, d, d^2; greatest distance", from_hierarchy, {"case": "few blanks"}, low=0.0,
              high=0.02, where="abstract: amplitudes as power laws; " + INFERRED, why="20,000 units spread by 0.006"),
        Claim("many blanks: mean overlap", mean_overlap, {"case": "many blanks"}, low=0.88, high=0.92,
              where="abstract: parallel regime; " + INFERRED, why="0.901 in theory"),
        Claim("many blanks: greatest less least overlap", spread, {"case": "many blanks"}, low=0.0, high=0.15,
              where="abstract: all with the same strength", why="soft modes: single overlaps drift at 20,000 units"),
        Claim("learnt with a teacher: greatest distance from theory", from_theory, {"case": "learnt"}, low=0.0,
              high=0.02, where=INFERRED, why="0.916 and 0.570 in theory; 20,000 units spread by 0.006"),
        Claim("with a teacher or without: greatest difference", protocols, {"case": "learnt"}, low=0.0, high=0.02,
              where="abstract: the teacher alters nothing", why="same data; what is left is noise"),
        Claim("dilution up to which the hierarchy of three exists", boundary, {"which": "hierarchical"}, low=0.6179,
              high=0.6181, where=INFERRED, why="1 = d + d^2, the golden ratio"),
        Claim("dilution at which a mixed state of three takes over", boundary, {"which": "crossing"}, low=0.5468,
              high=0.5470, where=INFERRED, why="equal energies at temperature 0"),
        Claim("dilution above which all are preferred to one near T_c", boundary, {"which": "parallel"}, low=0.65,
              high=0.68, where=INFERRED, why="2/3 just below T_c; 0.662 at T / T_c = 0.98"),
        Claim("the hierarchy is a fixed point at d = 0.60", hierarchical_state, {"dilution": 0.6}, low=0.0, high=1e-3,
              where=INFERRED, why="it exists below 0.618; the margin there, 0.04, is thermally overcome by exp(-8)"),
        Claim("the hierarchy is no fixed point at d = 0.64", hierarchical_state, {"dilution": 0.64}, low=0.02, high=1.0,
              where=INFERRED, why="it ends at 0.618"),
        Claim("energy and squared error fall together: rank correlation", rank_correlation, low=0.95, high=1.0,
              where="abstract: cost and loss share their minima", why="both fall with every pattern raised"),
    ),
)
