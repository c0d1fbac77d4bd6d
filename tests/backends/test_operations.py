"""Operations on every backend, against closed forms and NumPy."""

import numpy as np
import pytest
from programs import after, joined, prepare, receiving, run_until, wires

from neurosim.equations import Assign
from neurosim.kernels import philox
from neurosim.kernels.philox import stream_number
from neurosim.program import (
    Buffer,
    Builder,
    Compete,
    Draw,
    Map,
    MapEdges,
    MatMul,
    Probe,
    Reduce,
    Ref,
    Scope,
    Table,
)

EXACT = 1e-12  # relative, float64: some hundred roundings of 1.1e-16 at most


def test_a_leak_follows_its_geometric_series(backend):
    builder = Builder(dt=0.1)
    part = receiving(builder, "cell", 70, v=np.linspace(-1.0, 1.0, 70))
    part.value("tau", 20.0)
    part.map([Assign("v", "=", "v - dt * v / tau")])
    expected = np.linspace(-1.0, 1.0, 70) * (1.0 - 0.1 / 20.0) ** 100
    np.testing.assert_allclose(after(builder.finish(), backend, 100, "cell.v"), expected, rtol=EXACT)


def test_assignments_see_those_before_them(backend):
    builder = Builder(dt=1.0)
    part = receiving(builder, "cell", 3, a=1.0, b=0.0)
    part.map([Assign("_twice", "=", "2 * a"), Assign("a", "+=", "_twice"), Assign("b", "=", "a + _twice")])
    assert after(builder.finish(), backend, 1, "cell.b").tolist() == [5.0, 5.0, 5.0]


def test_truth_values_count_as_numbers_in_arithmetic(backend):
    builder = Builder(dt=1.0)
    part = receiving(builder, "cell", 2, a=np.array([0.5, 2.0]), b=np.array([1.0, -1.0]), both=0.0, less=0.0)
    part.map([Assign("_up", "=", "a > 0"), Assign("both", "=", "_up + (b > 0)"), Assign("less", "=", "-(b > 0)")])
    runner = prepare(builder.finish(), backend)
    run_until(runner, 1)
    assert runner.read("cell.both").tolist() == [2.0, 1.0]
    assert runner.read("cell.less").tolist() == [-1.0, 0.0]


def test_time_is_that_of_the_beginning_of_a_step(backend):
    builder = Builder(dt=0.5)
    part = receiving(builder, "cell", 2, x=-1.0)
    part.map([Assign("x", "=", "t")])
    assert after(builder.finish(), backend, 4, "cell.x").tolist() == [1.5, 1.5]


def test_an_index_knows_itself_and_the_size_of_its_space(backend):
    builder = Builder(dt=1.0)
    part = receiving(builder, "cell", 5, x=0.0)
    part.map([Assign("x", "=", "10 * i + N")])
    assert after(builder.finish(), backend, 1, "cell.x").tolist() == [5.0, 15.0, 25.0, 35.0, 45.0]


def test_an_integer_takes_a_value_without_its_fraction(backend):
    builder = Builder(dt=1.0)
    part = receiving(builder, "cell", 2)
    part.state("n", 0, dtype="int")
    part.state("x", np.array([2.75, -2.75]))
    part.map([Assign("n", "=", "x"), Assign("x", "=", "n / 2")])
    runner = prepare(builder.finish(), backend)
    run_until(runner, 1)
    assert runner.read("cell.n").tolist() == [2, -2]
    assert runner.read("cell.x").tolist() == [1.0, -1.0]


def test_events_are_the_ascending_indices_where_the_condition_holds(backend):
    builder = Builder(dt=1.0)
    part = receiving(builder, "cell", 200, v=0.0)
    part.map([Assign("v", "=", "i + 100 * t")])
    part.events("spikes", "v > 150 and v % 2 == 0")
    caught = run_until(prepare(builder.finish(), backend, [Probe("s", "events", "cell.spikes")]), 3)
    expected = [(k, i) for k in range(3) for i in range(200) if i + 100 * k > 150 and i % 2 == 0]
    assert caught.pairs("s") == expected


def test_a_map_at_events_updates_only_those_of_this_step(backend):
    builder = Builder(dt=1.0)
    part = receiving(builder, "cell", 4, v=np.array([0.0, 1.0, 2.0, 3.0]), n=0.0)
    part.map([Assign("v", "+=", "1")])
    part.events("spikes", "v > 3.5")
    part.map([Assign("v", "=", "0"), Assign("n", "+=", "1")], phase="reset", at="cell.spikes")
    runner = prepare(builder.finish(), backend)
    run_until(runner, 2)
    assert runner.read("cell.v").tolist() == [2.0, 3.0, 0.0, 1.0]
    assert runner.read("cell.n").tolist() == [0.0, 0.0, 1.0, 1.0]


@pytest.mark.parametrize("transpose", [False, True])
@pytest.mark.parametrize("accumulate", [False, True])
def test_a_product_is_that_of_numpy(backend, transpose, accumulate):
    rng = np.random.default_rng(1)
    weight, x = rng.normal(size=(17, 70)), rng.normal(size=17)
    builder = Builder(dt=1.0)
    builder.add_space("dense", weight.size)
    flat = (weight.T if transpose else weight).ravel()
    builder.add_buffer(Buffer(name="dense.w", space="dense", kind="parameter", initial=flat))
    receiving(builder, "a", 17, x=x)
    receiving(builder, "b", 70, y=1.0)
    builder.add("integrate", MatMul(source="a.x", target="b.y", weight="dense.w", transpose=transpose,
                                    accumulate=accumulate))
    expected = 1.0 + 2 * (x @ weight) if accumulate else x @ weight
    np.testing.assert_allclose(after(builder.finish(), backend, 2, "b.y"), expected, rtol=EXACT, atol=1e-13)


def test_segments_reduce_to_one_value_each(backend):
    builder = Builder(dt=1.0)
    receiving(builder, "branch", 6, x=np.array([0.0, 1.0, 5.0, -3.0, 4.0, -4.0]))
    receiving(builder, "soma", 2, sum=7.0, mean=7.0, max=7.0)
    for how in ("sum", "mean", "max"):
        builder.add("integrate", Reduce(source="branch.x", target=f"soma.{how}", how=how))
    runner = prepare(builder.finish(), backend)
    run_until(runner, 1)
    found = {how: runner.read(f"soma.{how}").tolist() for how in ("sum", "mean", "max")}
    assert found == {"sum": [6.0, -3.0], "mean": [2.0, -1.0], "max": [5.0, 4.0]}


def test_the_greatest_of_each_group_win_and_the_lower_index_on_a_tie(backend):
    builder = Builder(dt=1.0)
    receiving(builder, "mac", 8, x=np.array([0.0, 3.0, 3.0, 1.0, -1.0, -1.0, -1.0, -2.0]), one=9.0, two=9.0)
    for winners, target in ((1, "mac.one"), (2, "mac.two")):
        builder.add("integrate", Compete(source="mac.x", target=target, group=4, winners=winners))
    runner = prepare(builder.finish(), backend)
    run_until(runner, 1)
    assert runner.read("mac.one").tolist() == [0, 1, 0, 0, 1, 0, 0, 0]
    assert runner.read("mac.two").tolist() == [0, 1, 1, 0, 1, 1, 0, 0]


def test_a_drawn_winner_is_the_one_its_uniform_number_falls_on(backend):
    groups, stream = 300, stream_number("mac")
    values = np.tile([1.0, 0.0, 2.0, 5.0], groups)
    values[:4] = 0.0
    builder = Builder(dt=1.0, seed=11)
    receiving(builder, "mac", 4 * groups, x=values, win=9.0)
    builder.add("integrate", Compete(source="mac.x", target="mac.win", group=4, how="drawn", stream=stream))
    won = after(builder.finish(), backend, 3, "mac.win").reshape(groups, 4)
    u = philox.uniform(11, stream, 2, np.arange(groups)) * 8.0
    expected = np.stack([u < 1.0, u < 0.0, (u >= 1.0) & (u < 3.0), u >= 3.0], axis=1).astype(float)
    expected[0] = 0.0
    np.testing.assert_array_equal(won, expected)


def test_draws_are_those_of_philox_in_bodies_and_in_conditions(backend):
    builder = Builder(dt=1.0, seed=5)
    receiving(builder, "cell", 150, u=0.0, z=0.0, n=0.0, m=0.0, mean=np.linspace(0.0, 9.0, 150))
    draws = (Draw("_u", "uniform", 0), Draw("_z", "normal", 1), Draw("_n", "poisson", 2, "2.5"),
             Draw("_m", "poisson", 3, "mean"))
    body = tuple(Assign(name, "=", f"_{name}") for name in "uznm")
    refs = {name: Ref(f"cell.{name}") for name in ("u", "z", "n", "m", "mean")}
    stream, own = stream_number("cell"), np.arange(150)
    builder.add("integrate", Map(space="cell", body=body, names=refs, draws=draws, stream=stream))
    Scope(builder, "cell").events("spikes", "rand() < 0.1")
    runner = prepare(builder.finish(), backend, [Probe("s", "events", "cell.spikes")])
    caught = run_until(runner, 4)
    fired = [np.flatnonzero(philox.uniform(5, stream_number("cell/0"), k, own) < 0.1) for k in range(4)]
    assert caught.pairs("s") == [(k, int(i)) for k in range(4) for i in fired[k]] != []
    np.testing.assert_array_equal(runner.read("cell.u"), philox.uniform(5, stream, 3, own, 0))
    np.testing.assert_allclose(runner.read("cell.z"), philox.normal(5, stream, 3, own, 1), rtol=EXACT)
    expected = philox.poisson(philox.words(5, stream, 3, own, 2), 2.5)
    np.testing.assert_array_equal(runner.read("cell.n"), expected)
    words, means = philox.words(5, stream, 3, own, 3), np.linspace(0.0, 9.0, 150)
    counts = [int(philox.poisson(words[k : k + 1], means[k])[0]) for k in range(150)]
    assert runner.read("cell.m").tolist() == counts


def test_a_local_may_be_true_or_false_and_then_a_number(backend):
    """In a map and along edges: what is true counts as 1 wherever a number is wanted, also by ``+=``."""
    builder = Builder(dt=1.0)
    cell = receiving(builder, "cell", 4, v=np.array([-1.0, 0.5, 2.0, 5.0]), a=0.0, b=0.0, c=0.0, d=0.0)
    cell.state("flag", np.array([0, 0, 1, 1]), dtype="bool")
    lines = (("_x", "=", "v > 0"), ("a", "=", "_x + _x"), ("_x", "=", "3 * _x"), ("b", "=", "_x + _x"),
             ("_x", "=", "v > 1"), ("_x", "+=", "v > 3"), ("c", "=", "_x"), ("d", "+=", "v > 0"),
             ("flag", "+=", "v > 3"))
    cell.map([Assign(*line) for line in lines])
    joined(builder, "cell", "cell", wires(4, 4, [(k, 1, k) for k in range(4)]), w=0.0)
    refs = {"w": Ref("join.w", "edge"), "v": Ref("cell.v", "source"), "d": Ref("cell.d", "target")}
    body = (("_x", "=", "v > 0"), ("d", "+=", "10 * _x"), ("_x", "=", "_x + 2"), ("w", "=", "_x"))
    builder.add("plastic", MapEdges(edges="join", at="all", events=None, names=refs,
                                    body=tuple(Assign(*line) for line in body)))
    runner = prepare(builder.finish(), backend)
    run_until(runner, 1)
    expected = {"cell.a": [0, 2, 2, 2], "cell.b": [0, 6, 6, 6], "cell.c": [0, 0, 1, 2], "cell.d": [0, 11, 11, 11],
                "cell.flag": [0, 0, 1, 1], "join.w": [2, 3, 3, 3]}
    assert {name: runner.read(name).astype(int).tolist() for name in expected} == expected


@pytest.mark.parametrize(("size", "parts"), [(150, 3), (128, 64), (130, 130), (65, 1)])
def test_an_index_reads_the_value_of_its_segment(backend, size, parts):
    """Over several steps: the smaller space is changed before, between and behind the reading, and by its sum."""
    builder = Builder(dt=1.0, seed=2)
    big = receiving(builder, "big", size, x=np.arange(size, dtype=float), y=0.0, n=0.0)
    small = receiving(builder, "small", parts, s=np.arange(parts) + 1.0)
    big.map([Assign("y", "=", "x")])
    small.map([Assign("s", "=", "s + 10")])
    big.map([Assign("y", "+=", "s"), Assign("n", "=", "poisson(s / 100)")], extra={"s": Ref("small.s", "segment")})
    small.map([Assign("s", "=", "2 * s")])
    big.map([Assign("y", "+=", "100 * s")], extra={"s": Ref("small.s", "segment")})
    big.events("high", "y > 100 * s + 50", extra={"s": Ref("small.s", "segment")})
    big.map([Assign("x", "+=", "s / N + i")], at="big.high", phase="reset", extra={"s": Ref("small.s", "segment")})
    builder.add("reset", Reduce(source="big.x", target="small.s"))
    runner = prepare(builder.finish(), backend, threads=3)
    run_until(runner, 2)
    x, s, own = np.arange(size, dtype=float), np.arange(parts) + 1.0, np.arange(size)
    mine = own // (size // parts)
    for step in range(2):
        y = x + (s + 10)[mine]
        words = philox.words(2, stream_number("big/0"), step, own, 0)
        n = [int(philox.poisson(words[k : k + 1], (s + 10)[mine[k]] / 100)[0]) for k in own]
        s = 2 * (s + 10)
        y = y + 100 * s[mine]
        x = np.where(y > 100 * s[mine] + 50, x + s[mine] / size + own, x)
        s = x.reshape(parts, -1).sum(axis=1)
    np.testing.assert_allclose(runner.read("big.y"), y, rtol=EXACT)
    np.testing.assert_allclose(runner.read("big.x"), x, rtol=EXACT)
    np.testing.assert_allclose(runner.read("small.s"), s, rtol=EXACT)
    np.testing.assert_array_equal(runner.read("big.n"), n)


def test_a_table_holds_each_row_for_its_steps_and_the_last_ever_after(backend):
    builder = Builder(dt=1.0)
    receiving(builder, "cell", 3, one=0.0, each=0.0)
    builder.add_schedule(Table(name="t1", values=np.array([1.0, 2.0, 3.0]), every=2), "cell.one", "arrive")
    rows = np.arange(6.0).reshape(2, 3)
    builder.add_schedule(Table(name="t2", values=rows, every=1), "cell.each", "arrive")
    probes = [Probe("one", "samples", "cell.one", np.array([1])), Probe("each", "samples", "cell.each")]
    caught = run_until(prepare(builder.finish(), backend, probes), 8)
    assert caught.values("one")[:, 0].tolist() == [1, 1, 2, 2, 3, 3, 3, 3]
    np.testing.assert_array_equal(caught.values("each"), np.array([rows[0]] + [rows[1]] * 7))


@pytest.mark.parametrize("threads", [1, 2])
def test_a_table_may_hold_a_row_for_each_copy_of_the_batch(backend, threads):
    builder = Builder(dt=1.0, replicas=3)
    receiving(builder, "cell", 70, own=0.0, common=0.0)
    rows = np.random.default_rng(0).integers(0, 9, (4, 3, 70)).astype(float)
    builder.add_schedule(Table(name="t1", values=rows, every=2), "cell.own", "arrive")
    builder.add_schedule(Table(name="t2", values=rows[:, 0]), "cell.common", "arrive")
    probes = [Probe("own", "samples", "cell.own"), Probe("common", "samples", "cell.common")]
    caught = run_until(prepare(builder.finish(), backend, probes, threads=threads), 10)
    np.testing.assert_array_equal(caught.values("own"), rows[np.minimum(np.arange(10) // 2, 3)])
    expected = np.broadcast_to(rows[np.minimum(np.arange(10), 3), :1], (10, 3, 70))
    np.testing.assert_array_equal(caught.values("common"), expected)
