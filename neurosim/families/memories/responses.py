"""Energies of stored patterns as texts: what a pattern with a given overlap adds to the field of a unit.

For an energy that is a sum over patterns, a unit's field is ``sum over patterns of x * response``. Overlaps come in
whole numbers and are scaled by a power of two, ``unit``, which keeps whole numbers exact and large powers in range.
"""

import math

import numpy as np

from ...equations import Assign


def unit_of(size: int, largest: float = 1.0) -> float:
    """A power of two that takes overlaps of ``size`` entries of at most ``largest`` into [-1, 1]."""
    return 2.0 ** -math.ceil(math.log2(max(size * largest, 1.0)))


def distinct(degree: int, entries: str) -> tuple[Assign, ...]:
    r"""``(degree - 1)!`` times the elementary symmetric polynomial of degree - 1 in the products of a pattern's other
    entries with their spins: each set of distinct units once.

    By Newton's identities from power sums :math:`p_k`, of which the odd ones change and the even ones do not:
    :math:`E_k = \sum_{i=1}^{k} (-1)^{i-1} \frac{(k-1)!}{(k-i)!} E_{k-i} p_i` with :math:`E_k = k!\, e_k`.
    """
    body = []
    for k in range(1, degree):
        body.append(Assign(f"_s{k}", "=", _power_sum(k, entries)))
    for k in range(1, degree):
        terms = []
        for i in range(1, k + 1):
            factor = math.factorial(k - 1) // math.factorial(k - i)
            product = f"_s{i}" if i == k else f"_e{k - i} * _s{i}"
            terms.append(("+ " if i % 2 else "- ") + (f"{factor} * " if factor > 1 else "") + product)
        body.append(Assign(f"_e{k}", "=", " ".join(terms).removeprefix("+ ")))
    return (*body, Assign("_response", "=", f"_e{degree - 1}"))


def _power_sum(k: int, entries: str) -> str:
    """The k-th power sum, scaled by ``unit**k``, of the products without the unit's own."""
    if entries == "numbers":
        return f"unit**{k} * _p{k}" if k % 2 else f"square{k} - (unit * _x)**{k}"
    # entries are -1 and 1 where they count, so a power sum is the overlap or the number of entries
    return "unit * _p1" if k == 1 else f"unit**{k} * _p1" if k % 2 else f"unit**{k} * others"


def even_sums(entries: np.ndarray, degree: int, unit: float) -> dict[str, np.ndarray]:
    """The even power sums of each pattern, by the names that ``distinct`` gives them; ``entries`` are (N, K)."""
    scaled = unit * entries.astype(float)
    return {f"square{k}": (scaled**k).sum(axis=0) for k in range(2, degree, 2)}


def polynomial(degree: int, rectified: bool) -> tuple[Assign, ...]:
    """``(F(m + 1) - F(m - 1)) / 2`` of a power F, which is 0 for negative overlaps where it is rectified."""
    sides = {"_up": "unit * _p1 + unit", "_down": "unit * _p1 - unit"}
    body = [Assign(name, "=", f"max({side}, 0)" if rectified else side) for name, side in sides.items()]
    return (*body, Assign("_response", "=", f"0.5 * (_up**{degree} - _down**{degree})"))


EXPONENTIAL = (Assign("_response", "=", "exp(_p1 + 1 - _top) - exp(_p1 - 1 - _top)"),)
"""``F(m + 1) - F(m - 1)`` of F = exp, over exp of the greatest overlap, which changes no sign of a field."""
