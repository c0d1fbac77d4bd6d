"""One network of ``growth_points.py`` in neurosim: time, memory and rate, in one line of JSON."""

import argparse
import time
from typing import Any

from growth_points import DT, TAU, THETA, Point
from outcome import peak_memory, say

from neurosim import Network, Neurons, Simulation, __version__
from neurosim.connectivity import FixedInDegree

CELL = "dv/dt = -v / tau : mV (unless refractory)"
TRAINS, EXTERNAL = 1000, 0.1
"""External trains onto each neuron and their weight, mV: the same for all networks."""
WARM_UP, WATCHED = 100.0, 300.0
"""Model time that is discarded, and in which spikes are counted, ms."""


def network(point: Point) -> Network:
    """The same mean input from many synapses as from few."""
    excitatory = point.indegree * 4 // 5
    weight = 100.0 / excitatory
    rate = 1000.0 * point.ratio * THETA / (TRAINS * EXTERNAL * TAU)
    net = Network()
    for name, size in {"exc": point.neurons * 4 // 5, "inh": point.neurons - point.neurons * 4 // 5}.items():
        net.add(name, Neurons(size, CELL, threshold="v > theta", reset="v = 10", refractory=2.0, tau=TAU, theta=THETA,
                              initial={"v": "20 * rand()"}))  # fmt: skip
        net.drive(name, "v += w", rate=rate, count=TRAINS, w=EXTERNAL)
    for name, degree, w in (("exc", excitatory, weight), ("inh", point.indegree - excitatory, -5.0 * weight)):
        net.connect(name, ["exc", "inh"], FixedInDegree(degree), on_pre="v += w", w=w, delay=1.5)
    return net


def session(point: Point, seed: int, record: Any = None) -> Simulation:
    """A simulation that has made its first step."""
    made = Simulation(network(point), dt=DT, seed=seed, threads=point.threads, record=record, progress=False)
    made.run(DT)
    return made


def measure(point: Point, seconds: float, seed: int) -> dict[str, Any]:
    """Build, run without recording, read the memory; then count the spikes of a short run."""
    session(Point(neurons=200, indegree=20, threads=point.threads), seed)  # everything that loads is loaded
    before = peak_memory()
    begin = time.perf_counter()
    running = session(point, seed)
    built = time.perf_counter() - begin
    running.run(WARM_UP)
    begin = time.perf_counter()
    running.run(1000.0 * seconds)
    simulated = (time.perf_counter() - begin) / seconds
    peak = peak_memory()
    del running
    recording = session(point, seed, "spikes").run(WARM_UP + WATCHED)
    counted = sum(one.between(WARM_UP, recording.stop).count for _, one in recording.items())
    watched = (recording.stop - WARM_UP) / 1000.0
    return {"build_s": built, "simulate_s": simulated, "before_mib": before, "peak_mib": peak,
            "rate_hz": counted / point.neurons / watched}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    for name in ("neurons", "indegree", "threads", "seed"):
        parser.add_argument(f"--{name}", type=int, default=1)
    for name in ("ratio", "seconds"):
        parser.add_argument(f"--{name}", type=float, default=1.0)
    parser.add_argument("--cache", help="read from the environment")
    asked = parser.parse_args()
    point = Point(neurons=asked.neurons, indegree=asked.indegree, ratio=asked.ratio, threads=asked.threads)
    say(version=__version__, **measure(point, asked.seconds, asked.seed))


if __name__ == "__main__":
    main()
