"""Runs a Hopfield layer of hflayers with the weights of ours; a script for the environment in which hflayers is."""

import json
import sys

import numpy as np
import torch
from hflayers import Hopfield

WEIGHTS = {
    "to_state.weight": "association_core.q_proj_weight",
    "to_stored.weight": "association_core.k_proj_weight",
    "to_values.weight": "association_core.v_proj_weight",
    "to_output.weight": "association_core.out_proj.weight",
    "to_output.bias": "association_core.out_proj.bias",
    **{f"norms.{ours}.{kind}": f"norm_{theirs}.{kind}" for kind in ("weight", "bias")
       for ours, theirs in (("state", "state_pattern"), ("stored", "stored_pattern"), ("read", "pattern_projection"))},
}  # fmt: skip
"""Our names of parameters, and theirs; the biases of the three projections are one vector there."""


def main() -> None:
    """Read options, weights and data from one file, write what the layer gives to another."""
    given = dict(np.load(sys.argv[1]))
    options = json.loads(str(given.pop("options")))
    layer = Hopfield(**options, batch_first=True).double().eval()
    state = {theirs: torch.tensor(given[ours]) for ours, theirs in WEIGHTS.items() if ours in given}
    biases = [given[f"to_{name}.bias"] for name in ("state", "stored", "values")]
    state["association_core.in_proj_bias"] = torch.tensor(np.concatenate(biases))
    layer.load_state_dict(state)
    data = tuple(torch.tensor(given[name]) for name in ("stored", "state", "values"))
    with torch.no_grad():
        np.save(sys.argv[2], layer(data, stored_pattern_padding_mask=torch.tensor(given["padding"])).numpy())


if __name__ == "__main__":
    main()
