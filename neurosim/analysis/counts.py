"""How spike counts vary, alone and together."""

import numpy as np

from ..errors import DescriptionError
from ..recording import Spikes
from .bins import BinnedTrains, bin_trains

MOST_TRAINS = 10_000
"""Beyond this a matrix of all pairs takes more than 800 MB."""


def spike_counts(spikes: Spikes, *, bin: float) -> np.ndarray:
    """Spikes of each train per bin of ``bin`` ms: (n, T), or (B, n, T) with replicas, int64.

    Every bin takes its place, so it is meant for few neurons or few bins.
    """
    binned = bin_trains(spikes, bin)
    counts = np.zeros((binned.trains, binned.bins), np.int64)
    counts[binned.train, binned.bin] = binned.number
    return counts.reshape(*spikes.shape, binned.bins)


def fano_factor(spikes: Spikes, *, window: float = 100.0) -> np.ndarray:
    r"""Variance over mean of each neuron's counts in successive windows, :math:`\sigma^2(N) / \mu(N)`.

    It is 1 for a Poisson process. The variance is that of the counts themselves (divided by their number).

    Parameters
    ----------
    window
        Length of a window, ms; a multiple of the time step.

    Returns
    -------
    (n,), or (B, n) with replicas; NaN for a silent neuron.

    References
    ----------
    Fano (1947). Phys Rev 72, 26-29. doi:10.1103/PhysRev.72.26
    """
    mean, variance = bin_trains(spikes, window).moments()
    ratio = np.full(mean.shape, np.nan)
    np.divide(variance, mean, out=ratio, where=mean > 0)
    return ratio.reshape(spikes.shape)


def correlation(spikes: Spikes, *, bin: float = 2.0) -> np.ndarray:
    r"""Pearson's correlation of the spike counts of all pairs.

    .. math:: \rho_{ij} = \langle (N_i - \mu_i)(N_j - \mu_j) \rangle / (\sigma_i \sigma_j)

    Parameters
    ----------
    bin
        Bin in which spikes are counted, ms; a multiple of the time step.

    Returns
    -------
    (n, n); NaN in the row and column of a neuron whose count never changes.

    Raises
    ------
    DescriptionError
        With more than 10,000 trains, whose matrix would not be of use; take some with ``spikes.of`` or ask
        for ``mean_correlation``. With replicas, of which one has to be taken first.

    References
    ----------
    de la Rocha et al. (2007). Nature 448, 802-806. doi:10.1038/nature06028
    """
    from scipy.sparse import csr_array

    _one_network(spikes)
    if spikes.trains_count > MOST_TRAINS:
        raise DescriptionError(
            f"correlation takes at most {MOST_TRAINS:,} neurons, got {spikes.trains_count:,}: choose some "
            f"with spikes.of(...), or take mean_correlation, which needs no matrix"
        )
    binned = bin_trains(spikes, bin)
    mean, variance = binned.moments()
    shape = (binned.trains, binned.bins)
    counts = csr_array((binned.number.astype(float), (binned.train, binned.bin)), shape=shape)
    # most bins are empty: products of sparse counts, the means taken off after
    product = (counts @ counts.T).toarray() / binned.bins - np.outer(mean, mean)
    scale = _deviation(variance)
    return product / np.outer(scale, scale)


def mean_correlation(spikes: Spikes, *, bin: float = 2.0) -> float:
    r"""Mean correlation of the spike counts over all pairs of different neurons.

    It comes from the variance of the summed z-scores, without the pairs, so it takes time linear in the
    number of spikes for any number of neurons:

    .. math:: \bar\rho = \frac{\langle (\sum_i z_i)^2 \rangle - n}{n (n - 1)}

    Neurons whose count never changes are left out; NaN when fewer than two remain.

    Parameters
    ----------
    bin
        Bin in which spikes are counted, ms; a multiple of the time step.
    """
    _one_network(spikes)
    binned = bin_trains(spikes, bin)
    mean, variance = binned.moments()
    scale = _deviation(variance)
    active = np.isfinite(scale)
    n = int(active.sum())
    if n < 2:
        return float("nan")
    total = _summed_scores(binned, scale) - (mean[active] / scale[active]).sum()
    return float((np.mean(total**2) - n) / (n * (n - 1)))


def _summed_scores(binned: BinnedTrains, scale: np.ndarray) -> np.ndarray:
    """Sum over the active trains of count over deviation, per bin, (T,)."""
    weights = binned.number / scale[binned.train]
    known = np.isfinite(weights)
    return np.bincount(binned.bin[known], weights[known], binned.bins)


def _deviation(variance: np.ndarray) -> np.ndarray:
    return np.sqrt(np.where(variance > 0, variance, np.nan))


def _one_network(spikes: Spikes) -> None:
    if spikes.batch is not None:
        raise DescriptionError(f"there are {spikes.batch} replicas: take one first, as in spikes.replica(0)")
