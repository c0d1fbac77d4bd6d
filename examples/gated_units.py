# slow
"""Leaky units with trained time constants against GRU and LSTM: epochs until N-parity is solved, by curriculum."""

import statistics
import sys

from neurosim.models.khajehabdollahi_2024_timescales import trained

MOST, SEEDS = int(sys.argv[1]) if sys.argv[1:] else 5, range(3)

print(f"32 units, N up to {MOST}, at most 40 epochs; medians of {len(SEEDS)} seeds, and all of them")
for curriculum in ("single", "multi", "sliding"):
    for units in ("leaky", "gru", "lstm"):
        runs = [trained(curriculum, units=units, most=MOST, size=32, epochs=40, seed=seed) for seed in SEEDS]
        epochs, solved = [r.epochs for r in runs], [r.solved for r in runs]
        middle = f"N = {statistics.median(solved):g} solved after {statistics.median(epochs):2g} epochs"
        print(f"{curriculum:8} {units:6} {middle}   N {solved}, epochs {epochs}", flush=True)
