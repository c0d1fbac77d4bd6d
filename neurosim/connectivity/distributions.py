"""Distributions from which weights, delays and other numbers of edges are drawn."""

from dataclasses import dataclass
from math import frexp, inf, isfinite, log
from typing import Any

import numpy as np

from ..errors import DescriptionError, check_not_negative, check_positive, fields_by_name


def check_finite(owner: Any, *fields: str) -> None:
    """Each named field of ``owner`` is a finite number."""
    for field in fields:
        value = getattr(owner, field)
        if isinstance(value, bool) or not isinstance(value, int | float | np.number) or not isfinite(value):
            raise DescriptionError(f"{type(owner).__name__}.{field} must be a finite number, got {value!r}")


def _check_bounds(owner: Any) -> None:
    """Bounds are numbers or None, in order, with something of the distribution between them."""
    for field in ("low", "high"):
        if getattr(owner, field) is not None:
            check_finite(owner, field)
    low, high = limits(owner)
    name = type(owner).__name__
    if not low < high:
        raise DescriptionError(f"{name}.low must be < high ({high!r}), got {low!r}")
    if mass(owner) < 1e-12:
        raise DescriptionError(f"{name} has no numbers between low={owner.low!r} and high={owner.high!r}")


def limits(distribution: Any) -> tuple[float, float]:
    """The bounds, with None as infinity."""
    low, high = distribution.low, distribution.high
    return (-inf if low is None else float(low)), (inf if high is None else float(high))


def mass(distribution: Any) -> float:
    """Probability of the untruncated distribution between its bounds."""
    if getattr(distribution, "sd", None) == 0:
        low, high = limits(distribution)
        return float(low <= distribution.mean <= high)
    low, high = distribution.cdf(np.array(limits(distribution)))
    # in the upper tail the difference of two numbers near one is exact enough to refuse what is absurd
    return float(high - low)


@fields_by_name
@dataclass(frozen=True)
class Constant:
    """The same number everywhere.

    Parameters
    ----------
    value
        The number, in the unit of what it is drawn for.
    """

    value: float

    def __post_init__(self) -> None:
        check_finite(self, "value")

    def scaled(self, factor: float) -> "Constant":
        """The distribution of ``factor`` times the number."""
        return Constant(self.value * factor)


@fields_by_name
@dataclass(frozen=True)
class Normal:
    """Normal distribution; numbers outside the bounds are drawn again, as if they had not occurred.

    Parameters
    ----------
    mean, sd
        Mean and standard deviation before the bounds act.
    low, high
        Bounds, or None.
    """

    mean: float
    sd: float
    low: float | None = None
    high: float | None = None

    def __post_init__(self) -> None:
        check_finite(self, "mean", "sd")
        check_not_negative(self, "sd")
        _check_bounds(self)

    def cdf(self, x: np.ndarray) -> np.ndarray:
        """Distribution function without the bounds."""
        from scipy.special import ndtr

        x = np.asarray(x, float)
        return ndtr((x - self.mean) / self.sd) if self.sd > 0 else (x >= self.mean).astype(float)

    def scaled(self, factor: float) -> "Normal":
        """The distribution of ``factor`` times the number, ``factor`` > 0."""
        return Normal(self.mean * factor, self.sd * factor, **_scaled_bounds(self, factor))


@fields_by_name
@dataclass(frozen=True)
class LogNormal:
    """The exponential of a normal number; numbers outside the bounds are drawn again.

    Parameters
    ----------
    mu, sigma
        Mean and standard deviation of the logarithm; the median is exp(mu).
    low, high
        Bounds of the number itself, or None.
    """

    mu: float
    sigma: float
    low: float | None = None
    high: float | None = None

    def __post_init__(self) -> None:
        check_finite(self, "mu", "sigma")
        check_positive(self, "sigma")
        _check_bounds(self)

    def cdf(self, x: np.ndarray) -> np.ndarray:
        """Distribution function without the bounds."""
        from scipy.special import ndtr

        with np.errstate(divide="ignore"):
            return ndtr((np.log(np.maximum(np.asarray(x, float), 0.0)) - self.mu) / self.sigma)

    def scaled(self, factor: float) -> "LogNormal":
        """The distribution of ``factor`` times the number, ``factor`` > 0."""
        return LogNormal(self.mu + log(factor), self.sigma, **_scaled_bounds(self, factor))


@fields_by_name
@dataclass(frozen=True)
class Uniform:
    """Every number in [low, high) alike.

    Parameters
    ----------
    low, high
        Ends of the interval.
    """

    low: float
    high: float

    def __post_init__(self) -> None:
        check_finite(self, "low", "high")
        _check_bounds(self)

    def cdf(self, x: np.ndarray) -> np.ndarray:
        """Distribution function."""
        return np.clip((np.asarray(x, float) - self.low) / (self.high - self.low), 0.0, 1.0)

    def scaled(self, factor: float) -> "Uniform":
        """The distribution of ``factor`` times the number, ``factor`` > 0."""
        return Uniform(self.low * factor, self.high * factor)


@fields_by_name
@dataclass(frozen=True)
class Exponential:
    """Exponential distribution; numbers outside the bounds are drawn again.

    Parameters
    ----------
    mean
        Mean before the bounds act.
    low, high
        Bounds, or None.
    """

    mean: float
    low: float | None = None
    high: float | None = None

    def __post_init__(self) -> None:
        check_finite(self, "mean")
        check_positive(self, "mean")
        _check_bounds(self)

    def cdf(self, x: np.ndarray) -> np.ndarray:
        """Distribution function without the bounds."""
        return -np.expm1(-np.maximum(np.asarray(x, float), 0.0) / self.mean)

    def scaled(self, factor: float) -> "Exponential":
        """The distribution of ``factor`` times the number, ``factor`` > 0."""
        return Exponential(self.mean * factor, **_scaled_bounds(self, factor))


def _scaled_bounds(distribution: Any, factor: float) -> dict[str, float | None]:
    bounds = {"low": distribution.low, "high": distribution.high}
    return {name: None if bound is None else bound * factor for name, bound in bounds.items()}


@fields_by_name
@dataclass(frozen=True)
class Rounded:
    """Numbers of another distribution, rounded; many of them may then be kept as short integers.

    They become multiples of a power of two, the largest that is at most ``step``. Between bounds of no more than 32,767
    steps the numbers of many edges take two bytes each.

    Parameters
    ----------
    given
        The distribution that is rounded.
    step
        Largest distance of two neighbouring numbers.
    """

    given: "Normal | LogNormal | Uniform | Exponential"
    step: float

    def __post_init__(self) -> None:
        if not isinstance(self.given, Normal | LogNormal | Uniform | Exponential):
            kinds = "Normal, LogNormal, Uniform or Exponential"
            raise DescriptionError(f"Rounded.given must be one of {kinds}, got {self.given!r}")
        check_finite(self, "step")
        check_positive(self, "step")

    @property
    def power(self) -> float:
        """The power of two of which all numbers are multiples."""
        return 2.0 ** (frexp(self.step)[1] - 1)

    @property
    def low(self) -> float | None:
        """See the distribution that is rounded."""
        return self.given.low

    @property
    def high(self) -> float | None:
        """See the distribution that is rounded."""
        return self.given.high

    def scaled(self, factor: float) -> "Rounded":
        """The distribution of ``factor`` times the number, ``factor`` > 0."""
        return Rounded(self.given.scaled(factor), self.step * factor)


Continuous = Normal | LogNormal | Uniform | Exponential
CONTINUOUS = (Normal, LogNormal, Uniform, Exponential)
