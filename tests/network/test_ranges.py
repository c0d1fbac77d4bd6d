"""Joins between ranges of neurons: drawn as between parts of their own, and run as such."""

import numpy as np
import pytest
from scipy.sparse import coo_array

from neurosim import LIF, Network, Neurons, Simulation, SpikeGenerator, simulate
from neurosim.connectivity import (
    AllToAll,
    Bernoulli,
    Distance,
    FixedInDegree,
    FixedOutDegree,
    FixedTotal,
    FromArrays,
    FromMatrix,
    Normal,
    OneToOne,
    Uniform,
)
from neurosim.errors import NetworkError
from neurosim.families.plasticity import SynapticElements

FIRST, SECOND = 30, 20
PLACES = np.random.default_rng(3).uniform(0.0, 100.0, (FIRST + SECOND, 2))
CELL = """
dv/dt = (E - v + g + gap)/tau : mV (unless refractory)
dg/dt = -g/tau_g : mV
gap : mV
E : mV
"""


def cells(begin, end):
    """Neurons that fire by themselves, each at a rate of its own."""
    size = end - begin
    return Neurons(size, CELL, threshold="v > -50", reset="v = -60", refractory=1.0, tau=10.0, tau_g=4.0,
                   positions=PLACES[begin:end],
                   initial={"v": np.linspace(-60.0, -51.0, 50)[begin:end], "E": np.linspace(-49, -40, 50)[begin:end]})


def apart():
    """Two parts, and what they are called."""
    return Network({"a": cells(0, FIRST), "b": cells(FIRST, FIRST + SECOND)}), {"a": "a", "b": "b"}


def together():
    """One part with two ranges."""
    net = Network({"cells": cells(0, FIRST + SECOND)})
    return net, {"a": f"cells[:{FIRST}]", "b": f"cells[-{SECOND}:]"}


def shifted(edges, names, source, target):
    """(E, 2) pairs of neurons counted through both parts."""
    offsets = {"a": 0, "b": FIRST}
    return edges.pairs() + ([offsets[source], offsets[target]] if names["a"] == "a" else [0, 0])


@pytest.mark.parametrize("text", ["exc[::2]", "exc[5:5]", "exc[4:3]", "exc[:11]", "exc[10]", "exc[-11:]", "exc[]",
                                  "exc[a]", "exc[1:2:1:1]", "exc[0.5]"])  # fmt: skip
@pytest.mark.parametrize("field", ["source", "target"])
def test_a_range_that_is_none_or_not_there_is_refused_with_field_value_and_size(text, field):
    net = Network({"exc": LIF(10)})
    ends = {"source": "exc", "target": "exc", field: text}
    with pytest.raises(NetworkError) as refused:
        net.connect(**ends, rule=AllToAll(), on_pre="v += 1*mV")
    assert str(refused.value).startswith(f"{field} must be")
    assert "'exc' has 10" in str(refused.value) and repr(text) in str(refused.value)
    assert not net.joins


@pytest.mark.parametrize(("text", "start", "stop"), [
    ("exc[3:7]", 3, 7), ("exc[-3:]", 7, 10), ("exc[:-8]", 0, 2), ("exc[4]", 4, 5), ("exc[-1]", 9, 10),
    ("exc[ 2 : 5 : 1 ]", 2, 5), ("exc[+1:]", 1, 10), ("exc[:]", 0, 10), ("exc[0:10]", 0, 10), ("exc", 0, 10),
])  # fmt: skip
def test_ranges_are_read_as_in_python(text, start, stop):
    net = Network({"exc": LIF(10), "inh": LIF(2)})
    assert net.connect(text, "inh", AllToAll(), on_pre="v += 1*mV") == "exc_to_inh"
    assert np.unique(net.build(dt=0.1).edges["exc_to_inh"].edges.source).tolist() == list(range(start, stop))


def test_a_join_keeps_its_ranges_in_print_equality_and_files():
    net = Network({"exc": LIF(10), "inh": LIF(4)})
    net.connect("exc[2:]", ["exc[:2]", "inh"], AllToAll(), on_pre="v += w", w=0.5)
    assert list(net.joins) == ["exc_to_exc", "exc_to_inh"]
    assert "exc[2:10] -> exc[0:2]" in repr(net) and "exc[2:10] → inh" in net._repr_html_()
    again = Network.from_yaml(net.to_yaml())
    assert again == net and again.joins["exc_to_exc"].between == ("exc[2:10]", "exc[0:2]")
    other = Network({"exc": LIF(10), "inh": LIF(4)})
    other.connect("exc[2:]", ["exc[:3]", "inh"], AllToAll(), on_pre="v += w", w=0.5)
    assert other != net
    whole = Network({"exc": LIF(10), "inh": LIF(4)})
    whole.connect("exc[:]", "inh[0:4]", AllToAll(), on_pre="v += 1*mV")
    assert whole.joins["exc_to_inh"].to_dict()["source"] == "exc"


MATRIX = coo_array(np.random.default_rng(4).random((FIRST, SECOND)) < 0.2)


@pytest.mark.parametrize("rule", [
    AllToAll(), Bernoulli(0.3), FixedInDegree(7), FixedInDegree(7, multiple=False), FixedOutDegree(6), FixedTotal(100),
    Distance("gaussian", 30.0), FromArrays([29, 0, 3, 0], [0, 19, 1, 2]), FromMatrix(MATRIX),
], ids=lambda rule: type(rule).__name__)  # fmt: skip
@pytest.mark.parametrize("delay", [0.4, Normal(1.0, 0.4, low=0.1), "0.2*ms + 0.1*ms*j"], ids=["one", "drawn", "text"])
def test_edges_and_their_values_are_those_between_parts_of_their_own(rule, delay):
    texts = "0.01*mV*i + 0.1*mV*j + mV*N_pre + 10*mV*N_post + mV*x_pre/um + mV*y_post/um + mV*distance/um + mV*rand()"
    if isinstance(rule, FromArrays) and isinstance(delay, float):
        delay = np.array([0.4, 0.3, 0.2, 0.1])
    found = []
    for net, names in (apart(), together()):
        net.connect(names["a"], names["b"], rule, name="join", on_pre="g += w + u", w=texts, u=Uniform(0.0, 1.0),
                    delay=delay)
        program = net.build(dt=0.1, seed=7)
        edges = program.edges["join"].edges
        values = [np.asarray(program.buffers[f"join.{name}"].initial) for name in ("w", "u")]
        found.append([shifted(edges, names, "a", "b"), np.broadcast_to(edges.delay, edges.count), *values])
    assert len(found[0][0]) > 3
    for one, other in zip(*found, strict=True):
        np.testing.assert_array_equal(one, other)


def test_one_to_one_joins_ranges_of_the_same_length():
    net = Network({"exc": LIF(10)})
    net.connect("exc[:4]", "exc[5:9]", OneToOne(), on_pre="v += 1*mV")
    assert net.build(dt=0.1).edges["exc_to_exc"].edges.pairs().tolist() == [[0, 5], [1, 6], [2, 7], [3, 8]]
    with pytest.raises(NetworkError, match="OneToOne needs as many sources as targets, got 4 and 3"):
        net.connect("exc[:4]", "exc[5:8]", OneToOne(), on_pre="v += 1*mV")
    with pytest.raises(NetworkError, match=r"FromArrays.target\[0\] must be in \[0, 3\), got 5"):
        net.connect("exc[:4]", "exc[5:8]", FromArrays([0], [5]), on_pre="v += 1*mV")


def wired(net, names):
    """Joins of all kinds, and no sum whose order could matter: weights are multiples of 1/8."""
    a, b = names["a"], names["b"]
    rng = np.random.default_rng(5)
    given = FromArrays(rng.integers(0, FIRST, 60), rng.integers(0, SECOND, 60))
    net.connect(a, b, given, name="given", on_pre="g += w", w=rng.integers(1, 9, 60) / 8,
                delay=rng.integers(1, 30, 60) / 10)
    net.connect(b, a, FixedInDegree(5), name="drawn", on_pre="g -= w", w=0.5, delay=Uniform(0.5, 3.0))
    net.connect(b, b, Bernoulli(0.3, self_connections=False), name="within", on_pre="g += w", w=0.25)
    net.connect(a, a, FixedOutDegree(4), name="learning", model="w : mV", on_pre="g += w; w = 0.5*w", on_post="w += up",
                delay=0.5, up=0.125, initial={"w": 0.25})
    net.connect(a, b, Bernoulli(0.1), name="gap", couple="gap = c*(v_pre - v_post)", c=0.125)
    return net


def spikes_of(recording, names):
    """(n, 2) times and neurons counted through both parts, in their order."""
    parts = {"cells": 0} if names["a"] != "a" else {"a": 0, "b": FIRST}
    spikes = {part: recording[f"{part}.spikes"] for part in parts}
    found = [np.stack([spikes[part].times, spikes[part].indices + offset], axis=1) for part, offset in parts.items()]
    return np.array(sorted(np.concatenate(found).tolist()))


def test_a_part_with_ranges_spikes_as_two_parts_do(backend):
    found = []
    for (net, names), how in ((apart(), "reference"), (together(), backend)):
        run = Simulation(wired(net, names), backend=how, dtype="float64", seed=2, record="spikes", progress=False)
        recording = run.run(80.0)
        found.append((spikes_of(recording, names), run.get("learning.w")))
    assert len(found[0][0]) > 300 and np.ptp(found[0][1]) > 0.2
    np.testing.assert_array_equal(found[0][0], found[1][0])
    np.testing.assert_array_equal(found[0][1], found[1][1])


def test_ranges_give_the_same_bits_for_any_number_of_threads_and_behind_a_file(tmp_path):
    def session(threads):
        net, names = together()
        return Simulation(wired(net, names), dtype="float64", seed=2, record="spikes", threads=threads, progress=False)

    whole = session(1).run(100.0)["cells.spikes"]
    assert len(whole.times) > 300
    for threads in (2, 3):
        run = session(threads)
        run.run(40.0)
        run.save(tmp_path / "half")
        again = Simulation.load(tmp_path / "half", record="spikes", threads=threads, progress=False)
        both = [run.run(60.0)["cells.spikes"], again.run(60.0)["cells.spikes"]]
        np.testing.assert_array_equal(both[0].times, whole.times)
        np.testing.assert_array_equal(both[0].indices, whole.indices)
        np.testing.assert_array_equal(both[1].indices, whole.indices[whole.times >= 40.0 - 1e-9])


def test_edges_between_ranges_may_be_let_go_and_drawn_again(monkeypatch):
    monkeypatch.setattr("neurosim.program.buffers.MANY", 0)
    monkeypatch.setattr("neurosim.network.edge_numbers.MANY", 0)
    found = []
    for backend, threads in (("reference", 1), ("numba", 3)):
        net, names = together()
        for source, target in ("ab", "ba", "aa"):
            net.connect(names[source], names[target], Bernoulli(0.2), name=f"{source}{target}", on_pre="g += w",
                        w=Uniform(0.0, 1.0), delay=Uniform(0.5, 3.0))
        run = Simulation(net, backend=backend, dtype="float64", threads=threads, record="spikes", progress=False)
        recording = run.run(100.0)
        drawn = run.program.edges["ab"].edges
        assert drawn.source.max() < FIRST <= drawn.target.min()
        found.append(spikes_of(recording, names))
    assert len(found[0]) > 300
    np.testing.assert_array_equal(*found)


@pytest.mark.parametrize("rule", [Bernoulli(0.5, self_connections=False), AllToAll(self_connections=False),
                                  FixedInDegree(5, self_connections=False), FixedOutDegree(5, self_connections=False),
                                  Distance("step", 80.0, self_connections=False)],
                         ids=lambda rule: type(rule).__name__)  # fmt: skip
@pytest.mark.parametrize(("source", "target"), [("cells[:30]", "cells"), ("cells[20:40]", "cells[25:]"),
                                                ("cells[30:]", "cells[:40]"), ("cells[5]", "cells[3:9]")])  # fmt: skip
def test_a_neuron_of_both_ranges_is_not_joined_to_itself(rule, source, target):
    if "[5]" in source and isinstance(rule, FixedInDegree):
        pytest.skip("one source cannot be none")
    net, _ = together()
    net.connect(source, target, rule, on_pre="g += 1*mV")
    edges = net.build(dt=0.1).edges["cells_to_cells"].edges
    assert edges.count and np.all(edges.source != edges.target)
    net.connect(source, target, AllToAll(), on_pre="g += 1*mV", name="every")
    every = net.build(dt=0.1).edges["every"].edges
    allowed = {(i, j) for i, j in every.pairs().tolist() if i != j}
    assert set(map(tuple, edges.pairs().tolist())) <= allowed
    if isinstance(rule, AllToAll):
        assert edges.count == len(allowed)


def test_a_total_without_self_connections_needs_sources_that_are_all_targets_or_none():
    net, names = together()
    rule = FixedTotal(50, self_connections=False)
    net.connect(names["a"], names["b"], rule, on_pre="g += 1*mV")
    net.connect(names["a"], "cells", rule, on_pre="g += 1*mV")
    with pytest.raises(NetworkError, match="FixedTotal.self_connections must be True where some .*: 10 of 20"):
        net.connect("cells[20:40]", "cells[30:]", rule, on_pre="g += 1*mV")


@pytest.mark.parametrize("domain", ["nearest", "array", "floor(N_glia*j/N_post)"])
def test_domains_count_within_the_range_of_targets(domain):
    def network(source, target, parts):
        net = Network({**parts, "astro": Neurons(3, "heard : 1", positions=[[10.0, 10.0], [50.0, 50.0], [90.0, 90.0]])})
        given = np.arange(SECOND) % 3 if domain == "array" else domain
        net.connect(source, target, Bernoulli(0.5), name="join", glia="astro", domain=given,
                    on_pre="heard_glia += w/synapses_glia", w="0.125*(1 + j)")
        return simulate(net, 5.0, record="astro.heard", backend="reference", progress=False)["astro.heard"].values[-1]

    train = SpikeGenerator(FIRST, np.arange(FIRST), np.linspace(0.0, 3.0, FIRST))
    own = network("train", "b", {"train": train, "b": cells(FIRST, FIRST + SECOND)})
    ranged = network("train", f"cells[{FIRST}:]", {"train": train, "cells": cells(0, FIRST + SECOND)})
    assert own.min() > 0.0
    np.testing.assert_array_equal(own, ranged)


def test_edges_that_come_and_go_connect_whole_parts():
    net, names = together()
    with pytest.raises(NetworkError, match=r"connect whole parts, got cells\[0:30\] -> cells\[30:50\]"):
        net.connect(names["a"], names["b"], Bernoulli(0.1), on_pre="g += 1*mV", structure=SynapticElements())
