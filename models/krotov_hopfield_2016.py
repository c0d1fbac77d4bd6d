r"""Krotov & Hopfield (2016): steeper energies store more patterns; Demircigil et al. (2017): exponentially many.

.. math::
    E = -\sum_\mu F(\xi^\mu \cdot \sigma), \qquad
    \sigma_i \leftarrow \mathrm{sgn} \sum_\mu [F(\xi^\mu \cdot \sigma^{i+}) - F(\xi^\mu \cdot \sigma^{i-})]

With a power :math:`F(z) = z^n` a bit is wrong after one step with probability
:math:`\frac{1}{2} \mathrm{erfc} \sqrt{N^{n-1} / (2 (2n-3)!! K)}`; with :math:`F = \exp` about :math:`2^{N/2}` patterns
are stable.

References
----------
Krotov and Hopfield (2016). Dense associative memory for pattern recognition, NIPS 29. doi:10.48550/arXiv.1606.01164
Demircigil et al. (2017). J Stat Phys 168, 288-299. doi:10.1007/s10955-017-1806-y
"""

import math
import warnings
from typing import Any

import numpy as np

from neurosim import KrotovHopfield, Network, RandomPatterns, corrupted, simulate
from neurosim.catalog import Claim, Entry
from neurosim.families import CapacityWarning
from neurosim.plots import theory_and_simulation
from neurosim.theory import one_step_error


def build(
    degree: int = 3, size: int = 100, count: int = 200, flipped: float = 0.1, exponential: bool = False,
    patterns_seed: int = 0,
) -> Network:
    """A dense associative memory that starts at its first pattern with some of the units turned.

    Parameters
    ----------
    degree
        n of the power; without meaning where ``exponential``.
    size, count
        N and K.
    flipped
        Share of the units that start in the wrong state.
    exponential
        Whether F is the exponential function.
    patterns_seed
        Seed of the patterns.
    """
    patterns = RandomPatterns(count, size, seed=patterns_seed)
    start = corrupted(patterns.draw(0, 1)[0], flipped)
    function = "exponential" if exponential else "polynomial"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CapacityWarning)  # what happens beyond is part of what is shown
        return Network({"memory": KrotovHopfield(patterns, function=function, degree=degree, start=start)})


def overlap(
    degree: int = 3, size: int = 100, load: float = 0.02, *, flipped: float = 0.1, replicas: int = 20,
    exponential: bool = False, backend: str = "numba", seed: int = 0,
) -> float:
    """Mean overlap with the pattern after five sweeps from a corrupted one; K is ``load * size**(degree - 1)``."""
    patterns = RandomPatterns(max(round(load * size ** (degree - 1)), replicas), size, seed=seed)
    taught = patterns.draw(0, replicas)
    start = np.array([corrupted(one, flipped, seed=k) for k, one in enumerate(taught)])
    function = "exponential" if exponential else "polynomial"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CapacityWarning)
        network = Network({"memory": KrotovHopfield(patterns, function=function, degree=degree, start=start)})
    recording = simulate(network, 5.0, dt=1.0, record=[("memory.s", 5.0)], replicas=replicas, backend=backend,
                         seed=seed, progress=False)
    return float((np.asarray(recording["memory.s"].values)[-1] * taught).mean())


def one_step_errors(
    degree: int, *, size: int = 100, kappa2: float = 6.0, starts: int = 60, seed: int = 0, **_: Any
) -> float:
    """Share of bits of patterns that one step turns, over that of theory where N^(n-1) / ((2n-3)!! K) is ``kappa2``."""
    odd = math.prod(range(2 * degree - 3, 1, -2))
    count = round(size ** (degree - 1) / (odd * kappa2))
    patterns = RandomPatterns(count, size, seed=seed).draw().astype(float)
    wrong = []
    for start in patterns[:starts]:
        products = patterns @ start
        others = products[:, None] - patterns * start  # without the unit itself, (K, N)
        gain = (others + 1.0) ** degree - (others - 1.0) ** degree
        wrong.append(((patterns * gain).sum(axis=0) * start < 0.0).mean())
    return float(np.mean(wrong)) / one_step_error(degree, count, size)


def unstable(size: int, count: int, *, backend: str = "numba", seed: int = 0) -> float:
    """Per cent of bits of stored patterns that a sweep of an exponential memory turns, in 100 patterns."""
    patterns = RandomPatterns(count, size, seed=seed)
    taught = patterns.draw(0, 100)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CapacityWarning)
        network = Network({"memory": KrotovHopfield(patterns, function="exponential", start=taught)})
    recording = simulate(network, 1.0, dt=1.0, record="memory.s", replicas=100, backend=backend, seed=seed,
                         dtype="float64", progress=False)
    return 100.0 * float((np.asarray(recording["memory.s"].values)[-1] != taught).mean())


def figure(ax, recording=None, *, backend="numba", seed=0):
    """Wrong bits after one step against load, by counting and in theory; or the sweeps of a recording."""
    if recording is not None:
        s = np.asarray(recording["memory.s"].values, float)
        ax.plot(recording["memory.s"].times, s @ s[-1] / s.shape[-1], "o-")
        ax.set(xlabel="sweeps", ylabel="overlap with the last state", title="Krotov & Hopfield (2016)")
        return ax
    size, points, curves, loads = 64, {}, {}, (8.0, 5.0, 3.0, 2.0, 1.2)
    for degree in (2, 3, 4):
        odd = math.prod(range(2 * degree - 3, 1, -2))
        counts = np.array([round(size ** (degree - 1) / (odd * k)) for k in loads])
        expected = np.array([one_step_error(degree, int(k), size) for k in counts])
        measured = [one_step_errors(degree, size=size, kappa2=k, starts=20, seed=seed) for k in loads]
        points[f"n = {degree}"] = (counts, measured * expected)
        fine = np.geomspace(counts[0], counts[-1], 40)
        curves[f"theory, n = {degree}"] = (fine, [one_step_error(degree, k, size) for k in fine])
    theory_and_simulation(points, curves, ax)
    ax.set_xlim(5.0, 1e6)
    ax.set(xscale="log", yscale="log", xlabel="patterns stored in 64 units", ylabel="share of wrong bits")
    ax.set_title("Krotov & Hopfield (2016)")
    return ax


ENTRY = Entry(
    title="Steeper energies store more patterns: powers of N, or exponentially many",
    paper="Krotov, D. & Hopfield, J. J. (2016). Dense associative memory for pattern recognition. NIPS 29. "
    "doi:10.48550/arXiv.1606.01164; exponential: Demircigil, M. et al. (2017). doi:10.1007/s10955-017-1806-y",
    family="associative memory",
    build=build,
    figure=figure,
    differs="energies are scaled by powers of N, which changes no state at temperature 0; units are visited once a "
    "sweep",
    record=("memory.s",),
    duration=5.0,
    dt=1.0,
    claims=(
        *(Claim(f"wrong bits after one step, n = {n}, over theory's", one_step_errors, {"degree": n, "size": size},
                low=0.5, high=1.5, where="section 2: the error of a bit by signal to noise",
                why="0.0072 of 6,000 bits or more: three standard errors are 45 %")
          for n, size in ((2, 400), (3, 100))),
        Claim("a cubic energy mends a tenth of the units at K = 0.02 N^2: overlap", overlap, {"degree": 3}, low=0.98,
              high=1.0, where="section 2: K ~ N^(n-1); the number is inferred",
              why="one eighth of the load of 0.5 % errors"),
        Claim("exponential, 20 units, 1,024 patterns: unstable bits, %", unstable, {"size": 20, "count": 1024}, low=0.0,
              high=0.1, where="Demircigil et al. 2017, theorem 3: 2^(N/2) patterns", why="0.0 in 2,000 bits"),
        Claim("exponential, 16 units, 1,024 patterns, four times over: unstable bits, %", unstable,
              {"size": 16, "count": 1024}, low=0.1, high=3.0, where="beyond 2^(N/2); the number is inferred",
              why="0.8 of another implementation; 1,600 bits"),
    ),
)
