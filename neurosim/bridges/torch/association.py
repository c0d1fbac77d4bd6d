"""One update of a modern Hopfield network is attention: states, stored patterns and their projections, in PyTorch.

References
----------
Ramsauer et al. (2021). Hopfield networks is all you need, ICLR. doi:10.48550/arXiv.2008.02217, sections 2 and 3
"""

import math
from dataclasses import dataclass
from numbers import Integral

import torch
from torch import Tensor
from torch.nn.functional import dropout, scaled_dot_product_attention

from ...errors import DescriptionError


@dataclass(frozen=True, kw_only=True)
class Retrieval:
    """How states are updated before they are read out.

    Parameters
    ----------
    updates
        Number of updates of the state before the last association: 0 is attention as it is usually written, k makes
        k + 1 softmax evaluations; None goes on until a state stands still.
    tolerance
        A head stands still when the norm of the change of its weights is no greater than this, for each of the batch.
    most
        Updates after which to stop even so.
    """

    updates: int | None = 0
    tolerance: float = 1e-4
    most: int = 100

    def __post_init__(self) -> None:
        for name, least in (("updates", 0), ("most", 1)):
            value = getattr(self, name)
            if value is None and name == "updates":
                continue
            if isinstance(value, bool) or not isinstance(value, Integral) or value < least:
                none = "None or " if name == "updates" else ""
                raise DescriptionError(f"{name} must be {none}a whole number >= {least}, got {value!r}")
        if not isinstance(self.tolerance, int | float) or not 0.0 <= self.tolerance < math.inf:
            raise DescriptionError(f"tolerance must be >= 0 and finite, got {self.tolerance!r}")


def associate(
    state: Tensor, stored: Tensor, values: Tensor, beta: Tensor | float, *, retrieval: Retrieval | None = None,
    mask: Tensor | None = None, drop: float = 0.0, weights: bool = False,
) -> tuple[Tensor, Tensor | None]:
    """States (..., S, d) associated with stored patterns (..., N, d), and the values (..., N, v) of those.

    Parameters
    ----------
    beta
        Inverse temperature, a number, or a tensor that broadcasts against (..., S, N).
    mask
        Added to the scores, or, if of truth values, False where a pattern must not be seen; broadcasts to (..., S, N).
    drop
        Share of the last weights that is dropped.
    weights
        Whether to give the weights too; torch's fused attention, which is taken where it can be, never has them.

    Returns
    -------
    Read-out (..., S, v), and the weights (..., S, N) or None.
    """
    retrieval = retrieval or Retrieval()
    if retrieval.updates != 0:
        state = settled(state, stored, beta, retrieval, mask)
    if not weights and not isinstance(beta, Tensor):
        return scaled_dot_product_attention(state, stored, values, mask, drop, scale=beta), None
    share = shares(state, stored, beta, mask)
    return dropout(share, drop) @ values, share if weights else None


def shares(state: Tensor, stored: Tensor, beta: Tensor | float, mask: Tensor | None = None) -> Tensor:
    """The softmax of beta times the products of states and stored patterns, (..., S, N).

    A state that may see none has no share in any, as in torch's fused attention.
    """
    scores = beta * (state @ stored.transpose(-2, -1))
    if mask is None:
        return scores.softmax(dim=-1)
    hidden = ~mask if mask.dtype == torch.bool else mask == -math.inf
    scores = scores if mask.dtype == torch.bool else scores + mask
    return scores.masked_fill(hidden, -math.inf).softmax(dim=-1).masked_fill(hidden, 0.0)


def settled(
    state: Tensor, stored: Tensor, beta: Tensor | float, retrieval: Retrieval, mask: Tensor | None = None
) -> Tensor:
    """The states after the updates: each becomes the mean of the stored patterns by their weights.

    A number of updates without weights to compare is torch's fused attention, with the patterns as their own values.
    """
    if retrieval.updates is not None:
        for _ in range(retrieval.updates):
            if isinstance(beta, Tensor):
                state = shares(state, stored, beta, mask) @ stored
            else:
                state = scaled_dot_product_attention(state, stored, stored, mask, scale=beta)
        return state
    share = shares(state, stored, beta, mask)
    for _ in range(retrieval.most):
        new = share @ stored
        after = shares(new, stored, beta, mask)
        # heads are the third axis from behind; all that stands before counts as batch, and the head waits for all of it
        change = torch.linalg.matrix_norm((after - share).detach())
        moving = (change.flatten(0, -2).amax(0) if change.dim() > 1 else change) > retrieval.tolerance
        moving = moving[..., None, None]
        state, share = torch.where(moving, new, state), torch.where(moving, after, share)
        if not moving.any():
            break
    return state
