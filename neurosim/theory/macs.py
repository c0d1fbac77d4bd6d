r"""How much a mac holds: the fraction of weights that are set, and how many codes that leaves whole.

Items have S of N features active and get random codes. After M of them a weight is set with probability

.. math:: p = 1 - \left(1 - \frac{S}{N K}\right)^M

and a rival of a winner has all S weights with probability :math:`p^S`. Both are estimates of our own (inferred from
the learning rule); correlated items fill weights unevenly and do worse.
"""

import math

from ..errors import DescriptionError
from .checks import check_whole


def fill(items: int, active: int, features: int, cells: int) -> float:
    """Expected fraction of set weights after ``items`` items."""
    check_whole(1, items=items, active=active, features=features, cells=cells)
    if active > features:
        raise DescriptionError(f"active must be <= features ({features}), got {active}")
    if active == features * cells:  # one cell takes all
        return 1.0
    return -math.expm1(items * math.log1p(-active / (features * cells)))


def recalled(items: int, active: int, features: int, modules: int, cells: int) -> float:
    """Expected fraction of items whose whole code comes back from the whole item."""
    check_whole(1, modules=modules)
    rival = fill(items, active, features, cells) ** active
    # equals win by chance: with one rival, half of the time
    return (1 - rival / 2) ** ((cells - 1) * modules)


def weight_bytes(features: int, modules: int, cells: int) -> int:
    """Memory that the bottom-up weights take as bits; rows are whole words."""
    check_whole(1, features=features, modules=modules, cells=cells)
    return features * 8 * -(-modules * cells // 64)


def features_for(items: int, active: int, modules: int, cells: int, recall: float) -> int:
    """The least number of features, a multiple of 64, with which a fraction ``recall`` of ``items`` comes back."""
    check_whole(1, items=items, active=active, modules=modules, cells=cells)
    if not 0 < recall < 1:
        raise DescriptionError(f"recall must be in (0, 1), got {recall!r}")
    found = 64
    while found < active or recalled(items, active, found, modules, cells) < recall:
        found += 64
    return found
