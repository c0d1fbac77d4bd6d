"""Joins in which each synapse has a glial cell of its own."""

import numpy as np
import pytest

from neurosim import Network, Neurons, SpikeGenerator, simulate
from neurosim.connectivity import AllToAll, Bernoulli, FixedTotal, FromArrays
from neurosim.errors import EquationError, NetworkError

SOURCES, TARGETS, ASTROCYTES, STEPS = 20, 12, 3, 45
TEXTS = "heard_glia += w/synapses_glia; g_post += w*s_glia"


def source(seed=0):
    """Twenty trains, each of at most one spike in every other step."""
    steps, indices = np.nonzero(np.random.default_rng(seed).random((20, SOURCES)) < 0.3)
    return SpikeGenerator(SOURCES, indices, steps * 2.0)


def network(rule=None, domain="N_glia*rand()", cell="g : 1\nx : 1", **fields):
    """Edges that read ``s`` of their astrocyte and give it their number over the number of its synapses."""
    net = Network(
        {
            "source": source(),
            "target": Neurons(TARGETS, cell),
            "astro": Neurons(ASTROCYTES, "ds/dt = -s/tau : 1\nheard : 1", tau=10.0, initial={"s": [1.0, 2.0, 4.0]}),
        }
    )
    defaults = {"on_pre": TEXTS, "w": "rand()", "domain": domain, "glia": "astro"}
    net.connect("source", "target", rule or Bernoulli(0.5), name="join", **{**defaults, **fields})
    return net


def run(net, record=("astro.heard", "target.g"), backend="reference", **options):
    if backend != "reference":
        options = {"dtype": "float64", **options}
    recording = simulate(net, float(STEPS), dt=1.0, record=list(record), backend=backend, progress=False, **options)
    return [recording[name].values for name in record]


def expected(edges, owners, w):
    """The same with loops over (source, target) and the astrocyte of each edge."""
    counts = np.bincount(owners[owners >= 0], minlength=ASTROCYTES)
    heard, g, s = np.zeros(ASTROCYTES), np.zeros(TARGETS), np.array([1.0, 2.0, 4.0])
    trains = source()
    spikes = set(zip(np.rint(np.asarray(trains.times)).astype(int), np.asarray(trains.indices), strict=True))
    for step in range(STEPS):
        for (i, j), owner, weight in zip(edges, owners, w, strict=True):
            if (step - 1, i) in spikes and owner >= 0:
                heard[owner] += weight / counts[owner]
                g[j] += weight * s[owner]
        s = s * np.exp(-0.1)
    return heard, g


def given(seed=0, count=60):
    """Distinct pairs in an order of the user's own, an astrocyte of each, some without one, and weights."""
    rng = np.random.default_rng(seed)
    pairs = rng.permutation(SOURCES * TARGETS)[:count]
    return np.stack(np.divmod(pairs, TARGETS), axis=1), rng.integers(-1, ASTROCYTES, count), rng.random(count)


def test_each_synapse_reads_its_own_astrocyte_and_gives_to_it(backend):
    edges, owners, w = given()
    net = network(FromArrays(*edges.T), owners, w=w)
    heard, g = run(net, backend=backend)
    wanted = expected(edges, owners, w)
    np.testing.assert_allclose(heard[-1], wanted[0], rtol=1e-12)
    np.testing.assert_allclose(g[-1], wanted[1], rtol=1e-12)
    # synapses of one neuron lie in several domains, which no domain of targets can say
    assert max(np.unique(owners[edges[:, 1] == j]).size for j in range(TARGETS)) > 2


def test_a_domain_drawn_for_each_synapse_is_the_same_on_every_backend(backend):
    heard, g = run(network(), backend=backend)
    wanted = run(network())
    np.testing.assert_allclose(heard, wanted[0], rtol=1e-12)
    np.testing.assert_allclose(g, wanted[1], rtol=1e-12)


def test_a_text_says_the_domain_from_both_ends():
    net = network(AllToAll(), "(i + 2*j) % N_glia", w=0.5)
    edges = np.stack(np.divmod(np.arange(SOURCES * TARGETS), TARGETS), axis=1)
    wanted = expected(edges, (edges[:, 0] + 2 * edges[:, 1]) % ASTROCYTES, np.full(len(edges), 0.5))
    heard, g = run(net)
    np.testing.assert_allclose(heard[-1], wanted[0], rtol=1e-12)
    np.testing.assert_allclose(g[-1], wanted[1], rtol=1e-12)


def test_domains_of_targets_and_of_edges_that_say_the_same_do_the_same():
    owners = np.array([0, 1, 2, -1] * 3)
    of_targets = run(network(AllToAll(), owners, w=0.5))
    of_edges = run(network(AllToAll(), "j % 4 if j % 4 < 3 else -1", w=0.5))
    for one, other in zip(of_targets, of_edges, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)


def test_the_bits_do_not_depend_on_the_number_of_threads():
    from neurosim.backends import available

    if available("numba") is not None:
        pytest.skip("needs the Numba backend")
    one, two = (run(network(FixedTotal(300, multiple=True)), backend="numba", threads=n) for n in (1, 2))
    for first, second in zip(one, two, strict=True):
        np.testing.assert_array_equal(first, second)
    assert one[1][-1].min() > 0


def test_synapses_see_their_target_and_a_refractory_one_takes_nothing(backend):
    cell = Neurons(
        TARGETS, "dv/dt = -v/(100*ms) : 1 (unless refractory)\nx : 1\ngot : 1", threshold="v > 0.9", reset="v -= 0.7",
        refractory=7.0, initial={"x": np.arange(TARGETS) / 4.0},
    )  # fmt: skip
    found = []
    for domain in ([0] * TARGETS, "0*i"):
        astro = Neurons(ASTROCYTES, "s : 1", initial={"s": 0.5})
        net = Network({"source": source(), "target": cell, "astro": astro})
        net.connect("source", "target", Bernoulli(0.3), name="join", glia="astro", domain=domain,
                    on_pre="v_post += s_glia; got_post += x_post*s_glia")  # fmt: skip
        found.append(run(net, ("target.v", "target.got"), backend))
    assert cell.guarded == {"v"} and found[0][1][-1].max() > 0
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)


def test_a_join_with_a_domain_of_its_edges_survives_being_written_down():
    for domain in ("N_glia*rand()", given()[1]):
        edges, _, w = given()
        net = network(FromArrays(*edges.T), domain, w=w)
        assert Network.from_yaml(net.to_yaml()) == net


def test_a_run_in_two_parts_equals_the_whole(tmp_path):
    from neurosim import Simulation

    net = network()
    whole = run(net)[1][-1]
    session = Simulation(net, dt=1.0, record=(), backend="reference", progress=False)
    session.run(20.0)
    session.save(tmp_path / "half")
    again = Simulation.load(tmp_path / "half", net, backend="reference", progress=False)
    again.run(STEPS - 20.0)
    np.testing.assert_array_equal(again.get("target.g"), whole)


TWICE = FromArrays([0, 0], [1, 1])


@pytest.mark.parametrize(
    ("fields", "error", "message"),
    [
        ({"domain": "N_glia*x"}, EquationError, "join 'join', domain: unknown name 'x'"),
        (
            {"rule": FromArrays([0, 1], [1, 1]), "domain": [0, 3], "w": 1.0},
            NetworkError,
            r"domain must be in \[-1, 3\)",
        ),
        ({"rule": FromArrays([0, 1], [1, 1]), "domain": [0.5, 1.0], "w": 1.0}, NetworkError, "must be whole numbers"),
        ({"on_pre": "g_post += g_post*s_glia"}, NetworkError, "may read 'g' of the target or add to it, not both"),
        ({"couple": "x = s_glia"}, NetworkError, "couple needs one glial cell for each target"),
    ],
)
def test_what_such_a_join_cannot_do_is_refused_by_name(fields, error, message):
    with pytest.raises(error, match=message):
        network(**fields)


@pytest.mark.parametrize(("fields", "message"), [
    ({"domain": "5"}, r"domain must be in \[-1, 3\), got 5"),
    ({"rule": TWICE, "domain": [1, 0], "w": 1.0}, "must be given in ascending order of their domain"),
])  # fmt: skip
def test_what_the_edges_show_is_refused_when_they_are_drawn(fields, message):
    with pytest.raises(NetworkError, match=message):
        network(**fields).build(dt=1.0)


def test_texts_of_weights_name_the_target_and_not_the_contact():
    program = network(AllToAll(), w="1.0*j").build(dt=1.0)
    contacts = program.edges["join"]
    assert contacts.edges.targets > TARGETS
    assert np.array_equal(program.buffers["join.w"].initial, np.tile(np.arange(TARGETS), SOURCES))
