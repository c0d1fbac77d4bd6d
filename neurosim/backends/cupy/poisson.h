// A Poisson number by inversion of one word: how many values of floor(CDF * 2**32) it reaches.
// As `poisson_inverse` in neurosim/backends/numba/runtime.py.
DEVICE i64 poisson_inverse(u32 word, double mean) {
    if (!(mean > 0.0)) return 0;
    // exp(-mean) underflows past 700: start from the logarithm there, at a count whose CDF is still below 2**-32
    i64 count = mean > 600.0 ? i64(mean - 12.0 * sqrt(mean)) : 0;
    double log_term = -mean + double(count) * log64(mean);
    for (i64 k = 2; k <= count; ++k) log_term -= log64(double(k));
    double term = exp64(log_term), total = term;
    while (double(word) >= floor(total * 4294967296.0) && total < 1.0 - 2.3283064365386963e-10 && count < 2000000000) {
        count += 1;
        term *= mean / double(count);
        total += term;
    }
    return count;
}
