"""Parts of one kind settled together: the same results, and constants that can still be changed."""

import numpy as np
import pytest

from neurosim import Network, Neurons, Simulation
from neurosim.connectivity import Bernoulli, Normal

EQUATIONS = """
dv/dt = (20*mV - v + drive) / tau : mV (unless refractory)
ddrive/dt = -drive / tau_s : mV
"""


def network(weight: object = 0.4) -> Network:
    """Three populations of one kind and all their joins."""
    made = Network()
    for name, size in {"a": 70, "b": 130, "c": 65}.items():
        made.add(name, Neurons(size, EQUATIONS, threshold="v > 15", reset="v = 0", refractory=1.0, tau=10.0,
                               tau_s=3.0, initial={"v": "15*rand()"}))
    for source in "abc":
        made.connect(source, ["a", "b", "c"], Bernoulli(0.2), on_pre="drive += w", w=weight, delay=Normal(1.0, 0.5))
    return made


def spikes(run: Simulation, duration: float) -> list[np.ndarray]:
    """Steps and indices of all spikes, part by part."""
    recording = run.run(duration)
    return [x for name in "abc" for x in (recording[f"{name}.spikes"].steps, recording[f"{name}.spikes"].indices)]


def session(made: Network, backend: str, threads: int = 1) -> Simulation:
    """A session in double precision that records all spikes."""
    return Simulation(made, dt=0.1, backend=backend, seed=4, dtype="float64", threads=threads, progress=False,
                      record=["a.spikes", "b.spikes", "c.spikes"])


@pytest.mark.parametrize(("weight", "threads"), [(0.4, 3), (Normal(0.4, 0.1), 1)], ids=["numbers", "along edges"])
def test_settled_parts_fire_as_the_reference_says(weight: object, threads: int) -> None:
    wanted = spikes(session(network(weight), "reference"), 30.0)
    assert sum(map(len, wanted)) > 500
    found = spikes(session(network(weight), "numba", threads), 30.0)
    assert all(np.array_equal(x, y) for x, y in zip(wanted, found, strict=True))


def test_a_weight_that_was_bundled_can_be_changed_in_a_run(backend: str) -> None:
    run = session(network(), backend, threads=3)  # the program of the test above
    run.run(10.0)
    run.set("a_to_b.w", 2.0)
    assert run.get("a_to_b.w") == 2.0
    run.run(10.0)
    reference = session(network(), "reference")
    reference.run(10.0)
    reference.set("a_to_b.w", 2.0)
    assert all(np.array_equal(x, y) for x, y in zip(spikes(reference, 20.0)[:2], spikes(run, 10.0)[:2], strict=True))
