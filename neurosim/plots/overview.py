"""Several views of one recording."""

from typing import TYPE_CHECKING

from ..errors import DescriptionError
from ..recording import Recording, Spikes
from .canvas import Populations, populations
from .spikes import raster, rate
from .variables import traces

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def raster_with_rates(
    spikes: Populations, axs: "tuple[Axes, Axes] | None" = None, *, bin: float = 1.0, width: float = 0.0
) -> "tuple[Axes, Axes]":
    """The raster, and below it the rates of its populations over the same time.

    Parameters
    ----------
    spikes
        One population, several (a list, or a dict with their names), or a recording.
    axs
        Axes of the raster and of the rates; new ones by default.
    bin, width
        Bin and standard deviation of the Gaussian that smooths the rates, ms.
    """
    found = populations(spikes)
    if axs is None:
        import matplotlib.pyplot as plt

        figure = plt.figure(figsize=(7.0, 5.0), layout="constrained")
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
        axs = (upper, lower)
    raster(found, axs[0]).set_xlabel("")
    rate(found, axs[1], bin=bin, width=width)
    named = axs[1].get_legend()
    if named is not None:
        # the raster names the populations in the same colours
        named.remove()
    return axs


def overview(recording: Recording, *, bin: float = 1.0, width: float = 0.0, most: int = 5) -> "Figure":
    """A figure with the raster and rates of all populations, and the traces of each variable.

    Parameters
    ----------
    recording
        What to draw.
    bin, width
        Bin and standard deviation of the Gaussian that smooths the rates, ms.
    most
        The most traces of a variable.

    Raises
    ------
    DescriptionError
        When nothing was recorded.
    """
    import matplotlib
    import matplotlib.pyplot as plt

    found = dict(recording.items())
    spikes = {data.label: data for data in found.values() if isinstance(data, Spikes)}
    variables = [data for data in found.values() if not isinstance(data, Spikes)]
    heights = [*((3.0, 1.0) if spikes else ()), *(1.2 for _ in variables)]
    if not heights:
        raise DescriptionError("there is nothing in the recording to draw")
    figure = plt.figure(figsize=(7.5, 1.0 + 1.35 * sum(heights)), layout="constrained")
    panels = list(figure.subplots(len(heights), 1, sharex=True, height_ratios=heights, squeeze=False)[:, 0])
    if spikes:
        raster_with_rates(spikes, (panels[0], panels[1]), bin=bin, width=width)
    for data, panel in zip(variables, panels[2 if spikes else 0 :], strict=True):
        traces(data, panel, most=most)
    for panel in panels[:-1]:
        panel.set_xlabel("")
    panels[-1].set_xlim(recording.start, max(recording.stop, recording.start + recording.dt))
    figure.align_ylabels()
    if "inline" in matplotlib.get_backend():
        # a notebook shows the figure returned; left open it would be shown twice
        plt.close(figure)
    return figure
