"""The neurons of snnTorch 1.0, with texts of their steps.

Operations stand in the order of snnTorch's, so that not a rounding differs. ``_r`` is the reset of a step: whether the
membrane that it begins with is above the threshold; no gradient flows through it.
"""

from typing import Any

import snntorch
import torch
from torch import nn

from ...gradients import Unrolling
from .fused import Fused

RESET = "_r = stop(H(mem - threshold)); "
BETA, ALPHA = "clip(beta, 0, 1)", "clip(alpha, 0, 1)"


class Leaky(Fused, snntorch.Leaky):
    """``snntorch.Leaky``; see ``Fused`` for ``sequence``.

    Examples
    --------
    >>> import torch
    >>> from neurosim.bridges.snntorch import Leaky
    >>> spikes, membrane = Leaky(beta=0.9, sequence=True)(torch.full((12, 1, 1), 0.3))
    >>> spikes.flatten().nonzero().flatten().tolist()
    [3, 8]
    """

    states = ("mem",)
    numbers = ("beta", "threshold", "graded_spikes_factor")

    def update(self) -> str:
        """See ``Scanned``."""
        update = {
            "subtract": f"mem = {BETA}*mem + x - _r*threshold",
            "zero": f"_m = (1 - _r)*mem; mem = {BETA}*_m + x",
            "none": f"mem = {BETA}*mem + x",
        }[self.reset_mechanism]
        return RESET + update


class Lapicque(Fused, snntorch.Lapicque):
    """``snntorch.Lapicque``; see ``Fused`` for ``sequence``."""

    states = ("mem",)
    numbers = ("R", "C", "time_step", "threshold", "graded_spikes_factor")

    def update(self) -> str:
        """See ``Scanned``."""
        base = "_m = x*R*(1/(R*C))*time_step + (1 - time_step/(R*C))*mem; "
        return RESET + base + _reset_by(self.reset_mechanism)


class Synaptic(Fused, snntorch.Synaptic):
    """``snntorch.Synaptic``; see ``Fused`` for ``sequence``."""

    states = ("syn", "mem")
    numbers = ("alpha", "beta", "threshold", "graded_spikes_factor")

    def update(self) -> str:
        """See ``Scanned``."""
        base = f"syn = {ALPHA}*syn + x; _m = {BETA}*mem + syn; "
        return RESET + base + _reset_by(self.reset_mechanism)


class Alpha(Fused, snntorch.Alpha):
    """``snntorch.Alpha``; see ``Fused`` for ``sequence``.

    With ``learn_alpha=True`` snnTorch 1.0 puts a plain tensor in the place of its parameter, which torch refuses. Here
    the parameter stays, and is kept within 0 and 1 where it is used, unless ``compat=True``.
    """

    states = ("syn_exc", "syn_inh", "mem")
    numbers = ("alpha", "beta", "threshold", "graded_spikes_factor")

    def _alpha_register_buffer(self, alpha: Any, learn_alpha: bool) -> None:
        if learn_alpha and not self.compat:
            self.alpha = nn.Parameter(torch.as_tensor(alpha))
        else:
            super()._alpha_register_buffer(alpha, learn_alpha)

    def update(self) -> str:
        """See ``Scanned``."""
        base = (
            f"_e = {ALPHA}*syn_exc + x; _h = {BETA}*syn_inh - x; "
            f"_tau = log({ALPHA})/(log({BETA}) - log({ALPHA})) + 1; _m = _tau*(_e + _h); "
        )
        reset = {
            "subtract": "mem = _m + syn_inh*_r; syn_exc = _e - threshold*_r; syn_inh = _h - _h*_r; ",
            "zero": "mem = _m - _m*_r; syn_exc = _e - _e*_r; syn_inh = _h - _h*_r; ",
            "none": "mem = _m; syn_exc = _e; syn_inh = _h; ",
        }[self.reset_mechanism]
        return RESET + base + reset


class DeltaLeaky(Fused, snntorch.DeltaLeaky):
    """``snntorch.DeltaLeaky``; see ``Fused`` for ``sequence``. Its state is a pair, (mem, mem_prev).

    A sequence that is given no state begins at rest, unless ``init_hidden=True``.
    """

    states = ("mem", "mem_prev")
    numbers = ("beta", "delta_threshold")
    ignored = frozenset({"state_quant", "inhibition"})

    def update(self) -> str:
        """See ``Scanned``."""
        return "mem_prev = mem; mem = beta*mem_prev + x"

    def firing(self) -> str:
        """See ``Scanned``; a change in either direction is a spike."""
        spike = "H(abs(mem - mem_prev) - delta_threshold)"
        return f"spk = stop({spike})" if self.surrogate_disable else f"spk = {spike}"

    def forward(self, input_: torch.Tensor, mem: Any = None) -> Any:
        """See ``Fused``."""
        if not self.sequence:
            return self.step(input_, mem)
        if not self.init_hidden:
            self.reset_mem()
        return super().forward(input_, *(mem or ()))

    @property
    def _gives_states(self) -> bool:
        return True

    def _called(self, x: torch.Tensor, states: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
        spikes, pair = self.step(x, states or None)
        return (spikes, *pair)

    def _given_out(self, found: list[torch.Tensor]) -> Any:
        return found[0], tuple(found[1:])


class Recurrent(Fused):
    """What ``RLeaky`` and ``RSynaptic`` share: their own spikes of the step before come back."""

    @property
    def why_not_fused(self) -> str | None:
        """See ``Fused``."""
        if self.all_to_all and not self.linear_features:  # type: ignore[attr-defined]
            return "its spikes come back through a convolution"
        return super().why_not_fused

    def before_step(self, layer: Unrolling) -> None:
        """The product with the recurrent weights, (N, N) as torch keeps them."""
        if self.all_to_all:  # type: ignore[attr-defined]
            layer.parameter("weight", "cells", rows="cells")
            layer.product("spk", "weight", "product", transpose=True)

    def returning(self) -> str:
        """What comes back, named ``_back``: through a linear layer, or each neuron to itself."""
        return f"_back = {'product + bias' if self.all_to_all else 'spk*V'}; "  # type: ignore[attr-defined]

    def _parameter(self, name: str) -> torch.Tensor:
        if name in ("weight", "bias", "V"):
            recurrent = self.recurrent  # type: ignore[attr-defined]
            found: torch.Tensor = recurrent.V if name == "V" else getattr(recurrent, name)
            return found
        return super()._parameter(name)


class RLeaky(Recurrent, snntorch.RLeaky):
    """``snntorch.RLeaky``; see ``Fused`` for ``sequence``."""

    states = ("spk", "mem")

    @property
    def numbers(self) -> tuple[str, ...]:  # type: ignore[override]
        """See ``Fused``."""
        return ("beta", "threshold", "graded_spikes_factor", "bias" if self.all_to_all else "V")

    def update(self) -> str:
        """See ``Scanned``."""
        base = f"{self.returning()}_m = {BETA}*mem + x + _back; "
        return RESET + base + _reset_by(self.reset_mechanism)


class RSynaptic(Recurrent, snntorch.RSynaptic):
    """``snntorch.RSynaptic``; see ``Fused`` for ``sequence``.

    With ``reset_delay=False`` snnTorch 1.0 resets its call's arguments in the place of the state: nothing is reset, and
    without arguments it fails. Here it is reset as in ``RLeaky``, unless ``compat=True``.
    """

    states = ("spk", "syn", "mem")

    @property
    def numbers(self) -> tuple[str, ...]:  # type: ignore[override]
        """See ``Fused``."""
        return ("alpha", "beta", "threshold", "graded_spikes_factor", "bias" if self.all_to_all else "V")

    def step(self, input_: torch.Tensor, *states: Any, **named: Any) -> Any:
        """See ``Fused``."""
        if not self.resets_at_once:
            return super().step(input_, *states, **named)
        self.reset_delay = True
        try:
            found = super().step(input_, *states, **named)
        finally:
            self.reset_delay = False
        if self.reset_mechanism != "none":
            by = self.threshold if self.reset_mechanism == "subtract" else self.mem
            self.mem = self.mem - (self.spk / self.graded_spikes_factor - self.reset) * by
        return (*found[:-1], self.mem) if isinstance(found, tuple) else found

    @property
    def resets_at_once(self) -> bool:
        """See ``Scanned``."""
        return not self.reset_delay and not self.compat

    def update(self) -> str:
        """See ``Scanned``."""
        base = f"{self.returning()}syn = {ALPHA}*syn + x + _back; _m = {BETA}*mem + syn; "
        return RESET + base + _reset_by(self.reset_mechanism)


def _reset_by(mechanism: str) -> str:
    """From the membrane before the reset, ``_m``, to that after it."""
    return {"subtract": "mem = _m - _r*threshold; ", "zero": "mem = _m - _r*_m; ", "none": "mem = _m; "}[mechanism]
