"""Discrete learners against programs that know nothing of operations."""

import numpy as np
import pytest

from neurosim import Network, Simulation, simulate
from neurosim.errors import DescriptionError
from neurosim.families import KeyValueBottleneck, TreeLayer, TsetlinMachine
from neurosim.families.discrete import spanning_tree
from neurosim.kernels.philox import stream_number, words


def tsetlin_by_rules(machine, seed, name):
    """The published rules, automaton by automaton; only the words are drawn from the same counters."""
    states = machine.first_states.astype(int).copy()
    samples, literals = machine.samples, 2 * machine.samples.shape[1]

    def word(place, step, index):
        return int(words(seed, stream_number(f"{name}{place}/0"), step, np.array([index]))[0])

    for step, (bits, label) in enumerate(zip(samples, machine.labels, strict=True)):
        if label < 0:
            continue
        literal = np.concatenate([bits, ~bits])
        drawn = (word(".teacher", step, 0) >> 16) * (machine.classes - 1) >> 16
        for c, target in ((label, 1), ((label + 1 + drawn) % machine.classes, 0)):
            mine = range(c * machine.clauses, (c + 1) * machine.clauses)
            held = {j: all(literal[k] for k in range(literals) if states[j, k] > machine.states) for j in mine}
            v = sum(held[j] * (1 if j % 2 == 0 else -1) for j in mine)
            v = max(-machine.threshold, min(machine.threshold, v))
            chance = (machine.threshold - v if target else machine.threshold + v) / (2 * machine.threshold)
            for j in mine:
                if (word("", step, j) >> 16) / 65536 >= chance:
                    continue
                for k in range(literals):
                    if bool(target) == (j % 2 == 0):
                        low = (word(".automaton", step, j * literals + k) >> 8) / 2**24 < machine.weakening
                        if held[j] and literal[k]:
                            states[j, k] += machine.boost or not low
                        else:
                            states[j, k] -= low
                    elif held[j] and not literal[k] and states[j, k] <= machine.states:
                        states[j, k] += 1
            states = np.clip(states, 1, 2 * machine.states)
    return states


def test_a_tsetlin_machine_follows_the_published_rules(backend):
    check_rules(backend, classes=3, boost=True)


def test_a_tsetlin_machine_without_boosting_follows_the_published_rules():
    check_rules("reference", classes=2, boost=False)


def check_rules(backend, classes, boost):
    """The states after 60 samples, some of them without a label, and after five steps more."""
    rng = np.random.default_rng(0)
    samples, labels = rng.random((60, 5)) < 0.5, rng.integers(-1, classes, 60)
    machine = TsetlinMachine(samples, labels, classes=classes, clauses=4, threshold=3, specificity=2.5, states=3,
                             boost=boost)  # fmt: skip
    session = Simulation(Network({"tm": machine}), dt=1.0, seed=11, backend=backend, progress=False)
    session.run(60.0)
    states = session.get("tm.automaton.state").reshape(machine.size, 10)
    np.testing.assert_array_equal(states, tsetlin_by_rules(machine, 11, "tm"))
    session.run(5.0)  # behind the last sample nothing is learnt
    np.testing.assert_array_equal(session.get("tm.automaton.state").reshape(machine.size, 10), states)


def test_clauses_vote_for_and_against_and_empty_ones_are_silent_when_asked():
    """Two classes, two clauses each: x0 for 0, not x1 against 0, nothing for 1, x0 and x1 against 1."""
    automata = np.full((4, 4), 10)
    automata[0, 0] = automata[1, 3] = automata[3, 0] = automata[3, 1] = 11
    samples = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], bool)
    machine = TsetlinMachine(samples, [-1] * 4, clauses=2, threshold=5, states=10, automata=automata)
    record = ["tm.output", "tm.score.v", "tm.score.win"]
    recording = simulate(Network({"tm": machine}), 4.0, dt=1.0, backend="reference", record=record, progress=False)
    outputs = [[0, 1, 0, 0], [0, 0, 0, 0], [1, 1, 0, 0], [1, 0, 0, 1]]
    np.testing.assert_array_equal(recording["tm.output"], outputs)
    np.testing.assert_array_equal(recording["tm.score.v"], [[-1, 0], [0, 0], [0, 0], [1, -1]])
    np.testing.assert_array_equal(recording["tm.score.win"], [[0, 1], [1, 0], [1, 0], [1, 0]])


def bottleneck_by_hand(part, steps):
    """Nearest keys by a loop; the keys, values, and answers."""
    keys = None if part.keys is None else part.keys.copy()
    heads = 1 if keys is None else len(keys)
    width = part.samples.shape[1] if keys is None else keys.shape[0] * keys.shape[1]
    values, share, answers = np.zeros((width, part.classes)), np.zeros(width), []
    for x, label in zip(part.samples[:steps], part.labels[:steps], strict=True):
        code = x.copy() if keys is None else np.zeros(width)
        if keys is not None:
            seen = [x if part.projections is None else x @ p for p in (part.projections if part.projections is not None
                                                                      else [None] * heads)]  # fmt: skip
            won = [int(((keys[h] - seen[h]) ** 2).sum(axis=1).argmin()) for h in range(heads)]
            for h, j in enumerate(won):
                code[h * keys.shape[1] + j] = 1.0
        p = np.exp(code @ values / heads)
        p /= p.sum()
        answers.append(int(p.argmax()))
        if label >= 0:
            values -= part.rate / heads * np.outer(code, p - np.eye(part.classes)[label])
        elif label == -1 and keys is not None:
            share = part.decay * share + (1 - part.decay) * code
            for h, j in enumerate(won):
                keys[h, j] += (1 - part.decay) * (seen[h] - keys[h, j]) / share[h * keys.shape[1] + j]
    return keys, values, answers


def test_a_bottleneck_fetches_and_teaches_the_nearest_keys(backend):
    check_bottleneck(backend, "three heads")


@pytest.mark.parametrize("kind", ["one head", "no keys"])
def test_a_bottleneck_with_one_head_or_no_keys_teaches_what_it_sees(kind):
    check_bottleneck("reference", kind)


def check_bottleneck(backend, kind):
    """Keys, values and answers after 80 samples of all kinds."""
    rng = np.random.default_rng(1)
    samples, labels = rng.normal(size=(80, 4)), rng.integers(-2, 3, 80)
    keys = {"one head": rng.normal(size=(7, 4)), "three heads": rng.normal(size=(3, 5, 2)), "no keys": None}[kind]
    projections = rng.normal(size=(3, 4, 2)) if kind == "three heads" else None
    part = KeyValueBottleneck(samples, labels, classes=3, keys=keys, projections=projections, rate=0.4, decay=0.8)
    session = Simulation(Network({"kv": part}), dt=1.0, backend=backend, dtype="float64", record=["kv.answer"],
                         progress=False)  # fmt: skip
    recording = session.run(80.0)
    expected_keys, expected_values, answers = bottleneck_by_hand(part, 80)
    np.testing.assert_array_equal(np.asarray(recording["kv.answer"]).argmax(axis=1), answers)
    values = session.get("kv.value.weight").reshape(3, -1).T
    np.testing.assert_allclose(values, expected_values, atol=1e-12)
    if keys is not None:
        heads, count, width = part.keys.shape
        found = session.get("kv.key.weight").reshape(heads, width, count).transpose(0, 2, 1)
        np.testing.assert_allclose(found, expected_keys, atol=1e-12)
        assert (found != part.keys).any()


def test_inputs_far_from_one_leave_probabilities_of_the_softmax(backend):
    rng = np.random.default_rng(0)
    samples, values = 1000.0 * rng.normal(size=(12, 3)), rng.normal(size=(3, 4))
    memory = KeyValueBottleneck(samples, np.full(12, -2), classes=4, values=values)
    recording = simulate(Network({"m": memory}), 12.0, dt=1.0, dtype="float64", backend=backend, progress=False,
                         record=["m.p", "m.answer"])  # fmt: skip
    evidence = samples @ values
    expected = np.exp(evidence - evidence.max(axis=1, keepdims=True))
    expected /= expected.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(recording["m.p"], expected, rtol=1e-9, atol=1e-300)
    np.testing.assert_array_equal(np.argmax(recording["m.answer"], axis=1), evidence.argmax(axis=1))


def test_teaching_one_region_leaves_the_values_of_others():
    keys = np.array([[-5.0], [5.0]])
    samples = np.concatenate([np.full((30, 1), 5.0), np.full((30, 1), -5.0)])
    part = KeyValueBottleneck(samples, [1] * 30 + [0] * 30, classes=2, keys=keys, rate=0.5)
    session = Simulation(Network({"kv": part}), dt=1.0, backend="reference", progress=False)
    session.run(30.0)
    before = session.get("kv.value.weight").reshape(2, 2)
    session.run(30.0)
    after = session.get("kv.value.weight").reshape(2, 2)
    np.testing.assert_array_equal(before[:, 1], after[:, 1])
    assert before[1, 1] > 0 > before[0, 1]
    assert (before[:, 0] == 0).all()
    assert after[0, 0] > 0


@pytest.mark.parametrize("complement", [False, True])
def test_a_layer_along_a_tree_gives_the_product_exactly(backend, complement):
    rng = np.random.default_rng(2)
    weights, samples = rng.choice([-1, 1], (20, 15)), rng.integers(-50, 50, (25, 15))
    weights[3], weights[7] = weights[5], -weights[5]
    layer = TreeLayer(weights, samples, complement=complement)
    recording = simulate(Network({"layer": layer}), 25.0, dt=1.0, backend=backend, record=["layer.y"], progress=False)
    np.testing.assert_array_equal(recording["layer.y"], samples @ weights.T)


@pytest.mark.parametrize("complement", [False, True])
def test_a_tree_spans_with_the_least_total_distance(complement):
    """Against SciPy's minimum spanning tree, in which distances are raised by one so that none is missing."""
    from scipy.sparse.csgraph import minimum_spanning_tree

    for seed in range(5):
        weights = np.random.default_rng(seed).choice([-1, 1], (30, 12))
        weights[1] = weights[0]
        tree = spanning_tree(weights, complement=complement)
        differing = (weights[:, None] != weights[None]).sum(axis=2)
        near = np.minimum(differing, 12 - differing) if complement else differing
        least = minimum_spanning_tree(near + 1.0).sum() - 29
        assert tree.operations == 12 + least
        assert tree.ratio == pytest.approx((12 + least) / (30 * 12))
        for channel, parent in enumerate(tree.parent):
            if channel != tree.root:
                assert tree.depth[channel] == tree.depth[parent] + 1
                other = tree.sign[channel] * weights[parent]
                assert (weights[channel] != other).sum() == tree.distance[channel]


def test_the_root_is_where_the_tree_is_lowest():
    chain = np.tril(np.ones((9, 8), int), -1) * 2 - 1  # channel k differs from k + 1 at one position
    order = np.random.default_rng(0).permutation(9)
    tree = spanning_tree(chain[order])
    assert order[tree.root] == 4
    assert tree.depth.max() == 4


@pytest.mark.parametrize(
    "part",
    [
        TsetlinMachine(np.eye(3, dtype=bool), [0, 1, -1], clauses=2, automata=np.full((4, 6), 128)),
        KeyValueBottleneck(np.eye(2), [0, -2], classes=2, keys=np.eye(2), values=np.ones((2, 2))),
        TreeLayer([[1, -1], [1, 1]], [[0.0, 2.0]], complement=True),
    ],
    ids=lambda part: type(part).__name__,
)
def test_a_discrete_learner_survives_being_written_down(part):
    network = Network({"part": part})
    assert Network.from_dict(network.to_dict()) == network


BITS, LABELS = np.eye(3, dtype=bool), [0, 1, 0]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: TsetlinMachine(BITS, LABELS, clauses=3), "TsetlinMachine.clauses must be even, .*, got 3"),
        (lambda: TsetlinMachine(BITS, LABELS, specificity=1.0), "TsetlinMachine.specificity must be > 1, got 1.0"),
        (lambda: TsetlinMachine(BITS, LABELS, classes=1), "TsetlinMachine.classes must be in 2..256, got 1"),
        (lambda: TsetlinMachine(BITS, LABELS, states=20_000), "TsetlinMachine.states must be <= 16383, got 20000"),
        (lambda: TsetlinMachine(BITS * 2, LABELS), "TsetlinMachine.samples must be 0 or 1, got 2"),
        (lambda: TsetlinMachine(BITS, [0, 1]), r"TsetlinMachine.labels must be \(3,\), one for each sample"),
        (lambda: TsetlinMachine(BITS, [0, 1, 2]), "TsetlinMachine.labels must be in -1..1, got 0..2"),
        (lambda: TsetlinMachine(BITS, LABELS, automata=np.zeros((20, 6), int)), "automata must be in 1..256, got 0"),
        (lambda: TsetlinMachine(BITS, LABELS, automata=[[1]]), r"automata must be whole numbers \(20, 6\)"),
        (lambda: KeyValueBottleneck(np.eye(3), [0, 1, 5], classes=2), "labels must be in -2..1, got 0..5"),
        (lambda: KeyValueBottleneck(np.eye(3), LABELS, classes=2, keys=np.eye(2)), "keys must have as many numbers"),
        (lambda: KeyValueBottleneck(np.eye(3), LABELS, classes=2, decay=1.0), "decay must be < 1, got 1.0"),
        (lambda: KeyValueBottleneck(np.eye(3), LABELS, classes=2, projections=np.eye(3)), "must be None where keys"),
        (lambda: KeyValueBottleneck([[np.nan]], [0], classes=2), "samples must be finite, got nan"),
        (lambda: TsetlinMachine([[1], [1, 0]], LABELS), "TsetlinMachine.samples must be an array of real numbers"),
        (lambda: TsetlinMachine(BITS, LABELS, boost="no"), "TsetlinMachine.boost must be True or False, got 'no'"),
        (lambda: KeyValueBottleneck("abc", LABELS, classes=2), "KeyValueBottleneck.samples must be an array of real"),
        (lambda: KeyValueBottleneck(np.eye(3), LABELS, classes=2, keys=[[1], [1, 2]]), "keys must be an array of"),
        (lambda: spanning_tree([[1], [1, -1]]), "weights must be an array of real numbers"),
        (lambda: spanning_tree([[1, 1]], complement="no"), "complement must be True or False, got 'no'"),
        (lambda: TreeLayer([[1, 0]], [[1, 1]]), "TreeLayer.weights must be -1 or 1, got 0"),
        (lambda: TreeLayer([[1, 1]], [[1, 1, 1]]), r"TreeLayer.samples must have the shape \(any, 2\), got \(1, 3\)"),
    ],
)
def test_a_wrong_field_is_refused_by_name(make, message):
    with pytest.raises(DescriptionError, match=message):
        make()
