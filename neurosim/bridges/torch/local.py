"""Networks as modules whose gradients are those of local learning."""

from collections.abc import Sequence
from typing import Any

from ...gradients import Reset, unrolled
from ...network import Network
from ...training import Joins, cut
from .module import ScanModule, _chosen, _names, _program


def local_module(network: Network, *, inputs: str | Sequence[str], outputs: str | Sequence[str],
                 train: str | Sequence[str] = (), joins: Joins = "recurrent", dt: float = 0.1, seed: int = 0,
                 surrogate: str = "triangular", reset: Reset = "detached", **options: Any) -> ScanModule:
    """A network as a module, as by ``as_module``, whose gradients end where signals leave a neuron.

    Its outputs are those of ``as_module``. Without joins that are cut, and with the same reset, so are its gradients.

    Parameters
    ----------
    network, inputs, outputs, train, dt, seed, surrogate
        See ``as_module``.
    joins
        Joins along which no gradient goes back, see ``neurosim.training.cut``.
    reset
        Whether gradients flow through resets. As published none flows through that of the potential; that of an
        adaptation belongs to the trace: name it, as in ``reset=["a"]``.
    **options
        See ``ScanModule``.

    Examples
    --------
    >>> import torch
    >>> from neurosim import LIF, Network, Poisson
    >>> from neurosim.bridges.torch.local import local_module
    >>> from neurosim.connectivity import AllToAll
    >>> net = Network({"source": Poisson(8, 10.0), "cells": LIF(3)})
    >>> _ = net.connect("source", "cells", AllToAll(), on_pre="v += w", w="12*mV*rand()")
    >>> _ = net.connect("cells", "cells", AllToAll(), on_pre="v += w", w="2*mV*rand()")
    >>> cells = local_module(net, inputs="source.spikes", outputs="cells.spikes", train="w", dt=1.0)
    >>> tuple(cells(torch.ones(20, 1, 8)).shape), tuple(cells.cells_to_cells_w.shape)
    ((20, 1, 3), (3, 3))
    """
    inputs, outputs, train = (_names(x) for x in (inputs, outputs, train))
    program = _program(network, dt, seed)
    found = unrolled(program, inputs=inputs, outputs=outputs, surrogate=surrogate, reset=reset)
    return ScanModule(cut(found.scan, joins), inputs=inputs, outputs=outputs, values=found.parameters,
                      train=_chosen(train, found), starts=found.starts, **options)
