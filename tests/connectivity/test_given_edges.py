"""Edges given one by one, memory foreseen, and what is refused."""

import numpy as np
import pytest
from scipy import sparse

from neurosim.connectivity import (
    AllToAll,
    Bernoulli,
    Distance,
    FixedInDegree,
    FixedOutDegree,
    FixedTotal,
    FromArrays,
    FromMatrix,
    OneToOne,
    Uniform,
    draw,
    estimate,
    values,
)
from neurosim.errors import DescriptionError, MemoryForeseenError

SIZES = {"sources": 4, "targets": 5, "seed": 1, "stream": 2}


def test_given_edges_come_in_canonical_order_with_their_values():
    rule = FromArrays([2, 0, 2, 0, 2], [1, 4, 0, 3, 0], delay=[1, 2, 3, 1, 1])
    edges = draw(rule, **SIZES)
    assert edges.pairs().tolist() == [[0, 3], [0, 4], [2, 0], [2, 1], [2, 0]]
    assert edges.delay.tolist() == [1, 2, 1, 1, 3]
    assert edges.first.tolist() == [0, 2, 2, 5, 5]
    assert edges.order.tolist() == [3, 1, 4, 0, 2]
    assert values([10.0, 11.0, 12.0, 13.0, 14.0], edges, seed=0, stream=0).tolist() == [13, 11, 14, 10, 12]
    assert (edges.target.dtype, edges.delay.dtype) == (np.uint8, np.uint8)


def test_edges_given_in_canonical_order_keep_no_permutation():
    edges = draw(FromArrays([0, 1, 1], [2, 0, 0]), **SIZES)
    assert edges.order is None and edges.delay == 1


def test_delays_given_beside_the_rule_are_the_same_as_inside():
    arrays = ([2, 0, 2], [1, 4, 0])
    inside = draw(FromArrays(*arrays, delay=[3, 1, 2]), **SIZES)
    beside = draw(FromArrays(*arrays), delay=[3, 1, 2], **SIZES)
    assert np.array_equal(inside.target, beside.target) and np.array_equal(inside.delay, beside.delay)
    with pytest.raises(DescriptionError, match="twice"):
        draw(FromArrays(*arrays, delay=[3, 1, 2]), delay=2, **SIZES)


def test_drawn_delays_do_not_depend_on_the_order_in_which_edges_are_given():
    rng = np.random.default_rng(0)
    pairs = rng.permutation(20 * 20)[:150]
    shuffled = rng.permutation(pairs)
    sizes = SIZES | {"sources": 20, "targets": 20}
    one, two = (
        draw(FromArrays(p // 20, p % 20), delay=Uniform(1.0, 50.0), **sizes) for p in (pairs, shuffled)
    )
    assert np.array_equal(one.delay, two.delay) and np.array_equal(one.pairs(), two.pairs())
    assert len(set(one.delay.tolist())) > 20


def test_a_sparse_matrix_gives_edges_and_weights():
    dense = np.array([[0.0, 2.0, 0.0], [3.0, 0.0, 4.0]])
    for kind in (sparse.csr_array, sparse.csc_array, sparse.coo_array, sparse.csr_matrix):
        rule = FromMatrix(kind(dense))
        edges = draw(rule, sources=2, targets=3, seed=0, stream=0)
        weights = values(rule.weight, edges, seed=0, stream=0)
        rebuilt = np.zeros((2, 3))
        rebuilt[tuple(edges.pairs().T)] = weights
        assert np.array_equal(rebuilt, dense)


def test_no_edges_are_edges_too():
    for rule in (FromArrays(np.empty(0, int), np.empty(0, int)), Bernoulli(0.0)):
        edges = draw(rule, **SIZES)
        assert edges.count == 0 and edges.first.tolist() == [0] * 5 and edges.largest_delay == 0


def test_descriptions_compare_by_their_arrays():
    assert FromArrays([1], [2]) == FromArrays(np.array([1]), np.array([2]))
    assert FromArrays([1], [2]) != FromArrays([1], [3])
    assert FromArrays([1], [2]) != FromArrays([1], [2], delay=[1])
    assert Bernoulli(0.5) == Bernoulli(0.5)


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (lambda: FromArrays([0, 4], [0, 0]), r"FromArrays.source\[1\] must be in \[0, 4\), got 4"),
        (lambda: FromArrays([0, 1], [0, -1]), r"FromArrays.target\[1\] must be in \[0, 5\), got -1"),
        (lambda: FromArrays([0, 1], [0]), r"FromArrays.target must be as long as source \(2\), got 1"),
        (lambda: FromArrays([0, 0.5], [0, 1]), r"FromArrays.source\[1\] must be a whole number, got .*0.5"),
        (lambda: FromArrays([[0]], [0]), "one-dimensional"),
        (lambda: FromArrays([0], [0], delay=[0]), r"FromArrays.delay\[0\] must be from 1 to"),
        (lambda: FromMatrix(sparse.csr_array((3, 3))), r"must have the shape \(4, 5\), got \(3, 3\)"),
        (lambda: FromMatrix(np.zeros((4, 5))), "must be a SciPy sparse matrix"),
        (lambda: Bernoulli(1.5), r"Bernoulli.p must be in \[0, 1\], got 1.5"),
        (lambda: Bernoulli(0.5, self_connections="no"), "Bernoulli.self_connections must be True or False"),
        (lambda: FixedInDegree(0), "FixedInDegree.degree must be a whole number"),
        (lambda: FixedInDegree(5, multiple=False), r"FixedInDegree.degree must be <= 4 \(sources\)"),
        (lambda: FixedOutDegree(6, multiple=False), r"FixedOutDegree.degree must be <= 5 \(targets\)"),
        (lambda: FixedTotal(21, multiple=False), r"FixedTotal.count must be <= 20 \(pairs\)"),
        (OneToOne, "as many sources as targets, got 4 and 5"),
        (lambda: Distance("gauss", 1.0), "did you mean 'gaussian'"),
        (lambda: Distance("step", 0.0), "Distance.scale must be > 0"),
        (lambda: Distance("step", 1.0, periodic=(0.0,)), "Distance.periodic must be"),
        (lambda: "all", "rule must be one of AllToAll"),
    ],
)
def test_what_cannot_be_drawn_is_refused_by_name(rule, message):
    with pytest.raises(DescriptionError, match=message):
        draw(rule(), **SIZES)


def test_a_lone_neuron_without_self_connections_cannot_have_a_degree():
    with pytest.raises(DescriptionError, match="no targets without self-connections"):
        draw(FixedOutDegree(1, self_connections=False), sources=1, targets=1, same=True, seed=0, stream=0)
    lone = draw(AllToAll(self_connections=False), sources=1, targets=1, same=True, seed=0, stream=0)
    assert lone.count == 0


@pytest.mark.parametrize(
    "change",
    [{"sources": 0}, {"targets": 2.5}, {"seed": -1}, {"stream": 2**32}, {"threads": 0}, {"same": True}],
)
def test_wrong_sizes_and_keys_are_refused(change):
    with pytest.raises(DescriptionError):
        draw(AllToAll(), **(SIZES | change))


def test_what_does_not_fit_is_refused_before_it_is_allocated():
    with pytest.raises(
        MemoryForeseenError, match=r"1,000,000,000,000 edges would need 4(\.\d+)? TB, but only"
    ):
        draw(AllToAll(), sources=1_000_000, targets=1_000_000, seed=0, stream=0)
    with pytest.raises(MemoryForeseenError, match="but only 1 MB are allowed"):
        draw(FixedTotal(10_000_000), sources=1000, targets=1000, seed=0, stream=0, max_memory=1_000_000)


@pytest.mark.parametrize(
    "rule", [AllToAll(), Bernoulli(0.2), FixedInDegree(60), FixedOutDegree(60), FixedTotal(90_000)]
)
def test_the_estimate_covers_what_is_kept(rule):
    sizes = {"sources": 500, "targets": 500}
    expected, needed = estimate(rule, **sizes)
    edges = draw(rule, seed=1, stream=1, **sizes)
    # the spread of a binomial number of 250,000 pairs is 200
    assert abs(edges.count - expected) <= (1000 if isinstance(rule, Bernoulli) else 0)
    assert edges.nbytes <= needed * 1.02
