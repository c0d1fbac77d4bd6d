"""Layers that know no time, over whole sequences."""

import torch
from torch import nn

from ...errors import DescriptionError


class EachStep(nn.Sequential):
    """Modules that take a batch, (B, ...), in a model of sequences, (T, B, ...): each step is a batch of its own.

    Steps and trials become one axis for them, which is what convolutions and pooling ask for; a batch normalisation
    takes its means over all steps of the batch. ``nn.Linear`` needs none of it.

    Parameters
    ----------
    *modules
        As for ``nn.Sequential``. They may not have a state that goes on from step to step.

    Examples
    --------
    >>> import torch
    >>> from neurosim.bridges.spikingjelly import LIFNode
    >>> from neurosim.bridges.torch import EachStep
    >>> first = EachStep(torch.nn.Conv2d(2, 4, 3, padding=1), torch.nn.MaxPool2d(2))
    >>> torch.nn.Sequential(first, LIFNode(step_mode="m"))(torch.rand(10, 5, 2, 8, 8)).shape
    torch.Size([10, 5, 4, 4, 4])
    """

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(T, B, ...) to (T, B, ...)."""
        if x.ndim < 2:
            raise DescriptionError(f"input must have the shape (T, B, ...), got {tuple(x.shape)}")
        found: torch.Tensor = super().forward(x.flatten(0, 1))
        return found.unflatten(0, x.shape[:2])
