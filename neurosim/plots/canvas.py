"""What all figures share: where they are drawn, in which colours, and what they can be given."""

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ..errors import DescriptionError
from ..recording import Recording, Spikes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

EXCITATORY, INHIBITORY = "#0072B2", "#D55E00"
OTHERS = ("#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
"""The palette of Okabe and Ito, which the colour-blind can tell apart, without its pale yellow."""
LINES = (EXCITATORY, INHIBITORY, *OTHERS)
QUIET = "#666666"

NAMED = (
    (EXCITATORY, re.compile(r"^(exc|e$|e[_\d]|pyr)|[\d_]e$", re.IGNORECASE)),
    (INHIBITORY, re.compile(r"^(inh|i$|i[_\d]|pv|sst|vip)|[\d_]i$", re.IGNORECASE)),
)
"""Names that tell what a population does: ``exc``, ``L4E``, ``pyr_1``; ``inh``, ``L23I``, ``pv``."""

Populations = Spikes | Recording | Mapping[str, Spikes] | Iterable[Spikes]
"""What a function that draws populations takes."""


def axes(ax: "Axes | None") -> "Axes":
    """The axes given, or those of a new figure; without the two spines that say nothing."""
    if ax is None:
        import matplotlib.pyplot as plt

        ax = plt.subplots(layout="constrained")[1]
    ax.spines[["top", "right"]].set_visible(False)
    return ax


def colours(names: Iterable[str]) -> list[str]:
    """A colour per name: blue for what is called excitatory, vermilion for inhibitory, others in turn.

    When two excitatory or two inhibitory populations stand together, as in the layers of a cortex, the later
    ones are lighter.
    """
    from matplotlib.colors import to_hex, to_rgb

    found: list[str] = []
    seen = {EXCITATORY: 0, INHIBITORY: 0, "": 0}
    for name in names:
        base = next((c for c, shape in NAMED if shape.search(name)), "")
        if not base:
            found.append(OTHERS[seen[""] % len(OTHERS)])
        else:
            fade = (seen[base] % 4) * 0.12
            red, green, blue = (channel + fade * (1.0 - channel) for channel in to_rgb(base))
            found.append(to_hex((red, green, blue)))
        seen[base] += 1
    return found


def populations(spikes: Any) -> dict[str, Spikes]:
    """Spikes by name, from one population, several, or all of a recording."""
    if isinstance(spikes, Spikes):
        return {spikes.label: spikes}
    if isinstance(spikes, Recording):
        found = {data.label: data for _, data in spikes.items() if isinstance(data, Spikes)}
        return _some(found, "spikes")
    if isinstance(spikes, Mapping):
        return _some(dict(spikes), "spikes")
    several = list(spikes)
    return _some({one.label or f"population {number}": one for number, one in enumerate(several)}, "spikes")


def _some(found: dict[str, Any], what: str) -> dict[str, Any]:
    if not found:
        raise DescriptionError(f"there are no {what} to draw")
    return found


def colours_of(names: Iterable[str], color: str | None) -> list[str]:
    """The palette's colours, or the one asked for."""
    names = list(names)
    if color is not None:
        return [color] * len(names)
    return [EXCITATORY] if names == [""] else colours(names)


def note(ax: "Axes", text: str) -> None:
    """A remark above the upper left corner."""
    place: dict[str, Any] = {
        "xycoords": "axes fraction",
        "textcoords": "offset points",
        "ha": "left",
        "va": "bottom",
    }
    ax.annotate(text, (0.0, 1.0), xytext=(0, 3), fontsize="x-small", color=QUIET, **place)


def legend(ax: "Axes", names: Iterable[str]) -> None:
    """A legend above the upper right corner, when there is more than one thing to tell apart."""
    named = [name for name in names if name]
    if len(named) > 1:
        place: dict[str, Any] = {"loc": "lower right", "bbox_to_anchor": (1.0, 1.0), "borderaxespad": 0.2}
        ax.legend(frameon=False, fontsize="small", ncols=min(len(named), 4), **place)
