"""Linear state-space layers for PyTorch, as a recurrence and as a convolution.

References
----------
Gu et al. (2021). NeurIPS 2021, doi:10.48550/arXiv.2110.13985, section 3
"""

import dataclasses
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ...errors import DescriptionError, check_choice
from ...families import LSSL, Afferents
from ...families.hippo import is_lower
from ...gradients import unrolled
from ...network import Network
from .checks import checked_lines
from .running import ScanFunction

VIEWS = ("convolution", "recurrence")


class LSSLModule(nn.Module):
    r"""A linear state-space layer as a module; its forward pass is what a simulation of the description computes.

    C and D are trained, and with ``train_tau`` also the time constants, by their logarithms; A and B are kept (the
    paper's LSSL-fixed). The convolution, :math:`y = K * u + D u` with :math:`K_i = C \bar A^i \bar B`, needs all steps
    beforehand and is made by Fourier transforms. The recurrence is the network's own step and can go on from a state.
    Both give the same numbers.

    Parameters
    ----------
    lssl
        The layer; training begins with its weights and time constants.
    dt
        Time step, ms.
    view
        ``convolution`` or ``recurrence``.
    train_tau
        Whether time constants are trained.
    batch_first
        Whether sequences are (B, T, H) in place of (T, B, H).
    dtype
        Of the parameters; torch's default when None. Steps and powers of A are computed in double precision.
    **options
        For the recurrence: ``threads``, ``memory`` and ``segment`` of ``neurosim.training.Trainable``.

    Examples
    --------
    >>> import torch
    >>> from neurosim.bridges.torch.state_space import LSSLModule
    >>> from neurosim.families import LSSL
    >>> layer = LSSLModule(LSSL(6, inputs="lines", lines=3, states=8))
    >>> layer(torch.zeros(50, 2, 3)).shape, sum(p.numel() for p in layer.parameters())
    (torch.Size([50, 2, 6]), 54)
    """

    A: Tensor
    B: Tensor
    C: Tensor
    D: Tensor
    log_tau: Tensor

    def __init__(self, lssl: LSSL, *, dt: float = 1.0, view: str = "convolution", train_tau: bool = False,
                 batch_first: bool = False, dtype: torch.dtype | None = None, **options: Any):
        super().__init__()
        self.description, self.dt, self.view, self.batch_first = lssl, float(dt), view, batch_first
        check_choice(self, "view", VIEWS)
        kind = dtype or torch.get_default_dtype()
        for name, value in lssl.values.items():
            self.register_parameter(name, nn.Parameter(torch.tensor(value, dtype=kind)))
        log_tau = torch.tensor(np.log(lssl.taus), dtype=kind)
        if train_tau:
            self.log_tau = nn.Parameter(log_tau)
        else:
            self.register_buffer("log_tau", log_tau)
        for name, value in zip("AB", lssl.system, strict=True):
            self.register_buffer(name, torch.tensor(value), persistent=False)
        self._is_lower = is_lower(lssl.system[0])
        self._kept: tuple[Any, Tensor] = (None, torch.empty(0))
        self._pairs = tuple(map(torch.from_numpy, lssl.pairs))
        network = Network({lssl.inputs: Afferents(lssl.lines), "layer": lssl})
        self._input = f"{lssl.inputs}.x"
        self._scan = unrolled(network.build(dt=self.dt), inputs=[self._input], outputs=["layer.y"]).scan
        self._run = ScanFunction(self._scan, **options)

    @property
    def taus(self) -> Tensor:
        """Time constants of the lines, (H,) ms."""
        return self.log_tau.exp()

    def forward(self, x: Tensor, state: dict[str, Tensor] | None = None, return_state: bool = False) -> Any:
        """Outputs of every step, (T, B, H M), for inputs (T, B, H); with ``return_state`` also the state at the end."""
        x = checked_lines(x, self.description.lines, batch_first=self.batch_first)
        if self.view == "recurrence":
            y, ends = self._stepped(x, state or {})
        elif state is not None or return_state:
            raise DescriptionError("a state needs view='recurrence', got view='convolution'")
        else:
            y, ends = self._convolved(x), {}
        y = y.transpose(0, 1) if self.batch_first else y
        return (y, ends) if return_state else y

    def discrete(self) -> tuple[Tensor, Tensor]:
        """What a step keeps of the states, (H, N, N), and takes of the input, (H, N); double precision."""
        a, alpha = self.A.double(), self.description.alpha
        step = (self.dt * torch.exp(-self.log_tau.double()))[:, None, None]
        one = torch.eye(len(a), dtype=a.dtype)
        right = torch.cat([one + (1.0 - alpha) * step * a, step * self.B.double()[:, None]], dim=2)
        left = one - alpha * step * a
        found = torch.linalg.solve_triangular(left, right, upper=False) if self._is_lower else (
            torch.linalg.solve(left, right))
        return found[..., :-1], found[..., -1]

    def kernel(self, length: int) -> Tensor:
        """K, what an input of 1 adds to the outputs 0, 1, ... steps later, without D: (H, M, length)."""
        return torch.einsum("hmn,hnt->hmt", self.C, self._powers(length).to(self.C.dtype))

    def lssl(self) -> LSSL:
        """The layer as it is trained now, as a description to simulate."""
        weights = {n: getattr(self, n).detach().double().numpy() for n in self.description.values}
        return dataclasses.replace(self.description, weights=weights, tau=self.taus.detach().double().numpy())

    def _powers(self, length: int) -> Tensor:
        """What an input of 1 leaves in the states, (H, N, length); kept while time constants are not trained."""
        key = (length, *self.log_tau.tolist())
        if self._kept[0] == key and not self.log_tau.requires_grad:
            return self._kept[1]
        power, take = self.discrete()
        found = take[..., None]
        while found.shape[2] < length:
            found = torch.cat([found, power @ found], dim=2)
            power = power @ power
        if not self.log_tau.requires_grad:
            self._kept = (key, found[..., :length])
        return found[..., :length]

    def _convolved(self, x: Tensor) -> Tensor:
        steps = len(x)
        # twice as long, so that what comes late does not reach round to the beginning
        waves = torch.fft.rfft(x.permute(1, 2, 0), 2 * steps)[:, :, None] * torch.fft.rfft(
            self.kernel(steps).to(x.dtype), 2 * steps)
        y = torch.fft.irfft(waves, 2 * steps)[..., :steps].flatten(1, 2).permute(2, 0, 1)
        return y + (self.D.to(x.dtype) * x[..., None]).flatten(2)

    def _stepped(self, x: Tensor, state: dict[str, Tensor]) -> tuple[Tensor, dict[str, Tensor]]:
        (keep, take), (line, target, origin) = self.discrete(), self._pairs
        given = {"keep.w": keep[line, target, origin], "take": take.flatten(),
                 "C.w": self.C.transpose(1, 2).flatten(), "D": self.D.flatten()}
        values = {f"layer.{name}": value.to(x.dtype).contiguous() for name, value in given.items()}
        outputs, ends = self._run({self._input: x.contiguous()}, values, state)
        return outputs[self._scan.outputs[0]], ends

    def extra_repr(self) -> str:
        """The layer."""
        return repr(self.description)


class LSSLBlock(nn.Module):
    """A layer with what stands around it in the paper: GELU, a mixing of lines, the input added, and a norm.

    Parameters
    ----------
    lssl
        The layer, with as many lines as there are features.
    **options
        See ``LSSLModule``.

    Examples
    --------
    >>> import torch
    >>> from neurosim.bridges.torch.state_space import LSSLBlock
    >>> from neurosim.families import LSSL
    >>> block = LSSLBlock(LSSL(6, inputs="lines", lines=3, states=8))
    >>> block(torch.zeros(50, 2, 3)).shape
    torch.Size([50, 2, 3])
    """

    def __init__(self, lssl: LSSL, **options: Any):
        super().__init__()
        self.layer, dtype = LSSLModule(lssl, **options), options.get("dtype")
        self.mix = nn.Linear(lssl.size, lssl.lines, dtype=dtype)
        self.norm = nn.LayerNorm(lssl.lines, dtype=dtype)

    def forward(self, x: Tensor) -> Tensor:
        """Features of every step, (T, B, H), for those below, (T, B, H)."""
        found: Tensor = self.norm(x + self.mix(nn.functional.gelu(self.layer(x))))
        return found
