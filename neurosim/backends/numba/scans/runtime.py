"""What generated scans need beside the runtime of programs: finding what is not 0 in a row."""

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from ....kernels.prelude import compiled, ctz


@intrinsic
def nonzero_bits(typing, array, first):
    """Bit k is set where ``array[first + k]`` is not 0, for 16 numbers; plain LLVM vectors, for any processor."""

    def generate(context, builder, signature, arguments):
        kind = signature.args[0]
        data = cgutils.create_struct_proxy(kind)(context, builder, arguments[0]).data
        vector = ir.VectorType(context.get_data_type(kind.dtype), 16)
        loaded = builder.load(builder.bitcast(builder.gep(data, [arguments[1]]), vector.as_pointer()))
        loaded.align = 4
        zero = ir.Constant(vector, [0.0] * 16)
        bits = builder.bitcast(builder.fcmp_unordered("!=", loaded, zero), ir.IntType(16))
        return builder.zext(bits, ir.IntType(64))

    return types.int64(array, types.int64), generate


@compiled
def find_events(q, lanes, first_row, values, copies, size, index, start, stop, filled):
    """Note where ``values``, (T, B N), are not 0, for one thread's copies; False where one is neither 0 nor 1."""
    lo, hi = copies * q // lanes, copies * (q + 1) // lanes
    e = filled[q]
    binary = True
    for t in range(values.shape[0]):
        for b in range(lo, hi):
            row = values[t, b * size:(b + 1) * size]
            place = (first_row + t) * copies + b
            start[place] = e
            n = 0
            while n + 16 <= size:
                left = nonzero_bits(row, n)
                while left != 0:
                    k = n + ctz(left)
                    binary = binary and row[k] == 1
                    index[q, e] = k
                    e += 1
                    left &= left - 1
                n += 16
            while n < size:
                if row[n] != 0:
                    binary = binary and row[n] == 1
                    index[q, e] = n
                    e += 1
                n += 1
            stop[place] = e
    filled[q] = e
    return binary
