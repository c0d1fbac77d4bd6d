"""Spikes over time."""

from typing import TYPE_CHECKING, Any

import numpy as np

from ..analysis import population_rate
from ..errors import DescriptionError
from ..recording import Spikes
from .canvas import Populations, axes, colours_of, legend, note, populations

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_SPIKES = 150_000
"""More dots than this take long to draw and only make the paper black."""


def raster(
    spikes: Populations, ax: "Axes | None" = None, *, most: int = MOST_SPIKES, color: str | None = None
) -> "Axes":
    """A dot for each spike: time across, neurons upwards; several populations lie one below the other.

    Parameters
    ----------
    spikes
        One population, several (a list, or a dict with their names), or a recording. Replicas lie one above
        the other.
    ax
        Axes to draw into; new ones by default.
    most
        The most spikes to draw. When there are more, only evenly chosen neurons are shown, each with all of
        its spikes, and the figure says so.
    color
        One colour for all.
    """
    found = populations(spikes)
    if most < 1:
        raise DescriptionError(f"most must be >= 1, got {most!r}")
    ax = axes(ax)
    share = min(1.0, most / max(sum(one.count for one in found.values()), 1))
    height = sum(one.trains_count for one in found.values())
    ticks, shown, base = [], 0, height
    for (_, one), colour in zip(found.items(), colours_of(found, color), strict=True):
        base -= one.trains_count
        drawn = _draw(ax, one, base, share, height * share, colour)
        shown += drawn
        ticks.append(base + one.trains_count / 2)
    start, stop = min(one.start for one in found.values()), max(one.stop for one in found.values())
    ax.set(xlim=(start, stop), ylim=(-0.5, max(height, 1) - 0.5), xlabel="time (ms)")
    if len(found) > 1:
        ax.set_yticks(ticks, list(found))
        ax.tick_params(axis="y", length=0, labelsize="medium" if len(found) < 5 else "small")
        for tick, colour in zip(ax.get_yticklabels(), colours_of(found, color), strict=True):
            tick.set_color(colour)
    else:
        whole = all(one.recorded is None and one.batch is None for one in found.values())
        ax.set_ylabel(" ".join([*found, "neuron" if whole else "train"]).strip())
        ax.locator_params(axis="y", integer=True)
    if shown < height:
        note(ax, f"{shown:,} of {height:,} neurons shown")
    return ax


def _draw(ax: "Axes", spikes: Spikes, base: int, share: float, rows: float, colour: str) -> int:
    """Draw the spikes of an evenly chosen share of the neurons; how many neurons that is."""
    trains = spikes.trains_count
    chosen = np.arange(trains)
    slots, times = spikes.slots, spikes.times
    if share < 1.0:
        chosen = np.unique(np.linspace(0, trains - 1, max(round(share * trains), 1)).astype(int))
        keep = np.zeros(trains, bool)
        keep[chosen] = True
        rows_kept = keep[slots]
        slots, times = slots[rows_kept], times[rows_kept]
    room = 72.0 * ax.get_window_extent().height / ax.figure.dpi / max(rows, 1.0)
    style: dict[str, Any] = {
        "marker": "o",
        "markersize": float(np.clip(1.3 * room, 1.0, 4.0)),
        "markeredgewidth": 0,
    }
    if room > 3.0:
        style = {"marker": "|", "markersize": min(0.8 * room, 14.0), "markeredgewidth": 1.0}
    # thousands of vector dots make a PDF that no reader opens
    ax.plot(times, slots + base, linestyle="none", color=colour, rasterized=True, **style)
    return len(chosen)


def rate(
    spikes: Populations,
    ax: "Axes | None" = None,
    *,
    bin: float = 1.0,
    width: float = 0.0,
    color: str | None = None,
) -> "Axes":
    """The rate of each population over time, Hz; with replicas their mean.

    Parameters
    ----------
    spikes
        One population, several (a list, or a dict with their names), or a recording.
    ax
        Axes to draw into; new ones by default.
    bin, width
        Bin and standard deviation of the Gaussian that smooths, ms, as in ``analysis.population_rate``.
    color
        One colour for all.
    """
    found = populations(spikes)
    ax = axes(ax)
    for (name, one), colour in zip(found.items(), colours_of(found, color), strict=True):
        times, values = population_rate(one, bin=bin, width=width)
        ax.plot(
            times,
            values if values.ndim == 1 else values.mean(axis=0),
            color=colour,
            linewidth=1.0,
            label=name,
        )
    start, stop = min(one.start for one in found.values()), max(one.stop for one in found.values())
    ax.set(xlim=(start, stop), xlabel="time (ms)", ylabel="rate (Hz)")
    ax.set_ylim(bottom=0)
    legend(ax, found)
    return ax
