r"""Hodgkin & Huxley (1952): what makes the spike of the squid's giant axon, and how fast it travels.

.. math::
    C \dot v = g_L (E_L - v) + \bar g_{Na} m^3 h (E_{Na} - v) + \bar g_K n^4 (E_K - v) + I

``SquidAxon`` is a patch under a space clamp, as in figure 12. For the spike that travels, the same channels lie along
a cable of compartments. Voltages here are the modern ones: rest is -65 mV and depolarisation is positive.

References
----------
Hodgkin & Huxley (1952). J Physiol 117, 500-544. doi:10.1113/jphysiol.1952.sp004764
"""

from typing import Any

import numpy as np

from neurosim import Compartments, Network, Neurons, Simulation, SquidAxon, Tree, simulate
from neurosim.catalog import Claim, Entry
from neurosim.errors import DescriptionError

SHOCKS = (90.0, 15.0, 7.0, 6.0)
"""Depolarisations at the start, mV, of figure 12."""
SIX_DEGREES = 6.0
AREA = 10.0
"""pA on a patch of ``SquidAxon`` that are 1 µA/cm²."""

CHANNELS = """
I_channels = area*(g_Na*m**3*h*(50*mV - v) + g_K*n**4*(-77*mV - v)) : pA
dm/dt = phi*((1 - m)/exprel((25*mV - u)/(10*mV)) - 4*m*exp(-u/(18*mV)))/ms : 1
dh/dt = phi*(0.07*(1 - h)*exp(-u/(20*mV)) - h/(1 + exp((30*mV - u)/(10*mV))))/ms : 1
dn/dt = phi*(0.1*(1 - n)/exprel((10*mV - u)/(10*mV)) - 0.125*n*exp(-u/(80*mV)))/ms : 1
u = v + 65*mV : mV
"""


def build(shocks_mV: tuple[float, ...] = SHOCKS, celsius: float = SIX_DEGREES) -> Network:
    """Patches that are depolarised at once at the start, one for each shock, as in figure 12.

    Parameters
    ----------
    shocks_mV
        Depolarisation of each patch from rest, mV.
    celsius
        Temperature, °C.
    """
    shocks = np.asarray(shocks_mV, dtype=float)
    if shocks.ndim != 1 or not shocks.size or not np.isfinite(shocks).all():
        raise DescriptionError(f"shocks_mV must be a list of numbers, got {shocks_mV!r:.60}")
    return Network({"patch": SquidAxon(len(shocks), celsius=celsius, initial={"v": -65.0 + shocks})})


def axon(length_cm: float = 4.0, compartments: int = 80, celsius: float = 18.5) -> Network:
    """The axon of figure 15 (476 µm wide, 35.4 Ω cm), with a current into its end that makes it fire."""
    inject = np.zeros(compartments)
    inject[0] = 4e6  # pA
    cable = Compartments(
        1, Tree.cable(compartments, 1e4 * length_cm, 476.0, Ra=35.4), Rm=1000.0 / 0.3, E_L=-54.387, channels=CHANNELS,
        parameters={"g_Na": 1.2, "g_K": 0.36, "phi": 3.0 ** ((celsius - 6.3) / 10.0)}, I=inject,
        initial={"v": -65.0, "m": 0.05293, "h": 0.59612, "n": 0.31768},
    )  # fmt: skip
    return Network({"axon": cable})


def traces(network: Network, duration: float, *, dt: float = 0.01, **options: Any) -> tuple[np.ndarray, np.ndarray]:
    """Times (T,), ms, and potentials (T, N), mV, of the only part."""
    (name,) = network.parts
    run = simulate(network, duration, dt=dt, dtype="float64", record=f"{name}.v", progress=False, **options)
    return run[f"{name}.v"].times, np.asarray(run[f"{name}.v"])


def peak(shock_mV: float, **options: Any) -> float:
    """Greatest depolarisation from rest later than 0.5 ms after a shock, mV; below the shock where it fails."""
    times, v = traces(build((shock_mV,)), 12.0, **options)
    return float(v[times > 0.5].max() + 65.0)


def rest(conductance: str, **options: Any) -> float:
    """A conductance at rest, mS/cm²: ``K``, ``Na`` or ``all``, from the gates after 50 ms at rest."""
    network = build((0.0,), 6.3)
    # what is recorded is what `traces` records, so that it is the same program and not compiled again
    session = Simulation(network, dt=0.01, record="patch.v", dtype="float64", progress=False, **options)
    session.run(50.0)
    m, h, n = (session.get(f"patch.{gate}").item() for gate in "mhn")
    found = {"K": 36.0 * n**4, "Na": 120.0 * m**3 * h}
    return sum(found.values()) + 0.3 if conductance == "all" else found[conductance]


def velocity(**options: Any) -> float:
    """Speed of a spike between a quarter and three quarters of a cable of 4 cm, m/s."""
    times, v = traces(axon(), 4.0, **options)
    first = times[np.argmax(v > -20.0, axis=0)]
    size = v.shape[1]
    a, b = size // 4, 3 * size // 4
    return float(40.0 * (b - a) / size / (first[b] - first[a]))


def travelling_height(**options: Any) -> float:
    """Height from rest of the spike in the middle of the cable, mV."""
    _, v = traces(axon(), 4.0, **options)
    return float(v[:, v.shape[1] // 2].max() + 65.0)


def anode_break(**options: Any) -> float:
    """Peak, mV from rest, after a hyperpolarisation of 30 mV that lasted until the gates stood still."""
    held = -95.0
    gates = _gates(held)
    network = Network({"patch": SquidAxon(1, initial={"v": held, **gates})})
    _, v = traces(network, 20.0, **options)
    return float(v.max() + 65.0)


def _gates(v: float) -> dict[str, float]:
    """Where the gates stand at a held potential, from the equations' own text."""
    cells = SquidAxon(1).as_neurons()
    text = cells.equations.replace(cells.equations.strip().split("\n")[0], "v : mV")
    given = {name: value for name, value in cells.parameters.items() if name in ("phi", "v_rest")}
    clamped = Neurons(1, text, v=v, initial={name: cells.initial[name] for name in "mhn"}, **given)
    run = simulate(Network({"c": clamped}), 200.0, dt=0.1, dtype="float64", record=["c.m", "c.h", "c.n"],
                   backend="reference", progress=False)  # fmt: skip
    return {name: float(run[f"c.{name}"][-1, 0]) for name in "mhn"}


def second_spike(wait_ms: float, **options: Any) -> float:
    """Height, mV from rest, of the answer to a second shock of 15 mV, ``wait_ms`` after a first one."""
    session = Simulation(build((15.0,)), dt=0.01, record="patch.v", dtype="float64", progress=False, **options)
    session.run(wait_ms)
    session.set("patch.v", session.get("patch.v") + 15.0)
    start = session.get("patch.v").item()
    run = session.run(8.0)
    late = np.asarray(run["patch.v"])[-800:, 0]
    return float(max(late.max(), start) + 65.0)


def rate(current: float, **options: Any) -> float:
    """Rate under a lasting current (µA/cm²), in the last half of 400 ms, Hz."""
    network = Network({"patch": SquidAxon(1, I=AREA * current)})
    times, v = traces(network, 400.0, **options)
    late = v[times > 200.0, 0] > -20.0
    return float(np.count_nonzero(late[1:] & ~late[:-1]) / 0.2)


def figure(ax, recording=None, *, backend="numba", seed=0):
    """Figure 12: depolarisation after shocks; three spikes, the later the weaker the shock, and one failure."""
    if recording is None:
        recording = simulate(build(), 6.0, dt=0.01, record="patch.v", backend=backend, seed=seed, progress=False)
    v = recording["patch.v"].between(0.0, 6.0)
    for number, shock in enumerate(SHOCKS[: v.shape[1]]):
        ax.plot(v.times, v[:, number] + 65.0, label=f"{shock:g} mV", linewidth=1.2)
    ax.axhline(0.0, color="0.8", linewidth=0.6, zorder=0)
    ax.set(xlabel="time (ms)", ylabel="depolarisation (mV)", title="Hodgkin & Huxley (1952), figure 12: shocks at 6 °C")
    ax.legend(title="shock", frameon=False)
    return ax


REST = "table 3 with equations 9, 18 and 12-24; computed from them, the paper gives no number for the sum"
SPIKE = (
    "spike or none is what is claimed, not the height, of which the paper gives no number here: a failure is below "
    "20 mV from rest, and the sodium potential, which no spike passes, lies at 115 mV"
)

ENTRY = Entry(
    title="The spike of the squid's giant axon",
    paper="Hodgkin, A. L. & Huxley, A. F. (1952). J Physiol 117, 500-544. doi:10.1113/jphysiol.1952.sp004764",
    family="spiking",
    build=build,
    figure=figure,
    differs="voltages are modern (rest at -65 mV, depolarisation positive); the paper solved the travelling spike with "
    "the speed as an unknown of an ordinary equation, here it runs along 80 compartments of 0.5 mm",
    record=("patch.v", "patch.spikes"),
    duration=12.0,
    dt=0.01,
    claims=(
        Claim("a shock of 7 mV makes a spike: it passes 80 mV from rest, mV", peak, {"shock_mV": 7.0}, low=80.0,
              high=115.0, where="figure 12, third curve from the left", why=SPIKE),
        Claim("a shock of 6 mV fails: greatest depolarisation later on, mV", peak, {"shock_mV": 6.0}, low=0.0,
              high=10.0, where="figure 12, lowest curve", why="a spike is above 80 mV"),
        Claim("a shock of 90 mV makes a spike at once: it passes 80 mV from rest later than 0.5 ms, mV", peak,
              {"shock_mV": 90.0}, low=80.0, high=115.0, where="figure 12, first curve", why=SPIKE),
        Claim("potassium conductance at rest, mS/cm²", rest, {"conductance": "K"}, low=0.363, high=0.371,
              where=REST, why="36 n^4 = 0.367, to 1 %"),
        Claim("sodium conductance at rest, mS/cm²", rest, {"conductance": "Na"}, low=0.0104, high=0.0108,
              where=REST, why="120 m^3 h = 0.0106, to 2 %"),
        Claim("a spike travels at 18.8 m/s at 18.5 °C, m/s", velocity, {}, low=18.2, high=19.4,
              where="page 524 (text to figure 15): 18.8 m/s computed, 21.2 m/s measured",
              why="3 %: compartments of 0.5 mm, steps of 0.01 ms, and three decimals of the paper's own integration"),
        Claim("height of the travelling spike, mV", travelling_height, {}, low=88.0, high=93.0,
              where="figure 15 and text: 90.5 mV", why="the steps of the grid and of time, 2.5 mV"),
        Claim("release from a hyperpolarisation of 30 mV makes a spike (anode break): it passes 80 mV from rest, mV",
              anode_break, {}, low=80.0, high=115.0, where="figure 22 and text", why=SPIKE),
        Claim("4 ms after a spike began the same shock does nothing: height of the answer, mV from rest", second_spike,
              {"wait_ms": 6.0}, low=-20.0, high=20.0, where="figure 20 (refractory period); the shock is ours",
              why="a spike is above 80 mV"),
        Claim("20 ms after, it makes a spike: it passes 80 mV from rest, mV", second_spike, {"wait_ms": 20.0}, low=80.0,
              high=115.0, where="figure 20 (recovery); the shock is ours", why=SPIKE),
        Claim("a current of 6 µA/cm² makes no lasting train, Hz", rate, {"current": 6.0}, low=0.0, high=0.0,
              where="inferred: later analysis of the same equations (Rinzel & Miller 1980) puts the onset at 6.3",
              why="one spike in the 200 ms would be 5 Hz"),
        Claim("at 7 µA/cm² it fires at once at a high rate (class 2), Hz", rate, {"current": 7.0}, low=50.0, high=70.0,
              where="inferred, as above", why="read from published f-I curves to 10 Hz"),
    ),
)
