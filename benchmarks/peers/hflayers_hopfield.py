"""The update of a modern Hopfield network in hflayers, in an environment of its own.

The result is written to a file; then a line says that all is ready, and each line that comes in asks for one more
update, which is answered by a line when it is done. So another process can take turns with this one.
"""

import argparse
import importlib.metadata
import sys

import numpy as np
import torch
from hflayers import Hopfield
from hopfield_rows import BETA, workload


def bare_layer(size: int) -> Hopfield:
    """A layer that only associates: nothing is projected or normalised."""
    return Hopfield(
        input_size=size, hidden_size=size, num_heads=1, scaling=BETA, update_steps_max=0, batch_first=True,
        state_pattern_as_static=True, stored_pattern_as_static=True, pattern_projection_as_static=True,
        normalize_stored_pattern=False, normalize_state_pattern=False, normalize_pattern_projection=False,
        normalize_stored_pattern_affine=False, normalize_state_pattern_affine=False,
        normalize_pattern_projection_affine=False, disable_out_projection=True,
    ).eval()  # fmt: skip


def main() -> None:
    """Make the layer, write what it retrieves, and answer."""
    parser = argparse.ArgumentParser(description="Answer each line of input by one update with hflayers.")
    for name in ("stored", "size", "batch", "threads"):
        parser.add_argument(name, type=int)
    parser.add_argument("result", help="file for what is retrieved, .npy")
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    patterns, cues = workload(asked.stored, asked.size, asked.batch)
    layer = bare_layer(asked.size)
    with torch.no_grad():
        np.save(asked.result, layer((patterns[None], cues[None], patterns[None]))[0].numpy())
        print(importlib.metadata.version("hopfield-layers"), flush=True)
        for _ in sys.stdin:
            layer((patterns[None], cues[None], patterns[None]))
            print("done", flush=True)


if __name__ == "__main__":
    main()
