"""What ``neurosim demo`` shows."""

import time
from pathlib import Path

from .._version import __version__
from ..catalog import entry
from .printing import print_table, printer
from .running import check_folder, write_results

NAME = "potjans_diesmann_2014"
DURATION = 1500.0
"""ms; the first 500 are not counted."""


def run_demo(folder: Path, scale: float, seed: int) -> None:
    """Run the cortical microcircuit, print its rates beside those published, write raster and recording."""
    import numpy as np

    from ..models import potjans_diesmann_2014 as circuit
    from ..simulate import simulate

    out, model = printer(), entry(NAME)
    network = circuit.build(scale)
    check_folder(folder, overwrite=True)
    neurons = sum(part.size for part in network.parts.values())
    out.print(f"The cortical microcircuit of Potjans & Diesmann (2014), {scale:.0%} of its size: {neurons:,} neurons.")
    out.print("The first run compiles the model, which takes some seconds; the next starts at once.")
    begun = time.perf_counter()
    recording = simulate(network, DURATION, record="spikes", seed=seed)
    seconds = time.perf_counter() - begun
    found = circuit.rates(recording)
    rows = [
        [name, f"{part.size:,}", f"{here:.2f}", f"{published:.2f}"]
        for (name, part), here, published in zip(network.parts.items(), found, circuit.RATES, strict=True)
    ]
    print_table(["population", "neurons", "rate here (Hz)", "published (Hz)"], rows, right={1, 2, 3})
    if scale < 1.0:
        out.print("Published are the rates of the full circuit; a smaller one keeps them roughly.")
    largest = np.abs(found - circuit.RATES).max()
    out.print(f"The largest difference is {largest:.2f} Hz. {DURATION:g} ms of model time took {seconds:.1f} s, "
              "building and compiling included.")
    about = {"entry": NAME, "parameters": {"scale": scale}, "duration": DURATION, "dt": 0.1, "seed": seed,
             "backend": "numba", "version": __version__}
    for path in write_results(folder, model, recording, about):
        out.print(f"wrote {path}", markup=False)
