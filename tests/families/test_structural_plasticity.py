"""Edges that come and go: by hand, by what must stay, and to a target of activity."""

import sys

import numpy as np
import pytest

from neurosim import Network, Neurons, Simulation, simulate
from neurosim.connectivity import AllToAll, Bernoulli, FixedInDegree, FromArrays, Uniform
from neurosim.errors import CheckpointError, DescriptionError, NetworkError, RecordingError
from neurosim.families.plasticity import (
    STDP,
    GaussianGrowth,
    LinearGrowth,
    Lots,
    SigmoidGrowth,
    SynapticElements,
    Turnover,
    Wires,
    with_elements,
)
from neurosim.families.plasticity.structure import chosen_of_each

STILL = LinearGrowth(rate=1e-12)
CURVES = {
    "linear": LinearGrowth(rate=20.0, eps=0.5),
    "gaussian": GaussianGrowth(rate=10.0, eta=0.1, eps=0.6),
    "sigmoid": SigmoidGrowth(rate=5.0, eps=0.4, psi=0.1),
}


def silent(size):
    """Neurons that fire in the step after ``v`` was set above 1."""
    return Neurons(size, "v : 1\nx : 1", threshold="v > 1", reset="v = 0")


def rows(session, join):
    """Source and target of every edge, (E, 2)."""
    return session.program.edges[join].edges.pairs()


def weighted(session):
    """Source, target and weight of every edge."""
    return {(*pair, w) for pair, w in zip(rows(session, "edges").tolist(), session.get("edges.w"), strict=True)}


def elements(axon, dendrite, **fields):
    """Sources and targets with so many elements, without edges at the beginning."""
    net = Network({
        "source": with_elements(silent(len(axon)), {"axon": STILL}, initial={"z_axon": np.array(axon, float)}),
        "target": with_elements(silent(len(dendrite)), {"dendrite": STILL},
                                initial={"z_dendrite": np.array(dendrite, float)}),
    })
    net.connect("source", "target", Bernoulli(0.0), name="edges", on_pre="x += w", w=0.5, delay=2.0,
                structure=SynapticElements(**{"every": 10.0, "vacant_loss": 0.0, **fields}))
    return net


def test_free_elements_are_paired_as_far_as_they_go():
    session = Simulation(elements([2, 0, 1.9], [1, 2.5]), dt=1.0, backend="reference", progress=False)
    session.run(9.0)
    assert len(rows(session, "edges")) == 0
    session.run(1.0)
    np.testing.assert_array_equal(session.get("edges.in_degree"), [1, 2])
    np.testing.assert_array_equal(np.bincount(rows(session, "edges")[:, 0], minlength=3), [2, 0, 1])
    before = rows(session, "edges")
    session.run(10.0)
    np.testing.assert_array_equal(rows(session, "edges"), before)


def test_lost_elements_take_their_edges_with_them_and_free_the_other_side(backend):
    session = Simulation(elements([2, 0, 1], [1, 2], vacant_loss=0.5), dt=1.0, backend=backend, progress=False)
    session.run(10.0)
    session.set("source.z_axon", np.array([0.0, 1.0, 1.0]))
    session.run(10.0)
    # the two edges of source 0 die; one of the two free dendrites finds the new axon, half of the other is lost
    np.testing.assert_array_equal(np.bincount(rows(session, "edges")[:, 0], minlength=3), [0, 1, 1])
    assert session.get("edges.in_degree").sum() == 2
    assert session.get("target.z_dendrite").sum() == pytest.approx(2.5)
    session.set("target.z_dendrite", np.array([0.0, 0.9]))
    session.run(10.0)
    assert len(rows(session, "edges")) == 0
    np.testing.assert_allclose(session.get("source.z_axon"), [0.0, 0.5, 0.5], atol=1e-6)  # both are free, half lost


def test_a_new_edge_passes_spikes_on_after_its_delay_and_a_dead_one_does_not():
    session = Simulation(elements([1], [1]), dt=1.0, backend="reference", record=["target.x"], progress=False)
    session.set("source.v", 2.0)
    session.run(10.0)  # a spike before there is an edge
    session.set("source.v", 2.0)
    session.run(9.0)  # of the step from 10 to 11: arrives at the beginning of that from 12
    session.set("source.z_axon", 0.0)
    session.run(1.0)
    session.set("source.v", 2.0)
    x = np.asarray(session.run(9.0)["target.x"])[:, 0]
    np.testing.assert_array_equal(x, np.where(np.arange(29) >= 12, 0.5, 0.0))


def test_a_spike_on_its_way_is_lost_with_its_edge_and_found_by_a_new_one():
    """The spike of the last step before a rewiring arrives one step behind it."""
    for first, after, arrives in ((1.0, 0.0, False), (0.0, 1.0, True)):
        session = Simulation(elements([first], [1]), dt=1.0, backend="reference", progress=False)
        session.run(19.0)
        session.set("source.v", 2.0)
        session.set("source.z_axon", after)
        session.run(11.0)
        assert session.get("target.x")[0] == (0.5 if arrives else 0.0)


def learning_network():
    """Irregular activity, weights that learn, elements of both populations shared by three joins."""
    text = "dv/dt = (drive - v)/tau : 1\ndx/dt = -x/tau : 1\ndrive : 1"
    curves = {"axon": LinearGrowth(rate=60.0, eps=0.3), "dendrite": LinearGrowth(rate=50.0, eps=0.3)}
    net = Network()
    for name, size in (("a", 12), ("b", 7)):
        cells = Neurons(size, text, threshold="v + x + 0.3*rand() > 1", reset="v = 0", tau=10.0,
                        initial={"drive": "0.5 + rand()"})
        net.add(name, with_elements(cells, curves, tau_Ca=100.0, beta_Ca=0.05))
    structure = SynapticElements(every=5.0, multiple=False, self_connections=False)
    for source in "ab":
        net.connect(source, ["a", "b"], Bernoulli(0.1, self_connections=False), on_pre="x += w",
                    w=Uniform(0.0, 0.1) if source == "a" else "0.01*i + 0.05*rand()", delay=1.5, structure=structure,
                    plasticity=STDP(w_max=0.2))
    return net


def everything(session):
    """All edges with their weights and traces, and all that neurons have."""
    joins = ("a_to_a", "a_to_b", "b_to_a", "b_to_b")
    found = {f"{join}.{name}": session.get(f"{join}.{name}") for join in joins for name in ("w", "pre", "post")}
    found |= {join: rows(session, join) for join in joins}
    variables = (f"{part}.{name}" for part in "ab" for name in ("v", "x", "z_axon", "Ca"))
    return found | {name: session.get(name) for name in variables}


def assert_same(one, other):
    assert one.keys() == other.keys()
    for name in one:
        np.testing.assert_array_equal(one[name], other[name], err_msg=name)


def test_the_same_bits_for_any_threads_chunks_and_restart(tmp_path):
    options = {"dt": 0.5, "seed": 3, "record": ["spikes", "a_to_b.in_degree"], "progress": False}
    whole = Simulation(learning_network(), threads=1, **options)
    compiled = {name for name in sys.modules if name.startswith("neurosim_program_")}
    recording = whole.run(80.0)
    # edges were drawn anew sixteen times, and nothing was compiled for it
    assert {name for name in sys.modules if name.startswith("neurosim_program_")} == compiled
    degrees = np.asarray(recording["a_to_b.in_degree"])
    assert len(np.unique(degrees.sum(axis=1))) > 5  # something happens
    assert recording["a.spikes"].count > 30
    expected = everything(whole)
    for chunks in ([2.5, 12.5, 5.0, 60.0], [35.0, 45.0]):
        session = Simulation(learning_network(), threads=2, **options)
        for chunk in chunks:
            parts = session.run(chunk)
        assert_same(everything(session), expected)
        np.testing.assert_array_equal(np.asarray(parts["a_to_b.in_degree"]), degrees)
    for at in (32.5, 35.0):  # between two rewirings, and at one
        session = Simulation(learning_network(), **options)
        session.run(at)
        session.save(tmp_path / "state.npz")
        session = Simulation.load(tmp_path / "state.npz", record=options["record"], progress=False)
        session.run(80.0 - at)
        assert_same(everything(session), expected)


@pytest.mark.shim
def test_every_backend_grows_the_same_edges(backend):
    session = Simulation(learning_network(), dt=0.5, seed=3, backend=backend, dtype="float64", progress=False)
    session.run(20.0)
    other = Simulation(learning_network(), dt=0.5, seed=3, backend="reference", progress=False)
    other.run(20.0)
    for join in ("a_to_a", "a_to_b", "b_to_a", "b_to_b"):
        np.testing.assert_array_equal(rows(session, join), rows(other, join))
        np.testing.assert_allclose(session.get(f"{join}.w"), other.get(f"{join}.w"), rtol=1e-6, atol=1e-12)


def test_edges_that_stay_keep_what_they_have():
    """Without spikes only the rewiring can change a weight."""
    net = elements([3, 2, 4, 1], [2, 3, 1, 2, 2])
    (join,) = net.joins.values()
    net = Network(net.parts)
    net.connect("source", "target", Bernoulli(0.0), name="edges", on_pre="x += w", w="rand()", delay=1.0,
                plasticity=STDP(), structure=join.structure)
    session = Simulation(net, dt=1.0, backend="reference", progress=False)
    session.run(10.0)
    old = weighted(session)
    session.set("source.z_axon", np.array([1.0, 2.0, 4.0, 3.0]))
    session.run(10.0)
    new = weighted(session)
    # source 0 loses two edges, and source 3 gets two, with drawn weights of their own
    assert len(old) == len(new) == 10
    assert len(old & new) == 8
    assert [source for source, _, _ in new - old] == [3, 3]


@pytest.mark.parametrize("name", CURVES)
def test_elements_grow_as_their_curve_says(name):
    """A trace that falls from 1 sweeps the whole curve; its integral is compared with a sum over fine steps."""
    cells = with_elements(silent(1), {"axon": CURVES[name]}, tau_Ca=100.0, initial={"Ca": 1.0})
    run = simulate(Network({"cells": cells}), 300.0, dt=0.5, backend="reference", progress=False,
                   record=["cells.grown_axon", "cells.z_axon"])
    t = (np.arange(300_000) + 0.5) * 0.001
    ca = np.exp(-t / 100.0)
    if name == "linear":
        curve = 20.0 * (1 - ca / 0.5)
    elif name == "gaussian":
        curve = 10.0 * (2 * np.exp(-4 * np.log(2.0) * ((ca - 0.35) / 0.5) ** 2) - 1)
    else:
        curve = 5.0 * (2 / (1 + np.exp((ca - 0.4) / 0.1)) - 1)
    # the concentration at the beginning of a step of 0.5 ms is taken for all of it
    assert run["cells.grown_axon"][-1, 0] == pytest.approx(1e-6 * curve.sum(), abs=0.01)
    assert np.all(np.asarray(run["cells.z_axon"]) == 0.0)


def test_the_trace_of_spikes_is_their_rate():
    cells = with_elements(Neurons(1, "dv/dt = 1/tau : 1", threshold="v > 0.999", reset="v = 0", tau=20.0),
                          {"axon": STILL}, tau_Ca=100.0, beta_Ca=0.02)
    run = simulate(Network({"cells": cells}), 2000.0, dt=1.0, backend="reference", record=["cells.Ca"], progress=False)
    mean = np.asarray(run["cells.Ca"])[1000:].mean()
    # beta tau r with a spike every 20 ms; samples are taken behind the jump of a step of 1 ms
    assert mean == pytest.approx(0.02 * 100.0 / 20.0, rel=0.01)


def test_calcium_reaches_its_target_and_edges_settle():
    """Cells driven by noise far below the rate that they aim at must find the inputs that lift them to it."""
    cells = Neurons(60, "dv/dt = -v/tau : mV (unless refractory)", threshold="v > 15*mV", reset="v = 0*mV",
                    refractory=2.0, tau=20.0)
    curve = GaussianGrowth(rate=5.0, eta=0.0, eps=0.5)  # 0.5 is 10 Hz
    net = Network({"cells": with_elements(cells, {"axon": curve, "dendrite": curve}, tau_Ca=1000.0, beta_Ca=0.05)})
    net.drive("cells", "v += d", rate=20.0, count=50, d=0.55)
    net.connect("cells", "cells", Bernoulli(0.0), on_pre="v += w", w=0.8, delay=1.0, name="edges",
                structure=SynapticElements(every=400.0))
    record = {"cells.Ca": 500.0, "edges.in_degree": 500.0}
    run = simulate(net, 40_000.0, dt=1.0, seed=1, record=record, progress=False)
    calcium = np.asarray(run["cells.Ca"]).mean(axis=1)
    edges = np.asarray(run["edges.in_degree"]).sum(axis=1)
    assert calcium[:4].max() < 0.15
    assert edges[:4].max() < 0.2 * edges[-40:].mean()
    assert calcium[-40:].mean() == pytest.approx(0.5, rel=0.05)
    assert edges[-40:-20].mean() == pytest.approx(edges[-20:].mean(), rel=0.1)


def turning(multiple, **fields):
    cells = silent(9)
    net = Network({"cells": cells})
    net.connect("cells", "cells", FixedInDegree(4, self_connections=False, multiple=False), name="edges",
                model="w : 1", on_pre="x += w", initial={"w": "rand()"},
                structure=Turnover(threshold=0.4, every=5.0, self_connections=False, multiple=multiple, **fields))
    return net


@pytest.mark.parametrize("multiple", [True, False])
def test_weak_edges_die_and_every_target_keeps_its_number(multiple):
    session = Simulation(turning(multiple), dt=1.0, backend="reference", progress=False)
    start = dict(zip(map(tuple, rows(session, "edges")), session.get("edges.w"), strict=True))
    session.run(5.0)
    pairs, weights = rows(session, "edges"), session.get("edges.w")
    np.testing.assert_array_equal(session.get("edges.in_degree"), 4)
    np.testing.assert_array_equal(np.bincount(pairs[:, 1], minlength=9), 4)
    assert np.all(pairs[:, 0] != pairs[:, 1])
    if not multiple:
        assert len(np.unique(pairs, axis=0)) == 36
    strong = {(pair, w) for pair, w in start.items() if w >= 0.4}
    assert strong <= set(zip(map(tuple, pairs), weights, strict=True))
    assert 0 < len(strong) < 36
    session.run(100.0)  # what is drawn above the threshold stays, so in the end nothing moves
    assert np.all(session.get("edges.w") >= 0.4)


def test_the_chance_says_how_many_weak_edges_die():
    wires = Wires(join="j", source="a", target="b", sources=50, targets=40, starts=np.repeat(np.arange(50), 40),
                  ends=np.tile(np.arange(40), 50))
    rule = Turnover(threshold=1.0, chance=0.25)
    changes, _ = rule.rewire([wires], lambda name: np.zeros(2000), Lots(1, 2, 3))
    died = np.count_nonzero(~changes["j"].kept)
    assert died == pytest.approx(500, abs=4 * np.sqrt(2000 * 0.25 * 0.75))
    assert np.bincount(changes["j"].ends, minlength=40).sum() == died
    assert len(np.unique(changes["j"].starts)) == 50


def test_partners_are_found_where_hardly_any_are_left():
    """All pairs but those of one source are taken, so each draw hits a free one once in a hundred times."""
    size = 100
    wires = Wires(join="j", source="a", target="b", sources=size, targets=3, starts=np.repeat(np.arange(size), 3),
                  ends=np.tile(np.arange(3), size))
    weights = np.where(wires.starts == 41, 0.0, 1.0)
    changes, _ = Turnover(threshold=0.5, multiple=False).rewire([wires], lambda name: weights, Lots(1, 2, 3))
    np.testing.assert_array_equal(changes["j"].starts, [41, 41, 41])
    np.testing.assert_array_equal(np.sort(changes["j"].ends), [0, 1, 2])


def test_losses_are_drawn_evenly_among_the_own():
    owner = np.repeat([0, 1, 2], [10, 5, 7])
    counts = np.zeros(owner.size)
    for step in range(500):
        marked = chosen_of_each(owner, np.array([3, 0, 9]), Lots(0, 1, step))
        counts += marked
        assert marked[:10].sum() == 3
    np.testing.assert_array_equal(counts[10:15], 0)
    np.testing.assert_array_equal(counts[15:], 500)
    assert np.all(np.abs(counts[:10] - 150) < 4 * np.sqrt(500 * 0.3 * 0.7))


def test_lots_are_functions_of_seed_stream_step_and_call():
    assert np.array_equal(Lots(1, 2, 3).uniform(5), Lots(1, 2, 3).uniform(5))
    lots = Lots(1, 2, 3)
    assert not np.array_equal(lots.uniform(5), lots.uniform(5))
    assert not np.array_equal(Lots(1, 2, 4).uniform(5), Lots(1, 2, 3).uniform(5))
    assert sorted(Lots(1, 2, 3).order(50)) == list(range(50))


def test_a_network_with_structures_is_written_down_and_read_again():
    for net in (learning_network(), turning(True)):
        assert Network.from_dict(net.to_dict()) == net
        assert Network.from_yaml(net.to_yaml()) == net
    assert "SynapticElements" in repr(learning_network())


def pair(structure, rule=None, **fields):
    """Two populations with elements, joined one way."""
    grown = {"axon": STILL, "dendrite": STILL}
    net = Network({"a": with_elements(silent(3), grown), "b": with_elements(silent(3), grown)})
    given = {"on_pre": "x += w", "w": 1.0, **fields}
    net.connect("a", "b", rule or AllToAll(), structure=structure, **given)
    return net


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: SynapticElements(every=0.0), DescriptionError, "SynapticElements.every must be > 0"),
        (lambda: SynapticElements(vacant_loss=2), DescriptionError, r"vacant_loss must be in \[0, 1\]"),
        (lambda: SynapticElements(axon="d", dendrite="d"), DescriptionError, "must be another element than axon"),
        (lambda: SynapticElements(multiple=1), DescriptionError, "SynapticElements.multiple must be True or False"),
        (lambda: Turnover(threshold="weak"), DescriptionError, "Turnover.threshold must be a number, got 'weak'"),
        (lambda: GaussianGrowth(eta=0.8), DescriptionError, r"GaussianGrowth.eta must be < eps \(0.7\), got 0.8"),
        (lambda: with_elements(silent(2), {"axon": 3}), DescriptionError, "axon must grow by a curve"),
        (lambda: with_elements(Neurons(2, "v : 1"), {}), DescriptionError, "must be Neurons with a threshold"),
        (lambda: pair(STDP()), NetworkError, "structure must be a rule such as SynapticElements"),
        (lambda: pair(SynapticElements(axon="axn")), DescriptionError, "'z_axn'; did you mean 'z_axon'"),
        (lambda: pair(Turnover(threshold=1, variable="v")), DescriptionError, "there is no variable 'v'; there are: w"),
        (lambda: pair(SynapticElements(), delay=Uniform(1.0, 3.0)), NetworkError, "need one delay for all"),
        (lambda: pair(SynapticElements(), w=np.ones(9)), NetworkError, r"w of edges that come and go must be a number"),
        (lambda: pair(SynapticElements()).build(dt=0.3), NetworkError, "must be a multiple of the time step 0.3 ms"),
        (lambda: pair(SynapticElements()).build(dt=1.0, replicas=2), NetworkError, "replicas share their edges"),
        (lambda: Simulation(pair(SynapticElements(), w=Uniform(0.0, 1.0)), dt=1.0, record="a_to_b.w"), RecordingError,
         "the edges of 'a_to_b' come and go; record 'a_to_b.in_degree'"),
    ],
)
def test_what_cannot_be_is_refused_by_name(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_joins_that_cannot_share_their_elements_are_refused():
    net = pair(SynapticElements())
    net.connect("b", "a", AllToAll(), on_pre="x += w", w=1.0, structure=SynapticElements())
    with pytest.raises(DescriptionError, match="'(a|b)' must be joined to '(a|b)' with the same rule"):
        net.build(dt=1.0)
    net = pair(SynapticElements())
    net.connect("a", "b", AllToAll(), on_pre="x += w", w=1.0, structure=SynapticElements(every=400.0))
    with pytest.raises(NetworkError, match="'a_to_b' and 'a_to_b_2' both change"):
        net.build(dt=1.0)
    net = pair(SynapticElements())
    net.connect("a", "b", AllToAll(), on_pre="x += w", w=1.0, structure=SynapticElements())
    with pytest.raises(DescriptionError, match="cannot share elements between two joins from 'a' to 'b'"):
        net.build(dt=1.0)


def test_a_module_does_not_train_edges_that_come_and_go():
    pytest.importorskip("torch")
    from neurosim.bridges.torch import as_module

    with pytest.raises(DescriptionError, match="join 'a_to_b': a module trains the edges that there are"):
        as_module(pair(SynapticElements()), inputs="a.spikes", outputs="b.x", dt=1.0)


def test_a_checkpoint_without_its_edges_is_refused(tmp_path):
    from neurosim.simulate.checkpoint import read_checkpoint, write_checkpoint

    session = Simulation(pair(SynapticElements()), dt=1.0, backend="reference", progress=False)
    session.save(tmp_path / "a.npz")
    saved = read_checkpoint(tmp_path / "a.npz")
    state = {name: value for name, value in saved.state.items() if name != "a_to_b#target"}
    write_checkpoint(tmp_path / "b.npz", type(saved)(**{**vars(saved), "state": state}))
    with pytest.raises(CheckpointError, match="lacks the edges of 'a_to_b'"):
        Simulation.load(tmp_path / "b.npz", backend="reference")


def test_given_edges_may_come_and_go_from_where_they_stand():
    """Edges given in any order; the first ones are too many, so all but those with an element die."""
    grown = {"axon": STILL, "dendrite": STILL}
    cells = with_elements(silent(4), grown, initial={"z_axon": 1.0, "z_dendrite": 4.0})
    net = Network({"cells": cells})
    given = FromArrays([3, 1, 1, 0, 2, 2], [0, 1, 2, 3, 3, 0])
    net.connect("cells", "cells", given, on_pre="x += w", w=1.0, name="edges", structure=SynapticElements(every=1.0))
    session = Simulation(net, dt=1.0, backend="reference", progress=False)
    session.run(1.0)
    found = rows(session, "edges")
    np.testing.assert_array_equal(found[:, 0], [0, 1, 2, 3])
    assert {tuple(pair) for pair in found} <= {(3, 0), (1, 1), (1, 2), (0, 3), (2, 3), (2, 0)}
