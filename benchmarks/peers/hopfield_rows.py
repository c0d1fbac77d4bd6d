"""The retrieval that all tools of the row ``hopfield`` do: patterns, cues and beta, the same for each."""

import torch

BETA = 20.0
NOISE = 0.02
"""Standard deviation of what a cue differs by from its pattern, in each number."""


def workload(stored: int, size: int, batch: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Patterns (stored, size) with norms near 1, and cues (batch, size), which are the first of them with noise."""
    rng = torch.Generator().manual_seed(1)
    patterns = torch.randn(stored, size, generator=rng) / size**0.5
    return patterns, patterns[:batch] + NOISE * torch.randn(batch, size, generator=rng)
