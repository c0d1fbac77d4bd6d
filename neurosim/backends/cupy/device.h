// What every generated kernel stands on. Valid as CUDA and, behind `host.h`, as C++17 for the processor.
// `F`, the precision of the run, is a typedef before this text.

typedef long long i64;
typedef unsigned long long u64;
typedef unsigned int u32;

#define DEVICE static __device__ __forceinline__
#define TILE 256  // indices that a block treats at once, and threads of a block

template <class A, class B> struct Pair { A a; B b; };
template <class A, class B, class C> struct Triple { A a; B b; C c; };
template <class A, class B> DEVICE Pair<A, B> both(A a, B b) { return {a, b}; }
template <class A, class B, class C> DEVICE Triple<A, B, C> both(A a, B b, C c) { return {a, b, c}; }

DEVICE i64 bits_of_f64(double x) { return __double_as_longlong(x); }
DEVICE double f64_of_bits(i64 x) { return __longlong_as_double(x); }
DEVICE int bits_of_f32(float x) { return __float_as_int(x); }
DEVICE float f32_of_bits(int x) { return __int_as_float(x); }
DEVICE i64 least(i64 a, i64 b) { return a < b ? a : b; }

// Python's conditional, whose branches may differ in type where C would choose one of them
template <class A> DEVICE A sign(A x) { return x == A(0) ? A(0) : (x > A(0) ? A(1) : A(-1)); }

// The word of one index: see `philox_block` in neurosim/kernels/counters.py.
DEVICE u32 philox_word(i64 index, i64 step, u32 draw, u32 stream, u32 k0, u32 k1) {
    u32 c0 = (u32(u64(index) >> 6) << 4) + (u32(index) & 15u), c1 = u32(u64(step));
    u32 c2 = u32(u64(step) >> 32) | (draw << 16), c3 = stream;
    for (int round = 0; round < 10; ++round) {
        const u64 p = u64(c0) * 0xD2511F53u, q = u64(c2) * 0xCD9E8D57u;
        c0 = u32(q >> 32) ^ c1 ^ k0;
        c2 = u32(p >> 32) ^ c3 ^ k1;
        c1 = u32(q);
        c3 = u32(p);
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    const u32 quarter = (u32(index) >> 4) & 3u;
    const u32 low = quarter & 1u ? c1 : c0, high = quarter & 1u ? c3 : c2;
    return quarter & 2u ? high : low;
}

// First place in ascending values[a..z) that is not below x.
template <class V> DEVICE i64 first_not_below(const V* values, i64 a, i64 z, i64 x) {
    while (a < z) {
        const i64 middle = (a + z) >> 1;
        if (i64(values[middle]) < x) a = middle + 1;
        else z = middle;
    }
    return a;
}

// How many thresholds the word reaches.
DEVICE i64 poisson_count(u32 word, const u32* thresholds, i64 size) {
    i64 low = 0, high = size;
    while (low < high) {
        const i64 middle = (low + high) >> 1;
        if (word >= thresholds[middle]) low = middle + 1;
        else high = middle;
    }
    return low;
}

// All blocks of one replica wait here for one another. The first one turns the highest bit of the gate when all have come.
DEVICE void meet(u32* gate) {
    __syncthreads();
    if (gridDim.x > 1 && threadIdx.x == 0) {
        __threadfence();
        const u32 before = atomicAdd(gate, blockIdx.x == 0 ? 0x80000000u - (gridDim.x - 1u) : 1u);
        while (((before ^ *(volatile u32*)gate) & 0x80000000u) == 0u) __nanosleep(20);
        __threadfence();
    }
    __syncthreads();
}

// Two places for each thread of a block, the same ones for whoever asks.
DEVICE i64* shared_places() {
    __shared__ i64 places[2 * TILE];
    return places;
}

// One block: the entries that tiles found, in the order of the tiles, to one list and its length.
DEVICE void gather(const volatile int* found, const volatile int* tally, i64 tiles, int* list, int* count) {
    __shared__ int sums[TILE];
    const i64 each = (tiles + blockDim.x - 1) / blockDim.x;
    const i64 from = least(threadIdx.x * each, tiles), to = least(from + each, tiles);
    int own = 0, at = 0;
    for (i64 q = from; q < to; ++q) own += tally[q];
    sums[threadIdx.x] = own;
    __syncthreads();
    for (u32 q = 0; q < threadIdx.x; ++q) at += sums[q];
    for (i64 q = from; q < to; ++q)
        for (int n = 0; n < tally[q]; ++n) list[at++] = found[q * TILE + n];
    if (threadIdx.x == blockDim.x - 1) *count = at;
}

// All blocks of one replica: the indices whose flag is 1, ascending, to one list and its length.
// `raised` holds a byte of 0 or 1 for each index of this tile. The last block to come puts the tiles together,
// which spares a launch.
DEVICE void collect(const u32* raised, int any, i64 tile, i64 tiles, int* found, int* tally, u32* arrived, int* list,
                    int* count) {
    __shared__ int last;
    int total = 0;
    if (__syncthreads_or(any)) {
        for (int k = threadIdx.x; k < TILE; k += blockDim.x) {
            if ((raised[k >> 2] >> (8 * (k & 3))) & 1u) {
                int before = 0;
                for (int w = 0; w < (k >> 2); ++w) before += __popc(raised[w]);
                before += __popc(raised[k >> 2] & ((1u << (8 * (k & 3))) - 1u));
                found[tile * TILE + before] = int(tile * TILE + k);
            }
        }
        if (threadIdx.x == 0)
            for (int w = 0; w < TILE / 4; ++w) total += __popc(raised[w]);
    }
    if (threadIdx.x == 0) tally[tile] = total;
    __threadfence();
    __syncthreads();
    if (threadIdx.x == 0) last = atomicAdd(arrived, 1u) == u32(tiles - 1);
    __syncthreads();
    if (last) {
        __threadfence();
        gather(found, tally, tiles, list, count);
        if (threadIdx.x == 0) *arrived = 0;
    }
    __syncthreads();
}
