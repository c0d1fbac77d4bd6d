"""What a tool's script is asked, and the one line of JSON that it answers with."""

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from workloads import ROWS


def parse(tool: str, arguments: Sequence[str] | None = None, rows: Iterable[str] = ROWS,
          **choices: Sequence[str]) -> argparse.Namespace:
    """Read the command line of ``tool``'s script; each of ``choices`` is an option, its first the default."""
    parser = argparse.ArgumentParser(description=f"Run one row with {tool} and print one line of JSON.")
    parser.add_argument("row", choices=list(rows))
    parser.add_argument("--seconds", type=float, help="timed model time, s; the row's own if not given")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--scale", type=float, default=1.0, help="of Brunel's network and the microcircuit")
    parser.add_argument("--cache", help="folder for what is compiled; the tool's own if not given")
    for name, values in choices.items():
        parser.add_argument(f"--{name}", choices=values, default=values[0])
    return parser.parse_args(arguments)


def rate_and_cv(
    times: np.ndarray, indices: np.ndarray, size: int, seconds: float
) -> tuple[float, float | None]:
    """Mean rate (Hz) and mean coefficient of variation of the intervals between spikes.

    Parameters
    ----------
    times, indices
        Spike times, (S,), ms, in any order, and the neuron of each, (S,).
    size, seconds
        Number of neurons and length of the observation, s.

    Returns
    -------
    The CV is the mean over the neurons with at least four spikes; None if there is none.
    """
    order = np.lexsort((times, indices))
    neuron, time = np.asarray(indices)[order], np.asarray(times, dtype=float)[order]
    same = np.diff(neuron) == 0
    interval, owner = np.diff(time)[same], neuron[1:][same]
    count = np.bincount(owner, minlength=1)
    enough = count >= 3
    rate = len(time) / size / seconds
    if not enough.any():
        return rate, None
    mean = np.bincount(owner, interval)[enough] / count[enough]
    square = np.bincount(owner, interval**2)[enough] / count[enough]
    return rate, float(np.mean(np.sqrt(np.maximum(square - mean**2, 0.0)) / mean))


def spread(weights: np.ndarray, most: float) -> dict[str, float]:
    """Mean and standard deviation of learnt weights, as shares of the largest possible."""
    shares = np.asarray(weights, dtype=float) / most
    return {"weight_mean": float(shares.mean()), "weight_sd": float(shares.std())}


def peak_memory(status: str = "/proc/self/status") -> float | None:
    """Largest resident memory so far, MiB, from the text of a Linux status file; None elsewhere."""
    try:
        with open(status) as file:
            found = [line.split()[1] for line in file if line.startswith("VmHWM")]
    except OSError:
        return None
    return round(int(found[0]) / 1024, 1) if found else None


def say(**fields: Any) -> None:
    """Print the line: floats at six significant digits, what was not measured as null."""
    print(json.dumps({name: _short(value) for name, value in fields.items()}), flush=True)
    sys.stdout.flush()


def _short(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _short(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_short(inner) for inner in value]
    return float(f"{float(value):.6g}") if isinstance(value, (float, np.floating)) else value
