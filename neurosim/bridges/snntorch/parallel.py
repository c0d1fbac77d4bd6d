"""The neurons of snnTorch 1.0 that take whole sequences: they never reset, and keep no state between calls."""

from collections.abc import Mapping
from typing import Any, ClassVar

import snntorch
import torch
from torch.nn.functional import pad

from ...errors import DescriptionError
from ...gradients import Unrolling
from ..torch.checks import checked_sequence
from .projecting import projected
from .scanned import Scanned


class Parallel(Scanned):
    """Mixed into a neuron of snnTorch that takes whole sequences; a scan runs in the place of its own formula.

    A surrogate without a text is applied to the membranes that the scan gives.
    """

    states = ("mem",)
    numbers: ClassVar[tuple[str, ...]] = ("keep", "threshold", "graded_spikes_factor")
    state_quant: Any = False

    _with_spikes: ClassVar[tuple[str, ...]] = ("spk", "mem")

    def _found(self, inputs: Mapping[str, torch.Tensor], shape: torch.Size, *,
               spikes: bool = True) -> dict[str, torch.Tensor]:
        """What is given out, ``spk`` and ``mem``; the membranes alone where spikes are not made in the scan."""
        inside = spikes and self.slope is not None and not self.state_quant
        wanted = self._with_spikes if inside else ("mem",)
        found = dict(zip(wanted, self._run(inputs, shape, wanted, {})[0], strict=True))
        if self.state_quant:
            found["mem"] = self.state_quant(found["mem"])
        return found


class StateLeaky(Parallel, snntorch.StateLeaky):
    r"""``snntorch.StateLeaky`` as a scan: the time grows with T, where that of the convolution grows with its square.

    What is left after a step is :math:`e^{-1/\tau}` with :math:`\tau = 1/(1 - \beta)`, as in snnTorch: 0.905 for a
    beta of 0.9. snnTorch 1.0 multiplies spikes by the graded factor twice; here once, unless ``compat=True``.
    """

    @property
    def inputs(self) -> Mapping[str, str]:  # type: ignore[override]
        """See ``Scanned``; with a kernel cut short also the input that leaves it."""
        return {"x": "cells", "x_old": "cells"} if self.kernel_truncation_steps else {"x": "cells"}

    @property
    def numbers(self) -> tuple[str, ...]:  # type: ignore[override]
        """See ``Scanned``."""
        return (*Parallel.numbers, "last") if self.kernel_truncation_steps else Parallel.numbers

    def update(self) -> str:
        """See ``Scanned``."""
        return "mem = keep*mem + x - last*x_old" if self.kernel_truncation_steps else "mem = keep*mem + x"

    def firing(self) -> str:
        """See ``Scanned``."""
        return super().firing() + ("; spk = spk*graded_spikes_factor" if self.compat else "")

    def forward(self, input_: torch.Tensor) -> Any:
        """Spikes and membranes, (T, B, C) each, or membranes alone with ``output=False``."""
        input_ = checked_sequence(input_, "input", "(T, B, C)", least=3, most=3)
        return self._over(input_)

    def _over(self, x: torch.Tensor) -> Any:
        if self.tau.numel() not in (1, x.shape[2]):
            raise DescriptionError(f"input must have {self.tau.numel()} channels as beta has, got {tuple(x.shape)}")
        inputs = {"x": x}
        if self.kernel_truncation_steps:
            inputs["x_old"] = pad(x, (0, 0, 0, 0, self.kernel_truncation_steps, 0))[: len(x)]
        found = self._found(inputs, x.shape[1:], spikes=self.output)
        if not self.output:
            return found["mem"]
        if "spk" not in found:
            found["spk"] = self.fire(found["mem"]) * (self.graded_spikes_factor if self.compat else 1)
        self.spk = found["spk"]
        return found["spk"], found["mem"]

    def _parameter(self, name: str) -> torch.Tensor:
        if name in ("keep", "last"):
            steps = 1 if name == "keep" else self.kernel_truncation_steps
            return torch.exp(-steps / self.tau)
        return super()._parameter(name)


class LinearLeaky(StateLeaky, snntorch.LinearLeaky):
    """``snntorch.LinearLeaky``: a linear layer, and ``StateLeaky`` behind it."""

    def forward(self, input_: torch.Tensor) -> Any:
        """See ``StateLeaky``; inputs are (T, B, N)."""
        input_ = checked_sequence(input_, "input", "(T, B, N)", least=3, most=3)
        return self._over(projected(input_, self.linear.weight, self.linear.bias))


class LeakyParallel(Parallel, snntorch.LeakyParallel):
    """``snntorch.LeakyParallel`` as a scan; its membrane never falls below 0, as in snnTorch.

    snnTorch 1.0 does not look at a ``beta`` for each neuron and keeps the random weights. Here each neuron has its own,
    unless ``compat=True``.
    """

    _with_spikes = ("spk",)
    _diagonal = False
    _alone = True

    @property
    def numbers(self) -> tuple[str, ...]:  # type: ignore[override]
        """See ``Scanned``."""
        return Parallel.numbers if self._alone else Parallel.numbers[1:]

    def update(self) -> str:
        """See ``Scanned``."""
        return f"_m = x + {'keep*mem' if self._alone else 'back'}; mem = _m if _m > 0 else 0"

    def before_step(self, layer: Unrolling) -> None:
        """The product with the recurrent weights where neurons hear of each other."""
        if not self._alone:
            layer.parameter("weight", "cells", rows="cells")
            layer.product("mem", "weight", "back", transpose=True)

    def forward(self, input_: torch.Tensor) -> torch.Tensor:
        """Spikes, (T, B, M), for (T, B, N), or (T, M) for (T, N)."""
        input_ = checked_sequence(input_, "input", "(T, B, N) or (T, N)", most=3)
        self._alone = self._is_diagonal()
        biases = self.rnn.bias_ih_l0 + self.rnn.bias_hh_l0 if self.rnn.bias else None
        x = projected(input_, self.rnn.weight_ih_l0, biases)
        batched = x if x.ndim == 3 else x.unsqueeze(1)
        found = self._found({"x": batched}, batched.shape[1:])
        if "spk" not in found:
            found["spk"] = self.spike_grad(found["mem"] - self.threshold) * self.graded_spikes_factor
        return found["spk"].reshape(x.shape)

    def weight_hh_enable(self) -> None:
        """Set the weights between different neurons to 0; the constructor calls it unless they are asked for."""
        super().weight_hh_enable()
        self._diagonal = True

    def _beta_to_weight_hh(self) -> None:
        if self.compat or self.beta is None:
            super()._beta_to_weight_hh()
            return
        if self.beta.numel() not in (1, self.hidden_size):
            raise DescriptionError(f"LeakyParallel.beta must be one number or ({self.hidden_size},), got "
                                   f"{tuple(self.beta.shape)}")
        with torch.no_grad():
            self.rnn.weight_hh_l0.copy_(self.beta.reshape(-1, 1).expand_as(self.rnn.weight_hh_l0))

    def _is_diagonal(self) -> bool:
        weight = self.rnn.weight_hh_l0.detach()
        return self._diagonal and bool(weight.count_nonzero() == weight.diagonal().count_nonzero())

    def _parameter(self, name: str) -> torch.Tensor:
        if name in ("keep", "weight"):
            weight: torch.Tensor = self.rnn.weight_hh_l0
            return weight if name == "weight" else weight.diagonal()
        return super()._parameter(name)


class AssociativeLeaky(Parallel, snntorch.AssociativeLeaky):
    r"""``snntorch.AssociativeLeaky`` as a scan, :math:`S_t = S_{t-1}\,\mathrm{diag}(a_t) + v_t k_t^T`.

    snnTorch 1.0 divides by the product of all decays so far, plus 1e-8. Once that product is small against 1e-8, which
    takes 20 steps for decays of 0.5, the state falls to 0. Here it does not, unless ``compat=True``.
    """

    inputs = {"write": "cells", "keep": "keys"}
    numbers = ("threshold", "graded_spikes_factor")
    _with_spikes = ("spk",)

    def spaces(self, size: int) -> dict[str, int]:
        """See ``Scanned``; the cells of a key lie together."""
        return {"cells": size, "keys": self.d_key}

    def update(self) -> str:
        """See ``Scanned``."""
        return "mem = keep*mem + write"

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """What is read out of the spikes, (T, B, d d), or without queries the spikes, (T, B, d n); x is (T, B, N)."""
        x = checked_sequence(x, "input", "(T, B, N)", least=3, most=3)
        if self.compat:
            faded: torch.Tensor = super().forward(x)
            return faded
        values, keys, decays = (projected(x, to.weight, to.bias) for to in (self.to_v, self.to_k, self.to_alpha))
        write = (keys.unsqueeze(-1) * values.unsqueeze(-2)).flatten(2)
        given = {"write": write, "keep": torch.sigmoid(decays)}
        found = self._found(given, write.shape[1:], spikes=self.output)
        # keys come first in the scan, values in snnTorch
        shape = (*x.shape[:2], self.d_key, self.d_value)
        state = (found["spk"] if "spk" in found else found["mem"]).view(shape).transpose(2, 3)
        if "spk" not in found and self.output:
            state = self.fire(state.flatten(2)).view(state.shape)
        if not self.use_q_projection:
            return state.flatten(2)
        return (state @ projected(x, self.to_q.weight, self.to_q.bias).view(shape)).flatten(2)

    def _parameter(self, name: str) -> torch.Tensor:
        value = super()._parameter(name)
        return value if value.numel() == 1 else value.reshape(self.d_value, self.d_key).T.reshape(-1)
