"""Bits, atomics and the handling of denormal numbers."""

import threading

import numpy as np
import pytest
from numba import njit

from neurosim.kernels import prelude as p
from neurosim.kernels.intrinsics import ON_ARM64, ON_X86


@njit(nogil=True)
def add_often(cells, times):
    for _ in range(times):
        p.atomic_add(cells, 1, 1)


@njit
def exchange(cells):
    p.store_release(cells, 0, 41)
    p.pause()
    p.prefetch(cells, 1)
    return p.atomic_add(cells, 0, 1), p.load_acquire(cells, 0)


@njit
def bits(x):
    return p.ctz(x), p.popcount(x)


@njit
def there_and_back(x, y):
    return (
        p.f64_of_bits(p.bits_of_f64(x)),
        p.f32_of_bits(p.bits_of_f32(y)),
        p.bits_of_f64(x),
        p.bits_of_f32(y),
    )


@njit
def halve_flushed(x):
    old = p.ftz_on()
    y = x[0] * 0.5
    x[1] = y
    p.ftz_restore(old)
    return y


@njit
def halve(x):
    return x[0] * 0.5


@njit
def multiply_add(a, b, c, out):
    for i in range(a.size):
        out[i] = a[i] * b[i] + c[i]


def test_counts_of_two_threads_add_up():
    cells = np.zeros(2, np.int64)
    add_often(cells, 0)
    threads = [threading.Thread(target=add_often, args=(cells, 200_000)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert cells.tolist() == [0, 400_000]


def test_what_is_stored_is_loaded_and_an_addition_returns_the_old_value():
    assert exchange(np.zeros(2, np.int64)) == (41, 42)


@pytest.mark.parametrize(
    ("x", "zeros", "ones"), [(1, 0, 1), (40, 3, 2), (0, 64, 0), (-1, 0, 64), (-(2**63), 63, 1)]
)
def test_zeros_and_ones_are_counted(x, zeros, ones):
    assert bits(x) == (zeros, ones)


def test_bits_of_floats_are_those_of_numpy():
    x, y, i, j = there_and_back(-1.5, np.float32(3.25))
    assert (x, y) == (-1.5, 3.25)
    assert (i, j) == (np.float64(-1.5).view(np.int64), np.float32(3.25).view(np.int32))


def test_denormal_results_are_flushed_only_while_asked_for():
    x = np.array([2.3e-308, 0.0])
    if halve_flushed(x) != 0.0 and not (ON_X86 or ON_ARM64):
        pytest.skip("no flush to zero on this machine")
    assert halve_flushed(x) == 0.0
    assert halve(x) > 0.0


def test_a_product_and_a_sum_are_rounded_one_by_one():
    rng = np.random.default_rng(1)
    a, b, c = rng.normal(size=(3, 1000))
    out = np.empty(1000)
    multiply_add(a, b, -a * b + 1e-20 * c, out)
    assert np.array_equal(out, a * b + (-a * b + 1e-20 * c))
