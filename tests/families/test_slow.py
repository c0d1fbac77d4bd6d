"""Parts with a time step of their own."""

import numpy as np
import pytest

from neurosim import Network, Neurons, simulate
from neurosim.connectivity import AllToAll, FromArrays
from neurosim.errors import DescriptionError

TEXT = """
dx/dt = (rise + pull - x)/tau : 1
rise : 1
pull : 1
"""


def cells(dt=None):
    """Cells that fire whenever they cross 1, and are then refractory for 40 ms."""
    return Neurons(4, TEXT, threshold="x > 1", reset="x = 0", refractory=40.0, method="rk4", tau=30.0, dt=dt,
                   initial={"rise": [1.2, 1.5, 2.0, 3.0], "x": [0.0, 0.2, 0.4, 0.6]})


def joined(dt=None):
    network = Network({"slow": cells(dt)})
    own = np.arange(4)
    network.connect("slow", "slow", FromArrays(own, (own + 1) % 4), couple="pull = 0.3*(x_pre - x_post)")
    return network


def run(network, dt, backend):
    options = {} if backend == "reference" else {"dtype": "float64"}
    return simulate(network, 600.0, dt=dt, record={"slow.x": 10.0, "slow.spikes": None}, backend=backend,
                    progress=False, **options)


def test_a_part_with_steps_of_its_own_does_what_it_does_in_a_slower_run(backend):
    slow, own = run(joined(), 10.0, backend), run(joined(10.0), 2.0, backend)
    assert slow["slow.spikes"].count > 20
    # dt / tau is computed from 10.0 in one and from 5 * 2.0 in the other, which is the same number
    np.testing.assert_array_equal(own["slow.x"].values, slow["slow.x"].values)
    # and it spikes in the last step of its own
    np.testing.assert_array_equal(own["slow.spikes"].steps, 5 * slow["slow.spikes"].steps + 4)
    np.testing.assert_array_equal(own["slow.spikes"].indices, slow["slow.spikes"].indices)


def test_what_reaches_a_slow_part_counts_in_its_next_step():
    network = Network({"slow": Neurons(1, "dx/dt = y/ms : 1\ny : 1", dt=5.0),
                       "fast": Neurons(1, "dz/dt = 1/ms : 1", threshold="z > 2.5", reset="z = -100")})  # fmt: skip
    network.connect("fast", "slow", AllToAll(), on_pre="y += 1", delay=1.0)
    x = simulate(network, 12.0, dt=1.0, record="slow.x", backend="reference", progress=False)["slow.x"].values[:, 0]
    # the spike of step 2 arrives in step 3; the own step that ends with step 4 is the first to see it, whole
    assert x.tolist() == [0.0] * 4 + [5.0] * 5 + [10.0] * 3


def test_a_run_split_within_a_slow_step_is_the_same():
    from neurosim import Simulation

    whole = run(joined(10.0), 2.0, "reference")["slow.x"].values
    session = Simulation(joined(10.0), dt=2.0, record={"slow.x": 10.0}, backend="reference", progress=False)
    session.run(306.0)
    np.testing.assert_array_equal(session.run(294.0)["slow.x"].values, whole)


@pytest.mark.parametrize(("dt", "step"), [(1.0, 0.3), (0.1, 0.2)])
def test_a_step_of_its_own_must_be_a_multiple_of_the_runs(dt, step):
    with pytest.raises(DescriptionError, match=f"dt must be a multiple of the time step of the run, {step} ms"):
        Network({"slow": cells(dt)}).build(dt=step)


@pytest.mark.parametrize("dt", [0.0, -1.0, float("nan")])
def test_a_step_that_is_none_is_refused(dt):
    with pytest.raises(DescriptionError, match=r"Neurons.dt must be > 0 and finite"):
        cells(dt)
