"""Edges that are known before they are drawn."""

import numpy as np
import pytest

from neurosim.connectivity import (
    AllToAll,
    Bernoulli,
    Distance,
    Exponential,
    FixedInDegree,
    FixedOutDegree,
    FixedTotal,
    FromArrays,
    Normal,
    OneToOne,
    Uniform,
    draw,
)
from neurosim.connectivity.drawing import pending
from neurosim.errors import DescriptionError, MemoryForeseenError

SIZES = {"sources": 300, "targets": 300, "same": True, "seed": 5, "stream": 6}
ONCE = {"multiple": False, "self_connections": False}


@pytest.mark.parametrize(
    "rule",
    [AllToAll(), OneToOne(), Bernoulli(0.1), FixedInDegree(7), FixedInDegree(7, **ONCE), FixedOutDegree(5),
     FixedTotal(4000), FixedTotal(50_000, **ONCE)],
    ids=repr,
)  # fmt: skip
@pytest.mark.parametrize("delay", [None, 3, Normal(15.0, 7.5, low=1.0), Uniform(1.0, 5000.0)], ids=repr)
def test_what_is_known_of_edges_is_what_is_drawn(rule, delay):
    edges, waiting = draw(rule, delay=delay, **SIZES), pending(rule, delay=delay, **SIZES)
    assert waiting.count == edges.count
    np.testing.assert_array_equal(waiting.first, edges.first)
    np.testing.assert_array_equal(waiting.delays, np.unique(edges.delay))
    for _ in range(2):
        np.testing.assert_array_equal(waiting.draw().target, edges.target)
        np.testing.assert_array_equal(waiting.draw().delay, edges.delay)


@pytest.mark.parametrize("threads", [1, 3])
def test_a_delay_that_one_edge_in_a_million_has_is_known(threads, monkeypatch):
    monkeypatch.setattr("neurosim.connectivity.drawing.usable_threads", lambda: threads)
    rule, delay = FixedTotal(3_000_000), Exponential(20.0)
    edges, waiting = draw(rule, delay=delay, **SIZES), pending(rule, delay=delay, **SIZES)
    counts = np.bincount(edges.delay)
    assert counts[counts > 0].min() < 4 and np.flatnonzero(counts)[-1] > np.flatnonzero(counts == 0)[1]
    np.testing.assert_array_equal(waiting.delays, np.flatnonzero(counts))


def test_rules_that_must_draw_to_know_their_edges_do_not_wait():
    assert pending(FromArrays([0], [1]), **SIZES) is None
    assert pending(Distance("step", 1.0), **SIZES) is None


def test_what_cannot_be_drawn_is_refused_before_and_what_has_no_room_when_it_is_drawn():
    with pytest.raises(DescriptionError, match="FixedOutDegree.degree"):
        pending(FixedOutDegree(301, multiple=False), **SIZES)
    many = pending(FixedTotal(10**13), **SIZES)
    assert many.count == 10**13
    with pytest.raises(MemoryForeseenError, match="FixedTotal with 10,000,000,000,000 edges"):
        many.draw()
