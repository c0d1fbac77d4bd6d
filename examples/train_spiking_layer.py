"""A spiking network is described once, trained by torch to tell digits, and simulated with what it has learnt."""

import torch
from sklearn import datasets, model_selection

from neurosim import LIF, Network, Poisson, SpikeGenerator, simulate
from neurosim.bridges.torch import as_module
from neurosim.connectivity import AllToAll

STEPS, SPLIT = 15, model_selection.train_test_split(*datasets.load_digits(return_X_y=True), random_state=0)
train_x, test_x, train_y, test_y = map(torch.tensor, SPLIT)


def network(source, hidden="3*randn()*mV", digits="2*randn()*mV"):
    net = Network({"pixels": source, "hidden": LIF(50), "digits": LIF(10, threshold=1000.0)})
    net.connect("pixels", "hidden", AllToAll(), on_pre="v += w", w=hidden)
    net.connect("hidden", "digits", AllToAll(), on_pre="v += w", w=digits)
    return net


def spikes(x):  # (T, B, 64), as often as pixels are bright
    return (torch.rand(STEPS, *x.shape) < x / 32).float()


torch.manual_seed(0)
module = as_module(network(Poisson(64, 10.0)), inputs="pixels.spikes", outputs="digits.v", train="w", dt=1.0, threads=1)
optimiser = torch.optim.Adam(module.parameters(), lr=0.1)
for epoch in range(4):
    for batch in torch.randperm(len(train_x)).split(64):
        loss = torch.nn.functional.cross_entropy(module(spikes(train_x[batch])).mean(0) / 10, train_y[batch])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    print(f"epoch {epoch}: loss {loss:.2f}")
answers = module(x := spikes(test_x)).mean(0).argmax(1)
step, _, line = x[:, :1].numpy().nonzero()  # the first test image, simulated
net = network(SpikeGenerator(64, line, 1.0 * step), *(p.detach().double().numpy().ravel() for p in module.parameters()))
v = simulate(net, STEPS, dt=1.0, record="digits.v", backend="reference", progress=False)["digits.v"].values
print(f"{(answers == test_y).float().mean():.1%} right; the first: {int(answers[0])}, simulated {v.mean(0).argmax()}")
