"""``Sweep``: what it means, the same on every backend, and what it refuses."""

from dataclasses import replace

import numpy as np
import pytest

from neurosim.backends import Options
from neurosim.backends import backend as named
from neurosim.backends.numba.emit_sweep import LEAST_SHARED
from neurosim.equations import Assign
from neurosim.errors import BackendError
from neurosim.kernels import philox
from neurosim.program import Buffer, Builder, Program, Ref, Sweep, check_program

CUBIC = (Assign("_response", "=", "_p1*_p1*_p1 - c*_p1"),)
STREAM = 7


@pytest.fixture(params=["reference", "numba"])
def backend(request):
    """Those that have a sweep: visits one after another are no work for a GPU."""
    return request.param


class Nowhere:
    def events(self, *caught):
        pass

    def samples(self, *caught):
        pass


def program(patterns, start, /, *, heat=0.9, replicas=1, **changes) -> Program:
    """Four-body spins over patterns (units, patterns), numbered buffers and all."""
    units, stored = patterns.shape
    builder = Builder(dt=1.0, seed=1, replicas=replicas)
    for name, size in (("a", units), ("k", stored), ("x", patterns.size)):
        builder.add_space(name, size)
    dtype = "int8" if patterns.dtype == np.int8 else "float"
    states = {"a.s": ("a", start), "a.seen": ("a", 0.0), "k.m": ("k", 0.0)}
    for name, (space, initial) in states.items():
        builder.add_buffer(Buffer(name=name, space=space, kind="state", initial=initial))
    builder.add_buffer(Buffer(name="x.x", space="x", kind="parameter", dtype=dtype, initial=patterns.ravel()))
    for name, value in {"a.T": heat, "a.c": 3.0 * units - 5.0, "a.g": 2.0 / units**3}.items():
        builder.add_buffer(Buffer(name=name, space=None, kind="parameter", initial=value))
    op = Sweep(spins="a.s", seen="a.seen", patterns="x.x", overlaps=("k.m",), response=CUBIC, field="g*_sum",
               temperature="T", names={"c": Ref("a.c"), "g": Ref("a.g"), "T": Ref("a.T")}, stream=STREAM)
    builder.add("integrate", replace(op, **changes))
    return builder.finish()


def ran(program, name, steps, threads=1):
    runner = named(name).prepare(program, [], Options(dtype="float64", threads=threads))
    while runner.step < steps:
        runner.advance(steps, Nowhere())
    return runner


@pytest.fixture(scope="module")
def signs():
    rng = np.random.default_rng(0)
    patterns = rng.choice(np.array([-1, 1], np.int8), size=(70, 333))
    return patterns, np.where(rng.random(70) < 0.2, -patterns[:, 0], patterns[:, 0])


def test_a_sweep_is_glauber_dynamics_written_out(signs):
    """Every unit once, in the order of Fisher and Yates, each from overlaps counted anew."""
    patterns, start = signs
    program_ = program(patterns, start)
    spins = start.astype(float)
    for step in range(3):
        words = philox.words(1, STREAM, step, np.arange(70))
        uniform = philox.uniform(1, STREAM, step, np.arange(70), 1)
        order = list(range(70))
        for n in range(69, 0, -1):
            other = (int(words[n]) * (n + 1)) >> 32
            order[n], order[other] = order[other], order[n]
        for j in order:
            others = patterns.T @ spins - patterns[j] * spins[j]
            field = 2.0 / 70**3 * (patterns[j] * (others**3 - 205.0 * others)).sum()
            spins[j] = 1.0 if uniform[j] < 1.0 / (1.0 + np.exp(-2.0 * field / 0.9)) else -1.0
        runner = ran(program_, "reference", step + 1)
        np.testing.assert_array_equal(runner.read("a.s"), spins)
        np.testing.assert_array_equal(runner.read("k.m"), patterns.T @ spins)
    assert 0 < np.sum(spins != start) < 70


@pytest.mark.parametrize("entries", ["signs", "numbers"])
def test_whole_numbers_give_the_same_bits_on_every_backend_and_thread(signs, entries, backend):
    patterns, start = signs
    expected = ran(program(patterns, start, replicas=3, entries=entries), "reference", 4)
    for threads in (1, 2):
        found = ran(program(patterns, start, replicas=3, entries=entries), backend, 4, threads)
        for name in ("a.s", "k.m"):
            np.testing.assert_array_equal(found.read(name), expected.read(name))
    assert len(np.unique(expected.read("a.s"), axis=0)) == 3  # replicas have seeds of their own


def test_threads_of_one_replica_wait_for_the_sweep(signs, backend):
    patterns, start = signs
    expected = ran(program(patterns, start), "reference", 4)
    found = ran(program(patterns, start), backend, 4, threads=2)
    np.testing.assert_array_equal(found.read("a.s"), expected.read("a.s"))


TOP = (Assign("_response", "=", "exp(_p1 - _top) * c"),)
"""Names the greatest overlap, which all threads have to know."""


@pytest.mark.parametrize(
    ("entries", "response"),
    [("signs", CUBIC), ("numbers", TOP),
     *(pytest.param(*more, marks=pytest.mark.slow) for more in (("signs", TOP), ("ternary", CUBIC), ("numbers", CUBIC)))
     ],
)
def test_threads_look_ahead_in_one_replica_and_keep_the_bits(entries, response):
    """With patterns enough for threads to share the visits; units turn, so that much that was prepared is made anew."""
    rng = np.random.default_rng(3)
    patterns = rng.choice(np.array([-1, 1], np.int8), size=(70, LEAST_SHARED + 77))
    if entries == "ternary":
        patterns[rng.random(patterns.shape) < 0.3] = 0
    start = np.where(rng.random(70) < 0.3, -1.0, 1.0)
    program_ = program(patterns, start, heat=3.0, entries=entries, response=response)
    one, *others = (ran(program_, "numba", 4, threads) for threads in (1, 2, 3))
    assert 5 < np.sum(one.read("a.s") != start) < 65
    for found in others:
        for name in ("a.s", "a.seen", "k.m"):
            np.testing.assert_array_equal(found.read(name), one.read(name))
    np.testing.assert_array_equal(one.read("k.m"), patterns.T @ one.read("a.s"))


def test_at_temperature_zero_a_unit_without_field_keeps_its_state(backend):
    """Ternary patterns: where all are blank there is no field, and nothing but the sign counts elsewhere."""
    patterns = np.zeros((70, 3), np.int8)
    patterns[:50, 0], patterns[50:60, 1] = 1, -1
    start = np.ones(70)
    start[[3, 65]] = -1.0
    linear = (Assign("_response", "=", "_p1"),)
    spins = ran(program(patterns, start, heat=0.0, entries="ternary", response=linear), backend, 2).read("a.s")
    assert spins[3] == 1.0 and spins[65] == -1.0
    np.testing.assert_array_equal(np.delete(spins, [3, 65]), np.delete(start, [3, 65]))


def test_overlaps_follow_spins_that_others_have_turned(signs, backend):
    patterns, start = signs
    runner = ran(program(patterns, start, heat=0.0), backend, 1)
    runner.write("a.s", -patterns[:, 7].astype(float))
    runner.advance(2, Nowhere())
    np.testing.assert_array_equal(runner.read("k.m"), patterns.T @ runner.read("a.s"))


def test_a_run_split_in_two_equals_the_whole(signs, backend):
    program_ = program(*signs)
    first = ran(program_, backend, 2)
    second = ran(program_, backend, 0)
    second.restore(2, first.state())
    second.advance(4, Nowhere())
    np.testing.assert_array_equal(second.read("a.s"), ran(program_, backend, 4).read("a.s"))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"order": "backwards"}, "Sweep.order must be one of ascending, random, got 'backwards'"),
        ({"entries": "bits"}, "Sweep.entries must be one of numbers, signs, ternary, got 'bits'"),
        ({"patterns": "a.s"}, "Sweep.patterns must be a parameter of 23310 numbers, got a.s"),
        ({"response": (Assign("_response", "=", "_x*_p1"),)}, "Sweep.response: unknown name '_x'"),
        ({"response": (Assign("_value", "=", "_p1"),)}, "Sweep.response: unknown name '_response'"),
        ({"response": (Assign("c", "=", "_p1"), *CUBIC)}, "Sweep.response must set locals"),
        ({"field": "_p1"}, "Sweep.field: unknown name '_p1'"),
        ({"temperature": "_sum"}, "Sweep.temperature: unknown name '_sum'"),
        ({"seen": "k.m"}, "Sweep.seen must lie on a, got k.m of k"),
        ({"spins": "a.T"}, "must have a value for each index, got a.T"),
    ],
)
def test_what_does_not_fit_is_refused(signs, changes, message):
    with pytest.raises(BackendError, match=message):
        check_program(program(*signs, **changes))


def test_entries_must_be_what_is_promised(signs):
    patterns, start = signs
    with pytest.raises(BackendError, match="of type int8 that are -1 or 1, got 1 and x.x .* 70 zeros"):
        check_program(program(np.where(np.arange(333) == 0, np.int8(0), patterns), start))
    with pytest.raises(BackendError, match="that are -1, 0 or 1, got 1 and x.x .float"):
        check_program(program(patterns.astype(float), start, entries="ternary"))
