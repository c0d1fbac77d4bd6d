"""Compiled loops that draw the edges of a range of rows (sources). Pasted behind the prelude.

A row's numbers depend on the row alone: step of the counter is the row, index the position in its
sequence. ``key`` is (stream, low half of the seed, high half), three uint64. ``words`` is (64,) uint32. Row r is the
same neuron as target r + ``shift`` where there is one, and then leaves it out; ``NOBODY`` is a shift to no target.
"""

import numpy as np

from ..kernels.prelude import bounded, compiled, inlined, log64, philox_block

# draw numbers: what a word is for
TARGETS, DEGREES, DELAYS, VALUES = 1, 2, 3, 16
NO_LIMIT = np.int64(1) << 62
NOBODY = 1 << 62


@inlined
def itself(row, shift, count):
    """Which of ``count`` partners is the row's own neuron; ``count`` if none."""
    own = row + shift
    return own if 0 <= own < count else count


@compiled
def all_rows(r0, r1, targets, shift, out):
    """Every target but the row itself."""
    at = 0
    for row in range(r0, r1):
        for t in range(targets):
            if t != row + shift:
                out[at] = t
                at += 1


@compiled
def bernoulli_rows(r0, r1, targets, inverse_log, shift, key, words, gaps, count, out):
    """Each target with probability p: counts if ``out`` is empty, else writes.

    ``inverse_log`` is 1 / log(1 - p); the gaps between targets are geometric.
    """
    write = out.size > 0
    at = 0
    for row in range(r0, r1):
        own = itself(row, shift, targets)
        size = targets - (own < targets)
        position = -1.0
        found = 0
        block = 0
        while position < size:
            philox_block(block, row, TARGETS, key[0], key[1], key[2], words)
            block += 1
            for lane in range(64):
                gaps[lane] = log64((np.float64(words[lane]) + 0.5) * 2.0**-32) * inverse_log
            for lane in range(64):
                position += 1.0 + np.floor(gaps[lane])
                if position >= size:
                    break
                if write:
                    t = np.int64(position)
                    out[at] = t + (t >= own)
                    at += 1
                found += 1
        if not write:
            count[row] = found


@compiled
def distinct_targets(row, wanted, draws, size, key, words, marks, out):
    """The first ``wanted`` different numbers of the row's sequence, from at most so many draws.

    ``marks`` is (size + 1,) int64: who was seen carries the number of the call, kept in the last element.
    """
    marks[-1] += 1
    stamp = marks[-1]
    found = 0
    done = 0
    block = 0
    while found < wanted and done < draws:
        philox_block(block, row, TARGETS, key[0], key[1], key[2], words)
        block += 1
        for lane in range(64):
            if found == wanted or done == draws:
                break
            done += 1
            t = bounded(words[lane], size)
            if marks[t] != stamp:
                marks[t] = stamp
                if out.size > 0:
                    out[found] = t
                found += 1
    return found


@compiled
def choose_targets(row, count, size, distinct, key, words, marks, out):
    """``count`` numbers below ``size`` into ``out``, different from each other if asked for."""
    if not distinct:
        for block in range((count + 63) >> 6):
            philox_block(block, row, TARGETS, key[0], key[1], key[2], words)
            for lane in range(min(64, count - 64 * block)):
                out[64 * block + lane] = bounded(words[lane], size)
    elif 2 * count <= size:
        distinct_targets(row, count, NO_LIMIT, size, key, words, marks, out)
    else:
        # fewer draws to choose who is left out
        distinct_targets(row, size - count, NO_LIMIT, size, key, words, marks, out)
        stamp = marks[-1]
        at = 0
        for t in range(size):
            if marks[t] != stamp:
                out[at] = t
                at += 1


@compiled
def sort_uniform(values, count, size, heads, out):
    """Sort numbers spread evenly over [0, size) into ``out``: as many buckets as numbers, then insertion."""
    scale = (np.uint64(count) << np.uint64(32)) // np.uint64(size)
    for i in range(count):
        heads[i] = 0
    for i in range(count):
        heads[bounded(values[i], scale)] += 1
    total = 0
    for i in range(count):
        here = heads[i]
        heads[i] = total
        total += here
    for i in range(count):
        bucket = bounded(values[i], scale)
        out[heads[bucket]] = values[i]
        heads[bucket] += 1
    for i in range(1, count):
        value = out[i]
        j = i
        while j > 0 and out[j - 1] > value:
            out[j] = out[j - 1]
            j -= 1
        out[j] = value


@compiled
def degree_rows(r0, r1, first, targets, shift, distinct, key, words, marks, values, heads, out):
    """Rows of given lengths, sorted."""
    for row in range(r0, r1):
        own = itself(row, shift, targets)
        size = targets - (own < targets)
        at = first[row] - first[r0]
        count = first[row + 1] - first[row]
        if count > 0:
            part = out[at : at + count]
            choose_targets(row, count, size, distinct, key, words, marks, values)
            sort_uniform(values, count, size, heads, part)
            if own < targets:
                for i in range(count):
                    part[i] += part[i] >= own


@compiled
def distinct_after(rows, draws, size, key, words, marks, nothing, count):
    """How many different targets each of these rows has after so many draws."""
    for i in range(rows.size):
        count[rows[i]] = distinct_targets(rows[i], NO_LIMIT, draws[rows[i]], size, key, words, marks, nothing)


@compiled
def degrees(d0, d1, size, key, words, count):
    """Draws d0 to d1 - 1 of a multinomial distribution over ``size`` rows, counted into ``count``."""
    for block in range(d0 >> 6, (d1 + 63) >> 6):
        philox_block(block, block >> 28, DEGREES, key[0], key[1], key[2], words)
        for lane in range(max(0, d0 - 64 * block), min(64, d1 - 64 * block)):
            count[bounded(words[lane], size)] += 1


@compiled
def columns(t0, t1, degree, sources, shift, distinct, key, words, marks, values, at, target):
    """Sources of the targets t0 to t1 - 1: counted in ``at`` if ``target`` is empty, else placed there."""
    write = target.size > 0
    for t in range(t0, t1):
        own = itself(t, -shift, sources)
        size = sources - (own < sources)
        choose_targets(t, degree, size, distinct, key, words, marks, values)
        for i in range(degree):
            s = np.int64(values[i])
            s += s >= own
            if write:
                target[at[s]] = t
            at[s] += 1


@compiled
def delays(e0, e1, low, thresholds, guide, key, words, out):
    """Delays of the edges e0 to e1 - 1: low plus the number of thresholds that the word reaches.

    ``guide``, (4096,), tells where to begin for the top 12 bits of the word.
    """
    last = thresholds.size
    for block in range(e0 >> 6, (e1 + 63) >> 6):
        philox_block(block, block >> 28, DELAYS, key[0], key[1], key[2], words)
        for lane in range(max(0, e0 - 64 * block), min(64, e1 - 64 * block)):
            word = words[lane]
            k = guide[word >> np.uint32(20)]
            while k < last and word >= thresholds[k]:
                k += 1
            out[64 * block + lane - e0] = low + k


@compiled
def mark_delays(e0, e1, thresholds, guide, begin, width, key, words, seen):
    """Mark in ``seen`` how many thresholds the words of the edges e0 to e1 - 1 reach; e0 is a multiple of 64.

    The ``width`` words from ``begin`` on reach what is marked already; blocks of them alone are passed over.
    """
    last = thresholds.size
    for block in range(e0 >> 6, (e1 + 63) >> 6):
        philox_block(block, block >> 28, DELAYS, key[0], key[1], key[2], words)
        outside = 0
        for lane in range(64):
            outside += np.uint32(words[lane] - begin) >= width
        if outside:
            for lane in range(min(64, e1 - 64 * block)):
                k = guide[words[lane] >> np.uint32(20)]
                while k < last and words[lane] >= thresholds[k]:
                    k += 1
                seen[k] = True


@compiled
def sort_delays(r0, r1, first, low, high, count, targets, delay, old_targets, keys):
    """Bring each row into the order of delay, keeping the order of targets of equal delay."""
    span = high - low + 1
    for row in range(r0, r1):
        begin = first[row] - first[r0]
        size = first[row + 1] - first[row]
        for i in range(size):
            old_targets[i] = targets[begin + i]
        if span <= 4 * size + 64:
            for d in range(span):
                count[d] = 0
            for i in range(size):
                count[delay[begin + i] - low] += 1
            total = begin
            for d in range(span):
                here = count[d]
                count[d] = total
                total += here
            for i in range(size):
                place = count[delay[begin + i] - low]
                count[delay[begin + i] - low] = place + 1
                targets[place] = old_targets[i]
            at = begin
            for d in range(span):
                for i in range(at, count[d]):
                    delay[i] = low + d
                at = count[d]
        else:
            # many possible delays, few edges: clearing the counters would cost more
            for i in range(size):
                keys[i] = (np.int64(delay[begin + i]) << 32) | i
            keys[:size].sort()
            for i in range(size):
                targets[begin + i] = old_targets[keys[i] & 0xFFFFFFFF]
                delay[begin + i] = keys[i] >> 32
