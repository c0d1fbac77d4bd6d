"""The rows of the sparse code memory: items and sizes, the same for every tool."""

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from outcome import peak_memory

PIECES = 20
"""Into which storing is cut, to see whether it slows down."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One workload: items of ``features`` bits, ``active`` of them 1, in a mac of ``modules`` times ``cells``."""

    items: int
    features: int = 1024
    active: int = 20
    modules: int = 24
    cells: int = 16

    @property
    def bytes_read(self) -> int:
        """Weights that an item needs, as bits: one row for each active feature."""
        return self.active * 8 * -(-self.modules * self.cells // 64)


ROWS = {"sparsey": Row(items=100_000), "sparsey-small": Row(items=5_000)}


def items(row: Row, seed: int) -> np.ndarray:
    """Active features of random items, (items, active) int32."""
    rng = np.random.default_rng(seed)
    found = np.empty((row.items, row.active), np.int32)
    for begin in range(0, row.items, 2000):
        keys = rng.random((min(2000, row.items - begin), row.features))
        found[begin : begin + 2000] = keys.argpartition(row.active, axis=1)[:, : row.active]
    return found


def run(tool: str, version: str, make: Callable[[Row, np.ndarray, int], tuple[Callable[[int], None], float]]) -> None:
    """Time ``make(row, items, seed)``'s function, which goes on by some items: all stored, then all recalled."""
    parser = argparse.ArgumentParser(description=f"Run one row with {tool} and print one line of JSON.")
    parser.add_argument("row", choices=list(ROWS))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--cache", help="not used: the tool's own folder is")
    asked, _ = parser.parse_known_args()
    row = ROWS[asked.row]
    shown = items(row, asked.seed)
    begun = time.perf_counter()
    go_on, compile_s = make(row, shown, asked.seed)
    build_s = time.perf_counter() - begun - compile_s
    piece, seconds = row.items // PIECES, []
    for _ in range(2 * PIECES):
        begun = time.perf_counter()
        go_on(piece)
        seconds.append(time.perf_counter() - begun)
    stored, recalled = np.reshape(seconds, (2, PIECES)) / piece
    answer: dict[str, Any] = {
        "tool": tool, "version": version, "threads": 1, "dtype": "bits", "build_s": build_s, "compile_s": compile_s,
        "simulate_s": float(np.mean([stored.mean(), recalled.mean()])), "store_us": 1e6 * float(stored.mean()),
        "recall_us": 1e6 * float(recalled.mean()), "late_over_early": float(stored[-5:].min() / stored[:5].min()),
        "bytes_read": row.bytes_read, "rss_mib": peak_memory(), "rate_hz": None, "model_seconds": 2.0 * row.items,
    }  # fmt: skip
    print(json.dumps(answer))
