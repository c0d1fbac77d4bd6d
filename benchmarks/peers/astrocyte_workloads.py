"""The rows with astrocytes, in plain Python. Units: ms, mV, pA, pF, nS, µM, s where a rate is per second."""

from dataclasses import dataclass

DT = 0.1
SLOW_DT = 10.0
"""Time step of neurons and of astrocytes, ms."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """What a row runs and for how long.

    Parameters
    ----------
    excitatory, inhibitory, astrocytes
        Cells of each kind.
    p_exc, p_inh
        Probability of a synapse from either kind of neuron.
    side
        Of the square that they are on, µm.
    seconds, observe
        Model time that is timed without recording, and recorded afterwards, s.
    """

    excitatory: int
    inhibitory: int
    astrocytes: int
    p_exc: float
    p_inh: float
    side: float
    seconds: float
    observe: float


ROWS = {
    # figure 6 of Stimberg et al. (2019), doi:10.1007/978-3-030-00817-8_18
    "network": Row(excitatory=3200, inhibitory=800, astrocytes=3200, p_exc=0.05, p_inh=0.2, side=3750.0, seconds=4.0,
                   observe=1.0),
    # 1e5 astrocytes coupled in a sheet, 1e7 tripartite synapses
    "sheet": Row(excitatory=100_000, inhibitory=0, astrocytes=100_000, p_exc=1e-3, p_inh=0.0, side=20_000.0,
                 seconds=0.1, observe=0.1),
}

CELL = {"g_l": 9.99, "E_l": -60.0, "E_e": 0.0, "E_i": -80.0, "C_m": 198.0, "tau_e": 5.0, "tau_i": 10.0}
CURRENT, STIMULUS, STIMULUS_EVERY = 100.0, (1.0, 1.2, 1.0, 1.0), 2000.0
WEIGHTS = {"exc": 0.05, "inh": 1.0}
SYNAPSE = {"U_0": 0.6, "alpha": 0.0, "Omega_f": 3.33, "Omega_d": 2.0, "rho_c": 0.005, "Y_T": 500_000.0}
GAP, REACH = {"F": 0.09, "I_Theta": 0.3, "omega_I": 0.05}, 1.12
"""Gap junctions; neighbours are those nearer than REACH lattice constants."""
