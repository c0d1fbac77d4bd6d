"""Numbers for each edge: weights and whatever else an edge has."""

from math import exp, expm1, inf, log
from typing import Any

import numpy as np

from ..errors import DescriptionError
from ..kernels.recipes import ValueRecipe
from .distributions import CONTINUOUS, Constant, Exponential, LogNormal, Normal, Rounded, Uniform, limits, mass
from .edges import Edges
from .plans import Task, compiled_loops
from .rules import is_number
from .workers import run_blocks, usable_threads

BLOCK = 1 << 16
# below this share of accepted numbers inverting the distribution is cheaper than drawing again
RARE = 0.1
FARTHEST_NORMAL, FARTHEST_EXPONENTIAL = 8.66, 36.75
"""What no standard normal number and no exponential number of mean one exceeds, made of words as they are."""


def values(
    given: Any, edges: Edges, *, seed: int, stream: int, dtype: Any = np.float64, threads: int | None = None
) -> float | np.ndarray:
    """One number for every edge.

    Drawn numbers depend on (seed, stream, place of the edge in `edges`) only, and are the same in float32
    as in float64 up to rounding.

    Parameters
    ----------
    given
        A number, a distribution, or an array (E,) in the order in which the user gave the edges; for edges
        drawn from a rule, in their canonical order.
    edges
        The edges.
    seed, stream
        Which random numbers; another stream than that of the edges' delays and targets is not needed.
    dtype
        Kind of float of the result.
    threads
        By default one, or all cores from a few hundred thousand edges on.

    Returns
    -------
    float, or (E,) of the kind asked for.
    """
    one = single(given)
    if one is not None:
        return one
    if isinstance(given, (Rounded, *CONTINUOUS)):
        return drawn_values(given, edges.count, seed=seed, stream=stream, dtype=dtype, threads=threads)
    return _permuted(given, edges, dtype)


def single(given: Any) -> float | None:
    """The one number that all edges get, if there is one."""
    if isinstance(given, Constant):
        return float(given.value)
    if is_number(given):
        return float(given)
    if isinstance(given, Normal) and given.sd == 0:
        return float(given.mean)
    if isinstance(given, Rounded) and (one := single(given.given)) is not None:
        return round(one / given.power) * given.power
    return None


def drawn_values(
    given: Any, count: int, *, seed: int, stream: int, dtype: Any, threads: int | None = None
) -> np.ndarray:
    """(count,) numbers from a distribution, as ``values`` draws them for as many edges."""
    if threads is None:
        threads = usable_threads() if count > 300_000 else 1
    task = Task(sources=1, targets=1, shift=None, seed=seed, stream=stream, threads=threads)
    out = np.empty(count, dtype)
    law = given.given if isinstance(given, Rounded) else given
    fill = _inverting(law, task, out) if _is_rare(law) else _drawing(law, task, out)

    def work(block: tuple[int, int], scratch: Any) -> None:
        fill(block, scratch)
        if isinstance(given, Rounded):
            part = out[block[0] : block[1]]
            np.rint(part / given.power, out=part)
            part *= given.power

    run_blocks(work, task.split(count, BLOCK), lambda: (np.empty((4, 64), np.uint32), np.empty(64)), threads)
    return out


def _permuted(given: Any, edges: Edges, dtype: Any) -> np.ndarray:
    array = np.asarray(given)
    if array.dtype.kind not in "iuf":
        raise DescriptionError(f"values of edges must be numbers, an array or a distribution, got {given!r}")
    if array.shape != (edges.count,):
        raise DescriptionError(
            f"values of edges must be one number or {edges.count}, one for each edge, got shape {array.shape}"
        )
    wrong = np.flatnonzero(~np.isfinite(array))
    if wrong.size:
        raise DescriptionError(f"value [{wrong[0]}] of the edges must be finite, got {array[wrong[0]]!r}")
    return (array if edges.order is None else array[edges.order]).astype(dtype)


def _is_rare(given: Any) -> bool:
    return isinstance(given, Normal | LogNormal) and mass(given) < RARE


def _drawing(given: Any, task: Task, out: np.ndarray) -> Any:
    """The compiled loop that fills a block of ``out``."""
    loops, numbers = compiled_loops(), _numbers(given)
    if isinstance(given, Uniform | Exponential):
        loop = loops.uniform_values if isinstance(given, Uniform) else loops.exponential_values
        return lambda block, s: loop(*block, *numbers, task.key, s[0], out[block[0] : block[1]])

    def fill(block: tuple[int, int], scratch: tuple[np.ndarray, np.ndarray]) -> None:
        # an edge in a block of 64 is drawn from the block's words wherever this piece begins
        part = out[block[0] : block[1]]
        loops.normal_values(*block, *numbers, isinstance(given, LogNormal), task.key, *scratch, part)

    return fill


def _numbers(given: Any) -> tuple[float, ...]:
    """What the compiled loop of a distribution is given."""
    low, high = limits(given)
    if isinstance(given, Uniform):
        return low, high - low
    if isinstance(given, Exponential):
        low = max(low, 0.0)
        # an exponential number above a bound is the bound plus an exponential number
        return low, given.mean, 1.0 if high == inf else -expm1(-(high - low) / given.mean)
    if isinstance(given, LogNormal):
        return given.mu, given.sigma, _logarithm(low), _logarithm(high)
    return given.mean, given.sd, low, high


def value_recipe(given: Any, *, seed: int, stream: int) -> ValueRecipe | None:
    """What ``drawn_values`` takes in plain numbers; None where it inverts a distribution instead."""
    law = given.given if isinstance(given, Rounded) else given
    if _is_rare(law):
        return None
    task = Task(sources=1, targets=1, shift=None, seed=seed, stream=stream, threads=1)
    numbers, step = _numbers(law), given.power if isinstance(given, Rounded) else 0.0
    return ValueRecipe(
        kind=type(law).__name__.lower(),
        numbers=numbers,
        key=tuple(int(part) for part in task.key),  # type: ignore[arg-type]
        draw=compiled_loops().VALUES,
        step=step,
        bound=(_farthest(law) + step) * (1.0 + 2.0**-20),  # rounded to single precision
    )


def _farthest(law: Any) -> float:
    """What no number exceeds in magnitude."""
    low, high = limits(law)
    match law:
        case Normal(mean=mean, sd=sd):
            low, high = max(low, mean - FARTHEST_NORMAL * sd), min(high, mean + FARTHEST_NORMAL * sd)
        case LogNormal(mu=mu, sigma=sigma):
            low, high = 0.0, min(high, exp(min(mu + FARTHEST_NORMAL * sigma, 700.0)))  # beyond, all is infinite
        case Exponential(mean=mean):
            low, high = 0.0, min(high, max(low, 0.0) + FARTHEST_EXPONENTIAL * mean)
    return max(abs(low), abs(high))


def _logarithm(bound: float) -> float:
    return -inf if bound <= 0.0 else inf if bound == inf else log(bound)


def _inverting(given: Any, task: Task, out: np.ndarray) -> Any:
    """Normal numbers far out in a tail, by the inverse of the distribution function."""
    from scipy.special import ndtr, ndtri

    from ..kernels.philox import uniform

    low, high = limits(given)
    mean, sd = (given.mu, given.sigma) if isinstance(given, LogNormal) else (given.mean, given.sd)
    if isinstance(given, LogNormal):
        low, high = _logarithm(low), _logarithm(high)
    a, b = (low - mean) / sd, (high - mean) / sd
    # the lower tail is the one that floats resolve
    sign = -1.0 if a > 0.0 else 1.0
    if sign < 0:
        a, b = -b, -a
    number = compiled_loops().VALUES
    start, width = ndtr(a), ndtr(b) - ndtr(a)

    def fill(block: tuple[int, int], scratch: Any) -> None:
        u = uniform(task.seed, task.stream, 0, np.arange(*block), number)
        numbers = np.clip(mean + sd * sign * ndtri(start + width * u), low, high)
        out[block[0] : block[1]] = np.exp(numbers) if isinstance(given, LogNormal) else numbers

    return fill
