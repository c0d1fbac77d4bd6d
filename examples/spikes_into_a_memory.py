"""A spiking population and a memory of sparse codes in one network: patterns of spikes are recognised in one trial."""

import numpy as np

from neurosim import LIF, Macs, Network, Neurons, SpikeFrames, TimedArray, simulate
from neurosim.analysis.codes import agreement, winners
from neurosim.connectivity import OneToOne

FRAME, SIZE = 50.0, 100  # ms, neurons
LEAKY = "dv/dt = (drive - v) / tau : mV\ndrive : mV"

# four patterns, each a current into twelve neurons for one frame; then the same patterns again
rng = np.random.default_rng(1)
patterns = np.zeros((4, SIZE))
for row in patterns:
    row[rng.choice(SIZE, 12, replace=False)] = 40.0
drive = TimedArray(np.concatenate([patterns, patterns]), dt=FRAME, unit="mV")

net = Network({
    "cells": Neurons(SIZE, LEAKY, threshold="v > 20", reset="v = 0", drive=drive, tau=10.0),
    "seen": SpikeFrames(SIZE, frame=FRAME),
    "memory": Macs("seen", modules=10, cells=8, frame=FRAME, learn=np.repeat([True, False], 4)),
    "readers": LIF(80, tau=5.0),
})  # fmt: skip
net.connect("cells", "seen", OneToOne(), on_pre="count += 1")
net.connect("memory", "readers", OneToOne(), on_pre="v += 25")

record = ["cells.spikes", "readers.spikes", "memory.win", "memory.G"]
found = simulate(net, 8 * FRAME, dt=0.5, seed=1, record=record)
last = np.arange(1, 9) * round(FRAME / 0.5) - 1  # the step in which a frame ends
codes = winners(found["memory.win"], modules=10, cells=8)[last]
familiarity = found["memory.G"].values[last, 0]
print("familiarity when first seen: ", *familiarity[:4].round(2))
print("familiarity when seen again: ", *familiarity[4:].round(2))
print("winners that come back:      ", *agreement(codes[:4], codes[4:]))
print(f"{found['cells.spikes'].count} spikes in, {found['readers.spikes'].count} spikes of the readers of the code")
