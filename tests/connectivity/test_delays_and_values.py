"""Delays and values of edges against their distributions."""

import numpy as np
import pytest
from scipy import stats

from neurosim.connectivity import (
    Constant,
    Exponential,
    FixedOutDegree,
    FixedTotal,
    LogNormal,
    Normal,
    OneToOne,
    Rounded,
    Uniform,
    draw,
    values,
)
from neurosim.errors import DescriptionError


def drawn(count=100_000, delay=1):
    return draw(FixedTotal(count), sources=1000, targets=1000, seed=3, stream=4, delay=delay, threads=1)


@pytest.mark.parametrize(
    "delay",
    [
        Normal(15.0, 7.5, low=1.0),
        Normal(3.0, 2.0, low=1.0, high=6.2),
        Uniform(1.0, 20.0),
        Exponential(30.0),
        LogNormal(2.0, 0.5, high=25.0),
    ],
    ids=repr,
)
def test_drawn_delays_have_the_truncated_and_rounded_distribution(delay):
    edges = drawn(delay=delay)
    low = max(1.0, delay.low or 1.0)
    high = np.inf if delay.high is None else delay.high
    steps = np.arange(1, int(edges.delay.max()) + 1)
    below, above = delay.cdf(np.array([low, high]))
    upper = (delay.cdf(np.minimum(steps + 0.5, high)) - below) / (above - below)
    expected = np.diff(np.concatenate([[0.0], upper])) * edges.count
    expected[-1] += (1.0 - upper[-1]) * edges.count
    observed = np.bincount(edges.delay, minlength=steps.size + 1)[1:]
    often = expected > 5
    chi = ((observed[often] - expected[often]) ** 2 / expected[often]).sum()
    assert stats.chi2.sf(chi, often.sum() - 1) > 1e-3
    assert edges.delay.dtype == np.uint8 if steps.size < 200 else edges.delay.dtype == np.uint16


def test_a_delay_without_spread_is_one_number():
    for delay in (7, Constant(7.0), Normal(7.0, 0.0), Normal(7.0, 0.01), 7.2):
        assert drawn(100, delay).delay == 7


def test_few_edges_with_many_possible_delays_are_sorted_too():
    edges = draw(FixedOutDegree(3), sources=500, targets=500, seed=1, stream=1, delay=Uniform(1.0, 60_000.0))
    assert edges.delay.dtype == np.uint16
    for row in range(500):
        assert (np.diff(edges.delay[edges.row(row)].astype(int)) >= 0).all()


@pytest.mark.parametrize(
    ("given", "exact"),
    [
        (Normal(2.0, 3.0), stats.norm(2.0, 3.0)),
        (Normal(2.0, 3.0, low=1.0, high=7.0), stats.truncnorm(-1 / 3, 5 / 3, 2.0, 3.0)),
        (Normal(0.0, 1.0, low=4.0), stats.truncnorm(4.0, np.inf)),
        (Normal(0.0, 1.0, low=-9.0, high=-5.0), stats.truncnorm(-9.0, -5.0)),
        (LogNormal(0.5, 0.4), stats.lognorm(0.4, scale=np.exp(0.5))),
        (Uniform(-1.0, 3.0), stats.uniform(-1.0, 4.0)),
        (Exponential(2.5), stats.expon(0.0, 2.5)),
        (Exponential(2.5, low=1.0, high=4.0), stats.truncexpon(1.2, 1.0, 2.5)),
    ],
    ids=lambda one: repr(one) if isinstance(one, Normal | LogNormal | Uniform | Exponential) else "",
)
def test_drawn_values_have_their_distribution(given, exact):
    numbers = values(given, drawn(), seed=1, stream=2)
    assert stats.kstest(numbers, exact.cdf).pvalue > 1e-3
    low = -np.inf if given.low is None else given.low
    high = np.inf if given.high is None else given.high
    assert low <= numbers.min() and numbers.max() <= high


@pytest.mark.parametrize(
    "given",
    [Normal(0.0, 1.0, low=0.0), Normal(0.0, 1.0, low=4.0), LogNormal(0.0, 1.0), Uniform(0.0, 1.0), Exponential(1.0)],
)
def test_values_do_not_depend_on_threads_or_blocks_and_float32_is_rounded_float64(given, monkeypatch):
    edges = drawn(30_001)
    first = values(given, edges, seed=1, stream=2, threads=1)
    for threads, block in ((2, 1 << 16), (3, 640), (1, 64)):
        monkeypatch.setattr("neurosim.connectivity.edge_values.BLOCK", block)
        assert np.array_equal(first, values(given, edges, seed=1, stream=2, threads=threads))
    assert np.array_equal(first.astype(np.float32), values(given, edges, seed=1, stream=2, dtype=np.float32))
    assert not np.array_equal(first, values(given, edges, seed=1, stream=3))


def test_numbers_constants_and_arrays_are_taken_as_they_are():
    edges = draw(OneToOne(), sources=3, targets=3, seed=0, stream=0)
    assert values(2, edges, seed=0, stream=0) == 2.0
    assert values(Constant(2.5), edges, seed=0, stream=0) == 2.5
    assert values(Normal(2.5, 0.0), edges, seed=0, stream=0) == 2.5
    array = values([1, 2, 3], edges, seed=0, stream=0, dtype=np.float32)
    assert array.dtype == np.float32 and array.tolist() == [1.0, 2.0, 3.0]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([1.0, np.nan, 2.0], r"\[1\] of the edges must be finite, got .*nan"),
        ([1.0, 2.0], r"3, one for each edge, got shape \(2,\)"),
        ("heavy", "must be numbers"),
        (float("nan"), "one for each edge"),
    ],
)
def test_wrong_values_are_refused(given, message):
    edges = draw(OneToOne(), sources=3, targets=3, seed=0, stream=0)
    with pytest.raises(DescriptionError, match=message):
        values(given, edges, seed=0, stream=0)


@pytest.mark.parametrize(
    ("delay", "message"),
    [
        (0, "from 1 to"),
        (-3, "from 1 to"),
        (np.nan, "delay must be a number"),
        ("long", "delay must be a number"),
        (Normal(5.0, 1.0, low=0.2), "at least one step"),
        (Normal(-20.0, 1.0), "no delays of at least one step"),
        (Exponential(1e6), "at most 1000000 steps"),
        ([1, 2, 3], "delay must be a number"),
    ],
)
def test_wrong_delays_are_refused(delay, message):
    with pytest.raises(DescriptionError, match=message):
        drawn(100, delay)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Normal(0.0, -1.0), "Normal.sd must be >= 0"),
        (lambda: Normal(np.nan, 1.0), "Normal.mean must be a finite number, got nan"),
        (lambda: Normal(0.0, 1.0, low=2.0, high=1.0), "Normal.low must be < high"),
        (lambda: Normal(0.0, 1.0, low=50.0), "no numbers between"),
        (lambda: LogNormal(0.0, 0.0), "LogNormal.sigma must be > 0"),
        (lambda: Uniform(1.0, 1.0), "Uniform.low must be < high"),
        (lambda: Exponential(0.0), "Exponential.mean must be > 0"),
        (lambda: Constant(np.inf), "Constant.value must be a finite number"),
    ],
)
def test_wrong_distributions_are_refused(make, message):
    with pytest.raises(DescriptionError, match=message):
        make()


def test_a_scaled_distribution_is_that_of_the_scaled_number():
    x = np.array([0.3, 1.0, 2.5])
    for given in (
        Normal(1.0, 2.0, low=0.1),
        LogNormal(0.5, 0.4),
        Uniform(0.0, 3.0),
        Exponential(2.0, high=9.0),
    ):
        scaled = given.scaled(10.0)
        np.testing.assert_allclose(scaled.cdf(10.0 * x), given.cdf(x), rtol=1e-14)
        assert (scaled.low, scaled.high) == tuple(
            None if b is None else 10.0 * b for b in (given.low, given.high)
        )
    assert Constant(2.0).scaled(3.0) == Constant(6.0)


def test_rounded_numbers_are_multiples_of_a_power_of_two_next_to_those_drawn():
    given = Normal(1.0, 0.3)
    exact, found = (values(g, drawn(), seed=1, stream=2) for g in (given, Rounded(given, 0.1)))
    assert Rounded(given, 0.1).power == 0.0625
    assert np.array_equal(found / 0.0625, np.rint(exact / 0.0625))
    short = values(Rounded(given, 0.1), drawn(), seed=1, stream=2, dtype=np.float32)
    assert np.mean(short == found) > 0.999  # a number halfway between two may fall on either side
    assert values(Rounded(Normal(1.0, 0.0), 0.75), drawn(), seed=1, stream=2) == 1.0
    assert Rounded(given, 0.1).scaled(4.0) == Rounded(Normal(4.0, 1.2), 0.4)


@pytest.mark.parametrize(("given", "step", "message"), [(3.0, 0.1, "Rounded.given must be one of"),
                                                       (Normal(1.0, 0.1), 0.0, "Rounded.step must be > 0")])
def test_what_cannot_be_rounded_is_refused(given, step, message):
    with pytest.raises(DescriptionError, match=message):
        Rounded(given, step)
