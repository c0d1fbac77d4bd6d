"""A wave of calcium over a sheet of astrocytes that gap junctions join."""

import matplotlib.pyplot as plt
import numpy as np

from neurosim import Network, simulate
from neurosim.connectivity import Distance
from neurosim.families.astrocytes import GapJunctions, astrocytes, grid

ROWS = 15
positions = grid(ROWS, ROWS, spacing=50.0)  # µm
middle = np.abs(positions).sum(axis=1) < 110
start = {"I": np.where(middle, 3.0, 0.0)}  # µM: much IP3 in thirteen cells

sheet = Network()
sheet.add("astro", astrocytes(ROWS**2, "ring", O_delta=0.9, initial=start, positions=positions))
sheet.connect("astro", "astro", Distance("step", 60.0, self_connections=False), **GapJunctions(F=0.2).coupling())

recording = simulate(sheet, 100_000.0, dt=20.0, record={"astro.C": 500.0, "astro.spikes": None}, progress=False)
first = np.full(ROWS * ROWS, np.nan)
for cell in range(first.size):
    times = recording["astro.spikes"].of(cell).times
    first[cell] = times[0] / 1000 if times.size else np.nan
print(f"{np.isfinite(first).sum()} of {first.size} cells were reached, the last after {np.nanmax(first):.1f} s")

figure, axes = plt.subplots(1, 2, figsize=(8, 3.2), layout="constrained")
image = axes[0].imshow(first.reshape(ROWS, ROWS), cmap="viridis")
axes[0].set(title="when the wave arrives")
figure.colorbar(image, ax=axes[0], label="s")
calcium = recording["astro.C"]
centre = ROWS * ROWS // 2
for step in range(0, ROWS // 2 + 1, 2):
    axes[1].plot(calcium.times / 1000, calcium.values[:, centre + step], label=f"{50 * step} µm")
axes[1].set(xlabel="time (s)", ylabel="C (µM)")
axes[1].legend(frameon=False)
figure.savefig("calcium_wave.png")
