"""Dimensions: inferred for the models everybody knows, and refused where they do not fit."""

import pytest

from neurosim.equations import Assign, Equations, check
from neurosim.errors import EquationError, UnitError
from neurosim.units import FREQUENCY, TIME, VOLTAGE

COBA = """
dv/dt   = (E_L - v + g_e*(E_e - v) + g_i*(E_i - v)) / tau_m : mV (unless refractory)
dg_e/dt = -g_e / tau_e : 1
dg_i/dt = -g_i / tau_i : 1
"""
CUBA = """
dv/dt  = (ge+gi-(v-El))/taum : volt (unless refractory)
dge/dt = -ge/taue : volt
dgi/dt = -gi/taui : volt
"""
COBAHH = """
dv/dt = (gl*(El-v)+ge*(Ee-v)+gi*(Ei-v)-
         g_na*(m*m*m)*h*(v-ENa)-
         g_kd*(n*n*n*n)*(v-EK))/Cm : volt
dm/dt = alpha_m*(1-m)-beta_m*m : 1
dn/dt = alpha_n*(1-n)-beta_n*n : 1
dh/dt = alpha_h*(1-h)-beta_h*h : 1
dge/dt = -ge*(1./taue) : siemens
dgi/dt = -gi*(1./taui) : siemens
alpha_m = 0.32*(mV**-1)*(13*mV-v+VT)/
          (exp((13*mV-v+VT)/(4*mV))-1.)/ms : Hz
beta_m = 0.28*(mV**-1)*5*mV/exprel((v-VT-40*mV)/(5*mV))/ms : Hz
alpha_h = 0.128*exp((17*mV-v+VT)/(18*mV))/ms : Hz
beta_h = 4./(1+exp((40*mV-v+VT)/(5*mV)))/ms : Hz
alpha_n = 0.032*(mV**-1)*5*mV/exprel((15*mV-v+VT)/(5*mV))/ms : Hz
beta_n = .5*exp((10*mV-v+VT)/(40*mV))/ms : Hz
""".replace("/\n", "/ \\\n")
ADEX = """
dv/dt = (g_L*(E_L - v) + g_L*D_T*exp((v - V_T)/D_T) + I - w)/C : volt
dw/dt = (a*(v - E_L) - w)/tau_w : amp
I : amp
"""
IZHIKEVICH = """
dv/dt = (0.04/ms/mV)*v**2 + (5/ms)*v + 140*mV/ms - u + I : volt
du/dt = a*(b*v - u) : volt/second
I : volt/second
"""


def units_of(checked):
    return {name: str(checked.dimensions[name]) for name in sorted(checked.free)}


@pytest.mark.parametrize(
    ("text", "condition", "reset", "expected"),
    [
        (
            COBA,
            "v > -50",
            "v = -60",
            dict(E_L="mV", E_e="mV", E_i="mV", tau_m="ms", tau_e="ms", tau_i="ms"),
        ),
        (CUBA, "v > Vt", "v = Vr", dict(El="mV", Vt="mV", Vr="mV", taum="ms", taue="ms", taui="ms")),
        (
            COBAHH,
            "v > -20*mV",
            "",
            dict(
                gl="nS", g_na="nS", g_kd="nS", El="mV", Ee="mV", Ei="mV", ENa="mV", EK="mV", VT="mV", Cm="pF",
                taue="ms", taui="ms",
            ),
        ),
        (
            ADEX,
            "v > V_cut",
            "v = V_r; w += b",
            dict(
                g_L="nS", E_L="mV", D_T="mV", V_T="mV", C="pF", a="nS", tau_w="ms", V_cut="mV", V_r="mV",
                b="pA",
            ),
        ),
        (IZHIKEVICH, "v >= 30*mV", "v = c; u += d", dict(a="Hz", b="Hz", c="mV", d="mV/ms")),
    ],
    ids=["coba", "cuba", "cobahh", "adex", "izhikevich"],
)  # fmt: skip
def test_dimensions_of_constants_follow_from_the_equations(text, condition, reset, expected):
    checked = check(Equations(text), conditions={"threshold": condition}, statements={"reset": reset})
    assert units_of(checked) == dict(sorted(expected.items()))


def test_units_become_internal_numbers():
    checked = check(Equations(COBAHH))
    lines = dict(line.split(" = ") for line in checked.equations.text.split("\n"))
    assert lines["alpha_h"] == "0.128 * exp((17 - v + VT) / 18) : 1/ms"
    assert lines["alpha_m"] == "0.32 * (13 - v + VT) / (exp((13 - v + VT) / 4) - 1) : 1/ms"
    assert check(Equations("x = 2*volt + 50*Hz*y : volt\ny : volt*second")).equations.text.startswith(
        "x = 2000 + 0.05 * y : mV"
    )


@pytest.mark.parametrize(
    ("text", "dimension", "expected"),
    [
        ("-50", VOLTAGE, "-50"),
        ("-50*mV", VOLTAGE, "-50"),
        ("0.05*volt", VOLTAGE, "50"),
        ("-60 + 10*rand()", VOLTAGE, "-60 + 10 * rand()"),
        ("50", FREQUENCY, "0.05"),
        ("50*rand()", FREQUENCY, "50 * rand() * 0.001"),
        ("10*i/N", VOLTAGE, "10 * i / N"),
        ("5", TIME, "5"),
        ("0.005*second", TIME, "5"),
        ("t % 10", TIME, "t % 10"),
        ("max(t, 3)", TIME, "max(t, 3)"),
        ("1 if t > 5 else t", TIME, "1 if t > 5 else t"),
        ("2*pi", None, "6.283185307179586"),
        ("inf", TIME, "inf"),
        ("-inf*mV", VOLTAGE, "-inf"),
    ],
)
def test_a_bare_number_takes_the_unit_of_what_it_stands_with(text, dimension, expected):
    checked = check(Equations("v : mV"), expressions={"x": (text, dimension)})
    assert checked.expressions["x"] == expected


def test_a_number_beside_a_rate_is_in_hertz():
    checked = check(Equations("rate : Hz"), conditions={"c": "rate > 50 and 3*rate < 1/ms"})
    assert checked.conditions["c"] == "rate > 0.05 and 3 * rate < 1"


def test_equal_numbers_in_two_statements_keep_their_own_units():
    checked = check(Equations("v : mV\nr : Hz"), statements={"s": "v = 1; r = 1"})
    assert [str(a) for a in checked.statements["s"]] == ["v = 1", "r = 0.001"]


def test_statements_become_plain_assignments():
    text = "v = -60; w += b  # jump; not a statement\nv -= w*R - 2; w *= 2 + 1; w /= k; on = v > 0"
    checked = check(Equations("v : mV\nw : pA\non : boolean"), statements={"reset": text})
    assert checked.statements["reset"] == (
        Assign("v", "=", "-60"),
        Assign("w", "+=", "b"),
        Assign("v", "+=", "-(w * R - 2)"),
        Assign("w", "=", "w * 3"),
        Assign("w", "=", "w / k"),
        Assign("on", "=", "v > 0"),
    )
    assert units_of(checked) == {"R": "GΩ", "b": "pA", "k": "1"}


def test_names_from_outside_may_be_read_and_changed():
    checked = check(Equations("w : nS"), statements={"on_pre": "g_post += w; v_post -= x"},
                    known={"g_post": parse_dimension("nS"), "v_post": VOLTAGE})  # fmt: skip
    assert units_of(checked) == {"x": "mV"}
    assert [a.target for a in checked.statements["on_pre"]] == ["g_post", "v_post"]


def parse_dimension(text):
    from neurosim.units import parse_unit

    return parse_unit(text).dimension


def test_a_variable_hides_a_unit_of_the_same_name():
    checked = check(Equations("nS : mV\nx = nS + 3 : mV"))
    assert "x = nS + 3 : mV" in checked.equations.text
    assert not checked.free


def test_what_stays_undetermined_is_a_plain_number():
    assert units_of(check(Equations("x = a*b : 1\nv : mV"), conditions={"c": "v/d > 1"})) == {
        "a": "1", "b": "1", "d": "mV",
    }  # fmt: skip


def test_roots_and_powers_carry_rational_dimensions():
    checked = check(
        Equations("dx/dt = -x/tau + s*sqrt(2/tau)*xi : mV\ny = (x**3)**(1/3) : mV\nz = k**2 : mV")
    )
    assert units_of(checked) == {"s": "mV", "tau": "ms", "k": "mV**(1/2)"}


@pytest.mark.parametrize(
    ("equations", "texts", "message"),
    [
        ("v : mV\nI : pA", {"conditions": {"threshold": "v > I"}}, "v is in mV, but I is in pA"),
        ("dv/dt = (E - v)/tau + I/C : mV\nI : pA\nC : nS", {}, r"in Hz|in mV"),
        ("dv/dt = -v : mV", {}, "dv/dt is in mV/ms, but -v is in mV"),
        ("x = a*v + 1 : 1\nv : mV\na : mV", {}, "in mV"),
        ("x = exp(v/4) : 1\nv : mV", {}, r"argument of exp .* v / 4 is in mV; a number in a product"),
        ("x = 2**v : 1\nv : mV", {}, "an exponent must be a number without unit"),
        ("x = v**v : 1\nv : mV", {}, "exponent is not a plain number"),
        ("v : mV\nI : pA", {"statements": {"reset": "v = I"}}, "v is in mV, but I is in pA"),
        ("v : mV", {"statements": {"reset": "v *= 2*mV"}}, "without unit"),
        ("v : mV", {"expressions": {"refractory": ("v", TIME)}}, "refractory is in ms, but v is in mV"),
        ("dx/dt = 5 - x/tau : 1", {}, r"5 is a rate here: write 5/ms or 5\*Hz"),
        ("x = min(v, I) : mV\nv : mV\nI : pA", {}, "v is in mV, but I is in pA"),
        ("x = v if v > 0 else I : mV\nv : mV\nI : pA", {}, "v is in mV, but I is in pA"),
    ],
)
def test_a_mismatch_shows_both_units(equations, texts, message):
    with pytest.raises(UnitError, match=message):
        check(Equations(equations), **texts)


def test_a_mismatch_names_part_text_line_and_place():
    with pytest.raises(UnitError) as caught:
        check(Equations("I : pA\nv : mV\nx = v*2 + 3*I : mV"), where="Neurons 'exc'")
    assert str(caught.value) == (
        "Neurons 'exc', equations, line 3: v * 2 is in mV, but 3 * I is in pA\n"
        "    v*2 + 3*I\n"
        "          ^^^"
    )  # fmt: skip


@pytest.mark.parametrize(
    ("equations", "texts", "message"),
    [
        ("v : mV", {"conditions": {"threshold": "v"}}, "must be a condition"),
        ("v : mV", {"conditions": {"threshold": "v > 3 and v"}}, "a number where true or false"),
        ("v : mV\nx = v + (v > 3) : mV", {}, r"write int\(...\)"),
        ("v : mV", {"statements": {"reset": "vv = 3"}}, "no variable 'vv' to change; did you mean 'v'"),
        ("v : mV\nx = v : mV", {"statements": {"reset": "x = 3"}}, "is a subexpression"),
        ("v : mV (constant)", {"statements": {"reset": "v = 3"}}, "declared constant"),
        ("v : mV", {"statements": {"reset": "t = 3"}}, "meaning of its own"),
        ("v : mV", {"statements": {"reset": "v **= 3"}}, "is not known here"),
        ("v : mV", {"statements": {"reset": "v"}}, "a statement is an assignment"),
        ("v : mV", {"statements": {"reset": "v == 3"}}, "a statement is an assignment"),
        ("v : mV", {"statements": {"reset": 3}}, "must be a text"),
        ("on : boolean", {"statements": {"reset": "on += 1"}}, "can only be set with ="),
        ("x = xi : 1", {}, "belongs in a differential equation"),
        ("dx/dt = rand()/ms : 1", {}, "use xi for noise"),
        ("x = rand() : 1", {}, "constant over dt"),
        ("v : mV", {"conditions": {"c": "_x > 1"}}, "must begin with a letter"),
        ("v : mV", {"expressions": {"weight": ("__import__('os')", None)}}, "weight: unknown function"),
    ],
)
def test_a_text_that_makes_no_sense_is_refused(equations, texts, message):
    with pytest.raises(EquationError, match=message):
        check(Equations(equations), **texts)


def test_checking_and_solving_load_no_heavy_package():
    import subprocess
    import sys

    code = (
        "import sys; from neurosim.equations import Equations, check, solve; "
        f"solve(check(Equations({COBA!r}))); "
        "sys.exit(any(m in sys.modules for m in ('sympy', 'pint', 'scipy', 'numba')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
