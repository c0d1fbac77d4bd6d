"""Matrices of bits against dense arrays of truth values."""

import numpy as np
import pytest
from programs import prepare, receiving, run_until

from neurosim.errors import BackendError, NetworkError
from neurosim.program import Buffer, Builder, Imprint, MatMul, Probe, Program, Table, check_probes, check_program

ROWS, COLUMNS = 150, 200


def bits(builder: Builder, name: str, rows: int, columns: int, values: object = False, kind: str = "state") -> str:
    """A matrix of bits over a space of its own; gives its full name."""
    builder.add_space(name, rows * columns)
    initial = values if np.ndim(values) == 0 else np.asarray(values).reshape(*np.shape(values)[:-2], -1)
    builder.add_buffer(Buffer(name=f"{name}.w", space=name, kind=kind, dtype="bit", initial=initial, columns=columns))
    return f"{name}.w"


def some(*shape: int, p: float = 0.1, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random(shape) < p


def imprinting(shown: np.ndarray, taught: np.ndarray, mask: np.ndarray | None, replicas: int = 1) -> Program:
    """Rows of (T, ROWS) and (T, COLUMNS) imprinted one after another, and what each row then finds."""
    builder = Builder(dt=1.0, replicas=replicas)
    source = receiving(builder, "source", ROWS)
    source.state("x", False, dtype="bool")
    source.state("strength")
    target = receiving(builder, "target", COLUMNS, found=0.0, weighted=0.0, filled=0.0)
    target.state("win", False, dtype="bool")
    start = some(replicas, ROWS, COLUMNS, p=0.05, seed=9) if replicas > 1 else False
    weight = bits(builder, "up", ROWS, COLUMNS, start)
    masked = None if mask is None else bits(builder, "may", ROWS, COLUMNS, mask, kind="parameter")
    builder.add_schedule(Table(name="shown", values=shown), "source.x", "arrive")
    builder.add_schedule(Table(name="taught", values=taught), "target.win", "arrive")
    builder.add_schedule(Table(name="strengths", values=shown * np.arange(ROWS)), "source.strength", "arrive")
    for values, found in (("x", "found"), ("strength", "weighted")):
        builder.add("integrate", MatMul(source=f"source.{values}", target=f"target.{found}", weight=weight))
    builder.add(
        "plastic", Imprint(source="source.x", target="target.win", weight=weight, mask=masked, filled="target.filled")
    )
    return builder.finish()


@pytest.mark.parametrize("replicas", [1, 3])
def test_what_is_imprinted_is_found_by_the_product_in_the_next_step(backend, replicas):
    shown, taught, mask = some(12, ROWS), some(12, COLUMNS, seed=1), some(ROWS, COLUMNS, p=0.7, seed=2)
    program = imprinting(shown, taught, mask, replicas)
    probes = [Probe(name, "samples", f"target.{name}") for name in ("found", "weighted", "filled")]
    runner = prepare(program, backend, probes)
    caught = run_until(runner, 12)
    for copy in range(replicas):
        weight = some(replicas, ROWS, COLUMNS, p=0.05, seed=9)[copy] if replicas > 1 else np.zeros_like(mask)
        begun = weight.sum(axis=0)
        for step in range(12):
            at = (step, copy) if replicas > 1 else step
            np.testing.assert_array_equal(caught.values("found")[at], shown[step] @ weight.astype(int))
            expected = (shown[step] * np.arange(ROWS)) @ weight.astype(int)
            np.testing.assert_array_equal(caught.values("weighted")[at], expected)
            weight = weight | (np.outer(shown[step], taught[step]) & mask)
            np.testing.assert_array_equal(caught.values("filled")[at], weight.sum(axis=0) - begun)
        np.testing.assert_array_equal(
            runner.read("up.w").reshape(-1, ROWS, COLUMNS)[copy if replicas > 1 else 0], weight
        )


def products(weight: np.ndarray, shown: np.ndarray) -> Program:
    """Both ways through one matrix, (n, m): forward from n truth values and back from m, and back from numbers."""
    n, m = weight.shape
    builder = Builder(dt=1.0)
    for name, size in (("left", n), ("right", m)):
        part = receiving(builder, name, size, total=5.0, weighted=0.0)
        part.state("x", False, dtype="bool")
    receiving(builder, "strength", m, x=np.arange(m) / 7)
    matrix = bits(builder, "w", n, m, weight, kind="parameter")
    builder.add_schedule(Table(name="l", values=shown[:, :n]), "left.x", "arrive")
    builder.add_schedule(Table(name="r", values=shown[:, :m]), "right.x", "arrive")
    builder.add("integrate", MatMul(source="left.x", target="right.total", weight=matrix, accumulate=True))
    builder.add("integrate", MatMul(source="right.x", target="left.total", weight=matrix, transpose=True))
    builder.add("integrate", MatMul(source="strength.x", target="left.weighted", weight=matrix, transpose=True))
    return builder.finish()


@pytest.mark.parametrize(("n", "m", "p"), [(1, 1, 1.0), (63, 65, 0.5), (700, 130, 0.9)])
def test_a_product_counts_bits_in_both_directions_however_long_the_rows_are(backend, n, m, p):
    weight, shown = some(n, m, p=0.6, seed=3), some(2, max(n, m), p=p, seed=4)
    runner = prepare(products(weight, shown), backend)
    run_until(runner, 2)
    on = shown.astype(int)
    np.testing.assert_array_equal(runner.read("right.total"), 5 + on[0, :n] @ weight + on[1, :n] @ weight)
    np.testing.assert_array_equal(runner.read("left.total"), weight @ on[1, :m])
    np.testing.assert_allclose(runner.read("left.weighted"), weight @ (np.arange(m) / 7), rtol=1e-12)


def test_threads_do_not_change_what_is_imprinted():
    from neurosim.backends import Options
    from neurosim.backends import backend as backend_called

    program = imprinting(some(30, ROWS), some(30, COLUMNS, seed=1), None)
    found = []
    for threads in (1, 2):
        runner = backend_called("numba").prepare(program, [], Options(dtype="float32", threads=threads))
        run_until(runner, 30)
        found.append(runner.read("up.w"))
    assert found[0].any()
    np.testing.assert_array_equal(*found)


def test_a_state_with_bits_is_taken_up_by_the_other_backend():
    program = imprinting(some(12, ROWS), some(12, COLUMNS, seed=1), None)
    first, second = prepare(program, "reference"), prepare(program, "numba")
    run_until(first, 6)
    second.restore(6, first.state())
    run_until(first, 12)
    run_until(second, 12)
    assert first.read("up.w").any()
    np.testing.assert_array_equal(first.read("up.w"), second.read("up.w"))
    np.testing.assert_array_equal(first.read("target.found"), second.read("target.found"))


def test_bits_that_do_not_fit_or_are_used_otherwise_are_refused():
    def refused(message: str, **changes: object) -> None:
        builder = Builder(dt=1.0)
        part = receiving(builder, "a", 4, y=0.0)
        part.state("x", False, dtype="bool")
        matrix = bits(builder, "m", 4, 4)
        bits(builder, "narrow", 4, 3)
        builder.add("plastic", Imprint(**{"source": "a.x", "target": "a.x", "weight": matrix} | changes))
        with pytest.raises(BackendError, match=message):
            check_program(builder.finish())

    refused("Imprint.source must be truth values .bool. on an index space, got a.y of float", source="a.y")
    refused("Imprint.weight must be a matrix of bits, got a.y of float", weight="a.y")
    refused("Imprint.mask must have 4 rows of 4 bits, got narrow.w with 12 bits and rows of 3", mask="narrow.w")
    refused("Imprint.filled must be numbers on the space of a.x, got a.x", filled="a.x")
    refused("Imprint.source must not be a matrix of bits, got m.w", source="m.w")
    program = imprinting(some(2, ROWS), some(2, COLUMNS), None)
    with pytest.raises(NetworkError, match=r"up.w is a matrix of bits, which is not recorded"):
        check_probes(program, [Probe("w", "samples", "up.w")])
