"""Rules between ranges of sources and targets."""

import numpy as np
import pytest
from scipy import stats

from neurosim.connectivity import Bernoulli, Distance, FixedInDegree, FixedOutDegree, FixedTotal, Normal, draw, estimate
from neurosim.errors import DescriptionError

SIZE = 120
WITHIN = {"crossing": (range(20, 80), range(50, 120)), "inside": (range(40, 70), range(120)), "turned": (range(60, 120),
          range(10, 90)), "apart": (range(50), range(60, 120))}  # fmt: skip
PLACES = np.random.default_rng(8).uniform(0.0, 1.0, (SIZE, 2))
RULES = [Bernoulli(0.2, self_connections=False), FixedInDegree(12, self_connections=False),
         FixedInDegree(25, self_connections=False, multiple=False), FixedOutDegree(12, self_connections=False),
         FixedOutDegree(40, self_connections=False, multiple=False),
         Distance("step", 5.0, p_max=0.2, self_connections=False)]  # fmt: skip


def drawn(rule, within, seed=1, **more):
    return draw(rule, sources=SIZE, targets=SIZE, same=True, within=within, seed=seed, stream=3,
                source_positions=PLACES, target_positions=PLACES, **more)


@pytest.mark.parametrize("within", WITHIN.values(), ids=WITHIN)
@pytest.mark.parametrize("rule", RULES, ids=repr)
def test_every_allowed_pair_is_as_likely_as_any_other(rule, within):
    seeds, counts = 80, np.zeros((SIZE, SIZE))
    for seed in range(seeds):
        edges = drawn(rule, within, seed=seed)
        np.add.at(counts, tuple(edges.pairs().T), 1)
        if isinstance(rule, FixedInDegree):
            assert np.all(np.bincount(edges.target, minlength=SIZE)[within[1]] == rule.degree)
        if isinstance(rule, FixedOutDegree):
            assert np.all(np.diff(edges.first)[within[0]] == rule.degree)
    allowed = np.zeros((SIZE, SIZE), bool)
    allowed[np.ix_(within[0], within[1])] = True
    np.fill_diagonal(allowed, False)
    assert np.all(counts[~allowed] == 0)
    # what each pair can expect, given how many partners its row or column chooses among
    if isinstance(rule, FixedInDegree):
        p = rule.degree / np.maximum(allowed.sum(axis=0), 1) * allowed
    elif isinstance(rule, FixedOutDegree):
        p = rule.degree / np.maximum(allowed.sum(axis=1, keepdims=True), 1) * allowed
    else:
        p = 0.2 * allowed
    spread = p * (1.0 if getattr(rule, "multiple", False) else 1.0 - p)
    deviation = (counts - seeds * p)[allowed] / np.sqrt(seeds * spread[allowed])
    assert np.abs(deviation).max() < 6.0
    # five standard deviations of a chi-square of as many degrees of freedom
    assert abs(np.mean(deviation**2) - 1.0) < 5.0 * np.sqrt(2.0 / deviation.size) + 0.03


@pytest.mark.parametrize("rule", [*RULES, FixedTotal(900)], ids=repr)
def test_threads_do_not_change_a_bit_of_a_range(rule):
    one, three = (drawn(rule, WITHIN["crossing"], delay=Normal(9.0, 3.0), threads=threads) for threads in (1, 3))
    for name in ("first", "target", "delay"):
        np.testing.assert_array_equal(getattr(one, name), getattr(three, name))


def test_a_rule_is_foreseen_within_its_ranges():
    rule = Bernoulli(0.2, self_connections=False)
    expected = estimate(rule, sources=SIZE, targets=SIZE, same=True, within=WITHIN["crossing"])[0]
    assert expected == round(0.2 * (60 * 70 - 30))
    counts = [drawn(rule, WITHIN["crossing"], seed=seed).count for seed in range(50)]
    assert abs(np.mean(counts) - expected) < 5 * stats.binom.std(60 * 70 - 30, 0.2) / np.sqrt(50)


def test_targets_are_kept_in_a_type_that_holds_the_last_of_all():
    last = range(2), range(69_990, 70_000)
    edges = draw(FixedOutDegree(3), sources=10, targets=70_000, seed=0, stream=0, within=last)
    assert edges.target.min() >= 69_990 and edges.first.tolist() == [0, 3, 6, *[6] * 8]


@pytest.mark.parametrize("within", [(range(0), range(5)), (range(5), range(130)), (range(0, 10, 2), range(5))])
def test_ranges_that_there_are_not_are_refused(within):
    with pytest.raises(DescriptionError, match="within must be ranges of neighbouring"):
        drawn(Bernoulli(0.1), within)
