"""Counter-based random numbers in NumPy: the same bits as the compiled `counters.py`.

Every number is a pure function of (seed, stream, step, index, draw): who draws, in what order and on how
many threads does not matter. The generator is Philox4x32-10.

References
----------
Salmon et al. (2011), Parallel random numbers: as easy as 1, 2, 3. doi:10.1145/2063384.2063405
"""

import zlib

import numpy as np

from ..errors import DescriptionError
from .constants import (
    COS32,
    COS64,
    DRAWS,
    LN2_HI32,
    LN2_HI64,
    LN2_LO32,
    LN2_LO64,
    LOG32,
    LOG64,
    LOW_32,
    PHILOX_M0,
    PHILOX_M1,
    PHILOX_W0,
    PHILOX_W1,
    PIO2_1,
    PIO2_2,
    PIO2_3,
    ROUND64,
    SECOND_UNIFORM,
    SECOND_WORD,
    SHIFT_32,
    SIN32,
    SIN64,
    SQRT_HALF32_BITS,
    SQRT_HALF64_BITS,
    TWO_OVER_PI,
    TWO_PI,
)

LARGEST_MEAN = 1_000_000.0


def stream_number(name: str) -> int:
    """A number in [0, 2**32) for a name: the same on every machine and in every version."""
    return zlib.crc32(name.encode("utf-8"))


def words(seed: int, stream: int, step: int, indices: np.ndarray, draw: int = 0) -> np.ndarray:
    """Random words, uint32, one for each index (any shape, below 2**34)."""
    fields = (("seed", seed, 64), ("stream", stream, 32), ("step", step, 48), ("draw", draw, 16))
    for label, value, bits in fields:
        if not 0 <= value < 1 << bits:
            raise DescriptionError(f"{label} must be in [0, 2**{bits}), got {value!r}")
    index = np.asarray(indices).astype(np.uint64)
    block, lane = index >> np.uint64(6), index & np.uint64(63)
    c0 = ((block << np.uint64(4)) + (lane & np.uint64(15))) & LOW_32
    counter = (c0, step & 0xFFFFFFFF, (step >> 32) | (draw << 16), stream)
    parts = _philox(tuple(np.asarray(part, np.uint64) for part in counter), seed)
    return np.choose((lane >> np.uint64(4)).astype(np.int64), parts).astype(np.uint32)


def words_between(seed: int, stream: int, step: int, first: int, last: int, draw: int = 0) -> np.ndarray:
    """Random words of the indices from ``first`` to ``last - 1``, (last - first,): as ``words``, four times as fast."""
    blocks = np.arange(first >> 6, -(-last // 64), dtype=np.uint64)
    counter = ((blocks[:, None] << np.uint64(4)) + np.arange(16, dtype=np.uint64)) & LOW_32
    rest = (step & 0xFFFFFFFF, (step >> 32) | (draw << 16), stream)
    parts = _philox((counter, *(np.asarray(part, np.uint64) for part in rest)), seed)
    found = np.stack(parts, axis=1).astype(np.uint32).ravel()
    return found[first - (first >> 6 << 6) :][: last - first]


def _philox(counter: tuple[np.ndarray, ...], seed: int) -> tuple[np.ndarray, ...]:
    c0, c1, c2, c3 = np.broadcast_arrays(*counter)
    k0, k1 = np.uint64(seed) & LOW_32, np.uint64(seed) >> SHIFT_32
    for _ in range(10):
        p, q = c0 * PHILOX_M0, c2 * PHILOX_M1
        c0, c2 = (q >> SHIFT_32) ^ c1 ^ k0, (p >> SHIFT_32) ^ c3 ^ k1
        c1, c3 = q & LOW_32, p & LOW_32
        k0, k1 = (k0 + PHILOX_W0) & LOW_32, (k1 + PHILOX_W1) & LOW_32
    return c0, c1, c2, c3


def uniform(
    seed: int, stream: int, step: int, indices: np.ndarray, draw: int = 0, dtype: type = np.float64
) -> np.ndarray:
    """Uniform numbers in [0, 1); those of float32 are those of float64 cut to 24 bits."""
    word = words(seed, stream, step, indices, draw)
    if np.dtype(dtype) == np.float32:
        return _uniform32(word)
    return _uniform64(word, words(seed, stream, step, indices, draw + SECOND_WORD))


def _uniform32(word: np.ndarray) -> np.ndarray:
    return (word >> np.uint32(8)).astype(np.float32) * np.float32(2.0**-24)


def _uniform64(word: np.ndarray, low: np.ndarray) -> np.ndarray:
    return word * 2.0**-32 + (low >> np.uint32(11)) * 2.0**-53


def normal(
    seed: int, stream: int, step: int, indices: np.ndarray, draw: int = 0, dtype: type = np.float64
) -> np.ndarray:
    """Standard normal numbers by Box and Muller, from the words of ``draw`` and ``draw + 0x4000``."""
    if not 0 <= draw < DRAWS:
        raise DescriptionError(f"draw must be in [0, {DRAWS}), got {draw!r}")
    numbers = (draw, draw + SECOND_UNIFORM)
    word, other = (words(seed, stream, step, indices, number) for number in numbers)
    if np.dtype(dtype) == np.float32:
        inside = (word.astype(np.float32) + np.float32(0.5)) * np.float32(2.0**-32)
        return np.sqrt(np.float32(-2.0) * _log32(inside)) * _cos32(np.float32(TWO_PI) * _uniform32(other))
    low, other_low = (words(seed, stream, step, indices, number + SECOND_WORD) for number in numbers)
    radius = np.sqrt(-2.0 * _log64(_uniform64(word, low) + 2.0**-54))
    return radius * _cos64(TWO_PI * _uniform64(other, other_low))


def poisson_thresholds(mean: float) -> np.ndarray:
    r"""Thresholds of the Poisson distribution, :math:`T_k = \lfloor 2^{32} F(k) \rfloor`, uint32.

    The count drawn by a word is the number of thresholds that it reaches, which inverts the distribution
    function F to a resolution of 2**-32. There are as many as have F(k) < 1 - 2**-32, about
    ``mean + 6 sqrt(mean)``: short ones are compared one by one, long ones searched by halving.
    """
    if not 0.0 <= mean <= LARGEST_MEAN:
        raise DescriptionError(f"mean of a Poisson number must be in [0, {LARGEST_MEAN:g}], got {mean!r}")
    if mean == 0.0:
        return np.empty(0, np.uint32)
    from scipy.special import gammaln

    k = np.arange(int(mean + 8.0 * np.sqrt(mean)) + 40)
    below = np.cumsum(np.exp(k * np.log(mean) - mean - gammaln(k + 1.0)))
    scaled = np.floor(below[below < 1.0 - 2.0**-32] * 2.0**32)
    return scaled.astype(np.uint32)


def poisson(word: np.ndarray, mean: float) -> np.ndarray:
    """Poisson numbers of the given mean, int64, one for each word."""
    return np.searchsorted(poisson_thresholds(mean), word, side="right")


def _polynomial(coefficients: tuple, x: np.ndarray) -> np.ndarray:
    total = coefficients[0]
    for coefficient in coefficients[1:]:
        total = total * x + coefficient
    return total


# Below, the operations of `elementary.py` one by one, for the arguments that occur: x > 0 and normal.
def _log64(x: np.ndarray) -> np.ndarray:
    bits = x.view(np.int64) + (0x3FF0000000000000 - SQRT_HALF64_BITS)
    k = ((bits >> 52) - 1023).astype(np.float64)
    f = ((bits & 0xFFFFFFFFFFFFF) + SQRT_HALF64_BITS).view(np.float64) - 1.0
    s = f / (2.0 + f)
    z = s * s
    square = 0.5 * f * f
    return k * LN2_HI64 - ((square - (s * (square + z * _polynomial(LOG64, z)) + (k * LN2_LO64 + 0.0))) - f)


def _log32(x: np.ndarray) -> np.ndarray:
    bits = x.view(np.int32) + (np.int32(0x3F800000) - SQRT_HALF32_BITS)
    k = ((bits >> np.int32(23)) - np.int32(127)).astype(np.float32)
    f = ((bits & np.int32(0x7FFFFF)) + SQRT_HALF32_BITS).view(np.float32) - np.float32(1.0)
    s = f / (np.float32(2.0) + f)
    z = s * s
    square = np.float32(0.5) * f * f
    low = k * LN2_LO32 + np.float32(0.0)
    return k * LN2_HI32 - ((square - (s * (square + z * _polynomial(LOG32, z)) + low)) - f)


def _reduced(x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    t = x * TWO_OVER_PI + ROUND64
    k = t - ROUND64
    a = x - k * PIO2_1
    b = k * PIO2_2
    r = a - b
    tail = ((a - r) - b) - k * PIO2_3
    total = r + tail
    return t.view(np.int64) + 1, total, tail - (total - r)


def _turned(quadrant: np.ndarray, sine: np.ndarray, cosine: np.ndarray) -> np.ndarray:
    y = np.where(quadrant & 1, cosine, sine)
    return np.where(quadrant & 2, -y, y)


def _cos64(x: np.ndarray) -> np.ndarray:
    quadrant, r, tail = _reduced(x)
    z = r * r
    sine = r + (tail + r * z * _polynomial(SIN64, z))
    square = 0.5 * z
    one = 1.0 - square
    cosine = one + (((1.0 - one) - square) + (z * z * _polynomial(COS64, z) - r * tail))
    return _turned(quadrant, sine, cosine)


def _cos32(x: np.ndarray) -> np.ndarray:
    quadrant, r, tail = _reduced(x.astype(np.float64))
    r = r + tail
    z = r * r
    sine = r + r * z * _polynomial(SIN32, z)
    cosine = 1.0 - 0.5 * z + z * z * _polynomial(COS32, z)
    return _turned(quadrant, sine, cosine).astype(np.float32)
