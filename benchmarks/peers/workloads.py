"""The workloads that every tool is given: parameters and lengths, in plain Python.

Units: ms, mV, pA, pF, nS, Hz.
"""

import math
from dataclasses import dataclass, replace
from typing import Any

DT = 0.1


@dataclass(frozen=True, kw_only=True)
class Workload:
    """What a row runs and for how long.

    Parameters
    ----------
    model
        Which network; the peers' scripts have one function for each.
    size
        Number of neurons, N.
    regime
        Of Brunel's network, a key of ``REGIMES``.
    settle, seconds, observe
        Model time that is discarded, timed without recording, and recorded for rate and CV afterwards, s.
        What is timed comes before what is observed, so a network that fell silent while timed is seen.
    rate_tolerance, cv_tolerance
        Largest relative difference of the rate, and absolute difference of the CV, at which two tools
        count as showing the same dynamics.
    """

    model: str
    size: int
    regime: str = "AI"
    settle: float
    seconds: float
    observe: float
    rate_tolerance: float = 0.05
    cv_tolerance: float = 0.05


WORKLOADS = {
    "coba": Workload(model="coba", size=4000, settle=0.5, seconds=10.0, observe=3.0),
    "cuba": Workload(model="cuba", size=4000, settle=0.5, seconds=1.0, observe=2.0),
    "cuba10": Workload(model="cuba", size=40_000, settle=0.5, seconds=1.0, observe=1.0),
    # networks of other seeds differ by 8 %
    "cobahh": Workload(
        model="cobahh", size=4000, settle=0.3, seconds=2.0, observe=1.0, rate_tolerance=0.1, cv_tolerance=0.1
    ),
    "brunel": Workload(model="brunel", size=12_500, settle=0.2, seconds=1.0, observe=0.5),
    # nothing is discarded, since what is timed is the learning; all neurons share the chances of one draw of inputs
    "stdp": Workload(
        model="stdp", size=1000, settle=0.0, seconds=10.0, observe=5.0, rate_tolerance=0.1, cv_tolerance=0.1
    ),
    "microcircuit": Workload(
        model="microcircuit", size=77_169, settle=0.5, seconds=10.0, observe=1.0, rate_tolerance=0.1
    ),
    "build": Workload(model="microcircuit", size=77_169, settle=0.0, seconds=0.0, observe=0.0),
    "start": Workload(model="coba", size=4000, settle=0.0, seconds=0.0, observe=1.0),
}
COMPARED = {
    "brunel-sr": Workload(model="brunel", size=12_500, regime="SR", settle=0.2, seconds=0.0, observe=0.3),
    "brunel-si-fast": Workload(model="brunel", size=12_500, regime="SI fast", settle=0.3, seconds=0.0, observe=1.0),
    "brunel-ai": Workload(model="brunel", size=12_500, regime="AI", settle=0.3, seconds=0.0, observe=1.0),
    "brunel-si-slow": Workload(model="brunel", size=12_500, regime="SI slow", settle=0.3, seconds=0.0, observe=3.0),
    "microcircuit-rates": Workload(model="microcircuit", size=77_169, settle=0.5, seconds=0.0, observe=3.0),
}
"""What ``rates_beside_nest.py`` looks at and nobody times."""
ROWS = WORKLOADS | COMPARED


def workload(row: str, *, seconds: float | None = None) -> Workload:
    """The workload of ``row``; ``seconds`` replaces its timed length (s) where it has one."""
    found = ROWS[row]
    return replace(found, seconds=seconds) if seconds is not None and found.seconds else found


# Brette et al. (2007), doi:10.1007/s10827-007-0038-6, benchmarks 1 and 2: 4 of 5 neurons excite, and each
# pair is joined with probability 80 / N. COBA's conductances are in units of the leak, 10 nS, and start
# at clipped normal values (mean, standard deviation), or the network would stay silent.
COBA: dict[str, Any] = {
    "exc_share": 0.8,
    "indegree": 80,
    "tau_m": 20.0,
    "tau_e": 5.0,
    "tau_i": 10.0,
    "refractory": 5.0,
    "threshold": -50.0,
    "reset": -60.0,
    "E_L": -60.0,
    "E_e": 0.0,
    "E_i": -80.0,
    "w_e": 0.6,
    "w_i": 6.7,
    "g_e": (4.0, 1.5),
    "g_i": (20.0, 12.0),
    "g_L": 10.0,
    "C_m": 200.0,
}
CUBA: dict[str, Any] = {
    "exc_share": 0.8,
    "indegree": 80,
    "tau_m": 20.0,
    "tau_e": 5.0,
    "tau_i": 10.0,
    "refractory": 5.0,
    "threshold": -50.0,
    "reset": -60.0,
    "E_L": -49.0,
    "w_e": 60 * 0.27 / 10,
    "w_i": -20 * 4.5 / 10,
    "C_m": 200.0,
}

# Brette et al. (2007), benchmark 3: Hodgkin-Huxley neurons of 20,000 square micrometres. The lines of the channels
# read the same in neurosim and Brian 2. Potentials and conductances start at (clipped) normal values, h at 1.
COBAHH: dict[str, Any] = {
    "exc_share": 0.8,
    "indegree": 80,
    "C_m": 200.0,
    "g_L": 10.0,
    "g_Na": 20_000.0,
    "g_K": 6000.0,
    "E_L": -60.0,
    "E_Na": 50.0,
    "E_K": -90.0,
    "V_T": -63.0,
    "E_e": 0.0,
    "E_i": -80.0,
    "tau_e": 5.0,
    "tau_i": 10.0,
    "threshold": -20.0,
    "w_e": 6.0,
    "w_i": 67.0,
    "v": (-65.0, 5.0),
    "g_e": (40.0, 15.0),
    "g_i": (200.0, 120.0),
}
CHANNELS = """
dm/dt = alpha_m*(1 - m) - beta_m*m : 1
dh/dt = alpha_h*(1 - h) - beta_h*h : 1
dn/dt = alpha_n*(1 - n) - beta_n*n : 1
alpha_m = 0.32*4/exprel((13*mV - v + V_T)/(4*mV))/ms : Hz
beta_m = 0.28*5/exprel((v - V_T - 40*mV)/(5*mV))/ms : Hz
alpha_h = 0.128*exp((17*mV - v + V_T)/(18*mV))/ms : Hz
beta_h = 4/(1 + exp((40*mV - v + V_T)/(5*mV)))/ms : Hz
alpha_n = 0.032*5/exprel((15*mV - v + V_T)/(5*mV))/ms : Hz
beta_n = 0.5*exp((10*mV - v + V_T)/(40*mV))/ms : Hz
"""

# Additive learning from pairs, as of Song, Miller and Abbott (2000), doi:10.1038/78829, of many neurons at once: every
# train ends on every neuron, and weights start evenly spread. Currents, because all tools integrate them exactly. The
# delay is the same number in all tools, so that the same pairs of spikes meet (in NEST it is one of dendrites).
STDP: dict[str, Any] = {
    "inputs": 1000,
    "rate": 15.0,
    "tau_m": 10.0,
    "tau_e": 5.0,
    "E_L": -74.0,
    "threshold": -54.0,
    "reset": -60.0,
    "delay": 0.1,
    "w_max": 0.55,
    "tau_plus": 20.0,
    "tau_minus": 20.0,
    "a_plus": 0.01,
    "a_minus": 0.0105,
    "C_m": 100.0,
}

# Brunel (2000), doi:10.1023/A:1008925309027, in the asynchronous irregular state of figure 8C; the external rate is
# counted in that which alone would reach the threshold.
BRUNEL: dict[str, Any] = {
    "n_e": 10_000,
    "n_i": 2500,
    "c_e": 1000,
    "c_i": 250,
    "tau_m": 20.0,
    "threshold": 20.0,
    "reset": 10.0,
    "refractory": 2.0,
    "delay": 1.5,
    "w": 0.1,
    "c_ext": 1000,
}
REGIMES = {"SR": (3.0, 2.0), "SI fast": (6.0, 4.0), "AI": (5.0, 2.0), "SI slow": (4.5, 0.9)}
"""g and the ratio of the external rate to that which reaches the threshold, figure 8A to D."""


def brunel_numbers(regime: str = "AI", scale: float = 1.0) -> dict[str, Any]:
    """``BRUNEL`` with ``g`` and ``rate_ext`` (of one train) of a regime, at ``scale`` in (0, 1].

    Fewer neurons have as many fewer inputs, and weights so much larger that the mean of the input stays.
    """
    g, ratio = REGIMES[regime]
    counts = {name: round(BRUNEL[name] * scale) for name in ("n_e", "n_i", "c_e", "c_i", "c_ext")}
    p = BRUNEL | counts | {"w": BRUNEL["w"] / scale, "g": g}
    return p | {"rate_ext": ratio * 1000.0 * p["threshold"] / (p["w"] * p["c_ext"] * p["tau_m"])}


# Potjans and Diesmann (2014), doi:10.1093/cercor/bhs358, tables 4 and 5; first potentials as optimised for
# benchmarks, and weights as a current (87.8 pA makes a potential of 0.15 mV)
POPULATIONS = ("L23E", "L23I", "L4E", "L4I", "L5E", "L5I", "L6E", "L6I")
SIZES = (20683, 5834, 21915, 5479, 4850, 1065, 14395, 2948)
PROBABILITIES = (
    (0.1009, 0.1689, 0.0437, 0.0818, 0.0323, 0.0, 0.0076, 0.0),
    (0.1346, 0.1371, 0.0316, 0.0515, 0.0755, 0.0, 0.0042, 0.0),
    (0.0077, 0.0059, 0.0497, 0.135, 0.0067, 0.0003, 0.0453, 0.0),
    (0.0691, 0.0029, 0.0794, 0.1597, 0.0033, 0.0, 0.1057, 0.0),
    (0.1004, 0.0622, 0.0505, 0.0057, 0.0831, 0.3726, 0.0204, 0.0),
    (0.0548, 0.0269, 0.0257, 0.0022, 0.06, 0.3158, 0.0086, 0.0),
    (0.0156, 0.0066, 0.0211, 0.0166, 0.0572, 0.0197, 0.0396, 0.2252),
    (0.0364, 0.001, 0.0034, 0.0005, 0.0277, 0.008, 0.0658, 0.1443),
)
EXTERNAL_INDEGREES = (1600, 1500, 2100, 1900, 2000, 1900, 2900, 2100)
FIRST_V_MEAN = (-68.28, -63.16, -63.33, -63.45, -63.11, -61.66, -66.72, -61.43)
FIRST_V_SD = (5.36, 4.57, 4.74, 4.94, 4.94, 4.55, 5.46, 4.48)
FULL_RATES = (0.971, 2.868, 4.746, 5.396, 8.142, 9.078, 0.991, 7.523)
CELL = {
    "C_m": 250.0,
    "tau_m": 10.0,
    "tau_syn": 0.5,
    "E_L": -65.0,
    "threshold": -50.0,
    "reset": -65.0,
    "refractory": 2.0,
}
WEIGHT, RELATIVE_INHIBITION, EXTERNAL_RATE = 87.8, -4.0, 8.0
WEIGHT_SD, DELAY_SD = 0.1, 0.5
DELAYS = (1.5, 0.75)


@dataclass(frozen=True, kw_only=True)
class Microcircuit:
    """The cortical microcircuit at one scale of both neuron and synapse numbers.

    Parameters
    ----------
    sizes
        Neurons of each population, (8,).
    synapses
        Number of synapses, targets in rows and sources in columns, (8, 8).
    weights, external_weight
        Mean weights, (8, 8) and one number, pA.
    external
        Poisson trains onto each neuron, (8,).
    current
        Constant current that stands in for the input lost by scaling down, (8,), pA.
    """

    sizes: tuple[int, ...]
    synapses: tuple[tuple[int, ...], ...]
    weights: tuple[tuple[float, ...], ...]
    external_weight: float
    external: tuple[int, ...]
    current: tuple[float, ...]


def microcircuit(scale: float = 1.0) -> Microcircuit:
    """Numbers of the microcircuit with neurons and in-degrees both multiplied by ``scale`` in (0, 1].

    A smaller network keeps mean and variance of its input: weights grow by ``1 / sqrt(scale)``, and a
    constant current makes up for the mean (van Albada et al. 2015, doi:10.1371/journal.pcbi.1004490).
    """
    if not 0.0 < scale <= 1.0:
        raise ValueError(f"scale must be in (0, 1], got {scale!r}")
    counts = [
        [
            round(math.log(1.0 - p) / math.log(1.0 - 1.0 / (target * source))) if p else 0
            for p, source in zip(row, SIZES, strict=True)
        ]
        for row, target in zip(PROBABILITIES, SIZES, strict=True)
    ]
    weights = [[WEIGHT * (RELATIVE_INHIBITION if j % 2 else 1.0) for j in range(8)] for _ in range(8)]
    weights[0][2] *= 2.0
    current = [
        1e-3 * CELL["tau_syn"] * (1.0 - math.sqrt(scale)) * (
            sum(w * k / size * rate for w, k, rate in zip(weights[i], counts[i], FULL_RATES, strict=True))
            + WEIGHT * EXTERNAL_INDEGREES[i] * EXTERNAL_RATE
        )
        for i, size in enumerate(SIZES)
    ]  # fmt: skip
    root = math.sqrt(scale)
    return Microcircuit(
        sizes=tuple(round(size * scale) for size in SIZES),
        synapses=tuple(tuple(round(k * scale * scale) for k in row) for row in counts),
        weights=tuple(tuple(w / root for w in row) for row in weights),
        external_weight=WEIGHT / root,
        external=tuple(round(k * scale) for k in EXTERNAL_INDEGREES),
        current=tuple(current),
    )
