"""A neuron with a dendrite: the farther out a synapse lies, the less of it arrives at the soma."""

import numpy as np

from neurosim import Compartments, Network, SpikeGenerator, Tree, simulate
from neurosim.connectivity import FromArrays

# a soma of 20 um and a dendrite of 800 um in 40 cylinders
tree = Tree(np.arange(41) - 1, np.r_[20.0, np.full(40, 20.0)], np.r_[20.0, np.full(40, 2.0)], Ra=150.0)
SYNAPSE = """
I_channels = g_syn*(0*mV - v) : pA
dg_syn/dt = -g_syn/tau_syn : nS
"""
places = [1, 10, 20, 30, 40]
cells = Compartments(len(places), tree, channels=SYNAPSE, parameters={"tau_syn": 2.0})

net = Network({"spike": SpikeGenerator(1, [0], [5.0]), "cells": cells})
where = [cells.index(neuron, place) for neuron, place in enumerate(places)]
net.connect("spike", "cells", FromArrays([0] * len(places), where), on_pre="g_syn += w", w=1.0)

v = np.asarray(simulate(net, 60.0, dt=0.025, record="cells.v", progress=False)["cells.v"]) + 70.0
for neuron, place in enumerate(places):
    soma, synapse = v[:, cells.index(neuron, 0)], v[:, where[neuron]]
    print(f"{20 * place:4d} um out: {synapse.max():5.2f} mV at the synapse, {soma.max():.2f} mV at the soma, "
          f"{0.025 * np.argmax(soma) - 5.0:4.1f} ms later")
