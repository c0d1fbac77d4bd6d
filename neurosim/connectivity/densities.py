"""Compiled loops that draw one number for each edge. Pasted behind the prelude and `rows.py`."""

import numpy as np

from ..kernels.prelude import compiled, exp64, log64, normal64, philox_block, uniform64
from .rows import VALUES

SECOND_DRAW, LOW_DRAW = 0x4000, 0x8000


@compiled
def uniform_values(e0, e1, low, width, key, words, out):
    """low + width times a uniform number, (E,)."""
    for block in range(e0 >> 6, (e1 + 63) >> 6):
        for k in range(2):
            philox_block(block, block >> 28, VALUES + k * LOW_DRAW, key[0], key[1], key[2], words[k])
        for lane in range(max(0, e0 - 64 * block), min(64, e1 - 64 * block)):
            out[64 * block + lane - e0] = low + width * uniform64(words[0, lane], words[1, lane])


@compiled
def exponential_values(e0, e1, low, mean, mass, key, words, out):
    """low plus an exponential number below the quantile ``mass``, (E,)."""
    for block in range(e0 >> 6, (e1 + 63) >> 6):
        for k in range(2):
            philox_block(block, block >> 28, VALUES + k * LOW_DRAW, key[0], key[1], key[2], words[k])
        for lane in range(max(0, e0 - 64 * block), min(64, e1 - 64 * block)):
            u = uniform64(words[0, lane], words[1, lane])
            out[64 * block + lane - e0] = low - mean * log64(1.0 - mass * u)


@compiled
def normal_values(e0, e1, mean, sd, low, high, exponential, key, words, normals, out):
    """Normal numbers, or e to them, (E,); those outside [low, high] are drawn again with the next draw number."""
    for block in range(e0 >> 6, (e1 + 63) >> 6):
        start = max(0, e0 - 64 * block)
        stop = min(64, e1 - 64 * block)
        left = stop - start
        attempt = 0
        while left > 0:
            for k in range(2):
                number = VALUES + attempt + k * SECOND_DRAW
                philox_block(block, block >> 28, number, key[0], key[1], key[2], words[2 * k])
                philox_block(block, block >> 28, number + LOW_DRAW, key[0], key[1], key[2], words[2 * k + 1])
            for lane in range(64):
                z = normal64(words[0, lane], words[1, lane], words[2, lane], words[3, lane])
                normals[lane] = mean + sd * z
            for lane in range(start, stop):
                place = 64 * block + lane - e0
                good = low <= normals[lane] <= high
                if good and (attempt == 0 or np.isnan(out[place])):
                    out[place] = exp64(normals[lane]) if exponential else normals[lane]
                    left -= 1
                elif attempt == 0:
                    out[place] = np.nan
            attempt += 1
