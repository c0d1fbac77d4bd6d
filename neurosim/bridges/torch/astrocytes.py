"""Astrocyte-modulated spiking neurons for PyTorch: one fused scan, or all steps at once where they are linear.

The unit is in the style of the one below; its equations are inferred, see ``neurosim.families.ModulatedLIF``.

References
----------
Shen et al. (2023). doi:10.48550/arXiv.2312.07625 (abstract)
"""

import dataclasses
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from ...equations import evaluate
from ...errors import DescriptionError
from ...families import Afferents
from ...families.astrocytes import ModulatedLIF
from ...gradients import surrogate_tree, unrolled
from ...network import Network
from .checks import checked_lines
from .running import DTYPES, ScanFunction

State = dict[str, Tensor]
TRAINED = ("W", "kappa", "a0", "raw_lam", "raw_rho")
LINES = "lines.x"
OUTPUTS = ("s", "u", "a", "m", "x")


class AstrocyteModulatedLIF(nn.Module):
    r"""Spiking neurons whose input astrocytes modulate, with learnable weights, gains and time constants.

    What runs is what a simulation of the description computes. Time constants are trained as
    :math:`\lambda = \mathrm{sigmoid}(p)` and, for an astrocyte, which is slower than every one of its neurons,
    :math:`\rho = \lambda_{max} + (1 - \lambda_{max})\, \mathrm{sigmoid}(q)`.

    Parameters
    ----------
    description
        The neurons; training begins with their numbers.
    outputs
        What a call returns for every step: one or several of ``s`` (spikes), ``u``, ``a``, ``m`` and ``x``.
    train
        Which of ``W``, ``kappa``, ``a0``, ``tau_m`` and ``tau_a`` are trained.
    surrogate
        Slope of the threshold, see ``neurosim.gradients.SURROGATES``.
    batch_first
        Whether sequences are (B, T, N) in place of (T, B, N).
    dtype
        Of the parameters; torch's default when None.
    **options
        ``backend``, ``threads``, ``memory``, ``segment`` and ``events`` of ``neurosim.training.Trainable``.

    Examples
    --------
    >>> import torch
    >>> from neurosim.bridges.torch.astrocytes import AstrocyteModulatedLIF
    >>> from neurosim.families import ModulatedLIF
    >>> layer = AstrocyteModulatedLIF(ModulatedLIF(4, inputs="lines", lines=3, group=2))
    >>> spikes, state = layer(torch.ones(5, 1, 3), return_state=True)
    >>> spikes.shape, sum(p.numel() for p in layer.parameters())
    (torch.Size([5, 1, 4]), 26)
    """

    def __init__(self, description: ModulatedLIF, *, outputs: str | tuple[str, ...] = "s",
                 train: tuple[str, ...] = ("W", "kappa", "a0", "tau_m", "tau_a"), surrogate: str = "arctan",
                 batch_first: bool = False, dtype: torch.dtype | None = None, **options: Any):
        super().__init__()
        if not isinstance(description, ModulatedLIF):
            raise DescriptionError(f"description must be a ModulatedLIF, got {description!r:.60}")
        train = (train,) if isinstance(train, str) else tuple(train)
        unknown = set(train) - set(description.values)
        if unknown:
            raise DescriptionError(f"train takes W, kappa, a0, tau_m and tau_a, got {sorted(unknown)[0]!r}")
        self.description, self.batch_first, self.surrogate = description, batch_first, surrogate
        self.outputs = (outputs,) if isinstance(outputs, str) else tuple(outputs)
        if not self.outputs or not set(self.outputs) <= set(OUTPUTS):
            raise DescriptionError(f"outputs must be one or several of {', '.join(OUTPUTS)}, got {outputs!r}")
        kind = dtype or torch.get_default_dtype()
        if kind not in DTYPES:
            raise DescriptionError(f"dtype must be float32 or float64, got {kind}")
        for name, value in self._raw(description).items():
            tensor = torch.tensor(np.array(value), dtype=kind)
            if name.replace("raw_lam", "tau_m").replace("raw_rho", "tau_a") in train:
                self.register_parameter(name, nn.Parameter(tensor))
            else:
                self.register_buffer(name, tensor)
        part = dataclasses.replace(description, inputs="lines")
        program = Network({"lines": Afferents(part.lines), "units": part}).build(dt=1.0)
        self._scan = unrolled(program, inputs=[LINES], outputs=[f"units.{n}" for n in self.outputs],
                              surrogate=surrogate).scan
        self._run = ScanFunction(self._scan, **options)

    @staticmethod
    def _raw(part: ModulatedLIF) -> dict[str, np.ndarray]:
        value = part.values
        lam, rho = np.exp(-1.0 / value["tau_m"]), np.exp(-1.0 / value["tau_a"])
        top = lam.reshape(-1, part.group).max(axis=1)
        share = (rho - top) / (1.0 - top)
        return {n: value[n] for n in ("W", "kappa", "a0")} | {
            "raw_lam": np.log(lam / (1.0 - lam)), "raw_rho": np.log(share / (1.0 - share))}

    @property
    def lam(self) -> Tensor:
        """What membranes keep of themselves in a step, (N,)."""
        return torch.sigmoid(self.raw_lam)  # type: ignore[arg-type]

    @property
    def rho(self) -> Tensor:
        """What astrocytes keep of themselves in a step, (N/K,)."""
        top = self.lam.reshape(-1, self.description.group).amax(dim=1)
        return top + (1.0 - top) * torch.sigmoid(self.raw_rho)  # type: ignore[arg-type]

    def forward(self, z: Tensor, state: State | None = None, return_state: bool = False,
                parallel: bool = False) -> Any:
        """Run over sequences.

        Parameters
        ----------
        z
            (T, B, M), or (B, T, M) with ``batch_first``, float32 or float64.
        state
            What an earlier call returned, to go on from.
        return_state
            Whether to return the state after the outputs.
        parallel
            Whether all steps are computed at once, in some log2 T passes of torch's own operations, in place of one
            after another. Needs a description that is ``linear``; agrees up to rounding.

        Returns
        -------
        The output, or a tuple of several; with ``return_state`` a pair of that and the state.
        """
        z = checked_lines(z, self.description.lines, "M", batch_first=self.batch_first)
        if parallel and not self.description.linear:
            raise DescriptionError('parallel needs source="input" and reset=False, got source='
                                   f"{self.description.source!r} and reset={self.description.reset}")
        if state is not None and not isinstance(state, dict):
            raise DescriptionError(f"state must be a dict as an earlier call returned it, got {type(state).__name__}")
        state = dict(state or {})
        self._run.check_starts(state, z)
        found, ends = (self._at_once if parallel else self._stepped)(z.contiguous(), state)
        if self.batch_first:
            found = tuple(y.transpose(0, 1) for y in found)
        result = found[0] if len(found) == 1 else found
        return (result, ends) if return_state else result

    def _stepped(self, z: Tensor, state: State) -> tuple[tuple[Tensor, ...], State]:
        given = {f"units.{n}": v for n, v in self._numbers(z.dtype).items()}
        values = {n: given[n].contiguous() for n in self._scan.of_kind("parameter", "matrix")}
        outputs, ends = self._run({LINES: z}, values, state)
        return tuple(outputs[n] for n in self._scan.outputs), {_start(n): ends[_start(n)] for n in "uas"}

    def _at_once(self, z: Tensor, state: State) -> tuple[tuple[Tensor, ...], State]:
        part, value = self.description, self._numbers(z.dtype)
        found = {"x": z @ value["W"].T}
        heard = found["x"].unflatten(2, (part.astrocytes, part.group)).mean(dim=3)
        found["a"] = decayed_sum((1.0 - value["rho"]) * heard, value["rho"], state.get(_start("a")))
        spread = found["a"].repeat_interleave(part.group, dim=2)
        m = found["m"] = value["kappa"] * torch.tanh(spread - value["a0"])
        drive = {"gain": (1.0 + m) * found["x"], "current": found["x"] + m}.get(part.target, found["x"])
        found["u"] = decayed_sum(drive, value["lam"], state.get(_start("u")))
        above = found["u"] - (part.theta - m if part.target == "threshold" else part.theta)
        found["s"] = _Spike.apply(above, self.surrogate)
        return tuple(found[n] for n in self.outputs), {_start(n): found[n][-1:].contiguous() for n in "uas"}

    def _numbers(self, dtype: torch.dtype) -> dict[str, Tensor]:
        """The parameters of a step, from those that are trained."""
        found: dict[str, Any] = {"W": self.W, "kappa": self.kappa, "a0": self.a0, "lam": self.lam, "rho": self.rho}
        found["theta"] = torch.tensor(self.description.theta)
        return {n: v.to(dtype) for n, v in found.items()}

    def trained(self) -> ModulatedLIF:
        """The neurons as they are trained now, as a description to simulate."""
        value = {n: v.detach().double().numpy() for n, v in self._numbers(torch.float64).items()}
        return dataclasses.replace(self.description, weights=value["W"], kappa=value["kappa"], a0=value["a0"],
                                   tau_m=-1.0 / np.log(value["lam"]), tau_a=-1.0 / np.log(value["rho"]))

    def extra_repr(self) -> str:
        """The neurons."""
        return repr(self.description)


def decayed_sum(z: Tensor, keep: Tensor, start: Tensor | None = None) -> Tensor:
    r""":math:`y_t = r\, y_{t-1} + z_t` for all steps at once, in about log2 T passes.

    Each pass doubles the length over which is summed. Nothing is divided by a product of decays, which underflows.

    Parameters
    ----------
    z, keep
        (T, B, N) and r, (N,).
    start
        y before the first step, (1, B, N); zeros when None.
    """
    if start is not None:
        z = torch.cat([z[:1] + keep * start, z[1:]])
    length, decay = 1, keep
    while length < len(z):
        z = torch.cat([z[:length], z[length:] + decay * z[:-length]])
        length, decay = 2 * length, decay * decay
    return z


class _Spike(torch.autograd.Function):
    """1 above 0, with the slope that a surrogate says."""

    @staticmethod
    def forward(ctx: Any, above: Tensor, surrogate: str) -> Tensor:
        ctx.save_for_backward(above)
        ctx.surrogate = surrogate
        return (above > 0).to(above.dtype)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        (above,) = ctx.saved_tensors
        z = above.detach().cpu().numpy()
        slope = evaluate(surrogate_tree(ctx.surrogate), {"z": z, "pi": np.pi})
        return gradient * torch.as_tensor(np.broadcast_to(slope, z.shape).astype(z.dtype)).to(gradient.device), None


def _start(name: str) -> str:
    """What a state is called where a run begins."""
    return f"units.{name}.before"
