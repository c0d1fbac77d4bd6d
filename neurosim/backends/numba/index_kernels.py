"""Compiled loops of ``index``; the loader puts the prelude before this text."""

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
