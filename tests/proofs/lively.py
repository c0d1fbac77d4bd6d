"""A network with everything that could make a run depend on how it is cut; run by tests and as a script."""

import json
import sys

import numpy as np

from neurosim import Network, Neurons, Recording, Simulation
from neurosim.connectivity import Bernoulli, FixedInDegree, Normal, Uniform

RECORD = ["exc.spikes", "inh.spikes", "exc.v[::7]", ("inh.g", 0.5), "exc_to_exc.w[:50]"]
TOTAL = 300.0
"""How long the tests run it, ms."""

CELLS = """
dv/dt = (E_L - v + g*(E_s - v))/tau + sigma*sqrt(2/tau)*xi : mV (unless refractory)
dg/dt = -g/tau_g : 1
"""
PLASTIC = """
w : 1
dx_pre/dt = -x_pre/tau_x : 1 (event-driven)
dx_post/dt = -x_post/tau_x : 1 (event-driven)
tau_x : ms (constant)
"""


def lively(size: int = 400) -> Network:
    """Noise, refractoriness, delays of their own for all edges, Poisson drive, plastic edges."""
    net = Network()
    for name, count, refractory in (("exc", size, 2.0), ("inh", size // 4, "1*ms + 2*ms*rand_one")):
        more = {"rand_one": "rand()"} if name == "inh" else {}
        net.add(
            name,
            Neurons(
                count,
                CELLS,
                threshold="v > -50*mV",
                reset="v = -60*mV",
                refractory=refractory,
                E_L=-56.0,
                E_s=0.0,
                tau=20.0,
                tau_g=5.0,
                sigma=3.0,
                initial={"v": "-60 + 10*rand()", "g": "0.2*rand()"},
                **more,
            ),
        )
    net.connect(
        "exc",
        "exc",
        FixedInDegree(20),
        model=PLASTIC,
        on_pre="g += w; x_pre += 1; w = clip(w - 0.01*x_post, 0, 0.2)",
        on_post="x_post += 1; w = clip(w + 0.01*x_pre, 0, 0.2)",
        tau_x=20.0,
        initial={"w": Uniform(0.0, 0.1)},
        delay=Uniform(0.1, 4.0),
    )
    net.connect("exc", "inh", Bernoulli(0.1), on_pre="g += w", w=Normal(0.05, 0.01), delay=Uniform(0.3, 2.0))
    net.connect("inh", "exc", Bernoulli(0.1), on_pre="v += w", w=-0.7, delay=Normal(1.0, 0.3))
    net.drive("exc", "g += w", rate=20.0, count=30, w=0.02)
    return net


def results(simulation: Simulation, recording: Recording) -> dict[str, np.ndarray]:
    """Everything recorded and the whole state, by name."""
    found = {f"state {name}": simulation.get(name) for name in simulation.program.buffers}
    for key in recording:
        part = recording[key]
        columns = ("steps", "indices", "replicas") if key.endswith("spikes") else ("steps", "values")
        found |= {f"{key} {column}": np.asarray(getattr(part, column)) for column in columns
                  if getattr(part, column) is not None}  # fmt: skip
    return found


def main(checkpoint: str, until: str, threads: str, out: str) -> None:
    """Take up a checkpoint, run on until a time, and write what was found."""
    simulation = Simulation.load(checkpoint, record=RECORD, threads=int(threads), progress=False)
    recording = simulation.run(round(float(until) - simulation.time, 6))
    np.savez(out, **results(simulation, recording))  # type: ignore[arg-type]
    print(json.dumps({"cached": simulation.info()["cached"], "threads": simulation.info()["threads"]}))


if __name__ == "__main__":
    main(*sys.argv[1:])
