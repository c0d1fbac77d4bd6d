"""ELM neurons for PyTorch, parametrised as published: weights of synapses and time constants stay within bounds.

References
----------
Spieler et al. (2024). ICLR 2024, doi:10.48550/arXiv.2306.16922, and the authors' code
"""

import dataclasses
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ...errors import DescriptionError
from ...families import ELM, Afferents
from ...gradients import unrolled
from ...network import Network
from .checks import checked_lines
from .running import ScanFunction

EDGE = 1e-6
"""How far from their bounds time constants begin, ms."""


class ELMModule(nn.Module):
    r"""An ELM neuron as a module; its forward pass is what a simulation of the description computes.

    Weights of synapses are :math:`w = \mathrm{relu}(p)`, time constants
    :math:`\tau_m = \tau_{min} + (\tau_{max} - \tau_{min})\, \mathrm{sigmoid}(p)`, so that training leaves no bound.

    Parameters
    ----------
    elm
        The neuron; training begins with its weights and time constants.
    lines
        Number of input lines, I.
    dt
        Time step, ms.
    train_tau
        Whether time constants are trained; published models keep them.
    tau_bounds
        Between which, ms; the time constants of ``elm`` lie within.
    batch_first
        Whether sequences are (B, T, N) in place of (T, B, N).
    dtype
        Of the parameters; torch's default when None.
    **options
        ``threads``, ``memory`` and ``segment`` of ``neurosim.training.Trainable``.

    Examples
    --------
    >>> import torch
    >>> from neurosim.bridges.torch.elm import ELMModule
    >>> from neurosim.families import ELM
    >>> neuron = ELMModule(ELM(2, inputs="lines", synapses=12, branches=3, memory=4), 12)
    >>> neuron(torch.zeros(5, 1, 12)).shape, sum(p.numel() for p in neuron.parameters())
    (torch.Size([5, 1, 2]), 122)
    """

    def __init__(self, elm: ELM, lines: int, *, dt: float = 1.0, train_tau: bool = False,
                 tau_bounds: tuple[float, float] = (1.0, 1000.0), batch_first: bool = False,
                 dtype: torch.dtype | None = None, **options: Any):
        super().__init__()
        low, high = tau_bounds
        if not 0 < low < high or elm.tau_m.min() < low - EDGE or elm.tau_m.max() > high + EDGE:
            raise DescriptionError(f"tau_bounds must hold all time constants of the neuron, {elm.tau_m.min():g} to "
                                   f"{elm.tau_m.max():g} ms, got {tau_bounds!r}")
        self.description, self.dt, self.tau_bounds, self.batch_first = elm, float(dt), (low, high), batch_first
        kind = dtype or torch.get_default_dtype()
        for name, value in elm.values.items():
            self.register_parameter(name, nn.Parameter(torch.tensor(value, dtype=kind)))
        share = (np.clip(elm.tau_m, low + EDGE, high - EDGE) - low) / (high - low)
        self.raw_tau = nn.Parameter(torch.tensor(np.log(share / (1.0 - share)), dtype=kind), requires_grad=train_tau)
        if not train_tau:
            # a frozen tensor that parameters() lists would be counted as trained
            frozen = self.raw_tau.detach()
            del self.raw_tau
            self.register_buffer("raw_tau", frozen)
        network = Network({elm.inputs: Afferents(lines), "cell": elm})
        self._input = f"{elm.inputs}.x"
        self._found = unrolled(network.build(dt=self.dt), inputs=[self._input], outputs=["cell.y"])
        self._run = ScanFunction(self._found.scan, **options)

    @property
    def tau_m(self) -> Tensor:
        """Time constants of the memory units, (d,) ms."""
        low, high = self.tau_bounds
        return low + (high - low) * torch.sigmoid(self.raw_tau)

    def forward(self, x: Tensor, state: dict[str, Tensor] | None = None, return_state: bool = False) -> Any:
        """Outputs of every step, (T, B, O), for inputs (T, B, I); with ``return_state`` also the state at the end."""
        scan = self._found.scan
        x = checked_lines(x, scan.size(self._input), batch_first=self.batch_first)
        given = self._values(x.dtype)
        outputs, ends = self._run({self._input: x.contiguous()}, given, state or {})
        y = outputs[scan.outputs[0]]
        y = y.transpose(0, 1) if self.batch_first else y
        return (y, ends) if return_state else y

    def elm(self) -> ELM:
        """The neuron as it is trained now, as a description to simulate."""
        weights = {n: getattr(self, n).detach().double().numpy() for n in self.description.values}
        weights["w"] = np.maximum(weights["w"], 0.0)
        return dataclasses.replace(self.description, weights=weights, tau_m=self.tau_m.detach().double().numpy())

    def _values(self, dtype: torch.dtype) -> dict[str, Tensor]:
        """The parameters of the scan, from those that are trained."""
        b = self.description.branches or 0
        elm, tau = self.description, self.tau_m
        keep = torch.exp(-self.dt / tau)
        write = elm.gain * (1.0 - keep) if elm.version == 1 else 1.0 - torch.exp(-self.dt * elm.gain / tau)
        weight: Any = self.w
        first: Any = self.W1
        found = {"w": torch.relu(weight), "W1_b": first[:, :b], "W1_m": first[:, b:], "k_m": keep, "q": write}
        found |= {name: getattr(self, name) for name in ("c1", "W2", "c2", "W_y", "b_y")}
        given = {f"cell.{name}": value for name, value in found.items()}
        scan = self._found.scan
        fixed = {n: torch.tensor(v, device=tau.device) for n, v in self._found.parameters.items() if n not in given}
        return {n: (given | fixed)[n].to(dtype).contiguous() for n in scan.of_kind("parameter", "matrix")}

    def extra_repr(self) -> str:
        """The neuron."""
        return repr(self.description)
