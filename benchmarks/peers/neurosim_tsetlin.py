"""The Tsetlin machine in neurosim: packed clauses, one thread."""

from tsetlin_rows import run

import neurosim
from neurosim.families import TsetlinMachine
from neurosim.learners import predict, train


def make(row, bits, labels, seed):
    """A machine that goes on where it ended."""
    state = {
        "machine": TsetlinMachine(
            bits.astype(bool), labels.astype(int), classes=row.classes, clauses=row.clauses, threshold=row.threshold,
            specificity=row.specificity,
        ),
        "step": 0,
    }  # fmt: skip

    def teach(epochs):
        state["machine"] = train(state["machine"], epochs=epochs, seed=seed, step=state["step"])
        state["step"] += epochs * len(labels)

    return teach, lambda test: predict(state["machine"], test)


if __name__ == "__main__":
    run("neurosim", neurosim.__version__, make)
