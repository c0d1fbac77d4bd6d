"""Recognition that falls back on fewer signals where all together are not familiar."""

from collections.abc import Mapping, Sequence
from itertools import combinations

from .layers import Layers


def best_combination(
    layers: Layers, texts: Mapping[str, str], others: Mapping[str, str], thresholds: Sequence[float]
) -> None:
    """V of the first level, of three, two and then one signals, that is familiar enough; all signals while learning.

    Parameters
    ----------
    texts
        The normalised sum of each signal.
    others
        For each signal but U, the condition under which it is there.
    thresholds
        Familiarity that a combination of three, two and one signals must reach.
    """
    sets = [c for count in range(len(texts), 0, -1) for c in combinations(texts, count)]
    names = ["".join(c) for c in sets]
    layers.states("", "float", **{f"V_{name}": 0.0 for name in names})
    layers.states("module", "float", **{f"best_{name}": 0.0 for name in names})
    layers.states("mac", "float", chosen=0.0, **{f"G_{name}": 0.0 for name in names})
    for name, signals in zip(names, sets, strict=True):
        layers.map("", f"V_{name} = " + " * ".join(texts[s] for s in signals))
        layers.reduce(f"V_{name}", f"best_{name}", "max")
        layers.reduce(f"best_{name}", f"G_{name}", "mean")
    there = {
        name: " and ".join(["1 > 0", *(others[s] for s in signals if s in others)])
        for name, signals in zip(names, sets, strict=True)
    }
    layers.map("mac", "\n".join(_choice(names, there, thresholds)))
    found = "0"
    for number, name in reversed(list(enumerate(names))):
        found = f"(V_{name} if chosen == {number} else {found})"
    layers.map("", f"V = {found}")


def _choice(names: Sequence[str], there: Mapping[str, str], thresholds: Sequence[float]) -> list[str]:
    """Lines that set ``chosen`` to the number of a combination."""
    lines = [
        f"_g{n} = G_{name} if {there[name]} and G_{name} >= {thresholds[3 - len(name)]!r} else -1"
        for n, name in enumerate(names)
    ]
    found = "0"
    for n, name in reversed(list(enumerate(names))):  # without any that suffices: the first that is there
        found = f"({n} if {there[name]} else {found})"
    lines.append(f"_all = {found}")
    choice = "_all"
    for level in range(1, max(map(len, names)) + 1):
        members = [n for n, name in enumerate(names) if len(name) == level]
        lines.append(
            f"_top{level} = "
            + (f"max({', '.join(f'_g{n}' for n in members)})" if len(members) > 1 else f"_g{members[0]}")
        )
        inner = str(members[-1])
        for n in reversed(members[:-1]):
            inner = f"({n} if _g{n} >= _top{level} else {inner})"
        choice = f"({inner} if _top{level} >= 0 else {choice})"
    return [*lines, f"chosen = _all if learn > 0 else {choice}"]
