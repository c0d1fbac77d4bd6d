"""The kernels' text: the same bits as Numba when the host builds it, and machine code for every card from NVRTC."""

import numpy as np
import nvrtc
import pytest
from closed_set_programs import mac_program
from programs import Caught, joined, prepare, receiving, run_until, sending, wires
from test_closed_set import MAC, MAC_SEEN, episodes
from test_runners import PROBES, network
from test_sweep import program as spins

from neurosim.backends import Options, available
from neurosim.backends.cupy.backend import CupyBackend, laid_out
from neurosim.backends.cupy.cuda import OPTIONS
from neurosim.backends.cupy.host import HostDevice, find_compiler
from neurosim.backends.cupy.module import make_module
from neurosim.backends.cupy.translate import elementary_text
from neurosim.equations import Assign
from neurosim.errors import BackendError
from neurosim.kernels import counters, elementary
from neurosim.program import (
    Buffer,
    Builder,
    Compete,
    Diffuse,
    Draw,
    EdgeSpace,
    Imprint,
    MapEdges,
    MatMul,
    Probe,
    Program,
    Propagate,
    Reduce,
    Ref,
    Table,
)

CARDS = [("sm_75", "float32", "fixed", 13), ("sm_80", "float64", "fast", 13), ("sm_90", "float32", "fixed", 13),
         ("sm_100", "float64", "exact", 13), ("sm_70", "float32", "fixed", 12)]

needs_compiler = pytest.mark.skipif(find_compiler() is None, reason="no C++ compiler on this machine")
needs_numba = pytest.mark.skipif(available("numba") is not None, reason=str(available("numba")))


def on_host(program: Program, probes=(), dtype="float64", threads=1, flags=(), busy=3, **options):
    """A runner whose kernels the host compiler built."""
    return CupyBackend(HostDevice(threads, flags, busy), **options).prepare(program, list(probes), Options(dtype=dtype))


def all_kinds(replicas: int = 1) -> Program:
    """Every kind of update that ``network`` lacks: functions, integers, truth values, and all ways along edges."""
    rng = np.random.default_rng(3)
    builder = Builder(dt=0.5, seed=3, replicas=replicas)
    part = receiving(builder, "cell", 90, v=rng.normal(size=90), x=0.5, total=0.0, gap=0.0)
    part.state("count", 0, dtype="int")
    part.state("on", False, dtype="bool")
    part.value("tau", 7.0)
    body = [
        Assign("v", "+=", "dt * (exp(-x) - v + total) / tau + 0.1 * tanh(gap) + 0.3 * randn()"),
        Assign("x", "=", "clip(abs(v) ** 1.5, 0.1, 4) + expm1(0.01 * v) + log(1 + x) + sin(v) * cos(x) + exprel(v)"),
        Assign("on", "=", "v > 0.5 and not x > 3 or count % 3 == 1"),
        Assign("count", "+=", "2.5 if on else poisson(0.4)"),
    ]
    part.map(body)
    part.events("spikes", "v > 0.6 and rand() < 0.7")
    part.map([Assign("v", "=", "-v")], phase="reset", at="cell.spikes")
    edges = {(int(i), int(d), int(j)) for i, d, j in rng.integers([0, 1, 0], [90, 5, 90], size=(700, 3))}
    joined(builder, "cell", "cell", wires(90, 90, sorted(edges)), w=rng.uniform(0.0, 0.2, len(edges)))
    refs = {"w": Ref("join.w", "edge"), "u": Ref("cell.x", "source"), "x": Ref("cell.x", "target"),
            "total": Ref("cell.total", "target"), "v": Ref("cell.v", "source")}
    draws = (Draw("_chance", "uniform", 0),)
    builder.add("arrive", Propagate(edges="join", events="cell.spikes", target="cell.total",
                                    value="w * u if _chance < 0.8 else -0.1 * total", names=refs, draws=draws,
                                    stream=9))
    builder.add("arrive", Diffuse(edges="join", target="cell.gap", value="w * (v - x)", names=refs))
    body = (Assign("w", "=", "0.99 * w + 0.001 * u"), Assign("total", "+=", "0.5 * w"))
    for at, events in (("source", "cell.spikes"), ("target", "cell.spikes"), ("all", None)):
        builder.add("plastic", MapEdges(edges="join", at=at, events=events, body=body, names=refs))
    builder.add("plastic", MapEdges(edges="join", at="all", events=None, body=body[:1], names=refs))
    part.map([Assign("total", "=", "0.3 * tanh(total)")], phase="reset")
    _add_dense(builder, rng)
    return builder.finish()


def _add_dense(builder: Builder, rng: np.random.Generator) -> None:
    """Tables, products, competitions and imprints."""
    receiving(builder, "group", 30, most=0.0, product=0.0, back=0.0, first=0.0, drawn=0.0)
    builder.add("integrate", Reduce(source="cell.v", target="group.most", how="max"))
    builder.add_space("dense", 900)
    for name, values in (("w", rng.normal(size=900)), ("code", False)):
        kind = {"dtype": "bit", "columns": 30} if name == "code" else {}
        builder.add_buffer(Buffer(name=f"dense.{name}", space="dense", kind="state", initial=values, **kind))
    shown = receiving(builder, "shown", 30)
    shown.state("x", False, dtype="bool")
    builder.add_schedule(Table(name="frames", values=rng.random((40, 30)) < 0.2, every=3), "shown.x", "arrive")
    for target, transpose in (("product", False), ("back", True)):
        builder.add("integrate", MatMul(source="group.most", target=f"group.{target}", weight="dense.w",
                                        transpose=transpose))
    builder.add("integrate", MatMul(source="shown.x", target="group.product", weight="dense.code", accumulate=True))
    builder.add("integrate", Compete(source="group.product", target="group.first", group=6, winners=2))
    builder.add("integrate", Compete(source="group.first", target="group.drawn", group=5, how="drawn", stream=4))
    builder.add("plastic", Imprint(source="shown.x", target="shown.x", weight="dense.code"))


KINDS = [Probe("s", "events", "cell.spikes"), Probe("v", "samples", "cell.v"), Probe("count", "samples", "cell.count"),
         Probe("most", "samples", "group.most", np.array([3, 5]), 4), Probe("drawn", "samples", "group.drawn"),
         Probe("product", "samples", "group.product"), Probe("back", "samples", "group.back")]


def assert_same(ours: Caught, theirs: Caught) -> None:
    assert ours.spikes.keys() == theirs.spikes.keys()
    for key in theirs.spikes:
        assert ours.pairs(key) == theirs.pairs(key) != []
    for key in theirs.traces:
        assert ours.steps(key) == theirs.steps(key)
        np.testing.assert_array_equal(ours.values(key), theirs.values(key), err_msg=key)


@needs_compiler
@pytest.mark.parametrize("loop", ["block", "grid"])
@pytest.mark.parametrize(("dtype", "sums"), [("float64", "exact"), ("float32", "fixed")])
def test_whatever_goes_from_step_to_step_the_bits_are_the_same(loop, dtype, sums):
    for program, probes in ((network(replicas=2), PROBES), (all_kinds(), KINDS)):
        ours, theirs = (on_host(program, probes, dtype, busy=4, sums=sums, loop=one) for one in (loop, "graph"))
        caught, expected = (run_until(runner, 80) for runner in (ours, theirs))
        ours.restore(80, theirs.state())  # what is on its way is sent anew
        assert_same(run_until(ours, 150, caught), run_until(theirs, 150, expected))
        assert ours.info()["loop"] == loop and ours.info()["launches per step"] < 0.1


@needs_compiler
@pytest.mark.parametrize(("size", "loop"), [(700, "block"), (7000, "graph")])
def test_one_block_goes_through_time_where_that_costs_less_than_launches(size, loop, monkeypatch):
    monkeypatch.delenv("NEUROSIM_CUDA_LOOP", raising=False)
    builder = Builder(dt=1.0)
    receiving(builder, "cell", size, v=0.0).map([Assign("v", "+=", "1")])
    assert on_host(builder.finish()).info()["loop"] == loop


def test_a_loop_in_one_kernel_has_its_limit():
    builder = Builder(dt=1.0)
    part = receiving(builder, "cell", 2, v=0.0, u=0.0)
    for _ in range(100):
        part.map([Assign("v", "+=", "1")])
        builder.add("integrate", Reduce(source="cell.v", target="cell.u", how="max"))
    program = builder.finish()
    layout = laid_out(program, [], "float32")
    assert make_module([], layout, "exact", None).loop == "graph"
    with pytest.raises(BackendError, match="'grid' takes at most 160 launches a step, and this program has 2"):
        make_module([], layout, "exact", "grid")


def assert_bits_of_numba(program: Program, probes: list[Probe], dtype: str) -> None:
    ours, theirs = on_host(program, probes, dtype), prepare(program, "numba", probes, dtype)
    assert_same(run_until(ours, 150), run_until(theirs, 150))
    state, expected = ours.state(), theirs.state()
    for name in set(state) & set(expected):
        np.testing.assert_array_equal(state[name], expected[name], err_msg=name)


@needs_compiler
@needs_numba
def test_a_network_has_the_bits_of_numba():
    assert_bits_of_numba(network(replicas=3), PROBES, "float64")


@pytest.mark.slow
@needs_compiler
@needs_numba
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_every_kind_of_operation_has_the_bits_of_numba(dtype):
    assert_bits_of_numba(all_kinds(), KINDS, dtype)


@needs_compiler
@needs_numba
@pytest.mark.parametrize("dtype", ["float64", pytest.param("float32", marks=pytest.mark.slow)])
def test_every_function_has_the_bits_of_numba(dtype):
    """For the functions that are ours; those of the C library (``tan``, ``arctan``, powers) may differ by an ulp."""
    builder = Builder(dt=1.0, seed=2)
    start = np.concatenate([np.linspace(-40.0, 40.0, 80), [0.0, 1e-9, 700.0]])
    part = receiving(builder, "cell", len(start), x=start, y=0.0, z=0.0, u=0.0, n=0.0)
    part.map([
        Assign("y", "=", "exp(x) + expm1(x) * tanh(x) - exprel(x) + sin(x) / (2 + cos(x))"),
        Assign("z", "=", "log(abs(x)) + sqrt(abs(x)) - floor(x) % 3 + ceil(x / 7) // 2 + sign(x) * H(x) + int(x)"),
        Assign("u", "=", "randn() + clip(x, -1, rand()) + max(x, 1, u) - min(x, 2) + x ** 3 - 1 / x ** -2"),
        Assign("n", "+=", "poisson(3.5) + poisson(abs(x))"),
    ])
    assert_bits_of_numba(builder.finish(), [Probe(n, "samples", f"cell.{n}") for n in "yzun"], dtype)


@needs_compiler
def test_a_run_goes_on_from_a_state_of_another_backend():
    whole = on_host(network(), PROBES)
    expected = run_until(whole, 90)
    first = prepare(network(), "reference", PROBES)
    caught = run_until(first, 40)
    second = on_host(network(), PROBES)
    second.restore(40, first.state())
    run_until(second, 90, caught)
    assert caught.pairs("s") == expected.pairs("s")


@needs_compiler
def test_threads_of_a_block_that_run_at_once_give_the_same_bits():
    expected = run_until(on_host(all_kinds(), KINDS), 12)
    assert_same(run_until(on_host(all_kinds(), KINDS, threads=7), 12), expected)


def sending_along(value: str = "w", dtype: str = "float64", replicas: int = 1, seed: int = 4) -> Program:
    """Fifty neurons that send along edges with weights and delays of their own."""
    rng = np.random.default_rng(seed)
    triples = sorted({(int(i), int(d), int(j)) for i, d, j in rng.integers([0, 1, 0], [50, 9, 20], size=(900, 3))})
    spikes = sorted({(int(k), int(i)) for k, i in rng.integers([0, 0], [60, 50], size=(800, 2))})
    builder = Builder(dt=1.0, replicas=replicas)
    sending(builder, "a", 50, spikes)
    receiving(builder, "b", 20, g=0.0, h=0.0)
    joined(builder, "a", "b", wires(50, 20, triples))
    weights = rng.uniform(-0.5, 1.0, len(triples))
    builder.add_buffer(Buffer(name="join.w", space="join", kind="parameter", initial=weights))
    for target in ("b.g", "b.h", "b.h"):
        builder.add("arrive", Propagate(edges="join", events="a.spikes", target=target, value=value,
                                        names={"w": Ref("join.w", "edge")}))
    return builder.finish()


@needs_compiler
@pytest.mark.parametrize("sums", ["fixed", "fast"])
@pytest.mark.parametrize("value", ["w", "w + 0 * t"])
def test_sums_in_any_order_differ_by_rounding_alone(sums, value):
    """At most two thousand additions to a value, each off by at most 2**-53 of the sum of their sizes."""
    exact, other = (on_host(sending_along(value), sums=mode, threads=n) for mode, n in (("exact", 1), (sums, 4)))
    sent_at_once = any(at.startswith("flight_") for at in other.layout.arrays)
    assert sent_at_once == (value == "w") and other.info()["sums"] == sums
    for runner in (exact, other):
        run_until(runner, 41)
    assert exact.read("b.h").min() > 10.0
    for name in ("b.g", "b.h"):
        np.testing.assert_allclose(other.read(name), exact.read(name), rtol=0, atol=2000 * 2.0**-53 * 2000)


@needs_compiler
def test_whole_numbers_add_up_to_the_same_bits_in_any_order():
    runs = [on_host(sending_along(replicas=2), sums="fixed", dtype="float32", threads=n, busy=2 * n) for n in (1, 3, 5)]
    for runner in runs:
        run_until(runner, 40)
    for runner in runs[1:]:
        np.testing.assert_array_equal(runner.read("b.h"), runs[0].read("b.h"))


@needs_compiler
@pytest.mark.parametrize("sums", ["fixed", "fast"])
def test_spikes_in_flight_are_part_of_a_state_and_arrive_with_the_weight_of_then(sums):
    whole, first, second = (on_host(sending_along(), sums=sums) for _ in range(3))
    reference = prepare(sending_along(), "reference")
    run_until(first, 23)
    run_until(second, 5)
    second.restore(23, first.state())
    for runner in (whole, reference):
        run_until(runner, 23)
    for runner in (whole, second, reference):
        run_until(runner, 30)
        runner.write("join.w", 1000.0 * runner.read("join.w"))
        run_until(runner, 45)
    for name in ("b.g", "b.h"):
        np.testing.assert_allclose(whole.read(name), reference.read(name), rtol=0, atol=1e-8)
        np.testing.assert_allclose(second.read(name), reference.read(name), rtol=0, atol=1e-8)
    assert np.abs(reference.read("b.g")).max() > 1000.0


@needs_compiler
@pytest.mark.parametrize("entries", ["signs", "numbers"])
def test_units_that_change_one_after_another_do_so_as_in_the_reference(entries):
    rng = np.random.default_rng(0)
    known = np.array([-1, 1], np.int8) if entries == "signs" else np.array([-0.5, 0.0, 1.5])
    patterns = rng.choice(known, size=(30, 130))
    start = np.where(rng.random(30) < 0.2, -1.0, 1.0) * np.sign(patterns[:, 0] + 0.1)
    response = (Assign("_y", "=", "_p1*_p1*_p1 - c*_p1"), Assign("_response", "=", "_y + 0 * _top"))
    change = {"response": response, "entries": entries, "heat": 0.7, "replicas": 2}
    probes = [Probe("s", "samples", "a.s"), Probe("m", "samples", "k.m")]
    for more in ({}, {"order": "ascending"}, {"heat": 0.0}):
        net = spins(patterns, start, **{**change, **more})
        assert_same(run_until(on_host(net, probes, threads=5), 4), run_until(prepare(net, "reference", probes), 4))


@needs_compiler
def test_an_algorithm_that_learns_takes_the_same_decisions():
    inputs, learn = episodes()
    program, probes = mac_program(MAC, inputs, learn, seed=21), [Probe(n, "samples", n) for n in MAC_SEEN]
    runs = [run_until(make(program), len(inputs)) for make in (
        lambda p: on_host(p, probes, threads=3), lambda p: prepare(p, "reference", probes))]
    np.testing.assert_array_equal(runs[0].values("cell.win"), runs[1].values("cell.win"))


def test_all_elementary_functions_and_draws_are_translated():
    text = elementary_text()
    some = ((elementary, ("exp64", "expm1_32", "log1p_64", "wave64")), (counters, ("normal32", "uniform64")))
    for module, names in some:
        for name in names:
            assert hasattr(module, name) and f"auto {name}(" in text
    assert "0.0020878" not in text and "2.0914686968086876e-09" in text  # a coefficient as it stands there


@pytest.mark.parametrize(("card", "dtype", "sums", "major"), CARDS)
def test_every_kernel_compiles_for_every_card_and_spills_no_registers(card, dtype, sums, major):
    nvrtc.needed(major)
    sweep = spins(np.ones((3, 5), np.int8), np.ones(3))
    for program, probes in ((all_kinds(2), KINDS), (sending_along(), []), (sweep, [])):
        for loop in ("graph", "grid"):
            module = make_module(probes, laid_out(program, probes, dtype, sums), sums, loop)
            used = nvrtc.compiled(module.text, card, OPTIONS, major)
            assert used.keys() == module.parameters.keys()
            for name, needs in used.items():
                # 256 threads of 128 registers fill half of a processor's 65,536
                assert needs.registers <= 128, (name, needs)
                # one kernel of every kind of operation in double precision is the most there can be
                assert needs.spilled <= (100 if name == "steps" and dtype == "float64" else 0), (name, needs)


def two_parts(target: str) -> Program:
    """Two populations of one kind, each with edges into ``target`` of the first."""
    builder = Builder(dt=1.0)
    for name, size in (("a", 5), ("b", 700)):
        part = receiving(builder, name, size, v=0.0, g=0.0)
        part.value("k", float(size))
        part.map([Assign("v", "+=", "k + i")])
        part.events("spikes", "v > 3 * k")
    for number, name in enumerate(("a", "b")):
        size = builder.spaces[name].size
        edges = wires(size, 5, [(i, 1, i % 5) for i in range(size)])
        builder.add_edges(EdgeSpace(f"join{number}", name, "a", edges))
        variable = target if number else "g"
        builder.add("arrive", Propagate(edges=f"join{number}", events=f"{name}.spikes", target=f"a.{variable}",
                                        value="1 + t", names={}))
    return builder.finish()


@pytest.mark.parametrize(("target", "sums", "rounds"), [("v", "exact", 2), ("g", "exact", 3), ("g", "fast", 2)])
def test_kernels_of_one_kind_that_need_nothing_of_each_other_are_one_launch(target, sums, rounds):
    program = two_parts(target)
    module = make_module([], laid_out(program, [], "float32", sums), sums)
    assert len(module.launches) == rounds and len(module.parameters) <= rounds + 1, [t.name for t in module.launches]
    assert all(together.is_table for together in module.launches) == (rounds == 2)
    if find_compiler():
        ours = on_host(program, sums=sums)
        theirs = prepare(program, "reference")
        for run in (ours, theirs):
            run_until(run, 6)
        for name in ("a.v", "a.g", "b.v"):
            np.testing.assert_array_equal(ours.read(name), theirs.read(name), err_msg=name)
        assert theirs.read("a.g").min() > 0
