"""Segments and the sequence memory built of them, against plain loops and what theory says."""

import numpy as np
import pytest

from neurosim import Dendrites, Frames, Network, SequenceMemory, Simulation, simulate
from neurosim.errors import DescriptionError
from neurosim.theory import sdr


def test_a_segment_fires_where_enough_of_its_synapses_are_active(backend):
    rng = np.random.default_rng(0)
    shown = rng.random((20, 90)) < 0.3
    synapses = np.array([rng.choice(90, 8, replace=False) for _ in range(12)])
    synapses[3, 5:] = -1
    network = Network({"cells": Frames(shown), "tree": Dendrites("cells", synapses=synapses, threshold=4, segments=3)})
    found = simulate(network, 20.0, dt=1.0, record=["tree.overlap", "tree.on", "tree.spikes"], backend=backend,
                     progress=False)  # fmt: skip
    overlap = np.array([[sum(x[j] for j in row if j >= 0) for row in synapses] for x in shown])
    np.testing.assert_array_equal(found["tree.overlap"].values, overlap)
    on = (overlap >= 4).reshape(20, 4, 3).any(axis=2)
    np.testing.assert_array_equal(found["tree.on"].values, on)
    assert found["tree.spikes"].count == on.sum() > 0


def test_correlated_codes_are_confused_far_more_often_than_random_ones():
    """Codes that share half of their cells: the formula for random ones does not hold, and should not be used."""
    rng = np.random.default_rng(1)
    base = rng.choice(400, 40, replace=False)
    held = np.array([rng.choice(base, 20, replace=False) for _ in range(50)])
    shown = np.zeros((50, 400), bool)
    for row in shown:
        row[rng.choice(base, 20, replace=False)] = True
        row[rng.choice(400, 20, replace=False)] = True
    network = Network({"cells": Frames(shown), "tree": Dendrites("cells", synapses=held, threshold=8)})
    found = simulate(network, 50.0, dt=1.0, record=["tree.on"], backend="reference", progress=False)
    assert found["tree.on"].values.mean() > 1000 * sdr.false_positive(400, 40, 20, 8)


def words(repeats: int, rng: np.random.Generator) -> np.ndarray:
    """Two sequences of four elements of 6 columns, which differ in the first and the last: X B C D and Y B C E."""
    block = {letter: np.arange(6 * k, 6 * k + 6) for k, letter in enumerate("XYBCDE")}
    noise = [rng.choice(np.arange(36, 96), 6, replace=False) for _ in range(repeats)]
    rows = []
    for k in range(repeats):
        rows += [noise[k], *(block[letter] for letter in ("XBCD" if k % 2 else "YBCE"))]
    return np.array(rows)


def memory(cells: int = 4) -> Network:
    shown = words(60, np.random.default_rng(2))
    part = SequenceMemory(shown, columns=96, cells=cells, threshold=4, matching=4, segments=6, punish=0.05)
    return Network({"memory": part})


def forecasts(network: Network, **options: object) -> np.ndarray:
    """Columns predicted for each element of the words, and how many of them came, (60, 5, 2)."""
    record = ["memory.forecasts", "memory.hits"]
    found = simulate(network, 300.0, dt=1.0, record=record, progress=False, **options)
    return np.stack([found[name].values[:, 0] for name in record], axis=1).reshape(60, 5, 2)


def test_the_sequence_memory_predicts_what_its_context_decides():
    found = forecasts(memory(), backend="reference")
    assert found[0, 1:].sum() == 0  # at first nothing is known
    late = found[40:]
    assert np.all(late[:, 2:, 1] >= 5)  # what follows comes as predicted
    assert late[:, 4, 0].mean() < 8  # and the last element is the one of its sequence, not both


def test_without_context_both_ends_are_predicted():
    late = forecasts(memory(cells=1), backend="reference")[40:]
    assert late[:, 4, 0].mean() > 10
    assert np.all(late[:, 4, 1] >= 5)


@pytest.mark.slow
@pytest.mark.shim
def test_the_sequence_memory_is_the_same_on_every_backend(backend):
    expected = forecasts(memory(), backend="reference")
    np.testing.assert_array_equal(forecasts(memory(), backend=backend, dtype="float64"), expected)


def test_dead_cells_are_never_active_again():
    session = Simulation(memory(), dt=1.0, record=["memory.active"], backend="reference")
    session.run(100.0)
    alive = np.arange(96 * 4) % 4 > 0
    session.set("memory.alive", alive.astype(float))
    active = session.run(100.0)["memory.active"].values[-90:]
    assert not active[:, ~alive].any()
    assert active[:, alive].any()


def test_bad_segments_and_elements_are_refused_by_name():
    frames = {"cells": Frames(np.eye(4))}
    for make, message in (
        (lambda: Dendrites("cells", synapses=[[0.5]], threshold=1), r"synapses must be \(segments, s\) whole"),
        (lambda: Dendrites("cells", synapses=[[0], [1], [2]], threshold=1, segments=2), "must divide the rows"),
        (lambda: Network({**frames, "d": Dendrites("cells", synapses=[[4]], threshold=1)}).build(dt=1.0),
         "d: Dendrites.synapses must be below the 4 features of 'cells', got 4"),
        (lambda: Dendrites("cells", synapses=[[0, 1]], threshold=3), "threshold must be <= the 2 synapses .* got 3"),
        (lambda: Dendrites("cells", synapses=[[1, 1]], threshold=2), "must not name a feature twice .* got 1 twice"),
        (lambda: Dendrites("cells", synapses=[[1], [1, 2]], threshold=1), "synapses must be an array of real numbers"),
        (lambda: SequenceMemory([[0], [0, 1]]), "SequenceMemory.elements must be an array of real numbers"),
        (lambda: SequenceMemory([[0, 0]], columns=4, threshold=1, matching=1), "must not name a column twice"),
        (lambda: SequenceMemory([[0, 5]], columns=4, threshold=1, matching=1), r"must be in 0..3, got 5"),
        (lambda: SequenceMemory([[0, 1]], columns=4), "must be <= the 2 columns of an element, got 15 and 15"),
    ):  # fmt: skip
        with pytest.raises(DescriptionError, match=message):
            make()
