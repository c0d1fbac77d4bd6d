"""What generated modules need beside the prelude, and stands behind it: waiting for other threads, rare numbers."""

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

from ...kernels.prelude import atomic_add, exp64, inlined, load_acquire, log64, pause

# without reference counts: nothing is allocated here, and counting at every view of a block costs more than the block
inner = njit(error_model="numpy", boundscheck=False, nogil=True, _nrt=False)  # type: ignore[call-overload]
_give_way = types.ExternalFunction("sched_yield", types.int32())
SPINS = 2000
GATHER_BITS = np.uint64(0x0102040810204080)
"""Times a word whose bytes are 0 or 1, its top byte holds those eight as bits."""


@intrinsic
def stay_apart(typing):
    """Keep the function that this stands in a function of its own, so that the time loop compiles it once."""

    def generate(context, builder, signature, arguments):
        builder.function.attributes.add("noinline")
        return context.get_dummy_value()

    return types.void(), generate


@intrinsic
def no_overlap(typing):
    """Promise that no two arrays of the function that this stands in share memory.

    Saves a fifth of the time of an update loop, and half of its compilation: LLVM need not look whether arrays overlap
    before each block, nor keep a second loop for when they do.
    """

    def generate(context, builder, signature, arguments):
        for argument in builder.function.args:
            if isinstance(argument.type, ir.PointerType) and "noalias" not in argument.attributes:
                argument.add_attribute("noalias")
        return context.get_dummy_value()

    return types.void(), generate


@inner
def wait_for_all(arrivals, lanes, phase):
    """Return when all ``lanes`` threads have come here ``phase`` times; counts arrivals for ever.

    Spins for some microseconds; then gives the core away between looks, because on a busy machine the thread
    that is waited for may need it.
    """
    if lanes > 1:
        atomic_add(arrivals, 0, 1)
        looks = 0
        while load_acquire(arrivals, 0) < phase * lanes:
            pause()
            looks += 1
            if looks > SPINS:
                _give_way()


@inlined
def sign(x):
    """-1, 0 or 1, as x is."""
    return type(x)(0) if x == 0 else (type(x)(1) if x > 0 else type(x)(-1))


@inner
def poisson_inverse(word, mean):
    """A Poisson number by inversion of one word: how many values of floor(CDF * 2**32) it reaches."""
    if not mean > 0.0:
        return 0
    scaled = np.float64(mean)
    # exp(-mean) underflows past 700: start from the logarithm there, at a count whose CDF is still below 2**-32
    count = 0
    if scaled > 600.0:
        count = np.int64(scaled - 12.0 * np.sqrt(scaled))
    log_term = -scaled + count * log64(scaled)
    for k in range(2, count + 1):
        log_term -= log64(np.float64(k))
    term = exp64(log_term)
    total = term
    while np.float64(word) >= np.floor(total * 4294967296.0) and total < 1.0 - 2.0**-32 and count < 2000000000:
        count += 1
        term *= scaled / count
        total += term
    return count
