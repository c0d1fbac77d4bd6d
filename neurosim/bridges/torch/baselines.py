"""GRU and LSTM of torch with the heads of ``HeadedRNN``, so that the same curricula train and test them.

References
----------
Khajehabdollahi et al. (2024). ICLR 2024, doi:10.48550/arXiv.2309.12927, and the authors' code (LSTM)
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ...errors import DescriptionError, check_choice

UNITS = {"gru": nn.GRU, "lstm": nn.LSTM}


class HeadedBaseline(nn.Module):
    """Gated units of torch and linear heads that read them at the last step, each for a question with two answers.

    Parameters
    ----------
    kind
        ``gru`` or ``lstm``.
    size, lines
        Number of units, N, and of input lines, M.
    heads
        How many.
    dtype
        Of the parameters; torch's default when None.

    Examples
    --------
    >>> import torch
    >>> from neurosim.bridges.torch.baselines import HeadedBaseline
    >>> module = HeadedBaseline("gru", 6, heads=3)
    >>> module(torch.ones(5, 2, 1), heads=[0, 2]).shape
    torch.Size([2, 2, 2])
    """

    def __init__(self, kind: str, size: int, *, lines: int = 1, heads: int, dtype: torch.dtype | None = None):
        super().__init__()
        self.kind, self.size = kind, size
        check_choice(self, "kind", UNITS)
        if heads < 1:
            raise DescriptionError(f"heads must be >= 1, got {heads!r}")
        self.units = UNITS[kind](lines, size, dtype=dtype)
        self.heads = nn.ModuleList(nn.Linear(size, 2, dtype=dtype) for _ in range(heads))

    def forward(self, x: Tensor, heads: Sequence[int], *, start: Tensor | None = None) -> Tensor:
        """Logits (heads, B, 2) after the last step of (T, B, M) inputs; see ``HeadedRNN``."""
        last = self.rates(x, start=start)[-1]
        return torch.stack([self.heads[h](last) for h in heads])

    def rates(self, x: Tensor, *, start: Tensor | None = None) -> Tensor:
        """Outputs of the units in every step, (T, B, N); cells of an LSTM begin at 0."""
        begun = self.drawn_start(x.shape[1]) if start is None else start
        begun = begun.to(x.dtype)[None].contiguous()
        found: Tensor = self.units(x, (begun, torch.zeros_like(begun)) if self.kind == "lstm" else begun)[0]
        return found

    def drawn_start(self, copies: int, generator: torch.Generator | None = None) -> Tensor:
        """Outputs with which a trial begins: nothing is drawn, gated units begin at 0, (copies, N)."""
        return torch.zeros(copies, self.size)

    def timescales(self, x: Tensor) -> Tensor:
        """How long each unit keeps what it holds, (N,) steps: 1 / (1 - f) for the mean gate f over (T, B, M) inputs.

        The gate is the forget gate of an LSTM, and that of a GRU which keeps the old output.
        """
        with torch.no_grad():
            past = torch.cat([self.drawn_start(x.shape[1]).to(x.dtype)[None], self.rates(x)[:-1]])
            gates = [nn.functional.linear(value, getattr(self.units, f"weight_{end}_l0"),
                                          getattr(self.units, f"bias_{end}_l0"))
                     for value, end in ((x, "ih"), (past, "hh"))]
            kept = torch.sigmoid(gates[0] + gates[1])[..., self.size : 2 * self.size]  # the second block of both kinds
            return 1.0 / (1.0 - kept.mean(dim=(0, 1)))
