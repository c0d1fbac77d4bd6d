r"""Deep continuous local learning: each layer has an error of its own, and hears of no other's.

A layer's spikes S are read out by fixed random weights G. The gradient of a layer's loss is

.. math::
    \frac{dE^l}{dW^l_{ij}} = \sum_t \sum_k \frac{\partial E^l}{\partial Y^l_k} G^l_{ki}\, \sigma'(U^l_i)\, P^l_j,
    \qquad Y^l = G^l S^l

with U the potential and P the filtered spikes of the layer before: nothing goes back to that layer, nor to earlier
steps but through P.

References
----------
Kaiser, Mostafa & Neftci (2020). Front Neurosci 14, 424. doi:10.3389/fnins.2020.00424
"""

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from ...errors import DescriptionError
from ...families import Neurons
from ...network import Network
from .local import local_module

BOXCAR = "1 if abs(z) < 0.5 else 0"
"""The published slope of the threshold."""
EQUATIONS = """
dp/dt = (q - p)/tau_mem : 1
dq/dt = -q/tau_syn : 1
dr/dt = -r/tau_ref : 1
"""
ON_PRE = "q += w"
"""What a join does between layers."""


def decolle_neurons(size: int, *, tau_mem: float = 20.0, tau_syn: float = 10.0, tau_ref: float = 2.3, rho: float = 1.0,
                    bias: Any = 0.0) -> Neurons:
    r"""Neurons of DECOLLE; a join to them does ``ON_PRE``.

    .. math::
        \tau_{mem} \dot p = q - p, \qquad \tau_{syn} \dot q = -q, \qquad \tau_{ref} \dot r = -r, \qquad
        p - \rho r + b > 0 \Rightarrow spike, \quad r \leftarrow r + 1

    In the paper filters belong to the source and the weights act behind them, U = W P; here weights act first, which is
    the same, and the filters are solved exactly. A jump of r is 1 there divided by tau_ref in steps. The defaults of
    the time constants are inferred.

    Parameters
    ----------
    size
        Number of neurons, N.
    tau_mem, tau_syn, tau_ref
        Time constants of membrane, synapses and refractoriness, ms.
    rho
        How far a spike lowers the potential.
    bias
        b, a number or (N,).
    """
    return Neurons(size, EQUATIONS, threshold="p - rho*r + bias > 0", reset="r += 1", tau_mem=tau_mem, tau_syn=tau_syn,
                   tau_ref=tau_ref, rho=rho, bias=bias)


class DecolleModule(nn.Module):
    """Spiking layers, each with a random readout that its own loss is taken of.

    Parameters
    ----------
    network
        The description, the same that is simulated; its layers may be of any neurons.
    inputs
        What is given for each step: spikes of a part or a variable.
    layers
        Spikes of the layers, first to last, such as ``["first.spikes", "second.spikes"]``.
    readouts
        Number of readouts of each layer, C.
    train
        Parameters of the network to train, see ``as_module``.
    dt, seed
        Time step (ms), and the seed of edges, values and readouts.
    surrogate
        Slope of thresholds.
    **options
        See ``ScanModule``.

    Examples
    --------
    >>> import torch
    >>> from neurosim import Network, Poisson
    >>> from neurosim.bridges.torch.decolle import ON_PRE, DecolleModule, decolle_neurons
    >>> from neurosim.connectivity import AllToAll
    >>> net = Network({"source": Poisson(8, 10.0), "first": decolle_neurons(6), "second": decolle_neurons(4)})
    >>> for a, b in (("source", "first"), ("first", "second")):
    ...     _ = net.connect(a, b, AllToAll(), on_pre=ON_PRE, w="randn()")
    >>> module = DecolleModule(net, inputs="source.spikes", layers=["first.spikes", "second.spikes"], readouts=3)
    >>> found = module(torch.ones(20, 1, 8))
    >>> sum(y.square().mean() for y in found).backward()
    >>> [tuple(y.shape) for y in found]
    [(20, 1, 3), (20, 1, 3)]
    """

    def __init__(self, network: Network, *, inputs: str | Sequence[str], layers: Sequence[str], readouts: int,
                 train: str | Sequence[str] = "w", dt: float = 1.0, seed: int = 0, surrogate: str = BOXCAR,
                 **options: Any):
        super().__init__()
        if readouts < 1:
            raise DescriptionError(f"readouts must be >= 1, got {readouts!r}")
        if isinstance(layers, str) or not layers:
            raise DescriptionError(f"layers must name the spikes of one layer or more, got {layers!r}")
        self.layers = tuple(layers)
        self.cells = local_module(network, inputs=inputs, outputs=self.layers, train=train, joins="all", dt=dt,
                                  seed=seed, surrogate=surrogate, **options)
        generator = torch.Generator().manual_seed(seed)
        for number, name in enumerate(self.cells.scan.outputs):
            size = self.cells.scan.size(name)
            drawn = (2.0 * torch.rand(size, readouts, generator=generator, dtype=torch.float64) - 1.0) / math.sqrt(size)
            self.register_buffer(f"readout_{number}", drawn.to(options.get("dtype") or torch.get_default_dtype()))

    def forward(self, *inputs: Tensor) -> list[Tensor]:
        """The readouts (T, B, C) of each layer for inputs (T, B, N); the loss is the sum of one for each."""
        return self.read(self.spikes(*inputs))

    def spikes(self, *inputs: Tensor) -> list[Tensor]:
        """The spikes (T, B, N) of each layer, of which penalties of rates are taken."""
        found = self.cells(*inputs)
        return [found] if len(self.layers) == 1 else list(found)

    def read(self, spikes: Sequence[Tensor]) -> list[Tensor]:
        """The readouts (T, B, C) of the spikes of each layer."""
        weights = (getattr(self, f"readout_{number}") for number in range(len(self.layers)))
        return [z @ g.to(z.dtype) for z, g in zip(spikes, weights, strict=True)]
