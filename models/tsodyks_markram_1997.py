r"""Tsodyks & Markram (1997): depressing synapses tell of changes in rate, and of the rate itself only when it is low.

A synapse's resources are recovered (R), effective (E) or inactive (I = 1 - R - E), and each spike makes a share of the
recovered ones effective:

.. math::
    \dot R = I/\tau_{rec}, \quad \dot E = -E/\tau_{in}; \qquad E \to E + U R, \quad R \to R - U R

The current is :math:`A E`, onto a passive membrane. Above a limiting frequency of the order of
:math:`1/(U \tau_{rec})` the stationary amplitude falls as one over the frequency, so that the current summed over time
no longer depends on the frequency.

References
----------
Tsodyks & Markram (1997). PNAS 94, 719-723. doi:10.1073/pnas.94.2.719, equations 1-3 and figures 1-3
"""

from functools import lru_cache
from typing import Any

import numpy as np

from neurosim import Network, Neurons, Recording, SpikeGenerator, simulate
from neurosim.catalog import Claim, Entry
from neurosim.connectivity import OneToOne
from neurosim.errors import DescriptionError
from neurosim.families.plasticity import ShortTerm

RESOURCES = """
dR/dt = (1 - R - E)/tau_rec : 1
dE/dt = -E/tau_in : 1
"""
CELL = """
dv/dt = (-v + resistance*current)/tau_m : mV
current : pA
"""
TAU_REC, TAU_IN, TAU_M, RESISTANCE, A = 800.0, 3.0, 50.0, 0.1, 250.0
"""Time constants (ms), resistance of the membrane (GΩ) and absolute strength of the synapse (pA)."""

RATES = (1.0, 2.0, 5.0, 10.0, 20.0, 40.0, 80.0)
SPIKES = 40


def build(U: float = 0.67, rates: tuple[float, ...] = RATES, spikes: int = SPIKES, scheme: str = "full") -> Network:
    """A cell, and a synapse onto it with a regular train of spikes, for each rate.

    Parameters
    ----------
    U
        Share of the recovered resources that a spike uses.
    rates
        Rates of the trains, Hz.
    spikes
        Number of spikes of each train.
    scheme
        ``full`` with resources that are effective for ``TAU_IN``, or ``reduced`` without (``ShortTerm``).
    """
    if scheme not in ("full", "reduced"):
        raise DescriptionError(f"scheme must be one of full, reduced, got {scheme!r}")
    times = [50.0 + 1000.0 / rate * np.arange(spikes) for rate in rates]
    which = np.repeat(np.arange(len(times)), spikes)
    net = Network({"source": SpikeGenerator(len(times), which, np.concatenate(times))})
    if scheme == "full":
        net.add("cell", Neurons(len(times), CELL, tau_m=TAU_M, resistance=RESISTANCE))
        net.connect("source", "cell", OneToOne(), model=RESOURCES, on_pre="E += U*R; R -= U*R", couple="current = A*E",
                    initial={"R": 1.0}, U=U, tau_rec=TAU_REC, tau_in=TAU_IN, A=A)
    else:
        text = CELL.replace("current : pA", "dcurrent/dt = -current/tau_in : pA")
        net.add("cell", Neurons(len(times), text, tau_m=TAU_M, resistance=RESISTANCE, tau_in=TAU_IN))
        net.connect("source", "cell", OneToOne(), on_pre="current += A*release", A=A,
                    plasticity=ShortTerm(U=U, tau_rec=TAU_REC))
    return net


@lru_cache(maxsize=8)
def run(U: float, rates: tuple[float, ...], spikes: int, scheme: str, backend: str = "numba",
        seed: int = 0) -> Recording:
    """Potentials and currents until a second after the last spike."""
    return simulate(build(U, rates, spikes, scheme), 1050.0 + 1000.0 * spikes / min(rates), dt=0.25, dtype="float64",
                    backend=backend, seed=seed, record=["cell.v", "cell.current"], progress=False)


def currents(U: float, rates: tuple[float, ...] = RATES, spikes: int = SPIKES, scheme: str = "full",
             **options: Any) -> np.ndarray:
    """(rates, spikes) current that each spike adds, pA."""
    recording = run(U, rates, spikes, scheme, **options)
    current, decay = np.asarray(recording["cell.current"]), np.exp(-recording.dt / TAU_IN)
    found = []
    for column, rate in enumerate(rates):
        # samples show the end of a step; the sum over a synapse is taken before a step and shows one step later
        at = np.rint((50.0 + 1000.0 / rate * np.arange(spikes)) / recording.dt).astype(int) + 1 + (scheme == "full")
        found.append(current[at, column] / decay - current[at - 1, column])
    return np.array(found)


def stationary(U: float, rate: float, scheme: str = "full", **options: Any) -> float:
    """Last amplitude in a train, as a share of the absolute strength."""
    return float(currents(U, scheme=scheme, **options)[RATES.index(rate), -1] / A)


def closed_form(U: float, rate: float) -> float:
    """Stationary amplitude as a share of the absolute strength where resources are effective for a moment only."""
    left = np.exp(-1000.0 / rate / TAU_REC)
    return float(U * (1 - left) / (1 - (1 - U) * left))


def stationary_error(U: float, scheme: str, **options: Any) -> float:
    """Greatest distance of the stationary amplitudes from their closed form, as a share of the latter."""
    found = [stationary(U, rate, scheme, **options) / closed_form(U, rate) - 1 for rate in RATES]
    return float(np.max(np.abs(found)))


def product_ratio(U: float, low: float, high: float, **options: Any) -> float:
    """Stationary amplitude times rate at the higher of two rates, over that at the lower one."""
    return high * stationary(U, high, **options) / (low * stationary(U, low, **options))


def first_and_last(pair: tuple[float, float], rate: float, **options: Any) -> float:
    """By what the stationary amplitude grows when U grows from ``pair[0]`` to ``pair[1]``; the first grows like U."""
    return stationary(pair[1], rate, **options) / stationary(pair[0], rate, **options)


def figure(ax, recording=None, *, backend="numba", seed=0):
    """Potential in a train at 20 Hz, and the stationary amplitude against the rate: figures 1 and 3 of the paper."""
    if recording is None:
        recording = run(0.67, RATES, SPIKES, "full", backend, seed)
    v = recording["cell.v"].between(recording.start, min(recording.stop, recording.start + 1400.0))
    ax.plot(v.times, np.asarray(v)[:, RATES.index(20.0)], color="0.2")
    ax.set(xlabel="time (ms)", ylabel="potential (mV)", title="Tsodyks & Markram (1997): a train at 20 Hz")
    inset = ax.inset_axes((0.6, 0.5, 0.38, 0.45))
    rates = np.geomspace(0.5, 100.0, 60)
    for U in (0.2, 0.67, 0.9):
        inset.loglog(rates, [closed_form(U, rate) for rate in rates], linewidth=1, label=f"U = {U:g}")
    inset.plot(rates, 1000.0 / (TAU_REC * rates), "k:", linewidth=0.8)
    inset.set(xlabel="rate (Hz)", ylabel="stationary", ylim=(5e-3, 1.5))
    inset.legend(frameon=False, fontsize="x-small")
    return ax


ENTRY = Entry(
    title="Depressing synapses have a limiting frequency, above which the current no longer tells of the rate",
    paper="Tsodyks, M. V. & Markram, H. (1997). PNAS 94, 719-723. doi:10.1073/pnas.94.2.719",
    family="spiking",
    build=build,
    figure=figure,
    record=("cell.v", "cell.current"),
    duration=2500.0,
    dt=0.25,
    differs="spikes arrive a time step after they were made; regular trains only",
    claims=(
        Claim("the stationary amplitudes are those of the closed form: greatest relative distance", stationary_error,
              {"U": 0.67, "scheme": "reduced"}, low=0.0, high=1e-9,
              where="Tsodyks & Markram 1997, equations 1-3, where inactivation is much faster than recovery",
              why="exact for the scheme without the time for which resources are effective"),
        Claim("the three states differ little from it: greatest relative distance", stationary_error,
              {"U": 0.67, "scheme": "full"}, low=0.0, high=0.05,
              where="Tsodyks & Markram 1997, equations 1-3; the bound is inferred",
              why="at 80 Hz a spike comes 12.5 ms after the last, of which 3 ms go by before recovery begins"),
        Claim("above the limiting frequency the amplitude falls as one over the rate: product at 80 Hz over 20 Hz",
              product_ratio, {"U": 0.67, "low": 20.0, "high": 80.0}, low=0.9, high=1.2,
              where="Tsodyks & Markram 1997, figure 3 and text on the limiting frequency",
              why="1 is a current that does not depend on the rate; 4 one in proportion to it"),
        Claim("below it the current grows with the rate: product at 2 Hz over 1 Hz", product_ratio,
              {"U": 0.2, "low": 1.0, "high": 2.0}, low=1.4, high=2.0,
              where="Tsodyks & Markram 1997, figure 3: the limiting frequency is higher where U is low",
              why="2 is no depression"),
        Claim("a larger U changes the stationary response at 40 Hz hardly: from 0.3 to 0.9", first_and_last,
              {"pair": (0.3, 0.9), "rate": 40.0}, low=0.9, high=1.2,
              where="Tsodyks & Markram 1997, text: changes of U redistribute what a train evokes",
              why="3 is by what the first amplitude grows"),
    ),
)
