// Edges drawn on the card: the targets of each row in the order of Edges, where its delays begin, and numbers along edges.
// The loops of neurosim/connectivity/rows.py and densities.py say what they are; here a block takes a row.
// Before this text: `T`, the type of targets, `B`, that of where delays begin, and `N`, that of the numbers of edges.

#define NEAR 4096  // edges of a row that are sorted in memory shared by a block

struct Key { u32 draw, stream, k0, k1; };
DEVICE u32 word_at(i64 index, i64 step, Key key, u32 further) {
    return philox_word(index, step, key.draw + further, key.stream, key.k0, key.k1);
}
// Along edges the words go on where an index has no more bits.
DEVICE u32 word_of_edge(i64 e, Key key, u32 further) { return word_at(e, e >> 34, key, further); }
DEVICE i64 chosen(i64 index, i64 row, i64 size, Key key) { return i64(u64(word_at(index, row, key, 0)) * u64(size) >> 32); }

// What the threads before this one have together; `all` is what all have.
DEVICE i64 before_me(i64 own, i64* all) {
    __shared__ i64 sums[TILE];
    sums[threadIdx.x] = own;
    __syncthreads();
    for (u32 reach = 1; reach < blockDim.x; reach *= 2) {
        const i64 more = threadIdx.x >= reach ? sums[threadIdx.x - reach] : 0;
        __syncthreads();
        sums[threadIdx.x] += more;
        __syncthreads();
    }
    *all = sums[blockDim.x - 1];
    const i64 found = sums[threadIdx.x] - own;
    __syncthreads();
    return found;
}

template <class V> DEVICE void in_order(V* values, i64 a, i64 b) {
    const V x = values[a], y = values[b];
    if (y < x) { values[a] = y; values[b] = x; }
}

// Sorts in place. All comparators of this bitonic network point the same way, so nothing beyond the end would ever move.
template <class V> DEVICE void sort_row(V* values, i64 count) {
    for (i64 half = 1; half < count; half *= 2) {
        for (i64 p = threadIdx.x; (p & ~(half - 1)) + p < count; p += blockDim.x) {
            const i64 a = (p & ~(half - 1)) + p, b = a + 2 * (half - (p & (half - 1))) - 1;
            if (b < count) in_order(values, a, b);
        }
        __syncthreads();
        for (i64 way = half / 2; way > 0; way /= 2) {
            for (i64 p = threadIdx.x; (p & ~(way - 1)) + p < count; p += blockDim.x) {
                const i64 a = (p & ~(way - 1)) + p;
                if (a + way < count) in_order(values, a, a + way);
            }
            __syncthreads();
        }
    }
}

// Marks the first `wanted` different numbers of a sequence. A round draws as many as are missing, so it can reach the
// number only with its last draw, and who of a round marks first does not matter.
DEVICE void mark_different(i64 row, i64 wanted, i64 size, Key key, u32* marks) {
    const i64 words = (size + 31) >> 5;
    for (i64 w = threadIdx.x; w < words; w += blockDim.x) marks[w] = 0;
    __syncthreads();
    for (i64 done = 0, missing = wanted; missing > 0;) {
        i64 fresh = 0, all;
        for (i64 n = threadIdx.x; n < missing; n += blockDim.x) {
            const i64 t = chosen(done + n, row, size, key);
            const u32 bit = 1u << (t & 31);
            fresh += (atomicOr(marks + (t >> 5), bit) & bit) == 0;
        }
        before_me(fresh, &all);
        done += missing;
        missing -= all;
    }
}

// Whom a row chooses is marked, or who is left out where those are fewer: the bits of a word either way.
DEVICE u32 bits_of(const volatile u32* marks, i64 w, bool left_out, i64 size) {
    const i64 rest = size - 32 * w;
    return (left_out ? ~marks[w] : marks[w]) & (rest < 32 ? (1u << rest) - 1u : ~0u);
}

extern "C" __global__ void connect_all(const i64* first, i64 rows, i64 avoid, i64 one, T* target) {
    for (i64 row = blockIdx.x; row < rows; row += gridDim.x)
        for (i64 n = threadIdx.x; n < first[row + 1] - first[row]; n += blockDim.x)
            target[first[row] + n] = T(one ? row : n + (avoid && n >= row));
}

extern "C" __global__ void connect_gaps(const i64* first, i64 rows, i64 avoid, i64 size, double inverse_log, i64 draw,
                                        i64 stream, i64 k0, i64 k1, T* target) {
    const Key key = {u32(draw), u32(stream), u32(k0), u32(k1)};
    for (i64 row = blockIdx.x; row < rows; row += gridDim.x) {
        const i64 begin = first[row], count = first[row + 1] - begin;
        i64 reached = -1, all;
        for (i64 start = 0; start < count; start += blockDim.x) {
            const i64 n = start + threadIdx.x;
            const double gap = floor(log64((double(word_at(n, row, key, 0)) + 0.5) * 2.3283064365386963e-10) * inverse_log);
            const i64 way = 1 + (gap < double(size) ? i64(gap) : size);
            const i64 t = reached + before_me(way, &all) + way;
            if (n < count) target[begin + n] = T(t + (avoid && t >= row));
            reached += all;
        }
    }
}

// Rows may choose a target more than once; they are not sorted yet.
extern "C" __global__ void connect_rows(const i64* first, i64 rows, i64 avoid, i64 size, i64 draw, i64 stream, i64 k0,
                                        i64 k1, T* target) {
    const Key key = {u32(draw), u32(stream), u32(k0), u32(k1)};
    for (i64 row = blockIdx.x; row < rows; row += gridDim.x)
        for (i64 n = threadIdx.x; n < first[row + 1] - first[row]; n += blockDim.x) {
            const i64 t = chosen(n, row, size, key);
            target[first[row] + n] = T(t + (avoid && t >= row));
        }
}

extern "C" __global__ void connect_rows_once(const i64* first, i64 rows, i64 avoid, i64 size, i64 draw, i64 stream,
                                             i64 k0, i64 k1, u32* marks, T* target) {
    const Key key = {u32(draw), u32(stream), u32(k0), u32(k1)};
    const i64 words = (size + 31) >> 5, each = (words + blockDim.x - 1) / blockDim.x;
    const i64 from = least(threadIdx.x * each, words), to = least(from + each, words);
    marks += blockIdx.x * words;
    for (i64 row = blockIdx.x; row < rows; row += gridDim.x) {
        const i64 begin = first[row], count = first[row + 1] - begin;
        const bool left_out = 2 * count > size;
        mark_different(row, left_out ? size - count : count, size, key, marks);
        i64 own = 0, all;
        for (i64 w = from; w < to; ++w) own += __popc(bits_of(marks, w, left_out, size));
        i64 at = begin + before_me(own, &all);
        for (i64 w = from; w < to; ++w)
            for (u32 bits = bits_of(marks, w, left_out, size); bits; bits &= bits - 1) {
                const i64 t = 32 * w + __ffs(bits) - 1;
                target[at++] = T(t + (avoid && t >= row));
            }
        __syncthreads();
    }
}

// A block takes a target, which chooses its sources and takes the next place in the row of each; rows are sorted later.
extern "C" __global__ void connect_columns(const i64* first, i64 targets, i64 avoid, i64 size, i64 degree, i64 once,
                                           i64 draw, i64 stream, i64 k0, i64 k1, u32* marks, u32* taken, T* target) {
    const Key key = {u32(draw), u32(stream), u32(k0), u32(k1)};
    const i64 words = (size + 31) >> 5;
    const bool left_out = 2 * degree > size;
    marks += blockIdx.x * words;
    for (i64 t = blockIdx.x; t < targets; t += gridDim.x) {
        if (once) mark_different(t, left_out ? size - degree : degree, size, key, marks);
        for (i64 n = threadIdx.x; n < (once ? words : degree); n += blockDim.x)
            for (u32 bits = once ? bits_of(marks, n, left_out, size) : 1u; bits; bits &= bits - 1) {
                i64 s = once ? 32 * n + __ffs(bits) - 1 : chosen(n, t, size, key);
                s += avoid && s >= t;
                target[first[s] + atomicAdd(taken + s, 1u)] = T(t);
            }
        __syncthreads();
    }
}

template <class V> DEVICE void sort_rows(const i64* first, i64 rows, V* values) {
    __shared__ V near[NEAR];
    for (i64 row = blockIdx.x; row < rows; row += gridDim.x) {
        V* own = values + first[row];
        const i64 count = first[row + 1] - first[row];
        if (count > NEAR) {
            sort_row(own, count);
            continue;
        }
        for (i64 n = threadIdx.x; n < count; n += blockDim.x) near[n] = own[n];
        __syncthreads();
        sort_row(near, count);
        for (i64 n = threadIdx.x; n < count; n += blockDim.x) own[n] = near[n];
        __syncthreads();
    }
}

extern "C" __global__ void connect_sort(const i64* first, i64 rows, T* target) { sort_rows(first, rows, target); }

// Draws the delay of each edge of sorted rows and sorts them by delay and then target. `delays` holds the D delays that
// there are, above the shortest that there may be; `room` has a row's length for each block where rows are long.
extern "C" __global__ void connect_delays(const i64* first, i64 rows, const u32* thresholds, i64 last, const i64* delays,
                                          i64 many, i64 draw, i64 stream, i64 k0, i64 k1, u64* room, i64 longest,
                                          T* target, B* bounds) {
    __shared__ u64 near[NEAR];
    const Key key = {u32(draw), u32(stream), u32(k0), u32(k1)};
    for (i64 row = blockIdx.x; row < rows; row += gridDim.x) {
        const i64 begin = first[row], count = first[row + 1] - begin;
        u64* keys = count > NEAR ? room + blockIdx.x * longest : near;
        for (i64 n = threadIdx.x; n < count; n += blockDim.x) {
            const i64 late = poisson_count(word_of_edge(begin + n, key, 0), thresholds, last);
            keys[n] = u64(late) << 32 | u64(target[begin + n]);
        }
        __syncthreads();
        sort_row(keys, count);
        for (i64 n = threadIdx.x; n < count; n += blockDim.x) target[begin + n] = T(u32(keys[n]));
        for (i64 d = threadIdx.x; d <= many; d += blockDim.x)
            bounds[row * (many + 1) + d] = B(d == many ? count : first_not_below(keys, 0, count, delays[d] << 32));
        __syncthreads();
    }
}

// The edges by target: how many each has, their numbers in any order, then in theirs, and the row of each.
extern "C" __global__ void column_count(i64 count, const T* target, u32* taken) {
    for (i64 e = i64(blockIdx.x) * blockDim.x + threadIdx.x; e < count; e += i64(gridDim.x) * blockDim.x)
        atomicAdd(taken + target[e], 1u);
}

extern "C" __global__ void column_fill(i64 count, const T* target, const i64* colfirst, u32* taken, N* coledge) {
    for (i64 e = i64(blockIdx.x) * blockDim.x + threadIdx.x; e < count; e += i64(gridDim.x) * blockDim.x)
        coledge[colfirst[target[e]] + atomicAdd(taken + target[e], ~0u) - 1] = N(e);
}

extern "C" __global__ void column_sort(const i64* colfirst, i64 targets, N* coledge) {
    sort_rows(colfirst, targets, coledge);
}

extern "C" __global__ void column_source(i64 count, const i64* first, i64 rows, const N* coledge, int* colsource) {
    for (i64 c = i64(blockIdx.x) * blockDim.x + threadIdx.x; c < count; c += i64(gridDim.x) * blockDim.x)
        colsource[c] = int(first_not_below(first, 0, rows + 1, i64(coledge[c]) + 1) - 1);
}

DEVICE float rounded(double x, float step) { return step > 0.0f ? rintf(float(x) / step) * step : float(x); }

extern "C" __global__ void value_same(i64 count, double value, F* values) {
    for (i64 e = i64(blockIdx.x) * blockDim.x + threadIdx.x; e < count; e += i64(gridDim.x) * blockDim.x)
        values[blockIdx.y * count + e] = F(value);
}

extern "C" __global__ void value_uniform(i64 count, double low, double width, double step, i64 draw, i64 stream, i64 k0,
                                         i64 k1, F* values) {
    const Key key = {u32(draw), u32(stream), u32(k0), u32(k1)};
    for (i64 e = i64(blockIdx.x) * blockDim.x + threadIdx.x; e < count; e += i64(gridDim.x) * blockDim.x) {
        const double u = uniform64(word_of_edge(e, key, 0), word_of_edge(e, key, 0x8000));
        values[blockIdx.y * count + e] = F(rounded(low + width * u, float(step)));
    }
}

extern "C" __global__ void value_exponential(i64 count, double low, double mean, double share, double step, i64 draw,
                                             i64 stream, i64 k0, i64 k1, F* values) {
    const Key key = {u32(draw), u32(stream), u32(k0), u32(k1)};
    for (i64 e = i64(blockIdx.x) * blockDim.x + threadIdx.x; e < count; e += i64(gridDim.x) * blockDim.x) {
        const double u = uniform64(word_of_edge(e, key, 0), word_of_edge(e, key, 0x8000));
        values[blockIdx.y * count + e] = F(rounded(low - mean * log64(1.0 - share * u), float(step)));
    }
}

extern "C" __global__ void value_normal(i64 count, double mean, double sd, double low, double high, i64 of_logarithm,
                                        double step, i64 draw, i64 stream, i64 k0, i64 k1, F* values) {
    const Key key = {u32(draw), u32(stream), u32(k0), u32(k1)};
    for (i64 e = i64(blockIdx.x) * blockDim.x + threadIdx.x; e < count; e += i64(gridDim.x) * blockDim.x) {
        double x;
        u32 attempt = 0;
        do {
            x = mean + sd * normal64(word_of_edge(e, key, attempt), word_of_edge(e, key, attempt + 0x8000),
                                     word_of_edge(e, key, attempt + 0x4000), word_of_edge(e, key, attempt + 0xC000));
            ++attempt;
        } while (!(low <= x && x <= high));
        values[blockIdx.y * count + e] = F(rounded(of_logarithm ? exp64(x) : x, float(step)));
    }
}
