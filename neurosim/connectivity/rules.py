"""Rules that say who connects to whom: frozen descriptions, drawn by `draw`."""

from dataclasses import dataclass, field, fields
from math import inf, isfinite
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import (
    DescriptionError,
    check_choice,
    check_flag,
    check_positive,
    check_probability,
    fields_by_name,
    take_count,
)


@fields_by_name
@dataclass(frozen=True, kw_only=True)
class AllToAll:
    """Every source to every target.

    Parameters
    ----------
    self_connections
        Whether a neuron of a population connected to itself gets an edge to itself.
    """

    self_connections: bool = True

    def __post_init__(self) -> None:
        check_flag(self, "self_connections")


@fields_by_name
@dataclass(frozen=True, kw_only=True)
class OneToOne:
    """Source i to target i; there must be as many of either."""


@fields_by_name
@dataclass(frozen=True)
class Bernoulli:
    """Each pair with the same probability, independently.

    Parameters
    ----------
    p
        Probability of an edge.
    self_connections
        Whether a neuron may connect to itself.
    """

    p: float
    self_connections: bool = field(default=True, kw_only=True)

    def __post_init__(self) -> None:
        check_probability(self, "p")
        check_flag(self, "self_connections")


@fields_by_name
@dataclass(frozen=True)
class FixedInDegree:
    """Each target gets the same number of sources, drawn with equal probability.

    Parameters
    ----------
    degree
        Edges per target.
    self_connections
        Whether a neuron may connect to itself.
    multiple
        Whether the same pair may be drawn more than once.
    """

    degree: int
    self_connections: bool = field(default=True, kw_only=True)
    multiple: bool = field(default=True, kw_only=True)

    def __post_init__(self) -> None:
        take_count(self, "degree")
        check_flag(self, "self_connections", "multiple")


@fields_by_name
@dataclass(frozen=True)
class FixedOutDegree:
    """Each source gets the same number of targets, drawn with equal probability.

    Parameters
    ----------
    degree
        Edges per source.
    self_connections
        Whether a neuron may connect to itself.
    multiple
        Whether the same pair may be drawn more than once.
    """

    degree: int
    self_connections: bool = field(default=True, kw_only=True)
    multiple: bool = field(default=True, kw_only=True)

    def __post_init__(self) -> None:
        take_count(self, "degree")
        check_flag(self, "self_connections", "multiple")


@fields_by_name
@dataclass(frozen=True)
class FixedTotal:
    """A fixed number of edges, each between a source and a target drawn with equal probability.

    Parameters
    ----------
    count
        Number of edges.
    self_connections
        Whether a neuron may connect to itself.
    multiple
        Whether the same pair may be drawn more than once.
    """

    count: int
    self_connections: bool = field(default=True, kw_only=True)
    multiple: bool = field(default=True, kw_only=True)

    def __post_init__(self) -> None:
        take_count(self, "count")
        check_flag(self, "self_connections", "multiple")


KERNELS = ("gaussian", "exponential", "linear", "step")
# where the probability has fallen to p_max times 3.4e-4, 3.4e-4, 0, 0
DEFAULT_CUTOFF = {"gaussian": 4.0, "exponential": 8.0, "linear": 1.0, "step": 1.0}


@fields_by_name
@dataclass(frozen=True)
class Distance:
    r"""Each pair with a probability that depends on its distance d.

    ``gaussian``: :math:`p_{max} e^{-d^2 / 2 s^2}`, ``exponential``: :math:`p_{max} e^{-d / s}`,
    ``linear``: :math:`p_{max} (1 - d / s)` down to 0, ``step``: :math:`p_{max}` for :math:`d \le s`.
    All are 0 beyond the cutoff.

    Parameters
    ----------
    kernel
        ``"gaussian"``, ``"exponential"``, ``"linear"`` or ``"step"``.
    scale
        The length s, in the unit of the positions.
    p_max
        Probability at distance 0.
    cutoff
        Largest distance connected; by default 4 s (gaussian), 8 s (exponential), s (linear, step).
    periodic
        Size of a periodic box, one number per dimension, or None. Distances are to the nearest image.
    self_connections
        Whether a neuron may connect to itself.
    """

    kernel: str
    scale: float
    p_max: float = field(default=1.0, kw_only=True)
    cutoff: float | None = field(default=None, kw_only=True)
    periodic: tuple[float, ...] | None = field(default=None, kw_only=True)
    self_connections: bool = field(default=True, kw_only=True)

    def __post_init__(self) -> None:
        check_choice(self, "kernel", KERNELS)
        check_positive(self, "scale")
        check_probability(self, "p_max")
        if self.cutoff is not None:
            check_positive(self, "cutoff")
        if self.periodic is not None:
            box = tuple(float(size) for size in np.atleast_1d(np.asarray(self.periodic, float)))
            if not (1 <= len(box) <= 3 and all(0 < size < inf for size in box)):
                raise DescriptionError(f"Distance.periodic must be 1 to 3 sizes > 0, got {self.periodic!r}")
            object.__setattr__(self, "periodic", box)
        check_flag(self, "self_connections")

    @property
    def reach(self) -> float:
        """The largest distance connected."""
        return self.cutoff if self.cutoff is not None else DEFAULT_CUTOFF[self.kernel] * self.scale


def _indices(owner: Any, name: str) -> np.ndarray:
    """A field as a read-only vector of whole numbers."""
    given = np.asarray(getattr(owner, name))
    place = f"{type(owner).__name__}.{name}"
    if given.ndim != 1:
        raise DescriptionError(f"{place} must be one-dimensional, got shape {given.shape}")
    if given.dtype.kind not in "iu":
        wrong = (
            np.flatnonzero(~(np.isfinite(given) & (np.floor(given) == given)))
            if given.dtype.kind == "f"
            else [0]
        )
        if given.size and len(wrong):
            raise DescriptionError(f"{place}[{wrong[0]}] must be a whole number, got {given[wrong[0]]!r}")
    array = given.astype(np.int64)
    array.flags.writeable = False
    return array


@fields_by_name
@dataclass(frozen=True, eq=False, init=False)
class FromArrays:
    """Edges given one by one.

    Parameters
    ----------
    source, target
        (E,) indices of the two ends of each edge.
    delay
        (E,) delays, in steps, or None when they are given elsewhere.
    """

    source: np.ndarray
    target: np.ndarray
    delay: np.ndarray | None = None

    def __init__(self, source: npt.ArrayLike, target: npt.ArrayLike, delay: npt.ArrayLike | None = None):
        for name, given in (("source", source), ("target", target), ("delay", delay)):
            object.__setattr__(self, name, given)
            if given is not None or name != "delay":
                object.__setattr__(self, name, _indices(self, name))
        for name in ("target", "delay"):
            array = getattr(self, name)
            if array is not None and array.size != self.source.size:
                raise DescriptionError(
                    f"FromArrays.{name} must be as long as source ({self.source.size}), got {array.size}"
                )

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        pairs = [(getattr(self, f.name), getattr(other, f.name)) for f in fields(self)]
        return all((a is None) == (b is None) and (a is None or np.array_equal(a, b)) for a, b in pairs)

    __hash__ = None  # type: ignore[assignment]


@fields_by_name
@dataclass(frozen=True, eq=False)
class FromMatrix:
    """Edges where a SciPy sparse matrix has entries; row i are the edges from source i.

    Parameters
    ----------
    matrix
        (sources, targets) sparse. Stored zeros are edges too; entries stored twice are two edges.
    """

    matrix: Any

    def __post_init__(self) -> None:
        if not (hasattr(self.matrix, "tocoo") and getattr(self.matrix, "ndim", 2) == 2):
            raise DescriptionError(
                f"FromMatrix.matrix must be a SciPy sparse matrix, got {type(self.matrix)}"
            )

    @property
    def arrays(self) -> FromArrays:
        """The same edges in the order in which `weight` gives their numbers."""
        entries = self.matrix.tocoo()
        return FromArrays(entries.row, entries.col)

    @property
    def weight(self) -> np.ndarray:
        """(E,) numbers stored in the matrix, for `values`."""
        return np.array(self.matrix.tocoo().data)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, FromMatrix):
            return NotImplemented
        same = self.matrix.shape == other.matrix.shape and self.arrays == other.arrays
        return same and np.array_equal(self.weight, other.weight)

    __hash__ = None  # type: ignore[assignment]


Rule = (
    AllToAll
    | OneToOne
    | Bernoulli
    | FixedInDegree
    | FixedOutDegree
    | FixedTotal
    | Distance
    | FromArrays
    | FromMatrix
)
RULES = (
    AllToAll,
    OneToOne,
    Bernoulli,
    FixedInDegree,
    FixedOutDegree,
    FixedTotal,
    Distance,
    FromArrays,
    FromMatrix,
)


def checked_positions(name: str, positions: Any, count: int) -> np.ndarray:
    """Positions as (count, D) float64, D of 1 to 3."""
    if positions is None:
        raise DescriptionError(f"Distance needs {name}, an array of shape ({count}, 1 to 3)")
    array = np.asarray(positions, float)
    array = array[:, None] if array.ndim == 1 else array
    if array.ndim != 2 or array.shape[0] != count or not 1 <= array.shape[1] <= 3:
        raise DescriptionError(f"{name} must have the shape ({count}, 1 to 3), got {np.shape(positions)}")
    wrong = np.argwhere(~np.isfinite(array))
    if len(wrong):
        where = tuple(map(int, wrong[0]))
        raise DescriptionError(f"{name}[{where[0]}, {where[1]}] must be finite, got {array[where]!r}")
    return np.ascontiguousarray(array)


def is_number(value: Any) -> bool:
    """Whether this is one finite number."""
    return isinstance(value, int | float | np.number) and not isinstance(value, bool) and isfinite(value)
