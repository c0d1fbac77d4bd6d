"""Adapting spiking neurons learn to draw a curve, with errors that reach them by three kinds of wires."""

import numpy as np
import torch

from neurosim import Network, Neurons, Poisson
from neurosim.bridges.torch.eprop import EPropModule
from neurosim.connectivity import AllToAll

STEPS, LINES, CELLS = 200, 20, 60
TEXT = "dv/dt = -v/tau_m : 1\nda/dt = -a/tau_a : 1"


def network():
    cells = Neurons(CELLS, TEXT, threshold="v > 0.6 + beta*a", reset="v -= 0.6; a += 1", refractory=2.0, tau_m=20.0,
                    tau_a=200.0, beta=np.where(np.arange(CELLS) < CELLS // 2, 0.0, 0.05))  # half of them adapt
    net = Network({"source": Poisson(LINES, 10.0), "cells": cells})
    net.connect("source", "cells", AllToAll(), on_pre="v += w", w="0.35*randn()")
    net.connect("cells", "cells", AllToAll(), on_pre="v += w", w="0.1*randn()")
    return net


t = torch.arange(STEPS) / STEPS
target = sum(torch.sin(2 * torch.pi * (k * t + 0.2 * k)) for k in (1, 2, 3, 5))[:, None, None]
x = (torch.rand(STEPS, 1, LINES, generator=torch.Generator().manual_seed(1)) < 0.05).float()
for feedback in ("symmetric", "random", "adaptive"):
    module = EPropModule(network(), inputs="source.spikes", spikes="cells.spikes", readouts=1, feedback=feedback,
                         surrogate="0.5*max(0, 1 - abs(z)/0.6)", reset=["a"], threads=1)
    optimiser = torch.optim.Adam(module.parameters(), lr=0.004)
    errors = []
    for _ in range(150):
        loss = (module(x) - target).square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        errors.append(loss.item() / target.square().mean().item())
    print(f"{feedback:9s} error {errors[0]:.2f} at first, {errors[-1]:.3f} of the curve's variance after 150 trials")
