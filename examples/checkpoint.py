"""A run in two parts: spikes go to disk while it runs, and the second part goes on where the first stopped."""

import numpy as np

from neurosim import Recording, Simulation, simulate
from neurosim.models import vogels_abbott_2005

network = vogels_abbott_2005.build(kind="cuba")

first = Simulation(network, seed=3, record="spikes", path="first_part")
first.run(300.0)
first.finish()
first.save("after_300_ms.checkpoint")

# this could be another day, another process and another machine
second = Simulation.load("after_300_ms.checkpoint", record="spikes")
second.run(200.0).save("second_part", overwrite=True)

parts = [Recording.load(folder)["exc.spikes"] for folder in ("first_part", "second_part")]
whole = simulate(network, 500.0, seed=3, record="spikes")["exc.spikes"]
print(parts[0], parts[1], whole, sep="\n")
same = np.array_equal(np.concatenate([part.steps for part in parts]), whole.steps)
print("the two parts together are the whole, spike for spike:", same)
if not same:
    raise SystemExit(1)
