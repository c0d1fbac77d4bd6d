r"""Granmo (2018): a Tsetlin machine finds propositions in noisy data.

The machine's clauses learn by reward and penalty of their automata; see ``TsetlinMachine``. The tasks are the exclusive
or of two of twelve bits, with 40 % of the training labels flipped, and handwritten digits in bits.

References
----------
Granmo (2018), doi:10.48550/arXiv.1804.01508
"""

from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np

from neurosim import Network, Simulation
from neurosim.catalog import Claim, Entry
from neurosim.errors import DescriptionError
from neurosim.families import TsetlinMachine
from neurosim.learners import clauses, predict, train
from neurosim.tasks import NoisyXor, thresholded

LEVELS = (4, 8, 12)
"""Thresholds that turn a pixel of 0 to 16 into three bits."""


def machine(samples: int = 5000, seed: int = 0) -> TsetlinMachine:
    """Ten clauses a class for noisy XOR, T = 15, s = 3.9."""
    trials = NoisyXor().draw(samples, seed=seed)
    return TsetlinMachine(trials.inputs[:, 0].astype(bool), trials.targets, clauses=10, threshold=15, specificity=3.9)


def build(samples: int = 1000, seed: int = 0) -> Network:
    """The machine of noisy XOR, shown ``samples`` samples, one in each step.

    Parameters
    ----------
    samples
        How many.
    seed
        Of the samples.
    """
    return Network({"machine": machine(samples, seed)})


@lru_cache(maxsize=2)
def digits(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Bits and labels of 1,347 training and 450 test digits, drawn by ``seed``."""
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        raise DescriptionError("the digits come with scikit-learn: pip install scikit-learn") from None
    pixels, labels = load_digits(return_X_y=True)
    order = np.random.default_rng(seed).permutation(len(labels))
    bits, labels = thresholded(pixels[order], list(LEVELS)), labels[order]
    return bits[:1347], labels[:1347], bits[1347:], labels[1347:]


def _trained(untaught: TsetlinMachine, epochs: int, backend: str, seed: int) -> TsetlinMachine:
    """After some epochs: by the learner that runs beside the step loop, or, to the same bits, by simulation."""
    if backend == "numba":
        return train(untaught, epochs=epochs, seed=seed)
    samples, labels = np.tile(untaught.samples, (epochs, 1)), np.tile(untaught.labels, epochs)
    network = Network({"machine": replace(untaught, samples=samples, labels=labels)})
    session = Simulation(network, dt=1.0, backend=backend, seed=seed, progress=False)
    session.run(float(len(samples)))
    states = session.get("machine.automaton.state").reshape(untaught.first_states.shape)
    return replace(untaught, automata=states.astype(np.int32))


@lru_cache(maxsize=2)
def xor_machine(epochs: int, backend: str = "numba", seed: int = 0) -> TsetlinMachine:
    """The machine of noisy XOR after so many epochs of 5,000 samples."""
    return _trained(machine(seed=seed), epochs, backend, seed)


def xor_accuracy(epochs: int = 200, **run: Any) -> float:
    """Share of 5,000 samples without noise that are classified rightly."""
    test = NoisyXor(flipped=0.0).draw(5000, seed=run.get("seed", 0) + 1_000_000)
    return float(np.mean(predict(xor_machine(epochs, **run), test.inputs[:, 0]) == test.targets))


def sound_clauses(epochs: int = 200, **run: Any) -> float:
    """Share of the clauses that are not empty which name both bits of the exclusive or, and vote as it says."""
    sound = []
    for clause in clauses(xor_machine(epochs, **run)):
        named = {k: 1 for k in clause.true if k < 2} | {k: 0 for k in clause.false if k < 2}
        if clause.true or clause.false:
            sound.append(len(named) == 2 and (sum(named.values()) % 2 == clause.of) == (clause.sign > 0))
    return float(np.mean(sound))


def digit_accuracy(clauses: int, threshold: int, epochs: int, *, backend: str = "numba", seed: int = 0) -> float:
    """Share of the test digits that are classified rightly; s = 5."""
    bits, labels, test_bits, test_labels = digits(seed)
    untaught = TsetlinMachine(bits, labels, classes=10, clauses=clauses, threshold=threshold, specificity=5.0)
    return float(np.mean(predict(_trained(untaught, epochs, backend, seed), test_bits) == test_labels))


def figure(ax, recording=None, *, backend="numba", seed=0):
    """How the accuracy grows, and which literals each clause includes in the end; of a recording, when clauses hold."""
    ax.set_axis_off()
    left, right = ax.inset_axes([0.0, 0.0, 0.42, 1.0]), ax.inset_axes([0.52, 0.0, 0.48, 1.0])
    if recording is None:
        _curves(left, seed)
    else:
        times, which = np.nonzero(np.asarray(recording["machine.output"]))
        left.scatter(times, which, s=5, color="black", linewidths=0)
        left.set(yticks=[0, 5, 10, 15], xlabel="sample", ylabel="clause", title="clauses that hold")
    taught = xor_machine(200, backend=backend, seed=seed)
    for sign, colour, name in ((1, "tab:blue", "votes for"), (-1, "tab:orange", "votes against")):
        points = [(k + offset, n) for n, clause in enumerate(clauses(taught)) if clause.sign == sign
                  for offset, part in ((0, clause.true), (12, clause.false)) for k in part]  # fmt: skip
        right.scatter(*np.array(points).T, s=14, color=colour, label=name, marker="s")
    right.axhline(9.5, color="grey", linewidth=0.6)
    right.axvline(11.5, color="grey", linewidth=0.6)
    right.set(xlabel="literal: bits 0 to 11, then their negations", ylabel="clause: 10 of class 0, 10 of class 1",
              title="literals included", xlim=(-1, 24), ylim=(-1, 22.5))  # fmt: skip
    right.legend(loc="upper right", fontsize="small", ncols=2)
    return ax


def _curves(ax: Any, seed: int) -> None:
    """Accuracy on noisy XOR against epochs, for three seeds."""
    test = NoisyXor(flipped=0.0).draw(2000, seed=seed + 1_000_000)
    marks = [1, 2, 4, 8, 16, 32, 64]
    for offset in range(3):
        taught, before, found = machine(seed=seed + offset), 0, []
        for epochs in marks:
            taught = train(taught, epochs=epochs - before, seed=seed + offset, step=before * 5000)
            before = epochs
            found.append(np.mean(predict(taught, test.inputs[:, 0]) == test.targets))
        ax.plot(marks, found, "o-", markersize=3, label=f"seed {seed + offset}")
    ax.set(xscale="log", xlabel="epochs of 5,000 samples", ylabel="right, test without noise", ylim=(0.45, 1.03),
           title="exclusive or, 40 % of labels flipped")  # fmt: skip
    ax.legend(fontsize="small")


ENTRY = Entry(
    title="Clauses of propositional logic learn from reward and penalty, in spite of noise",
    paper="Granmo, O.-C. (2018). The Tsetlin Machine. doi:10.48550/arXiv.1804.01508",
    family="discrete",
    build=build,
    figure=figure,
    record=("machine.output",),
    duration=1000.0,
    dt=1.0,
    differs="samples are drawn anew instead of read from the published file, and shown in one order in all epochs; "
    "automata begin at N (as in the reference code); claims run packed clauses, which make the same states as the "
    "network; the digits are 8 by 8 with three bits a pixel instead of MNIST",
    claims=(
        Claim("noisy XOR is learnt: accuracy without noise after 200 epochs", xor_accuracy, {"epochs": 200}, low=0.99,
              high=1.0, where="published example of the author's code: 100 %",
              why="four of the first five seeds reach 1, one 0.99: one of twenty clauses more or less wanders"),
        Claim("each clause that is not empty states the exclusive or: share that names both bits and votes as it says",
              sound_clauses, {"epochs": 200}, low=1.0, high=1.0,
              where="inferred: what the rules are to come to on noisy XOR, where a perfect answer needs nothing else",
              why="all of them", misses="0.85 to 0.95 of the clauses in five seeds: with 40 % of wrong labels one to "
              "three of the twenty are being rebuilt at any time, and the votes of the others outweigh them"),
        Claim("most clauses state the exclusive or: share that names both bits and votes as it says", sound_clauses,
              {"epochs": 200}, low=0.6, high=1.0, where="Granmo 2018, noisy XOR; the number is inferred",
              why="a random pair of literals does so in 4 of 276 cases; not all do, because 40 % of wrong labels keep "
              "some clauses wandering"),
        Claim("digits, 100 clauses a class, T = 15, 20 epochs: accuracy", digit_accuracy,
              {"clauses": 100, "threshold": 15, "epochs": 20}, low=0.93, high=1.0,
              where="inferred: another program of the same rules reaches 0.951",
              why="0.951 less twice the standard error of 450 test digits"),
        Claim("digits, 200 clauses a class, T = 20, 30 epochs: accuracy", digit_accuracy,
              {"clauses": 200, "threshold": 20, "epochs": 30}, low=0.955, high=1.0,
              where="inferred: another program of the same rules reaches 0.976",
              why="0.976 less three times the standard error of 450 test digits"),
    ),
)
