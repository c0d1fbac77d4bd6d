r"""Losses, regularisers and decoders of spiking networks in PyTorch.

Records are time first: spikes or membrane potentials (T, B, C) of T steps, B trials and C neurons; targets are class
numbers (B,). Where snnTorch's ``functional`` has the same loss, numbers and gradients are the same; with class weights
it takes the plain mean of the weighted losses, and we, as PyTorch, the weighted mean.

With a population code the C neurons are ``classes`` equal groups of neighbours, and a group's spikes are summed.
"""

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from ...errors import DescriptionError


def ce_rate(spikes: Tensor, targets: Tensor, *, weight: Tensor | None = None) -> Tensor:
    """Cross-entropy of the spikes of every step, mean over steps: the right neuron should fire at all times.

    Parameters
    ----------
    spikes, targets
        (T, B, C) and (B,).
    weight
        One for each class, (C,); losses are weighted means.
    """
    steps, trials, _ = _checked(spikes, targets)
    flat = spikes.reshape(steps * trials, -1)
    # every step has the same targets, hence the same sum of weights: the mean of means is the mean over all
    return functional.cross_entropy(flat, targets.long().repeat(steps), weight=weight)


def ce_count(spikes: Tensor, targets: Tensor, *, classes: int | None = None, weight: Tensor | None = None) -> Tensor:
    """Cross-entropy of the spike counts.

    Parameters
    ----------
    spikes, targets
        (T, B, C) and (B,).
    classes
        Number of groups of a population code; None where each neuron is a class.
    weight
        One for each class.
    """
    _checked(spikes, targets)
    return functional.cross_entropy(counts(spikes, classes), targets.long(), weight=weight)


def ce_membrane(membrane: Tensor, targets: Tensor, *, weight: Tensor | None = None) -> Tensor:
    """Cross-entropy of the highest membrane potential that each neuron reaches, (T, B, C)."""
    _checked(membrane, targets)
    return functional.cross_entropy(membrane.max(dim=0).values, targets.long(), weight=weight)


def mse_count(
    spikes: Tensor,
    targets: Tensor,
    *,
    correct_rate: float = 1.0,
    incorrect_rate: float = 0.0,
    classes: int | None = None,
) -> Tensor:
    """Mean squared distance of the counts from ``int(T * rate)`` spikes, divided by T.

    Parameters
    ----------
    spikes, targets
        (T, B, C) and (B,).
    correct_rate, incorrect_rate
        Spikes per step wanted of the right neuron and of the others.
    classes
        Number of groups of a population code, of which as many spikes are wanted for each neuron.
    """
    steps, _, size = _checked(spikes, targets)
    found = counts(spikes, classes)
    each = size / found.shape[-1]
    wanted = _for_classes(
        targets, found.shape[-1], int(steps * correct_rate * each), int(steps * incorrect_rate * each), spikes
    )
    return functional.mse_loss(found, wanted) / steps


def mse_membrane(membrane: Tensor, targets: Tensor, *, on: float = 1.0, off: float = 0.0) -> Tensor:
    """Mean squared distance of the membrane potentials from their targets at every step.

    Parameters
    ----------
    membrane
        (T, B, C).
    targets
        Class numbers (B,) or (T, B), or the potentials themselves, (T, B, C).
    on, off
        Potential wanted of the right neuron and of the others.
    """
    if targets.is_floating_point():
        if targets.shape != membrane.shape:
            raise DescriptionError(
                f"targets must have the shape of membrane, {tuple(membrane.shape)}, got {tuple(targets.shape)}"
            )
        return functional.mse_loss(membrane, targets.to(membrane.dtype))
    if targets.ndim == 2 and targets.shape == membrane.shape[:2]:
        return functional.mse_loss(membrane, _for_classes(targets, membrane.shape[-1], on, off, membrane))
    _checked(membrane, targets)
    wanted = _for_classes(targets, membrane.shape[-1], on, off, membrane)
    return functional.mse_loss(membrane, wanted.expand_as(membrane))


def ce_latency(spikes: Tensor, targets: Tensor, *, inverse: str = "negate", weight: Tensor | None = None) -> Tensor:
    """Cross-entropy of turned first spike times: the right neuron should fire first.

    Parameters
    ----------
    spikes, targets
        (T, B, C) and (B,).
    inverse
        ``negate`` takes minus the time, ``reciprocal`` 1 / (time + 1).
    weight
        One for each class.
    """
    _checked(spikes, targets)
    time = first_spikes(spikes)
    if inverse not in ("negate", "reciprocal"):
        raise DescriptionError(f"inverse must be one of negate, reciprocal, got {inverse!r}")
    logits = -time if inverse == "negate" else 1.0 / (time + 1.0)
    return functional.cross_entropy(logits, targets.long(), weight=weight)


def mse_latency(spikes: Tensor, targets: Tensor, *, on: int = 0, off: int = -1, tolerance: int = 0) -> Tensor:
    """Mean squared distance of first spike times from their targets, in units of T.

    Parameters
    ----------
    spikes
        (T, B, C).
    targets
        Class numbers (B,), or the times themselves, (B, C), steps.
    on, off
        Step wanted of the right neuron and of the others; negative ones count from the end. (snnTorch 1.0 says so too,
        but reads a negative ``off`` as 0, so that its default wants all neurons to fire at once.)
    tolerance
        Times nearer to their target than this count as right, but pass their gradient on.
    """
    steps = len(spikes)
    if targets.ndim == 2 and targets.shape == spikes.shape[1:]:
        wanted = targets.to(spikes.dtype)
    else:
        _checked(spikes, targets)
        wanted = _for_classes(targets, spikes.shape[-1], on, off, spikes)
    wanted = torch.where(wanted < 0, wanted + steps, wanted)
    time = first_spikes(spikes)
    if tolerance:
        # the difference is taken out of the value only
        time = time + torch.where((time - wanted).abs() < tolerance, wanted - time, 0.0).detach()
    return functional.mse_loss(time / steps, wanted / steps)


class _FirstSpikes(torch.autograd.Function):
    """Step of the first spike; an earlier one is what more spike at that step is taken for: slope -1 there."""

    @staticmethod
    def forward(ctx: Any, spikes: Tensor) -> Tensor:
        fired = spikes != 0
        # arg-max gives the first of equals
        first = torch.where(fired.any(dim=0), fired.to(torch.uint8).argmax(dim=0), len(spikes) - 1)
        ctx.save_for_backward(first)
        ctx.steps = len(spikes)
        return first.to(spikes.dtype)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        (first,) = ctx.saved_tensors
        out = gradients[0].new_zeros((ctx.steps, *first.shape))
        return out.scatter_(0, first[None], -gradients[0][None])


def first_spikes(spikes: Tensor) -> Tensor:
    """Step of the first spike of (T, ...) spikes; the last step where there is none. Its slope is -1 at that step."""
    return _FirstSpikes.apply(spikes)


def l1_rate(spikes: Tensor, strength: float = 1e-5) -> Tensor:
    """``strength`` times the number of spikes."""
    return strength * spikes.sum()


def rate_bounds(spikes: Tensor, low: float = 0.0, high: float = 1.0, strength: float = 1.0) -> Tensor:
    """``strength`` times the mean squared distance of the rates from the interval [low, high].

    A rate is that of one neuron in spikes per step, over all steps and trials; neurons that never fire are pulled up,
    and those that fire too often down.
    """
    if not 0.0 <= low <= high:
        raise DescriptionError(f"low and high must be 0 <= low <= high, got {low!r} and {high!r}")
    rate = spikes.mean(dim=(0, 1))
    return strength * (functional.relu(low - rate) ** 2 + functional.relu(rate - high) ** 2).mean()


def tree_distance(weight: Tensor, parent: Tensor, sign: Tensor | None = None) -> Tensor:
    """Positions at which binary channels differ from their parents, summed over a tree: a penalty to be made small.

    Signs count in the value, and the gradient passes straight through them where the weight lies in [-1, 1]. How the
    paper weighs depth is not known; the tree is made anew now and then by ``families.discrete.spanning_tree``.

    Parameters
    ----------
    weight
        (C, n), of which the signs are the channels; 0 counts as 1.
    parent
        Channel from which each is computed, (C,); -1 for the root.
    sign
        -1 where from its complement, else 1, (C,); None is 1 everywhere.

    References
    ----------
    Vo et al. (2023). ICCV 2023, doi:10.48550/arXiv.2308.13735
    """
    if weight.ndim != 2 or parent.shape != weight.shape[:1]:
        raise DescriptionError(
            f"weight must be (C, n) and parent (C,), got {tuple(weight.shape)} and {tuple(parent.shape)}"
        )
    inside = weight.clamp(-1.0, 1.0)
    signs = inside + (torch.where(weight >= 0, 1.0, -1.0) - inside).detach()
    below = parent >= 0
    own, other = signs[below], signs[parent[below]]
    if sign is not None:
        other = other * sign[below, None]
    return 0.5 * (weight.shape[1] - (own * other).sum(dim=1)).sum()


def counts(spikes: Tensor, classes: int | None = None) -> Tensor:
    """Spikes of each neuron, or of each of ``classes`` groups of neighbours: (T, B, C) to (B, C or classes)."""
    total = spikes.sum(dim=0)
    if classes is None:
        return total
    if classes < 1 or total.shape[-1] % classes:
        raise DescriptionError(f"classes must divide the number of neurons ({total.shape[-1]}), got {classes!r}")
    return total.reshape(*total.shape[:-1], classes, -1).sum(dim=-1)


def by_count(spikes: Tensor, classes: int | None = None) -> Tensor:
    """The class with most spikes, (B,); the lowest of equals."""
    return _first_greatest(counts(spikes, classes))


def by_latency(spikes: Tensor) -> Tensor:
    """The neuron that fires first, (B,); the lowest of equals."""
    return _first_greatest(-first_spikes(spikes.detach()))


def by_membrane(membrane: Tensor) -> Tensor:
    """The neuron with the highest membrane potential at any time, (B,); the lowest of equals."""
    return _first_greatest(membrane.max(dim=0).values)


def accuracy(decoded: Tensor, targets: Tensor) -> float:
    """The share of right answers."""
    return float((decoded == targets).float().mean())


def _first_greatest(values: Tensor) -> Tensor:
    # arg-max over bits, because that of equal numbers is any of them on some devices
    return (values == values.max(dim=-1, keepdim=True).values).to(torch.uint8).argmax(dim=-1)


def _checked(record: Tensor, targets: Tensor) -> tuple[int, int, int]:
    """T, B and C, once record and targets fit."""
    if record.ndim != 3 or targets.shape != record.shape[1:2]:
        raise DescriptionError(
            f"a record must be (T, B, C) and targets (B,), got {tuple(record.shape)} and {tuple(targets.shape)}"
        )
    if targets.is_floating_point():
        raise DescriptionError(f"targets must be class numbers, got {targets.dtype}")
    return record.shape[0], record.shape[1], record.shape[2]


def _for_classes(targets: Tensor, classes: int, on: float, off: float, like: Tensor) -> Tensor:
    """``on`` at each trial's class, ``off`` elsewhere, (..., classes)."""
    if targets.numel() and not 0 <= int(targets.min()) <= int(targets.max()) < classes:
        raise DescriptionError(f"targets must be in 0..{classes - 1}, got {int(targets.min())}..{int(targets.max())}")
    wanted = torch.full((*targets.shape, classes), float(off), dtype=like.dtype, device=like.device)
    return wanted.scatter_(-1, targets.long()[..., None], float(on))
