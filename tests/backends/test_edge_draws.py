"""Random numbers along edges: functions of the edge's own number, whoever visits it and when."""

import numpy as np
import pytest
from programs import joined, prepare, run_until, sending, wires

from neurosim import Network, Neurons, Poisson, Simulation
from neurosim.connectivity import Bernoulli
from neurosim.equations import Assign
from neurosim.errors import EquationError
from neurosim.kernels import philox
from neurosim.kernels.philox import stream_number
from neurosim.program import Builder, Draw, MapEdges, Propagate, Ref

SOURCES, TARGETS, SEED, STREAM = 4, 50, 9, 77
TRIPLES = sorted((i, 1 + j % 2, j) for i in range(SOURCES) for j in range(TARGETS))
EDGES = np.arange(len(TRIPLES))
DRAWS = (Draw("_u", "uniform", 0), Draw("_z", "normal", 1), Draw("_n", "poisson", 2, "mean"))


def numbers(step: int, edges: np.ndarray) -> dict[str, np.ndarray]:
    """What the draws above are at some edges."""
    words, means = philox.words(SEED, STREAM, step, edges, 2), edges % 7 / 2.0
    counts = [float(philox.poisson(words[k : k + 1], means[k])[0]) for k in range(len(edges))]
    return {"u": philox.uniform(SEED, STREAM, step, edges, 0), "z": philox.normal(SEED, STREAM, step, edges, 1),
            "n": np.array(counts)}


def drawing(builder: Builder) -> dict[str, Ref]:
    """Senders that fire in step 1, receivers of which 0 and 7 fire in step 2, and edges with variables."""
    sending(builder, "a", SOURCES, [(1, 0), (1, 2), (1, 3)])
    sending(builder, "b", TARGETS, [(2, 0), (2, 7)]).state("g", 0.0)
    joined(builder, "a", "b", wires(SOURCES, TARGETS, TRIPLES), u=0.0, z=0.0, n=0.0, mean=EDGES % 7 / 2.0)
    return {name: Ref(f"join.{name}", "edge") for name in ("u", "z", "n", "mean")} | {"g": Ref("b.g", "target")}


@pytest.mark.parametrize("at", ["source", "target", "all"])
def test_an_edge_draws_by_its_own_number(backend, at):
    builder = Builder(dt=1.0, seed=SEED)
    refs = drawing(builder)
    body = (*(Assign(name, "=", f"_{name}") for name in "uzn"), Assign("g", "+=", "_u"))
    events = {"source": "a.spikes", "target": "b.spikes", "all": None}[at]
    builder.add("plastic", MapEdges(edges="join", at=at, events=events, body=body, names=refs, draws=DRAWS,
                                    stream=STREAM))
    runner = prepare(builder.finish(), backend)
    run_until(runner, 3)  # the visit of step 2 is the last: spikes of 1 along the edges with one step
    source, delay, target = np.array(TRIPLES).T
    visited = {"source": (source != 1) & (delay == 1), "target": np.isin(target, [0, 7]), "all": target >= 0}[at]
    for name, values in numbers(2, EDGES).items():
        expected = np.where(visited, values, 0.0)
        assert np.count_nonzero(expected) >= 3
        np.testing.assert_allclose(runner.read(f"join.{name}"), expected, rtol=1e-14)
    if at != "all":
        by_hand = np.bincount(target, np.where(visited, numbers(2, EDGES)["u"], 0.0), TARGETS)
        np.testing.assert_allclose(runner.read("b.g"), by_hand, rtol=1e-14)


def test_a_delivery_draws_by_the_number_of_its_edge(backend):
    builder = Builder(dt=1.0, seed=SEED)
    refs = drawing(builder)
    builder.add("arrive", Propagate(edges="join", events="a.spikes", target="b.g", value="_u + 10 * _n",
                                    names={"mean": refs["mean"]}, draws=DRAWS, stream=STREAM))
    runner = prepare(builder.finish(), backend)
    run_until(runner, 4)
    source, delay, target = np.array(TRIPLES).T
    total = np.zeros(TARGETS)
    for step in (2, 3):
        found = numbers(step, EDGES)
        due = (source != 1) & (delay == step - 1)
        total += np.bincount(target, np.where(due, found["u"] + 10 * found["n"], 0.0), TARGETS)
    np.testing.assert_allclose(runner.read("b.g"), total, rtol=1e-13)


CELL = """
dv/dt = -v / tau : 1
kept : 1
"""


def releasing() -> Network:
    """Twins that send to twins: some joins release by chance, the others, which are bundled, always do."""
    made = Network({"noise": Poisson(90, 300.0)})
    for name, size in {"a": 70, "b": 130}.items():
        made.add(name, Neurons(size, CELL, threshold="v > 1", reset="v = 0", tau=10.0))
        made.connect("noise", name, Bernoulli(0.1), on_pre="v += 0.4*randn() + 0.3")
    for source in "ab":
        made.connect(source, ["a", "b"], Bernoulli(0.2), on_pre="kept += w", w=0.5, delay=0.3)
        made.connect(source, "b", Bernoulli(0.2), model="x : 1\np : 1",
                     on_pre="x = rand(); v += w if x < p else 0", on_post="p += 0.1*(rand() - 0.5)", w=0.1,
                     initial={"p": 0.5}, delay=0.5, name=f"by_chance_{source}")
    return made


RECORD = ["a.spikes", "b.spikes", "b.kept"]
ENDS = ["by_chance_a.x", "by_chance_a.p", "by_chance_b.x"]


def outcome(backend: str, threads: int = 1, replicas: int = 1) -> list[np.ndarray]:
    """Spikes, traces and the last state of the edges."""
    run = Simulation(releasing(), dt=0.1, seed=3, backend=backend, dtype="float64", threads=threads,
                     replicas=replicas, record=RECORD, progress=False)
    found = run.run(30.0)
    arrays = [x for name in RECORD[:2] for x in (found[name].steps, found[name].indices)]
    return [*arrays, found["b.kept"].values, *(run.get(name) for name in ENDS)]


def test_release_by_chance_has_the_same_bits_for_any_number_of_threads_and_on_the_reference():
    wanted = outcome("reference")
    assert len(wanted[0]) > 100 and len(np.unique(wanted[-2])) > 100
    for threads in (1, 2, 3):
        found = outcome("numba", threads)
        assert all(np.array_equal(x, y) for x, y in zip(wanted, found, strict=True)), threads


def test_coupling_does_not_draw_and_a_mean_is_known_before_the_text():
    net = releasing()
    net.add("c", Neurons(2, "dv/dt = -v / tau : 1\nI : 1", tau=1.0))
    net.connect("c", "c", Bernoulli(0.5), couple="I = rand()*v_pre")
    with pytest.raises(EquationError, match="join 'c_to_c', couple: a sum over edges draws no random numbers"):
        net.build(dt=0.1)
    net = Network({"a": Poisson(2, 10.0), "c": Neurons(2, "dv/dt = -v / tau : 1", tau=1.0)})
    net.connect("a", "c", Bernoulli(0.5), model="m : 1", on_pre="m = m + 1; v += poisson(m)")
    with pytest.raises(EquationError, match=r"on_pre: the mean of poisson\(m\) must not be assigned before .* got 'm'"):
        net.build(dt=0.1)


def test_the_stream_of_a_text_is_that_of_its_join():
    program = releasing().build(dt=0.1)
    streams = {op.edges: op.stream for op in program.operations if isinstance(op, Propagate) and op.draws}
    assert streams == {f"noise_to_{x}": stream_number(f"noise_to_{x}/on_pre") for x in "ab"}
