// Kernels for what is done with arrays between scans. `width` indices belong to a block.

#define OWN(k, count) \
    for (i64 k = blockIdx.x * width + threadIdx.x; k < least(count, (blockIdx.x + 1) * width); k += blockDim.x)

extern "C" __global__ void turn(i64 width, i64 rows, i64 columns, const F* from, F* to) {
    OWN(k, rows * columns) to[k % columns * rows + k / columns] = from[k];
}

extern "C" __global__ void spread(i64 width, i64 rows, i64 size, const F* from, F* to) {
    OWN(k, size)
        for (i64 row = 0; row < rows; ++row) to[row * size + k] = from[k];
}

// The sum of all rows is added to one row.
extern "C" __global__ void add_rows(i64 width, i64 rows, i64 size, const F* values, F* into) {
    OWN(k, size) {
        F total = F(0);
        for (i64 row = 0; row < rows; ++row) total += values[row * size + k];
        into[k] += total;
    }
}

// One block adds the sum of everything to one number.
extern "C" __global__ void add_all(i64 width, i64 count, const F* values, F* into) {
    __shared__ F sums[TILE];
    F own = F(0);
    for (i64 k = threadIdx.x; k < count; k += blockDim.x) own += values[k];
    sums[threadIdx.x] = own;
    __syncthreads();
    if (threadIdx.x == 0) {
        F total = F(0);
        for (u32 k = 0; k < blockDim.x; ++k) total += sums[k];
        into[0] += total;
    }
}
