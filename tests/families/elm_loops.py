"""An ELM neuron as a plain loop, written from the paper's equations without anything of the package."""

import numpy as np


def elm_loop(values, tau_m, x, *, branches, version, gain=5.0, tau_b=5.0, dt=1.0, route=None, np_like=np):
    """Outputs (T, B, O) for inputs (T, B, I), with NumPy or torch."""
    m_ = np_like
    tanh, exp = m_.tanh, m_.exp
    k_b, k_m = float(np.exp(-dt / tau_b)), exp(-dt / tau_m)
    q = gain * (1 - k_m) if version == 1 else 1 - exp(-dt * gain / tau_m)
    synapses = len(values["w"])
    trace, memory, found = 0.0, 0.0 * (x[0, :, :1] + tau_m), []
    for now in x:
        seen = now if route is None else now[:, np.maximum(route, 0)] * m_.asarray((route >= 0) * 1.0)
        given = seen * values["w"]
        if version == 2:
            given = given.reshape(len(now), branches, synapses // branches).sum(-1)
        trace = k_b * trace + given
        b = trace if version == 2 else trace.reshape(len(now), branches, synapses // branches).sum(-1)
        kept = k_m * memory
        both = m_.concatenate([b, kept], -1)
        hidden = both @ values["W1"].T + values["c1"]
        hidden = hidden * (hidden > 0)
        memory = kept + q * 1.7159 * tanh(2 / 3 * (hidden @ values["W2"].T + values["c2"]))
        found.append(memory @ values["W_y"].T + values["b_y"])
    return m_.stack(found)
