r"""Izhikevich (2004): one neuron of two variables shows twenty patterns that neurons of cortex are known for.

.. math::
    \dot v = 0.04 v^2 + 5 v + 140 - u + I, \qquad \dot u = a (b v - u), \qquad
    v > 30 \Rightarrow v = c, u \leftarrow u + d

Parameters, inputs and time steps are those of the program by which the author drew figure 1. It moves v by a step of
Euler's method, then u with the new v, and then tests the threshold; the text below says just that. Two cells of class 1
have :math:`\dot v = 0.04 v^2 + 4.1 v + 108 - u + I`, and in one panel (accommodation) u does not decay,
:math:`\dot u = a b (v + 65)`. The step is part of the model: with a smaller one some of the patterns are others.

References
----------
Izhikevich (2004). IEEE Trans Neural Netw 15, 1063-1070. doi:10.1109/TNN.2004.832719, figure 1, and the program that the
author gives with it, https://www.izhikevich.org/publications/figure1.m
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from neurosim import Network, Neurons, Recording, TimedArray, simulate
from neurosim.catalog import Claim, Entry
from neurosim.errors import DescriptionError, listing, nearest

STEP = """
moved = v + h/ms*(0.04*v**2/mV + p*v + q - u + I) : mV
dv/dt = due*(moved - v)/dt : mV
du/dt = due*h/dt*a*(b*(moved - v_0) - decay*u)/ms : mV
I : mV
due : 1
"""
"""Euler's method with a step h of each cell's own, taken in the step of the run in which ``due`` is 1, else nothing."""
DT = 0.05
"""Step of the run, ms, of which each cell's own is a multiple."""

Input = Callable[[np.ndarray], np.ndarray]


def within(t: np.ndarray, *starts: float, length: float) -> np.ndarray:
    """Whether t lies inside one of the pulses that begin at ``starts``."""
    return np.any([(t > start) & (t < start + length) for start in starts], axis=0)


@dataclass(frozen=True)
class Cell:
    """A panel of figure 1: a, b, c (mV), d (mV), start of v (mV), time step and duration (ms), and the input (mV)."""

    a: float
    b: float
    c: float
    d: float
    v: float
    step: float
    duration: float
    input: Input
    kind: str = ""
    """``class 1`` for the other parabola, ``no decay`` for u that keeps what it has."""

    @property
    def times(self) -> np.ndarray:
        """When its steps begin, ms, within the panel."""
        return self.step * np.arange(round(self.duration / self.step) + 1)

    @property
    def start(self) -> float:
        """Where u begins, mV."""
        return -16.0 if self.kind == "no decay" else self.b * self.v

    @property
    def equation(self) -> tuple[float, float, float, float]:
        """p, q (mV), v_0 (mV) and decay."""
        if self.kind == "no decay":
            return 5.0, 140.0, -65.0, 0.0
        return (4.1, 108.0, 0.0, 1.0) if self.kind == "class 1" else (5.0, 140.0, 0.0, 1.0)


CELLS = {
    "tonic spiking": Cell(0.02, 0.2, -65, 6, -70, 0.25, 100, lambda t: 14.0 * (t > 10)),
    "phasic spiking": Cell(0.02, 0.25, -65, 6, -64, 0.25, 200, lambda t: 0.5 * (t > 20)),
    "tonic bursting": Cell(0.02, 0.2, -50, 2, -70, 0.25, 220, lambda t: 15.0 * (t > 22)),
    "phasic bursting": Cell(0.02, 0.25, -55, 0.05, -64, 0.2, 200, lambda t: 0.6 * (t > 20)),
    "mixed mode": Cell(0.02, 0.2, -55, 4, -70, 0.25, 160, lambda t: 10.0 * (t > 16)),
    "spike frequency adaptation": Cell(0.01, 0.2, -65, 8, -70, 0.25, 85, lambda t: 30.0 * (t > 8.5)),
    "class 1 excitable": Cell(0.02, -0.1, -55, 6, -60, 0.25, 300, lambda t: 0.075 * np.maximum(t - 30, 0), "class 1"),
    "class 2 excitable": Cell(0.2, 0.26, -65, 0, -64, 0.25, 300, lambda t: -0.5 + 0.015 * np.maximum(t - 30, 0)),
    "spike latency": Cell(0.02, 0.2, -65, 6, -70, 0.2, 100, lambda t: 7.04 * within(t, 10, length=3)),
    "subthreshold oscillations": Cell(0.05, 0.26, -60, 0, -62, 0.25, 200, lambda t: 2.0 * within(t, 20, length=5)),
    "resonator": Cell(0.1, 0.26, -60, -1, -62, 0.25, 400, lambda t: 0.65 * within(t, 40, 60, 280, 320, length=4)),
    "integrator": Cell(0.02, -0.1, -55, 6, -60, 0.25, 100,
                       lambda t: 9.0 * within(t, 100 / 11, 100 / 11 + 5, 70, 80, length=2), "class 1"),
    "rebound spike": Cell(0.03, 0.25, -60, 4, -64, 0.2, 200, lambda t: -15.0 * within(t, 20, length=5)),
    "rebound burst": Cell(0.03, 0.25, -52, 0, -64, 0.2, 200, lambda t: -15.0 * within(t, 20, length=5)),
    "threshold variability": Cell(0.03, 0.25, -60, 4, -64, 0.25, 100,
                                  lambda t: 1.0 * within(t, 10, 80, length=5) - 6.0 * within(t, 70, length=5)),
    "bistability": Cell(0.1, 0.26, -60, 0, -61, 0.25, 300, lambda t: 0.24 + within(t, 37.5, 216, length=5)),
    "depolarizing after-potential": Cell(1.0, 0.2, -60, -21, -70, 0.1, 50, lambda t: 20.0 * (np.abs(t - 10) < 1)),
    "accommodation": Cell(0.02, 1.0, -55, 4, -65, 0.5, 400,
                          lambda t: t / 25 * (t < 200) + (t - 300) / 12.5 * 4 * ((t >= 300) & (t < 312.5)), "no decay"),
    "inhibition-induced spiking": Cell(-0.02, -1.0, -60, 8, -63.8, 0.5, 350,
                                       lambda t: np.where((t < 50) | (t > 250), 80.0, 75.0)),
    "inhibition-induced bursting": Cell(-0.026, -1.0, -45, -2, -63.8, 0.5, 350,
                                        lambda t: np.where((t < 50) | (t > 250), 80.0, 75.0)),
}  # fmt: skip
"""The panels of figure 1 in their order."""


def build(patterns: tuple[str, ...] = tuple(CELLS)) -> Network:
    """A part ``cells`` with a neuron for each pattern, under the input of its panel. Run it with a step of 0.05 ms.

    Parameters
    ----------
    patterns
        Which ones, of ``CELLS``.
    """
    for pattern in patterns:
        if pattern not in CELLS:
            raise DescriptionError(f"no pattern {pattern!r}{nearest(str(pattern), CELLS)}; there are: {listing(CELLS)}")
    chosen = [CELLS[pattern] for pattern in patterns]
    columns = {name: np.array([getattr(cell, name) for cell in chosen], float) for name in ("a", "b", "c", "d", "v")}
    p, q, v_0, decay = np.array([cell.equation for cell in chosen]).T
    every = np.array([round(cell.step / DT) for cell in chosen])
    steps = np.arange(round(max(cell.duration for cell in chosen) / DT))[:, None]
    # behind the end of a panel the last value of its input holds
    rows = [np.minimum(steps[:, 0] // n, cell.times.size - 1) for n, cell in zip(every, chosen, strict=True)]
    given = np.stack([cell.input(cell.times)[row] for cell, row in zip(chosen, rows, strict=True)], axis=1)
    return Network({"cells": Neurons(
        len(chosen), STEP, threshold="v > 30", reset="v = c; u += d", method="euler", h=every * DT,
        p=p, q=q, v_0=v_0, decay=decay, **{name: columns[name] for name in "abcd"},
        I=TimedArray(given, DT), due=TimedArray(((steps + 1) % every == 0).astype(float), DT),
        initial={"v": columns["v"], "u": np.array([cell.start for cell in chosen])},
    )})


@lru_cache(maxsize=1)  # the claims are about the same run
def run(backend: str = "numba", seed: int = 0) -> Recording:
    """All cells for as long as the longest panel, in double precision, as the author's program."""
    return simulate(build(), 400.0, dt=DT, dtype="float64", record=["cells.v", "spikes"], backend=backend, seed=seed,
                    progress=False)


def place(pattern: str) -> int:
    """Which of the neurons of ``run`` shows a pattern."""
    return list(CELLS).index(pattern)


def times_of(pattern: str, **options: Any) -> np.ndarray:
    """Spike times of a pattern within its panel, ms, at the beginning of the step as in the author's program."""
    cell = CELLS[pattern]
    found = run(**options)["cells.spikes"].of(place(pattern)).times
    # a spike falls into the last step of the run of the cell's own
    return np.round((found[found <= cell.duration] + DT) / cell.step - 1) * cell.step


def potential(pattern: str, **options: Any) -> tuple[np.ndarray, np.ndarray]:
    """Times (ms) and potential (mV) of a pattern within its panel."""
    trace = run(**options)["cells.v"].between(0.0, CELLS[pattern].duration)
    return trace.times, trace[:, place(pattern)]


def count(pattern: str, start: float = 0.0, stop: float = np.inf, **options: Any) -> float:
    """Number of spikes between two times, ms."""
    found = times_of(pattern, **options)
    return float(np.count_nonzero((found >= start) & (found < stop)))


def intervals(pattern: str, start: float = 0.0, **options: Any) -> np.ndarray:
    """Intervals between spikes from a time on, ms."""
    found = times_of(pattern, **options)
    return np.diff(found[found >= start])


def spread(pattern: str, start: float = 0.0, **options: Any) -> float:
    """Longest interval over shortest from a time on."""
    found = intervals(pattern, start, **options)
    return float(found.max() / found.min())


def change(pattern: str, **options: Any) -> float:
    """Last interval over first."""
    found = intervals(pattern, **options)
    return float(found[-1] / found[0])


def first_over_last(pattern: str, **options: Any) -> float:
    """First interval over last."""
    return 1.0 / change(pattern, **options)


def bursts(pattern: str, gap: float, **options: Any) -> list[int]:
    """Number of spikes of each burst; bursts lie more than ``gap`` ms apart."""
    found = times_of(pattern, **options)
    cuts = np.flatnonzero(np.diff(found) > gap) + 1
    return [len(burst) for burst in np.split(found, cuts)]


def burst_count(pattern: str, gap: float, **options: Any) -> float:
    """Number of bursts."""
    return float(len(bursts(pattern, gap, **options)))


def burst_size(pattern: str, gap: float, **options: Any) -> float:
    """Fewest spikes of a burst; the last one may be cut off and does not count where there are several."""
    found = bursts(pattern, gap, **options)
    return float(min(found[:-1] if len(found) > 1 else found))


def first_rate(pattern: str, **options: Any) -> float:
    """Rate at which firing begins, from the first interval, Hz."""
    return float(1000.0 / intervals(pattern, **options)[0])


def first_ratio(pattern: str, other: str, **options: Any) -> float:
    """Rate at which firing begins over that of another pattern."""
    return first_rate(pattern, **options) / first_rate(other, **options)


def latency(pattern: str, onset: float, **options: Any) -> float:
    """Time from a moment to the first spike behind it, ms."""
    found = times_of(pattern, **options)
    return float(found[found > onset][0] - onset)


def maxima(pattern: str, start: float, **options: Any) -> float:
    """Number of local maxima of the potential from a time on: waves of an oscillation."""
    t, v = potential(pattern, **options)
    v = v[t > start]
    v = v[np.flatnonzero(np.diff(v, prepend=np.nan) != 0.0)]  # a cell's own steps are longer than those of the run
    return float(np.count_nonzero((v[1:-1] > v[:-2]) & (v[1:-1] > v[2:])))


def after_potential(pattern: str, onset: float, **options: Any) -> float:
    """How far the potential rises above its start behind the spike, mV."""
    t, v = potential(pattern, **options)
    (spike,) = times_of(pattern, **options)
    return float(v[(t > spike + 0.5) & (t > onset)].max() - CELLS[pattern].v)


def figure(ax, recording=None, *, backend="numba", seed=0):
    """Figure 1: the twenty panels, each with its input below."""
    recording = recording if recording is not None else run(backend, seed)
    ax.set_axis_off()
    for number, pattern in enumerate(CELLS):
        row, column = divmod(number, 4)
        panel = ax.inset_axes([0.255 * column, 0.81 - 0.2 * row, 0.235, 0.155])
        _draw(panel, pattern, recording)
    return ax


def _draw(panel, pattern, recording):
    cell = CELLS[pattern]
    trace = recording["cells.v"].between(0.0, cell.duration)
    t, v = trace.times, np.array(trace[:, place(pattern)])
    # a sample is taken behind the reset, so the spike itself is put in
    spikes = recording["cells.spikes"].of(place(pattern)).times
    v[np.searchsorted(t, spikes[spikes < t[-1]])] = 30.0
    panel.plot(t, v, color="black", linewidth=0.6)
    given = cell.input(cell.times)
    panel.plot(cell.times, -100.0 + 12.0 * (given - given.min()) / np.ptp(given), color="tab:blue", linewidth=0.6)
    panel.set(xlim=(0, cell.duration), ylim=(-105, 35), xticks=[], yticks=[])
    panel.set_title(f"({chr(ord('A') + place(pattern))}) {pattern}", fontsize="x-small", pad=2)
    panel.spines[:].set_visible(False)


PANEL = "figure 1 ({}): the pattern is drawn and named, no number is given; {}"


def _claim(letter: str, text: str, measure: Callable[..., float], why: str, /, *, low: float, high: float = np.inf,
           **arguments: Any) -> Claim:
    """A claim on the panel ``letter``."""
    chosen = {"pattern": list(CELLS)[ord(letter) - ord("A")], **arguments}
    return Claim(f"({letter}) {text}", measure, chosen, low=low, high=float(high),
                 where=PANEL.format(letter, "what makes the pattern is put into a bound here"), why=why)


ENTRY = Entry(
    title="Twenty patterns of cortical neurons from one neuron of two variables",
    paper="Izhikevich, E. M. (2004). IEEE Trans Neural Netw 15, 1063-1070. doi:10.1109/TNN.2004.832719",
    family="spiking",
    build=build,
    figure=figure,
    differs="the comparison of eleven neuron models by their cost is not made; a run of the command line goes on "
    "beyond the end of shorter panels with the last value of their input",
    record=("cells.spikes", "cells.v"),
    duration=400.0,
    dt=DT,
    claims=(
        _claim("A", "tonic spiking goes on: spikes in the second half of the panel", count, "0 would be phasic", low=2,
               start=50.0),
        _claim("A", "tonic spiking is regular: longest interval over shortest after 30 ms", spread, "1 is a clock",
               low=1.0, high=1.2, start=30.0),
        _claim("B", "phasic spiking: spikes", count, "one at the onset, although the input stays", low=1, high=1),
        _claim("C", "tonic bursting: bursts", burst_count, "they repeat until the end", low=3, gap=10.0),
        _claim("C", "tonic bursting: fewest spikes of a burst", burst_size, "one would be a spike", low=2, gap=10.0),
        _claim("D", "phasic bursting: bursts", burst_count, "one at the onset, although the input stays", low=1, high=1,
               gap=10.0),
        _claim("D", "phasic bursting: spikes of the burst", burst_size, "one would be a spike", low=2, gap=10.0),
        _claim("E", "mixed mode begins with a burst: first interval over last", first_over_last,
               "1 is a clock", low=0.0, high=0.4),
        _claim("E", "mixed mode goes on with single spikes: longest interval over shortest of the last 100 ms", spread,
               "1 is a clock", low=1.0, high=1.2, start=60.0),
        _claim("F", "spike frequency adaptation: last interval over first", change, "1 is a clock", low=1.5),
        _claim("G", "class 1 begins to fire more slowly than class 2: first rate over that of class 2", first_ratio,
               "1 would be no difference", low=0.0, high=0.8, other="class 2 excitable"),
        _claim("G", "class 1 fires faster with more input: last interval over first", change, "1 would be no coding",
               low=0.0, high=0.5),
        _claim("H", "class 2 begins to fire fast: first rate, Hz", first_rate, "not slowly (text)", low=30.0),
        _claim("I", "spike latency: from the end of the pulse to the spike, ms", latency,
               "longer than the pulse of 3 ms", low=3.0, onset=13.0),
        _claim("J", "subthreshold oscillations: spikes", count, "one, by the pulse", low=1, high=1),
        _claim("J", "subthreshold oscillations: waves after 50 ms", maxima, "two would be an overshoot", low=3,
               start=50.0),
        _claim("K", "the resonator fires at one interval of two pulses", count, "40 ms between pulses", low=1,
               start=280.0),
        _claim("K", "the resonator does not fire at the other", count, "20 ms between pulses", low=0, high=0,
               stop=280.0),
        _claim("L", "the integrator fires by two pulses 5 ms apart", count, "they add up", low=1, stop=60.0),
        _claim("L", "the integrator does not fire by two pulses 10 ms apart", count, "the first has decayed", low=0,
               high=0, start=60.0),
        _claim("M", "rebound spike: spikes behind the inhibition", count, "one, and none without input", low=1, high=1,
               start=25.0),
        _claim("N", "rebound burst: spikes of the one burst", burst_size, "one would be a spike", low=2, gap=10.0),
        _claim("N", "rebound burst: bursts", burst_count, "one, and then rest", low=1, high=1, gap=10.0),
        _claim("O", "a pulse alone does not reach the threshold: spikes before 70 ms", count, "the same pulse as later",
               low=0, high=0, stop=70.0),
        _claim("O", "behind inhibition the same pulse does: spikes after 80 ms", count, "the threshold has fallen",
               low=1, start=80.0),
        _claim("P", "bistability: a pulse begins spiking that goes on, spikes from 45 to 216 ms", count,
               "one or two would be an answer to the pulse", low=3, start=45.0, stop=216.0),
        _claim("P", "bistability: a second pulse ends it, spikes after 230 ms", count, "rest is stable, too", low=0,
               high=0, start=230.0),
        _claim("Q", "depolarizing after-potential: rise above rest behind the spike, mV", after_potential,
               "below 0 it would be a hyperpolarization", low=1.0, high=40.0, onset=10.0),
        _claim("R", "accommodation: spikes by a slow ramp up to 8 mV", count, "the neuron follows it", low=0, high=0,
               stop=300.0),
        _claim("R", "accommodation: spikes by a fast ramp up to 4 mV", count, "half as high", low=1, start=300.0),
        _claim("S", "inhibition-induced spiking: spikes while inhibited", count, "one would be phasic", low=2,
               start=50.0, stop=255.0),
        _claim("S", "inhibition-induced spiking: spikes before", count, "the stronger input keeps it silent", low=0,
               high=0, stop=50.0),
        _claim("T", "inhibition-induced bursting: bursts", burst_count, "they repeat", low=2, gap=15.0),
        _claim("T", "inhibition-induced bursting: fewest spikes of a burst", burst_size, "one would be a spike", low=2,
               gap=15.0),
    ),
)
