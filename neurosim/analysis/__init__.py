"""Numbers from spikes and traces."""

from .counts import correlation, fano_factor, mean_correlation, spike_counts
from .delayed import delayed_scores, memory_capacity
from .distances import van_rossum, victor_purpura
from .geometry import cross_condition_generalisation, decodability, parallelism, participation_ratio
from .intervals import cv, cv2, cv_isi, isi, lv
from .population import chi, synchrony
from .rate import PopulationRate, mean_rate, population_rate, rates
from .spectra import Correlogram, Spectrum, autocorrelation, power_spectrum
from .timescales import Timescale, autocorrelations, components_for, fitted_timescale, network_timescales

__all__ = [
    "Correlogram",
    "PopulationRate",
    "Spectrum",
    "Timescale",
    "autocorrelation",
    "autocorrelations",
    "components_for",
    "fitted_timescale",
    "network_timescales",
    "chi",
    "correlation",
    "cross_condition_generalisation",
    "cv",
    "cv2",
    "cv_isi",
    "decodability",
    "delayed_scores",
    "fano_factor",
    "isi",
    "lv",
    "mean_correlation",
    "memory_capacity",
    "mean_rate",
    "parallelism",
    "participation_ratio",
    "population_rate",
    "power_spectrum",
    "rates",
    "spike_counts",
    "synchrony",
    "van_rossum",
    "victor_purpura",
]
