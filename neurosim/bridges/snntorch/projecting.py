"""Weights that neurons of snnTorch bring along, on whole sequences."""

import torch
from torch.nn.functional import linear

from ...errors import DescriptionError
from ..torch.checks import widened


def projected(x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None) -> torch.Tensor:
    """``x @ weight.T + bias`` in the precision of ``x``, (..., M) for weights (M, N).

    Raises
    ------
    DescriptionError
        When the last axis of ``x`` is not N long.
    """
    if x.shape[-1] != weight.shape[1]:
        raise DescriptionError(f"input must have {weight.shape[1]} numbers on its last axis, as the weights have, got "
                               f"{tuple(x.shape)}")
    return widened(linear(x, weight.to(x.dtype), None if bias is None else bias.to(x.dtype)))
