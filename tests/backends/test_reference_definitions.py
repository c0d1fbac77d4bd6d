"""What the reference backend decides where a description of an operation could be read in two ways."""

import numpy as np
import pytest
from programs import Caught, after, joined, prepare, receiving, run_until, sending, wires

from neurosim.equations import Assign
from neurosim.errors import DescriptionError
from neurosim.program import Builder, Compete, Diffuse, MapEdges, Probe, Propagate, Ref, Table


def test_an_edge_that_adds_twice_does_so_before_the_next_edge_adds():
    builder = Builder(dt=1.0)
    receiving(builder, "a", 2)
    receiving(builder, "b", 1, g=0.0)
    joined(builder, "a", "b", wires(2, 1, [(0, 1, 0), (1, 1, 0)]), w=np.array([1e16, 1.0]))
    body = (Assign("g", "+=", "w"), Assign("g", "+=", "-w"))
    refs = {"w": Ref("join.w", "edge"), "g": Ref("b.g", "target")}
    builder.add("plastic", MapEdges(edges="join", at="all", events=None, body=body, names=refs))
    assert after(builder.finish(), "reference", 1, "b.g").tolist() == [((1e16 - 1e16) + 1.0) - 1.0]


def test_additions_to_an_integer_are_cut_off_one_by_one():
    builder = Builder(dt=1.0)
    sending(builder, "a", 2, [(0, 0), (0, 1)])
    receiving(builder, "b", 1).state("n", 1, dtype="int")
    joined(builder, "a", "b", wires(2, 1, [(0, 1, 0), (1, 1, 0)]))
    builder.add("arrive", Propagate(edges="join", events="a.spikes", target="b.n", value="1.75", names={}))
    assert after(builder.finish(), "reference", 2, "b.n").tolist() == [3]  # int(int(1 + 1.75) + 1.75)


def test_coupling_ignores_delays():
    builder = Builder(dt=1.0)
    receiving(builder, "a", 2, v=np.array([1.0, 5.0]), got=0.0)
    joined(builder, "a", "a", wires(2, 2, [(0, 3, 1), (1, 7, 0)]))
    refs = {"v_pre": Ref("a.v", "source")}
    builder.add("arrive", Diffuse(edges="join", target="a.got", value="v_pre", names=refs))
    assert after(builder.finish(), "reference", 1, "a.got").tolist() == [5.0, 1.0]


def test_no_winner_is_drawn_from_negative_values_and_whole_steps_are_handed_over():
    builder = Builder(dt=1.0)
    receiving(builder, "mac", 2, x=0.0, win=0.0)
    table = np.array([[1.0, 1.0], [0.0, 2.0], [3.0, -0.5]])
    builder.add_schedule(Table(name="t", values=table), "mac.x", "arrive")
    builder.add("integrate", Compete(source="mac.x", target="mac.win", group=2, how="drawn"))
    runner, caught = prepare(builder.finish(), "reference", [Probe("x", "samples", "mac.x")]), Caught()
    with pytest.raises(DescriptionError, match=r"mac\.x must be >= 0 .* got -0\.5 at index 1"):
        run_until(runner, 5, caught)
    assert caught.values("x").tolist() == table[:2].tolist()
    assert runner.step == 2


def test_overflow_is_kept_as_infinity_without_a_warning():
    builder = Builder(dt=1.0)
    part = receiving(builder, "cell", 1, v=1e300)
    part.map([Assign("v", "=", "v * v")])
    with np.errstate(all="raise"):
        assert after(builder.finish(), "reference", 1, "cell.v").tolist() == [np.inf]
