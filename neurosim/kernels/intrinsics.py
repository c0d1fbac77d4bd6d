"""What Numba has no words for: bit patterns, atomics, prefetching, denormals. Part of the prelude."""

import platform

from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

# No fastmath anywhere: results keep their bits whatever is inlined or vectorised. LLVM fuses a
# multiplication with an addition only where it is allowed to, which is nowhere here.
inlined = njit(error_model="numpy", boundscheck=False, forceinline=True)
compiled = njit(error_model="numpy", boundscheck=False, nogil=True, cache=True)

MACHINE = platform.machine().lower()
ON_X86 = MACHINE in ("x86_64", "amd64", "i686", "x86")
ON_ARM64 = MACHINE in ("aarch64", "arm64")


def _element(context, builder, array_type, array, index):
    data = cgutils.create_struct_proxy(array_type)(context, builder, array).data
    return builder.gep(data, [index])


def _llvm(builder, name, result, *arguments):
    return cgutils.get_or_insert_function(builder.module, ir.FunctionType(result, arguments), name)


@intrinsic
def bits_of_f32(typing, x):
    """The bits of a float32 as an int32."""
    return types.int32(types.float32), lambda c, b, s, a: b.bitcast(a[0], ir.IntType(32))


@intrinsic
def f32_of_bits(typing, x):
    """The float32 with the bits of an int32."""
    return types.float32(types.int32), lambda c, b, s, a: b.bitcast(a[0], ir.FloatType())


@intrinsic
def bits_of_f64(typing, x):
    """The bits of a float64 as an int64."""
    return types.int64(types.float64), lambda c, b, s, a: b.bitcast(a[0], ir.IntType(64))


@intrinsic
def f64_of_bits(typing, x):
    """The float64 with the bits of an int64."""
    return types.float64(types.int64), lambda c, b, s, a: b.bitcast(a[0], ir.DoubleType())


@intrinsic
def ctz(typing, x):
    """Number of trailing zero bits of an int64; 64 for zero."""

    def generate(context, builder, signature, arguments):
        i64, i1 = ir.IntType(64), ir.IntType(1)
        count = _llvm(builder, "llvm.cttz.i64", i64, i64, i1)
        return builder.call(count, [arguments[0], ir.Constant(i1, 0)])

    return types.int64(types.int64), generate


@intrinsic
def popcount(typing, x):
    """Number of set bits of an int64."""

    def generate(context, builder, signature, arguments):
        i64 = ir.IntType(64)
        return builder.call(_llvm(builder, "llvm.ctpop.i64", i64, i64), [arguments[0]])

    return types.int64(types.int64), generate


@intrinsic
def atomic_add(typing, array, index, value):
    """Add to an int64 element in one step, seen by all threads in one order; returns the old value."""

    def generate(context, builder, signature, arguments):
        pointer = _element(context, builder, signature.args[0], arguments[0], arguments[1])
        return builder.atomic_rmw("add", pointer, arguments[2], "seq_cst")

    return types.int64(array, types.intp, types.int64), generate


@intrinsic
def load_acquire(typing, array, index):
    """Read an int64 element; what its writer did before is visible afterwards."""

    def generate(context, builder, signature, arguments):
        pointer = _element(context, builder, signature.args[0], arguments[0], arguments[1])
        return builder.load_atomic(pointer, "acquire", 8)

    return types.int64(array, types.intp), generate


@intrinsic
def store_release(typing, array, index, value):
    """Write an int64 element; what was done before is visible to who reads it by `load_acquire`."""

    def generate(context, builder, signature, arguments):
        pointer = _element(context, builder, signature.args[0], arguments[0], arguments[1])
        builder.store_atomic(arguments[2], pointer, "release", 8)
        return context.get_dummy_value()

    return types.void(array, types.intp, types.int64), generate


@intrinsic
def pause(typing):
    """Tell the core that this is a spinning loop; does nothing where there is no such hint."""

    def generate(context, builder, signature, arguments):
        if ON_X86:
            builder.call(_llvm(builder, "llvm.x86.sse2.pause", ir.VoidType()), [])
        elif ON_ARM64:
            i32 = ir.IntType(32)
            builder.call(_llvm(builder, "llvm.aarch64.hint", ir.VoidType(), i32), [ir.Constant(i32, 1)])
        return context.get_dummy_value()

    return types.void(), generate


@intrinsic
def prefetch(typing, array, index):
    """Ask for the cache line of an element; the index may lie outside, nothing is read."""

    def generate(context, builder, signature, arguments):
        pointer = _element(context, builder, signature.args[0], arguments[0], arguments[1])
        byte, i32 = ir.IntType(8).as_pointer(), ir.IntType(32)
        call = _llvm(builder, "llvm.prefetch.p0i8", ir.VoidType(), byte, i32, i32, i32)
        # read, keep in all levels, data cache
        hints = [ir.Constant(i32, number) for number in (0, 3, 1)]
        builder.call(call, [builder.bitcast(pointer, byte), *hints])
        return context.get_dummy_value()

    return types.void(array, types.intp), generate


def _read_control(builder):
    """The floating-point control word of this thread, as an i64; zero where we do not know it."""
    i64 = ir.IntType(64)
    if ON_X86:
        place = cgutils.alloca_once(builder, ir.IntType(32))
        byte = ir.IntType(8).as_pointer()
        call = _llvm(builder, "llvm.x86.sse.stmxcsr", ir.VoidType(), byte)
        builder.call(call, [builder.bitcast(place, byte)])
        return builder.zext(builder.load(place), i64)
    if ON_ARM64:
        return builder.call(_llvm(builder, "llvm.aarch64.get.fpcr", i64), [])
    return ir.Constant(i64, 0)


def _write_control(builder, word):
    if ON_X86:
        place = cgutils.alloca_once(builder, ir.IntType(32))
        byte = ir.IntType(8).as_pointer()
        builder.store(builder.trunc(word, ir.IntType(32)), place)
        call = _llvm(builder, "llvm.x86.sse.ldmxcsr", ir.VoidType(), byte)
        builder.call(call, [builder.bitcast(place, byte)])
    elif ON_ARM64:
        builder.call(_llvm(builder, "llvm.aarch64.set.fpcr", ir.VoidType(), ir.IntType(64)), [word])


@intrinsic
def ftz_on(typing):
    """Flush denormal numbers to zero in this thread from now on; returns the mode before."""

    def generate(context, builder, signature, arguments):
        old = _read_control(builder)
        # x86: flush results (bit 15) and operands (bit 6); Arm: FZ (bit 24) does both
        bits = 0x8040 if ON_X86 else 1 << 24
        _write_control(builder, builder.or_(old, ir.Constant(ir.IntType(64), bits)))
        return old

    return types.int64(), generate


@intrinsic
def ftz_restore(typing, old):
    """Go back to the mode that `ftz_on` returned."""

    def generate(context, builder, signature, arguments):
        _write_control(builder, arguments[0])
        return context.get_dummy_value()

    return types.void(types.int64), generate
