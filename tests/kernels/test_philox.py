"""Counter-based random numbers: published vectors, equal bits in NumPy and Numba, distributions."""

import numpy as np
import pytest
from numba import njit
from scipy import stats

from neurosim.errors import DescriptionError
from neurosim.kernels import prelude
from neurosim.kernels.philox import (
    normal,
    poisson,
    poisson_thresholds,
    stream_number,
    uniform,
    words,
)

SEED, STREAM, STEP, DRAW = (456 << 32) | 123, 5, 7 + (3 << 32), 1
BLOCKS = 500


@njit
def one(counter, out):
    c = counter.astype(np.uint64)
    out[0], out[1], out[2], out[3] = prelude.philox(c[0], c[1], c[2], c[3], c[4], c[5])


@njit
def blocks(seed, stream, step, draw, out):
    k0, k1 = seed & np.uint64(0xFFFFFFFF), seed >> np.uint64(32)
    for b in range(out.size >> 6):
        prelude.philox_block(b, step, draw, stream, k0, k1, out[64 * b : 64 * b + 64])


@njit
def uniforms(a, b, out32, out64):
    for i in range(a.size):
        out32[i] = prelude.uniform32(a[i])
        out64[i] = prelude.uniform64(a[i], b[i])


@njit
def normals(a, a_low, b, b_low, out32, out64):
    for i in range(a.size):
        out32[i] = prelude.normal32(a[i], b[i])
        out64[i] = prelude.normal64(a[i], a_low[i], b[i], b_low[i])


@njit
def poissons(w, thresholds, out):
    for b in range(w.size >> 6):
        prelude.poisson_block(w[64 * b : 64 * b + 64], thresholds, out[64 * b : 64 * b + 64])


def compiled_words(draw):
    out = np.empty(64 * BLOCKS, np.uint32)
    blocks(np.uint64(SEED), STREAM, STEP, draw, out)
    return out


@pytest.mark.parametrize(
    ("counter", "expected"),
    [
        # known-answer tests of Random123 1.09 for philox4x32-10: zeros, ones, digits of pi
        ([0, 0, 0, 0, 0, 0], [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]),
        ([0xFFFFFFFF] * 6, [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD]),
        (
            [0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344, 0xA4093822, 0x299F31D0],
            [0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1],
        ),
    ],
)
def test_philox_gives_the_published_numbers(counter, expected):
    out = np.zeros(4, np.uint32)
    one(np.array(counter, np.int64), out)
    np.testing.assert_array_equal(out, np.array(expected, np.uint32))


def test_word_of_an_index_is_the_documented_word_of_its_counter():
    index = 64 * 9 + 37
    out = np.zeros(4, np.uint32)
    counter = [
        9 * 16 + 37 % 16,
        STEP & 0xFFFFFFFF,
        (STEP >> 32) | (DRAW << 16),
        STREAM,
        SEED & 0xFFFFFFFF,
        SEED >> 32,
    ]
    one(np.array(counter, np.int64), out)
    assert words(SEED, STREAM, STEP, np.array([index]), DRAW)[0] == out[37 // 16]


def test_numpy_and_numba_draw_the_same_words():
    np.testing.assert_array_equal(
        compiled_words(DRAW), words(SEED, STREAM, STEP, np.arange(64 * BLOCKS), DRAW)
    )


def test_numpy_and_numba_draw_the_same_uniform_and_normal_bits():
    second, low = prelude.SECOND_UNIFORM, prelude.SECOND_WORD
    a, a_low, b, b_low = (compiled_words(DRAW + more) for more in (0, low, second, second + low))
    out32, out64 = np.empty(a.size, np.float32), np.empty(a.size)
    arguments = (SEED, STREAM, STEP, np.arange(a.size), DRAW)
    uniforms(a, a_low, out32, out64)
    assert np.array_equal(out64, uniform(*arguments))
    assert np.array_equal(out32, uniform(*arguments, dtype=np.float32))
    normals(a, a_low, b, b_low, out32, out64)
    assert np.array_equal(out64, normal(*arguments))
    assert np.array_equal(out32, normal(*arguments, dtype=np.float32))


def test_normal_bits_agree_at_the_extreme_words():
    a, b = (x.ravel().astype(np.uint32) for x in np.meshgrid([0, 1, 2**31, 2**32 - 1], [0, 2**30, 2**32 - 1]))
    out32, out64 = np.empty(a.size, np.float32), np.empty(a.size)
    normals(a, a, b, b, out32, out64)
    assert np.isfinite(out32).all() and np.isfinite(out64).all()
    # the largest radius, of the smallest uniform numbers: sqrt(2 log(2**33)), sqrt(2 log(2**54))
    assert np.abs(out32).max() == pytest.approx(np.sqrt(2 * 33 * np.log(2)))
    assert np.abs(out64).max() == pytest.approx(np.sqrt(2 * 54 * np.log(2)))


def test_a_float32_uniform_is_the_float64_one_cut_to_24_bits():
    index = np.arange(10_000)
    long, short = uniform(1, 2, 3, index), uniform(1, 2, 3, index, dtype=np.float32)
    np.testing.assert_array_equal(np.floor(long * 2**24), short * 2.0**24)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_normal_numbers_are_normal_and_uniform_ones_uniform(dtype):
    index = np.arange(200_000)
    # fixed seeds: the p-values are constants, small ones would mean a wrong distribution
    assert stats.kstest(normal(1, 2, 3, index, dtype=dtype), "norm").pvalue > 0.01
    assert stats.kstest(uniform(1, 2, 3, index, dtype=dtype), "uniform").pvalue > 0.01


def test_neighbours_in_every_part_of_the_key_are_uncorrelated():
    index, base = np.arange(50_000), (1, 2, 3)
    reference = normal(*base, index)
    others = [
        normal(2, 2, 3, index),
        normal(1, 3, 3, index),
        normal(1, 2, 4, index),
        normal(1, 2, 3, index, 1),
    ]
    others.append(normal(*base, index + 1))
    for other in others:
        # five standard errors
        assert abs(np.corrcoef(reference, other)[0, 1]) < 5 / np.sqrt(index.size)


@pytest.mark.parametrize("mean", [0.0, 0.3, 2.0, 12.0, 60.0, 1000.0])
def test_poisson_counts_are_poisson_and_the_same_compiled(mean):
    w = words(1, 2, 3, np.arange(64 * 1000))
    counts = poisson(w, mean)
    out = np.empty(w.size, np.int64)
    poissons(w, poisson_thresholds(mean), out)
    np.testing.assert_array_equal(out, counts)
    edges = np.unique(stats.poisson.ppf(np.linspace(0.02, 0.98, 20), mean)) if mean else np.array([0.0])
    observed = np.bincount(np.searchsorted(edges, counts), minlength=edges.size + 1)
    expected = np.diff(np.concatenate([[0.0], stats.poisson.cdf(edges, mean), [1.0]])) * w.size
    used = expected > 0
    assert observed[~used].sum() == 0
    if used.sum() > 1:
        assert stats.chisquare(observed[used], expected[used]).pvalue > 0.01


def test_poisson_thresholds_invert_the_exact_distribution():
    for mean in (0.5, 12.0, 900.0):
        thresholds = poisson_thresholds(mean)
        exact = stats.poisson.cdf(np.arange(thresholds.size), mean) * 2.0**32
        # gammaln and the running sum cost a few 1e-13 of the whole, 0.01 of a threshold's unit
        assert np.all(np.abs(thresholds - np.floor(exact)) <= 1)


def test_bad_means_and_draws_are_refused():
    with pytest.raises(DescriptionError, match="mean"):
        poisson_thresholds(-1.0)
    with pytest.raises(DescriptionError, match="draw"):
        normal(1, 2, 3, np.arange(2), draw=0x4000)
    with pytest.raises(DescriptionError, match="seed"):
        words(-1, 2, 3, np.arange(2))


def test_stream_numbers_never_change():
    # CRC-32 of the name; a change would change every result
    assert stream_number("123456789") == 0xCBF43926
