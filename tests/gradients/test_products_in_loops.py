"""Products that stay inside the loop of a compiled scan."""

import numpy as np
import pytest

from neurosim.gradients import Unrolling
from neurosim.training import Trainable

CELLS, STEPS, COPIES = 37, 6, 9  # neither whole panels nor whole tiles


def recurrent():
    """A layer that reads itself through one matrix, and through another that is transposed."""
    layer = Unrolling({"cells": CELLS})
    layer.input("x", "cells")
    layer.parameter("r", "cells", rows="cells")
    layer.parameter("q", "cells", rows="cells")
    layer.state("h", "cells")
    layer.product("h", "r", "a")
    layer.product("h", "q", "b", transpose=True)
    layer.step("cells", "h = x + a - b")
    return layer.finish(["h"])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_copy_has_the_same_bits_whatever_else_is_in_its_batch(dtype):
    rng, scan = np.random.default_rng(3), recurrent()
    x = rng.normal(size=(STEPS, COPIES, CELLS)).astype(dtype)
    weights = {name: (0.1 * rng.normal(size=(CELLS, CELLS))).astype(dtype) for name in "rq"}

    def run(copies: slice, threads: int) -> np.ndarray:
        return Trainable(scan, (), dtype=dtype, threads=threads).forward({"x": x[:, copies]}, weights, {}).outputs["h"]

    whole, h, near = run(slice(None), 1), np.zeros((COPIES, CELLS)), 1e-4 if dtype == "float32" else 1e-11
    for t in range(STEPS):
        h = x[t] + h @ weights["r"].astype(float) - h @ weights["q"].T.astype(float)
        np.testing.assert_allclose(whole[t], h, rtol=near, atol=near)
    np.testing.assert_array_equal(run(slice(None), 2), whole)
    for b in range(COPIES):
        np.testing.assert_array_equal(run(slice(b, b + 1), 1), whole[:, b : b + 1])
