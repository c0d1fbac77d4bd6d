"""How far apart two spike trains are."""

import numpy as np

from ..errors import DescriptionError


def victor_purpura(a: np.ndarray, b: np.ndarray, *, cost: float = 0.1) -> float:
    r"""Least cost to turn one train into the other.

    Adding or removing a spike costs 1, moving it by :math:`\Delta t` costs :math:`q |\Delta t|`. With q = 0
    it is the difference of the counts; for large q every spike without a twin costs 1.

    Parameters
    ----------
    a, b
        (S,) and (R,) ascending spike times, ms.
    cost
        q, 1/ms.

    References
    ----------
    Victor & Purpura (1996). J Neurophysiol 76, 1310-1326. doi:10.1152/jn.1996.76.2.1310
    """
    if not (np.isfinite(cost) and cost >= 0):
        raise DescriptionError(f"cost must be >= 0 per ms and finite, got {cost!r}")
    a, b = np.asarray(a, float), np.asarray(b, float)
    added = np.arange(b.size + 1.0)
    row = added.copy()
    for time in a:
        best = row + 1.0
        np.minimum(best[1:], row[:-1] + cost * np.abs(time - b), out=best[1:])
        # adding spikes of b one after another: a running minimum of what is left without their cost
        row = np.minimum.accumulate(best - added) + added
    return float(row[-1])


def van_rossum(a: np.ndarray, b: np.ndarray, *, tau: float = 10.0) -> float:
    r"""Distance of two trains after each spike is widened to :math:`e^{-t / \tau}`.

    .. math:: D^2 = \frac{1}{\tau} \int (f_a(t) - f_b(t))^2 dt

    A spike that the other train lacks makes :math:`D^2 = 1/2`. The integral is taken in closed form.

    Parameters
    ----------
    a, b
        (S,) and (R,) ascending spike times, ms.
    tau
        Time constant, ms.

    References
    ----------
    van Rossum (2001). Neural Comput 13, 751-763. doi:10.1162/089976601300014321
    Houghton & Kreuz (2012). Network 23, 48-58. doi:10.3109/0954898X.2012.673048
    """
    if not (np.isfinite(tau) and tau > 0):
        raise DescriptionError(f"tau must be > 0 ms and finite, got {tau!r}")
    times = np.concatenate([np.asarray(a, float), np.asarray(b, float)])
    signs = np.repeat([1.0, -1.0], [len(a), len(b)])
    order = np.argsort(times, kind="stable")
    times, signs = times[order], signs[order]
    # what remains, just before each spike, of the difference of the two widened trains
    total, before = 0.0, 0.0
    decay = np.exp(-np.diff(times, prepend=times[:1]) / tau)
    for sign, factor in zip(signs.tolist(), decay.tolist(), strict=True):
        before *= factor
        total += 0.5 * sign * sign + sign * before
        before += sign
    return float(np.sqrt(max(total, 0.0)))
