"""The neurons of snnTorch 1.0, with texts of their steps.

Operations stand in the order of snnTorch's, so that not a rounding differs. ``_r`` is the reset of a step: whether the
membrane that it begins with is above the threshold; no gradient flows through it.
"""

import snntorch
import torch

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

    def text(self) -> str:
        """One step."""
        update = {
            "subtract": f"mem = {BETA}*mem + x - _r*threshold",
            "zero": f"_m = (1 - _r)*mem; mem = {BETA}*_m + x",
            "none": f"mem = {BETA}*mem + x",
        }[self.reset_mechanism]
        return RESET + update + "; " + self.firing(reset_delay=self.reset_delay)


class Lapicque(Fused, snntorch.Lapicque):
    """``snntorch.Lapicque``; see ``Fused`` for ``sequence``."""

    states = ("mem",)
    numbers = ("R", "C", "time_step", "threshold", "graded_spikes_factor")

    def text(self) -> str:
        """One step."""
        base = "_m = x*R*(1/(R*C))*time_step + (1 - time_step/(R*C))*mem; "
        return RESET + base + _reset_by(self.reset_mechanism) + self.firing()


class Synaptic(Fused, snntorch.Synaptic):
    """``snntorch.Synaptic``; see ``Fused`` for ``sequence``."""

    states = ("syn", "mem")
    numbers = ("alpha", "beta", "threshold", "graded_spikes_factor")

    def text(self) -> str:
        """One step."""
        base = f"syn = {ALPHA}*syn + x; _m = {BETA}*mem + syn; "
        return RESET + base + _reset_by(self.reset_mechanism) + self.firing(reset_delay=self.reset_delay)


class Alpha(Fused, snntorch.Alpha):
    """``snntorch.Alpha``; see ``Fused`` for ``sequence``."""

    states = ("syn_exc", "syn_inh", "mem")
    numbers = ("alpha", "beta", "threshold", "graded_spikes_factor")

    def text(self) -> str:
        """One step."""
        base = (
            f"_e = {ALPHA}*syn_exc + x; _h = {BETA}*syn_inh - x; "
            f"_tau = log({ALPHA})/(log({BETA}) - log({ALPHA})) + 1; _m = _tau*(_e + _h); "
        )
        reset = {
            "subtract": "mem = _m + syn_inh*_r; syn_exc = _e - threshold*_r; syn_inh = _h - _h*_r; ",
            "zero": "mem = _m - _m*_r; syn_exc = _e - _e*_r; syn_inh = _h - _h*_r; ",
            "none": "mem = _m; syn_exc = _e; syn_inh = _h; ",
        }[self.reset_mechanism]
        return RESET + base + reset + self.firing()


class Recurrent(Fused):
    """What ``RLeaky`` and ``RSynaptic`` share: their own spikes of the step before come back."""

    def arriving(self) -> str:
        """What comes back: through a linear layer, or each neuron to itself."""
        return "_back" if self.all_to_all else "spk*V"  # type: ignore[attr-defined]

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

    def recurrent_text(self) -> str:
        """What comes back, named ``_back``."""
        return "_back = product + bias; " if self.all_to_all else ""  # type: ignore[attr-defined]

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

    def text(self) -> str:
        """One step."""
        base = f"{self.recurrent_text()}_m = {BETA}*mem + x + {self.arriving()}; "
        return RESET + base + _reset_by(self.reset_mechanism) + self.firing(reset_delay=self.reset_delay)


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

    def is_mended(self) -> bool:
        """See ``Fused``."""
        return not self.reset_delay

    def text(self) -> str:
        """One step."""
        base = f"{self.recurrent_text()}syn = {ALPHA}*syn + x + {self.arriving()}; _m = {BETA}*mem + syn; "
        delay = self.reset_delay or self.compat
        return RESET + base + _reset_by(self.reset_mechanism) + self.firing(reset_delay=delay)


def _reset_by(mechanism: str) -> str:
    """From the membrane before the reset, ``_m``, to that after it."""
    return {"subtract": "mem = _m - _r*threshold; ", "zero": "mem = _m - _r*_m; ", "none": "mem = _m; "}[mechanism]
