"""What every backend refuses before it runs or compiles anything, in the same words."""

from dataclasses import replace

import numpy as np
import pytest
from programs import joined, prepare, receiving, sending, wires

from neurosim.equations import Assign
from neurosim.errors import BackendError, DescriptionError, NetworkError
from neurosim.program import (
    Buffer,
    Builder,
    Compete,
    Diffuse,
    Draw,
    EventList,
    Events,
    EventSchedule,
    Map,
    MapEdges,
    MatMul,
    Operation,
    Play,
    Probe,
    Program,
    Propagate,
    Reduce,
    Ref,
    Schedule,
    Table,
)


def program_with(*operations: Operation, history: int = 3, schedules: tuple[Schedule, ...] = ()) -> Program:
    """A part of six that sends, one of four, edges of delays 1 and 2 between them, and a number ``b.k``."""
    builder = Builder(dt=1.0)
    sending(builder, "a", 6, [(0, 0)]).state("x")
    part = receiving(builder, "b", 4, y=0.0, z=0.0)
    part.state("count", 0, dtype="int")
    part.value("k", 2.0)
    part.value("each", np.ones(4))
    builder.add_buffer(Buffer(name="b.level", space=None, kind="state"))
    receiving(builder, "c", 2, s=0.0)
    builder.add_list("b.late", "b")
    joined(builder, "a", "b", wires(6, 4, [(0, 1, 0), (1, 2, 1)]), w=1.0)
    for op in operations:
        builder.add("reset", op)
    made = builder.finish()
    lists = {name: EventList(name, events.space, history) for name, events in made.lists.items()}
    return replace(made, lists=lists, schedules={**made.schedules, **{s.name: s for s in schedules}})


OWN = {name: Ref(f"b.{name}") for name in ("y", "z", "k", "each", "level")}
JOIN = {"w": Ref("join.w", "edge"), "x": Ref("a.x", "source"), "y": Ref("b.y", "target"), "k": Ref("b.k"),
        "level": Ref("b.level"), "each": Ref("b.each", "target")}


def over_b(target: str, op: str, value: str, **more: object) -> Map:
    return Map(**{"space": "b", "body": (Assign(target, op, value),), "names": OWN, **more})


def along(target: str, op: str, value: str = "w", at: str = "all", events: str | None = None, **names: Ref) -> MapEdges:
    return MapEdges(edges="join", at=at, events=events, body=(Assign(target, op, value),), names={**JOIN, **names})


def deliver(**changed: object) -> Propagate:
    return Propagate(**{"edges": "join", "events": "a.spikes", "target": "b.y", "value": "w", "names": JOIN, **changed})


def couple(**changed: object) -> Diffuse:
    return Diffuse(**{"edges": "join", "target": "b.z", "value": "w * x", "names": JOIN, **changed})


ELSEWHERE = [
    (over_b("y", "=", "x", names={**OWN, "x": Ref("a.x")}),
     r"Map over b: 'x' must stand for a number or a buffer of b \(own side\), got a\.x of a"),
    (over_b("x", "=", "1", names={"x": Ref("a.x")}), r"Map over b: 'x' must stand for .* got a\.x of a"),
    (over_b("y", "=", "w", names={**OWN, "w": Ref("join.w")}), r"Map over b: 'w' must .* got join\.w of join"),
    (over_b("y", "=", "w", names={**OWN, "w": Ref("b.z", "edge")}), r"the side of 'w' must be one of at, own, segment"),
    (over_b("y", "=", "x", names={**OWN, "x": Ref("a.x", "segment")}), r"whose size divides 4 .* got 6 of a\.x"),
    (over_b("y", "=", "x", names={**OWN, "x": Ref("b.z", "segment")}), r"another index space .* got b\.z of b"),
    (over_b("y", "=", "x", names={**OWN, "x": Ref("join.w", "segment")}), r"another index space .* got join\.w"),
    (over_b("x", "=", "1", space="a", names={"x": Ref("c.s", "segment")}), r"must assign what lies on the own"),
    (over_b("y", "=", "1", at="a.spikes"), r"Map\.at must be an event list of b, got a\.spikes of a"),
    (over_b("y", "=", "1", at="b.spikes"), r"Map\.at must be one of a\.spikes, b\.late, got 'b\.spikes'"),
    (over_b("w", "=", "1", space="join"), r'Map\.space must be an index space, got the edges join; .* at="all"'),
    (over_b("y", "=", "1", space="d"), r"Map\.space must be one of a, b, c, got 'd'"),
    (Events(space="b", condition="x > 0", into="b.late", names={"x": Ref("a.x")}), r"Events over b: 'x' must .* of a"),
    (Events(space="b", condition="1 > 0", into="c", names={}), r"Events\.into must be one of a\.spikes, b\.late"),
    (replace(couple(), edges="jion"), r"Diffuse\.edges must be one of join, got 'jion'"),
    (along("w", "=", "x", x=Ref("b.y", "source")), r"'x' must stand for .* of a \(source side\), got b\.y of b"),
    (along("w", "=", "y", y=Ref("b.y", "segment")), r"must be one of edge, source, target, got 'segment'"),
    (along("w", "=", "y", y=Ref("b.y")), r"the side of 'y' must be one of edge, source, target, got 'own'"),
    (along("w", "=", at="source", events="b.late"), r"MapEdges\.events must be an event list of a, got b\.late of b"),
    (along("w", "=", at="target", events="a.spikes"), r"MapEdges\.events must be .* of b, got a\.spikes of a"),
    (along("w", "=", at="all", events="a.spikes"), r"must be None where at is 'all', got 'a\.spikes'"),
    (along("w", "=", at="both"), r"MapEdges\.at must be one of all, source, target, got 'both'"),
    (deliver(events="b.late"), r"Propagate\.events must be an event list of a, got b\.late of b"),
    (deliver(target="a.x"), r"Propagate\.target must lie on b, got a\.x of a"),
    (couple(target="a.x"), r"Diffuse\.target must lie on b, got a\.x of a"),
]

BODIES = [
    (over_b("k", "=", "1"), r"Map over b: what 'k = 1' assigns must have a value for each index, got b\.k, a number"),
    (over_b("level", "=", "1"), r"what 'level = 1' assigns must .* got b\.level, a number that all share"),
    (over_b("each", "+=", "1"), r"what 'each \+= 1' assigns must be a state, got the parameter b\.each"),
    (along("k", "=", "1"), r"MapEdges along join: what 'k = 1' assigns must have a value for each index, got b\.k"),
    (along("level", "+=", "1"), r"what 'level \+= 1' assigns must .* got b\.level, a number that all share"),
    (along("each", "+=", "1"), r"what 'each \+= 1' assigns must be a state, got the parameter b\.each"),
    (over_b("t", "=", "1"), r"'t = 1' must assign a listed name or a local, which begins with _, got 't'"),
    (over_b("y", "=", "t", names={**OWN, "t": Ref("b.z")}), r"names must differ from N, dt, i, t, got 't' for b\.z"),
    (over_b("y", "=", "zz"), r"Map over b: unknown name 'zz' in zz; did you mean 'z'\?"),
    (over_b("_local", "+=", "1"), r"Map over b: unknown name '_local' in _local"),
    (over_b("y", "=", "_n", draws=(Draw("_n", "poisson", 0, "m"),)), r"unknown name 'm' in m"),
    (along("w", "=", "_elapsed"), r"unknown name '_elapsed' in _elapsed"),
    (replace(along("w", "=", "_elapsed"), stamp="join.w"), r"stamp must be an int state of join, got the float state"),
    (replace(along("w", "=", "_elapsed"), stamp="b.count"), r"stamp must be .* got the int state b\.count of b"),
    (along("w", "=", "10 * i"), r"MapEdges along join: i and N have no meaning along edges, got 'i' in 10 \* i"),
    (deliver(value="w / N"), r"Propagate along join: i and N have no meaning .* got 'N' in w / N"),
    (couple(value="x * i"), r"Diffuse along join: i and N have no meaning .* got 'i' in x \* i"),
    (along("x", "+="), r"must assign edge variables or add to those of the target, got x \+= w \(source side\)"),
    (along("y", "="), r"must assign edge variables or add .* got y = w \(target side\)"),
    (deliver(target="b.k"), r"Propagate\.target must have a value for each index, got b\.k, a number that all share"),
    (deliver(target="b.each"), r"Propagate\.target must be a state, got the parameter b\.each"),
    (couple(target="b.y", value="x - y"), r"Diffuse along join: the value must not read the target b\.y, got 'y'"),
]

WHOLE = [
    (MatMul(source="b.y", target="b.y", weight="join.w"), r"MatMul\.target must differ from its source, got b\.y"),
    (MatMul(source="b.y", target="b.z", weight="b.z"), r"MatMul\.weight must differ from its target, got b\.z"),
    (MatMul(source="b.y", target="b.z", weight="b.k"), r"MatMul\.weight must be an array, got b\.k"),
    (MatMul(source="b.y", target="b.count", weight="join.w"), r"MatMul\.target must be of float, got b\.count of int"),
    (MatMul(source="b.k", target="b.y", weight="join.w"), r"MatMul\.source must lie on an index space, got b\.k"),
    (MatMul(source="a.x", target="b.y", weight="join.w"), r"join\.w must have 6 x 4 values, got 2"),
    (Reduce(source="a.x", target="b.y"), r"a\.x must have a multiple of 4 \(b\.y\) values, got 6"),
    (Reduce(source="a.x", target="b.level"), r"Reduce\.target must have a value for each index, got b\.level"),
    (Reduce(source="join.w", target="b.y"), r"Reduce\.source must lie on an index space, got join\.w, .* edges join"),
    (Reduce(source="a.x", target="join.w"), r"Reduce\.target must lie on an index space, got join\.w, .* edges join"),
    (Reduce(source="b.y", target="b.z", how="min"), r"Reduce\.how must be one of max, mean, sum, got 'min'"),
    (Compete(source="b.y", target="b.y", group=2), r"Compete\.target must differ from its source, got b\.y for both"),
    (Compete(source="b.y", target="b.each", group=2), r"Compete\.target must be a state, got the parameter b\.each"),
    (Compete(source="b.y", target="b.z", group=3), r"group must divide the size of b\.y \(4\), got 3"),
    (Compete(source="a.x", target="b.z", group=2), r"b\.z must be as large as a\.x \(6\), got 4"),
    (Compete(source="b.y", target="b.z", group=2, winners=3), r"winners must be in \[1, 2\], got 3"),
    (Compete(source="b.y", target="b.z", group=2, winners=2, how="drawn"), r"in \[1, 1\], got 2"),
    (Compete(source="b.y", target="b.z", group=2, how="least"), r"Compete\.how must be one of drawn, greatest"),
    (Events(space="a", condition="1 > 0", into="a.spikes", names={}), r"must be filled by one .* got 2"),
    (Play(schedule="none", into="b.y"), r"Play\.schedule must be one of a\.schedule, got 'none'"),
]


@pytest.mark.parametrize(("operation", "message"), [*ELSEWHERE, *BODIES, *WHOLE])
def test_an_operation_that_does_not_fit_what_it_names_is_refused(backend, operation, message):
    with pytest.raises(BackendError, match=message):
        prepare(program_with(operation), backend)


def table(values: object, every: object = 1) -> Table:
    return Table(name="s", values=np.asarray(values), every=every)


def events(steps: object, indices: object) -> EventSchedule:
    return EventSchedule(name="s", steps=np.asarray(steps), indices=np.asarray(indices))


@pytest.mark.parametrize(
    ("schedule", "into", "message"),
    [
        (table(np.zeros((2, 6))), "b.y", r"must be \(T,\), \(T, 4\) or \(T, 1, 4\) with T >= 1, got shape \(2, 6\)"),
        (table(np.zeros((2, 3, 4))), "b.y", r"s\.values must be .* with T >= 1, got shape \(2, 3, 4\)"),
        (table(np.zeros((0, 4))), "b.y", r"s\.values must be .* with T >= 1, got shape \(0, 4\)"),
        (table(1.0), "b.y", r"s\.values must be .* got shape \(\)"),
        (table([1.0], every=0), "b.y", r"s\.every must be a whole number of steps >= 1, got 0"),
        (table([1.0], every=1.5), "b.y", r"s\.every must be a whole number of steps >= 1, got 1\.5"),
        (table([1.0, np.nan]), "b.y", r"s\.values must be finite, got nan at index 1"),
        (table([1.0]), "b.level", r"Play\.into must have a value for each index, got b\.level, a number"),
        (table([1.0]), "b.each", r"Play\.into must be a state, got the parameter b\.each"),
        (table([1.0]), "join.w", r"Play\.into must lie on an index space, got join\.w, a variable of the edges join"),
        (events([0], [0]), "b.y", r"Play\.into of the events s must be one of a\.spikes, b\.late, got 'b\.y'"),
        (events([0, 1], [0]), "b.late", r"steps and indices must both be \(n,\), got \(2,\) and \(1,\)"),
        (events([0.5], [0]), "b.late", r"s\.steps must be whole numbers, got float64"),
        (events([-1], [0]), "b.late", r"s\.steps must be >= 0, got -1"),
        (events([0, 1], [0, 4]), "b.late", r"s\.indices must be in \[0, 4\), got 4"),
        (events([2, 1], [0, 0]), "b.late", r"s must ascend by \(step, index\) .* got \(1, 0\) after \(2, 0\)"),
        (events([1, 1], [3, 2]), "b.late", r"s must ascend .* got \(1, 2\) after \(1, 3\)"),
        (events([1, 1], [3, 3]), "b.late", r"hold no pair twice, got \(1, 3\) after \(1, 3\)"),
    ],
)
def test_a_schedule_that_cannot_be_played_is_refused(backend, schedule, into, message):
    with pytest.raises(DescriptionError if "finite" in message else BackendError, match=message):
        prepare(program_with(Play(schedule="s", into=into), schedules=(schedule,)), backend)


@pytest.mark.parametrize("second", [over_b("y", "=", "1"), deliver(), Play(schedule="s", into="b.y")])
def test_what_a_table_writes_nothing_else_may_write(backend, second):
    play = Play(schedule="s", into="b.y")
    with pytest.raises(BackendError, match=r"b\.y must be written by one table and nothing else, got"):
        prepare(program_with(play, second, schedules=(table([1.0, 2.0]),)), backend)


def test_a_list_that_forgets_too_early_for_its_delays_is_refused(backend):
    with pytest.raises(BackendError, match=r"the history of a\.spikes must be longer than 2 steps, got 2"):
        prepare(program_with(deliver(), history=2), backend)


def test_a_delay_of_no_step_is_refused(backend):
    builder = Builder(dt=1.0)
    sending(builder, "a", 1, [(0, 0)]).state("g")
    joined(builder, "a", "a", wires(1, 1, [(0, 0, 0)]))
    builder.add("arrive", Propagate(edges="join", events="a.spikes", target="a.g", value="1", names={}))
    with pytest.raises(BackendError, match="the delays of join must be at least 1 step, got 0"):
        prepare(builder.finish(), backend)


@pytest.mark.parametrize("operation", [
    over_b("y", "=", "1", at="b.late"),
    along("w", "=", at="target", events="b.late"),
])  # fmt: skip
def test_the_events_of_a_step_cannot_be_used_before_they_are_collected(backend, operation):
    late = Events(space="b", condition="y > 0", into="b.late", names={"y": Ref("b.y")})
    prepare(program_with(late, operation), "reference")
    with pytest.raises(BackendError, match=r"at b\.late must stand after the operation that fills it"):
        prepare(program_with(operation, late), backend)


def test_probes_of_what_is_not_there_are_refused(backend):
    program = program_with()
    with pytest.raises(NetworkError, match=r"no event list 'a\.spike'; did you mean 'a\.spikes'\?"):
        prepare(program, backend, [Probe("s", "events", "a.spike")])
    with pytest.raises(NetworkError, match=r"no variable 'b\.q'"):
        prepare(program, backend, [Probe("q", "samples", "b.q")])
    with pytest.raises(DescriptionError, match=r"b\.y to record must be in \[0, 4\), got 1 to 4"):
        prepare(program, backend, [Probe("y", "samples", "b.y", np.array([1, 4]))])
