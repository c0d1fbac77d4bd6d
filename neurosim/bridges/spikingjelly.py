r"""SpikingJelly's integrate-and-fire nodes over whole sequences, without SpikingJelly.

A step charges, fires and resets. A node fires when it *reaches* its threshold, :math:`s = H(h - \theta)` with
:math:`H(0) = 1`, where the neurons of snnTorch must be above theirs:

.. math::
    h = v + \frac{x - (v - v_{reset})}{\tau}, \qquad
    v \leftarrow s\, v_{reset} + (1 - s)\, h \quad\text{or, softly,}\quad v \leftarrow h - s\, \theta

References
----------
Fang et al. (2023). Sci Adv 9, eadi1480. doi:10.1126/sciadv.adi1480, and SpikingJelly 2.0
"""

import math
from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from torch import nn

from ..errors import DescriptionError
from ..gradients import Unrolling, surrogate_tree
from .torch.checks import checked_sequence
from .torch.running import ScanFunction

SURROGATES: Mapping[str, str] = {
    "Sigmoid": "sigmoid(slope={alpha!r})",
    "ATan": "arctan(alpha={alpha!r})",
    "PiecewiseQuadratic": "max(0, {alpha!r} - {alpha!r}**2*abs(z))",
    "PiecewiseExp": "{alpha!r}/2*exp(-{alpha!r}*abs(z))",
    "SoftSign": "1/(2*{alpha!r}*(1/{alpha!r} + abs(z))**2)",
    "SuperSpike": "{alpha!r}/(1 + abs(z))**2",
    "Erf": "{alpha!r}/sqrt(pi)*exp(-({alpha!r}*z)**2)",
}
"""Slopes of SpikingJelly's surrogates that have one number, by the names of their classes."""


class IFNode(nn.Module):
    r"""``IFNode``: :math:`h = v + x`, without a leak.

    Parameters
    ----------
    v_threshold, v_reset
        Threshold, and what a spike sets the membrane to; with ``v_reset=None`` a spike takes the threshold off.
    surrogate_function
        A text as in ``neurosim.gradients.SURROGATES``, or one of SpikingJelly's objects that are named in
        ``neurosim.bridges.spikingjelly.SURROGATES``.
    detach_reset
        Whether no gradient flows through the reset.
    step_mode
        ``s``: a call takes a step, (B, ...). ``m``: all of them, (T, B, ...).
    store_v_seq
        Whether to keep the membranes after each step as ``v_seq``, with ``step_mode="m"``.
    threads, memory
        See ``neurosim.training.Trainable``.

    States
    ------
    v : (B, ...) membrane; a number before the first call. Another shape of the input begins anew.

    Examples
    --------
    >>> import torch
    >>> from neurosim.bridges.spikingjelly import LIFNode
    >>> LIFNode(tau=2.0, step_mode="m")(torch.full((6, 1, 1), 1.5)).flatten().tolist()
    [0.0, 1.0, 0.0, 1.0, 0.0, 1.0]
    """

    numbers: ClassVar[tuple[str, ...]] = ("v_threshold",)
    v: Any

    def __init__(self, v_threshold: float = 1.0, v_reset: float | None = 0.0, surrogate_function: Any = None,
                 detach_reset: bool = False, step_mode: str = "s", store_v_seq: bool = False, *, threads: int = 0,
                 memory: str = "full"):
        super().__init__()
        for name, value in {"v_threshold": v_threshold, "v_reset": v_reset or 0.0}.items():
            if not math.isfinite(value):
                raise DescriptionError(f"{type(self).__name__}.{name} must be finite, got {value!r}")
        if step_mode not in ("s", "m"):
            raise DescriptionError(f"{type(self).__name__}.step_mode must be 's' or 'm', got {step_mode!r}")
        self.v_threshold, self.v_reset, self.detach_reset = float(v_threshold), v_reset, detach_reset
        self.surrogate_function, self.step_mode, self.store_v_seq = surrogate_function, step_mode, store_v_seq
        self._run_options: dict[str, Any] = {"threads": threads, "memory": memory}
        self._fused: dict[Any, ScanFunction] = {}
        surrogate_tree(surrogate_text(surrogate_function))  # an unknown one is refused here
        self.reset()

    def reset(self) -> None:
        """Begin anew at ``v_reset``, or 0 where the reset is soft."""
        self.v = 0.0 if self.v_reset is None else float(self.v_reset)
        self.v_seq: torch.Tensor | None = None

    def detach(self) -> None:
        """Cut the membrane off the graph that it came from."""
        if isinstance(self.v, torch.Tensor):
            self.v = self.v.detach()

    def charge(self) -> str:
        """The membrane before a spike, ``_h``, from ``v`` and ``x``."""
        return "_h = v + x"

    def text(self) -> str:
        """A step; 1 - H turned round is 1 at the threshold too."""
        spike = "spk = 1 - H(v_threshold - _h); _r = " + ("stop(spk)" if self.detach_reset else "spk")
        reset = "v = _h - _r*v_threshold" if self.v_reset is None else "v = v_reset*_r + (1 - _r)*_h"
        return f"{self.charge()}; {spike}; {reset}"

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Spikes, shaped as the input: (B, ...), or (T, B, ...) with ``step_mode="m"``."""
        many = self.step_mode == "m"
        x = checked_sequence(x, "input", "(T, B, ...)" if many else "(B, ...)", least=2 if many else 1)
        steps = x if many else x.unsqueeze(0)
        shape = steps.shape[1:]
        flat = steps.reshape(len(steps), shape[0], -1).contiguous()
        wanted = ("spk", "v") if self.store_v_seq and many else ("spk",)
        run = self._made(flat.shape[2], wanted)
        if not isinstance(self.v, torch.Tensor) or self.v.shape != shape:
            self.reset()
            self.v = x.new_full(shape, self.v)
        parameters = {n: torch.as_tensor(self._number(n), dtype=x.dtype) for n in run.scan.of_kind("parameter")}
        begin = self.v.to(x.dtype).reshape(1, *flat.shape[1:]).contiguous()
        found, ends = run({"x": flat}, parameters, {"v.before": begin})
        self.v = ends["v.before"].reshape(shape)
        spikes, *voltages = (found[n].reshape(steps.shape) for n in run.scan.outputs)
        self.v_seq = voltages[0] if voltages else None
        return spikes if many else spikes[0]

    def _number(self, name: str) -> Any:
        value = getattr(self, name)
        return 0.0 if value is None else value

    @torch.compiler.disable  # nothing in it is to be traced
    def _made(self, size: int, wanted: tuple[str, ...]) -> ScanFunction:
        """The compiled scan; what decides about its text is the key."""
        text, slope = self.text(), surrogate_text(self.surrogate_function)
        if (size, wanted, text, slope) not in self._fused:
            layer = Unrolling({"cells": size})
            layer.input("x", "cells")
            for name in (*self.numbers, "v_reset"):
                layer.parameter(name)
            layer.state("v", "cells")
            layer.step("cells", text, surrogate=slope)
            self._fused[size, wanted, text, slope] = ScanFunction(layer.finish(wanted), events=False,
                                                                  **self._run_options)
        return self._fused[size, wanted, text, slope]

    def __getstate__(self) -> dict[str, Any]:
        """What a copy needs: the state without its graph, and no compiled code."""
        cut = {n: x.detach() for n, x in self.__dict__.items() if isinstance(x, torch.Tensor)}
        return {**self.__dict__, **cut, "_fused": {}}

    def extra_repr(self) -> str:
        """What it was made with."""
        return f"v_threshold={self.v_threshold}, v_reset={self.v_reset}, step_mode={self.step_mode!r}"


class LIFNode(IFNode):
    r"""``LIFNode``: the leak, and with ``decay_input`` the input too, go by :math:`1/\tau` in a step.

    Parameters
    ----------
    tau
        Time constant in steps, > 1.
    decay_input
        Whether the input is divided by ``tau``.
    *args, **options
        See ``IFNode``.
    """

    numbers = ("tau", "v_threshold")

    def __init__(self, tau: float = 2.0, decay_input: bool = True, *args: Any, **options: Any):
        check_tau(type(self).__name__, "tau", tau)
        super().__init__(*args, **options)
        self.tau, self.decay_input = float(tau), decay_input

    def charge(self) -> str:
        """See ``IFNode``."""
        return "_h = v + (x - (v - v_reset))/tau" if self.decay_input else "_h = v - (v - v_reset)/tau + x"


class ParametricLIFNode(IFNode):
    r"""``ParametricLIFNode``: as ``LIFNode`` with :math:`1/\tau = 1/(1 + e^{-w})`, where w is learned.

    Parameters
    ----------
    init_tau
        Time constant to begin with, in steps, > 1.
    decay_input, *args, **options
        See ``LIFNode``.
    """

    numbers = ("share", "v_threshold")

    def __init__(self, init_tau: float = 2.0, decay_input: bool = True, *args: Any, **options: Any):
        check_tau(type(self).__name__, "init_tau", init_tau)
        super().__init__(*args, **options)
        self.decay_input = decay_input
        self.w = nn.Parameter(torch.as_tensor(-math.log(init_tau - 1.0)))

    @property
    def share(self) -> torch.Tensor:
        """What the leak takes in a step, the logistic function of w."""
        return torch.sigmoid(self.w)

    def charge(self) -> str:
        """See ``IFNode``."""
        return "_h = v + (x - (v - v_reset))*share" if self.decay_input else "_h = v - (v - v_reset)*share + x"


def reset(module: nn.Module) -> None:
    """Begin anew at all nodes within a module, however deep they lie; as SpikingJelly's ``functional.reset_net``.

    Examples
    --------
    >>> import torch
    >>> from neurosim.bridges.spikingjelly import LIFNode, reset
    >>> net = torch.nn.Sequential(torch.nn.Linear(3, 2), LIFNode(step_mode="m"))
    >>> first = net(torch.ones(5, 1, 3))
    >>> reset(net)
    >>> bool((net(torch.ones(5, 1, 3)) == first).all())
    True
    """
    for node in _nodes(module):
        node.reset()


def detach(module: nn.Module) -> None:
    """Cut the membranes of all nodes within a module off their graphs; as ``functional.detach_net``."""
    for node in _nodes(module):
        node.detach()


def _nodes(module: nn.Module) -> list[IFNode]:
    return [node for node in module.modules() if isinstance(node, IFNode)]


def check_tau(owner: str, field: str, tau: float) -> None:
    """A time constant is longer than a step."""
    if not (math.isfinite(tau) and tau > 1.0):
        raise DescriptionError(f"{owner}.{field} must be > 1 step and finite, got {tau!r}")


def surrogate_text(given: Any) -> str:
    """The slope as a text of ``z``: ``Sigmoid(alpha=4)`` for None, and what is a text already as it is.

    Raises
    ------
    DescriptionError
        When it is an object whose class has no text here.
    """
    if given is None:
        return SURROGATES["Sigmoid"].format(alpha=4.0)
    if isinstance(given, str):
        return given
    name, alpha = type(given).__name__, getattr(given, "alpha", None)
    if name not in SURROGATES or not isinstance(alpha, int | float):
        raise DescriptionError(f"surrogate_function must be a text of z, or one of SpikingJelly's "
                               f"{', '.join(SURROGATES)}, got {given!r:.60}")
    return SURROGATES[name].format(alpha=float(alpha))
