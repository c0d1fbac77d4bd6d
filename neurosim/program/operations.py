"""The closed set of operations. Each works on whole index spaces; none knows a backend.

Texts are expressions of ``neurosim.equations`` in internal units. Names that begin with an underscore are
local to a body; every other name is listed in ``names`` with the buffer it stands for. ``t``, ``dt``, ``i``
and ``N`` stand for time (ms), time step (ms), own index and size of the own space.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from ..equations import Assign

Side = Literal["own", "source", "target", "edge"]


@dataclass(frozen=True)
class Ref:
    """What a name in a text stands for: a buffer, and on which side of an edge it is read."""

    buffer: str
    side: Side = "own"


@dataclass(frozen=True)
class Draw:
    """A random number per index and step, written to the local name ``name`` before the body runs.

    ``number`` tells the draws of one operation apart; ``argument`` is the mean of a Poisson draw, a text.
    """

    name: str
    kind: Literal["uniform", "normal", "poisson"]
    number: int
    argument: str | None = None


@dataclass(frozen=True, kw_only=True)
class Map:
    """Update every index of ``space`` (or those in the newest entry of the event list ``at``) on its own.

    Assignments run in order; each sees the results of those before it.
    """

    space: str
    body: tuple[Assign, ...]
    names: Mapping[str, Ref]
    draws: tuple[Draw, ...] = ()
    stream: int = 0
    at: str | None = None


@dataclass(frozen=True, kw_only=True)
class Events:
    """Put the indices of ``space`` where ``condition`` is true, ascending, into the event list ``into``."""

    space: str
    condition: str
    into: str
    names: Mapping[str, Ref]
    draws: tuple[Draw, ...] = ()
    stream: int = 0


@dataclass(frozen=True, kw_only=True)
class Propagate:
    """``target[j] += value`` along every edge i -> j of ``edges`` whose delay ago ``events`` held i.

    Additions to one target happen in the order: delay descending, source ascending, order of edges.
    """

    edges: str
    events: str
    target: str
    value: str
    names: Mapping[str, Ref]


@dataclass(frozen=True, kw_only=True)
class MapEdges:
    """Update edges one by one: those that an event reaches, or all.

    ``at`` is ``source`` (events of the source, after each edge's delay; edges visited in the order of
    ``Propagate``), ``target`` (events of the target in this step, without delay; ascending target, then
    source) or ``all``. The body may assign edge variables and locals, and add (``+=``) to target variables.
    """

    edges: str
    at: Literal["source", "target", "all"]
    events: str | None
    body: tuple[Assign, ...]
    names: Mapping[str, Ref]


@dataclass(frozen=True, kw_only=True)
class Diffuse:
    """``target[j] = sum over edges i -> j of value``: continuous coupling, sources ascending."""

    edges: str
    target: str
    value: str
    names: Mapping[str, Ref]


@dataclass(frozen=True, kw_only=True)
class MatMul:
    """``target = source @ weight`` (``+=`` when ``accumulate``); weight is (sources, targets).

    With ``transpose`` the weight is stored as (targets, sources).
    """

    source: str
    target: str
    weight: str
    transpose: bool = False
    accumulate: bool = False


@dataclass(frozen=True, kw_only=True)
class Reduce:
    """``target[s]`` = sum, mean or max of ``source`` over the ``s``-th of equally long segments."""

    source: str
    target: str
    how: Literal["sum", "mean", "max"] = "sum"


@dataclass(frozen=True, kw_only=True)
class Compete:
    """In each group of ``size`` neighbouring indices of ``source``, set ``target`` to 1 for the winner(s), else 0.

    ``greatest`` takes the ``winners`` largest (the lower index on a tie); ``drawn`` draws one with
    probability in proportion to the values, which must not be negative; none wins where all are zero.
    """

    source: str
    target: str
    group: int
    winners: int = 1
    how: Literal["greatest", "drawn"] = "greatest"
    stream: int = field(default=0)


@dataclass(frozen=True, kw_only=True)
class Play:
    """What a schedule holds for this step: events into a list, or a row of values into a buffer."""

    schedule: str
    into: str


Operation = Play | Map | Events | Propagate | MapEdges | Diffuse | MatMul | Reduce | Compete
