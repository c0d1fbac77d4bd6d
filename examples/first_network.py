"""A first network: it keeps itself active, and its raster, rates and traces go into a figure."""

from neurosim import Network, Neurons, simulate
from neurosim.connectivity import Bernoulli

EQUATIONS = """
dv/dt   = (E_L - v + g_e*(E_e - v) + g_i*(E_i - v)) / tau_m : mV (unless refractory)
dg_e/dt = -g_e / tau_e : 1
dg_i/dt = -g_i / tau_i : 1
"""
START = {"v": "-60 + 10*rand()", "g_e": "max(4 + 1.5*randn(), 0)", "g_i": "max(20 + 12*randn(), 0)"}

net = Network()
for name, size in {"exc": 3200, "inh": 800}.items():
    net.add(name, Neurons(size, EQUATIONS, threshold="v > -50", reset="v = -60", refractory=5.0, E_L=-60.0, E_e=0.0,
                          E_i=-80.0, tau_m=20.0, tau_e=5.0, tau_i=10.0, initial=START))
net.connect("exc", ["exc", "inh"], Bernoulli(0.02), on_pre="g_e += w", w=0.6, delay=0.1)
net.connect("inh", ["exc", "inh"], Bernoulli(0.02), on_pre="g_i += w", w=6.7, delay=0.1)
print(net)

recording = simulate(net, 500.0, seed=1, record=["exc.spikes", "inh.spikes", "exc.v[:3]"])
print(recording)
recording.plot(width=2.0).savefig("first_network.png", dpi=150)
print("wrote first_network.png")
