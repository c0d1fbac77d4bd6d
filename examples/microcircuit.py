"""The cortical microcircuit at a tenth of its size: rates beside those published, and the figure of the paper."""

import matplotlib.pyplot as plt

from neurosim import simulate
from neurosim.analysis import cv, synchrony
from neurosim.models import potjans_diesmann_2014 as circuit

SCALE = 0.1  # 1.0 is the whole circuit: 77,169 neurons, 0.3 billion synapses, about 4 GB while it is built
SETTLE, WATCH = 500.0, 1500.0  # ms

recording = simulate(circuit.build(SCALE), SETTLE + WATCH, seed=1, record="spikes")
print("population  neurons  rate (Hz)  published  CV    synchrony")
for name, published in zip(circuit.POPULATIONS, circuit.RATES, strict=True):
    spikes = recording[f"{name}.spikes"].between(SETTLE, SETTLE + WATCH)
    numbers = spikes.mean_rate(), published, cv(spikes), synchrony(spikes)
    print(f"{name:10}  {spikes.size:7}" + "  {:9.2f}  {:9.2f}  {:4.2f}  {:9.2f}".format(*numbers))

figure, ax = plt.subplots(figsize=(9, 4), layout="constrained")
circuit.figure(ax, recording)
figure.savefig("microcircuit.png", dpi=150)
print("wrote microcircuit.png")
