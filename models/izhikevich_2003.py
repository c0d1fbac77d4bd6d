r"""Izhikevich (2003): a simple model of spiking neurons, and 1,000 of them at the pace of the thalamus.

.. math::
    \dot v = 0.04 v^2 + 5 v + 140 - u + I, \qquad \dot u = a (b v - u), \qquad
    v \ge 30 \Rightarrow v = c, u \leftarrow u + d

The paper's program moves v by two half steps of 0.5 ms with the same u and I, then u by a step of 1 ms with the new
v. The text below says just that when Euler's method takes a step of 1 ms, and only then. Input lasts one step and
begins with noise: ``I`` forgets itself in each step, takes a fresh draw, and spikes add to it.

References
----------
Izhikevich (2003). IEEE Trans Neural Netw 14, 1569-1572. doi:10.1109/TNN.2003.820440, figures 2 and 3
"""

from functools import lru_cache
from typing import Any

import numpy as np

from neurosim import Izhikevich, Network, Neurons, Recording, simulate
from neurosim.analysis import Spectrum, power_spectrum
from neurosim.catalog import Claim, Entry
from neurosim.connectivity import AllToAll, Uniform
from neurosim.errors import DescriptionError
from neurosim.plots import raster

STEP = """
half = v + 0.5*(0.04*v**2/mV + 5*v + 140*mV - u + I) : mV
whole = half + 0.5*(0.04*half**2/mV + 5*half + 140*mV - u + I) : mV
dv/dt = (whole - v) / ms : mV
du/dt = a*(b*whole - u) / ms : mV
dI/dt = -I/ms + noise*xi/sqrt(ms) : mV
"""
CELLS = {
    "RS": (0.02, 0.2, -65.0, 8.0),
    "IB": (0.02, 0.2, -55.0, 4.0),
    "CH": (0.02, 0.2, -50.0, 2.0),
    "FS": (0.1, 0.2, -65.0, 2.0),
    "LTS": (0.02, 0.25, -65.0, 2.0),
}
"""a, b, c (mV) and d (mV) of regular spiking, intrinsically bursting, chattering, fast spiking and low-threshold
spiking cells, figure 2."""


def build(size: int = 1000, noise_exc_mV: float = 5.0, noise_inh_mV: float = 2.0) -> Network:
    """The network of figure 3: all to all, with uniform weights. Run it with a step of 1 ms.

    Parameters
    ----------
    size
        Number of neurons; four fifths are excitatory. Weights are divided by size / 1000.
    noise_exc_mV, noise_inh_mV
        Standard deviation of the thalamic input of either kind, mV per ms.
    """
    if isinstance(size, bool) or not isinstance(size, int) or size < 5:
        raise DescriptionError(f"size must be a whole number >= 5, got {size!r}")
    kinds = {
        "exc": {"a": 0.02, "b": 0.2, "c": "-65 + 15*r**2", "d": "8 - 6*r**2", "noise": noise_exc_mV},
        "inh": {"a": "0.02 + 0.08*r", "b": "0.25 - 0.05*r", "c": -65.0, "d": 2.0, "noise": noise_inh_mV},
    }
    net = Network()
    for name, part in {"exc": size - size // 5, "inh": size // 5}.items():
        net.add(name, Neurons(
            part, STEP, threshold="v >= 30", reset="v = c; u += d", method="euler_maruyama", r="rand()",
            initial={"v": -65.0, "u": "b*(-65*mV)", "I": "noise*randn()"}, **kinds[name],
        ))
    share = 1000.0 / size
    net.connect("exc", ["exc", "inh"], AllToAll(), on_pre="I += w", w=Uniform(0.0, 0.5 * share))
    net.connect("inh", ["exc", "inh"], AllToAll(), on_pre="I -= w", w=Uniform(0.0, 1.0 * share))
    return net


def cells(current_mV: float = 10.0) -> Network:
    """One cell of each kind of ``CELLS``, in this order, under a constant input of ``current_mV`` mV per ms."""
    a, b, c, d = np.array(list(CELLS.values())).T
    return Network({"cells": Izhikevich(len(CELLS), a=a, b=b, c=c, d=d, i=current_mV)})


@lru_cache(maxsize=1)  # the claims on the network are about the same run
def run(duration: float, backend: str = "numba", seed: int = 0) -> Recording:
    """Spikes of the network."""
    return simulate(build(), duration, dt=1.0, record="spikes", backend=backend, seed=seed, progress=False)


def _spectrum(duration: float, **options: Any) -> Spectrum:
    spikes = run(duration, **options)["exc.spikes"]
    return power_spectrum(spikes.between(200.0, duration), bin=1.0, segment=1000.0)


def rhythm(low_Hz: float, high_Hz: float, *, duration: float = 10_200.0, **options: Any) -> float:
    """Frequency of most power of the excitatory rate between two bounds, Hz."""
    frequencies, density = _spectrum(duration, **options)
    inside = (frequencies >= low_Hz) & (frequencies <= high_Hz)
    return float(frequencies[inside][np.argmax(density[inside])])


def power(low_Hz: float, high_Hz: float, *, duration: float = 10_200.0, **options: Any) -> float:
    """Mean power of the excitatory rate between two bounds over that from 150 to 450 Hz, where no rhythm is."""
    frequencies, density = _spectrum(duration, **options)
    means = [
        density[(frequencies >= low) & (frequencies <= high)].mean()
        for low, high in ((low_Hz, high_Hz), (150.0, 450.0))
    ]
    return float(means[0] / means[1])


def intervals(kind: str, **options: Any) -> np.ndarray:
    """Intervals between the spikes of one cell in the first 300 ms of constant input, ms."""
    spikes = simulate(cells(), 300.0, record="spikes", progress=False, **options)["cells.spikes"]
    return np.diff(spikes.of(list(CELLS).index(kind)).times)


def adaptation(kind: str, **options: Any) -> float:
    """Last interval over first interval of a cell."""
    found = intervals(kind, **options)
    return float(found[-1] / found[0])


def spread(kind: str, **options: Any) -> float:
    """Longest interval over shortest of a cell, once the first 100 ms have passed."""
    found = intervals(kind, **options)
    later = found[np.cumsum(found) > 100.0]
    return float(later.max() / later.min())


def speed(kind: str, other: str, **options: Any) -> float:
    """Last interval of another cell over that of this one: how many times faster it fires."""
    return float(intervals(other, **options)[-1] / intervals(kind, **options)[-1])


def figure(ax, recording=None, *, backend="numba", seed=0):
    """Figure 3's raster of the last second, excitatory neurons above; below it the firing patterns of figure 2."""
    recording = recording if recording is not None else run(1000.0, backend, seed)
    ax.set_axis_off()
    upper = ax.inset_axes([0.0, 0.42, 1.0, 0.58])
    start = max(recording.start, recording.stop - 1000.0)
    raster({name: recording[f"{name}.spikes"].between(start, recording.stop) for name in ("exc", "inh")}, upper)
    record = ["cells.v"]
    traces = simulate(cells(), 200.0, dt=0.1, record=record, backend=backend, seed=seed, progress=False)["cells.v"]
    for place, name in enumerate(CELLS):
        lower = ax.inset_axes([0.205 * place, 0.0, 0.18, 0.26])
        lower.plot(traces.times, traces[:, place], color="black", linewidth=0.8)
        lower.set(xlabel="time (ms)", ylim=(-95, 35), xticks=[0, 100, 200], yticks=[-80, 0] if place == 0 else [])
        lower.set_title(name, fontsize="medium")
        lower.spines[["top", "right"]].set_visible(False)
        if place == 0:
            lower.set_ylabel("v (mV)")
    return ax


PATTERN = "figure 2, {} cell: the pattern is drawn, no number is given; the bound is inferred"

ENTRY = Entry(
    title="A two-variable neuron with twenty firing patterns, and a thousand of them with rhythms",
    paper="Izhikevich, E. M. (2003). IEEE Trans Neural Netw 14, 1569-1572. doi:10.1109/TNN.2003.820440",
    family="spiking",
    build=build,
    figure=figure,
    dt=1.0,
    differs="single cells take steps of 0.1 ms by Euler's method; the gamma rhythm that the paper puts at 40 Hz has "
    "its peak near 30 Hz in a spectrum over 10 s, and has it there in the paper's own program too",
    claims=(
        Claim("alpha: frequency of the slow rhythm, Hz", rhythm, {"low_Hz": 4.0, "high_Hz": 20.0}, low=7.0, high=13.0,
              where="figure 3 and text: rhythmic activity in the alpha range (10 Hz)",
              why="the alpha band of 8 to 12 Hz, and the spectrum's resolution of 1 Hz"),
        Claim("alpha: power at 8 to 12 Hz over the power where no rhythm is", power,
              {"low_Hz": 8.0, "high_Hz": 12.0}, low=5.0, high=1e3, where="figure 3: synchronous stripes",
              why="1 is no rhythm; the bound is inferred"),
        Claim("gamma: power at 35 to 45 Hz over the power where no rhythm is", power,
              {"low_Hz": 35.0, "high_Hz": 45.0}, low=2.0, high=1e3,
              where="figure 3 and text: rhythmic activity in the gamma range (40 Hz)",
              why="1 is no rhythm; the bound is inferred"),
        Claim("RS cells adapt: last interval over the first", adaptation, {"kind": "RS"}, low=1.3, high=10.0,
              where=PATTERN.format("RS"), why="1 is a clock"),
        Claim("IB cells begin with a burst: last interval over the first", adaptation, {"kind": "IB"}, low=4.0,
              high=50.0, where=PATTERN.format("IB"),
              why="1 is a clock; within bursts intervals are several times shorter"),
        Claim("CH cells burst on: longest interval over the shortest after 100 ms", spread, {"kind": "CH"}, low=5.0,
              high=100.0, where=PATTERN.format("CH"),
              why="1 is a clock; between bursts intervals are many times longer"),
        Claim("FS cells hardly adapt: longest interval over the shortest after 100 ms", spread, {"kind": "FS"},
              low=1.0, high=1.1, where=PATTERN.format("FS"), why="1 is a clock"),
        Claim("FS cells fire faster than RS cells, times", speed, {"kind": "FS", "other": "RS"}, low=2.0, high=20.0,
              where=PATTERN.format("FS"), why="1 is no difference; the paper says high frequency"),
        Claim("LTS cells adapt: last interval over the first", adaptation, {"kind": "LTS"}, low=1.3, high=20.0,
              where=PATTERN.format("LTS"), why="1 is a clock"),
    ),
)
