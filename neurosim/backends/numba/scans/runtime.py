"""What generated scans need beside the runtime of programs: finding what is not 0 in a row, products in registers."""

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from ....kernels.prelude import compiled, ctz
from ..runtime import inner
from .panels import PANEL_BYTES, TILE


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


def _tile(rows):
    """A product of some rows, each (depth,), with one panel; the sums stay in registers until they are whole."""

    @intrinsic
    def tile(typing, source, first, depth, weights, begin, target, place, columns):
        whole = types.int64

        def generate(context, builder, signature, arguments):
            x, w, y = (cgutils.create_struct_proxy(signature.args[n])(context, builder, arguments[n]).data
                       for n in (0, 3, 5))
            at, depth, begin, place, columns = (arguments[n] for n in (1, 2, 4, 6, 7))
            kind = context.get_data_type(signature.args[0].dtype)
            size = signature.args[0].dtype.bitwidth // 8
            wide = PANEL_BYTES // size
            vector = ir.VectorType(kind, wide)
            add = cgutils.get_or_insert_function(
                builder.module, ir.FunctionType(vector, [vector] * 3), f"llvm.fmuladd.v{wide}f{8 * size}")
            sums = [cgutils.alloca_once_value(builder, ir.Constant(vector, [0.0] * wide)) for _ in range(rows)]
            with cgutils.for_range(builder, depth) as loop:
                here = builder.add(begin, builder.mul(loop.index, ir.Constant(begin.type, wide)))
                weight = builder.load(builder.bitcast(builder.gep(w, [here]), vector.as_pointer()), align=size)
                for n, total in enumerate(sums):
                    row = builder.add(at, builder.mul(depth, ir.Constant(depth.type, n)))
                    value = builder.load(builder.gep(x, [builder.add(row, loop.index)]))
                    first_of = ir.Constant(vector, ir.Undefined)
                    one = builder.insert_element(first_of, value, ir.Constant(ir.IntType(32), 0))
                    every = builder.shuffle_vector(one, one, ir.Constant(ir.VectorType(ir.IntType(32), wide), None))
                    builder.store(builder.call(add, [every, weight, builder.load(total)]), total)
            for n, total in enumerate(sums):
                there = builder.add(place, builder.mul(columns, ir.Constant(columns.type, n)))
                builder.store(builder.load(total), builder.bitcast(builder.gep(y, [there]), vector.as_pointer()),
                              align=size)
            return context.get_dummy_value()

        return types.void(source, whole, whole, weights, whole, target, whole, whole), generate

    return tile


one_row, some_rows = _tile(1), _tile(TILE)


@inner
def multiply_rows(lo, hi, depth, columns, source, panels, target, spare):
    """Rows lo to hi - 1 of ``source``, (B depth,), times the weights; ``spare`` takes panels that are not full."""
    wide = spare.size // TILE
    for first in range(0, columns, wide):
        begin, full = first * depth, first + wide <= columns
        row = lo
        while row < hi:
            count = TILE if row + TILE <= hi else 1
            if full and count > 1:
                some_rows(source, row * depth, depth, panels, begin, target, row * columns + first, columns)
            elif full:
                one_row(source, row * depth, depth, panels, begin, target, row * columns + first, columns)
            else:
                if count > 1:
                    some_rows(source, row * depth, depth, panels, begin, spare, 0, wide)
                else:
                    one_row(source, row * depth, depth, panels, begin, spare, 0, wide)
                for r in range(count):
                    for n in range(columns - first):
                        target[(row + r) * columns + first + n] = spare[r * wide + n]
            row += count
