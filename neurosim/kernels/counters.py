"""Counter-based random numbers, compiled. Part of the prelude; `philox.py` has the same bits in NumPy."""

import numpy as np

from .constants import LOW_32, PHILOX_M0, PHILOX_M1, PHILOX_W0, PHILOX_W1, SHIFT_32, TWO_PI
from .elementary import cos32, cos64, log32, log64
from .intrinsics import inlined


@inlined
def philox(c0, c1, c2, c3, k0, k1):
    """Philox4x32-10: four words from a counter of four and a key of two, all uint64 below 2**32."""
    for _ in range(10):
        # the high halves are never cleared: the multiplication looks at the low ones only
        p = (c0 & LOW_32) * PHILOX_M0
        q = (c2 & LOW_32) * PHILOX_M1
        c0 = (q >> SHIFT_32) ^ c1 ^ k0
        c2 = (p >> SHIFT_32) ^ c3 ^ k1
        c1 = q
        c3 = p
        k0 = (k0 + PHILOX_W0) & LOW_32
        k1 = (k1 + PHILOX_W1) & LOW_32
    return np.uint32(c0 & LOW_32), np.uint32(c1 & LOW_32), np.uint32(c2 & LOW_32), np.uint32(c3 & LOW_32)


@inlined
def philox_block(block, step, draw, stream, k0, k1, out):
    """Words of the indices 64 block ... 64 block + 63 into ``out``, (64,) uint32.

    Index i takes word ``(i % 64) // 16`` of the counter
    ``(i // 64 * 16 + i % 16, step % 2**32, step >> 32 | draw << 16, stream)``; ``k0`` and ``k1`` are the
    low and the high half of the seed. Indices lie below 2**34, steps below 2**48, draws below 2**16.
    """
    first = np.uint64(block) << np.uint64(4)
    c1 = np.uint64(step) & LOW_32
    c2 = ((np.uint64(step) >> SHIFT_32) | (np.uint64(draw) << np.uint64(16))) & LOW_32
    c3 = np.uint64(stream) & LOW_32
    a = np.uint64(k0)
    b = np.uint64(k1)
    for lane in range(16):
        w0, w1, w2, w3 = philox((first + np.uint64(lane)) & LOW_32, c1, c2, c3, a, b)
        out[lane] = w0
        out[lane + 16] = w1
        out[lane + 32] = w2
        out[lane + 48] = w3


@inlined
def philox_word(index, step, draw, stream, k0, k1):
    """The word of one index, as `philox_block` gives it."""
    c0 = ((np.uint64(index) >> np.uint64(6)) << np.uint64(4)) + (np.uint64(index) & np.uint64(15))
    c1 = np.uint64(step) & LOW_32
    c2 = ((np.uint64(step) >> SHIFT_32) | (np.uint64(draw) << np.uint64(16))) & LOW_32
    words = philox(c0 & LOW_32, c1, c2, np.uint64(stream) & LOW_32, np.uint64(k0), np.uint64(k1))
    quarter = (index >> 4) & 3
    low, high = (words[1] if quarter & 1 else words[0]), (words[3] if quarter & 1 else words[2])
    return high if quarter & 2 else low


@inlined
def uniform32(word):
    """Float32 in [0, 1): the top 24 bits of the word."""
    return np.float32(np.int32(word >> np.uint32(8))) * np.float32(2.0**-24)


@inlined
def uniform64(word, low):
    """Float64 in [0, 1) of 53 bits: the word and the top 21 bits of ``low``."""
    # two exact products and an exact sum: vector units convert 32 bits, few convert 64
    return np.float64(word) * 2.0**-32 + np.float64(np.int32(low >> np.uint32(11))) * 2.0**-53


@inlined
def normal32(word, other):
    """Standard normal float32 by Box and Muller; word makes the radius, up to 6.8."""
    radius = np.sqrt(np.float32(-2.0) * log32((np.float32(word) + np.float32(0.5)) * np.float32(2.0**-32)))
    return radius * cos32(np.float32(TWO_PI) * uniform32(other))


@inlined
def normal64(word, low, other, other_low):
    """Standard normal float64 by Box and Muller; (word, low) make the radius, up to 8.7."""
    radius = np.sqrt(-2.0 * log64(uniform64(word, low) + 2.0**-54))
    return radius * cos64(TWO_PI * uniform64(other, other_low))


@inlined
def bounded(word, size):
    """An integer in [0, size), size at most 2**32; no value is favoured by more than size / 2**32."""
    return np.int64((np.uint64(word) * np.uint64(size)) >> SHIFT_32)


@inlined
def poisson_count(word, thresholds):
    """How many thresholds (ascending uint32) the word reaches: a Poisson number, see `philox.py`."""
    low = 0
    high = thresholds.size
    while low < high:
        middle = (low + high) >> 1
        if word >= thresholds[middle]:
            low = middle + 1
        else:
            high = middle
    return low


@inlined
def poisson_block(words, thresholds, out):
    """Poisson numbers of 64 words into ``out``, (64,)."""
    # 0.03 ns for each threshold with all lanes at once, 15 to 25 ns for one search
    if thresholds.size <= 256:
        for lane in range(64):
            out[lane] = 0
        for k in range(thresholds.size):
            bound = thresholds[k]
            for lane in range(64):
                out[lane] += words[lane] >= bound
    else:
        for lane in range(64):
            out[lane] = poisson_count(words[lane], thresholds)
