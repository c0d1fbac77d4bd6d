"""What reaches a unit from outside, and the matrices through which a unit sees it."""

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from typing import Any

import numpy as np

from ..equations import Assign
from ..errors import DescriptionError, NetworkError, fields_by_name, nearest, take_count
from ..program import Buffer, Scope
from ..units import DIMENSIONLESS, Dimension
from .arrays import taken
from .part import Part
from .timed import TimedArray


@fields_by_name
@dataclass(frozen=True, eq=False, repr=False)
class Afferents(Part):
    """Input lines: what reaches them in a step counts in that step, and is gone in the next.

    Rate units and ELM neurons read such lines. Joins add to them (``on_pre="x += 1"``, or ``-= 1`` for inhibition), a
    table plays into them, and a trained module is given them.

    Parameters
    ----------
    size
        Number of lines, N.
    x
        A TimedArray that is played, or None for lines that begin each step at 0.

    States
    ------
    x : (N,) input in this step
    """

    size: int
    _: KW_ONLY
    x: Any = None

    def __post_init__(self) -> None:
        take_count(self, "size")
        if self.x is not None and not isinstance(self.x, TimedArray):
            raise DescriptionError(f"Afferents.x must be a TimedArray or None, got {self.x!r:.80}")
        if self.x is not None and self.x.values.ndim > 1 and self.x.values.shape[-1] != self.size:
            raise DescriptionError(f"Afferents.x must have {self.size} columns, got {self.x.values.shape[-1]}")

    @property
    def dimensions(self) -> Mapping[str, Dimension]:
        """``x``."""
        return {"x": DIMENSIONLESS}

    @property
    def targets(self) -> frozenset[str]:
        """Joins and drives add to ``x``."""
        return frozenset({"x"})

    def build(self, scope: Scope) -> None:
        """A table that replaces the lines, or a zero behind the step."""
        scope.space(self.size)
        if self.x is not None:
            self.x.build(scope, "x", DIMENSIONLESS, self.size)
            return
        scope.state("x")
        # at the beginning, so that the end of a step still shows what came in; joins are added behind this
        scope.map([Assign("x", "=", "0.0")], phase="arrive")


def lines_of(scope: Scope, part: str, owner: str) -> tuple[str, int]:
    """The variable of input lines that were added before, and how many there are."""
    found = scope.builder.buffers.get(f"{part}.x")
    if found is None or found.space is None or found.dtype != "float":
        known = sorted({b.name.removesuffix(".x") for b in scope.builder.buffers.values() if b.name.endswith(".x")})
        raise NetworkError(
            f"{scope.prefix}: {owner}.inputs must name a part with input lines that was added before, such as "
            f"Afferents, got {part!r}{nearest(part, known)}"
        )
    return found.name, scope.builder.spaces[found.space].size


def add_matrix(scope: Scope, name: str, weight: np.ndarray) -> str:
    """A dense matrix of constants; gives its full name."""
    full = scope.full(name)
    scope.builder.add_space(full, weight.size)
    scope.builder.add_buffer(Buffer(name=full, space=full, kind="parameter", initial=weight.reshape(-1)))
    return full


def checked_weights(given: Any, shapes: Mapping[str, tuple[int, ...]], where: str) -> dict[str, np.ndarray] | None:
    """Arrays by name, all of them and of these shapes; None stays None."""
    if given is None:
        return None
    if not isinstance(given, Mapping) or set(given) != set(shapes):
        raise DescriptionError(f"{where} must be None or hold {', '.join(shapes)}, got {given!r:.80}")
    found = {}
    for name, shape in shapes.items():
        array = taken(given[name], f"{where}[{name!r}]", float).copy()
        if array.shape != shape or not np.isfinite(array).all():
            raise DescriptionError(f"{where}[{name!r}] must be finite numbers of shape {shape}, got {array.shape}")
        array.setflags(write=False)
        found[name] = array
    return found
