"""What generated modules need beside the prelude, and stands behind it: waiting for other threads, rare numbers."""

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

from ...kernels.prelude import atomic_add, exp64, inlined, load_acquire, log64, pause

# without reference counts: nothing is allocated here, and counting at every view of a block costs more than the block
inner = njit(error_model="numpy", boundscheck=False, nogil=True, _nrt=False)  # type: ignore[call-overload]
_give_way = types.ExternalFunction("sched_yield", types.int32())
SPINS = 2000
_BYTES = ir.VectorType(ir.IntType(8), 64)
GATHER_BITS = np.uint64(0x0102040810204080)
"""Times a word whose bytes are 0 or 1, its top byte holds those eight as bits."""


@intrinsic
def stay_apart(typing):
    """Keep the function that this stands in a function of its own, so that the time loop compiles it once."""

    def generate(context, builder, signature, arguments):
        builder.function.attributes.add("noinline")
        return context.get_dummy_value()

    return types.void(), generate


def _vector_at(context, builder, array_type, array, index):
    """64 bytes of an array from ``index`` on, as the address of a vector."""
    data = cgutils.create_struct_proxy(array_type)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [index]), _BYTES.as_pointer())


@intrinsic
def tally_bits(typing, tally, at, word):
    """Add 1 to each of the 64 bytes from ``at`` on whose bit in ``word`` is set."""

    def generate(context, builder, signature, arguments):
        place = _vector_at(context, builder, signature.args[0], arguments[0], arguments[1])
        flags = builder.bitcast(arguments[2], ir.VectorType(ir.IntType(1), 64))
        # a set bit is -1 as a signed byte
        builder.store(builder.sub(builder.load(place, align=1), builder.sext(flags, _BYTES)), place, align=1)
        return context.get_dummy_value()

    return types.void(tally, types.intp, types.uint64), generate


@intrinsic
def gather_flags(typing, flags, at):
    """The 64 bytes from ``at`` on as the bits of a word: 1 where a byte is not zero."""

    def generate(context, builder, signature, arguments):
        place = _vector_at(context, builder, signature.args[0], arguments[0], arguments[1])
        wanted = builder.icmp_unsigned("!=", builder.load(place, align=1), ir.Constant(_BYTES, [0] * 64))
        return builder.bitcast(wanted, ir.IntType(64))

    return types.uint64(flags, types.intp), generate


@inlined
def packed_flags(flags, at, size):
    """The truth values ``at`` to ``at + 63`` as a word; those from ``size`` on, which are padding, are 0."""
    word = gather_flags(flags, at)
    if at + 64 > size:
        word &= (np.uint64(1) << np.uint64(size - at)) - np.uint64(1)
    return word


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
def meet(arrivals, crew, phase):
    """As ``wait_for_all``, inside a function: the compiler then sees that what others have written may have changed."""
    atomic_add(arrivals, 0, 1)
    looks = 0
    while load_acquire(arrivals, 0) < phase * crew:
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
