"""Networks as modules."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import nn

from ...errors import DescriptionError, listing, nearest
from ...gradients import Reset, Scan, Unrolled, unrolled
from ...network import Network
from ...program import Program
from .checks import check_finite, widened
from .running import DTYPES, ScanFunction

State = dict[str, torch.Tensor]


class ScanModule(nn.Module):
    """A scan whose parameters are trained.

    Parameters
    ----------
    scan
        What runs.
    inputs, outputs
        Names of inputs, and of outputs as they stand in ``scan.outputs``.
    values
        The values of all parameters and matrices.
    train
        Those that are trained; they become ``nn.Parameter``, the others buffers.
    starts
        For pasts by their starts (lag, N): what a run begins with when it is given no state.
    batch_first
        Whether sequences are (B, T, N) in place of (T, B, N).
    dtype
        Precision of the parameters; torch's default when None. A call computes in the precision of its inputs.
    threads, memory, segment, events
        See ``Trainable``.
    """

    def __init__(self, scan: Scan, *, inputs: Sequence[str], outputs: Sequence[str], values: Mapping[str, Any],
                 train: Iterable[str], starts: Mapping[str, Any] | None = None, batch_first: bool = False,
                 dtype: torch.dtype | None = None, threads: int = 0, memory: str = "full",
                 segment: int | None = None, events: bool | str = "auto"):
        super().__init__()
        self.scan, self.inputs, self.outputs, self.batch_first = scan, tuple(inputs), tuple(outputs), batch_first
        self._run = ScanFunction(scan, threads=threads, memory=memory, segment=segment, events=events)
        self._trained = tuple(train)
        for name, value in values.items():
            tensor = torch.tensor(np.array(value), dtype=dtype or torch.get_default_dtype())
            if name in self._trained:
                self.register_parameter(_key(name), nn.Parameter(tensor))
            else:
                self.register_buffer(_key(name), tensor)
        for name, value in (starts or {}).items():
            tensor = torch.tensor(np.array(value), dtype=dtype or torch.get_default_dtype())
            self.register_buffer(_key(f"start.{name}"), tensor, persistent=False)

    def forward(self, *inputs: torch.Tensor, state: State | None = None,
                return_state: bool = False) -> Any:
        """Run over sequences.

        Parameters
        ----------
        *inputs
            (T, B, N) for each input, or (B, T, N) with ``batch_first``; all of one dtype, float32 or float64.
        state
            What an earlier call returned, to go on from; cut off by ``detach`` where gradients shall end.
        return_state
            Whether to return the state after the outputs.

        Returns
        -------
        The output, or a tuple of several; with ``return_state`` a pair of that and the state.
        """
        inputs = tuple(map(widened, inputs))
        given = self._checked(inputs)
        copies = next(iter(given.values())).shape[1]
        dtype = inputs[0].dtype
        values = {n: self._value(n).to(dtype) for n in self.scan.of_kind("parameter", "matrix")}
        outputs, ends = self._run(given, values, self._begin(state, copies, dtype))
        found = tuple(outputs[n] for n in self.scan.outputs)
        if self.batch_first:
            found = tuple(x.transpose(0, 1) for x in found)
        result = found[0] if len(found) == 1 else found
        return (result, ends) if return_state else result

    def _value(self, name: str) -> torch.Tensor:
        found: torch.Tensor = getattr(self, _key(name))
        return found

    def _begin(self, state: State | None, copies: int, dtype: torch.dtype) -> State:
        if state is not None:
            return dict(state)
        found = {}
        for past in self.scan.pasts():
            begun = getattr(self, _key(f"start.{past.start}"), None)
            if begun is not None:
                found[past.start] = begun.to(dtype).unsqueeze(1).expand(-1, copies, -1).contiguous()
        return found

    def _checked(self, inputs: tuple[torch.Tensor, ...]) -> dict[str, torch.Tensor]:
        if len(inputs) != len(self.inputs):
            wanted = f"{len(self.inputs)} inputs ({listing(self.inputs)})"
            raise DescriptionError(f"the module takes {wanted}, got {len(inputs)}")
        found: dict[str, torch.Tensor] = {}
        turned = [x.transpose(0, 1) if self.batch_first and x.ndim == 3 else x for x in inputs]
        for name, x in zip(self.inputs, turned, strict=True):
            size, order = self.scan.size(name), "(B, T, N)" if self.batch_first else "(T, B, N)"
            if x.ndim != 3 or x.shape[2] != size or not x.numel():
                raise DescriptionError(f"{name} must have the shape {order} with N = {size}, got {tuple(x.shape)}")
            if x.dtype not in DTYPES or x.dtype != inputs[0].dtype:
                kinds = ", ".join(str(i.dtype) for i in inputs)
                raise DescriptionError(f"inputs must all be float32 or all float64, got {kinds}")
            first = next(iter(found.values()), x)
            if x.shape[:2] != first.shape[:2]:
                shapes = f"{tuple(first.shape)} and {tuple(x.shape)}"
                raise DescriptionError(f"inputs must agree in steps and batch, got {shapes}")
            check_finite(x, name)
            found[name] = x.contiguous()
        return found

    def extra_repr(self) -> str:
        """What goes in and out."""
        shapes = (f"{n}: {tuple(self._value(n).shape)}" for n in self._trained)
        return f"inputs={list(self.inputs)}, outputs={list(self.outputs)}, train={{{', '.join(shapes)}}}"


def as_module(network: Network, *, inputs: str | Sequence[str], outputs: str | Sequence[str],
              train: str | Sequence[str] = (), dt: float = 0.1, seed: int = 0, surrogate: str = "arctan",
              reset: Reset = "attached", batch_first: bool = False, dtype: torch.dtype | None = None, threads: int = 0,
              memory: str = "full", segment: int | None = None, events: bool | str = "auto") -> ScanModule:
    """A network as a module that is trained like any other.

    Parameters
    ----------
    network
        The description, the same that is simulated.
    inputs
        What is given for each step: spikes of a part (``"source.spikes"``) or a variable in internal units
        (``"cells.i"``).
    outputs
        What is returned for each step.
    train
        Parameters to train: ``"exc_to_inh.w"``, or ``"w"`` for those of all joins and parts. A constant of the
        equations is trained when the equations declare it (``tau : second``); else the solver takes it in beforehand.
    dt, seed
        Time step (ms), and the seed from which edges and values are drawn.
    surrogate, reset
        Slope of thresholds (``neurosim.gradients.SURROGATES`` or a text of ``z``), and whether gradients flow through
        resets.
    batch_first, dtype, threads, memory, segment, events
        See ``ScanModule``.

    Examples
    --------
    >>> import torch
    >>> from neurosim import LIF, Network, Poisson
    >>> from neurosim.bridges.torch import as_module
    >>> from neurosim.connectivity import AllToAll
    >>> net = Network({"source": Poisson(8, 10.0), "cells": LIF(3)})
    >>> net.connect("source", "cells", AllToAll(), on_pre="v += w", w="12*mV*rand()")
    'source_to_cells'
    >>> layer = as_module(net, inputs="source.spikes", outputs="cells.spikes", train="w", dt=1.0)
    >>> spikes = layer((torch.rand(20, 4, 8) < 0.3).float())
    >>> spikes.sum().backward()
    >>> tuple(spikes.shape), tuple(next(layer.parameters()).grad.shape)
    ((20, 4, 3), (8, 3))
    """
    inputs, outputs, train = (_names(x) for x in (inputs, outputs, train))
    found = unrolled(_program(network, dt, seed), inputs=inputs, outputs=outputs, surrogate=surrogate, reset=reset)
    return ScanModule(found.scan, inputs=inputs, outputs=outputs, values=found.parameters,
                      train=_chosen(train, found), starts=found.starts, batch_first=batch_first, dtype=dtype,
                      threads=threads, memory=memory, segment=segment, events=events)


def _program(network: Network, dt: float, seed: int) -> Program:
    """What the network is built into; its edges must stay."""
    growing = [name for name, join in network.joins.items() if join.structure is not None]
    if growing:
        raise DescriptionError(f"join {growing[0]!r}: a module trains the edges that there are, so none may come and "
                               "go; give no structure")
    return network.build(dt=dt, seed=seed)


def _names(given: str | Sequence[str]) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)


def _chosen(train: Sequence[str], found: Unrolled) -> list[str]:
    """The parameters meant by full names, or by the last part of their names."""
    chosen: dict[str, None] = {}
    for name in train:
        meant = [n for n in found.parameters if n == name or n.rpartition(".")[2] == name]
        if not meant:
            raise DescriptionError(
                f"train: no parameter {name!r}{nearest(name, found.parameters)} that a step reads; there are: "
                f"{listing(found.parameters)}. A constant that the solver takes in beforehand is trained when the "
                "equations declare it, as in 'tau : second'"
            )
        chosen |= dict.fromkeys(meant)
    return list(chosen)


def _key(name: str) -> str:
    """A name as torch allows it for parameters: without dots."""
    return name.replace(".", "_")
