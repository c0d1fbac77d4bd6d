"""Variables over time."""

from typing import TYPE_CHECKING

import numpy as np

from ..errors import DescriptionError
from ..recording import Traces
from .canvas import LINES, axes, note

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def traces(data: Traces, ax: "Axes | None" = None, *, most: int = 5, spacing: float = 0.0) -> "Axes":
    """A line for each neuron, with the unit on the axis; with replicas the first of them.

    Parameters
    ----------
    data
        What to draw.
    ax
        Axes to draw into; new ones by default.
    most
        The most neurons to draw; when there are more, the figure says so.
    spacing
        How far each line is moved up from the one before, in the unit of the trace.
    """
    if most < 1:
        raise DescriptionError(f"most must be >= 1, got {most!r}")
    ax = axes(ax)
    one = data if data.batch is None else data.replica(0)
    times, shown = one.times, min(most, len(one.indices))
    for number in range(shown):
        values = np.asarray(one.values[:, number]) + spacing * number
        label, colour = f"{one.indices[number]}", LINES[number % len(LINES)]
        ax.plot(times, values, color=colour, linewidth=0.9, label=label, zorder=3 - 0.01 * number)
    ax.set(xlabel="time (ms)", ylabel=f"{data.label} ({data.unit})" if data.unit else data.label)
    if len(times):
        ax.set_xlim(times[0], times[-1])
    remarks = [f"{shown} of {len(one.indices):,} neurons"] if shown < len(one.indices) else []
    remarks += [f"replica 0 of {data.batch}"] if data.batch is not None else []
    if remarks:
        note(ax, ", ".join(remarks))
    return ax
