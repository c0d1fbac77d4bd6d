r"""From numbers to spikes, and back from a population to a number.

Spikes are time first, (T, ...), in the type of the data. Where snnTorch's ``spikegen`` has the same code, the spikes
are the same; ``rate`` draws from PyTorch's generator, as it does.

References
----------
Bohte, Kok & La Poutre (2002). Neurocomputing 48, 17-37. doi:10.1016/S0925-2312(01)00658-0 (Gaussian receptive fields)
"""

import math

import torch
from torch import Tensor

from ...errors import DescriptionError

SMALLEST = 1e-7
"""How far above the threshold a value is put that does not reach it."""


def rate(
    data: Tensor,
    steps: int | None = None,
    *,
    gain: float = 1.0,
    offset: float = 0.0,
    first: int = 0,
    generator: torch.Generator | None = None,
) -> Tensor:
    """In each step a spike with probability ``gain * data + offset``, cut to [0, 1].

    Parameters
    ----------
    data
        (...) for ``steps`` steps of the same values, or with ``steps=None`` values that change, (T, ...).
    steps
        Number of steps, T.
    gain, offset
        From data to probability; only for values that stay.
    first
        Steps without spikes at the beginning: part of ``steps``, or before values that change.
    generator
        Where the draws come from; None takes PyTorch's own.
    """
    if first < 0 or (steps is not None and not first < steps):
        raise DescriptionError(f"first must be in 0..steps - 1, got {first!r} with steps={steps!r}")
    if steps is None:
        if gain != 1.0 or offset != 0.0:
            raise DescriptionError(f"gain and offset must be 1 and 0 where steps is None, got {gain!r} and {offset!r}")
        chance = data.clamp(0.0, 1.0)
        silent = data.new_zeros((first, *data.shape[1:]))
        return torch.cat([silent, torch.bernoulli(chance, generator=generator)])
    chance = (data * gain + offset).clamp(0.0, 1.0).expand(steps, *data.shape).contiguous()
    spikes = torch.bernoulli(chance, generator=generator)
    spikes[:first] = 0
    return spikes


def latency(
    data: Tensor,
    steps: int,
    *,
    threshold: float = 0.01,
    tau: float = 1.0,
    first: int = 0,
    normalize: bool = False,
    linear: bool = False,
    clip: bool = False,
) -> Tensor:
    r"""One spike each, the earlier the greater the value: when a leaky neuron under this input reaches its threshold.

    .. math:: t = \tau \ln \frac{x}{x - \theta} \quad \text{or, where linear,} \quad t = \tau (1 - x)

    Times are rounded to whole steps, halves to even ones.

    Parameters
    ----------
    data
        Values in [0, 1], (...).
    steps
        Number of steps, T.
    threshold, tau
        :math:`\theta` in (0, 1) and :math:`\tau`, steps.
    first
        Step of the earliest spike.
    normalize
        Whether times are scaled such that the last spike falls into the last step.
    linear
        Whether times are linear in the value.
    clip
        Whether values below the threshold give no spike; else they give the last.

    Raises
    ------
    DescriptionError
        Where values lie outside [0, 1], or a spike would come after the last step.
    """
    if not 0.0 < threshold < 1.0 or not tau > 0.0 or not 0 <= first < steps:
        raise DescriptionError(
            "threshold must be in (0, 1), tau > 0 and first in 0..steps - 1, "
            f"got {threshold!r}, {tau!r} and {first!r} with steps={steps!r}"
        )
    if data.numel() and not 0.0 <= float(data.min()) <= float(data.max()) <= 1.0:
        raise DescriptionError(f"data must be in [0, 1], got {float(data.min()):g}..{float(data.max()):g}")
    if linear:
        tau = steps - 1 - first if normalize else tau
        time = (-tau * (data - 1.0)).clamp(max=-tau * (threshold - 1.0)) + first
    else:
        reached = data.clamp(min=threshold + SMALLEST)
        time = tau * torch.log(reached / (reached - threshold)) + first
        if normalize:
            time = (time - first) * (steps - first - 1) / (time - first).max() + first
    place = torch.round(time).long()
    if place.numel() and int(place.max()) >= steps:
        raise DescriptionError(
            f"the last spike must come before step {steps}, got step {int(place.max())}; "
            "take more steps, a smaller tau, or normalize=True"
        )
    spikes = data.new_zeros((steps, *data.shape)).scatter_(0, place[None], 1.0)
    return spikes * (data >= threshold) if clip else spikes


def delta(data: Tensor, threshold: float = 0.1, *, padding: bool = False, off_spikes: bool = False) -> Tensor:
    """A spike where a value has risen by ``threshold`` since the step before; -1 where it has fallen by as much.

    Parameters
    ----------
    data
        (T, ...).
    threshold
        Smallest change that counts.
    padding
        Whether the step before the first is like the first; else it is 0.
    off_spikes
        Whether falls are told too.
    """
    before = torch.cat([data[:1] if padding else torch.zeros_like(data[:1]), data[:-1]])
    change = data - before
    up = (change >= threshold).to(data.dtype)
    return up - (change <= -threshold).to(data.dtype) if off_spikes else up


def population(data: Tensor, size: int, *, low: float = 0.0, high: float = 1.0, overlap: float = 1.5) -> Tensor:
    r"""How strongly each of ``size`` neurons with Gaussian receptive fields is driven, in (0, 1], (..., size).

    Centres are spread evenly from ``low`` to ``high``, and the standard deviation is
    :math:`(high - low) / (\beta (size - 1))`. Give the result to ``rate`` or ``latency``.

    Parameters
    ----------
    data
        (...).
    size
        Number of neurons for each value, 2 or more.
    low, high
        Range of the values.
    overlap
        :math:`\beta`; smaller is wider.
    """
    centres = _centres(data, size, low, high)
    if not overlap > 0:
        raise DescriptionError(f"overlap must be > 0, got {overlap!r}")
    width = (high - low) / (overlap * (size - 1))
    return torch.exp(-0.5 * ((data[..., None] - centres) / width) ** 2)


def from_population(drive: Tensor, *, low: float = 0.0, high: float = 1.0) -> Tensor:
    """The value that a population stands for: mean of its centres, weighted by activity or spike counts (..., size)."""
    centres = _centres(drive, drive.shape[-1], low, high)
    total = drive.sum(dim=-1)
    mean = (drive * centres).sum(dim=-1) / total
    # a silent population says nothing
    return torch.where(total > 0, mean, torch.full_like(mean, math.nan))


def _centres(like: Tensor, size: int, low: float, high: float) -> Tensor:
    if size < 2 or not low < high:
        raise DescriptionError(f"size must be >= 2 and low < high, got {size!r}, {low!r} and {high!r}")
    return torch.linspace(low, high, size, dtype=like.dtype, device=like.device)
