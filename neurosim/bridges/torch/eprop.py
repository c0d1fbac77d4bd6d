r"""Learning by e-prop: the error of a readout, sent back to each neuron, times what each of its weights did lately.

.. math::
    \frac{dE}{dW_{ji}} = \sum_t L_j^t \, \bar e_{ji}^t, \qquad L_j^t = \sum_k B_{jk} \frac{\partial E}{\partial y_k^t},
    \qquad y_k^t = \kappa y_k^{t-1} + \sum_j W_{jk}^{out} z_j^t + b_k

with :math:`\bar e_{ji}` the eligibility trace, filtered as the readout filters spikes z.

References
----------
Bellec et al. (2020). Nat Commun 11, 3625. doi:10.1038/s41467-020-17236-y
"""

import math
from collections.abc import Sequence
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from ...errors import DescriptionError, listing
from ...gradients import Reset, Unrolling
from ...network import Network
from .local import local_module
from .module import ScanModule

FEEDBACK = ("symmetric", "random", "adaptive")
Feedback = Literal["symmetric", "random", "adaptive"]


class EPropModule(nn.Module):
    """A recurrent spiking network with a leaky readout that learns by e-prop.

    It is used as any module: a loss of its readout, ``backward``, a step of an optimiser. What ``backward`` leaves is
    the gradient of e-prop for that loss, be it a squared error or a cross-entropy.

    Parameters
    ----------
    network
        The description, the same that is simulated.
    inputs
        What is given for each step: spikes of a part or a variable.
    spikes
        The spikes that are read out, such as ``"cells.spikes"``.
    readouts
        Number of readouts, K.
    train
        Parameters of the network to train, see ``as_module``.
    tau_out
        Time constant of the readouts, ms.
    feedback
        What carries errors back: the readout's own weights (``symmetric``), weights drawn once (``random``), or weights
        that begin so and change as the readout's own do (``adaptive``); there, a weight decay of the optimiser lets
        both come together.
    dt, seed
        Time step (ms), and the seed of edges, values and readouts.
    surrogate, reset
        Slope of thresholds, and through which resets gradients flow, see ``local_module``.
    dtype, threads, memory, segment
        See ``ScanModule``.

    Examples
    --------
    >>> import torch
    >>> from neurosim import LIF, Network, Poisson
    >>> from neurosim.bridges.torch.eprop import EPropModule
    >>> from neurosim.connectivity import AllToAll
    >>> net = Network({"source": Poisson(8, 10.0), "cells": LIF(3)})
    >>> _ = net.connect("source", "cells", AllToAll(), on_pre="v += w", w="12*mV*rand()")
    >>> _ = net.connect("cells", "cells", AllToAll(), on_pre="v += w", w="2*mV*rand()")
    >>> module = EPropModule(net, inputs="source.spikes", spikes="cells.spikes", readouts=2, dt=1.0)
    >>> y = module(torch.ones(20, 1, 8))
    >>> y.square().sum().backward()
    >>> tuple(y.shape), tuple(module.cells.source_to_cells_w.grad.shape)
    ((20, 1, 2), (8, 3))
    """

    def __init__(self, network: Network, *, inputs: str | Sequence[str], spikes: str, readouts: int,
                 train: str | Sequence[str] = "w", tau_out: float = 20.0, feedback: Feedback = "symmetric",
                 dt: float = 1.0, seed: int = 0, surrogate: str = "triangular", reset: Reset = "detached",
                 **options: Any):
        super().__init__()
        if not tau_out > 0.0:
            raise DescriptionError(f"tau_out must be > 0, got {tau_out!r}")
        self.cells = local_module(network, inputs=inputs, outputs=spikes, train=train, dt=dt, seed=seed,
                                  surrogate=surrogate, reset=reset, **options)
        size = self.cells.scan.size(self.cells.scan.outputs[0])
        self.readout = LeakyReadout(size, readouts, keep=math.exp(-dt / tau_out), feedback=feedback, seed=seed,
                                    dtype=options.get("dtype"), threads=options.get("threads", 0))

    def forward(self, *inputs: Tensor) -> Tensor:
        """The readouts (T, B, K) for inputs (T, B, N). For a loss of spikes, call ``cells`` and ``readout`` in turn."""
        found: Tensor = self.readout(self.cells(*inputs))
        return found


class LeakyReadout(nn.Module):
    """Leaky sums of spikes, whose errors go back by weights of their own.

    Parameters
    ----------
    size, readouts
        Number of neurons, N, and of readouts, K.
    keep
        What is left of a readout after a step, kappa.
    feedback
        See ``EPropModule``.
    seed
        Of the weights, normal with a variance of 1/N, and of those that carry errors back.
    dtype, threads
        See ``ScanModule``.
    """

    def __init__(self, size: int, readouts: int, *, keep: float, feedback: Feedback = "symmetric", seed: int = 0,
                 dtype: torch.dtype | None = None, threads: int = 0):
        super().__init__()
        if feedback not in FEEDBACK:
            raise DescriptionError(f"feedback must be one of {listing(FEEDBACK)}, got {feedback!r}")
        if readouts < 1:
            raise DescriptionError(f"readouts must be >= 1, got {readouts!r}")
        if not 0.0 <= keep < 1.0:
            raise DescriptionError(f"keep must be in [0, 1), got {keep!r}")
        self.feedback = feedback
        generator = torch.Generator().manual_seed(seed)
        own, back = torch.randn(2, size, readouts, generator=generator, dtype=torch.float64) / math.sqrt(size)
        kind = dtype or torch.get_default_dtype()
        self.weight = nn.Parameter(own.to(kind))
        self.bias = nn.Parameter(torch.zeros(readouts, dtype=kind))
        if feedback != "symmetric":
            self.back = nn.Parameter(back.to(kind), requires_grad=feedback == "adaptive")
        leak = Unrolling({"readouts": readouts})
        leak.input("x", "readouts")
        leak.parameter("keep")
        leak.state("y", "readouts")
        leak.step("readouts", "y = keep*y + x")
        self._leak = ScanModule(leak.finish(["y"]), inputs=["x"], outputs=["y"], values={"keep": keep}, train=[],
                                dtype=torch.float64, threads=threads)

    def forward(self, spikes: Tensor) -> Tensor:
        """The readouts (T, B, K) of spikes (T, B, N)."""
        weight = self.weight.to(spikes.dtype)
        if self.feedback == "symmetric":
            summed = spikes @ weight
        else:
            summed = _Broadcast.apply(spikes, weight, self.back.to(spikes.dtype))
        found: Tensor = self._leak((summed + self.bias.to(spikes.dtype)).contiguous())
        return found


class _Broadcast(torch.autograd.Function):
    """``spikes @ weight``, whose gradient goes back by another matrix."""

    @staticmethod
    def forward(ctx: Any, spikes: Tensor, weight: Tensor, back: Tensor) -> Tensor:
        ctx.save_for_backward(spikes, back)
        return spikes @ weight

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        spikes, back = ctx.saved_tensors
        own = spikes.flatten(0, 1).T @ gradient.flatten(0, 1)
        return gradient @ back.T, own, own if ctx.needs_input_grad[2] else None
