"""Adjoints against finite differences, and compiled ones against the reference."""

import numpy as np
import pytest
from scans import given, slopes, smooth, spiking

from neurosim.errors import DescriptionError, EquationError, NeurosimError
from neurosim.gradients import Unrolling, adjoint, stages, surrogate_tree
from neurosim.training import Trainable

SLOPE = {"rtol": 1e-6, "atol": 1e-6}  # rounding of the loss over twice a step of 1e-6
DOUBLE = {"rtol": 1e-10, "atol": 1e-10}  # some thousand roundings, and sums in another order
WANTED = ("x", "w", "r", "beta", "theta", "g")


def seeds_of(scan, steps, copies):
    rng = np.random.default_rng(2)
    seeds = {n: rng.normal(size=(steps, copies, scan.size(n))) for n in scan.outputs}
    ends = {c.start: rng.normal(size=(c.lag, copies, scan.size(c.start))) for c in scan.pasts()}
    return seeds, ends


@pytest.mark.parametrize("backend", ["reference", "numba"])
def test_gradients_of_a_smooth_network_are_its_slopes(backend):
    scan = smooth()
    inputs, parameters, starts = given(scan, 5, 3)
    seeds, ends = seeds_of(scan, 5, 3)
    trainable = Trainable(scan, WANTED, backend=backend, dtype="float64", threads=2)

    def loss() -> float:
        tape = trainable.forward(inputs, parameters, starts)
        return sum((tape.outputs[n] * seeds[n]).sum() for n in seeds) + sum(
            (tape.ends[n] * ends[n]).sum() for n in ends)

    found = trainable.backward(trainable.forward(inputs, parameters, starts), seeds, ends)
    np.testing.assert_allclose(found.inputs["x"], slopes(loss, {"x": inputs["x"]})["x"], **SLOPE)
    for name, slope in slopes(loss, parameters).items():
        np.testing.assert_allclose(found.parameters[name], slope, err_msg=name, **SLOPE)
    for name, slope in slopes(loss, starts).items():
        np.testing.assert_allclose(found.starts[name], slope, err_msg=name, **SLOPE)


@pytest.mark.parametrize(("events", "threads"), [(False, 1), (False, 2), (True, 1), (True, 2)])
def test_compiled_gradients_of_a_spiking_network_are_those_of_the_reference(events, threads):
    scan = spiking()
    inputs, parameters, starts = given(scan, 20, 5, binary=0.1)
    seeds, ends = seeds_of(scan, 20, 5)
    wanted = ("w", "r", "w2", "w3", "beta", "theta")
    plain = Trainable(scan, wanted, backend="reference")
    expected_tape = plain.forward(inputs, parameters, starts)
    expected = plain.backward(expected_tape, seeds, ends)
    assert 0.02 < expected_tape.outputs["s2"].mean() < 0.9
    compiled = Trainable(scan, wanted, dtype="float64", events=events, threads=threads)
    tape = compiled.forward(inputs, parameters, starts)
    found = compiled.backward(tape, seeds, ends)
    for part, other in ((tape.outputs, expected_tape.outputs), (tape.ends, expected_tape.ends),
                        (found.parameters, expected.parameters), (found.starts, expected.starts)):
        assert part.keys() == other.keys()
        for name in other:
            np.testing.assert_allclose(part[name], other[name], err_msg=name, **DOUBLE)


@pytest.mark.parametrize("segment", [7, 20])
def test_segments_computed_again_give_the_bits_of_the_full_tape(segment):
    scan = spiking()
    inputs, parameters, starts = given(scan, 20, 5, binary=0.1)
    seeds, ends = seeds_of(scan, 20, 5)
    made = [Trainable(scan, ("x", "w", "r"), events=False, threads=2, memory=m, segment=segment)
            for m in ("full", "recompute")]
    full, again = (t.backward(t.forward(inputs, parameters, starts), seeds, ends) for t in made)
    for part in ("inputs", "parameters", "starts"):
        for name, expected in getattr(full, part).items():
            np.testing.assert_array_equal(getattr(again, part)[name], expected)


def test_gradients_of_a_matrix_that_two_products_read_add_up():
    layer = Unrolling({"cells": 4})
    layer.input("x", "cells")
    layer.parameter("w", "cells", rows="cells")
    layer.product("x", "w", "h")
    layer.product("h", "w", "y")
    scan = layer.finish(["y"])
    inputs, parameters, _ = given(scan, 3, 2)
    found = []
    for backend in ("reference", "numba"):
        trainable = Trainable(scan, ["w"], backend=backend, dtype="float64")
        tape = trainable.forward(inputs, parameters)
        found.append(trainable.backward(tape, {"y": np.ones((3, 2, 4))}).parameters["w"])
    np.testing.assert_allclose(found[1], found[0], **DOUBLE)


def test_products_outside_every_loop_run_once_over_all_steps():
    cut = stages(adjoint(spiking(), ("w", "r", "w2", "w3")).forward)
    kinds = [(stage.bulk, [type(op).__name__ for op in stage.work]) for stage in cut]
    assert kinds == [(True, ["Product"]), (False, ["Product", "Step"]), (True, ["Product"]), (False, ["Step"]),
                     (True, ["Product"]), (False, ["Step"])]


def test_an_input_that_is_not_binary_runs_as_numbers():
    scan = spiking()
    inputs, parameters, starts = given(scan, 6, 2)
    auto, fixed = (Trainable(scan, ("w",), dtype="float64", events=e) for e in ("auto", False))
    np.testing.assert_allclose(auto.forward(inputs, parameters, starts).outputs["y"],
                               fixed.forward(inputs, parameters, starts).outputs["y"], **DOUBLE)
    with pytest.raises(NeurosimError, match="x must be 0 or 1"):
        Trainable(scan, ("w",), events=True).forward(inputs, parameters, starts)


@pytest.mark.parametrize(("text", "message"), [
    ("fast_sigmoyd", "fast_sigmoid"), ("fast_sigmoid(slope=-1)", "> 0"), ("arctan(slope=2)", "alpha"),
    ("0*z", "0 everywhere"), ("1 + q*z", "'q'"),
])
def test_a_surrogate_that_cannot_be_is_refused_by_name(text, message):
    with pytest.raises(DescriptionError, match=message):
        surrogate_tree(text)


def test_random_numbers_have_no_derivative():
    layer = Unrolling({"cells": 2})
    layer.parameter("a")
    layer.step("cells", "y = a*poisson(a)")
    with pytest.raises(EquationError, match="poisson"):
        adjoint(layer.finish(["y"]), ["a"])


def test_what_is_not_there_cannot_be_differentiated_by():
    with pytest.raises(DescriptionError, match="'v'"):
        adjoint(smooth(), ["v"])
