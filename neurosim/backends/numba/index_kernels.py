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
def count_chunks(first, delay, many, slot, start, chunks):
    """Add the edges of one join to the sizes of chunks, which stand one place to the right."""
    for i in range(first.size - 1):
        if many:
            for e in range(first[i], first[i + 1]):
                chunks[start + i, slot[delay[e]] + 1] += 1
        else:
            chunks[start + i, slot[delay[0]] + 1] += first[i + 1] - first[i]


@compiled
def open_rows(chunks, first):
    """From sizes to beginnings: of the chunks in each row, and of the rows."""
    for i in range(chunks.shape[0]):
        for k in range(1, chunks.shape[1]):
            chunks[i, k] += chunks[i, k - 1]
        first[i + 1] = first[i] + chunks[i, chunks.shape[1] - 1]


@compiled
def fill_chunks(first, target, delay, many, weight, slot, start, shift, chunks, place, row, out, weights, weighted):
    """Append the edges of one join to their chunks; ``place`` counts how far each chunk is filled."""
    for i in range(first.size - 1):
        s = start + i
        for e in range(first[i], first[i + 1]):
            k = slot[delay[e]] if many else slot[delay[0]]
            p = row[s] + np.int64(chunks[s, k]) + np.int64(place[s, k])
            place[s, k] += 1
            out[p] = target[e] + shift
            if weighted:
                weights[p] = weight[e]


@compiled
def split_chunks(first, target, chunks, ranges, out):
    """Cut each chunk at the first target of each owner, by halving."""
    owners = ranges.size - 1
    delays = chunks.shape[1] - 1
    for i in range(chunks.shape[0]):
        for k in range(delays):
            end = first[i] + np.int64(chunks[i, k + 1])
            low = first[i] + np.int64(chunks[i, k])
            for q in range(owners):
                out[i, k * owners + q] = low - first[i]
                high = end
                while low < high:
                    middle = (low + high) >> 1
                    if np.int64(target[middle]) < ranges[q + 1]:
                        low = middle + 1
                    else:
                        high = middle
        out[i, delays * owners] = chunks[i, delays]
