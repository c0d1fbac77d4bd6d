"""Twenty seeds of one network over all cores, and a table of what came out: on some, activity dies at once."""

import csv
import os
from concurrent.futures import ProcessPoolExecutor

from neurosim import simulate
from neurosim.analysis import cv, mean_correlation
from neurosim.models import vogels_abbott_2005

SEEDS = range(20)
COLUMNS = ("seed", "rate_Hz", "cv", "correlation", "active_until_ms")


def measure(seed: int) -> tuple[float, ...]:
    """One run of a second; the first 200 ms are not counted."""
    network = vogels_abbott_2005.build(kind="coba")
    spikes = simulate(network, 1000.0, seed=seed, record="spikes", threads=1, progress=False)["exc.spikes"]
    later = spikes.between(200.0, 1000.0)
    return (seed, later.mean_rate(), cv(later), mean_correlation(later), spikes.times.max(initial=0.0))


if __name__ == "__main__":
    # one thread each, since there are more runs than cores
    with ProcessPoolExecutor(os.cpu_count()) as pool, open("seeds.csv", "w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(COLUMNS)
        print(("{:>16}" * len(COLUMNS)).format(*COLUMNS))
        for row in pool.map(measure, SEEDS):
            table.writerow([row[0], *(f"{value:.6g}" for value in row[1:])])
            print("{:>16}{:>16.2f}{:>16.3f}{:>16.5f}{:>16.1f}".format(*row))
    print("wrote seeds.csv")
