// What the kernels of scans share, behind `device.h`. All threads of a block call these together; the block owns some
// copies of the batch, and the array of a value holds the rows of these copies one after another.

#define EACH(k, count) for (int k = threadIdx.x; k < (count); k += blockDim.x)
#define CHUNK 1024  // sources whose spikes are marked at once

// y[b, k] = sum over i of x[b, i] w[i, k] for copies b to b + G - 1, which share what is read of the weights.
// Nothing is rounded between a product and its sum.
template <int G> DEVICE void product_of_some(const F* x, const F* w, F* y, int copies, int rows, int columns) {
    EACH(item, (copies + G - 1) / G * columns) {
        const int b = item / columns * G, k = item % columns;
        const F* row[G];
        F total[G];
        for (int g = 0; g < G; ++g) {
            row[g] = x + least(b + g, copies - 1) * rows;
            total[g] = F(0);
        }
#pragma unroll 4
        for (int i = 0; i < rows; ++i) {
            const F weight = w[i64(i) * columns + k];
            for (int g = 0; g < G; ++g) total[g] = fma(row[g][i], weight, total[g]);
        }
        for (int g = 0; g < G; ++g)
            if (b + g < copies) y[i64(b + g) * columns + k] = total[g];
    }
}

// The same where most of x is 0: sources that are not are marked by bits, and only their weights are read.
template <int G> DEVICE void product_of_spikes(const F* x, const F* w, F* y, int copies, int rows, int columns) {
    __shared__ u32 marks[CHUNK / 32];
    for (int b = 0; b < copies; b += G)
        for (int first = 0; first < rows; first += CHUNK) {
            EACH(q, CHUNK / 32) marks[q] = 0;
            __syncthreads();
            EACH(i, int(least(CHUNK, rows - first))) {
                bool any = false;
                for (int g = 0; g < G; ++g) any = any || x[least(b + g, copies - 1) * rows + first + i] != F(0);
                if (any) atomicOr(marks + (i >> 5), 1u << (i & 31));
            }
            __syncthreads();
            EACH(k, columns) {
                F total[G];
                for (int g = 0; g < G; ++g)
                    total[g] = first && b + g < copies ? y[i64(b + g) * columns + k] : F(0);
                for (int q = 0; q < CHUNK / 32; ++q)
                    for (u32 left = marks[q]; left; left &= left - 1) {
                        const int i = first + 32 * q + __ffs(left) - 1;
                        const F weight = w[i64(i) * columns + k];
                        for (int g = 0; g < G; ++g)
                            total[g] = fma(x[least(b + g, copies - 1) * rows + i], weight, total[g]);
                    }
                for (int g = 0; g < G; ++g)
                    if (b + g < copies) y[i64(b + g) * columns + k] = total[g];
            }
            __syncthreads();
        }
}

template <bool SPIKES> DEVICE void product(const F* x, const F* w, F* y, int copies, int rows, int columns) {
    if (SPIKES) {
        if (copies > 1) product_of_spikes<4>(x, w, y, copies, rows, columns);
        else product_of_spikes<1>(x, w, y, copies, rows, columns);
    } else {
        if (copies > 1) product_of_some<4>(x, w, y, copies, rows, columns);
        else product_of_some<1>(x, w, y, copies, rows, columns);
    }
}

// y[b, i] = 1 where x[b, i] is greatest, at the first of equals, else 0; at most 512 threads.
DEVICE void winner(const F* x, F* y, int copies, int size) {
    __shared__ int best[512];
    for (int b = 0; b < copies; ++b, x += size, y += size) {
        int own = int(threadIdx.x) < size ? int(threadIdx.x) : -1;
        EACH(i, size) if (x[i] > x[own]) own = i;
        best[threadIdx.x] = own;
        for (int half = 256; half; half >>= 1) {
            __syncthreads();
            const int mine = best[threadIdx.x], other = int(threadIdx.x) + half;
            const int theirs = int(threadIdx.x) < half && other < int(blockDim.x) ? best[other] : -1;
            __syncthreads();
            if (theirs >= 0 && (x[theirs] > x[mine] || (x[theirs] == x[mine] && theirs < mine)))
                best[threadIdx.x] = theirs;
        }
        __syncthreads();
        const int first = best[0];
        EACH(i, size) y[i] = i == first ? F(1) : F(0);
        __syncthreads();
    }
}
