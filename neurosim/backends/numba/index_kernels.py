"""Compiled loops of ``index``; the loader puts the prelude before this text."""

import numpy as np

from ...kernels.prelude import compiled


@compiled
def bounds(first, target, delay, many, slot, ranges, out):
    """Count the edges of each chunk, then add up."""
    owners = ranges.size - 1
    for i in range(first.size - 1):
        for e in range(first[i], first[i + 1]):
            j = target[e]
            q = 0
            while j >= ranges[q + 1]:
                q += 1
            k = slot[delay[e]] if many else 0
            out[i, k * owners + q + 1] += 1
        for k in range(1, out.shape[1]):
            out[i, k] += out[i, k - 1]


@compiled
def columns(first, target, start, edge, source):
    """Counting sort of the edges by target."""
    for e in range(target.size):
        start[target[e] + 1] += 1
    for j in range(1, start.size):
        start[j] += start[j - 1]
    place = start.copy()
    for i in range(first.size - 1):
        for e in range(first[i], first[i + 1]):
            p = place[target[e]]
            edge[p], source[p] = e, i
            place[target[e]] += 1


@compiled
def count_chunks(low, high, first, target, delay, many, slot, start, shift, splits, chunks):
    """Add the edges of some rows of a join to the sizes of their (delay, owner) chunks, one place to the right."""
    owners = splits.size - 1
    for i in range(low, high):
        for e in range(first[i], first[i + 1]):
            q = 0
            while target[e] + shift >= splits[q + 1]:
                q += 1
            k = slot[delay[e]] if many else slot[delay[0]]
            chunks[start + i, k * owners + q + 1] += 1


@compiled
def open_rows(low, high, chunks, first):
    """From sizes to beginnings: of the chunks in each row, and of the rows."""
    for i in range(low, high):
        for k in range(1, chunks.shape[1]):
            chunks[i, k] += chunks[i, k - 1]
        first[i + 1] = first[i] + chunks[i, chunks.shape[1] - 1]


@compiled
def fill_chunks(
    low, high, first, target, delay, many, slot, start, shift, splits, chunks, place, row, out, weight, scale, weights
):
    """Append the edges of some rows of a join to their chunks; ``place`` counts how far each chunk is filled."""
    owners = splits.size - 1
    weighted = weight.size > 0
    for i in range(low, high):
        s = start + i
        for e in range(first[i], first[i + 1]):
            j = np.int64(target[e]) + shift
            q = 0
            while j >= splits[q + 1]:
                q += 1
            k = (slot[delay[e]] if many else slot[delay[0]]) * owners + q
            p = row[s] + np.int64(chunks[s, k]) + np.int64(place[i, k])
            place[i, k] += 1
            out[p] = j - splits[q]
            if weighted:
                weights[p] = weight[e] * scale
