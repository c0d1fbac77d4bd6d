"""The Tsetlin machine in tmu: its plain classifier on the CPU, whose clauses are C."""

import logging
from importlib.metadata import version

from tsetlin_rows import run

logging.disable(logging.CRITICAL)  # it complains of a missing CUDA package on standard output


def make(row, bits, labels, seed):
    """Plain clauses without weights, as in neurosim; each epoch is a call, in an order that it shuffles."""
    from tmu.models.classification.vanilla_classifier import TMClassifier

    machine = TMClassifier(
        number_of_clauses=row.clauses, T=row.threshold, s=row.specificity, platform="CPU", weighted_clauses=False,
        boost_true_positive_feedback=0, seed=seed,
    )  # fmt: skip

    def teach(epochs):
        for _ in range(epochs):
            machine.fit(bits, labels)

    return teach, machine.predict


if __name__ == "__main__":
    run("tmu", version("tmu"), make)
