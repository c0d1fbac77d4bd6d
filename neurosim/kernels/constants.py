"""Numbers of the elementary functions, shared by the compiled and the NumPy versions.

The polynomials were fitted by us in 60-digit arithmetic (Chebyshev interpolation of the function
named, highest power first) with as many terms as put the error of the fit below a hundredth of an ulp
(a fiftieth in float32). The split constants are a leading part with trailing zero bits, so that a
small integer times it is exact, and the rest.
"""

import numpy as np

# (exp(r) - 1 - r) / r**2 for |r| <= ln(2)/2
EXP64 = (
    2.0914686968086876e-09, 2.5105217004720745e-08, 2.75572736431103e-07, 2.7557255400206422e-06,
    2.4801587325547743e-05, 0.00019841269874820627, 0.0013888888888883748, 0.008333333333326136,
    0.04166666666666667, 0.1666666666666667, 0.5,
)  # fmt: skip
EXP32 = (
    np.float32(0.00019890991), np.float32(0.001393365), np.float32(0.0083333105), np.float32(0.041666467),
    np.float32(0.16666667), np.float32(0.5),
)  # fmt: skip

# (log((1 + s) / (1 - s)) - 2 s) / s**3 in z = s**2, for (1 + s) / (1 - s) in [sqrt(1/2), sqrt(2)]
LOG64 = (
    0.13086767009948175, 0.13268759668560612, 0.15386240205813478, 0.18181795630884753,
    0.2222222239180047, 0.2857142857080323, 0.4000000000000088, 0.6666666666666666,
)  # fmt: skip
LOG32 = (np.float32(0.23330583), np.float32(0.28550816), np.float32(0.40000123), np.float32(0.6666667))

# (sin(r) - r) / r**3 and (cos(r) - 1 + z / 2) / z**2 in z = r**2, for |r| <= pi/4
SIN64 = (
    -7.586685070091267e-13, 1.605853141458901e-10, -2.5052106231157904e-08, 2.7557319219335453e-06,
    -0.0001984126984126506, 0.008333333333333331, -0.16666666666666666,
)  # fmt: skip
COS64 = (
    -1.1382614868556325e-11, 2.0876146024689747e-09, -2.7557317270560326e-07, 2.4801587298763433e-05,
    -0.0013888888888887395, 0.041666666666666664,
)  # fmt: skip
# the same to float32 accuracy, evaluated in float64
SIN32 = (2.7249864e-06, -0.00019840086, 0.008333332, -0.16666667)
COS32 = (2.4547891e-05, -0.0013888302, 0.041666664)

# (tanh(x) - x) / x**3 in z = x**2, for |x| <= 0.625
TANH64 = (
    -2.438831631472088e-06, 1.2209921790162781e-05, -3.708106921544234e-05, 9.604109157026265e-05,
    -0.00023888944636751174, 0.0005899818158388232, -0.0014558283998303246, 0.003592127507599252,
    -0.008863235499801992, 0.021869488535133222, -0.0539682539682359, 0.13333333333333322,
    -0.3333333333333333,
)  # fmt: skip
TANH32 = (
    np.float32(0.0022927448), np.float32(-0.008343945), np.float32(0.021768918), np.float32(-0.053959258),
    np.float32(0.13333304), np.float32(-0.33333334),
)  # fmt: skip

LOG2E = 1.4426950408889634
LN2_HI64 = 0.693147180559663
LN2_LO64 = 2.8235290563031577e-13
LOG2E_32 = np.float32(1.442695)
LN2_HI32 = np.float32(0.693145751953125)
LN2_LO32 = np.float32(1.428606765330187e-06)
TWO_OVER_PI = 0.6366197723675814
PIO2_1 = 1.5707963267341256
PIO2_2 = 6.077100506303966e-11
PIO2_3 = 2.0222662487959506e-21
TWO_PI = 6.283185307179586

# Adding 1.5 * 2**52 (2**23) rounds to the nearest integer and leaves it in the low bits: a conversion
# to an integer that every vector unit has and that is defined for nan, unlike a cast.
ROUND64 = 6755399441055744.0
ROUND64_BITS = 0x4338000000000000
ROUND32 = np.float32(12582912.0)
ROUND32_BITS = np.int32(0x4B400000)
SQRT_HALF64_BITS = 0x3FE6A09E667F3BCD
SQRT_HALF32_BITS = np.int32(0x3F3504F3)

# Philox4x32 multipliers and Weyl constants (Salmon et al. 2011, doi:10.1145/2063384.2063405)
PHILOX_M0 = np.uint64(0xD2511F53)
PHILOX_M1 = np.uint64(0xCD9E8D57)
PHILOX_W0 = np.uint64(0x9E3779B9)
PHILOX_W1 = np.uint64(0xBB67AE85)
LOW_32 = np.uint64(0xFFFFFFFF)
SHIFT_32 = np.uint64(32)

# How one draw number spreads: a float64 uniform takes its low bits from draw + SECOND_WORD, and a
# normal number its second uniform from draw + SECOND_UNIFORM. So users number draws below 0x4000.
SECOND_UNIFORM = 0x4000
SECOND_WORD = 0x8000
DRAWS = 0x4000
