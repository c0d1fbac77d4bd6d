"""Joins with a third partner: what edges read of it and what they give to it."""

import numpy as np
import pytest

from neurosim import Network, Neurons, SpikeGenerator, simulate
from neurosim.connectivity import AllToAll, Bernoulli, FromArrays
from neurosim.errors import DescriptionError, EquationError, NetworkError

SOURCES, TARGETS, ASTROCYTES = 20, 12, 3
OWNERS = np.array([0, 1, 2, -1] * 3)


def source(seed=0):
    """Twenty trains, each of at most one spike in every other step."""
    rng = np.random.default_rng(seed)
    steps, indices = np.nonzero(rng.random((20, SOURCES)) < 0.3)
    return SpikeGenerator(SOURCES, indices, steps * 2.0)


def network(**fields):
    """Edges that read ``s`` of their astrocyte and give it their number over the number of its synapses."""
    net = Network({
        "source": source(),
        "target": Neurons(TARGETS, "g : 1\nx : 1"),
        "astro": Neurons(ASTROCYTES, "ds/dt = -s/tau : 1\nheard : 1", tau=10.0, initial={"s": [1.0, 2.0, 4.0]}),
    })
    defaults = {"on_pre": "heard_glia += w/synapses_glia; g_post += w*s_glia", "w": "rand()", "domain": OWNERS,
                "glia": "astro"}
    net.connect("source", "target", Bernoulli(0.5), name="join", **{**defaults, **fields})
    return net


def run(net, record, backend="reference", **options):
    if backend != "reference":
        options = {"dtype": "float64", **options}
    return simulate(net, 45.0, dt=1.0, record=record, backend=backend, progress=False, **options)


def expected(net):
    """The same with loops: what the astrocytes have heard and what the targets have got, after 45 steps."""
    program = net.build(dt=1.0)
    edges, w = program.edges["join"].edges, program.buffers["join.w"].initial
    counts = np.zeros(ASTROCYTES)
    for target in edges.target:
        if OWNERS[target] >= 0:
            counts[OWNERS[target]] += 1
    heard, g = np.zeros(ASTROCYTES), np.zeros(TARGETS)
    s = np.array([1.0, 2.0, 4.0])
    trains = source()
    spikes = set(zip(np.rint(np.asarray(trains.times)).astype(int), np.asarray(trains.indices), strict=True))
    for step in range(45):
        for index in range(SOURCES):
            if (step - 1, index) not in spikes:
                continue
            for edge in range(edges.first[index], edges.first[index + 1]):
                owner = OWNERS[edges.target[edge]]
                if owner >= 0:
                    heard[owner] += w[edge] / counts[owner]
                    g[edges.target[edge]] += w[edge] * s[owner]
        s = s * np.exp(-0.1)
    return heard, g


def test_edges_read_their_astrocyte_and_give_to_it_and_those_outside_do_neither(backend):
    net = network()
    recording = run(net, ["astro.heard", "target.g"], backend)
    heard, g = expected(net)
    np.testing.assert_allclose(recording["astro.heard"].values[-1], heard, rtol=1e-12)
    np.testing.assert_allclose(recording["target.g"].values[-1], g, rtol=1e-12)
    assert np.all(g[OWNERS < 0] == 0) and np.all(g[OWNERS >= 0] > 0)


def test_the_bits_do_not_depend_on_the_number_of_threads():
    from neurosim.backends import available

    if available("numba") is not None:
        pytest.skip("needs the Numba backend")
    one, two = (run(network(), ["astro.heard", "target.g"], "numba", threads=n) for n in (1, 2))
    for name in ("astro.heard", "target.g"):
        np.testing.assert_array_equal(one[name].values, two[name].values)


def test_synapses_are_counted_over_all_joins_with_the_same_glia():
    net = network()
    net.add("other", Neurons(5, "g : 1"))
    net.connect("source", "other", AllToAll(), glia="astro", domain=np.zeros(5, int),
                on_pre="heard_glia += 1/synapses_glia")
    program = net.build(dt=1.0)
    own = sum(OWNERS[t] == 0 for t in program.edges["join"].edges.target)
    assert set(program.buffers["source_to_other.synapses_glia"].initial) == {own + 5 * SOURCES}


def test_plastic_edges_may_give_when_the_target_spikes(backend):
    net = Network({
        "source": SpikeGenerator(1, [0], [0.0]),
        "target": Neurons(2, "dv/dt = 1/ms : 1", threshold="v > 3.5", reset="v = 0"),
        "astro": Neurons(1, "heard : 1"),
    })
    net.connect("source", "target", AllToAll(), glia="astro", on_pre="heard_glia += 100", on_post="heard_glia += 1")
    heard = simulate(net, 10.0, dt=1.0, record="astro.heard", backend=backend, progress=False)["astro.heard"].values
    # one spike of the source arrives at both, then each target spikes twice
    assert heard[:, 0].tolist() == [0, 200, 200, 202, 202, 202, 202, 204, 204, 204]


def test_the_nearest_astrocyte_is_that_of_the_target():
    points = np.array([[0.0, 0.0], [100.0, 0.0]])
    where = np.array([[10.0, 5.0], [60.0, 0.0], [49.0, 0.0]])
    net = Network({
        "source": SpikeGenerator(1, [0], [0.0]),
        "target": Neurons(3, "g : 1", positions=where),
        "astro": Neurons(2, "heard : 1", positions=points),
    })
    net.connect("source", "target", AllToAll(), glia="astro", on_pre="heard_glia += 1")
    heard = simulate(net, 3.0, dt=1.0, record="astro.heard", backend="reference", progress=False)["astro.heard"]
    assert heard.values[-1].tolist() == [2.0, 1.0]


def test_a_join_with_glia_survives_being_written_down():
    net = network()
    assert Network.from_yaml(net.to_yaml()) == net
    assert net.joins["join"].glia == "astro"


@pytest.mark.parametrize(
    ("fields", "error", "message"),
    [
        ({"glia": "astra"}, NetworkError, "glia: no part 'astra'; did you mean 'astro'"),
        ({"domain": [0, 1]}, NetworkError, r"whole numbers of shape \(12,\), one for each target, got \[0, 1\]"),
        ({"domain": OWNERS + 1}, NetworkError, r"domain must be in \[-1, 3\), got 3"),
        ({"domain": "nearest"}, NetworkError, "domain 'nearest' needs positions of the target"),
        ({"domain": None}, NetworkError, "domain 'nearest' needs positions of the target"),
        ({"on_pre": "heard_glia = w"}, EquationError, "a variable of the glia can only be added to"),
        ({"on_pre": "tau_glia += w"}, EquationError, "'tau' of 'astro' is constant"),
        ({"on_pre": "heard_glia += w*heard_glia"}, EquationError, "may read 'heard_glia' or add to it, not both"),
        ({"on_pre": "g_post += w*q_glia"}, EquationError, "needs a value for: q_glia"),
        ({"couple": "heard_glia = s_glia"}, EquationError, "couple is one statement"),
    ],
)
def test_what_a_join_with_glia_cannot_do_is_refused_by_name(fields, error, message):
    with pytest.raises(error, match=message):
        network(**fields)


def test_a_domain_without_glia_is_refused():
    net = Network({"source": source(), "target": Neurons(TARGETS, "g : 1")})
    with pytest.raises(DescriptionError, match="domain needs the part that it is a domain of"):
        net.connect("source", "target", AllToAll(), on_pre="g_post += 1", domain=OWNERS)


def test_only_targets_with_edges_matter():
    parts = {"target": Neurons(2, "g : 1"), "astro": Neurons(1, "y : 1")}
    net = Network({"source": SpikeGenerator(1, [0], [0.0]), **parts})
    net.connect("source", "target", FromArrays([0], [1]), glia="astro", on_pre="y_glia += 1/synapses_glia")
    heard = simulate(net, 3.0, dt=1.0, record="astro.y", backend="reference", progress=False)["astro.y"].values
    assert heard[-1, 0] == 1.0
