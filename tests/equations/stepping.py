"""Steps of an update's own text, evaluated with NumPy."""

import numpy as np

from neurosim.equations import Equations, check, evaluate, parse, solve


def made(text, method="auto", **options):
    """The update of some equations."""
    return solve(check(Equations(text)), method, **options)


def advance(update, state, values, dt, steps=1, start=0.0, **env):
    """The state after some steps of the update's own text."""
    fixed = {**values, **update.compute(values, dt), "dt": dt, "not_refractory": True, **env}
    body = [(line.target, parse(line.value)) for line in update.body]
    state = dict(state)
    for step in range(steps):
        scope = {**fixed, **state, "t": start + step * dt}
        for target, expr in body:
            scope[target] = evaluate(expr, scope)
        state = {name: scope[name] for name in state}
    return state


def order(errors):
    """The orders of convergence that errors at steps halved again and again show."""
    return np.log2(np.array(errors[:-1]) / np.array(errors[1:]))
