"""Solvers: closed forms, measured orders of convergence, and the choice among them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp
from stepping import advance, made, order

from neurosim.equations import METHODS, calls, names, parse
from neurosim.errors import EquationError

COBA = """
dv/dt   = (E_L - v + g_e*(E_e - v) + g_i*(E_i - v)) / tau_m : mV (unless refractory)
dg_e/dt = -g_e / tau_e : 1
dg_i/dt = -g_i / tau_i : 1
"""
COBA_VALUES = dict(E_L=-60.0, E_e=0.0, E_i=-80.0, tau_m=20.0, tau_e=5.0, tau_i=10.0)


# the text of the step


def test_the_coba_step_has_one_exponential_and_one_division():
    update = made(COBA)
    text = "\n".join(line.value for line in update.body)
    assert update.method == "exponential_euler"
    assert sum(len(calls(parse(line.value))) for line in update.body) == 1
    assert text.count("/") == 1
    assert {line.target: line.value for line in update.body if line.target in ("g_e", "g_i")} == {
        "g_e": "g_e * _c1",
        "g_i": "g_i * _c2",
    }
    values = update.compute(COBA_VALUES, 0.1)
    assert values == pytest.approx(
        {"_c0": -0.1 / 20, "_c1": np.exp(-0.1 / 5), "_c2": np.exp(-0.1 / 10)}, rel=1e-15
    )


@pytest.mark.parametrize("method", ["exponential_euler", "euler", "rk2", "rk4", "heun"])
def test_every_name_of_a_body_is_known_before_it_is_read(method):
    text = COBA + "x = v/mV + s : 1\ns = rand() : 1 (constant over dt)\ndw/dt = (x*a - w)/tau_w : 1"
    update = made(text, method)
    known = {
        "v",
        "g_e",
        "g_i",
        "w",
        "t",
        "dt",
        "not_refractory",
        "a",
        "tau_w",
        *COBA_VALUES,
        *update.coefficients,
    }
    for line in update.body:
        assert line.op == "="
        assert names(parse(line.value)) <= known
        known.add(line.target)
    assert {line.target for line in update.body if not line.target.startswith("_")} == {
        "v",
        "g_e",
        "g_i",
        "w",
    }


def test_coefficients_are_names_so_that_a_sweep_keeps_the_text():
    update = made(COBA)
    first = update.compute(COBA_VALUES, 0.1)
    second = update.compute({**COBA_VALUES, "tau_e": np.array([5.0, 2.0])}, 0.1)
    assert first["_c1"] == second["_c1"][0] != second["_c1"][1]
    assert isinstance(second["_c2"], float)


# exact


def test_a_linear_system_is_solved_exactly_whatever_the_step():
    text = "dv/dt = (R*I - v)/tau_m : mV\ndI/dt = -I/tau_s : pA"
    values = dict(R=0.5, tau_m=20.0, tau_s=5.0)
    update = made(text)
    assert update.method == "exact"
    end = advance(update, {"v": 3.0, "I": 40.0}, values, dt=7.0, steps=3)
    t = 21.0
    peak = 0.5 * 40.0 * 5.0 / (20.0 - 5.0) * (np.exp(-t / 20) - np.exp(-t / 5))
    assert end["v"] == pytest.approx(3.0 * np.exp(-t / 20) + peak, rel=1e-13)
    assert end["I"] == pytest.approx(40.0 * np.exp(-t / 5), rel=1e-13)


def test_equal_time_constants_are_no_special_case():
    update = made("dv/dt = (a - v)/tau_1 : mV\nda/dt = -a/tau_2 : mV")
    end = advance(update, {"v": 0.0, "a": 1.0}, dict(tau_1=5.0, tau_2=5.0), dt=0.5, steps=10)
    assert end["v"] == pytest.approx(np.exp(-1.0), rel=1e-13)  # (t/tau) exp(-t/tau) at t = tau


def test_an_undamped_oscillator_keeps_its_energy():
    update = made("dx/dt = w*y : 1\ndy/dt = -w*x : 1\nw : Hz (constant)")
    end = advance(update, {"x": 1.0, "y": 0.0}, {"w": 0.3}, dt=1.0, steps=200)
    assert end["x"] ** 2 + end["y"] ** 2 == pytest.approx(1.0, rel=1e-12)
    assert end["x"] == pytest.approx(np.cos(60.0), abs=1e-12)


def test_only_entries_that_can_differ_from_zero_are_written():
    update = made("dv/dt = (a + b - v)/tau : mV\nda/dt = -a/tau_a : mV\ndb/dt = -b/tau_b : mV")
    texts = {line.target: line.value for line in update.body}
    assert [text.count("*") for text in (texts["v"], texts["a"], texts["b"])] == [3, 1, 1]
    assert len(update.coefficients) == 5
    assert not any("one" in name for name in update.coefficients)


def test_a_parameter_that_may_change_enters_as_held_input():
    update = made("dv/dt = (R*I - v)/tau : mV\nI : pA\nR : Gohm (constant)\ntau : ms (constant)")
    assert update.method == "exact"
    end = advance(update, {"v": 0.0}, dict(R=0.1, tau=10.0, I=np.array([100.0, 0.0])), dt=10.0)
    np.testing.assert_allclose(end["v"], 10.0 * (1 - np.exp(-1)) * np.array([1.0, 0.0]), rtol=1e-14)


def test_a_parameter_per_neuron_gives_coefficients_per_neuron_where_it_matters():
    update = made("dv/dt = (a - v)/tau : mV\nda/dt = -a/tau_a : mV")
    tau = np.array([5.0, 20.0, 20.0])
    found = update.compute(dict(tau=tau, tau_a=5.0), 0.1)
    np.testing.assert_allclose(found["_m_v_to_v"], np.exp(-0.1 / tau), rtol=1e-14)
    assert found["_m_v_to_v"].shape == (3,)
    assert isinstance(found["_m_a_to_a"], float)


def test_while_a_variable_is_held_the_others_see_it_stand_still():
    text = (
        "dv/dt = (E - v - u)/tau : mV (unless refractory)\ndu/dt = (a*v - u)/tau_u : mV\ndz/dt = -z/tau : mV"
    )
    update = made(text)
    values = dict(E=10.0, tau=10.0, a=0.5, tau_u=30.0)
    held = advance(update, {"v": 4.0, "u": 1.0, "z": 1.0}, values, dt=2.0, not_refractory=False)
    assert held["v"] == 4.0
    assert held["u"] == pytest.approx(2.0 - np.exp(-2.0 / 30.0), rel=1e-13)
    assert held["z"] == pytest.approx(np.exp(-0.2), rel=1e-13)
    assert "not_refractory" not in {line.target: line.value for line in update.body}["z"]
    free = advance(update, {"v": 4.0, "u": 1.0, "z": 1.0}, values, dt=2.0)
    fine = advance(made(text, "rk4"), {"v": 4.0, "u": 1.0, "z": 1.0}, values, dt=0.01, steps=200)
    assert free == pytest.approx(fine, rel=1e-10)


def test_constants_alone_and_no_slope_at_all_are_linear_too():
    end = advance(made("dx/dt = c : 1\ndy/dt = 0 : 1"), {"x": 1.0, "y": 2.0}, {"c": 3.0}, dt=0.5)
    assert end == pytest.approx({"x": 2.5, "y": 2.0})


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.floats(-2, 2), min_size=9, max_size=9),
    st.lists(st.floats(-1, 1), min_size=3, max_size=3),
    st.floats(0.01, 1.0),
)
def test_exact_agrees_with_fine_steps_for_any_matrix(matrix, offset, dt):
    letters = "xyz"
    rows = []
    for i, row in enumerate(letters):
        terms = [f"{matrix[3 * i + j]:.17f}*{col}/ms" for j, col in enumerate(letters)]
        rows.append(f"d{row}/dt = {' + '.join(terms)} + {offset[i]:.17f}/ms : 1")
    text, start = "\n".join(rows), {"x": 1.0, "y": -0.5, "z": 0.25}
    one = advance(made(text, "exact"), start, {}, dt=dt)
    many = advance(made(text, "rk4"), start, {}, dt=dt / 64, steps=64)
    assert list(one.values()) == pytest.approx(list(many.values()), rel=1e-6, abs=1e-6)


# orders of convergence on a smooth nonlinear system that knows the time

NONLINEAR = """
dx/dt = (a*y - x + sin(t/tau))/tau : 1
dy/dt = (s - y)/(2*tau) : 1
s = x/(1 + y**2) : 1
"""


@pytest.mark.parametrize(
    ("method", "expected"), [("euler", 1), ("exponential_euler", 1), ("rk2", 2), ("heun", 2), ("rk4", 4)]
)
def test_a_solver_converges_with_its_order(method, expected):
    text = NONLINEAR if method != "exponential_euler" else NONLINEAR.replace("1 + y**2", "1 + x**2")
    values, start, end = {"a": 2.0, "tau": 3.0}, {"x": 0.3, "y": 1.0}, 8.0
    square = (lambda x, y: y) if method != "exponential_euler" else (lambda x, y: x)

    def slope(t, z):
        x, y = z
        return (2 * y - x + np.sin(t / 3)) / 3, (x / (1 + square(x, y) ** 2) - y) / 6

    true = solve_ivp(slope, (0, end), list(start.values()), rtol=1e-13, atol=1e-13).y[:, -1]
    update = made(text, method)
    errors = []
    for steps in (32, 64, 128):
        state = advance(update, start, values, dt=end / steps, steps=steps)
        errors.append(np.abs(np.array(list(state.values())) - true).max())
    np.testing.assert_allclose(order(errors), expected, atol=0.25)


def test_exponential_euler_is_exact_for_one_variable_and_survives_a_slope_of_zero():
    update = made("dx/dt = a - g*x : 1\na : Hz\ng : Hz", "exponential_euler")
    g = np.array([0.0, 1e-12, 1e-3, 0.5, -0.1])
    end = advance(update, {"x": np.ones(5)}, {"a": 0.2, "g": g}, dt=3.0)
    safe = np.where(g == 0, 1.0, g)
    expected = np.where(g == 0, 1 + 0.6, 0.2 / safe + (1 - 0.2 / safe) * np.exp(-g * 3.0))
    expected[1] = 1.6  # the closed form itself loses its digits there
    np.testing.assert_allclose(end["x"], expected, rtol=1e-9)


def test_exponential_euler_takes_a_leak_to_its_end_in_one_long_step():
    state = {"v": -55.0, "g_e": 2.0, "g_i": 0.0}
    end = advance(made(COBA), state, COBA_VALUES, dt=1e6)
    assert end["v"] == pytest.approx(
        -60.0 / 3.0, rel=1e-14
    )  # (E_L + g_e E_e) / (1 + g_e), g_e of the old state


def test_exponential_euler_converges_to_the_coba_neuron():
    fine = advance(made(COBA, "rk4"), {"v": -60.0, "g_e": 1.5, "g_i": 0.5}, COBA_VALUES, dt=0.01, steps=1000)
    update = made(COBA)
    errors = []
    for steps in (100, 200, 400):
        end = advance(update, {"v": -60.0, "g_e": 1.5, "g_i": 0.5}, COBA_VALUES, dt=10.0 / steps, steps=steps)
        errors.append(abs(end["v"] - fine["v"]))
    np.testing.assert_allclose(order(errors), 1.0, atol=0.1)


@pytest.mark.parametrize("method", [m for m in METHODS if m not in ("exact", "euler_maruyama", "milstein")])
def test_a_held_variable_does_not_move_in_any_stage(method):
    start = {"v": -55.0, "g_e": 1.0, "g_i": 0.3}
    end = advance(made(COBA, method), start, COBA_VALUES, dt=0.5, not_refractory=np.array([True, False]))
    assert end["v"][1] == -55.0 != end["v"][0]
    assert np.ndim(end["g_e"]) == 0 and end["g_e"] < 1.0


def test_all_new_values_come_from_the_old_state():
    end = advance(made("dx/dt = y/ms : 1\ndy/dt = x/ms : 1", "euler"), {"x": 1.0, "y": 10.0}, {}, dt=0.1)
    assert end == pytest.approx({"x": 2.0, "y": 10.1})
    text = "dx/dt = (y**2 - x)/ms : 1\ndy/dt = (x**2 - y)/ms : 1"
    end = advance(made(text, "exponential_euler"), {"x": 1.0, "y": 3.0}, {}, dt=0.1)
    decay = np.exp(-0.1)
    assert end == pytest.approx({"x": 9 + (1 - 9) * decay, "y": 1 + (3 - 1) * decay})


def test_a_subexpression_that_is_constant_over_dt_is_drawn_once():
    update = made("dx/dt = (s - x)*y/ms : 1\ny = x*s : 1\ns = rand() : 1 (constant over dt)", "rk4")
    assert sum(calls(parse(line.value)).count("rand") for line in update.body) == 1


# the choice


@pytest.mark.parametrize(
    ("text", "method", "reason"),
    [
        ("dv/dt = (E - v)/tau : mV", "exact", "linear"),
        (COBA, "exponential_euler", "linear in its own variable"),
        ("dv/dt = (E - v + D*exp(v/D))/tau : mV", "euler", "dv/dt is not linear in v"),
        ("dv/dt = (E*sin(t/tau) - v)/tau : mV", "exponential_euler", "change with time"),
        ("dv/dt = (E - v)/tau : mV\ntau : ms", "exponential_euler", "dv/dt is not linear"),
        ("dx/dt = -x/tau + s*xi : 1", "euler_maruyama", "does not depend on the state"),
        ("dx/dt = -x/tau + s*x*xi : 1", "heun", "Stratonovich"),
        ("x : 1", "none", "no differential equations"),
        ("dx/dt = -x/tau : 1 (event-driven)", "none", "no differential equations"),
    ],
)
def test_the_choice_is_stated_with_its_reason(text, method, reason):
    update = made(text)
    assert update.method == method
    assert reason in update.reason
    assert reason in str(update)


def test_a_parameter_that_is_known_to_stay_allows_the_exact_solver():
    assert made("dv/dt = (E - v)/tau : mV\ntau : ms", constant=["tau"]).method == "exact"


@pytest.mark.parametrize(
    ("text", "method", "message"),
    [
        (COBA, "exact", "dv/dt is not linear in the variables together; suited are: .*exponential_euler"),
        (COBA, "euler_maruyama", "there is no noise"),
        (COBA, "milstein", "there is no noise"),
        ("dv/dt = v**2/tau/mV : mV", "exponential_euler", "dv/dt is not linear in v"),
        ("dx/dt = -x/tau + xi/ms**0.5 : 1", "rk4", "there is noise"),
        ("dx/dt = -x/tau + xi/ms**0.5 : 1", "euler", "euler_maruyama is Euler's method for noise"),
        ("dx/dt = -x/tau + xi/ms**0.5 : 1", "exact", "there is noise"),
        ("dx/dt = x*xi/ms**0.5 : 1", "euler_maruyama", "depends on the state"),
        ("dx/dt = x*xi_a/ms**0.5 + xi_b/ms**0.5 : 1", "milstein", "more than one noise term"),
        (
            "dx/dt = y*xi_a/ms**0.5 : 1\ndy/dt = xi_b/ms**0.5 : 1",
            "milstein",
            "noise of x depends on y, which is noisy too",
        ),
        ("dx/dt = xi**2 : 1", "auto", "not a plain factor"),
        (COBA, "rk5", "no solver 'rk5'; did you mean"),
        ("dx/dt = y/ms : 1\ndy/dt = -y/ms : 1 (event-driven)", "auto", "reads y, which is event-driven"),
    ],
)
def test_an_unsuitable_solver_is_refused_with_the_reason(text, method, message):
    with pytest.raises(EquationError, match=message):
        made(text, method)


def test_a_leak_set_to_zero_gives_no_division_by_zero():
    update = made("dv/dt = (g_L*(E_L - v) + g_e*(E_e - v) + I)/C : mV\ng_e : nS\nI : pA")
    values = dict(g_L=0.0, E_L=-60.0, E_e=0.0, C=100.0, g_e=0.0, I=50.0)
    assert advance(update, {"v": -60.0}, values, dt=1.0)["v"] == pytest.approx(-59.5, rel=1e-15)
