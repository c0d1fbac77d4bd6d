"""Operations on whole arrays: ``MatMul``, ``Imprint``, ``Reduce`` and ``Compete``."""

from collections.abc import Callable, Mapping

import numpy as np

from ...errors import DescriptionError
from ...kernels import philox
from ...program import Compete, Imprint, MatMul, Reduce
from .replica import Replica

_REDUCTIONS: Mapping[str, Callable[..., np.ndarray]] = {"sum": np.sum, "mean": np.mean, "max": np.max}


def run_matmul(op: MatMul, replica: Replica, step: int) -> None:
    """``target = source @ weight``, or ``+=``; the weight lies row by row in a flat buffer. True counts as 1."""
    source, target = replica.buffers[op.source].astype(float), replica.buffers[op.target]
    weight = replica.buffers[op.weight].astype(float)
    if op.transpose:
        product = weight.reshape(target.size, source.size) @ source
    else:
        product = source @ weight.reshape(source.size, target.size)
    target[...] = target + product if op.accumulate else product


def run_imprint(op: Imprint, replica: Replica, step: int) -> None:
    """Set the bits between true sources and true targets, and count those that were not set."""
    source, target = replica.buffers[op.source], replica.buffers[op.target]
    weight = replica.buffers[op.weight].reshape(source.size, target.size)
    new = source[:, None] & target & ~weight
    if op.mask is not None:
        new &= replica.buffers[op.mask].reshape(new.shape)
    weight |= new
    if op.filled is not None:
        replica.buffers[op.filled][...] += new.sum(axis=0)


def run_reduce(op: Reduce, replica: Replica, step: int) -> None:
    """Sum, mean or max over segments of ``source.size / target.size`` neighbouring indices."""
    source, target = replica.buffers[op.source], replica.buffers[op.target]
    segments = source.reshape(target.size, -1)
    target[...] = _REDUCTIONS[op.how](segments, axis=1)


def run_compete(op: Compete, replica: Replica, step: int) -> None:
    """Winners of each group of neighbouring indices become 1, all others 0.

    ``greatest``: the ``winners`` largest, the lower index first among equals. ``drawn``: one uniform number u
    for each group (index: number of the group; draw 0); the winner is the first index at which the sum of the
    values up to and including it exceeds u times the sum of all; no index wins where that sum is 0.
    """
    values = replica.buffers[op.source].astype(float).reshape(-1, op.group)
    won = np.zeros(values.shape)
    if op.how == "greatest":
        order = np.argsort(-values, axis=1, kind="stable")
        np.put_along_axis(won, order[:, : op.winners], 1.0, axis=1)
    else:
        _check_not_negative(op.source, values)
        u = philox.uniform(replica.seed, op.stream, step, np.arange(len(values)))
        below = np.cumsum(values, axis=1)
        exceeds = below > u[:, None] * below[:, -1:]
        chosen = np.flatnonzero(exceeds.any(axis=1))
        won[chosen, exceeds[chosen].argmax(axis=1)] = 1.0
    replica.buffers[op.target][...] = won.ravel()


def _check_not_negative(name: str, values: np.ndarray) -> None:
    negative = values.ravel() < 0
    if negative.any():
        at = int(negative.argmax())
        raise DescriptionError(f"{name} must be >= 0 to draw a winner, got {values.flat[at]} at index {at}")
