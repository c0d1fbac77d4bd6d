"""Equations that are brought up to date by events."""

import numpy as np
import pytest

from neurosim.equations import Equations, check, evaluate, event_driven
from neurosim.errors import EquationError


def test_event_driven_traces_decay_over_the_time_since_the_last_event():
    checked = check(Equations("da/dt = -a/tau : 1 (event-driven)\ndb/dt = (c - b)/tau_b : mV (event-driven)"))
    update = event_driven(checked, ["a", "b"])
    values = {"tau": 20.0, "c": 3.0, "tau_b": 10.0}
    elapsed = np.array([0.0, 5.0, 1e4])
    scope = {**values, **update.compute(values, 0.1), "_elapsed": elapsed, "a": 2.0, "b": 1.0}
    for line in update.body:
        scope[line.target] = evaluate(line.value, scope)
    np.testing.assert_allclose(scope["a"], 2.0 * np.exp(-elapsed / 20.0), rtol=1e-14)
    np.testing.assert_allclose(scope["b"], 3.0 - 2.0 * np.exp(-elapsed / 10.0), rtol=1e-13)
    assert update.body[0].value == "a * exp(_c0 * _elapsed)"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("dx/dt = -x**2/tau : 1 (event-driven)", "dx/dt cannot be event-driven: it is not linear in x"),
        ("dx/dt = y/ms - x/tau : 1 (event-driven)\ndy/dt = -y/tau : 1", "y changes between events"),
        ("dx/dt = sin(t/tau)/ms : 1 (event-driven)", "t changes between events"),
        ("dx/dt = xi/ms**0.5 : 1 (event-driven)", "noise changes between events"),
        ("y : 1", "no differential equation of 'x'"),
    ],
)
def test_an_equation_that_cannot_be_event_driven_is_named(text, message):
    with pytest.raises(EquationError, match=message):
        event_driven(check(Equations(text)), ["x"])
