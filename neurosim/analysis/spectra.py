"""Rhythms of a population."""

from typing import NamedTuple

import numpy as np

from ..errors import DescriptionError
from ..recording import Spikes
from .rate import population_rate


class Spectrum(NamedTuple):
    """Power over frequency.

    Parameters
    ----------
    frequencies
        (F,) Hz.
    power
        (F,), or (B, F) with replicas: power density of the rate, Hz² / Hz.
    """

    frequencies: np.ndarray
    power: np.ndarray

    @property
    def peak(self) -> float:
        """The frequency of most power (over the mean of the replicas), Hz; zero is left out."""
        mean = self.power.reshape(-1, len(self.frequencies)).mean(axis=0)
        return float(self.frequencies[1:][np.argmax(mean[1:])])


class Correlogram(NamedTuple):
    """Correlation over lag.

    Parameters
    ----------
    lags
        (L,) ascending from 0, ms.
    values
        (L,), or (B, L) with replicas; 1 at lag 0.
    """

    lags: np.ndarray
    values: np.ndarray


def power_spectrum(spikes: Spikes, *, bin: float = 1.0, segment: float = 1000.0) -> Spectrum:
    r"""Power density of the population rate, by Welch's method with half-overlapping Hann windows.

    The mean of each segment is taken off. For n independent Poisson neurons of rate r the spectrum is flat,
    :math:`2 r / n` (one-sided).

    Parameters
    ----------
    bin
        Bin of the rate, ms; the highest frequency is 500 / bin Hz.
    segment
        Length of the segments, ms, cut to the recording; the frequencies are 1000 / segment Hz apart.

    References
    ----------
    Welch (1967). IEEE Trans Audio Electroacoust 15, 70-73. doi:10.1109/TAU.1967.1161901
    """
    from scipy.signal import welch

    rate = population_rate(spikes, bin=bin).values
    length = round(segment / bin) if np.isfinite(segment) else 0
    if length < 2 or rate.shape[-1] < 2:
        raise DescriptionError(f"a segment must hold two bins of {bin:g} ms at least, got {segment!r} ms")
    frequencies, power = welch(rate, fs=1000.0 / bin, nperseg=min(length, rate.shape[-1]), axis=-1)
    return Spectrum(frequencies, power)


def autocorrelation(spikes: Spikes, *, bin: float = 1.0, lag: float = 100.0) -> Correlogram:
    r"""Autocorrelation of the population rate.

    .. math:: C(\tau) = \langle (r(t) - \bar r)(r(t + \tau) - \bar r) \rangle_t / \sigma^2_r

    The mean at each lag is over the pairs of bins that there are. A rate that never changes gives NaN.

    Parameters
    ----------
    bin
        Bin of the rate, ms.
    lag
        The longest lag, ms; shorter than the recording.
    """
    rate = population_rate(spikes, bin=bin).values
    bins, most = rate.shape[-1], int(lag / bin + 1e-6) if np.isfinite(lag) else -1
    if not 0 <= most < bins:
        raise DescriptionError(
            f"the lag must be >= 0 and shorter than the {bins * bin:g} ms binned, got {lag!r}"
        )
    centred = rate - rate.mean(axis=-1, keepdims=True)
    # twice the length, so that the end does not wrap round to the beginning
    transformed = np.fft.rfft(centred, 2 * bins, axis=-1)
    products = np.fft.irfft(np.abs(transformed) ** 2, 2 * bins, axis=-1)[..., : most + 1]
    covariance = products / (bins - np.arange(most + 1))
    variance = centred.var(axis=-1)[..., None]
    values = np.full(covariance.shape, np.nan)
    np.divide(covariance, variance, out=values, where=variance > 0)
    return Correlogram(np.arange(most + 1) * bin, values)
