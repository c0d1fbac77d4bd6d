"""Elementary functions against exact values and at the ends of their domain."""

import numpy as np
import pytest
from numba import njit

from neurosim.kernels import elementary

# name, exact function, intervals, largest error in ulp as documented
CASES = [
    ("exp", np.exp, [(-86, 88), (-1, 1)], 1.0),
    ("expm1", np.expm1, [(-20, 88), (-1, 1), (-0.01, 0.01)], 1.0),
    ("log", np.log, [(1e-37, 1e37), (0.5, 2.0), (0.99, 1.01)], 1.0),
    ("log1p", np.log1p, [(-0.999, 5), (-0.01, 0.01), (0, 1e10)], 1.0),
    ("tanh", np.tanh, [(-12, 12), (-1, 1), (0.6, 0.7)], 1.0),
    ("sin", np.sin, [(-10, 10), (-1e5, 1e5)], 1.0),
    ("cos", np.cos, [(-10, 10), (-1e5, 1e5)], 1.0),
    (
        "exprel",
        lambda x: np.where(x == 0, 1, np.expm1(x) / np.where(x == 0, 1, x)),
        [(-20, 80), (-1, 1)],
        2.0,
    ),
]
KINDS = {"64": (np.float64, np.longdouble), "32": (np.float32, np.float64)}
NAMES = [name for name, *_ in CASES]


def over(name, kind):
    """The function, applied to a whole array by compiled code."""
    function = getattr(elementary, f"{name}{'_' if name in ('expm1', 'log1p') else ''}{kind}")

    @njit(error_model="numpy")
    def loop(x, y):
        for i in range(x.size):
            y[i] = function(x[i])

    def apply(x):
        x = np.asarray(x, KINDS[kind][0])
        y = np.empty_like(x)
        loop(x, y)
        return y

    return apply


@pytest.mark.skipif(np.finfo(np.longdouble).nmant < 60, reason="needs a longer float to compare with")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("name", "exact", "intervals", "ulps"), CASES, ids=NAMES)
def test_the_error_stays_below_the_ulps_documented(name, exact, intervals, ulps, kind):
    rng = np.random.default_rng(1)
    dtype, longer = KINDS[kind]
    apply = over(name, kind)
    for low, high in intervals:
        near_zero = np.exp(rng.uniform(-30.0, np.log(high), 20_000))
        x = np.concatenate([rng.uniform(low, high, 100_000), near_zero, -near_zero]).astype(dtype)
        x = x[(x >= low) & (x <= high)]
        truth = exact(x.astype(longer))
        ulp = np.spacing(np.abs(truth).astype(dtype)).astype(longer)
        assert np.max(np.abs(apply(x).astype(longer) - truth) / ulp) <= ulps


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", NAMES)
def test_what_is_not_a_number_stays_so(name, kind):
    assert np.isnan(over(name, kind)([np.nan])).all()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("name", "x", "y"),
    [
        ("exp", [-np.inf, -1e4, 0.0, 1e4, np.inf], [0.0, 0.0, 1.0, np.inf, np.inf]),
        ("expm1", [-np.inf, -1e4, 0.0, 1e4, np.inf], [-1.0, -1.0, 0.0, np.inf, np.inf]),
        ("exprel", [-np.inf, 0.0, np.inf], [0.0, 1.0, np.inf]),
        ("log", [0.0, 1.0, np.inf, -1.0, -np.inf], [-np.inf, 0.0, np.inf, np.nan, np.nan]),
        ("log1p", [-1.0, 0.0, np.inf, -2.0], [-np.inf, 0.0, np.inf, np.nan]),
        ("tanh", [-np.inf, -50.0, 0.0, 50.0, np.inf], [-1.0, -1.0, 0.0, 1.0, 1.0]),
        ("sin", [0.0, np.inf], [0.0, np.nan]),
        ("cos", [0.0, np.inf], [1.0, np.nan]),
    ],
)
def test_the_ends_of_the_domain_are_right(name, x, y, kind):
    np.testing.assert_array_equal(over(name, kind)(x), np.asarray(y, KINDS[kind][0]))


def test_exp_is_complete_up_to_its_overflow_and_down_to_its_flush():
    x = np.array([709.78, 709.79, -707.69, -707.71])
    # 1 ulp is 2.2e-16 of the value
    np.testing.assert_allclose(
        over("exp", "64")(x), [np.exp(709.78), np.inf, np.exp(-707.69), 0.0], rtol=2.3e-16
    )
    x32 = np.array([88.72, 88.73, -86.59, -86.61], np.float32)
    exact = np.exp(x32.astype(float))
    np.testing.assert_allclose(over("exp", "32")(x32), [exact[0], np.inf, exact[2], 0.0], rtol=1.2e-7)


def test_log_knows_denormal_numbers():
    assert over("log", "64")([5e-324])[0] == np.log(5e-324)
    tiny = np.float32(1e-45)
    assert over("log", "32")([tiny])[0] == np.float32(np.log(float(tiny)))
