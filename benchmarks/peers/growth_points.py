"""What ``growth.py`` varies: one thing at a time, from a network that has everything in the middle."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

DT = 0.1
THETA, TAU = 20.0, 20.0
"""Threshold, mV, and membrane time constant, ms, of all neurons."""


@dataclass(frozen=True, kw_only=True)
class Point:
    """One network in the manner of Brunel (2000), with inhibition five times as strong as excitation.

    Parameters
    ----------
    neurons, indegree
        Number of neurons, N, and of synapses onto each; four of five are excitatory, of either.
    ratio
        External rate relative to that which alone would reach the threshold; it sets the rate of the neurons.
    threads
        Number of threads.
    """

    neurons: int = 10_000
    indegree: int = 200
    ratio: float = 2.0
    threads: int = 1


BASE = Point()
NEURONS = (2500, 5000, 10_000, 20_000, 40_000, 80_000)
SYNAPSES = (50, 100, 200, 400, 800, 1600)
RATIOS = (1.0, 1.25, 1.6, 2.0, 3.0, 5.0)
LARGE = replace(BASE, neurons=40_000, indegree=400)
"""What threads are tried on: large enough to share."""


def axes(scale: float, processors: int) -> dict[str, list[Point]]:
    """The points of each axis.

    Parameters
    ----------
    scale
        Of the neurons and of the synapses onto each, in (0, 1]; 1 for what is published.
    processors
        How many threads there can be; they are tried in powers of two.
    """

    def scaled(point: Point) -> Point:
        return replace(point, neurons=round(point.neurons * scale), indegree=max(round(point.indegree * scale), 5))

    counts: Sequence[int] = [1 << k for k in range(processors.bit_length())]
    found = {
        "neurons": [replace(BASE, neurons=value) for value in NEURONS],
        "synapses": [replace(BASE, indegree=value) for value in SYNAPSES],
        "rate": [replace(BASE, ratio=value) for value in RATIOS],
        "threads": [replace(LARGE, threads=count) for count in counts],
    }
    return {axis: [scaled(point) for point in points] for axis, points in found.items()}
