"""Leaky recurrent rate units with read-out heads for PyTorch, and how their curricula are trained and probed.

References
----------
Khajehabdollahi et al. (2024). ICLR 2024, doi:10.48550/arXiv.2309.12927, and the authors' code
"""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ...errors import DescriptionError
from ...families import Afferents, LeakyRNN
from ...network import Network
from .module import as_module

TRAINED = ("W", "b_r", "W_in", "b_in", "tau")


class HeadedRNN(nn.Module):
    """Leaky rate units and linear heads that read them at the last step, each for a question with two answers.

    No unit is connected to itself: the diagonal of W is set to 0 before every forward pass, as published.

    Parameters
    ----------
    rnn
        The units; training begins with their weights and time constants.
    heads
        How many.
    train_tau
        Whether time constants are trained.
    dtype
        Of the parameters; torch's default when None.
    **options
        ``threads``, ``memory`` and ``segment`` of ``neurosim.training.Trainable``.

    Examples
    --------
    >>> import torch
    >>> from neurosim.bridges.torch.timescales import HeadedRNN
    >>> from neurosim.families import LeakyRNN
    >>> module = HeadedRNN(LeakyRNN(6, inputs="lines"), heads=3)
    >>> module(torch.ones(5, 2, 1), heads=[0, 2]).shape
    torch.Size([2, 2, 2])
    """

    def __init__(self, rnn: LeakyRNN, *, heads: int, train_tau: bool = True, dtype: torch.dtype | None = None,
                 **options: Any):
        super().__init__()
        if heads < 1:
            raise DescriptionError(f"heads must be >= 1, got {heads!r}")
        self.description, self.lines = rnn, f"{rnn.inputs}.x"
        network = Network({rnn.inputs: Afferents(rnn.lines), "units": rnn})
        trained = [f"units.{n}" for n in TRAINED if n != "tau" or train_tau]
        self.units = as_module(network, inputs=self.lines, outputs="units.r", train=trained, dt=1.0, dtype=dtype,
                               **options)
        self.heads = nn.ModuleList(nn.Linear(rnn.size, 2, dtype=dtype) for _ in range(heads))

    def forward(self, x: Tensor, heads: Sequence[int], *, start: Tensor | None = None) -> Tensor:
        """Logits (heads, B, 2) after the last step of (T, B, M) inputs.

        Parameters
        ----------
        x
            Inputs.
        heads
            Numbers of the heads that are read.
        start
            Rates at the beginning, (B, N); what the description begins with when None.
        """
        last = self.rates(x, start=start)[-1]
        return torch.stack([self.heads[h](last) for h in heads])

    def rates(self, x: Tensor, *, start: Tensor | None = None) -> Tensor:
        """Rates in every step, (T, B, N)."""
        with torch.no_grad():
            self.parameter("W").fill_diagonal_(0.0)
        state = None if start is None else {self.units.scan.pasts()[0].start: start.to(x.dtype)[None].contiguous()}
        found: Tensor = self.units(x, state=state)
        return found

    def parameter(self, name: str) -> Tensor:
        """One of ``W``, ``b_r``, ``W_in``, ``b_in`` and ``tau``."""
        found: Tensor = getattr(self.units, f"units_{name}")
        return found

    def drawn_start(self, copies: int, generator: torch.Generator | None = None) -> Tensor:
        """Rates with which published trials begin, uniform in 0 to 0.1, (copies, N)."""
        return 0.1 * torch.rand(copies, self.description.size, generator=generator)

    def rnn(self) -> LeakyRNN:
        """The units as they are trained now, as a description to simulate."""
        weights = {n: self.parameter(n).detach().double().numpy().copy() for n in TRAINED}
        np.fill_diagonal(weights["W"], 0.0)
        return dataclasses.replace(self.description, weights=weights)

    def ablate(self, unit: int) -> None:
        """Cut one unit off: its row and column of W, its input weight and its column of all heads become 0.

        The authors' code clears the column of the first head only; all heads are what the text means.
        """
        with torch.no_grad():
            self.parameter("W")[unit] = 0.0
            self.parameter("W")[:, unit] = 0.0
            self.parameter("W_in")[unit] = 0.0
            for head in self.heads:
                head.weight[:, unit] = 0.0  # type: ignore[index,operator]

    def perturb(self, name: str, size: float, generator: torch.Generator | None = None) -> None:
        """Move W in a random direction by ``size`` times its norm, or tau in one in which all grow."""
        if name not in ("W", "tau"):
            raise DescriptionError(f"what is perturbed must be 'W' or 'tau', got {name!r}")
        with torch.no_grad():
            value = self.parameter(name)
            noise = torch.randn(value.shape, generator=generator, dtype=value.dtype)
            noise = noise.abs() if name == "tau" else noise
            value += size * value.norm() * noise / noise.norm()


def accuracy(module: HeadedRNN, inputs: Tensor, targets: Tensor, heads: Sequence[int], *,
             start: Tensor | None = None) -> Tensor:
    """Share of right answers of each head, (heads,), for (T, B, M) inputs and (B, heads) targets."""
    with torch.no_grad():
        found = module(inputs, heads, start=start).argmax(dim=-1)
    return (found == targets.T).double().mean(dim=1)
