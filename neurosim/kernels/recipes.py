"""What drawing edges and their numbers takes, in plain numbers, for whoever does not draw with the compiled loops.

The loops of ``connectivity/rows.py`` and ``connectivity/densities.py`` say what they mean.
"""

from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True, kw_only=True)
class EdgeRecipe:
    """How the targets and delays of edges come from random words.

    Parameters
    ----------
    kind
        ``all``: every target; ``one``: the row's own; ``gaps``: each after a geometric gap; ``rows``: each row chooses
        as many as it is long; ``columns``: each target chooses ``degree`` sources.
    size
        How many there are to choose from.
    avoid, distinct
        Whether a row leaves itself out, and whether it chooses nobody twice.
    degree, inverse_log
        Sources of a target, and 1 / log(1 - p), where the kind needs them.
    key
        The stream, and the low and the high half of the seed.
    target_draw, delay_draw
        Draw numbers of the words for targets and for delays.
    low, thresholds
        A delay is ``low`` steps and as many more as there are thresholds, uint32, that its word reaches.
    """

    kind: str
    size: int
    avoid: bool
    distinct: bool = False
    degree: int = 0
    inverse_log: float = 0.0
    key: tuple[int, int, int]
    target_draw: int
    delay_draw: int
    low: int
    thresholds: np.ndarray = field(repr=False, compare=False)


@dataclass(frozen=True, kw_only=True)
class ValueRecipe:
    """How numbers in single precision come from random words.

    Parameters
    ----------
    kind, numbers
        ``uniform`` (low, width), ``exponential`` (low, mean, share), ``normal`` (mean, sd, low, high), or ``lognormal``
        (the same of the logarithm).
    key, draw
        The stream and both halves of the seed, and the first draw number.
    step
        A power of two, to multiples of which they are rounded, or 0.0.
    bound
        What none of them exceeds in magnitude.
    """

    kind: str
    numbers: tuple[float, ...]
    key: tuple[int, int, int]
    draw: int
    step: float
    bound: float
