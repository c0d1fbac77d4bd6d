"""The rows of the Tsetlin machine: samples and parameters, the same for every tool."""

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from outcome import peak_memory


@dataclass(frozen=True, kw_only=True)
class Row:
    """One workload.

    Parameters
    ----------
    clauses, threshold, specificity
        Clauses of a class, T and s.
    epochs
        How many are timed.
    learnt
        Accuracy that every tool must reach after one epoch more for its time to count.
    """

    classes: int
    clauses: int
    threshold: int
    specificity: float
    epochs: int
    learnt: float


ROWS = {
    "tsetlin-xor": Row(classes=2, clauses=10, threshold=15, specificity=3.9, epochs=20, learnt=0.75),
    "tsetlin-digits": Row(classes=10, clauses=100, threshold=15, specificity=5.0, epochs=10, learnt=0.90),
}


def samples(row: str, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Training bits and labels, test bits and labels; bits are uint32."""
    rng = np.random.default_rng(seed)
    if row == "tsetlin-xor":
        bits = rng.integers(0, 2, (10_000, 12))
        right = bits[:, 0] ^ bits[:, 1]
        labels = np.where(np.arange(10_000) < 5000, right ^ (rng.random(10_000) < 0.4), right)
        cut = 5000
    else:
        from sklearn.datasets import load_digits

        pixels, labels = load_digits(return_X_y=True)
        order, cut = rng.permutation(len(labels)), 1347
        bits = (pixels[order][:, :, None] > np.array([4, 8, 12])).reshape(len(labels), -1)
        labels = labels[order]
    bits, labels = bits.astype(np.uint32), labels.astype(np.uint32)
    return bits[:cut], labels[:cut], bits[cut:], labels[cut:]


def run(tool: str, version: str, make: Callable[..., Any], arguments: Sequence[str] | None = None) -> None:
    """Time one tool and print its line of JSON.

    ``make(row, bits, labels, seed)`` gives a function that teaches a number of epochs, and one that classifies bits.
    """
    parser = argparse.ArgumentParser(description=f"Run one row with {tool} and print one line of JSON.")
    parser.add_argument("row", choices=list(ROWS))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--cache", help="folder for what is compiled")
    asked = parser.parse_args(arguments)
    row = ROWS[asked.row]
    bits, labels, test_bits, test_labels = samples(asked.row, asked.seed)
    began = time.perf_counter()
    teach, classify = make(row, bits, labels, asked.seed)
    built = time.perf_counter()
    teach(1)  # compiles, and is not counted
    ready = time.perf_counter()
    teach(row.epochs)
    taught = time.perf_counter()
    each = (taught - ready) / row.epochs
    accuracy = float(np.mean(classify(test_bits) == test_labels))
    answer = {
        "tool": tool, "version": version, "threads": asked.threads, "dtype": "bits", "model_seconds": row.epochs,
        "build_s": built - began, "compile_s": max(0.0, ready - built - each), "simulate_s": each,
        "rss_mib": peak_memory(), "rate_hz": None, "accuracy": accuracy, "learnt": accuracy >= row.learnt,
    }  # fmt: skip
    print(json.dumps(answer), flush=True)
    sys.stdout.flush()
