"""Distributions and spectra."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from ..analysis import Spectrum, power_spectrum
from ..errors import DescriptionError
from .canvas import Populations, axes, colours_of, legend, note, populations

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_BINS = 60


def histogram(
    values: np.ndarray | Mapping[str, np.ndarray],
    ax: "Axes | None" = None,
    *,
    label: str = "",
    bins: int | None = None,
    color: str | None = None,
) -> "Axes":
    """How values spread: rates, coefficients of variation, weights.

    Parameters
    ----------
    values
        An array of any shape, or several by name; what is not finite is left out, and the figure says so.
    ax
        Axes to draw into; new ones by default.
    label
        What the values are, with their unit: ``"rate (Hz)"``.
    bins
        How many bins; chosen from the spread by default.
    color
        One colour for all.
    """
    several = values if isinstance(values, Mapping) else {"": values}
    flat = {name: np.asarray(one, float).ravel() for name, one in several.items()}
    finite = {name: one[np.isfinite(one)] for name, one in flat.items()}
    everything = np.concatenate([*finite.values(), np.zeros(0)])
    if not everything.size:
        raise DescriptionError("there are no finite values to draw")
    ax = axes(ax)
    edges = _edges(everything, bins)
    for (name, one), colour in zip(finite.items(), colours_of(finite, color), strict=True):
        counts = np.histogram(one, edges)[0]
        # shares, so that populations of unlike size can be compared
        share = counts / max(one.size, 1)
        ax.stairs(share, edges, color=colour, fill=True, alpha=0.25)
        ax.stairs(share, edges, color=colour, linewidth=1.2, label=name)
    ax.set(xlabel=label, ylabel="share", xlim=(edges[0], edges[-1]))
    ax.set_ylim(bottom=0)
    lost = sum(one.size for one in flat.values()) - everything.size
    if lost:
        note(ax, f"{lost:,} of {lost + everything.size:,} without a value")
    legend(ax, finite)
    return ax


def _edges(values: np.ndarray, bins: int | None) -> np.ndarray:
    if bins is not None and bins < 1:
        raise DescriptionError(f"bins must be >= 1, got {bins!r}")
    if bins is not None:
        return np.histogram_bin_edges(values, bins)
    # the usual rules know no limit when there are outliers
    bins = int(np.clip(np.sqrt(values.size), 5, MOST_BINS))
    levels = np.unique(values)
    step = float(np.diff(levels).min(initial=np.inf))
    grid = (levels - levels[0]) / step
    if levels.size < 2 or np.abs(grid - np.rint(grid)).max() > 1e-6:
        return np.histogram_bin_edges(values, bins)
    # counts in disguise, as rates are: bins that hold unlike numbers of levels would make a comb
    width = step * np.ceil((round(grid[-1]) + 1) / bins)
    return levels[0] - step / 2 + width * np.arange(np.ceil((round(grid[-1]) + 1) * step / width) + 1)


def spectrum(
    spikes: "Populations | Spectrum",
    ax: "Axes | None" = None,
    *,
    bin: float = 1.0,
    segment: float = 1000.0,
    color: str | None = None,
) -> "Axes":
    """Power of the population rate over frequency, on a logarithmic scale; with replicas their mean.

    Parameters
    ----------
    spikes
        One population, several (a list, or a dict with their names), a recording, or a spectrum.
    ax
        Axes to draw into; new ones by default.
    bin, segment
        Bin and segment length, ms, as in ``analysis.power_spectrum``.
    color
        One colour for all.
    """
    if isinstance(spikes, Spectrum):
        found = {"": spikes}
    else:
        pops = populations(spikes)
        found = {name: power_spectrum(one, bin=bin, segment=segment) for name, one in pops.items()}
    ax = axes(ax)
    for (name, one), colour in zip(found.items(), colours_of(found, color), strict=True):
        power = one.power.reshape(-1, len(one.frequencies)).mean(axis=0)
        # the mean rate was taken off, so what stands at zero says nothing
        ax.semilogy(one.frequencies[1:], power[1:], color=colour, linewidth=1.0, label=name)
    last = max(one.frequencies[-1] for one in found.values())
    ax.set(xlabel="frequency (Hz)", ylabel="power (Hz²/Hz)", xlim=(0, last))
    legend(ax, found)
    return ax
