"""The gated neurons of snnTorch 1.0: their membrane is the hidden vector of an LSTM cell, their current the cell's."""

from typing import Any

import snntorch
import torch

from ...gradients import Unrolling
from .fused import Fused
from .projecting import projected

GATES = ("i", "f", "g", "o")
"""In torch's order: what is let in, what is kept, what is new, what is shown."""


class SLSTM(Fused, snntorch.SLSTM):
    """``snntorch.SLSTM``; see ``Fused`` for ``sequence``.

    snnTorch 1.0 compares the shape of its states with that of the input, so where ``input_size`` and ``hidden_size``
    differ it begins anew in every step and remembers nothing. Here it remembers, unless ``compat=True``.
    """

    states = ("syn", "mem")
    numbers = ("threshold", "graded_spikes_factor")
    inputs = {f"x_{gate}": "cells" for gate in GATES}
    ignored = frozenset({"inhibition"})
    sequence_order, sequence_axes = "(T, B, N)", 3

    @property
    def why_not_fused(self) -> str | None:
        """See ``Fused``."""
        if self._forgets:
            return "with compat its states are set to zero in every step, because input_size and hidden_size differ"
        return super().why_not_fused

    @property
    def _forgets(self) -> bool:
        return self.compat and self.input_size != self.hidden_size

    def update(self) -> str:
        """See ``Scanned``."""
        # half of 1 + tanh(half) is the logistic function, and nothing in its slope overflows
        gates = "; ".join(f"_{gate} = 0.5 + 0.5*tanh(0.5*(x_{gate} + back_{gate}))" for gate in "ifo")
        reset = {
            "subtract": "mem = _m - _r*threshold", "zero": "mem = _m - _r*_m", "none": "mem = _m",
        }[self.reset_mechanism]
        return (f"_r = stop(H(mem - threshold)); {gates}; syn = _f*syn + _i*tanh(x_g + back_g); "
                f"_m = _o*tanh(syn); {reset}")

    def before_step(self, layer: Unrolling) -> None:
        """The products of the membrane of the step before with the weights of each gate."""
        for gate in GATES:
            layer.parameter(f"weight_{gate}", "cells", rows="cells")
            layer.product("mem", f"weight_{gate}", f"back_{gate}", transpose=True)

    def step(self, input_: torch.Tensor, *states: Any, **named: Any) -> Any:
        """See ``Fused``."""
        if self.compat or self.input_size == self.hidden_size:
            return super().step(input_, *states, **named)
        self._take(input_.unsqueeze(0), self._named(states) | named)
        shape = self._state_shape(input_.shape)
        self.syn, self.mem = (self._state(name, shape, input_) for name in self.states)
        self.reset = self.mem_reset(self.mem)
        self.syn, self.mem = self.state_function(input_)
        if self.state_quant:
            self.syn, self.mem = self.state_quant(self.syn), self.state_quant(self.mem)
        self.spk = self.fire(self.mem)
        return self._given_out([self.spk, self.syn, self.mem])

    def _state_shape(self, shape: torch.Size) -> torch.Size:
        return torch.Size((shape[0], self.hidden_size))

    def _inputs(self, input_: torch.Tensor) -> dict[str, torch.Tensor]:
        cell = self.lstm_cell
        biases = (cell.bias_ih + cell.bias_hh).chunk(4) if self.bias else 4 * (None,)
        return {f"x_{gate}": projected(input_, weight, bias)
                for gate, weight, bias in zip(GATES, cell.weight_ih.chunk(4), biases, strict=True)}

    def _parameter(self, name: str) -> torch.Tensor:
        if name.startswith("weight_"):
            found: torch.Tensor = self.lstm_cell.weight_hh.chunk(4)[GATES.index(name[-1])]
            return found
        return super()._parameter(name)


class SConv2dLSTM(Fused, snntorch.SConv2dLSTM):
    """``snntorch.SConv2dLSTM``; with ``sequence`` it takes (T, B, C, H, W), step by step: it cannot be fused."""

    states = ("syn", "mem")
    ignored = frozenset({"inhibition"})
    sequence_order, sequence_axes = "(T, B, C, H, W)", 5

    @property
    def why_not_fused(self) -> str | None:
        """See ``Fused``."""
        return "its membrane comes back through a convolution, which a scan does not have"

    def _state_shape(self, shape: torch.Size) -> torch.Size:
        return torch.Size((shape[0], self.out_channels, *shape[2:]))
