"""Neurons by the name of the pattern in which they fire."""

from typing import Any

from ..errors import DescriptionError, listing, nearest
from .spiking import AdEx

ADEX_PATTERNS = {
    "tonic spiking": (200.0, 10.0, -70.0, 2.0, 30.0, 0.0, -58.0, 500.0),
    "adaptation": (200.0, 12.0, -70.0, 2.0, 300.0, 60.0, -58.0, 500.0),
    "initial burst": (130.0, 18.0, -58.0, 4.0, 150.0, 120.0, -50.0, 400.0),
    "regular bursting": (200.0, 10.0, -58.0, 2.0, 120.0, 100.0, -46.0, 210.0),
    "delayed accelerating": (200.0, 12.0, -70.0, -10.0, 300.0, 0.0, -58.0, 300.0),
    "delayed regular bursting": (100.0, 10.0, -65.0, -10.0, 90.0, 30.0, -47.0, 110.0),
    "transient spiking": (100.0, 10.0, -65.0, 10.0, 90.0, 100.0, -47.0, 180.0),
    "irregular spiking": (100.0, 12.0, -60.0, -11.0, 130.0, 30.0, -48.0, 160.0),
}
"""C (pF), g_L (nS), E_L (mV), a (nS), tau_w (ms), b (pA), v_reset (mV) and current (pA) of each pattern, table 1 of
Naud et al. (2008); V_T is -50 mV and Delta_T 2 mV throughout."""


def adex_pattern(pattern: str, size: int = 1, **changes: Any) -> AdEx:
    """Adaptive exponential neurons that fire in ``pattern`` under the constant current that they begin with.

    Parameters
    ----------
    pattern
        One of ``ADEX_PATTERNS``.
    size
        Number of neurons, N.
    **changes
        Fields of ``AdEx`` that are to differ.

    References
    ----------
    Naud et al. (2008). Biol Cybern 99, 335-347. doi:10.1007/s00422-008-0264-7, table 1 and figure 4.
    """
    check_pattern(pattern, ADEX_PATTERNS)
    names = ("C", "g_L", "E_L", "a", "tau_w", "b", "v_reset", "I")
    given = dict(zip(names, ADEX_PATTERNS[pattern], strict=True))
    return AdEx(size, **{**given, "V_T": -50.0, "Delta_T": 2.0, "v_peak": 0.0, **changes})


def check_pattern(pattern: str, known: Any) -> None:
    """Refuse a pattern that is not known, with the nearest."""
    if pattern not in known:
        raise DescriptionError(f"no pattern {pattern!r}{nearest(str(pattern), known)}; there are: {listing(known)}")
