"""The runner of the reference backend: states, values and chunks."""

import time

import numpy as np
import pytest
from programs import Caught, joined, prepare, receiving, run_until, sending, wires

from neurosim.equations import Assign
from neurosim.errors import CheckpointError, DescriptionError
from neurosim.program import Builder, Probe, Program, Propagate, Ref


def program(replicas: int = 1, delay: int = 3) -> Program:
    builder = Builder(dt=1.0, replicas=replicas)
    sending(builder, "a", 4, [(k, k % 4) for k in range(0, 40, 2)] + [(3, 3), (3, 1)])
    part = receiving(builder, "b", 2, g=0.0)
    part.value("k", 2.0)
    part.value("each", np.array([1.0, 2.0]))
    part.map([Assign("g", "+=", "k * each")])
    joined(builder, "a", "b", wires(4, 2, [(i, delay, i % 2) for i in range(4)]), w=1.0)
    builder.add("arrive", Propagate(edges="join", events="a.spikes", target="b.g", value="w",
                                    names={"w": Ref("join.w", "edge")}))
    return builder.finish()


def test_it_calculates_in_float64_on_one_thread_whatever_is_asked():
    runner = prepare(program(), "reference", dtype="float32")
    assert runner.info() == {"backend": "reference", "dtype": "float64", "threads": 1}
    assert runner.read("b.g").dtype == np.float64


def test_it_comes_back_soon_and_with_what_it_caught():
    runner, caught = prepare(program(), "reference", [Probe("g", "samples", "b.g")]), Caught()
    begun = time.perf_counter()
    runner.advance(10**9, caught)
    assert time.perf_counter() - begun < 5.0  # a fifth of a second, on a busy machine
    assert 0 < runner.step < 10**9
    assert caught.steps("g") == list(range(runner.step))


def test_a_probed_number_is_one_value():
    runner = prepare(program(), "reference", [Probe("k", "samples", "b.k")])
    assert run_until(runner, 3).values("k").tolist() == [[2.0]] * 3


def test_a_state_holds_state_buffers_and_the_events_of_the_last_steps():
    runner = prepare(program(), "reference")
    run_until(runner, 5)
    state = runner.state()
    events = {f"a.spikes#{key}" for key in ("steps", "indices", "replicas")}
    assert set(state) == {"b.g", "join.w"} | events
    assert state["a.spikes#steps"].tolist() == [2, 3, 3, 4]  # history 4: steps 1 to 4
    assert state["a.spikes#indices"].tolist() == [2, 1, 3, 0]


def test_a_parameter_that_was_written_is_part_of_the_state():
    first, second = prepare(program(), "reference"), prepare(program(), "reference")
    first.write("b.k", 7.0)
    second.write("b.each", [5.0, 5.0])
    second.restore(0, first.state())
    assert second.read("b.k") == 7.0
    assert second.read("b.each").tolist() == [1.0, 2.0]
    assert "b.k" in second.state()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"b.g": None}, r"another network: it lacks b\.g"),
        ({"a.spikes#steps": None}, r"it lacks a\.spikes#steps"),
        ({"c.v": np.zeros(2)}, r"there is no c\.v here"),
        ({"b.g": np.zeros(3)}, r"b\.g needs one value, \(2,\) or \(1, 2\) values, got .* shape \(3,\)"),
        ({"a.spikes#steps": np.zeros(9)}, r"the arrays of the events a\.spikes differ in length"),
    ],
)
def test_a_state_that_does_not_fit_is_refused_and_nothing_changes(change, message):
    runner = prepare(program(), "reference")
    run_until(runner, 6)
    before = runner.state()
    changed = {name: values for name, values in {**before, **change}.items() if values is not None}
    changed.setdefault("join.w", np.zeros(4))
    with pytest.raises(CheckpointError, match=message):
        runner.restore(2, changed)
    assert runner.step == 6
    for name, values in before.items():
        np.testing.assert_array_equal(runner.state()[name], values)


@pytest.mark.parametrize(("name", "value", "message"), [
    ("b.k", [1.0, 2.0], r"b\.k needs one value, got an array of shape \(2,\)"),
    ("b.g", [1.0, np.nan], r"b\.g must be finite, got nan at index 1"),
])  # fmt: skip
def test_values_that_cannot_be_are_refused(name, value, message):
    runner = prepare(program(), "reference")
    with pytest.raises(DescriptionError, match=message):
        runner.write(name, value)


def test_replicas_read_and_write_one_row_each():
    runner = prepare(program(replicas=3), "reference")
    runner.write("b.g", [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    assert runner.read("b.g").tolist() == [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]
    runner.write("b.g", [8.0, 9.0])
    assert runner.read("b.g").tolist() == [[8.0, 9.0]] * 3
    assert runner.read("b.each").shape == (3, 2)
    assert runner.read("b.k").shape == ()
