"""Which paths of gradients local learning cuts."""

import pytest

from neurosim import LIF, Network, Poisson
from neurosim.connectivity import AllToAll, Bernoulli
from neurosim.errors import DescriptionError
from neurosim.gradients import Along, Product, unrolled
from neurosim.training import cut


def scan():
    """Two layers; the first excites itself, and the second comes back to it by way of a third."""
    net = Network({"source": Poisson(3, 10.0), **{name: LIF(4) for name in ("first", "second", "third", "out")}})
    joins = {"source_to_first": AllToAll(), "first_to_first": Bernoulli(0.5), "first_to_second": AllToAll(),
             "second_to_third": AllToAll(), "third_to_first": AllToAll(), "second_to_out": Bernoulli(0.9)}
    for name, rule in joins.items():
        before, _, after = name.partition("_to_")
        net.connect(before, after, rule, on_pre="v += w", w="rand()*mV", name=name)
    return unrolled(net.build(dt=1.0), inputs=["source.spikes"], outputs=["out.v"]).scan


def cut_joins(found):
    return {op.weight.removesuffix(".w") for op in found.work if isinstance(op, Product | Along) and op.cut}


def test_recurrent_joins_are_those_through_which_a_neuron_reaches_itself():
    loops = {"first_to_first", "first_to_second", "second_to_third", "third_to_first"}
    assert cut_joins(cut(scan(), "recurrent")) == loops
    assert cut_joins(cut(scan(), "all")) == loops | {"source_to_first", "second_to_out"}
    assert cut_joins(scan()) == set()


def test_a_cut_changes_nothing_but_where_gradients_end():
    whole = scan()
    found = cut(whole, "all")
    assert [type(op) for op in found.work] == [type(op) for op in whole.work]
    assert (found.values, found.carries, found.outputs) == (whole.values, whole.carries, whole.outputs)


def test_another_word_is_refused():
    with pytest.raises(DescriptionError, match="joins must be 'recurrent' or 'all', got 'none'"):
        cut(scan(), "none")
