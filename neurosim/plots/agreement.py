"""What was simulated over what theory says."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import DescriptionError
from .canvas import LINES, axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Curves = Mapping[str, Sequence[Any]]
STROKES = ("-", "--", ":", "-.")


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


def phase_diagram(
    lines: Curves, simulated: Sequence[Any] | None = None, ax: "Axes | None" = None, *, label: str = "overlap"
) -> "Axes":
    """The lines of theory between phases, over what was simulated in the plane.

    Parameters
    ----------
    lines
        By label: (x, y), each (n,); NaN where there is no such line.
    simulated
        (x, y, values): the places of the columns and rows of ``values``, (rows, columns).
    ax
        Axes to draw into; new ones by default.
    label
        What the values are; written at the bar of shades.
    """
    if not lines and simulated is None:
        raise DescriptionError("there is nothing to draw: lines and simulated are both empty")
    ax = axes(ax)
    if simulated is not None:
        x, y, values = map(np.asarray, simulated)
        if values.shape != (len(y), len(x)):
            raise DescriptionError(f"simulated must be (x, y, values) with values ({len(y)}, {len(x)}), got shape "
                                   f"{values.shape}")
        image = ax.pcolormesh(x, y, values, shading="nearest", cmap="Greys", vmin=0.0, vmax=1.0)
        ax.figure.colorbar(image, ax=ax, label=label)
    for number, (name, (at, height)) in enumerate(lines.items()):
        # the shades are grey, so that no colour hides; strokes tell lines apart in print
        ax.plot(at, height, color=LINES[number % len(LINES)], linestyle=STROKES[number % len(STROKES)], label=name)
    if lines:
        ax.legend(frameon=False, fontsize="small")
    return ax
