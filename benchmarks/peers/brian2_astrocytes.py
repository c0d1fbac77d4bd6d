"""The neuron-glia network in Brian 2's C++ standalone mode, which its authors advise for it."""

import tempfile
import time
from pathlib import Path

import brian2 as b
import numpy as np
from astrocyte_workloads import (
    CELL,
    CURRENT,
    DT,
    GAP,
    REACH,
    ROWS,
    SLOW_DT,
    STIMULUS,
    STIMULUS_EVERY,
    SYNAPSE,
    WEIGHTS,
    Row,
)
from brian2_spiking import MEMORY, Marks
from outcome import parse, peak_memory, rate_and_cv, say

NEURONS = """
dv/dt = (g_l*(E_l - v) + g_e*(E_e - v) + g_i*(E_i - v) + I_ex*stimulus(t))/C_m : volt (unless refractory)
dg_e/dt = -g_e/tau_e : siemens
dg_i/dt = -g_i/tau_i : siemens
owner : integer (constant)
"""
PLAIN = """
du_S/dt = -Omega_f*u_S : 1 (event-driven)
dx_S/dt = Omega_d*(1 - x_S) : 1 (event-driven)
r_S : 1
"""
TRIPARTITE = PLAIN + """
dY_S/dt = -Omega_c*Y_S : mmolar (clock-driven)
dGamma_S/dt = O_G*G_A*(1 - Gamma_S) - Omega_G*Gamma_S : 1 (clock-driven)
G_A : mmolar
astrocyte : integer (constant)
"""
ACTION = "u_S += {rest}*(1 - u_S)\nr_S = u_S*x_S\nx_S -= r_S\n"
MODULATED = "((1 - Gamma_S)*U_0 + alpha*Gamma_S)"
ASTROCYTES = """
dGamma_A/dt = O_N*Y_S*(1 - clip(Gamma_A, 0, 1)) - Omega_N*(1 + zeta*C/(C + K_KC))*clip(Gamma_A, 0, 1) : 1
dI/dt = O_beta*Gamma_A + J_delta - J_3K - Omega_5P*I + J_coupling : mmolar
J_delta = O_delta/(1 + I/kappa_delta)*C**2/(C**2 + K_delta**2) : mmolar/second
J_3K = O_3K*C**4/(C**4 + K_D**4)*I/(I + K_3K) : mmolar/second
J_coupling : mmolar/second
dC/dt = (Omega_C*m_inf**3*h**3 + Omega_L)*(C_T - (1 + rho_A)*C) - O_P*C**2/(C**2 + K_P**2) : mmolar
dh/dt = (h_inf - h)/tau_h : 1
m_inf = I/(I + d_1)*C/(C + d_5) : 1
h_inf = Q_2/(Q_2 + C) : 1
tau_h = 1/(O_2*(Q_2 + C)) : second
Q_2 = d_2*(I + d_1)/(I + d_3) : mmolar
dx_A/dt = Omega_A*(1 - x_A) : 1
dG_A/dt = -Omega_e*G_A : mmolar
Y_S : mmolar
x : meter (constant)
y : meter (constant)
"""
GAPS = """
J_coupling_post = F/2*(1 + tanh((abs(I_pre - I_post) - I_Theta)/omega_I))*sign(I_pre - I_post) : mmolar/second (summed)
"""
M, S = b.umolar, b.second
# figure 6 of Stimberg et al. (2019)
GLIA = {
    **{name: value * M for name, value in {"K_P": 0.05, "C_T": 2, "d_1": 0.13, "d_2": 1.05, "d_3": 0.9434, "d_5": 0.08,
       "K_KC": 0.5, "kappa_delta": 1.5, "K_delta": 0.1, "K_D": 0.7, "K_3K": 1.0, "C_Theta": 0.5, "G_T": 2e5}.items()},
    **{name: value * M / S for name, value in {"O_P": 0.9, "O_beta": 0.5, "O_delta": 1.2, "O_3K": 4.5}.items()},
    **{name: value / S for name, value in {"Omega_C": 6, "Omega_L": 0.1, "Omega_N": 0.5, "Omega_5P": 0.05,
       "Omega_A": 0.6, "Omega_e": 60, "Omega_G": 0.5 / 60, "Omega_c": 40}.items()},
    **{name: value / M / S for name, value in {"O_2": 0.2, "O_N": 0.3, "O_G": 1.5}.items()},
    "rho_A": 0.18, "zeta": 10, "U_A": 0.6, "rho_e": 6.5e-4,
}  # fmt: skip


def lattice(size: int, side: float) -> np.ndarray:
    """As in neurosim's script: cells on a square around the origin, (size, 2), µm."""
    columns = int(np.sqrt(size))
    rows, spacing = -(-size // columns), side / columns
    x, y = np.meshgrid(np.arange(rows) - (rows - 1) / 2, np.arange(columns) - (columns - 1) / 2, indexing="ij")
    return (np.stack([x.ravel(), y.ravel()], axis=1) * spacing)[:size]


def nearest(points: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """The centre that is nearest to each point, (N,); by pieces, for memory."""
    pieces = np.array_split(points, max(len(points) // 200, 1))
    return np.concatenate([((p[:, None] - centres) ** 2).sum(axis=2).argmin(axis=1) for p in pieces])


def build(row: Row) -> list:
    """All objects; every excitatory synapse belongs to the astrocyte nearest to its target."""
    units = {"g_l": b.nS, "C_m": b.pF, "tau_e": b.ms, "tau_i": b.ms}
    names = {name: value * units.get(name, b.mV) for name, value in CELL.items()} | GLIA
    names |= {"Omega_f": SYNAPSE["Omega_f"] / S, "Omega_d": SYNAPSE["Omega_d"] / S, "Y_T": SYNAPSE["Y_T"] * M}
    names |= {name: SYNAPSE[name] for name in ("U_0", "alpha", "rho_c")}
    names |= {"F": GAP["F"] * M / S, "I_Theta": GAP["I_Theta"] * M, "omega_I": GAP["omega_I"] * M}
    names |= {"I_ex": CURRENT * b.pA, "w_e": WEIGHTS["exc"] * b.nS, "w_i": WEIGHTS["inh"] * b.nS}
    names["stimulus"] = b.TimedArray(STIMULUS, dt=STIMULUS_EVERY * b.ms)
    count = row.excitatory + row.inhibitory
    cells = b.NeuronGroup(count, NEURONS, threshold="v > -50*mV", reset="v = E_l", refractory=5 * b.ms, method="euler",
                          namespace=names)
    cells.v, cells.g_e, cells.g_i = "E_l + rand()*10*mV", "rand()*w_e", "rand()*w_i"
    centres = lattice(row.astrocytes, row.side)
    places = np.concatenate([lattice(n, row.side) for n in (row.excitatory, row.inhibitory) if n])
    cells.owner = nearest(places, centres)
    exc = b.Synapses(cells[: row.excitatory], cells, TRIPARTITE, method="exact", namespace=names,
                     on_pre=ACTION.format(rest=MODULATED) + "Y_S += rho_c*Y_T*r_S\ng_e_post += w_e*r_S")
    exc.connect(p=row.p_exc)
    exc.x_S, exc.astrocyte = 1.0, "owner_post"
    inh = b.Synapses(cells[row.excitatory :], cells, PLAIN, method="exact", namespace=names,
                     on_pre=ACTION.format(rest="U_0") + "g_i_post += w_i*r_S")
    inh.connect(p=row.p_inh)
    inh.x_S = 1.0
    return [cells, exc, inh, *glia(row, exc, centres, names)]


def glia(row: Row, exc: b.Synapses, centres: np.ndarray, names: dict) -> list:
    """Astrocytes, gap junctions, and what passes between them and the synapses."""
    astro = b.NeuronGroup(row.astrocytes, ASTROCYTES, threshold="C > C_Theta", refractory="C > C_Theta", method="rk4",
                          reset="G_A += rho_e*G_T*U_A*x_A\nx_A -= U_A*x_A", dt=SLOW_DT * b.ms, namespace=names)
    astro.C, astro.I, astro.h, astro.x_A = 0.01 * M, 0.01 * M, 0.9, 1.0
    astro.x, astro.y = centres[:, 0] * b.um, centres[:, 1] * b.um
    to_synapses = b.Synapses(astro, exc, "G_A_post = G_A_pre : mmolar (summed)")
    to_synapses.connect(i="astrocyte_post")
    to_astro = b.Synapses(exc, astro, "Y_S_post = Y_S_pre/N_incoming : mmolar (summed)")
    to_astro.connect(j="astrocyte_pre")
    reach = REACH * row.side / int(np.sqrt(row.astrocytes)) * b.um
    gaps = b.Synapses(astro, astro, GAPS, namespace=names | {"reach": reach})
    gaps.connect("i != j and sqrt((x_pre - x_post)**2 + (y_pre - y_post)**2) < reach")
    return [astro, to_synapses, to_astro, gaps]


def measure(row: Row, seconds: float, seed: int, folder: Path) -> dict:
    """Write down, compile and run the phases, as ``brian2_spiking`` does."""
    b.seed(seed)
    b.defaultclock.dt = DT * b.ms
    begin = time.perf_counter()
    parts = build(row)
    monitor = b.SpikeMonitor(parts[0])
    monitor.active = False
    network = b.Network(*parts, monitor)
    described = time.perf_counter() - begin
    marks = Marks(compiled=True)
    for length in (DT / 1000, seconds):
        marks.take()
        network.run(length * S)
    marks.take()
    b.device.insert_code("main", MEMORY)
    monitor.active = True
    network.run(row.observe * S)
    begin = time.perf_counter()
    b.device.build(directory=str(folder / "program"), compile=True, run=False, debug=False, clean=False)
    compiled_in = time.perf_counter() - begin
    results = folder / "program" / "results"
    (results / "marks.txt").unlink(missing_ok=True)
    begin = time.clock_gettime(time.CLOCK_MONOTONIC)
    b.device.run(str(folder / "program"), None, [])
    stamps = marks.read(results)
    rate, cv = rate_and_cv(np.asarray(monitor.t / b.ms), np.asarray(monitor.i), parts[0].N, row.observe)
    return {"build_s": described + stamps[1] - begin, "compile_s": compiled_in, "rate_hz": rate, "cv": cv,
            "simulate_s": (stamps[2] - stamps[1]) / seconds, "rss_mib": peak_memory(str(results / "status.txt"))}


def main() -> None:
    asked = parse("Brian 2", rows=["network"])
    row = ROWS[asked.row]
    seconds = asked.seconds or row.seconds
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(asked.cache or temporary).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        b.set_device("cpp_standalone", build_on_run=False)
        b.prefs.devices.cpp_standalone.openmp_threads = asked.threads if asked.threads > 1 else 0
        # by default make starts as many compilers as there are files, which stalls a small machine
        b.prefs["devices.cpp_standalone.extra_make_args_unix"] = ["-j1"]
        found = measure(row, seconds, asked.seed, folder)
    say(row=asked.row, tool="brian2-cpp", version=b.__version__, threads=asked.threads, dtype="float64",
        model_seconds=seconds, **found)


if __name__ == "__main__":
    main()
