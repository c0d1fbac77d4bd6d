"""The rows of training: networks, batches and losses, the same for every tool.

An iteration is a forward run over the sequence, the loss, and the gradients of all parameters.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from outcome import peak_memory
from torch import nn


@dataclass(frozen=True, kw_only=True)
class Row:
    """One workload.

    Parameters
    ----------
    kind
        ``spiking``: leaky neurons behind linear layers. ``elm``: traces, a perceptron with one hidden layer and
        leaky memory units.
    sizes
        Inputs, layers, outputs.
    steps, batch
        Length of a sequence, T, and number of sequences.
    recurrent
        Layers, from 0, whose spikes come back through a linear layer.
    scale
        By which weights are multiplied, for livelier hidden layers.
    """

    kind: str
    sizes: tuple[int, ...]
    steps: int
    batch: int
    recurrent: tuple[int, ...] = ()
    scale: float = 1.0


FEEDFORWARD = Row(kind="spiking", sizes=(700, 256, 256, 20), steps=100, batch=128)
RECURRENT = Row(kind="spiking", sizes=(700, 256, 20), steps=250, batch=64, recurrent=(0,))
ROWS = {
    "train-feedforward": FEEDFORWARD,
    "train-feedforward-lively": Row(**{**vars(FEEDFORWARD), "scale": 1.6}),
    "train-recurrent": RECURRENT,
    "train-recurrent-lively": Row(**{**vars(RECURRENT), "scale": 1.6}),
    "train-elm": Row(kind="elm", sizes=(100, 512, 256, 20), steps=500, batch=16),
}
BETA, THRESHOLD, DENSITY = 0.95, 1.0, 0.05


def batch(row: Row, seed: int = 1) -> tuple[torch.Tensor, torch.Tensor]:
    """Inputs, (T, B, N), a twentieth of them 1, and classes, (B,)."""
    torch.manual_seed(seed)
    x = (torch.rand(row.steps, row.batch, row.sizes[0]) < DENSITY).float()
    return x, torch.randint(0, row.sizes[-1], (row.batch,))


def layers(row: Row) -> tuple[list[nn.Linear], dict[int, nn.Linear]]:
    """The linear layers, and the recurrent ones by their layer; drawn alike in every tool."""
    torch.manual_seed(1)
    forward = [nn.Linear(a, b) for a, b in zip(row.sizes[:-1], row.sizes[1:], strict=True)]
    back = {k: nn.Linear(row.sizes[k + 1], row.sizes[k + 1]) for k in row.recurrent}
    with torch.no_grad():
        for layer in forward:
            layer.weight *= row.scale
    return forward, back


def elm(row: Row) -> dict[str, torch.Tensor]:
    """Parameters of the ELM-like cell by name: decays and weights of traces, two layers, decays of memory, readout."""
    torch.manual_seed(1)
    traces, hidden, memory, classes = row.sizes
    one, two, out = nn.Linear(traces + memory, hidden), nn.Linear(hidden, memory), nn.Linear(memory, classes)
    values = {
        "kb": torch.full((traces,), 0.9), "w": torch.rand(traces) * 0.5, "km": torch.linspace(0.5, 0.999, memory),
        "w1": one.weight, "b1": one.bias, "w2": two.weight, "b2": two.bias, "wo": out.weight, "bo": out.bias,
    }  # fmt: skip
    return {name: value.detach().clone().requires_grad_() for name, value in values.items()}


def run(tool: str, version: str, make: Callable[..., Any], modes: Sequence[str] = ("",)) -> None:
    """Time one tool and print its line of JSON.

    ``make(row, mode)`` gives the parameters, and a function from a batch to class scores, (B, classes).
    """
    parser = argparse.ArgumentParser(description=f"Run one row with {tool} and print one line of JSON.")
    parser.add_argument("row", choices=list(ROWS))
    parser.add_argument("--mode", choices=modes, default=modes[0])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--iterations", type=int, default=10)
    parser.add_argument("--steps", type=int, help="length of a sequence; the row's own if not given")
    parser.add_argument("--seed", type=int, default=1, help="of the batch, the same for every tool")
    parser.add_argument("--cache", help="folder for what is compiled")
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    row = ROWS[asked.row] if asked.steps is None else replace(ROWS[asked.row], steps=asked.steps)
    x, classes = batch(row, asked.seed)
    before = peak_memory() or 0.0
    began = time.perf_counter()
    parameters, scores = make(row, asked.mode)
    built = time.perf_counter()
    times, seen = [], {}
    for _ in range(asked.iterations + 2):
        start = time.perf_counter()
        found = scores(x)
        loss = nn.functional.cross_entropy(found, classes)
        gradients = torch.autograd.grad(loss, parameters)
        times.append(time.perf_counter() - start)
        seen = {"loss": float(loss.detach()), "norm": float(sum(g.double().pow(2).sum() for g in gradients) ** 0.5)}
    usual = statistics.median(times[2:])
    answer = {
        "tool": tool, "version": f"{version} {asked.mode}" if tool == "neurosim" else version,
        "threads": asked.threads, "dtype": "float32", "model_seconds": 1.0,
        "build_s": built - began, "compile_s": max(0.0, times[0] - usual), "simulate_s": usual,
        "rss_mib": (peak_memory() or 0.0) - before, "rate_hz": None, "cv": None, **seen,
    }  # fmt: skip
    print(json.dumps(answer), flush=True)
