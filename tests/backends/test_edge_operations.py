"""Operations along edges on every backend, against sums done by hand."""

import numpy as np
import pytest
from programs import after, joined, prepare, receiving, run_until, sending, wires

from neurosim.equations import Assign
from neurosim.program import Buffer, Builder, Diffuse, MapEdges, Probe, Program, Propagate, Ref


def delivered(builder: Builder, backend: str, steps: int) -> np.ndarray:
    """What ``w`` added up to in ``b.g`` after each step, (steps, N); one program, compiled once."""
    builder.add("arrive", Propagate(edges="join", events="a.spikes", target="b.g", value="w",
                                    names={"w": Ref("join.w", "edge")}))
    runner = prepare(builder.finish(), backend, [Probe("g", "samples", "b.g")])
    return run_until(runner, steps).values("g")


@pytest.mark.parametrize("delay", [1, 2, 7])
def test_a_spike_arrives_after_its_delay(backend, delay):
    builder = Builder(dt=1.0)
    sending(builder, "a", 2, [(3, 1)])
    receiving(builder, "b", 3, g=0.0)
    joined(builder, "a", "b", wires(2, 3, [(1, delay, 0), (1, delay, 2), (0, delay, 1)]), w=2.0)
    arrived = np.arange(15) >= 3 + delay
    expected = np.where(arrived[:, None], [2.0, 0.0, 2.0], 0.0)
    np.testing.assert_array_equal(delivered(builder, backend, 15), expected)


def test_additions_come_by_delay_descending_then_source_then_edge(backend):
    rng = np.random.default_rng(0)
    triples = sorted((i, d, 0) for i in range(20) for d in (1, 2, 2, 5))
    weights = rng.choice([1e16, -1e16, 1.0, 3.0], len(triples))  # each order has a sum of its own
    spikes = [(k, i) for k in range(8) for i in range(20) if rng.random() < 0.5]
    builder = Builder(dt=1.0)
    sending(builder, "a", 20, spikes)
    receiving(builder, "b", 1, g=0.0)
    joined(builder, "a", "b", wires(20, 1, triples), w=weights)

    def added_up(order):
        edges = [(e, i, d) for e, (i, d, _) in enumerate(triples)]
        due = [(k + d, *order(i, d), e) for k, n in spikes for e, i, d in edges if n == i]
        total = 0.0
        for arrival, *_, edge in sorted(due):
            total += weights[edge] if arrival < 8 else 0.0
        return total

    expected = added_up(lambda i, d: (-d, i))
    wrong = (lambda i, d: (d, i), lambda i, d: (i, d), lambda i, d: (-d, -i))
    others = [added_up(order) for order in wrong]
    assert expected not in others
    assert delivered(builder, backend, 8)[-1].tolist() == [expected]


def test_two_edges_between_the_same_pair_both_count(backend):
    builder = Builder(dt=1.0)
    sending(builder, "a", 1, [(0, 0)])
    receiving(builder, "b", 1, g=0.0)
    joined(builder, "a", "b", wires(1, 1, [(0, 1, 0), (0, 1, 0)]), w=np.array([1.0, 2.0]))
    assert delivered(builder, backend, 2)[-1].tolist() == [3.0]


def test_a_delivery_may_read_source_target_and_shared_values_and_sees_what_those_before_it_added(backend):
    builder = Builder(dt=1.0)
    sending(builder, "a", 3, [(0, 0), (0, 1), (0, 2)]).state("u", np.array([0.25, 0.5, 1.0]))
    receiving(builder, "b", 2, g=0.0, h=0.0, gain=np.array([1.0, 3.0])).value("k", 8.0)
    edges = [(0, 1, 0), (0, 1, 1), (1, 1, 1), (2, 1, 1)]
    joined(builder, "a", "b", wires(3, 2, edges), w=np.array([1.0, 2.0, 5.0, 0.5]))
    refs = {"w": Ref("join.w", "edge"), "u": Ref("a.u", "source"), "gain": Ref("b.gain", "target"),
            "k": Ref("b.k"), "h": Ref("b.h", "target")}
    for target, value in (("b.g", "k*w*u*gain"), ("b.h", "0.5 * (1 - h)")):
        builder.add("arrive", Propagate(edges="join", events="a.spikes", target=target, value=value, names=refs))
    runner = prepare(builder.finish(), backend)
    run_until(runner, 2)
    assert runner.read("b.g").tolist() == [8 * 0.25, 8 * 3 * (2 * 0.25 + 5 * 0.5 + 0.5 * 1.0)]
    assert runner.read("b.h").tolist() == [0.5, 0.875]


def test_the_source_side_is_read_as_it_was_before_the_operation(backend):
    builder = Builder(dt=1.0)
    sending(builder, "a", 3, [(0, 0), (0, 1), (0, 2)]).state("g", np.array([1.0, 0.0, 0.0]))
    joined(builder, "a", "a", wires(3, 3, [(0, 1, 1), (1, 1, 2), (2, 1, 0)]))
    builder.add("arrive", Propagate(edges="join", events="a.spikes", target="a.g", value="g_pre",
                                    names={"g_pre": Ref("a.g", "source")}))
    assert after(builder.finish(), backend, 2, "a.g").tolist() == [1.0, 1.0, 0.0]


def plastic(at: str) -> Program:
    """Two senders, two receivers that fire at known steps, and traces on three edges."""
    builder = Builder(dt=1.0)
    sending(builder, "a", 2, [(0, 0), (1, 1)]).state("u", np.array([2.0, 4.0]))
    sending(builder, "b", 2, [(2, 1)]).state("g", 0.0)
    joined(builder, "a", "b", wires(2, 2, [(0, 1, 0), (0, 2, 1), (1, 1, 1)]),
           w=np.array([1.0, 2.0, 3.0]), n=0.0)
    refs = {"w": Ref("join.w", "edge"), "n": Ref("join.n", "edge"), "u": Ref("a.u", "source"),
            "g": Ref("b.g", "target")}
    body = (Assign("_x", "=", "w * u"), Assign("n", "+=", "1"), Assign("w", "=", "w + 10"),
            Assign("g", "+=", "_x"))
    events = {"source": "a.spikes", "target": "b.spikes", "all": None}[at]
    builder.add("plastic", MapEdges(edges="join", at=at, events=events, body=body, names=refs))
    return builder.finish()


@pytest.mark.parametrize(
    ("at", "w", "n", "g"),
    [
        ("source", [11.0, 12.0, 13.0], [1.0, 1.0, 1.0], [2.0, 4.0 + 12.0]),
        ("target", [1.0, 12.0, 13.0], [0.0, 1.0, 1.0], [0.0, 4.0 + 12.0]),
        ("all", [31.0, 32.0, 33.0], [3.0, 3.0, 3.0],
         [2 * (1 + 11 + 21), 2 * (2 + 12 + 22) + 4 * (3 + 13 + 23)]),
    ],
)
def test_edges_are_updated_where_an_event_reaches_them(backend, at, w, n, g):
    runner = prepare(plastic(at), backend, dtype="float32")  # which these whole numbers fit
    run_until(runner, 3)
    assert runner.read("join.w").tolist() == w
    assert runner.read("join.n").tolist() == n
    assert runner.read("b.g").tolist() == g


def test_updates_at_the_target_come_by_source(backend):
    weights = np.array([1e16, 1.0, -1e16])
    builder = Builder(dt=1.0)
    receiving(builder, "a", 3)
    sending(builder, "b", 1, [(0, 0)]).state("g", 0.0)
    joined(builder, "a", "b", wires(3, 1, [(0, 1, 0), (1, 5, 0), (2, 3, 0)]), w=weights)
    refs = {"w": Ref("join.w", "edge"), "g": Ref("b.g", "target")}
    body = (Assign("g", "+=", "w"),)
    builder.add("plastic", MapEdges(edges="join", at="target", events="b.spikes", body=body, names=refs))
    assert after(builder.finish(), backend, 1, "b.g").tolist() == [(1e16 + 1.0) - 1e16]


def test_coupling_sums_what_its_edges_carry_anew_in_each_step(backend):
    builder = Builder(dt=1.0)
    receiving(builder, "a", 3, v=np.array([1.0, 2.0, 4.0]), current=99.0)
    joined(builder, "a", "a", wires(3, 3, [(0, 1, 1), (2, 1, 1), (1, 1, 0)]), w=np.array([1.0, 10.0, 100.0]))
    refs = {"w": Ref("join.w", "edge"), "v_pre": Ref("a.v", "source"), "v_post": Ref("a.v", "target")}
    builder.add("arrive", Diffuse(edges="join", target="a.current", value="w * (v_pre - v_post)", names=refs))
    expected = [10.0 * (2 - 1), 1.0 * (1 - 2) + 100.0 * (4 - 2), 0.0]
    assert after(builder.finish(), backend, 3, "a.current").tolist() == expected


@pytest.mark.parametrize("begun", [0, 2**24 + 1, 2**31 - 12])
def test_the_time_since_the_last_visit_is_counted_in_whole_steps(backend, begun):
    """In single precision 2**24 and 2**24 + 1 are one number; the difference of the steps is exact all the same."""
    builder = Builder(dt=0.5)
    sending(builder, "a", 2, [(begun + 1, 0), (begun + 4, 0), (begun + 4, 1)])
    sending(builder, "b", 1, [(begun + 9, 0)])
    joined(builder, "a", "b", wires(2, 1, [(0, 1, 0), (1, 3, 0)]), since=0.0)
    builder.add_buffer(Buffer(name="join.last", space="join", kind="state", dtype="int", initial=begun))
    for at, events in (("source", "a.spikes"), ("target", "b.spikes")):
        builder.add("plastic", MapEdges(edges="join", at=at, events=events, body=(Assign("since", "=", "_elapsed"),),
                                        names={"since": Ref("join.since", "edge")}, stamp="join.last"))
    runner = prepare(builder.finish(), backend, [Probe("since", "samples", "join.since")], dtype="float32")
    runner.restore(begun, runner.state())
    since = run_until(runner, begun + 10).values("since")
    assert since[[2, 5, 9], 0].tolist() == [1.0, 1.5, 2.0]  # visited in steps 2, 5 and 9
    assert since[[6, 7, 9], 1].tolist() == [0.0, 3.5, 1.0]  # visited in steps 7 and 9
    assert (runner.read("join.last") - begun).tolist() == [9, 9]
