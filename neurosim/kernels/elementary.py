"""Elementary functions without branches, so that loops over them become vector code. Part of the prelude.

A name is that of the function and the width of the float, apart after a digit: `exp32`, `expm1_64`.
Accuracy, against exact values: at most 1 ulp, except `exprel` (2 ulp). Domain: all numbers, with these
limits. Results of `exp` below 2**-1021 (float32: 2**-125) are flushed to zero; `exprel` overflows
where `exp` does; `sin` and `cos` reduce their argument well for |x| < 1e5 and lose digits beyond.
"""

import numpy as np

from .constants import (
    COS32,
    COS64,
    EXP32,
    EXP64,
    LN2_HI32,
    LN2_HI64,
    LN2_LO32,
    LN2_LO64,
    LOG2E,
    LOG2E_32,
    LOG32,
    LOG64,
    PIO2_1,
    PIO2_2,
    PIO2_3,
    ROUND32,
    ROUND32_BITS,
    ROUND64,
    ROUND64_BITS,
    SIN32,
    SIN64,
    SQRT_HALF32_BITS,
    SQRT_HALF64_BITS,
    TANH32,
    TANH64,
    TWO_OVER_PI,
)
from .intrinsics import bits_of_f32, bits_of_f64, f32_of_bits, f64_of_bits, inlined

HALF32 = np.float32(0.5)
ONE32 = np.float32(1.0)
TWO32 = np.float32(2.0)
INF32 = np.float32(np.inf)
NAN32 = np.float32(np.nan)


@inlined
def polynomial(coefficients, x):
    """Horner's rule, highest power first."""
    total = coefficients[0]
    for k in range(1, len(coefficients)):
        total = total * x + coefficients[k]
    return total


@inlined
def exp_parts64(x):
    """``half, r, c`` with exp(x) = 2 half (1 + r + c), |r| < 0.35; half is a power of two."""
    t = x * LOG2E + ROUND64
    k = t - ROUND64
    a = x - k * LN2_HI64
    b = k * LN2_LO64
    r = a - b
    tail = (a - r) - b
    half = f64_of_bits((bits_of_f64(t) - ROUND64_BITS + 1022) << 52)
    return half, r, r * r * polynomial(EXP64, r) + tail


@inlined
def exp_parts32(x):
    """``half, r, c`` with exp(x) = 2 half (1 + r + c), |r| < 0.35; half is a power of two."""
    t = x * LOG2E_32 + ROUND32
    k = t - ROUND32
    a = x - k * LN2_HI32
    b = k * LN2_LO32
    r = a - b
    tail = (a - r) - b
    half = f32_of_bits(np.int32(np.int32(bits_of_f32(t) - ROUND32_BITS + np.int32(126)) << np.int32(23)))
    return half, r, r * r * polynomial(EXP32, r) + tail


@inlined
def exp64(x):
    """exp(x)."""
    # comparisons stand so that nan fails them and passes through
    y = 710.0 if x > 710.0 else x
    y = -707.7 if y < -707.7 else y
    half, r, c = exp_parts64(y)
    result = (1.0 + (r + c)) * half * 2.0
    return 0.0 if x < -707.7 else result


@inlined
def exp32(x):
    """exp(x)."""
    y = np.float32(89.0) if x > np.float32(89.0) else x
    y = np.float32(-86.6) if y < np.float32(-86.6) else y
    half, r, c = exp_parts32(y)
    result = (ONE32 + (r + c)) * half * TWO32
    return np.float32(0.0) if x < np.float32(-86.6) else result


@inlined
def expm1_64(x):
    """exp(x) - 1, exact near 0."""
    y = 710.0 if x > 710.0 else x
    y = -50.0 if y < -50.0 else y
    half, r, c = exp_parts64(y)
    # half of (2^k - 1) + 2^k r + 2^k c; the first two sums keep their rounding errors
    whole = half - 0.5
    part = half * r
    high = whole + part
    low = (part - (high - whole)) + ((half - whole) - 0.5)
    return 2.0 * (high + (low + half * c))


@inlined
def expm1_32(x):
    """exp(x) - 1, exact near 0."""
    y = np.float32(89.0) if x > np.float32(89.0) else x
    y = np.float32(-25.0) if y < np.float32(-25.0) else y
    half, r, c = exp_parts32(y)
    whole = half - HALF32
    part = half * r
    high = whole + part
    low = (part - (high - whole)) + ((half - whole) - HALF32)
    return TWO32 * (high + (low + half * c))


@inlined
def exprel64(x):
    """(exp(x) - 1) / x, and 1 at 0."""
    y = expm1_64(x)
    quotient = y / x
    quotient = y if x > 709.8 else quotient
    return 1.0 if x == 0.0 else quotient


@inlined
def exprel32(x):
    """(exp(x) - 1) / x, and 1 at 0."""
    y = expm1_32(x)
    quotient = y / x
    quotient = y if x > np.float32(88.8) else quotient
    return ONE32 if x == np.float32(0.0) else quotient


@inlined
def log_parts64(x):
    """``k, f`` with x = 2**k (1 + f), 1 + f in [sqrt(1/2), sqrt(2)); x positive and normal."""
    bits = bits_of_f64(x) + (0x3FF0000000000000 - SQRT_HALF64_BITS)
    k = f64_of_bits((bits >> 52) + (ROUND64_BITS - 1023)) - ROUND64
    return k, f64_of_bits((bits & 0xFFFFFFFFFFFFF) + SQRT_HALF64_BITS) - 1.0


@inlined
def log_sum64(k, f, tail):
    """k log(2) + log(1 + f) + tail."""
    s = f / (2.0 + f)
    z = s * s
    square = 0.5 * f * f
    return k * LN2_HI64 - ((square - (s * (square + z * polynomial(LOG64, z)) + (k * LN2_LO64 + tail))) - f)


@inlined
def log64(x):
    """Natural logarithm."""
    tiny = x < 2.2250738585072014e-308
    k, f = log_parts64(x * 18014398509481984.0 if tiny else x)
    result = log_sum64(k - 54.0 if tiny else k, f, 0.0)
    result = result if x < np.inf else x
    result = -np.inf if x == 0.0 else result
    return np.nan if x < 0.0 else result


@inlined
def log1p_64(x):
    """log(1 + x), exact near 0."""
    u = 1.0 + x
    tail = (x - (u - 1.0)) / u
    k, f = log_parts64(u)
    result = log_sum64(k, f, tail)
    result = result if x < np.inf else x
    result = -np.inf if u == 0.0 else result
    return np.nan if u < 0.0 else result


@inlined
def log_parts32(x):
    """``k, f`` with x = 2**k (1 + f), 1 + f in [sqrt(1/2), sqrt(2)); x positive and normal."""
    bits = np.int32(bits_of_f32(x) + np.int32(np.int32(0x3F800000) - SQRT_HALF32_BITS))
    k = f32_of_bits(np.int32((bits >> np.int32(23)) + np.int32(ROUND32_BITS - np.int32(127)))) - ROUND32
    return k, f32_of_bits(np.int32((bits & np.int32(0x7FFFFF)) + SQRT_HALF32_BITS)) - ONE32


@inlined
def log_sum32(k, f, tail):
    """k log(2) + log(1 + f) + tail."""
    s = f / (TWO32 + f)
    z = s * s
    square = HALF32 * f * f
    return k * LN2_HI32 - ((square - (s * (square + z * polynomial(LOG32, z)) + (k * LN2_LO32 + tail))) - f)


@inlined
def log32(x):
    """Natural logarithm."""
    tiny = x < np.float32(1.1754944e-38)
    k, f = log_parts32(x * np.float32(33554432.0) if tiny else x)
    result = log_sum32(k - np.float32(25.0) if tiny else k, f, np.float32(0.0))
    result = result if x < INF32 else x
    result = -INF32 if x == np.float32(0.0) else result
    return NAN32 if x < np.float32(0.0) else result


@inlined
def log1p_32(x):
    """log(1 + x), exact near 0."""
    u = ONE32 + x
    tail = (x - (u - ONE32)) / u
    k, f = log_parts32(u)
    result = log_sum32(k, f, tail)
    result = result if x < INF32 else x
    result = -INF32 if u == np.float32(0.0) else result
    return NAN32 if u < np.float32(0.0) else result


@inlined
def tanh64(x):
    """Hyperbolic tangent."""
    size = abs(x)
    z = x * x
    small = x + x * z * polynomial(TANH64, z)
    # 1 - 2 / (exp(2 |x|) + 1), with the rounding errors of both sums carried to the end
    half, r, c = exp_parts64(44.0 if size > 22.0 else 2.0 * size)
    part = r + c
    one = 1.0 + part
    scale = 2.0 * half
    power = scale * one
    bottom = power + 1.0
    error = (1.0 - (bottom - power)) + scale * (part - (one - 1.0))
    t = 2.0 / bottom
    high = 1.0 - t
    large = high + (((1.0 - high) - t) + 0.5 * t * t * error)
    large = -large if x < 0.0 else large
    result = small if size < 0.625 else large
    return result if x == x else x


@inlined
def tanh32(x):
    """Hyperbolic tangent."""
    size = abs(x)
    z = x * x
    small = x + x * z * polynomial(TANH32, z)
    half, r, c = exp_parts32(np.float32(20.0) if size > np.float32(10.0) else TWO32 * size)
    part = r + c
    one = ONE32 + part
    scale = TWO32 * half
    power = scale * one
    bottom = power + ONE32
    error = (ONE32 - (bottom - power)) + scale * (part - (one - ONE32))
    t = TWO32 / bottom
    high = ONE32 - t
    large = high + (((ONE32 - high) - t) + HALF32 * t * t * error)
    large = -large if x < np.float32(0.0) else large
    result = small if size < np.float32(0.625) else large
    return result if x == x else x


@inlined
def reduced(x):
    """``quadrant, r, tail``: x minus the nearest multiple of pi/2 is r + tail."""
    t = x * TWO_OVER_PI + ROUND64
    k = t - ROUND64
    a = x - k * PIO2_1
    b = k * PIO2_2
    r = a - b
    tail = ((a - r) - b) - k * PIO2_3
    total = r + tail
    return bits_of_f64(t), total, tail - (total - r)


@inlined
def wave64(quadrant, r, tail):
    """sin(r + tail) turned by so many quarters of a circle."""
    z = r * r
    sine = r + (tail + r * z * polynomial(SIN64, z))
    square = 0.5 * z
    one = 1.0 - square
    cosine = one + (((1.0 - one) - square) + (z * z * polynomial(COS64, z) - r * tail))
    y = cosine if quadrant & 1 else sine
    return -y if quadrant & 2 else y


@inlined
def sin64(x):
    """Sine of x in radians, |x| < 1e5."""
    quadrant, r, tail = reduced(x)
    return wave64(quadrant, r, tail)


@inlined
def cos64(x):
    """Cosine of x in radians, |x| < 1e5."""
    quadrant, r, tail = reduced(x)
    return wave64(quadrant + 1, r, tail)


@inlined
def wave32(quadrant, r):
    """As `wave64`, to float32 accuracy."""
    z = r * r
    sine = r + r * z * polynomial(SIN32, z)
    cosine = 1.0 - 0.5 * z + z * z * polynomial(COS32, z)
    y = cosine if quadrant & 1 else sine
    return np.float32(-y if quadrant & 2 else y)


# float32 sines are computed in float64: a reduction in float32 would need five parts of pi
@inlined
def sin32(x):
    """Sine of x in radians, |x| < 1e5."""
    quadrant, r, tail = reduced(np.float64(x))
    return wave32(quadrant, r + tail)


@inlined
def cos32(x):
    """Cosine of x in radians, |x| < 1e5."""
    quadrant, r, tail = reduced(np.float64(x))
    return wave32(quadrant + 1, r + tail)
