"""A neuron learns which of its inputs come together: spike-timing dependent plasticity, and homeostasis beside it."""

import numpy as np

from neurosim import Network, Neurons, Simulation
from neurosim.connectivity import AllToAll, FromArrays
from neurosim.families.plasticity import STDP, Scaling

SIZE, TOGETHER = 200, 50

net = Network({
    "signal": Neurons(1, "dx/dt = -x/tau + xi*sqrt(2/tau) : 1", tau=20.0),
    "input": Neurons(SIZE, "x : 1\nrate = 10*Hz*(1 + max(x, -1)) : Hz", threshold="rand() < rate*dt"),
    "cell": Neurons(1, "dv/dt = (-70*mV - v + g*(0*mV - v))/tau : mV\ndg/dt = -g/tau_s : 1", threshold="v > -54*mV",
                    reset="v = -60*mV", tau=20.0, tau_s=5.0, initial={"v": -70.0}),
})
first = np.arange(TOGETHER)
net.connect("signal", "input", FromArrays(np.zeros_like(first), first), couple="x = x_pre")
rules = [STDP(w_max=0.1, a_plus=0.01, a_minus=0.011), Scaling(w_max=0.1, rho=20.0, tau_w=50_000.0)]
net.connect("input", "cell", AllToAll(), on_pre="g += w", plasticity=rules, w="0.04*rand()")

session = Simulation(net, dt=0.5, seed=1, record="cell.spikes", progress=False)
for second in range(0, 100, 20):
    w = session.get("input_to_cell.w")
    print(f"{second:3d} s: together {w[:TOGETHER].mean():.3f}, alone {w[TOGETHER:].mean():.3f}")
    spikes = session.run(20_000.0)["cell.spikes"]
print(f"{spikes.between(80_000.0, 100_000.0).mean_rate():.1f} Hz at the end")
