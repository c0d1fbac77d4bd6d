"""Scans that tests of gradients share, and finite differences."""

from collections.abc import Callable, Mapping

import numpy as np

from neurosim.gradients import Edges, Scan, Unrolling


def smooth() -> Scan:
    """A recurrent layer with every kind of operation and a smooth function in the place of the threshold."""
    layer = Unrolling({"in": 5, "cells": 6, "groups": 3})
    layer.input("x", "in")
    layer.parameter("w", "cells", rows="in")
    layer.parameter("r", "cells", rows="cells")
    layer.parameter("beta", "cells")
    layer.parameter("theta")
    rng = np.random.default_rng(8)
    sources = np.sort(rng.integers(0, 6, 11))
    layer.along("wires", Edges("cells", "cells", sources, rng.integers(0, 6, 11)))
    layer.parameter("g", "wires")
    layer.state("u", "cells")
    layer.state("s", "cells")
    layer.product("x", "w", "I")
    layer.delayed("s", 2, "s_late", space="cells")
    layer.product("s_late", "r", "J")
    layer.product("s", "g", "K", edges="wires")
    layer.step("cells", "_q = tanh(u - theta); u = beta*u + I + J + K - _q*theta*u; s = tanh(u - theta)*exp(-u**2)")
    layer.fold("s", "m", "groups", scale=0.5)
    layer.step("groups", "y = exp(m) if m > 0 else 1 + m")
    layer.step("cells", "z = s*y", segments=["y"])
    return layer.finish(["y", "z"])


def spiking(binary: bool = True) -> Scan:
    """Two layers of leaky neurons, the first recurrent, and a leaky readout."""
    layer = Unrolling({"in": 50, "cells": 40, "more": 20, "out": 7})
    layer.input("x", "in", binary=binary)
    for name, rows, columns in (("w", "in", "cells"), ("r", "cells", "cells"), ("w2", "cells", "more"),
                                ("w3", "more", "out")):
        layer.parameter(name, columns, rows=rows)
    layer.parameter("beta", "cells")
    layer.parameter("theta")
    layer.state("u", "cells")
    layer.state("s", "cells", binary=True)
    layer.state("u2", "more")
    layer.state("y", "out")
    layer.product("x", "w", "I")
    layer.product("s", "r", "J")
    reset = "_r = stop(H(u - theta)); u = beta*u + I + J - _r*theta; s = H(u - theta)"
    layer.step("cells", reset, surrogate="arctan")
    layer.product("s", "w2", "K")
    layer.step("more", "_r = stop(H(u2 - theta)); u2 = 0.9*u2 + K - _r*theta; s2 = H(u2 - theta)",
               surrogate="fast_sigmoid(slope=10)")
    layer.product("s2", "w3", "L")
    layer.step("out", "y = 0.9*y + L")
    return layer.finish(["y", "s2"])


def given(scan: Scan, steps: int, copies: int, *, binary: float = 0.0, seed: int = 1) -> tuple[dict, dict, dict]:
    """Inputs, parameters and starts drawn for a scan; inputs are ones with probability ``binary`` where it is not 0."""
    rng = np.random.default_rng(seed)
    inputs = {}
    for name in scan.of_kind("input"):
        shape = (steps, copies, scan.size(name))
        inputs[name] = (rng.random(shape) < binary) * 1.0 if binary else rng.normal(size=shape)
    parameters = {n: np.asarray(rng.normal(0.0, 0.4, scan.shape(n))) for n in scan.of_kind("matrix")}
    parameters |= {n: np.asarray(rng.uniform(0.5, 0.9, scan.shape(n))) for n in scan.of_kind("parameter")}
    starts = {}
    for carry in scan.pasts():
        shape = (carry.lag, copies, scan.size(carry.start))
        ones = scan.values[carry.start].binary
        starts[carry.start] = (rng.random(shape) < 0.2) * 1.0 if ones else rng.normal(0.0, 0.3, shape)
    return inputs, parameters, starts


def slopes(loss: Callable[[], float], values: Mapping[str, np.ndarray], step: float = 1e-6) -> dict[str, np.ndarray]:
    """Central differences of ``loss`` by each number in ``values``, which are changed in place and put back."""
    found = {}
    for name, array in values.items():
        found[name] = np.zeros_like(array)
        for at in np.ndindex(array.shape):
            old = array[at]
            array[at] = old + step
            above = loss()
            array[at] = old - step
            found[name][at] = (above - loss()) / (2 * step)
            array[at] = old
    return found
