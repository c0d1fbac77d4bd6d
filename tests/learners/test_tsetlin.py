"""Packed clauses beside the program of the same machine."""

import numpy as np
import pytest

from neurosim import Network, Simulation
from neurosim.errors import DescriptionError
from neurosim.families import TsetlinMachine
from neurosim.learners import clauses, predict, scores, train
from neurosim.tasks import NoisyXor


def drawn(features, classes, count=150, seed=0):
    rng = np.random.default_rng(seed)
    return rng.random((count, features)) < 0.5, rng.integers(0, classes, count)


@pytest.mark.parametrize(("features", "classes", "boost"), [(12, 2, False), (33, 2, True), (40, 5, False)])
def test_packed_clauses_reach_the_states_of_the_program(features, classes, boost):
    """More literals than a word, and clauses that do not begin at a block of draws."""
    samples, labels = drawn(features, classes)
    labels[::10] = -1
    machine = TsetlinMachine(samples, labels, classes=classes, clauses=6, threshold=4, states=5, boost=boost)
    session = Simulation(Network({"tm": machine}), dt=1.0, seed=5, backend="reference", progress=False)
    session.run(150.0)
    taught = train(machine, seed=5, name="tm")
    np.testing.assert_array_equal(taught.automata.ravel(), session.get("tm.automaton.state"))
    assert (taught.automata != machine.first_states).mean() > 0.5


def test_training_can_be_split_and_repeats_samples():
    samples, labels = drawn(8, 2)
    machine = TsetlinMachine(samples, labels)
    whole = train(machine, epochs=5, seed=9)
    half = train(machine, epochs=2, seed=9)
    rest = train(half, epochs=3, seed=9, step=2 * len(samples))
    assert rest == whole
    assert train(machine, epochs=5, seed=10) != whole
    assert train(machine, epochs=5, seed=9, name="other") != whole
    twice = TsetlinMachine(np.tile(samples, (5, 1)), np.tile(labels, 5))
    np.testing.assert_array_equal(train(twice, seed=9).automata, whole.automata)


def test_scores_are_votes_of_the_clauses_read_as_text():
    samples, labels = drawn(35, 3)
    machine = train(TsetlinMachine(samples, labels, classes=3, clauses=20, threshold=6, states=4), epochs=3)
    expected = np.zeros((len(samples), 3), int)
    for clause in clauses(machine):
        if clause.true or clause.false:
            holds = samples[:, list(clause.true)].all(axis=1) & ~samples[:, list(clause.false)].any(axis=1)
            expected[:, clause.of] += clause.sign * holds
    np.testing.assert_array_equal(scores(machine, samples), np.clip(expected, -6, 6))
    np.testing.assert_array_equal(predict(machine, samples), np.clip(expected, -6, 6).argmax(axis=1))


def test_a_clause_reads_as_a_proposition():
    automata = np.full((4, 4), 10)
    automata[0, 0] = automata[0, 3] = automata[1, 1] = 11
    machine = TsetlinMachine(np.eye(2, dtype=bool), [0, 1], clauses=2, states=10, automata=automata)
    assert [str(clause) for clause in clauses(machine)] == ["+0: x0 and not x1", "-0: x1", "+1: empty", "-1: empty"]


def test_the_exclusive_or_is_found_in_noise():
    trials, test = NoisyXor(size=4, flipped=0.2).draw(2000, seed=0), NoisyXor(size=4, flipped=0.0).draw(500, seed=1)
    machine = train(TsetlinMachine(trials.inputs[:, 0], trials.targets), epochs=30, seed=1)
    assert (predict(machine, test.inputs[:, 0]) == test.targets).mean() == 1.0


def test_what_does_not_fit_is_refused():
    machine = TsetlinMachine(np.eye(3, dtype=bool), [0, 1, 0])
    for arguments, message in (
        ({"epochs": 0}, "epochs must be a whole number >= 1, got 0"),
        ({"seed": -1}, "seed must be a whole number >= 0, got -1"),
        ({"step": 1 << 47}, r"step \+ epochs \* samples must be < 2\*\*47"),
    ):
        with pytest.raises(DescriptionError, match=message):
            train(machine, **arguments)
    with pytest.raises(DescriptionError, match=r"samples must be \(n, 3\), got an array of shape \(3, 4\)"):
        scores(machine, np.zeros((3, 4)))
    with pytest.raises(DescriptionError, match="machine must be a TsetlinMachine, got ndarray"):
        train(np.eye(3))
    with pytest.raises(DescriptionError, match=r"samples must be 0 or 1, got 0\.5"):
        predict(machine, np.full((2, 3), 0.5))
