"""The closed set of operations. Each works on whole index spaces; none knows a backend.

Texts are expressions of ``neurosim.equations`` in internal units. Names that begin with an underscore are
local to a body; every other name is listed in ``names`` with the buffer it stands for. ``t``, ``dt``, ``i``
and ``N`` stand for time (ms), time step (ms), own index and size of the own space.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from ..equations import Assign

Side = Literal["own", "segment", "at", "source", "target", "edge"]


@dataclass(frozen=True)
class Ref:
    """What a name in a text stands for: a buffer, and where it is read.

    Over an index space ``own`` is the own index, and ``segment`` that of the own segment in a smaller space: index i of
    M reads index ``i // (M / N)`` of N, which must divide M. ``at`` is the index that the ``int`` variable ``index`` of
    the own index holds, in any other space; where there is no such index, 0 is read. Along edges it is an end of the
    edge, or the edge.
    """

    buffer: str
    side: Side = "own"
    index: str | None = None


@dataclass(frozen=True)
class Draw:
    """A random number per index and step, written to the local name ``name`` before the body runs.

    Along edges the index is the number of the edge in canonical order. ``number`` tells the draws of one
    operation apart; ``argument`` is the mean of a Poisson draw, a text.
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
    draws: tuple[Draw, ...] = ()
    stream: int = 0


@dataclass(frozen=True, kw_only=True)
class MapEdges:
    """Update edges one by one: those that an event reaches, or all.

    ``at`` is ``source`` (events of the source, after each edge's delay; edges visited in the order of
    ``Propagate``), ``target`` (events of the target in this step, without delay; ascending target, then
    source) or ``all``. The body may assign edge variables and locals, and add (``+=``) to target variables.
    ``stamp`` names an ``int`` variable of the edges: the step of their last visit, which each visit sets anew behind
    the body. The body may then read ``_elapsed``, the time since that step (ms), counted in whole steps.
    """

    edges: str
    at: Literal["source", "target", "all"]
    events: str | None
    body: tuple[Assign, ...]
    names: Mapping[str, Ref]
    draws: tuple[Draw, ...] = ()
    stream: int = 0
    stamp: str | None = None


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
class Sweep:
    """Draw two-state units one after another, each from a field that the overlaps with stored patterns make.

    ``patterns`` holds x of each unit and pattern, (units, patterns) row by row, ``spins`` the states s, -1 or 1. The
    k-th of ``overlaps`` is the sum over units of ``x**(2k + 1) * s`` for each pattern; before the first visit those
    are brought up to date with what others did to the spins, which is why ``seen`` keeps the spins they know of.

    At the visit of unit j the body ``response`` finds, for each pattern, the local ``_response`` from the locals
    ``_p1``, ``_p3``, ... (the overlaps without the unit itself), ``_x`` (its entry) and ``_top`` (the greatest of the
    first overlaps, itself included), and from ``names`` on the side ``source``, which is that of the patterns. Then
    ``field`` is a text in ``_sum``, the sum over patterns of ``x * _response``, and names of the own side, the unit's;
    ``temperature`` one in names of the own side. The unit becomes 1 with probability
    ``1 / (1 + exp(-2 field / temperature))``, else -1; at a temperature of 0 it takes the sign of the field, and keeps
    its state where that is 0.

    ``entries`` promises what the patterns hold: ``signs`` -1 and 1, ``ternary`` also 0, ``numbers`` anything. Unless
    they are numbers, there is one overlap and the body must not read ``_x``.
    """

    spins: str
    seen: str
    patterns: str
    overlaps: tuple[str, ...]
    response: tuple[Assign, ...]
    field: str
    temperature: str
    names: Mapping[str, Ref]
    order: Literal["random", "ascending"] = "random"
    entries: Literal["signs", "ternary", "numbers"] = "signs"
    stream: int = 0


@dataclass(frozen=True, kw_only=True)
class Imprint:
    """Set bit (i, j) of ``weight`` where ``source[i]`` and ``target[j]`` are both true, and so is the bit of ``mask``.

    ``weight`` and ``mask`` are bit matrices, (sources, targets); without a mask every pair counts. Bits are never
    taken back. ``filled[j]`` grows by the number of bits of target j that were not set before.
    """

    source: str
    target: str
    weight: str
    mask: str | None = None
    filled: str | None = None


@dataclass(frozen=True, kw_only=True)
class Play:
    """What a schedule holds for this step: events into a list, or a row of values into a buffer."""

    schedule: str
    into: str


Operation = Play | Map | Events | Propagate | MapEdges | Diffuse | MatMul | Reduce | Compete | Sweep | Imprint
