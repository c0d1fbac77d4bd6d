"""Ends of joins: whole parts, or ranges of their neurons."""

import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import NetworkError
from ..families import Part

_RANGE = re.compile(r"\s*(?P<part>\w+)\s*\[(?P<bounds>[^\[\]]*)\]\s*")
_BOUND = re.compile(r"\s*(?P<number>[-+]?\d+)?\s*")


@dataclass(frozen=True)
class End:
    """One end of a join: the neurons ``chosen`` of a part, which rules and values of edges count from 0."""

    part: Part
    chosen: range

    @property
    def size(self) -> int:
        """How many neurons are chosen."""
        return len(self.chosen)

    @property
    def positions(self) -> np.ndarray | None:
        """Where they are, (size, 1 to 3), µm; None where the part does not say."""
        points = getattr(self.part, "positions", None)
        return None if points is None else np.asarray(points, float)[self.chosen.start : self.chosen.stop]


def ends_of(join: Any, source: Part, target: Part) -> tuple[End, End]:
    """Both ends of a join between these parts."""
    sides = ((source, join.source_range), (target, join.target_range))
    first, second = (End(part, range(part.size) if chosen is None else chosen) for part, chosen in sides)
    return first, second


def within(join: Any, source: Part, target: Part) -> tuple[range, range] | None:
    """The ranges between which the rule of a join connects; None where it connects whole parts."""
    if join.source_range is None and join.target_range is None:
        return None
    first, second = ends_of(join, source, target)
    return first.chosen, second.chosen


def split(text: Any) -> tuple[Any, str | None]:
    """The part that a text such as ``exc[:100]`` names, and what stands in brackets."""
    match = _RANGE.fullmatch(text) if isinstance(text, str) else None
    return (match["part"], match["bounds"]) if match else (text, None)


def chosen(text: str, size: int, field: str) -> range | None:
    """The neurons that a text such as ``exc[:100]`` names; None for all ``size``, also without brackets.

    Raises
    ------
    NetworkError
        When they are not neighbours, not in the part, or none.
    """
    name, bounds = split(text)
    if bounds is None:
        return None
    found = _bounds(bounds, size)
    if found is None or not 0 <= found[0] < found[1] <= size:
        raise NetworkError(
            f"{field} must be a part or neighbouring neurons of it, at least one, such as '{name}[:100]' or "
            f"'{name}[-1]'; {name!r} has {size}, got {text!r}"
        )
    return None if found == (0, size) else range(*found)


def written(name: str, chosen: range | None) -> str:
    """The text that ``split`` and ``chosen`` read."""
    return name if chosen is None else f"{name}[{chosen.start}:{chosen.stop}]"


def _bounds(text: str, size: int) -> tuple[int, int] | None:
    """First neuron and the one behind the last; None where the text is no range of neighbours."""
    matches = [_BOUND.fullmatch(one) for one in text.split(":")]
    if not all(matches) or len(matches) > 3:
        return None
    given = [None if match is None or match["number"] is None else int(match["number"]) for match in matches]
    if len(given) == 3 and given.pop() not in (None, 1):
        return None
    numbers = [None if number is None else number + size * (number < 0) for number in given]
    if len(numbers) == 1:
        return None if numbers[0] is None else (numbers[0], numbers[0] + 1)
    start, stop = numbers
    return 0 if start is None else start, size if stop is None else stop
