"""Nanoseconds per edge of every rule: python benchmarks/connectivity.py [THREADS] [SCALE].

SCALE 1 is the size of a cortical microcircuit (77,169 neurons, 0.3 G edges) for the row named so; the
default, 0.1, draws a tenth of its edges.
"""

import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from neurosim.connectivity import (
    Bernoulli,
    Distance,
    FixedInDegree,
    FixedOutDegree,
    FixedTotal,
    Normal,
    draw,
    values,
)


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds of the second call; the first one compiles."""
    work()
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


def main(threads: int, scale: float) -> None:
    """Print one line per rule."""
    delays = Normal(15.0, 7.5, low=1.0)
    cells, edges = 77_169, round(298_880_941 * scale)
    grid = np.random.default_rng(1).uniform(0.0, 1.0, (40_000, 2))
    rows: list[tuple[str, Any, int, Any]] = [
        ("Bernoulli, 2 %", Bernoulli(0.02), 20_000, 15),
        ("Bernoulli, 0.1 %, delays", Bernoulli(0.001), 60_000, delays),
        ("FixedInDegree 1250 (Brunel)", FixedInDegree(1250), 12_500, 15),
        ("FixedInDegree 1250, no multiples", FixedInDegree(1250, multiple=False), 12_500, 15),
        ("FixedOutDegree 1000", FixedOutDegree(1000), 12_500, 15),
        ("FixedTotal (microcircuit), no delays", FixedTotal(edges), cells, 15),
        ("FixedTotal (microcircuit), delays", FixedTotal(edges), cells, delays),
        ("FixedTotal, no multiples", FixedTotal(5_000_000, multiple=False), 20_000, 15),
        ("Distance, gaussian", Distance("gaussian", 0.02, periodic=(1.0, 1.0)), len(grid), 15),
    ]
    print(f"{'rule':40s} {'edges':>12s} {'seconds':>8s} {'ns/edge':>8s} {'bytes/edge':>10s}")
    for name, rule, size, delay in rows:
        positions = {"source_positions": grid, "target_positions": grid} if isinstance(rule, Distance) else {}
        seconds, drawn = timed(
            lambda rule=rule, size=size, delay=delay, positions=positions: draw(
                rule,
                sources=size,
                targets=size,
                same=True,
                seed=1,
                stream=2,
                delay=delay,
                threads=threads,
                **positions,
            )
        )
        per_edge = drawn.nbytes / drawn.count
        print(
            f"{name:40s} {drawn.count:12,} {seconds:8.3f} {1e9 * seconds / drawn.count:8.2f} {per_edge:10.2f}"
        )
        if name.startswith("FixedTotal (microcircuit), delays"):
            for label, given in (
                ("normal", Normal(1.0, 0.1)),
                ("truncated normal", Normal(1.0, 0.5, low=0.0)),
            ):
                seconds, _ = timed(
                    lambda given=given, drawn=drawn: values(
                        given, drawn, seed=1, stream=3, dtype=np.float32, threads=threads
                    )
                )
                per_edge = 1e9 * seconds / drawn.count
                print(f"{'  weights, ' + label:40s} {drawn.count:12,} {seconds:8.3f} {per_edge:8.2f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2, float(sys.argv[2]) if len(sys.argv) > 2 else 0.1)
