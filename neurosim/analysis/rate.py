"""How often neurons spike."""

from typing import NamedTuple

import numpy as np

from ..errors import DescriptionError
from ..recording import Spikes
from .bins import bin_population


class PopulationRate(NamedTuple):
    """The rate of a population over time.

    Parameters
    ----------
    times
        (T,) centre of each bin, ms.
    values
        (T,), or (B, T) with replicas: spikes per neuron and second, Hz.
    """

    times: np.ndarray
    values: np.ndarray


def mean_rate(spikes: Spikes) -> float:
    """Mean rate over all neurons and the whole recording, Hz."""
    return spikes.mean_rate()


def rates(spikes: Spikes) -> np.ndarray:
    """Mean rate of each neuron over the whole recording, Hz: (n,), or (B, n) with replicas."""
    return spikes.rates()


def population_rate(spikes: Spikes, *, bin: float = 1.0, width: float = 0.0) -> PopulationRate:
    r"""Rate of the population over time, :math:`r(t) = n_{spikes}(t, t + bin) / (n \cdot bin)`.

    Parameters
    ----------
    bin
        Bin width, ms; a multiple of the time step. An incomplete last bin is left out.
    width
        Standard deviation of a Gaussian that smooths the rate, ms; 0 for none. Beyond either end the rate
        is mirrored, so that it keeps its mean there.
    """
    counts, times = bin_population(spikes, bin)
    values = counts * (1000.0 / (max(spikes.shape[-1], 1) * bin))
    if not (np.isfinite(width) and width >= 0):
        raise DescriptionError(f"width must be >= 0 ms and finite, got {width!r}")
    if width:
        from scipy.ndimage import gaussian_filter1d

        values = gaussian_filter1d(values, width / bin, axis=-1, mode="reflect")
    return PopulationRate(times, values)
