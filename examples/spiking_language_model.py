"""A small language model of astrocyte-modulated spiking neurons learns a grammar, and writes."""

import numpy as np
import torch

from neurosim.bridges.torch.astrocyte_language import SpikingLanguageModel
from neurosim.tasks import Range, ReberGrammar, accepts

grammar, rng = ReberGrammar(length=Range(5, 20)), np.random.default_rng(0)
text = "".join(grammar.valid(rng) for _ in range(2000))

model = SpikingLanguageModel("BTSXVPE", width=24, blocks=1, kappa=0.5, threads=1)
letters = model.numbers(text)[:, 0]
optimiser = torch.optim.Adam(model.parameters(), lr=0.01)
for step in range(101):
    starts = rng.integers(0, len(letters) - 61, 16)
    loss = model.bits(torch.stack([letters[k : k + 61] for k in starts], dim=1))
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    if step % 50 == 0:
        print(f"step {step:3d}: {loss.item():.2f} bits per letter")

# letter by letter, with a state of constant size
written = model.sample("B", 400, temperature=0.7, seed=1)
words = [word + "E" for word in written.split("E")[:-1]]
print(" ".join(words[:6]))
print(f"{sum(map(accepts, words))} of {len(words)} words are of the grammar")
