"""What the reference backend decides where a description of an operation could be read in two ways."""

import numpy as np
import pytest
from programs import Caught, after, joined, prepare, receiving, run_until, sending, wires

from neurosim.equations import Assign
from neurosim.errors import BackendError, DescriptionError, NetworkError
from neurosim.program import (
    Builder,
    Compete,
    Diffuse,
    EventList,
    Events,
    Map,
    MapEdges,
    MatMul,
    Operation,
    Probe,
    Program,
    Propagate,
    Reduce,
    Ref,
    Table,
)


def test_an_edge_that_adds_twice_does_so_before_the_next_edge_adds():
    builder = Builder(dt=1.0)
    receiving(builder, "a", 2)
    receiving(builder, "b", 1, g=0.0)
    joined(builder, "a", "b", wires(2, 1, [(0, 1, 0), (1, 1, 0)]), w=np.array([1e16, 1.0]))
    body = (Assign("g", "+=", "w"), Assign("g", "+=", "-w"))
    refs = {"w": Ref("join.w", "edge"), "g": Ref("b.g", "target")}
    builder.add("plastic", MapEdges(edges="join", at="all", events=None, body=body, names=refs))
    assert after(builder.finish(), "reference", 1, "b.g").tolist() == [((1e16 - 1e16) + 1.0) - 1.0]


def test_edges_know_their_own_number_and_how_many_they_are():
    builder = Builder(dt=1.0)
    receiving(builder, "a", 2)
    joined(builder, "a", "a", wires(2, 2, [(0, 1, 1), (1, 1, 0), (1, 1, 1)]), w=0.0)
    body = (Assign("w", "=", "10 * i + N"),)
    names = {"w": Ref("join.w", "edge")}
    builder.add("plastic", MapEdges(edges="join", at="all", events=None, body=body, names=names))
    assert after(builder.finish(), "reference", 1, "join.w").tolist() == [3.0, 13.0, 23.0]


def test_additions_to_an_integer_are_cut_off_one_by_one():
    builder = Builder(dt=1.0)
    sending(builder, "a", 2, [(0, 0), (0, 1)])
    receiving(builder, "b", 1).state("n", 1, dtype="int")
    joined(builder, "a", "b", wires(2, 1, [(0, 1, 0), (1, 1, 0)]))
    builder.add("arrive", Propagate(edges="join", events="a.spikes", target="b.n", value="1.75", names={}))
    assert after(builder.finish(), "reference", 2, "b.n").tolist() == [3]  # int(int(1 + 1.75) + 1.75)


def test_coupling_ignores_delays_and_reads_before_it_writes():
    builder = Builder(dt=1.0)
    receiving(builder, "a", 2, v=np.array([1.0, 5.0]))
    joined(builder, "a", "a", wires(2, 2, [(0, 3, 1), (1, 7, 0)]))
    refs = {"v_pre": Ref("a.v", "source")}
    builder.add("arrive", Diffuse(edges="join", target="a.v", value="v_pre", names=refs))
    assert after(builder.finish(), "reference", 1, "a.v").tolist() == [5.0, 1.0]


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


def program_with(*operations: Operation, history: int = 3) -> Program:
    """A part of six with two lists, a part of four, and two edges of delays 1 and 2 between them."""
    builder = Builder(dt=1.0)
    sending(builder, "a", 6, [(0, 0)]).state("x")
    receiving(builder, "b", 4, y=0.0, z=0.0)
    builder.add_list("b.late", "b")
    joined(builder, "a", "b", wires(6, 4, [(0, 1, 0), (1, 2, 1)]), w=1.0)
    for op in operations:
        builder.add("reset", op)
    made = builder.finish()
    lists = {name: EventList(name, events.space, history) for name, events in made.lists.items()}
    return Program(**{**vars(made), "lists": lists})


JOIN = {"w": Ref("join.w", "edge"), "x": Ref("a.x", "source"), "y": Ref("b.y", "target")}


def edges(at: str, events: str | None, target: str, op: str) -> MapEdges:
    return MapEdges(edges="join", at=at, events=events, body=(Assign(target, op, "w"),), names=JOIN)


@pytest.mark.parametrize(
    ("operation", "message"),
    [
        (Reduce(source="a.x", target="b.y"), r"a\.x must have a multiple of 4 \(b\.y\) values, got 6"),
        (MatMul(source="a.x", target="b.y", weight="join.w"), r"join\.w must have 6 x 4 values, got 2"),
        (Compete(source="b.y", target="b.z", group=3), r"group must divide the size of b\.y \(4\), got 3"),
        (Compete(source="a.x", target="b.z", group=2), r"b\.z must be as large as a\.x \(6\), got 4"),
        (Compete(source="b.y", target="b.z", group=2, winners=3), r"winners must be in \[1, 2\], got 3"),
        (Compete(source="b.y", target="b.z", group=2, winners=2, how="drawn"), r"in \[1, 1\], got 2"),
        (edges("target", None, "w", "="), r"MapEdges\.events must be one of a\.spikes, b\.late, got None"),
        (edges("target", "b.spikes", "w", "="), r"MapEdges\.events must be one of .*, got 'b\.spikes'"),
        (edges("all", None, "x", "+="), r"must assign edge variables .* got x \+= w \(source side\)"),
        (edges("all", None, "y", "="), r"must assign edge variables .* got y = w \(target side\)"),
        (Events(space="a", condition="1 > 0", into="a.spikes", names={}), r"must be filled by one .* got 2"),
    ],
)
def test_operations_that_fit_nothing_are_refused_before_anything_runs(operation, message):
    with pytest.raises(BackendError, match=message):
        prepare(program_with(operation), "reference")


def test_a_list_that_forgets_too_early_for_its_delays_is_refused():
    operation = Propagate(edges="join", events="a.spikes", target="b.y", value="w", names=JOIN)
    with pytest.raises(BackendError, match=r"the history of a\.spikes must be longer than 2 steps, got 2"):
        prepare(program_with(operation, history=2), "reference")


def test_a_delay_of_no_step_is_refused():
    builder = Builder(dt=1.0)
    sending(builder, "a", 1, [(0, 0)]).state("g")
    joined(builder, "a", "a", wires(1, 1, [(0, 0, 0)]))
    builder.add("arrive", Propagate(edges="join", events="a.spikes", target="a.g", value="1", names={}))
    with pytest.raises(BackendError, match="the delays of join must be at least 1 step, got 0"):
        prepare(builder.finish(), "reference")


@pytest.mark.parametrize("operation", [
    Map(space="b", body=(Assign("y", "=", "1"),), names={"y": Ref("b.y")}, at="b.late"),
    edges("target", "b.late", "w", "="),
])  # fmt: skip
def test_the_events_of_a_step_cannot_be_used_before_they_are_collected(operation):
    late = Events(space="b", condition="y > 0", into="b.late", names={"y": Ref("b.y")})
    prepare(program_with(late, operation), "reference")
    with pytest.raises(BackendError, match=r"at b\.late must stand after the operation that fills it"):
        prepare(program_with(operation, late), "reference")


def test_probes_of_what_is_not_there_are_refused():
    program = program_with()
    with pytest.raises(NetworkError, match=r"no event list 'a\.spike'; did you mean 'a\.spikes'\?"):
        prepare(program, "reference", [Probe("s", "events", "a.spike")])
    with pytest.raises(NetworkError, match=r"no variable 'b\.q'"):
        prepare(program, "reference", [Probe("q", "samples", "b.q")])
    with pytest.raises(DescriptionError, match=r"b\.y to record must be in \[0, 4\), got 1 to 4"):
        prepare(program, "reference", [Probe("y", "samples", "b.y", np.array([1, 4]))])
