"""Compiled loops that draw edges by distance. Pasted behind the prelude and `rows.py`."""

import numpy as np

from ..kernels.prelude import compiled, exp64, inlined, log64, philox_block
from .rows import TARGETS

GAUSSIAN, EXPONENTIAL, LINEAR, STEP = 0, 1, 2, 3


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


@inlined
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
        return low, min(high - low + 1, cells)
    low = min(max(low, 0), cells - 1)
    high = min(max(high, 0), cells - 1)
    return low, high - low + 1


@inlined
def meet_cell(row, a, b, point, bound, centres, members, box, law, same, key, words, state, found, n):
    """Edges of one row into one cell, ``members[a:b]``, appended to ``found``; returns how many it has.

    ``bound`` is the largest probability there. A likely cell is met point by point; in an unlikely one
    points are met with ``bound``, by geometric gaps, and kept with what their own probability is of it.
    """
    kind = np.int64(law[0])
    dense = bound > 0.1
    inverse_log = 0.0 if dense else 1.0 / log64(1.0 - bound)
    k = a
    while k < b:
        if not dense:
            skip = np.floor(log64(next_uniform(state, row, key, words)) * inverse_log)
            if skip >= b - k:
                break
            k += np.int64(skip)
        dx = separation(point[0], centres[k, 0], box[0])
        dy = separation(point[1], centres[k, 1], box[1])
        dz = separation(point[2], centres[k, 2], box[2])
        p = probability(kind, dx * dx + dy * dy + dz * dz, law[1], law[2], law[3])
        level = next_uniform(state, row, key, words)
        level = level if dense else level * bound
        if level < p and not (same and members[k] == row):
            found[n] = members[k]
            n += 1
        k += 1
    return n


@compiled
def near_row(
    row, point, centres, begins, members, cells, origin, side, box, law, same, key, words, state, found
):
    """The targets of one row into ``found``, in the order of the cells; returns their number."""
    kind, reach = np.int64(law[0]), law[3]
    state[0] = 0
    state[1] = 64
    n = 0
    x0, nx = cell_range(point[0], reach, cells[0], origin[0], side[0], box[0])
    y0, ny = cell_range(point[1], reach, cells[1], origin[1], side[1], box[1])
    z0, nz = cell_range(point[2], reach, cells[2], origin[2], side[2], box[2])
    for kx in range(nx):
        cx = (x0 + kx) % cells[0]
        gx = gap(point[0], cx, origin[0], side[0], box[0])
        for ky in range(ny):
            cy = (y0 + ky) % cells[1]
            gy = gap(point[1], cy, origin[1], side[1], box[1])
            for kz in range(nz):
                cz = (z0 + kz) % cells[2]
                gz = gap(point[2], cz, origin[2], side[2], box[2])
                cell = (cx * cells[1] + cy) * cells[2] + cz
                a, b = begins[cell], begins[cell + 1]
                d2 = gx * gx + gy * gy + gz * gz
                # positions and cells are rounded: a point may lie a little before its cell
                bound = probability(kind, d2 * (1.0 - 1e-9), law[1], law[2], law[3])
                if bound > 0.0 and a < b:
                    n = meet_cell(
                        row, a, b, point, bound, centres, members, box, law, same, key, words, state, found, n
                    )
    return n


@compiled
def near_rows(
    r0, r1, rows, points, centres, begins, members, cells, origin, side, box, law, same, key, words, state,
    found, count, out,
):  # fmt: skip
    """Sorted targets of the rows ``rows[r0:r1]`` into ``out``, their numbers into ``count[r0:r1]``.

    Targets are grouped by the cells of a grid, ``members[begins[c]:begins[c + 1]]``, with their positions
    ``centres`` in that order. ``law`` is (kind, scale, p_max, reach). Returns the row that found
    no room any more, or r1, and how many targets were written.
    """
    at = 0
    for i in range(r0, r1):
        n = near_row(
            rows[i], points[rows[i]], centres, begins, members, cells, origin, side, box, law, same, key,
            words, state, found,
        )  # fmt: skip
        if at + n > out.size:
            return i, at
        found[:n].sort()
        for j in range(n):
            out[at + j] = found[j]
        at += n
        count[i] = n
    return r1, at
