"""Edges that are let go when a backend has bundled them, and weights in short integers."""

import numpy as np
import pytest
from test_homes import network, session, spikes

from neurosim.connectivity import Normal, Rounded

WEIGHT = Rounded(Normal(0.4, 0.1, low=0.0, high=1.0), 0.001)


@pytest.fixture
def few_are_many(monkeypatch):
    monkeypatch.setattr("neurosim.program.buffers.MANY", 0)
    monkeypatch.setattr("neurosim.network.edge_numbers.MANY", 0)


@pytest.mark.parametrize("weight", [WEIGHT, Normal(0.4, 0.1)], ids=["short", "float"])
def test_edges_that_were_let_go_give_the_same_spikes(weight, few_are_many):
    wanted = spikes(session(network(weight), "reference"), 30.0)
    run = session(network(weight), "numba", 3)
    found = spikes(run, 30.0)
    assert sum(map(len, wanted)) > 500
    assert all(np.array_equal(x, y) for x, y in zip(wanted, found, strict=True))
    joins = [e for name, e in run.program.edges.items() if not name.startswith("bundle")]
    assert all(e._edges is None for e in joins)
    assert np.array_equal(run.get("a_to_b.w"), session(network(weight), "reference").get("a_to_b.w"))
