"""How much neurons do the same at the same time."""

import numpy as np

from ..recording import Spikes, Traces
from .bins import bin_population


def synchrony(spikes: Spikes, *, bin: float = 3.0) -> float | np.ndarray:
    """Variance over mean of the population's spike count histogram.

    Near 1 for independent Poisson neurons, larger the more of them spike together.

    Parameters
    ----------
    bin
        Bin of the histogram, ms; 3 in the reference.

    Returns
    -------
    A number, or (B,) with replicas; NaN when nothing spikes.

    References
    ----------
    Potjans & Diesmann (2014). Cereb Cortex 24, 785-806. doi:10.1093/cercor/bhs358
    """
    counts, _ = bin_population(spikes, bin)
    mean = np.atleast_1d(counts.mean(axis=-1))
    ratio = np.full(mean.shape, np.nan)
    np.divide(counts.var(axis=-1), mean, out=ratio, where=mean > 0)
    return ratio if spikes.batch is not None else float(ratio[0])


def chi(traces: Traces) -> float | np.ndarray:
    r"""Synchrony of membrane potentials, from 0 (asynchronous) to 1 (all alike).

    .. math:: \chi^2 = \sigma^2_t(\bar v) / \overline{\sigma^2_t(v_i)}

    For n independent neurons it is about :math:`1 / \sqrt n`.

    Returns
    -------
    A number, or (B,) with replicas; NaN when nothing moves.

    References
    ----------
    Golomb & Hansel (2000). Neural Comput 12, 1095-1139. doi:10.1162/089976600300015529
    """
    values = np.asarray(traces.values)
    together = values.mean(axis=-1, dtype=float).var(axis=0)
    alone = values.var(axis=0, dtype=float).mean(axis=-1)
    ratio = np.full(np.shape(alone), np.nan)
    np.divide(together, alone, out=ratio, where=alone > 0)
    return float(np.sqrt(ratio)) if ratio.ndim == 0 else np.sqrt(ratio)
