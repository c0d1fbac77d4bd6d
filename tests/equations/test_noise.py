"""Solvers for equations with noise: strong orders against closed forms, and how draws are shared."""

import numpy as np
import pytest
from stepping import advance, made, order


def brownian(paths, steps, dt, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(steps, paths)) * np.sqrt(dt)


def driven(update, start, values, increments, dt):
    """The end of paths driven by given increments of the Wiener process."""
    state = {"x": np.full(increments.shape[1], start)}
    for k, increment in enumerate(increments):
        normal = increment / np.sqrt(dt)
        state = advance(update, state, values, dt, start=k * dt, randn=lambda normal=normal: normal)
    return state["x"]


def strong_errors(text, method, closed_form, values, end=1.0):
    """Mean absolute errors at the end on the same paths, for steps of 1/16, 1/32, 1/64 and 1/128."""
    update = made(text, method)
    finest = brownian(2000, 128, end / 128)
    errors = []
    for steps in (16, 32, 64, 128):
        increments = finest.reshape(steps, 128 // steps, -1).sum(axis=1)
        found = driven(update, 1.0, values, increments, end / steps)
        errors.append(np.abs(found - closed_form(finest.sum(axis=0), end)).mean())
    return errors


GEOMETRIC = "dx/dt = a*x + b*x*xi : 1\na : Hz (constant)\nb : Hz**0.5 (constant)"


HYPERBOLIC = "dx/dt = b*sqrt(1 + x**2)*xi : 1\nb : Hz**0.5 (constant)"


def geometric(increment, end):
    return np.exp(0.1 * end + 0.5 * increment)  # Stratonovich: no correction of the drift


def hyperbolic(increment, end):
    return np.sinh(
        np.arcsinh(1.0) + 0.5 * increment
    )  # the ordinary chain rule holds, as Stratonovich reads it


@pytest.mark.parametrize(("text", "closed_form"), [(GEOMETRIC, geometric), (HYPERBOLIC, hyperbolic)])
@pytest.mark.parametrize("method", ["heun", "milstein"])
def test_multiplicative_noise_converges_strongly_with_order_one(method, text, closed_form):
    errors = strong_errors(text, method, closed_form, {"a": 0.1, "b": 0.5})
    np.testing.assert_allclose(np.mean(order(errors)), 1.0, atol=0.15)


def test_additive_noise_converges_strongly_with_order_one():
    update = made("dx/dt = -sin(x)/ms + b*xi : 1", "euler_maruyama")
    finest = brownian(1000, 512, 1.0 / 512)
    true = driven(made("dx/dt = -sin(x)/ms + b*xi : 1", "heun"), 1.0, {"b": 0.5}, finest, 1.0 / 512)
    errors = []
    for steps in (16, 32, 64):
        increments = finest.reshape(steps, 512 // steps, -1).sum(axis=1)
        errors.append(np.abs(driven(update, 1.0, {"b": 0.5}, increments, 1.0 / steps) - true).mean())
    np.testing.assert_allclose(np.mean(order(errors)), 1.0, atol=0.15)


def test_noise_has_the_stationary_spread_of_its_equation():
    update = made("dx/dt = -x/tau + sigma*sqrt(2/tau)*xi : mV")
    rng, dt, tau = np.random.default_rng(1), 0.1, 5.0
    state = {"x": np.zeros(4000)}
    values = {"tau": tau, "sigma": 3.0}
    state = advance(update, state, values, dt, steps=600, randn=lambda: rng.normal(size=4000))
    # Euler's step has variance sigma^2 / (1 - dt / 2 tau); 4000 samples scatter by 1.1 %
    assert state["x"].std() == pytest.approx(3.0 / np.sqrt(1 - dt / (2 * tau)), rel=0.04)


def test_terms_share_a_draw_by_name():
    update = made("dx/dt = xi/ms**0.5 : 1\ndy/dt = 2*xi/ms**0.5 + xi_own/ms**0.5 : 1")
    assert [line.target for line in update.body if "randn" in line.value] == ["_xi", "_xi_own"]
    draws = iter([1.0, 0.0])
    end = advance(update, {"x": 0.0, "y": 0.0}, {}, 0.25, randn=lambda: next(draws))
    assert end == pytest.approx({"x": 0.5, "y": 1.0})
