# slow
"""Train leaky units up to N = 9 by three curricula, and keep them; the notebook on timescales shows what this made.

Run it as ``python examples/train_timescales.py notebooks/timescales.npz``; it takes some minutes.
"""

import sys

import numpy as np

from neurosim.models.khajehabdollahi_2024_timescales import trained

path, most, kept = sys.argv[1] if sys.argv[1:] else "timescales.npz", int(sys.argv[2]) if sys.argv[2:] else 9, {}
for curriculum in ("multi", "sliding", "single"):
    found = trained(curriculum, most=most, epochs=90)
    print(f"{curriculum:8} N = {found.solved} solved after {found.epochs} epochs", flush=True)
    arrays = {name: value.numpy() for name, value in found.module.state_dict().items()}
    arrays |= {"reached": np.array(found.reached), "taus": np.array(found.taus)}
    kept |= {f"{curriculum}/{name}": value for name, value in arrays.items()}
np.savez_compressed(path, **kept)
