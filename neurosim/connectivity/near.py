"""Compiled loops that draw edges by distance. Pasted behind the prelude and `rows.py`."""

import numpy as np
from numba import njit

from ..kernels.prelude import compiled, exp64, inlined, log64, philox_block
from .rows import TARGETS

# without reference counts: counting the arrays at every cell costs more than the cell
bare = njit(error_model="numpy", boundscheck=False, forceinline=True, _nrt=False)  # type: ignore[call-overload]
inner = njit(error_model="numpy", boundscheck=False, _nrt=False)  # type: ignore[call-overload]

GAUSSIAN, EXPONENTIAL, LINEAR, STEP = 0, 1, 2, 3
LIKELY = 0.1
"""Largest probability in a cell above which its points are met one by one, without skipping."""


@inlined
def probability(kind, d2, scale, p_max, reach):
    """Probability of an edge at the squared distance ``d2``."""
    d = np.sqrt(d2)
    p = p_max
    if kind == GAUSSIAN:
        p = p_max * exp64(-0.5 * d2 / (scale * scale))
    elif kind == EXPONENTIAL:
        p = p_max * exp64(-d / scale)
    elif kind == LINEAR:
        p = p_max * max(0.0, 1.0 - d / scale)
    return p if d <= reach else 0.0


@compiled
def tabulate(law, upper, hazard):
    """Largest probability in each of equal ranges of the squared distance, and -log(1 - that) where it is small."""
    last = upper.size - 1
    for k in range(upper.size):
        # positions, cells and ranges are rounded: what lies a little before its range counts there too
        d2 = law[3] * law[3] * (k / last) * (1.0 - 1e-9)
        upper[k] = probability(np.int64(law[0]), d2, law[1], law[2], law[3])
        hazard[k] = -log64(1.0 - upper[k]) if upper[k] <= LIKELY else 0.0


@bare
def next_uniform(state, row, key, words):
    """The next number in (0, 1) of the row's sequence; ``state`` is (2,): block, lane."""
    if state[1] == 64:
        philox_block(state[0], row, TARGETS, key[0], key[1], key[2], words)
        state[0] += 1
        state[1] = 0
    word = words[state[1]]
    state[1] += 1
    return (np.float64(word) + 0.5) * 2.0**-32


@inlined
def gap(x, cell, origin, side, box):
    """Distance along one axis from x to the nearest point of a cell, through the period if there is one."""
    low = origin + cell * side
    d = max(low - x, x - (low + side), 0.0)
    if box > 0.0:
        # an image to either side; the cell that ends at the box may be larger than needed, never smaller
        d = min(d, max(low + box - x, 0.0), max(x - (low + side - box), 0.0))
    return d


@inlined
def separation(a, b, box):
    """Distance along one axis, through the period if that is shorter."""
    d = abs(a - b)
    return min(d, box - d) if box > 0.0 else d


@inlined
def cell_range(x, reach, cells, origin, side, box):
    """First cell within reach along one axis, and how many."""
    low = np.int64(np.floor((x - reach - origin) / side))
    high = np.int64(np.floor((x + reach - origin) / side))
    if box > 0.0:
        return low % cells, min(high - low + 1, cells)
    low = min(max(low, 0), cells - 1)
    high = min(max(high, 0), cells - 1)
    return low, high - low + 1


@bare
def is_met(x, y, z, centres, k, box, law, upper, per_d2, level):
    """Whether ``level`` lies below the probability of an edge to the k-th of ``centres``.

    The table of largest probabilities spares most exponentials.
    """
    dx = separation(x, centres[k, 0], box[0])
    dy = separation(y, centres[k, 1], box[1])
    dz = separation(z, centres[k, 2], box[2])
    d2 = dx * dx + dy * dy + dz * dz
    place = np.int64(d2 * per_d2)
    if place >= upper.size or level >= upper[place]:
        return False
    return level < probability(np.int64(law[0]), d2, law[1], law[2], law[3])


@bare
def meet_all(row, a, b, x, y, z, centres, members, box, law, upper, per_d2, shift, key, words, state, found, n):
    """Edges of one row into one likely cell, ``members[a:b]``, appended to ``found``; returns how many it has."""
    for k in range(a, b):
        level = next_uniform(state, row, key, words)
        if is_met(x, y, z, centres, k, box, law, upper, per_d2, level) and members[k] != row + shift:
            found[n] = members[k]
            n += 1
    return n


@bare
def meet_few(
    row, a, b, x, y, z, centres, members, box, law, upper, per_d2, bound, hazard, left, shift, key, words, state,
    found, n,
):  # fmt: skip
    """As ``meet_all`` for an unlikely cell, where ``bound`` is the largest probability.

    Each point takes ``hazard`` = -log(1 - bound) of an exponential number, of which ``left`` is left over from the
    cells before; who uses it up is met with probability ``bound``, and kept with what its own is of it. So cells
    with nobody in reach cost a multiplication, not a random number. Returns how many were found and what is left.
    """
    k = a
    while left < hazard * (b - k):
        skipped = np.int64(left / hazard)
        k += min(skipped, b - k - 1)
        level = bound * next_uniform(state, row, key, words)
        if is_met(x, y, z, centres, k, box, law, upper, per_d2, level) and members[k] != row + shift:
            found[n] = members[k]
            n += 1
        k += 1
        left = -log64(next_uniform(state, row, key, words))
    return n, left - hazard * (b - k)


@inner
def near_row(
    row, points, centres, begins, members, cells, origin, side, box, law, upper, hazard, shift, key, words, state,
    found,
):  # fmt: skip
    """The targets of one row into ``found``, in the order of the cells; returns their number."""
    x, y, z = points[row, 0], points[row, 1], points[row, 2]
    reach = law[3]
    last = upper.size - 1
    per_d2 = last / (reach * reach)
    state[0] = 0
    state[1] = 64
    left = -log64(next_uniform(state, row, key, words))
    n = 0
    x0, nx = cell_range(x, reach, cells[0], origin[0], side[0], box[0])
    y0, ny = cell_range(y, reach, cells[1], origin[1], side[1], box[1])
    z0, nz = cell_range(z, reach, cells[2], origin[2], side[2], box[2])
    for kx in range(nx):
        cx = x0 + kx - (cells[0] if x0 + kx >= cells[0] else 0)
        gx = gap(x, cx, origin[0], side[0], box[0])
        for ky in range(ny):
            cy = y0 + ky - (cells[1] if y0 + ky >= cells[1] else 0)
            gy = gap(y, cy, origin[1], side[1], box[1])
            plane = gx * gx + gy * gy
            if plane > reach * reach:
                continue
            line = (cx * cells[1] + cy) * cells[2]
            for kz in range(nz):
                cz = z0 + kz - (cells[2] if z0 + kz >= cells[2] else 0)
                gz = gap(z, cz, origin[2], side[2], box[2])
                k = np.int64((plane + gz * gz) * per_d2)
                a, b = begins[line + cz], begins[line + cz + 1]
                if k > last or a == b:
                    continue
                if upper[k] > LIKELY:
                    n = meet_all(
                        row, a, b, x, y, z, centres, members, box, law, upper, per_d2, shift, key, words, state, found,
                        n,
                    )  # fmt: skip
                else:
                    n, left = meet_few(
                        row, a, b, x, y, z, centres, members, box, law, upper, per_d2, upper[k], hazard[k], left, shift,
                        key, words, state, found, n,
                    )  # fmt: skip
    return n


@compiled
def near_rows(
    r0, r1, rows, points, centres, begins, members, cells, origin, side, box, law, upper, hazard, shift, key, words,
    state, found, count, out,
):  # fmt: skip
    """Sorted targets of the rows ``rows[r0:r1]`` into ``out``, their numbers into ``count[r0:r1]``.

    Targets are grouped by the cells of a grid, ``members[begins[c]:begins[c + 1]]``, with their positions
    ``centres`` in that order. ``law`` is (kind, scale, p_max, reach), ``upper`` and ``hazard`` are what
    ``tabulate`` made of it. Returns the row that found no room any more, or r1, and how many targets were written.
    """
    at = 0
    for i in range(r0, r1):
        n = near_row(
            rows[i], points, centres, begins, members, cells, origin, side, box, law, upper, hazard, shift,
            key, words, state, found,
        )  # fmt: skip
        if at + n > out.size:
            return i, at
        found[:n].sort()
        for j in range(n):
            out[at + j] = found[j]
        at += n
        count[i] = n
    return r1, at
