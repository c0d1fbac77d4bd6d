// CUDA's words for the processor: blocks run one after another, and the threads of a block are threads. With
// `BLOCKS_TOGETHER`, where blocks wait for one another, each block of a replica is a thread, alone in its block.
// Together with `device.h` it proves the text of kernels where there is no GPU. C's headers, because those of
// C++ take longer to read than all of our text.

#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

#define __global__
#define __device__
#define __forceinline__ inline
#define __launch_bounds__(threads, blocks)
#ifdef BLOCKS_TOGETHER
#define __shared__ static thread_local
#else
#define __shared__ static
#endif
#define __restrict__ __restrict

struct Three { unsigned x, y, z; };
static Three gridDim, blockDim;
static thread_local Three blockIdx, threadIdx;

namespace host {

static pthread_barrier_t barrier;
static int raised = 0;

// A GPU flushes small numbers to zero in float32 and not in float64; the processor has one switch for both.
static void flush_small_numbers(bool on) {
#if defined(__x86_64__)
    _mm_setcsr(on ? _mm_getcsr() | 0x8040u : _mm_getcsr() & ~0x8040u);
#else
    (void)on;
#endif
}

template <class Kernel> struct Job { Kernel* kernel; Three block, thread; bool flush; };

template <class Kernel> void* work(void* given) {
    auto* job = static_cast<Job<Kernel>*>(given);
    blockIdx = job->block;
    threadIdx = job->thread;
    flush_small_numbers(job->flush);
    (*job->kernel)();
    flush_small_numbers(false);
    return nullptr;
}

// Some jobs at the same time.
template <class Kernel> void run_all(Job<Kernel>* jobs, unsigned count) {
    auto* team = new pthread_t[count];
    for (unsigned n = 1; n < count; ++n) pthread_create(team + n, nullptr, work<Kernel>, jobs + n);
    work<Kernel>(jobs);
    for (unsigned n = 1; n < count; ++n) pthread_join(team[n], nullptr);
    delete[] team;
}

#ifdef BLOCKS_TOGETHER
template <class Kernel> void run(unsigned grid_x, unsigned grid_y, unsigned, bool flush, Kernel kernel) {
    gridDim = {grid_x, grid_y, 1};
    blockDim = {1, 1, 1};
    auto* jobs = new Job<Kernel>[grid_x];
    for (unsigned y = 0; y < grid_y; ++y) {
        for (unsigned x = 0; x < grid_x; ++x) jobs[x] = {&kernel, {x, y, 0}, {0, 0, 0}, flush};
        run_all(jobs, grid_x);
    }
    delete[] jobs;
}
#else
template <class Kernel> void run(unsigned grid_x, unsigned grid_y, unsigned threads, bool flush, Kernel kernel) {
    gridDim = {grid_x, grid_y, 1};
    blockDim = {threads, 1, 1};
    if (threads > 1) pthread_barrier_init(&barrier, nullptr, threads);
    auto* jobs = new Job<Kernel>[threads];
    for (unsigned y = 0; y < grid_y; ++y)
        for (unsigned x = 0; x < grid_x; ++x) {
            for (unsigned n = 0; n < threads; ++n) jobs[n] = {&kernel, {x, y, 0}, {n, 0, 0}, flush};
            run_all(jobs, threads);
        }
    delete[] jobs;
    if (threads > 1) pthread_barrier_destroy(&barrier);
}
#endif

// A launch as a graph keeps it: what runs all blocks of a kernel, and what it is given, a word of 64 bits for each.
struct Node {
    void (*run)(unsigned, unsigned, unsigned, int, const unsigned long long*);
    unsigned x, y, threads;
    int flush;
    const unsigned long long* words;
};

}  // namespace host

extern "C" void host_replay(const host::Node* nodes, long long count) {
    for (const host::Node* n = nodes; n < nodes + count; ++n) n->run(n->x, n->y, n->threads, n->flush, n->words);
}

inline void __syncthreads() { if (blockDim.x > 1) pthread_barrier_wait(&host::barrier); }
inline void __nanosleep(unsigned) { sched_yield(); }
inline void __threadfence() { __atomic_thread_fence(__ATOMIC_SEQ_CST); }
inline int __syncthreads_or(int any) {
    if (blockDim.x == 1) return any;
    __syncthreads();
    if (threadIdx.x == 0) __atomic_store_n(&host::raised, 0, __ATOMIC_SEQ_CST);
    __syncthreads();
    if (any) __atomic_store_n(&host::raised, 1, __ATOMIC_SEQ_CST);
    __syncthreads();
    return __atomic_load_n(&host::raised, __ATOMIC_SEQ_CST);
}

inline int __popc(unsigned x) { return __builtin_popcount(x); }
inline int __ffs(unsigned x) { return __builtin_ffs(x); }
inline double __longlong_as_double(long long x) { double y; memcpy(&y, &x, 8); return y; }
inline long long __double_as_longlong(double x) { long long y; memcpy(&y, &x, 8); return y; }
inline float __int_as_float(int x) { float y; memcpy(&y, &x, 4); return y; }
inline int __float_as_int(float x) { int y; memcpy(&y, &x, 4); return y; }
inline long long __double2ll_rn(double x) { return llrint(x); }

// Adding to a place that other threads add to: a loop of compare and exchange serves every type.
template <class T> T atomicAdd(T* place, T value) {
    T old, sum;
    __atomic_load(place, &old, __ATOMIC_RELAXED);
    do sum = old + value;
    while (!__atomic_compare_exchange(place, &old, &sum, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));
    return old;
}
inline unsigned atomicOr(unsigned* place, unsigned bits) { return __atomic_fetch_or(place, bits, __ATOMIC_SEQ_CST); }
