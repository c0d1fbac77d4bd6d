"""What every runner promises: recording, reading, writing, states and replicas."""

import numpy as np
import pytest
from programs import after, joined, prepare, receiving, run_until, sending, wires

from neurosim.equations import Assign
from neurosim.program import Buffer, Builder, EventSchedule, Map, MapEdges, Probe, Program, Propagate, Ref

EXACT = 1e-12  # relative, float64: some hundred roundings of 1.1e-16 at most
SINGLE = 1e-4  # relative, float32: some hundred roundings of 6e-8, and one cancellation by a factor of ten


def test_samples_are_taken_after_every_nth_step_and_events_of_chosen_indices(backend):
    builder = Builder(dt=1.0)
    part = sending(builder, "a", 100, [(0, 3), (0, 70), (2, 70), (2, 99), (4, 5)])
    part.state("x", 0.0)
    part.map([Assign("x", "=", "100 * t + i")])
    probes = [Probe("x", "samples", "a.x", np.array([1, 4]), every=3),
              Probe("some", "events", "a.spikes", np.array([3, 99])), Probe("all", "events", "a.spikes")]
    caught = run_until(prepare(builder.finish(), backend, probes), 10)
    assert caught.steps("x") == [2, 5, 8]
    assert caught.values("x").tolist() == [[201.0, 204.0], [501.0, 504.0], [801.0, 804.0]]
    assert caught.pairs("some") == [(0, 3), (2, 99)]
    assert caught.pairs("all") == [(0, 3), (0, 70), (2, 70), (2, 99), (4, 5)]


def network(replicas: int = 1, seed: int = 7) -> Program:
    """Leaky neurons with noise, resets, and plastic edges of several delays onto themselves."""
    rng = np.random.default_rng(2)
    edges = {(int(i), int(d), int(j)) for i, d, j in rng.integers([0, 1, 0], [60, 6, 60], size=(400, 3))}
    builder = Builder(dt=0.5, seed=seed, replicas=replicas)
    part = receiving(builder, "cell", 60, v=np.linspace(0.0, 0.9, 60), g=0.0)
    weights = rng.uniform(0.0, 0.2, len(edges))
    joined(builder, "cell", "cell", wires(60, 60, sorted(edges)), w=weights)
    refs = {"w": Ref("join.w", "edge"), "g": Ref("cell.g", "target")}
    builder.add("arrive", Propagate(edges="join", events="cell.spikes", target="cell.g", value="w",
                                    names={"w": refs["w"]}))
    part.map([Assign("v", "+=", "dt * (1.2 - v + g) / 10 + 0.05 * randn()"), Assign("g", "=", "0.8 * g")])
    part.events("spikes", "v > 1")
    body = (Assign("w", "=", "0.9 * w + 0.01"),)
    builder.add("plastic", MapEdges(edges="join", at="target", events="cell.spikes", body=body, names=refs))
    part.map([Assign("v", "=", "0")], phase="reset", at="cell.spikes")
    return builder.finish()


PROBES = [Probe("s", "events", "cell.spikes"), Probe("v", "samples", "cell.v", every=10)]


def test_a_network_agrees_with_the_reference_in_float64(backend):
    runs = [prepare(network(), name, PROBES) for name in (backend, "reference")]
    ours, expected = (run_until(run, 200) for run in runs)
    assert len(expected.pairs("s")) > 300
    assert ours.pairs("s") == expected.pairs("s")
    np.testing.assert_allclose(ours.values("v"), expected.values("v"), rtol=EXACT, atol=1e-13)
    np.testing.assert_allclose(runs[0].read("join.w"), runs[1].read("join.w"), rtol=EXACT)


def test_a_network_without_spikes_agrees_with_the_reference_in_float32(backend):
    builder = Builder(dt=0.1, seed=4)
    part = receiving(builder, "cell", 40, v=np.linspace(-70.0, -50.0, 40), m=0.1)
    part.map([Assign("m", "+=", "dt * (1 / (1 + exp(-(v + 60) / 5)) - m) / 3"),
              Assign("v", "+=", "dt * (-60 - v + 20 * m + randn()) / 20")])
    program = builder.finish()
    ours, expected = (after(program, name, 100, "cell.v", "float32") for name in (backend, "reference"))
    np.testing.assert_allclose(ours, expected, rtol=SINGLE)


@pytest.mark.parametrize("replicas", [1, 3])
def test_a_run_in_pieces_or_restored_elsewhere_equals_the_whole(backend, replicas):
    whole = prepare(network(replicas), backend, PROBES)
    expected = run_until(whole, 90)
    first = prepare(network(replicas), backend, PROBES)
    caught = run_until(first, 7)
    run_until(first, 40, caught)
    second = prepare(network(replicas), backend, PROBES)
    run_until(second, 13)
    second.restore(40, first.state())
    run_until(second, 90, caught)
    assert caught.pairs("s") == expected.pairs("s") != []
    assert caught.steps("v") == expected.steps("v")
    np.testing.assert_array_equal(caught.values("v"), expected.values("v"))
    ours, theirs = second.state(), whole.state()
    assert ours.keys() == theirs.keys()
    for name, values in theirs.items():
        np.testing.assert_array_equal(ours[name], values, err_msg=name)


def test_states_of_one_program_are_laid_out_alike(backend):
    states = []
    for name in (backend, "reference"):
        runner = prepare(network(), name, PROBES)
        run_until(runner, 50)
        states.append(runner.state())
    assert set(states[1]) <= set(states[0])
    for key in ("cell.spikes#steps", "cell.spikes#indices"):
        np.testing.assert_array_equal(states[0][key], states[1][key])
    assert set(states[1]["cell.spikes#steps"]) <= set(range(50 - 6, 50))  # longest delay 5: history 6


def test_each_replica_is_the_single_run_with_its_own_seed(backend):
    batch = prepare(network(replicas=3, seed=7), backend, PROBES)
    caught = run_until(batch, 60)
    assert caught.values("v").shape == (6, 3, 60)
    events = caught.pairs("s")
    assert events == sorted(events, key=lambda e: (e[0], e[2], e[1]))
    for b in range(3):
        single = prepare(network(seed=7 + b), backend, PROBES)
        alone = run_until(single, 60)
        assert [(k, i) for k, i, r in events if r == b] == alone.pairs("s") != []
        np.testing.assert_array_equal(caught.values("v")[:, b], alone.values("v"))
        np.testing.assert_array_equal(batch.read("join.w")[b], single.read("join.w"))


def test_replicas_may_begin_differently_and_share_parameters(backend):
    builder = Builder(dt=1.0, replicas=2)
    part = receiving(builder, "cell", 3, v=np.arange(6.0).reshape(2, 3))
    part.value("k", np.array([1.0, 10.0, 100.0]))
    part.value("one", 1.0)
    part.map([Assign("v", "=", "v * k + one")])
    runner = prepare(builder.finish(), backend)
    run_until(runner, 1)
    assert runner.read("cell.v").tolist() == [[1.0, 11.0, 201.0], [4.0, 41.0, 501.0]]
    assert runner.read("cell.one").shape == ()


def test_a_value_written_is_the_one_that_runs_on(backend):
    builder = Builder(dt=1.0)
    part = receiving(builder, "cell", 3, v=0.0)
    part.value("k", 1.0)
    part.value("each", np.ones(3))
    part.map([Assign("v", "+=", "k * each")])
    runner = prepare(builder.finish(), backend)
    runner.write("cell.k", 2.0)
    runner.write("cell.each", [1.0, 2.0, 3.0])
    runner.write("cell.v", 100.0)
    run_until(runner, 2)
    assert runner.read("cell.v").tolist() == [104.0, 108.0, 112.0]
    assert runner.read("cell.k").shape == ()


def test_what_is_read_is_a_copy(backend):
    builder = Builder(dt=1.0)
    receiving(builder, "cell", 3, v=1.0)
    runner = prepare(builder.finish(), backend)
    runner.read("cell.v")[:] = 5.0
    assert runner.read("cell.v").tolist() == [1.0, 1.0, 1.0]


def test_unknown_names_are_refused_with_the_nearest(backend):
    builder = Builder(dt=1.0)
    receiving(builder, "cell", 3, voltage=1.0)
    runner = prepare(builder.finish(), backend)
    for call in (lambda: runner.read("cell.voltag"), lambda: runner.write("cell.voltag", 1.0)):
        with pytest.raises(ValueError, match=r"no variable 'cell.voltag'; did you mean 'cell.voltage'\?"):
            call()


def test_values_of_a_wrong_shape_are_refused(backend):
    builder = Builder(dt=1.0)
    receiving(builder, "cell", 3, v=1.0)
    runner = prepare(builder.finish(), backend)
    with pytest.raises(ValueError, match=r"cell\.v .*3.*got an array of shape \(4,\)"):
        runner.write("cell.v", np.zeros(4))
    assert runner.read("cell.v").tolist() == [1.0, 1.0, 1.0]


def test_a_runner_says_how_it_runs(backend):
    info = prepare(network(), backend, PROBES).info()
    assert (info["backend"], info["dtype"], info["threads"]) == (backend, "float64", 1)


def test_a_schedule_may_hold_nothing(backend):
    builder = Builder(dt=1.0)
    part = sending(builder, "a", 4, [])
    part.state("x", 0.0)
    part.map([Assign("x", "=", "1")], phase="reset", at="a.spikes")
    assert isinstance(builder.schedules["a.schedule"], EventSchedule)
    assert after(builder.finish(), backend, 3, "a.x").tolist() == [0.0] * 4


def test_names_that_differ_in_a_dot_or_an_underscore_are_two_things(backend):
    builder = Builder(dt=1.0)
    names = ["a.b__v", "a__b.v", "a.b.v", "a_.v", "a._pv"]
    spaces = ["a", "a__b", "a.b", "a_", "a_p"]
    for number, (name, space) in enumerate(zip(names, spaces, strict=True)):
        builder.add_space(space, 3)
        builder.add_buffer(Buffer(name=name, space=space, kind="state", initial=float(number)))
        builder.add("integrate", Map(space=space, body=(Assign("x", "+=", "10"),), names={"x": Ref(name)}))
    runner = prepare(builder.finish(), backend)
    run_until(runner, 1)
    assert [runner.read(name).tolist() for name in names] == [[10.0 + number] * 3 for number in range(5)]
