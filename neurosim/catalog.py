"""Published models with their papers' claims as runnable checks.

>>> from neurosim import catalog
>>> "brunel_2000" in catalog.names()
True
>>> catalog.entry("brunel_2000").family
'spiking'
"""

import importlib
import inspect
import math
import pkgutil
import re
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import KW_ONLY, dataclass, field
from types import MappingProxyType
from typing import Any

from .errors import DescriptionError, NeurosimError, check_choice, check_positive, listing, nearest

COSTS = ("quick", "slow", "full")
"""Cost classes in order: seconds (in the tests), minutes, the paper's own size."""
DOI = re.compile(r"doi:10\.\d{4,}/\S+")


@dataclass(frozen=True)
class Claim:
    """A published number or bound, and how to measure it.

    Parameters
    ----------
    text
        What is claimed, in a sentence, with the unit.
    measure
        Called with ``arguments`` and the options of the run (``backend`` and ``seed``); returns a number.
    arguments
        By name.
    low, high
        The interval accepted; either may be infinite.
    where
        Where the paper says so: figure, table, page, equation; or that it is inferred, and from what.
    why
        Why this interval.
    cost
        ``quick`` (seconds), ``slow`` (minutes) or ``full`` (the paper's own size).
    misses
        For a claim that is known not to hold here: what is measured instead, and why as far as that is known.
    """

    text: str
    measure: Callable[..., float]
    arguments: Mapping[str, Any] = field(default_factory=dict)
    _: KW_ONLY
    low: float
    high: float
    where: str
    why: str
    cost: str = "quick"
    misses: str = ""

    def __post_init__(self) -> None:
        check_choice(self, "cost", COSTS)
        for name in ("text", "where", "why"):
            _check_text(self, name)
        if not callable(self.measure):
            raise DescriptionError(f"Claim.measure must be a function, got {self.measure!r}")
        for name in ("low", "high"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float) or math.isnan(value):
                raise DescriptionError(f"Claim.{name} must be a number, got {value!r}")
        if self.low > self.high:
            raise DescriptionError(f"Claim.low must be <= high ({self.high!r}), got {self.low!r}")
        known = inspect.signature(self.measure).parameters
        for name in self.arguments:
            if name not in known:
                raise DescriptionError(
                    f"Claim.arguments: {self.measure.__name__} takes no {name!r}{nearest(name, known)}; "
                    f"it takes: {listing(known)}"
                )
        object.__setattr__(self, "arguments", MappingProxyType(dict(self.arguments)))


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A published model.

    Parameters
    ----------
    title
        What the model shows, in a line.
    paper
        Citation with its DOI, written ``doi:10...``.
    family
        Name of the kind of model, such as ``spiking``.
    build
        Called with parameters by name, all with defaults; returns the network.
    figure
        ``figure(ax, recording=None, **run)`` draws a recording of the network into ``ax`` and returns it;
        without one it runs what the paper shows.
    claims
        What the paper says of it.
    differs
        In what the implementation differs from the paper.
    record, duration, dt
        What a run records unless told otherwise, how long it is and its time step, ms.
    """

    title: str
    paper: str
    family: str
    build: Callable[..., Any]
    figure: Callable[..., Any]
    claims: tuple[Claim, ...]
    differs: str = ""
    record: tuple[str, ...] = ("spikes",)
    duration: float = 1000.0
    dt: float = 0.1

    def __post_init__(self) -> None:
        for name in ("title", "paper", "family"):
            _check_text(self, name)
        if not DOI.search(self.paper):
            raise DescriptionError(f"Entry.paper must name a DOI as in doi:10.1000/182, got {self.paper!r}")
        for name in ("build", "figure"):
            if not callable(getattr(self, name)):
                raise DescriptionError(f"Entry.{name} must be a function, got {getattr(self, name)!r}")
        check_positive(self, "duration", "dt")
        object.__setattr__(self, "claims", tuple(self.claims))
        object.__setattr__(self, "record", tuple(self.record))
        for claim in self.claims:
            if not isinstance(claim, Claim):
                raise DescriptionError(f"Entry.claims must be Claims, got {claim!r}")
        for name, parameter in inspect.signature(self.build).parameters.items():
            if parameter.default is parameter.empty:
                raise DescriptionError(f"Entry.build: the parameter {name!r} needs a default")

    @property
    def doi(self) -> str:
        """The address of the paper."""
        found = DOI.search(self.paper)
        return "https://doi.org/" + found.group()[4:].rstrip(".,;") if found else ""

    @property
    def parameters(self) -> Mapping[str, Any]:
        """What ``build`` takes, with its defaults."""
        return {name: p.default for name, p in inspect.signature(self.build).parameters.items()}


@dataclass(frozen=True, kw_only=True)
class Result:
    """A claim after it was measured.

    Parameters
    ----------
    claim
        The claim.
    value
        The number measured; NaN when measuring failed.
    seconds
        How long that took.
    error
        Why it failed, or empty.
    """

    claim: Claim
    value: float
    seconds: float
    error: str = ""

    @property
    def holds(self) -> bool:
        """Whether the number lies in the interval accepted; NaN lies in none."""
        return self.claim.low <= self.value <= self.claim.high


def names() -> list[str]:
    """The names of all entries, without importing them."""
    models = importlib.import_module("neurosim.models")
    return sorted(m.name for m in pkgutil.iter_modules(models.__path__) if not m.name.startswith("_"))


def entry(name: str) -> Entry:
    """The entry called ``name``."""
    known = names()
    if name not in known:
        raise DescriptionError(f"no entry {name!r}{nearest(str(name), known)}; there are: {listing(known)}")
    found = getattr(importlib.import_module(f"neurosim.models.{name}"), "ENTRY", None)
    if not isinstance(found, Entry):
        raise DescriptionError(f"neurosim.models.{name} must define ENTRY, an Entry, got {found!r}")
    return found


def entries() -> dict[str, Entry]:
    """All entries by name."""
    return {name: entry(name) for name in names()}


def costs_up_to(cost: str) -> tuple[str, ...]:
    """The cost classes as cheap as ``cost`` or cheaper."""
    if cost not in COSTS:
        raise DescriptionError(f"cost must be one of {listing(COSTS)}, got {cost!r}{nearest(str(cost), COSTS)}")
    return COSTS[: COSTS.index(cost) + 1]


def check(
    model: Entry, costs: Collection[str] = ("quick",), *, backend: str = "numba", seed: int = 0
) -> Iterator[Result]:
    """Measure the claims of these cost classes, one after another, as results are asked for.

    A measure that fails with an error of ours is a claim that does not hold, with the error as its reason.
    """
    for cost in costs:
        costs_up_to(cost)
    return (_measured(claim, backend, seed) for claim in model.claims if claim.cost in costs)


def _measured(claim: Claim, backend: str, seed: int) -> Result:
    begun = time.perf_counter()
    value, error = math.nan, ""
    try:
        value = float(claim.measure(**claim.arguments, backend=backend, seed=seed))
    except NeurosimError as raised:
        error = str(raised)
    return Result(claim=claim, value=value, seconds=time.perf_counter() - begun, error=error)


def _check_text(owner: Any, name: str) -> None:
    value = getattr(owner, name)
    if not isinstance(value, str) or not value.strip():
        raise DescriptionError(f"{type(owner).__name__}.{name} must be a text, got {value!r}")
