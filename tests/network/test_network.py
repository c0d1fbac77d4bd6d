"""Networks: names, joins, what is refused, and how they are written down."""

import numpy as np
import pytest

from neurosim import LIF, Network, Neurons, Poisson, SpikeGenerator, TimedArray
from neurosim.connectivity import AllToAll, Bernoulli, Distance, FixedInDegree, FromArrays, FromMatrix, Normal, OneToOne
from neurosim.errors import DescriptionError, EquationError, MemoryForeseenError, NetworkError, UnitError
from neurosim.kernels import philox
from neurosim.kernels.philox import stream_number
from neurosim.program import Diffuse, MapEdges, Propagate

CELL = "dv/dt = (E - v + I) / tau : mV\nI : mV"


def cells(size=4, **more):
    return Neurons(size, CELL, threshold="v > -50", reset="v = -60", E=-60.0, tau=10.0, **more)


@pytest.fixture
def net():
    return Network({"exc": cells(), "inh": cells(2), "noise": Poisson(4, 10.0)})


def rich():
    net = Network(
        {"exc": cells(positions=[[0.0], [1.0], [2.0], [3.0]]), "input": SpikeGenerator(4, [0], [1.0])}
    )
    net.add("driven", Neurons(2, CELL, E=0.0, tau=[1.0, 2.0], I=TimedArray([1.0, 2.0], dt=1.0)))
    net.connect("input", "exc", OneToOne(), on_pre="v += w", w=Normal(1.0, 0.2, low=0.0), delay=0.5)
    net.connect("exc", "exc", Distance("gaussian", 1.0, p_max=0.5), on_pre="v += w", w="0.5 + rand()")
    net.connect(
        "exc",
        "driven",
        FromArrays([0, 1, 1], [1, 0, 1]),
        on_pre="v += w",
        w=np.array([1.0, 2.0, 3.0]),
        delay=np.array([0.1, 0.2, 0.3]),
    )
    net.connect("exc", "exc", AllToAll(), couple="I = g*(v_pre - v_post)", g=0.1, name="gap")
    net.drive("exc", "v += w", rate=10.0, count=5, w=0.3)
    return net


def test_a_join_is_named_after_its_parts_and_numbered_when_taken(net):
    assert net.connect("exc", "inh", AllToAll(), on_pre="v += 1*mV") == "exc_to_inh"
    assert net.connect("exc", "inh", AllToAll(), on_pre="v += 1*mV") == "exc_to_inh_2"
    assert net.connect("exc", ["exc", "inh"], AllToAll(), on_pre="I += 1*mV") == [
        "exc_to_exc",
        "exc_to_inh_3",
    ]
    assert list(net.joins) == ["exc_to_inh", "exc_to_inh_2", "exc_to_exc", "exc_to_inh_3"]


@pytest.mark.parametrize("name", ["", "2nd", "a b", "class", "_x", "a.b", None])
def test_a_name_that_is_no_identifier_is_refused(name):
    with pytest.raises(NetworkError):
        Network().add(name, cells())


def test_a_taken_name_is_refused(net):
    with pytest.raises(NetworkError, match="'exc' is taken"):
        net.add("exc", cells())


def test_a_thing_that_is_no_part_is_refused():
    with pytest.raises(NetworkError, match="must be a family"):
        Network({"exc": "LIF"})


def test_an_unknown_target_is_refused_with_the_nearest_name_and_nothing_is_joined(net):
    with pytest.raises(NetworkError, match="no part 'inhh'; did you mean 'inh'"):
        net.connect("exc", ["exc", "inhh"], AllToAll(), on_pre="v += 1*mV")
    assert not net.joins


@pytest.mark.parametrize(("arguments", "error", "message"), [
    ({"on_pre": "u += 1"}, EquationError, "'u'"),
    ({"on_pre": "v += w"}, EquationError, "needs a value for: w"),
    ({"on_pre": "v += w", "w": 1.0, "ww": 1.0}, NetworkError, "no parameter 'ww'; did you mean 'w'"),
    ({"on_pre": "v += 5*ms"}, UnitError, "ms"),
    ({"on_pre": "v = 1*mV"}, EquationError, "only be added to"),
    ({"on_pre": "v_pre += 1*mV"}, EquationError, "change the source"),
    ({"on_pre": "E += 1*mV"}, EquationError, "constant"),
    ({"on_pre": "v += w", "w": np.nan}, NetworkError, "must be finite"),
    ({"on_pre": "v += w", "w": 1.0, "delay": -1.0}, NetworkError, "delay must be > 0"),
    ({"on_pre": "v += w", "w": 1.0, "delay": 0.0}, NetworkError, "delay must be > 0"),
    ({}, NetworkError, "does nothing"),
])  # fmt: skip
def test_a_join_that_cannot_work_is_refused_when_it_is_made(net, arguments, error, message):
    with pytest.raises(error, match=message):
        net.connect("exc", "inh", AllToAll(), **arguments)
    assert not net.joins


def test_spikes_are_needed_for_what_spikes_do(net):
    net.add("passive", Neurons(3, "v : mV"))
    with pytest.raises(NetworkError, match="on_pre needs spikes of 'passive'"):
        net.connect("passive", "exc", AllToAll(), on_pre="v += 1*mV")


def test_a_rule_must_be_a_rule(net):
    with pytest.raises(NetworkError, match="Bernoulli"):
        net.connect("exc", "inh", 0.1, on_pre="v += 1*mV")


@pytest.mark.parametrize(("rule", "message"), [
    (OneToOne(), "OneToOne needs as many sources as targets, got 4 and 3"),
    (FromArrays([0, 4], [0, 0]), r"FromArrays.source\[1\] must be in \[0, 4\), got 4"),
    (FixedInDegree(5, multiple=False), "FixedInDegree.degree must be <= 4"),
])  # fmt: skip
def test_a_rule_that_does_not_fit_its_parts_is_refused_when_it_is_given(net, rule, message):
    net.add("three", Neurons(3, "v : mV"))
    with pytest.raises(NetworkError, match="exc_to_three.*" + message):
        net.connect("exc", "three", rule, on_pre="v += 1*mV")
    assert not net.joins


def test_a_delay_below_one_step_is_refused_with_join_delay_and_step(net):
    net.connect("exc", "inh", AllToAll(), on_pre="v += 1*mV", delay=0.05)
    with pytest.raises(NetworkError, match=r"exc_to_inh.*dt = 0.1 ms, got 0.05 ms"):
        net.build(dt=0.1)
    assert net.build(dt=0.05).edges["exc_to_inh"].delays.tolist() == [1]


def test_a_delay_is_rounded_to_whole_steps(net):
    net.connect("exc", "inh", AllToAll(), on_pre="v += 1*mV", delay=1.26)
    program = net.build(dt=0.1)
    assert program.edges["exc_to_inh"].delays.tolist() == [13]
    assert program.lists["exc.spikes"].history == 14


def test_a_nan_weight_in_an_array_is_refused(net):
    with pytest.raises(NetworkError, match="must be finite"):
        net.connect("exc", "exc", OneToOne(), on_pre="v += w", w=np.array([1.0, np.nan, 1.0, 1.0]))


def test_an_array_of_weights_of_the_wrong_length_is_refused(net):
    net.connect("exc", "exc", OneToOne(), on_pre="v += w", w=np.ones(3))
    with pytest.raises(DescriptionError, match="exc_to_exc.w"):
        net.build(dt=0.1)


def test_plain_statements_become_propagations_and_others_one_loop_over_edges(net):
    net.connect("exc", "inh", AllToAll(), on_pre="v += w; I += 2*w", w=0.1)
    net.connect("exc", "exc", AllToAll(), model="x : 1", on_pre="v += x*mV; x += 1")
    net.connect("inh", "exc", AllToAll(), couple="I = g*(v_pre - v_post)", g=0.1)
    kinds = [
        type(op) for op in net.build(dt=0.1).operations if isinstance(op, Propagate | MapEdges | Diffuse)
    ]
    assert kinds == [Propagate, Propagate, MapEdges, Diffuse]


def test_a_constant_weight_is_one_number_and_a_drawn_one_an_array(net):
    net.connect("exc", "inh", AllToAll(), on_pre="v += w", w=0.1)
    net.connect("exc", "exc", AllToAll(), on_pre="v += w", w=Normal(1.0, 0.1))
    buffers = net.build(dt=0.1).buffers
    assert buffers["exc_to_inh.w"].space is None and buffers["exc_to_inh.w"].initial == 0.1
    assert buffers["exc_to_exc.w"].initial.shape == (16,)


def test_edges_do_not_depend_on_what_else_is_in_the_network():
    small, large = Network({"a": cells(50)}), Network({"b": cells(9), "a": cells(50)})
    large.connect("b", "a", AllToAll(), on_pre="v += 1*mV")
    for net in (small, large):
        net.connect("a", "a", Bernoulli(0.2), on_pre="v += w", w=Normal(1.0, 0.1))
    first, second = (net.build(dt=0.1, seed=5) for net in (small, large))
    assert np.array_equal(first.edges["a_to_a"].edges.target, second.edges["a_to_a"].edges.target)
    assert np.array_equal(first.buffers["a_to_a.w"].initial, second.buffers["a_to_a.w"].initial)


@pytest.mark.parametrize(("on_event", "values", "message"), [
    ("v = w", {"w": 1.0}, "must add"), ("u += w", {"w": 1.0}, "'u'"), ("v += w", {}, "needs a value for: w"),
    ("v += w", {"w": 1.0, "x": 2.0}, "does not use 'x'"), ("E += w", {"w": 1.0}, "constant"),
])  # fmt: skip
def test_a_drive_that_cannot_work_is_refused(net, on_event, values, message):
    with pytest.raises(DescriptionError, match=message):
        net.drive("exc", on_event, rate=5.0, **values)


def test_an_empty_network_is_not_built():
    with pytest.raises(NetworkError, match="no parts"):
        Network().build(dt=0.1)


@pytest.mark.parametrize("dt", [0.0, -0.1, np.nan, np.inf])
def test_a_wrong_time_step_is_refused(net, dt):
    with pytest.raises(DescriptionError, match="dt must be > 0"):
        net.build(dt=dt)


def test_a_network_that_does_not_fit_says_so_before_it_is_drawn():
    net = Network({"a": LIF(20_000)})
    net.connect("a", "a", AllToAll(), on_pre="v += w", w=0.1)
    with pytest.raises(MemoryForeseenError, match=r"of which a_to_a takes \d.*only 1 MB are allowed"):
        net.build(dt=0.1, max_memory=1_000_000)


def test_a_network_makes_the_round_trip_through_yaml():
    net = rich()
    again = Network.from_yaml(net.to_yaml())
    assert again == net
    assert again.build(dt=0.1, seed=2).describe() == net.build(dt=0.1, seed=2).describe()
    assert repr(again) == repr(net)


def test_a_sparse_matrix_makes_the_round_trip():
    from scipy.sparse import coo_array

    net = Network({"a": LIF(2)})
    rule = FromMatrix(coo_array(([1.5, 2.5], ([0, 1], [1, 0])), shape=(2, 2)))
    net.connect("a", "a", rule, on_pre="v += w", w=rule.weight)
    again = Network.from_yaml(net.to_yaml())
    assert again == net
    assert again.build(dt=0.1).buffers["a_to_a.w"].initial.tolist() == [1.5, 2.5]


@pytest.mark.parametrize("text", ["3", "parts: {a: {family: LIFF, size: 3}}", "parts: {}\nedges: []", "a: [",
                                  "parts: {a: {family: LIF, size: 3, mass: 2}}"])  # fmt: skip
def test_a_file_that_is_no_network_is_refused(text):
    with pytest.raises(DescriptionError):
        Network.from_yaml(text)


def test_a_network_prints_its_parts_and_joins():
    text = repr(rich())
    for line in (
        "exc: 4 Neurons, exact",
        "input -> exc, OneToOne()",
        "gap: exc -> exc",
        "5 x 10 Hz onto exc",
    ):
        assert line in text
    assert repr(Network()) == "Network (empty)"


def test_a_network_has_tables_for_a_notebook():
    html = rich()._repr_html_()
    assert html.count("<table>") == 3
    assert "Neurons" in html and "$" in html  # equations are typeset
    assert "<script" not in html


def placed() -> Network:
    """Two parts in one plane, whose edges differ in length."""
    first, second = ([[0.0, 0.0], [30.0, 0.0], [90.0, 40.0]], [[0.0, 40.0], [30.0, 0.0]])
    return Network({"a": LIF(3, positions=first), "b": LIF(2, positions=second), "c": LIF(2)})


def test_a_weight_may_be_a_text_of_both_ends():
    net, i, j = placed(), np.repeat(np.arange(3.0), 2), np.tile(np.arange(2.0), 3)
    net.connect("a", "b", AllToAll(), on_pre="v += w", name="near", w="0.1*mV*exp(-abs(i - j)/10) + i*N_pre*mV")
    net.connect("a", "b", AllToAll(), on_pre="v += w", name="far", w="distance/um*mV - 0.5*(x_pre - y_post)/um*mV")
    net.connect("a", "b", AllToAll(), on_pre="v += w", name="drawn", w="(j + rand())*mV")
    ring = Distance("step", 60.0, periodic=(100.0, 1000.0))
    net.connect("a", "b", ring, on_pre="v += w", name="ring", w="distance/um*mV")
    buffers = net.build(dt=0.1, seed=4).buffers
    np.testing.assert_allclose(buffers["near.w"].initial, 0.1 * np.exp(-abs(i - j) / 10) + 3 * i)
    length = np.array([40.0, 30.0, 50.0, 0.0, 90.0, np.hypot(60, 40)])
    x, y = np.repeat([0.0, 30.0, 90.0], 2), np.tile([40.0, 0.0], 3)
    np.testing.assert_allclose(buffers["far.w"].initial, length - 0.5 * (x - y))
    uniform = philox.uniform(4, stream_number("drawn.w"), 0, np.arange(6))
    np.testing.assert_allclose(buffers["drawn.w"].initial, j + uniform)
    np.testing.assert_allclose(buffers["ring.w"].initial, [40, 30, 50, 0, 10, np.hypot(40, 40)], atol=1e-12)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("k*mV", "join 'x', w: unknown name 'k' in 'k.mV'.*; a value may draw and name: N_post, N_pre, distance, i"),
        ("t/ms*mV", "join 'x', w: unknown name 't' in"),
        ("N*mV", "join 'x', w: unknown name 'N' in"),
        ("z_pre/um*mV", "join 'x', w: unknown name 'z_pre' in"),
        ("3*ms*rand()", "join 'x', w: w is in mV, but"),
    ],
)
def test_a_weight_of_something_else_is_refused_when_parts_are_joined(text, message):
    net = placed()
    with pytest.raises((EquationError, UnitError), match=message):
        net.connect("a", "b", AllToAll(), on_pre="v += w", name="x", w=text)
    with pytest.raises(EquationError, match="unknown name 'distance'"):
        net.connect("a", "c", AllToAll(), on_pre="v += w", w="distance/um*mV")
    assert not net.joins


@pytest.mark.parametrize("name", ["i", "N", "lastspike", "not_refractory"])
@pytest.mark.parametrize("where", ["on_pre", "on_post", "couple", "model"])
def test_names_of_a_neuron_alone_are_refused_in_the_texts_of_a_join(net, name, where):
    value = f"int({name})" if name == "not_refractory" else f"{name}/ms" if name == "lastspike" else name
    texts = {"on_pre": "v += w", **{where: f"x = {value}*mV" if where != "couple" else f"I = {value}*mV"}}
    texts["model"] = f"dy/dt = ({value} - y)/(5*ms) : 1\nx : mV" if where == "model" else "x : mV"
    with pytest.raises(EquationError, match=f"join 'exc_to_inh', {where}: {name!r} has no meaning along edges"):
        net.connect("exc", "inh", AllToAll(), w=0.1, **texts)


def test_a_word_of_python_is_no_name():
    with pytest.raises(NetworkError, match="must not be a word of Python, got 'in'"):
        Network({"in": cells()})
    with pytest.raises(EquationError, match="'lambda' is a word of Python and cannot be a name"):
        Neurons(1, "dv/dt = -v/lambda : 1")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"method": "euler"}, "method 'euler' has no meaning without equations that run at every step"),
        ({"model": "dx/dt = -x/(5*ms) : 1", "method": "eulr"}, "no solver 'eulr'; did you mean 'euler'"),
        ({"model": "dx/dt = -x**2/(5*ms) : 1", "method": "exact"}, "exact does not suit these equations"),
        ({"model": "dx/dt = -x**2/(5*ms) : 1 (event-driven)"}, "dx/dt cannot be event-driven"),
        ({"delay": [1.0, 2.0]}, "an array of delays needs edges from arrays or a matrix"),
        ({"model": "p = rand() : 1 (constant over dt)", "on_pre": "v += p*mV"}, "on_pre: 'p' draws random numbers"),
    ],
)
def test_what_cannot_run_is_told_when_parts_are_joined(net, changes, message):
    with pytest.raises(DescriptionError, match=message):
        net.connect("exc", "inh", AllToAll(), **{"on_pre": "v += 1*mV", **changes})
    assert not net.joins


def test_a_number_drawn_for_the_equations_is_not_drawn_again_elsewhere():
    text = "p = rand() : 1 (constant over dt)\nq = 2*p : 1\nx : 1\ndv/dt = (p - p)/ms : 1"
    assert Neurons(2, text, threshold="v > 1").size == 2
    for wrong in ({"threshold": "p > 0.5"}, {"threshold": "v > 1", "reset": "v = 0; x = q"}):
        with pytest.raises(EquationError, match="draws random numbers for the equations alone"):
            Neurons(2, text, **wrong)


@pytest.mark.parametrize("first", ["couple", "table"])
def test_what_is_set_at_every_step_takes_no_additions(first):
    table = {"I": TimedArray([1.0, 2.0], dt=1.0)} if first == "table" else {}
    net = Network({"exc": cells(), "inh": cells(2, **table)})
    if first == "couple":
        net.connect("exc", "inh", AllToAll(), couple="I = v_pre", name="sum")
    setter = "a TimedArray" if first == "table" else "couple of join 'sum'"
    for add in (
        lambda: net.connect("exc", "inh", AllToAll(), on_pre="I += 1*mV"),
        lambda: net.connect("exc", "inh", AllToAll(), on_post="I += 1*mV"),
        lambda: net.drive("inh", "I += 1*mV", rate=5.0),
    ):
        with pytest.raises(NetworkError, match=f"adds to 'I' of 'inh', which {setter} sets at every step"):
            add()
    assert len(net.joins) == (first == "couple") and not net.drives
    net.connect("exc", "inh", AllToAll(), on_pre="v += 1*mV")


def test_a_coupling_onto_a_table_is_refused():
    net = Network({"exc": cells(), "inh": cells(2, I=TimedArray([1.0, 2.0], dt=1.0))})
    with pytest.raises(NetworkError, match="which a TimedArray sets at every step"):
        net.connect("exc", "inh", AllToAll(), couple="I = v_pre")


@pytest.mark.parametrize(
    ("delay", "rule", "message"),
    [
        ("1*mV", AllToAll(), "delay is in ms"),
        ("dist/(1*um/ms)", AllToAll(), "unknown name 'dist'"),
        ("1*ms", FromArrays([0], [1], delay=[3]), "given twice"),
    ],
)
def test_a_delay_that_is_a_wrong_text_is_refused_at_once(net, delay, rule, message):
    with pytest.raises(DescriptionError, match=message):
        net.connect("exc", "inh", rule, on_pre="v += 1*mV", delay=delay)


@pytest.mark.parametrize(("delay", "message"), [("i*ms", "at least one step"), ("log(i - 5)*ms", "must be finite")])
def test_a_delay_that_a_text_makes_too_short_is_refused_before_a_run(net, delay, message):
    net.connect("exc", "inh", AllToAll(), on_pre="v += 1*mV", delay=delay)
    with pytest.raises(NetworkError, match=message):
        net.build(dt=0.1)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda net: Network([LIF(3)]), "parts must be a dict"),
        (lambda net: net.connect("exc", LIF(3), AllToAll()), "target must be the name of a part"),
        (lambda net: net.connect("exc", "inh", AllToAll(), onpre="v += 1*mV"), "did you mean 'on_pre'"),
        (lambda net: net.connect("exc", "inh", AllToAll(), on_pre="v += w", w=1.0, dealy=1), "did you mean 'delay'"),
        (lambda net: net.connect("exc", "inh", AllToAll(), on_pre="v += w", ww=1.0), "did you mean 'ww'"),
        (lambda net: net.connect("exc", "inh", AllToAll(), on_pre="v += w", w=1.0, plasticity="stdp"), "got 'stdp'"),
        (lambda net: net.connect("exc", "inh", Distance("gaussian", 1.0), on_pre="v += 1*mV"), "positions"),
    ],
)
def test_what_is_misspelt_or_misplaced_is_told_when_joined(net, wrong, message):
    with pytest.raises(NetworkError if "ww" not in message else EquationError, match=message):
        wrong(net)
    assert not net.joins
