"""Equations and statements as text."""

import pytest

from neurosim.equations import Equations, unparse
from neurosim.errors import EquationError, UnitError

TEXT = r"""
# a cell with adaptation
dv/dt = (E_L - v    # leak
         + R*I) / tau : volt (unless refractory)   # mV would do as well
dw/dt = -w / \
    tau_w : amp
I = I_0 - w : amp (constant over dt)
I_0 : pA (constant)
on : boolean (shared)
count : integer
da/dt = -a/ms : siemens/(meter**2) (event-driven)
"""


def test_each_kind_of_definition_is_read():
    variables = Equations(TEXT).variables
    assert list(variables) == ["v", "w", "I", "I_0", "on", "count", "a"]
    assert [v.kind[:3] for v in variables.values()] == ["dif", "dif", "sub", "par", "par", "par", "dif"]
    assert [v.line for v in variables.values()] == [3, 5, 7, 8, 9, 10, 11]
    assert [sorted(v.flags) for v in variables.values()] == [
        ["unless refractory"],
        [],
        ["constant over dt"],
        ["constant"],
        ["boolean", "shared"],
        ["integer"],
        ["event-driven"],
    ]
    assert unparse(variables["v"].expression) == "(E_L - v + R * I) / tau"
    assert unparse(variables["w"].expression) == "-w / tau_w"
    assert variables["a"].unit.factor == 1e-3


def test_the_kinds_come_apart_in_order():
    equations = Equations("c = b : 1\nb = a : 1\na : 1\ndx/dt = c/ms : 1")
    assert list(equations.subexpressions) == ["b", "c"]
    assert list(equations.parameters) == ["a"]
    assert list(equations.differential) == ["x"]


def test_equations_are_plain_values():
    one, two = Equations(TEXT), Equations(TEXT)
    assert one == two and hash(one) == hash(two)
    assert eval(repr(one)) == one
    assert list((Equations("x : 1") + "y : 1").variables) == ["x", "y"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("dv/dt = -v/tau", "ends with a colon and a unit"),
        ("dv/dt = -v/tau :", "unit is missing"),
        ("dv/dt = : mV", "expression is missing"),
        ("v + 1 = 2 : mV", "a definition begins with"),
        ("d2v/dt2 = 1 : mV", "a definition begins with"),
        ("x : 1\nx = 2 : 1", "line 2: 'x' is already defined in line 1"),
        ("a = b : 1\nb = c : 1\nc = a : 1", "a circle: a -> b -> c -> a"),
        ("v : mV (linked)", "linked variables are not supported"),
        ("dv/dt = -v/tau : mV (unless refactory)", "did you mean 'unless refractory'"),
        ("v : mV (unless refractory)", "a parameter cannot be 'unless refractory'"),
        ("dv/dt = -v/tau : boolean", "cannot be boolean"),
        ("dv/dt = -v/tau : mV (event-driven, clock-driven)", "either event-driven or clock-driven"),
        ("t : second", "meaning of its own"),
        ("xi_1 : 1", "meaning of its own"),
        ("exp : 1", "is a function"),
        ("_x : 1", "underscore"),
        ("τ : second", "letters a-z"),
        ("dv/dt = (1 + 2 : mV", "not an expression"),
        ("dv/dt = __import__('os').system('x') : mV", "only functions known by name"),
        ("dv/dt = __import__('os') : mV", "unknown function '__import__'"),
    ],
)
def test_a_mistake_is_named(text, message):
    with pytest.raises(EquationError, match=message.replace("(", r"\(")):
        Equations(text)


def test_an_unknown_unit_is_a_unit_error_with_its_line():
    with pytest.raises(UnitError, match=r"line 2: unknown unit 'mvolt_'"):
        Equations("x : 1\nv : mvolt_")


def test_an_error_in_a_continued_line_points_into_that_line():
    with pytest.raises(EquationError) as caught:
        Equations("x : 1\ndv/dt = (a +  # first\n   b.c + d)/ms : mV")
    place, text, carets = str(caught.value).split("\n")
    assert "line 3" in place
    assert text.strip() == "b.c + d)/ms"
    assert carets == "    ^^^"


def test_a_text_that_is_no_text_is_refused():
    with pytest.raises(EquationError, match=r"Equations\.text must be a string"):
        Equations(None)


def test_a_notebook_shows_typeset_equations():
    latex = Equations(
        "dg_e/dt = -g_e/tau_e : 1 (unless refractory)\nx = exp(-g_e) if g_e > 0 else sqrt(3) : 1"
    )
    text = latex._repr_latex_()
    assert r"\frac{d g_{e}}{dt} &= - \frac{g_{e}}{\tau_{e}}" in text
    assert r"\begin{cases} e^{- g_{e}}" in text
    assert "unless refractory" in text
