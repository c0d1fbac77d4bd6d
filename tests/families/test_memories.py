"""Memories against their energies, term by term, and against what is known of their dynamics."""

import itertools
import math

import numpy as np
import pytest

from neurosim import (
    ContinuousHopfield,
    DenseHebbian,
    Examples,
    Hopfield,
    KrotovHopfield,
    Network,
    RandomPatterns,
    Simulation,
    corrupted,
    filled,
    simulate,
)
from neurosim.backends.reference.replica import Replica
from neurosim.backends.reference.sweeps import bring_up_to_date, field_of
from neurosim.errors import DescriptionError
from neurosim.families import CapacityWarning
from neurosim.program import Sweep

SMALL = RandomPatterns(3, 8, seed=2)
BLANK = RandomPatterns(3, 8, dilution=0.4, seed=2)


def symmetric(products, degree):
    """The sum over all sets of ``degree`` units of the product of theirs."""
    return sum(math.prod(chosen) for chosen in itertools.combinations(products, degree))


def fields(memory, states):
    """The field of each unit in these states."""
    program = Network({"m": memory}).build(dt=1.0)
    (op,) = (o for o in program.operations if isinstance(o, Sweep))
    replica = Replica(program, 0, {})
    replica.buffers[op.spins][...] = states
    bring_up_to_date(op, replica)
    return np.array([field_of(op, replica, 0, j) for j in range(memory.size)])


def half_drops(energy, states):
    """Half of what the energy falls by when each unit goes from -1 to 1."""
    found = []
    for j in range(len(states)):
        up, down = (np.where(np.arange(len(states)) == j, sign, states) for sign in (1, -1))
        found.append(0.5 * (energy(down) - energy(up)))
    return np.array(found)


def hebbian_energy(rows, weight, degree, size):
    """-N/2 P!/N^P times the sum over what is stored of the symmetric polynomial."""
    factor = 0.5 * size * math.factorial(degree) / size**degree
    return lambda s: -factor * weight * sum(symmetric(row * s, degree) for row in rows)


@pytest.mark.filterwarnings("ignore:.*stores")
@pytest.mark.parametrize("degree", [2, 4, 6])
@pytest.mark.parametrize("learning", ["stored", "supervised", "unsupervised"])
@pytest.mark.parametrize("patterns", [SMALL, BLANK], ids=["signs", "blanks"])
def test_fields_are_those_of_the_energy_with_distinct_units(degree, learning, patterns):
    examples = None if learning == "stored" else Examples(4, 0.6, seed=3)
    memory = DenseHebbian(patterns, degree=degree, examples=examples, learning=learning, diluted=patterns is BLANK)
    square = 0.6**2 + (1 - 0.6**2) / 4
    if learning == "stored":
        rows, weight = patterns.draw(), 1.0
    elif learning == "supervised":
        rows, weight = memory.drawn_examples().mean(axis=1) / math.sqrt(square), 1.0
    else:
        rows, weight = memory.drawn_examples().reshape(-1, 8), square ** (-degree / 2) / 4
    states = np.array([1, -1, -1, 1, 1, 1, -1, 1])
    expected = half_drops(hebbian_energy(rows, weight, degree, 8), states)
    np.testing.assert_allclose(fields(memory, states), expected, rtol=1e-11, atol=1e-12)


@pytest.mark.filterwarnings("ignore:.*stores")
@pytest.mark.parametrize(("degree", "rectified"), [(2, False), (3, False), (3, True), (4, True)])
def test_fields_of_a_polynomial_memory_count_repeated_units(degree, rectified):
    memory = KrotovHopfield(SMALL, degree=degree, rectified=rectified, drive=0.3)
    states = np.array([1, -1, -1, 1, 1, 1, -1, 1])

    def energy(s):
        z = SMALL.draw() @ s / 8
        return -8 * ((np.maximum(z, 0) if rectified else z) ** degree).sum() - 0.3 * s.sum()

    np.testing.assert_allclose(fields(memory, states), half_drops(energy, states), rtol=1e-12)


def test_fields_of_an_exponential_memory_have_the_signs_of_its_energy():
    memory, states = KrotovHopfield(SMALL, function="exponential"), np.array([1, -1, -1, 1, 1, 1, -1, 1])
    expected = half_drops(lambda s: -np.exp(SMALL.draw() @ s).sum(), states)
    top = np.exp((SMALL.draw() @ states).max())
    np.testing.assert_allclose(fields(memory, states), 2 * expected / top, rtol=1e-12)


def test_hopfield_is_the_dense_memory_of_pairs():
    states = np.array([1, -1, -1, 1, 1, 1, -1, 1])
    with pytest.warns(CapacityWarning):
        pair = Hopfield(SMALL), DenseHebbian(SMALL, degree=2)
    np.testing.assert_allclose(*(fields(m, states) for m in pair), rtol=1e-14)


def test_what_was_taught_is_recalled_from_a_corrupted_cue():
    patterns = RandomPatterns(12, 200, seed=1)
    starts = np.array([corrupted(patterns.draw()[k], 0.15, seed=k) for k in range(4)])
    assert np.all((starts != patterns.draw()[:4]).sum(axis=1) == 30)
    recording = simulate(Network({"memory": Hopfield(patterns, start=starts)}), 4.0, dt=1.0, replicas=4,
                         record="memory.s", backend="reference", progress=False)
    last = np.asarray(recording["memory.s"].values)[-1]
    assert np.min((last * patterns.draw()[:4]).mean(axis=1)) > 0.98


@pytest.mark.shim
def test_the_same_seed_gives_the_same_states_on_every_backend(backend):
    """Fields of whole numbers times powers of two are exact, so no state differs."""
    memory = DenseHebbian(RandomPatterns(400, 48, seed=1), examples=Examples(3, 0.8), learning="unsupervised",
                          temperature="2 - t/10", start="random")
    runs = [np.asarray(simulate(Network({"m": memory}), 12.0, dt=1.0, record="m.s", seed=5, replicas=2, backend=name,
                                dtype="float64", progress=False)["m.s"].values) for name in ("reference", backend)]
    np.testing.assert_array_equal(*runs)
    assert np.any(runs[0][0, 0] != runs[0][0, 1]) and np.any(runs[0][0] != runs[0][-1])


def test_the_energy_never_rises_at_temperature_zero():
    patterns = RandomPatterns(1500, 40, seed=3)
    memory = DenseHebbian(patterns, start="random")
    states = np.asarray(simulate(Network({"m": memory}), 6.0, dt=1.0, record="m.s", backend="reference",
                                 progress=False)["m.s"].values)
    overlaps = states @ patterns.draw().T
    # of four different units: (m^4 - (6 N - 8) m^2 + 3 N^2 - 6 N) / 24
    energies = -(overlaps**4 - (6 * 40 - 8) * overlaps**2).sum(axis=1)
    assert np.all(np.diff(energies) <= 0) and energies[-1] < energies[0]


def test_a_session_can_heat_a_memory_and_turn_its_units():
    memory = Hopfield(RandomPatterns(4, 100, seed=1))
    session = Simulation(Network({"m": memory}), dt=1.0, backend="reference", progress=False)
    session.run(1.0)
    np.testing.assert_array_equal(session.get("m.s"), memory.archetypes[0])
    session.set("m.s", memory.archetypes[2].astype(float))
    session.run(1.0)
    assert session.get("m.overlap")[2] == 100.0
    session.set("m.temperature", 50.0)
    session.run(3.0)
    assert abs(session.get("m.overlap")[2]) < 60.0


def test_a_continuous_memory_lowers_its_energy_and_finds_the_pattern(backend):
    rng = np.random.default_rng(4)
    patterns = rng.normal(size=(20, 32))
    cues = patterns[:5] + 0.3 * rng.normal(size=(5, 32))
    memory = ContinuousHopfield(patterns, beta=2.0, start=cues)
    x = np.asarray(simulate(Network({"m": memory}), 3.0, dt=1.0, record="m.x", replicas=5, backend=backend,
                            dtype="float64", progress=False)["m.x"].values)
    energies = memory.energy(np.concatenate([cues[None], x]))
    assert np.all(np.diff(energies, axis=0) <= 1e-9) and np.all(energies[1:] >= -1e-9)
    np.testing.assert_allclose(x[-1], patterns[:5], atol=1e-6)


def test_patterns_are_drawn_as_described():
    patterns = RandomPatterns(40, 500, dilution=0.3, seed=7)
    drawn = patterns.draw()
    assert set(np.unique(drawn)) == {-1, 0, 1}
    assert (drawn == 0).mean() == pytest.approx(0.3, abs=0.015)  # three standard deviations of 20,000 draws
    np.testing.assert_array_equal(patterns.by_unit(), drawn.T)
    np.testing.assert_array_equal(patterns.draw(5, 8), drawn[5:8])
    examples = Examples(11, 0.5, seed=1).draw(drawn)
    assert np.all((examples == 0) == (drawn == 0)[:, None])
    assert (examples * drawn[:, None]).sum() / (examples != 0).sum() == pytest.approx(0.5, abs=0.008)
    full = filled(drawn[0], seed=3)
    assert set(np.unique(full)) == {-1, 1} and np.all(full[drawn[0] != 0] == drawn[0][drawn[0] != 0])


@pytest.mark.parametrize(
    "memory",
    [
        Hopfield([[1, -1, 1, 1, -1, 1, 1, 1]], temperature=0.2, start="random", order="ascending"),
        DenseHebbian(RandomPatterns(2, 30, dilution=0.5), degree=2, diluted=True, examples=Examples(5, 0.7),
                     learning="supervised"),
        KrotovHopfield(RandomPatterns(4, 30), degree=3, rectified=True, temperature="1 - t/100"),
        ContinuousHopfield([[0.5, 1.5], [-1.0, 0.0]], beta=3.0, start=[0.1, 0.2]),
    ],
)
def test_a_memory_is_rebuilt_from_its_text(memory):
    network = Network({"m": memory})
    assert Network.from_yaml(network.to_yaml()) == network


@pytest.mark.filterwarnings("ignore:.*stores")
@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Hopfield([[1, 0.5]]), r"Hopfield.patterns must be -1 or 1 .* got .*0.5.* at \(0, 1\)"),
        (lambda: Hopfield([[1, 0]]), "Hopfield.patterns must be -1 or 1 .blanks, 0, need diluted=True"),
        (lambda: Hopfield(BLANK), "Hopfield.patterns must be -1 or 1 .* a dilution of 0.4"),
        (lambda: Hopfield(np.ones((0, 5))), r"must be \(K, N\) with K >= 1 and N >= 1, got shape \(0, 5\)"),
        (lambda: Hopfield([1, -1]), r"must be \(K, N\) .* got shape \(2,\)"),
        (lambda: Hopfield(SMALL, temperature=-1.0), "Hopfield.temperature must be finite and >= 0, .* got -1.0"),
        (lambda: Hopfield(SMALL, temperature="1 - x"), "Hopfield.temperature may name t and dt, got 'x'"),
        (lambda: Hopfield(SMALL, start=3), "Hopfield.start must be the number of a pattern below 3, .* got 3"),
        (lambda: Hopfield(SMALL, start=[0] * 8), "an array of -1 and 1 with 8 columns"),
        (lambda: Hopfield(SMALL, drive=[1.0, 2.0]), r"Hopfield.drive must be finite, one number, \(8,\)"),
        (lambda: Hopfield(SMALL, order="sorted"), "Hopfield.order must be one of ascending, random, got 'sorted'"),
        (lambda: DenseHebbian(SMALL, degree=3), "DenseHebbian.degree must be an even whole number >= 2, got 3"),
        (lambda: DenseHebbian(SMALL, degree=10), "DenseHebbian.degree must be at most the 8 units, got 10"),
        (lambda: DenseHebbian(SMALL, learning="taught"), "learning must be one of stored, supervised, unsupervised"),
        (lambda: DenseHebbian(SMALL, learning="supervised"), "examples must be given where learning is supervised"),
        (lambda: DenseHebbian(SMALL, examples=np.ones((2, 1, 8)), learning="supervised"),
         r"examples must be \(3, M, 8\) with M >= 1, got shape \(2, 1, 8\)"),
        (lambda: DenseHebbian(SMALL, examples=np.full((3, 1, 8), 2), learning="supervised"),
         "examples must be -1 or 1"),
        (lambda: Hopfield([[1, -1], [1]]), r"Hopfield.patterns must be an array of .* got list \[\[1, -1\]"),
        (lambda: Hopfield(np.ones((2, 8)) * 1j), "Hopfield.patterns must be an array of real numbers"),
        (lambda: Hopfield(SMALL, start=[[1], [1, 1]]), "Hopfield.start must be an array of real numbers"),
        (lambda: Hopfield(SMALL, drive="3"), "Hopfield.drive must be an array of real numbers"),
        (lambda: DenseHebbian(SMALL, examples=np.zeros((3, 2, 8)), learning="supervised", diluted=True),
         "DenseHebbian.examples must not be blank at every unit"),
        (lambda: KrotovHopfield(SMALL, rectified="no"), "KrotovHopfield.rectified must be True or False, got 'no'"),
        (lambda: ContinuousHopfield("abc"), "ContinuousHopfield.patterns must be an array of real numbers"),
        (lambda: ContinuousHopfield(RandomPatterns(3, 8)), "ContinuousHopfield.patterns must be an array of real"),
        (lambda: ContinuousHopfield([[1.0, 2.0]]).energy(np.ones(3)), r"states must be \(..., 2\), got shape \(3,\)"),
        (lambda: RandomPatterns(2, 5, seed=-1), "RandomPatterns.seed must be a whole number in .* got -1"),
        (lambda: RandomPatterns(2, 5, dilution="a"), "RandomPatterns.dilution must be >= 0 and finite, got 'a'"),
        (lambda: RandomPatterns(2, 5).draw(0, 3), r"first and last must rise within 0..2, got 0 and 3"),
        (lambda: corrupted(np.ones((2, 5)), 0.2), r"pattern must be \(N,\) numbers .* got float64 \(2, 5\)"),
        (lambda: corrupted(np.ones(5, np.uint8), 0.2), r"pattern must be \(N,\) numbers .* got uint8 \(5,\)"),
        (lambda: corrupted(np.ones(5), "a"), r"fraction must be in \[0, 1\], got 'a'"),
        (lambda: RandomPatterns(0, 5), "RandomPatterns.count must be a whole number >= 1, got 0"),
        (lambda: RandomPatterns(5, 5, dilution=1.0), r"RandomPatterns.dilution must be in \[0, 1\), got 1.0"),
        (lambda: Examples(0, 0.5), "Examples.count must be a whole number >= 1, got 0"),
        (lambda: Examples(4, 1.5), r"Examples.quality must be in \(0, 1\], got 1.5"),
        (lambda: KrotovHopfield(SMALL, degree=1), "KrotovHopfield.degree must be a whole number >= 2, got 1"),
        (lambda: KrotovHopfield(SMALL, function="exp"), "function must be one of exponential, polynomial"),
        (lambda: KrotovHopfield(SMALL, function="exponential", temperature=1.0), "temperature must be 0 where"),
        (lambda: ContinuousHopfield([[1.0, np.nan]]), "ContinuousHopfield.patterns must be finite, got nan"),
        (lambda: ContinuousHopfield([[1.0, 2.0]], beta=0.0), "ContinuousHopfield.beta must be > 0"),
        (lambda: ContinuousHopfield([[1.0, 2.0]], start=1), "ContinuousHopfield.start must be the number of a pattern"),
    ],
)
def test_a_wrong_value_is_refused_by_name(make, message):
    with pytest.raises(DescriptionError, match=message):
        make()


@pytest.mark.parametrize("make", [
    lambda: Hopfield(RandomPatterns(20, 100)),
    lambda: DenseHebbian(RandomPatterns(20, 100), degree=2),
    lambda: KrotovHopfield(RandomPatterns(20, 100), degree=2),
])
def test_a_warning_stands_at_the_line_that_makes_the_memory(make):
    with pytest.warns(CapacityWarning) as found:
        make()
    assert found[0].filename == __file__


def test_starts_for_other_replicas_are_refused_with_the_shapes_that_fit():
    memory = Network({"m": Hopfield(RandomPatterns(2, 30), start=np.ones((3, 30)))})
    with pytest.raises(DescriptionError, match=r"m.s needs one value or 30, or \(2, 30\), a row for each replica, got"):
        simulate(memory, 1.0, dt=1.0, replicas=2, backend="reference", progress=False)


def test_too_many_patterns_bring_a_warning_with_the_number():
    with pytest.warns(CapacityWarning, match="stores 20 patterns in 100 units, more than the 13.79 that"):
        Hopfield(RandomPatterns(20, 100))
    with pytest.warns(CapacityWarning, match="a load of 0.396 for P = 4"):
        DenseHebbian(RandomPatterns(2000, 32))
    with pytest.warns(CapacityWarning, match="KrotovHopfield stores 20 patterns in 100 units, more than the 15 that"):
        KrotovHopfield(RandomPatterns(20, 100), degree=2)


def test_the_text_of_a_memory_makes_it_again():
    memory = Hopfield(RandomPatterns(2, 50, seed=3), temperature=0.5)
    assert repr(memory) == "Hopfield(patterns=RandomPatterns(count=2, size=50, seed=3), temperature=0.5)"
    assert eval(repr(memory)) == memory


def test_a_memory_of_high_powers_is_made_and_recalls():
    memory = KrotovHopfield(RandomPatterns(3, 1000), degree=110, start=1)
    states = simulate(Network({"m": memory}), 2.0, dt=1.0, record="m.s", backend="reference", progress=False)["m.s"]
    np.testing.assert_array_equal(states.values[-1], memory.archetypes[1])
