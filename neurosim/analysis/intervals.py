"""How regular spike trains are."""

import numpy as np

from ..recording import Spikes


def isi(spikes: Spikes) -> np.ndarray:
    """Intervals from each spike to the next of its neuron, (M,) ms, neuron after neuron."""
    return _intervals(spikes)[0] * spikes.dt


def cv_isi(spikes: Spikes) -> np.ndarray:
    r"""Coefficient of variation of each neuron's intervals, :math:`\sigma(I) / \mu(I)`.

    It is 0 for a clock and 1 for a Poisson process. The standard deviation is that of the intervals
    themselves (divided by M, not M - 1).

    Returns
    -------
    (n,), or (B, n) with replicas; NaN where a train has fewer than 3 spikes.

    References
    ----------
    Softky & Koch (1993). J Neurosci 13, 334-350. doi:10.1523/JNEUROSCI.13-01-00334.1993
    """
    intervals, owner, count = _intervals(spikes)
    number = count.clip(min=1)
    mean = np.bincount(owner, intervals, len(count)) / number
    variance = np.bincount(owner, (intervals - mean[owner]) ** 2, len(count)) / number
    return _per_train(spikes, np.sqrt(variance) / np.where(count > 0, mean, 1.0), count)


def cv(spikes: Spikes) -> float:
    """Mean of ``cv_isi`` over the trains of at least 3 spikes; NaN when there is none."""
    return _mean(cv_isi(spikes))


def cv2(spikes: Spikes) -> np.ndarray:
    r"""Local irregularity of each neuron, mean of :math:`2 |I_{k+1} - I_k| / (I_{k+1} + I_k)`.

    Slow changes of the rate leave it alone. It is 0 for a clock and 1 for a Poisson process.

    Returns
    -------
    (n,), or (B, n) with replicas; NaN where a train has fewer than 3 spikes.

    References
    ----------
    Holt, Softky, Koch & Douglas (1996). J Neurophysiol 75, 1806-1814. doi:10.1152/jn.1996.75.5.1806
    """
    ratio, owner, count = _ratios(spikes)
    mean = 2.0 * np.bincount(owner, np.abs(ratio), len(count)) / (count - 1).clip(min=1)
    return _per_train(spikes, mean, count)


def lv(spikes: Spikes) -> np.ndarray:
    r"""Local variation of each neuron, mean of :math:`3 ((I_k - I_{k+1}) / (I_k + I_{k+1}))^2`.

    It is 0 for a clock and 1 for a Poisson process.

    Returns
    -------
    (n,), or (B, n) with replicas; NaN where a train has fewer than 3 spikes.

    References
    ----------
    Shinomoto, Shima & Tanji (2003). Neural Comput 15, 2823-2842. doi:10.1162/089976603322518759
    """
    ratio, owner, count = _ratios(spikes)
    mean = 3.0 * np.bincount(owner, ratio**2, len(count)) / (count - 1).clip(min=1)
    return _per_train(spikes, mean, count)


def _intervals(spikes: Spikes) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Intervals (M,) in steps, the train of each (M,), and how many each train has (trains,)."""
    steps, first = spikes.by_train()
    spikes_of = np.diff(first)
    owner = np.repeat(np.arange(len(spikes_of)), spikes_of)
    inside = owner[1:] == owner[:-1]
    return np.diff(steps)[inside], owner[1:][inside], (spikes_of - 1).clip(min=0)


def _ratios(spikes: Spikes) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Difference over sum of neighbouring intervals, their trains, and the intervals per train."""
    intervals, owner, count = _intervals(spikes)
    inside = owner[1:] == owner[:-1]
    later, earlier = intervals[1:][inside], intervals[:-1][inside]
    # two intervals of zero length, which only foreign data can have, are equal
    return (later - earlier) / (later + earlier).clip(min=1), owner[1:][inside], count


def _per_train(spikes: Spikes, values: np.ndarray, intervals: np.ndarray) -> np.ndarray:
    return np.where(intervals >= 2, values, np.nan).reshape(spikes.shape)


def _mean(values: np.ndarray) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else float("nan")
