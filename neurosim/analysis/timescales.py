r"""How long activity remembers itself: exponentials fitted to autocorrelations.

References
----------
Khajehabdollahi et al. (2024). ICLR 2024, doi:10.48550/arXiv.2309.12927 (the rule ``published``)
Zeraati et al. (2022). Nat Comput Sci 2, 193-204. doi:10.1038/s43588-022-00214-3 (why such fits are biased)
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from ..errors import DescriptionError

LONGEST = 100.0
"""Greatest time constant of a fit, lags."""
GAIN, SHARE, NEAR = 20.0, 0.1, 0.99
"""Of the guarded rule: least gain in AIC, least share of the slow part, share of the bound that counts as there."""

Rule = Literal["guarded", "published"]


@dataclass(frozen=True)
class Timescale:
    """A fit of one or two exponentials.

    Parameters
    ----------
    tau
        The slowest time constant, lags; NaN where no fit was found.
    parts
        How many exponentials, 0, 1 or 2.
    """

    tau: float
    parts: int


def autocorrelations(values: np.ndarray, lags: int = 31) -> np.ndarray:
    """Autocorrelation of each unit at lags 0 to ``lags - 1``, (lags, N), from (T, N) or (trials, T, N) values.

    Each trial is centred by itself, autocovariances are divided by the number of pairs and averaged over trials. A unit
    that does not change has NaN.
    """
    values = np.asarray(values, dtype=float)
    values = values[None] if values.ndim == 2 else values
    if values.ndim != 3 or not 1 <= lags <= values.shape[1]:
        raise DescriptionError(f"values must be (T, N) or (trials, T, N) with T >= {lags} lags, got {values.shape}")
    steps = values.shape[1]
    centred = values - values.mean(axis=1, keepdims=True)
    power = np.abs(np.fft.rfft(centred, 2 * steps, axis=1)) ** 2
    pairs = steps - np.arange(lags)
    covariance = np.fft.irfft(power, 2 * steps, axis=1)[:, :lags].mean(axis=0) / pairs[:, None]
    # what the transform leaves of a constant is rounding
    still = covariance[0] <= 1e-20 * np.maximum((values**2).mean(axis=(0, 1)), 1e-300)
    return np.where(still, np.nan, covariance / np.where(still, 1.0, covariance[0]))


def fitted_timescale(correlation: np.ndarray, *, rule: Rule = "guarded") -> Timescale:
    """The slowest time constant of one or two exponentials, fitted to an autocorrelation (lags,) from lag 0 on.

    ``published`` takes two exponentials where that lowers Akaike's criterion at all. Neighbouring lags of an estimate
    err together, which this criterion takes for structure, so it does so too often and then finds constants that are
    too long. ``guarded`` asks for a gain of 20, a slow part of at least a tenth, and constants away from their bound.
    """
    if rule not in ("guarded", "published"):
        raise DescriptionError(f"rule must be 'guarded' or 'published', got {rule!r}")
    if not np.isfinite(correlation).all():
        return Timescale(np.nan, 0)
    one = _fit(_single, correlation, [0.9, 2.0], [1.0, LONGEST])
    two = _fit(_double, correlation, [0.9, 0.5, 1.0, 10.0], [1.0, 1.0, LONGEST, LONGEST])
    if two is not None and (one is None or _is_better(one, two, rule)):
        return Timescale(float(two[0][2:].max()), 2)
    return Timescale(np.nan, 0) if one is None else Timescale(float(one[0][1]), 1)


def network_timescales(values: np.ndarray, *, lags: int = 31, rule: Rule = "guarded") -> np.ndarray:
    """The slowest time constant of each unit, (N,) steps, from (T, N) or (trials, T, N) values; NaN where none is."""
    return np.array([fitted_timescale(c, rule=rule).tau for c in autocorrelations(values, lags).T])


def components_for(values: np.ndarray, share: float = 0.9) -> int:
    """How many principal components of (T, N) values hold ``share`` of their variance."""
    centred = np.asarray(values, dtype=float) - np.mean(values, axis=0)
    variance = np.linalg.svd(centred, compute_uv=False) ** 2
    return int(np.searchsorted(np.cumsum(variance) / variance.sum(), share) + 1)


def _single(k: np.ndarray, a: float, tau: float) -> np.ndarray:
    return a * np.exp(-k / max(tau, 1e-9))


def _double(k: np.ndarray, a: float, c: float, first: float, second: float) -> np.ndarray:
    return a * (c * np.exp(-k / max(first, 1e-9)) + (1 - c) * np.exp(-k / max(second, 1e-9)))


def _fit(curve, correlation, start, high):  # type: ignore[no-untyped-def]
    """Parameters and Akaike's criterion of a fit within bounds from 0, or None."""
    from scipy.optimize import curve_fit

    lags = np.arange(len(correlation), dtype=float)
    try:
        found, _ = curve_fit(curve, lags, correlation, p0=start, bounds=(np.zeros(len(high)), high))
    except RuntimeError:
        return None
    rest = float(((curve(lags, *found) - correlation) ** 2).sum())
    return found, 2 * len(found) + len(lags) * np.log(max(rest, 1e-300) / len(lags))


def _is_better(one, two, rule: Rule) -> bool:  # type: ignore[no-untyped-def]
    """Whether two exponentials are to be believed."""
    gain = one[1] - two[1]
    if rule == "published":
        return bool(gain > 0)
    _, c, first, second = two[0]
    slow = 1 - c if second > first else c
    return bool(gain > GAIN and slow >= SHARE and max(first, second) < NEAR * LONGEST)
