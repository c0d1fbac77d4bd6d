"""Every rule against its exact distribution, on any number of threads."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from neurosim.connectivity import (
    AllToAll,
    Bernoulli,
    Distance,
    FixedInDegree,
    FixedOutDegree,
    FixedTotal,
    Normal,
    OneToOne,
    draw,
)

GRID = np.random.default_rng(5).uniform(0.0, 1.0, (300, 2))
RULES = [
    AllToAll(self_connections=False),
    OneToOne(),
    Bernoulli(0.1),
    Bernoulli(0.7, self_connections=False),
    FixedInDegree(20),
    FixedInDegree(200, multiple=False, self_connections=False),
    FixedOutDegree(20),
    FixedOutDegree(20, multiple=False),
    FixedTotal(5000),
    FixedTotal(5000, multiple=False, self_connections=False),
    FixedTotal(80_000, multiple=False),
    Distance("gaussian", 0.1, periodic=(1.0, 1.0)),
]


def edges_of(rule, size=300, seed=1, delay=1, threads=1, **more):
    if isinstance(rule, Distance):
        more = {"source_positions": GRID, "target_positions": GRID} | more
    return draw(
        rule, sources=size, targets=size, same=True, seed=seed, stream=9, delay=delay, threads=threads, **more
    )


def matrix_of(edges):
    """Number of edges of each pair, (sources, targets)."""
    counts = np.zeros((edges.sources, edges.targets), int)
    np.add.at(counts, tuple(edges.pairs().T), 1)
    return counts


def check_canonical(edges):
    assert edges.first[0] == 0 and edges.first[-1] == edges.count and (np.diff(edges.first) >= 0).all()
    assert edges.count == 0 or edges.target.max() < edges.targets
    delay = np.broadcast_to(edges.delay, edges.count)
    order = np.lexsort((edges.target, delay, edges.source))
    assert (np.diff(order) > 0).all()


@pytest.mark.parametrize("delay", [3, Normal(15.0, 7.5, low=1.0)], ids=["constant", "normal"])
@pytest.mark.parametrize("rule", RULES, ids=repr)
def test_threads_and_blocks_do_not_change_a_bit(rule, delay, monkeypatch):
    first = edges_of(rule, delay=delay)
    check_canonical(first)
    for threads, block in ((2, 1 << 16), (3, 500), (1, 77)):
        monkeypatch.setattr("neurosim.connectivity.drawing.BLOCK", block)
        again = edges_of(rule, delay=delay, threads=threads)
        assert np.array_equal(first.first, again.first)
        assert np.array_equal(first.target, again.target)
        assert np.array_equal(first.delay, again.delay)


@pytest.mark.parametrize(
    "rule", [rule for rule in RULES if not isinstance(rule, AllToAll | OneToOne)], ids=repr
)
def test_another_seed_draws_other_edges(rule):
    first, second = edges_of(rule), edges_of(rule, seed=2)
    assert first.count != second.count or not np.array_equal(first.target, second.target)


def test_all_to_all_has_every_pair_once_and_leaves_out_the_diagonal_if_asked():
    assert (matrix_of(edges_of(AllToAll())) == 1).all()
    assert np.array_equal(matrix_of(edges_of(AllToAll(self_connections=False))), 1 - np.eye(300, dtype=int))


def test_self_connections_are_left_out_only_within_one_population():
    drawn = draw(AllToAll(self_connections=False), sources=3, targets=3, same=False, seed=0, stream=0)
    assert drawn.count == 9


def test_one_to_one_is_the_diagonal():
    assert np.array_equal(matrix_of(edges_of(OneToOne())), np.eye(300, dtype=int))


@pytest.mark.parametrize("p", [0.0, 1e-4, 0.05, 0.5, 0.97, 1.0])
def test_bernoulli_edges_are_as_many_as_binomial_and_spread_evenly(p):
    counts = sum(matrix_of(edges_of(Bernoulli(p), seed=seed)) for seed in range(20))
    pairs = 20 * counts.size
    total = counts.sum()
    assert stats.binom.ppf(1e-4, pairs, p) <= total <= stats.binom.ppf(1 - 1e-4, pairs, p)
    if 0 < p < 1:
        for margin in (counts.sum(axis=0), counts.sum(axis=1)):
            # variance of each margin is that of a binomial number
            chi = ((margin - 6000 * p) ** 2 / (6000 * p * (1 - p))).sum()
            assert 1e-4 < stats.chi2.cdf(chi, 300) < 1 - 1e-4


def test_bernoulli_pairs_are_independent_of_their_neighbours():
    counts = np.stack([matrix_of(edges_of(Bernoulli(0.3), seed=seed)) for seed in range(5)])
    for a, b in ((counts[:, :, 1:], counts[:, :, :-1]), (counts[:, 1:], counts[:, :-1])):
        # five standard errors of a correlation
        assert abs(np.corrcoef(a.ravel(), b.ravel())[0, 1]) < 5 / np.sqrt(a.size)


@pytest.mark.parametrize("multiple", [True, False])
@pytest.mark.parametrize("self_connections", [True, False])
def test_degrees_are_exact_and_partners_equally_likely(multiple, self_connections):
    options = {"multiple": multiple, "self_connections": self_connections}
    for rule, axis in ((FixedInDegree(30, **options), 0), (FixedOutDegree(30, **options), 1)):
        counts = np.stack([matrix_of(edges_of(rule, seed=seed)) for seed in range(10)])
        assert (counts.sum(axis=1 + axis) == 30).all()
        assert multiple or counts.max() == 1
        assert self_connections or np.trace(counts.sum(axis=0)) == 0
        partners = counts.sum(axis=(0, 2 - axis))
        # 10 times 300 draws of 30 each: binomial with mean 300; without replacement 0.9 of the variance
        spread = partners.var() / (300 * (1.0 if multiple else 0.9))
        assert stats.chi2.ppf(1e-4, 299) / 299 < spread < stats.chi2.ppf(1 - 1e-4, 299) / 299


@pytest.mark.parametrize("degree", [100, 170, 299, 300])
def test_many_partners_without_multiples_are_equally_likely_too(degree):
    counts = sum(matrix_of(edges_of(FixedOutDegree(degree, multiple=False), seed=seed)) for seed in range(30))
    assert (counts.sum(axis=1) == 30 * degree).all()
    p = degree / 300
    bound = 5 * np.sqrt(9000 * p * (1 - p))
    assert np.abs(counts.sum(axis=0) - 9000 * p).max() <= bound


def test_row_lengths_of_a_fixed_total_are_multinomial():
    lengths = np.stack([np.diff(edges_of(FixedTotal(9000), seed=seed).first) for seed in range(20)])
    assert (lengths.sum(axis=1) == 9000).all()
    chi = ((lengths - 30) ** 2 / 30).sum()
    assert 1e-4 < stats.chi2.cdf(chi, 20 * 299) < 1 - 1e-4


@pytest.mark.parametrize("count", [1, 20, 45, 89, 90])
def test_every_set_of_different_pairs_is_equally_likely(count):
    seeds = 400
    counts = sum(
        matrix_of(edges_of(FixedTotal(count, multiple=False, self_connections=False), size=10, seed=seed))
        for seed in range(seeds)
    )
    assert counts.sum() == seeds * count and np.trace(counts) == 0
    p = count / 90
    if p < 1:
        off = counts[~np.eye(10, dtype=bool)]
        # pairs of one draw are negatively correlated, which leaves 89 degrees of freedom
        chi = ((off - seeds * p) ** 2).sum() / (seeds * p * (1 - p)) * 89 / 90
        assert 1e-4 < stats.chi2.cdf(chi, 89) < 1 - 1e-4


def test_two_pairs_of_a_set_are_drawn_together_as_often_as_they_should():
    rows = [np.diff(edges_of(FixedTotal(30, multiple=False), size=10, seed=s).first) for s in range(500)]
    # row lengths of a set of 30 of 100 pairs are hypergeometric
    assert np.var(rows) == pytest.approx(stats.hypergeom(100, 10, 30).var(), rel=0.08)


RULE = st.one_of(
    st.builds(Bernoulli, st.floats(0, 1), self_connections=st.booleans()),
    st.builds(FixedInDegree, st.integers(1, 6), self_connections=st.booleans(), multiple=st.booleans()),
    st.builds(FixedOutDegree, st.integers(1, 6), self_connections=st.booleans(), multiple=st.booleans()),
    st.builds(FixedTotal, st.integers(1, 40), self_connections=st.booleans(), multiple=st.booleans()),
)
DELAY = st.one_of(st.integers(1, 300), st.builds(Normal, st.floats(2, 40), st.floats(0.5, 30), st.just(1.0)))


@settings(max_examples=150, deadline=None)
@given(rule=RULE, size=st.integers(7, 40), seed=st.integers(0, 2**64 - 1), delay=DELAY)
def test_what_a_rule_promises_holds_for_all_sizes(rule, size, seed, delay):
    drawn = edges_of(rule, size=size, seed=seed, delay=delay)
    check_canonical(drawn)
    counts = matrix_of(drawn)
    assert rule.self_connections or np.trace(counts) == 0
    assert getattr(rule, "multiple", False) or counts.max(initial=0) <= 1
    if isinstance(rule, FixedInDegree):
        assert (counts.sum(axis=0) == rule.degree).all()
    if isinstance(rule, FixedOutDegree):
        assert (counts.sum(axis=1) == rule.degree).all()
    if isinstance(rule, FixedTotal):
        assert counts.sum() == rule.count
    assert np.min(drawn.delay, initial=1) >= 1


def test_work_grows_with_the_edges_and_not_with_the_pairs():
    # a hundred million pairs per edge: anything that touches the pairs would take hours
    size = 1_000_000
    for rule in (Bernoulli(1e-8), FixedTotal(10_000), FixedTotal(10_000, multiple=False)):
        drawn = draw(rule, sources=size, targets=size, seed=1, stream=1, threads=1)
        assert 9_000 < drawn.count < 11_000
