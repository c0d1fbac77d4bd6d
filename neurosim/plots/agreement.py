"""What was simulated over what theory says."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..errors import DescriptionError
from .canvas import LINES, axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Curves = Mapping[str, Sequence[Any]]


def theory_and_simulation(simulated: Curves, theory: Curves, ax: "Axes | None" = None) -> "Axes":
    """Points for what was simulated and lines for theory; a line and the points of the same place share a colour.

    Parameters
    ----------
    simulated
        By label: (x, y), or (x, y, error), each (n,).
    theory
        By label: (x, y), each (n,).
    ax
        Axes to draw into; new ones by default.
    """
    if not simulated and not theory:
        raise DescriptionError("there is nothing to draw: simulated and theory are both empty")
    for name, curve in simulated.items():
        if len(curve) not in (2, 3):
            raise DescriptionError(f"simulated[{name!r}] must be (x, y) or (x, y, error), got {len(curve)} arrays")
    ax = axes(ax)
    for number, (label, (x, y)) in enumerate(theory.items()):
        ax.plot(x, y, color=LINES[number % len(LINES)], linewidth=1.2, label=label, zorder=2)
    for number, (label, curve) in enumerate(simulated.items()):
        style: dict[str, Any] = {"color": LINES[number % len(LINES)], "linestyle": "none", "marker": "o"}
        error = curve[2] if len(curve) == 3 else None
        ax.errorbar(curve[0], curve[1], error, label=label, markersize=4, markerfacecolor="white", capsize=2,
                    zorder=3, **style)
    if len(theory) + len(simulated) > 1:
        ax.legend(frameon=False, fontsize="small")
    return ax
