"""An ELM neuron learns what a cell does: give files of NeuronIO, or let a cell of nine compartments be the teacher."""

import sys

import torch

from neurosim.bridges.torch.elm import ELMModule
from neurosim.families import ELM, neighbouring_synapses, spread_timescales
from neurosim.models.spieler_2024_elm import area, teacher
from neurosim.tasks import CellRecordings, read_neuron_io

if sys.argv[1:]:
    held, steps, shape = read_neuron_io(sys.argv[1:]), 500, {"synapses": neighbouring_synapses(), "branches": 45}
else:
    inputs, fired, voltage = teacher(trials=16, duration=500)
    held = CellRecordings(inputs=inputs.transpose(1, 0, 2), spikes=fired.T, voltage=voltage.T)
    steps, shape = 150, {"synapses": held.channels, "branches": 8}
cell = ELM(2, inputs="lines", memory=10, activation="silu", tau_m=spread_timescales(10, 1.0, 150.0), **shape)
module = ELMModule(cell, held.channels, tau_bounds=(1.0, 150.0), threads=1)
with torch.no_grad():
    module.b_y[0] = -4.6  # spikes are rare: to find that out would take most of the training
optimiser, rounds = torch.optim.Adam(module.parameters()), 101
schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 0.02, total_steps=rounds)
for step in range(rounds):
    trials = held.draw(16, seed=step, steps=steps, skip=50)
    spikes, voltage = torch.from_numpy(trials.targets).transpose(0, 1)[50:].unbind(-1)
    y = module(torch.from_numpy(trials.time_first()))[50:]
    missed = (y[..., 1] - voltage).square().mean()
    optimiser.zero_grad()
    (torch.nn.functional.binary_cross_entropy_with_logits(y[..., 0], spikes) + missed).backward()
    optimiser.step()
    schedule.step()
    if step % 25 == 0:
        score = area(y[..., 0].detach().numpy().ravel(), spikes.numpy().ravel() > 0)
        print(f"step {step:3d}: area for spikes {score:.2f}, "
              f"{1 - missed.item() / voltage.var():6.1%} of the voltage explained")
