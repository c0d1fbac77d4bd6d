"""Figure 3 of Stimberg et al. (2019) in Brian 2's words: three synapses, two of them modulated by an astrocyte each."""

from collections.abc import Mapping

import numpy as np

SYNAPSES = """
dY_S/dt = -Omega_c*Y_S : mmolar (clock-driven)
dGamma_S/dt = O_G*G_A*(1 - Gamma_S) - Omega_G*Gamma_S : 1 (clock-driven)
du_S/dt = -Omega_f*u_S : 1 (event-driven)
dx_S/dt = Omega_d*(1 - x_S) : 1 (event-driven)
r_S : 1
G_A : mmolar
"""
ACTION = """
u_S += ((1 - Gamma_S)*U_0 + alpha*Gamma_S)*(1 - u_S)
r_S = u_S*x_S
x_S -= r_S
Y_S += rho_c*Y_T*r_S
"""
ASTROCYTES = """
dI/dt = J_delta - J_3K - Omega_5P*I + J_ex : mmolar
J_delta = O_delta/(1 + I/kappa_delta)*C**2/(C**2 + K_delta**2) : mmolar/second
J_3K = O_3K*C**4/(C**4 + K_D**4)*I/(I + K_3K) : mmolar/second
J_ex = -F_ex/2*(1 + tanh((abs(I - I_bias) - I_Theta)/omega_I))*sign(I - I_bias) : mmolar/second
I_bias : mmolar (constant)
dC/dt = (Omega_C*m_inf**3*h**3 + Omega_L)*(C_T - (1 + rho_A)*C) - O_P*C**2/(C**2 + K_P**2) : mmolar
dh/dt = (h_inf - h)/tau_h : 1
m_inf = I/(I + d_1)*C/(C + d_5) : 1
h_inf = Q_2/(Q_2 + C) : 1
tau_h = 1/(O_2*(Q_2 + C)) : second
Q_2 = d_2*(I + d_1)/(I + d_3) : mmolar
dx_A/dt = Omega_A*(1 - x_A) : 1
dG_A/dt = -Omega_e*G_A : mmolar
"""


def brian_figure_3(spikes: np.ndarray, duration: float, dt: float, astro: Mapping[str, float],
                   synapse: Mapping[str, float], pool: list[float]) -> dict[str, np.ndarray]:
    """Releases of the synapses and of the astrocytes, and calcium at the ends of steps.

    Parameters
    ----------
    spikes, duration, dt
        Input spikes and duration, ms, and the time step.
    astro, synapse
        Numbers of ``GChI`` and ``ModulatedRelease`` in the units of those.
    pool
        IP3 outside either astrocyte, µM.

    Returns
    -------
    ``release`` (spikes, 3), ``events`` (n,) ms and ``calcium`` (T, 2) µM, ``gamma`` (T, 3).
    """
    import brian2 as b

    from neurosim.families.astrocytes.gchi import UNITS

    b.prefs.codegen.target = "numpy"
    b.start_scope()
    b.defaultclock.dt = dt * b.ms
    units = {"uM": b.umolar, "uM/second": b.umolar / b.second, "1/second": 1 / b.second, "1": 1,
             "1/(uM*second)": 1 / b.umolar / b.second}
    names = {name: value * units[UNITS[name]] for name, value in astro.items() if name in UNITS}
    own = {"Omega_f": units["1/second"], "Omega_d": units["1/second"], "Y_T": b.umolar}
    names |= {name: value * own.get(name, 1) for name, value in synapse.items()}
    source = b.SpikeGeneratorGroup(1, np.zeros(len(spikes), int), spikes * b.ms)
    target = b.NeuronGroup(1, "")
    synapses = b.Synapses(source, target, model=SYNAPSES, on_pre=ACTION, method="exact", namespace=names)
    synapses.connect(True, n=3)
    synapses.x_S = 1.0
    cells = b.NeuronGroup(2, ASTROCYTES, threshold="C > C_Theta", refractory="C > C_Theta", method="rk4",
                          reset="G_A += rho_e*G_T*U_A*x_A\nx_A -= U_A*x_A", namespace=names)
    cells.x_A, cells.h, cells.I, cells.I_bias = 1.0, 0.9, 0.4 * b.umolar, pool * b.umolar
    out = b.Synapses(cells, synapses, "G_A_post = G_A_pre : mmolar (summed)")
    out.connect(j="i + 1")
    after = b.StateMonitor(synapses, ["r_S", "Gamma_S"], record=True, when="end")
    calcium, events = b.StateMonitor(cells, "C", record=True, when="end"), b.SpikeMonitor(cells)
    b.Network(source, target, synapses, cells, out, after, calcium, events).run(duration * b.ms)
    steps = np.rint(spikes / dt).astype(int)
    return {"release": after.r_S[:, steps].T, "events": np.asarray(events.t / b.ms),
            "calcium": np.asarray(calcium.C / b.umolar).T, "gamma": after.Gamma_S.T}
