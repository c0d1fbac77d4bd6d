"""Our Hopfield layers give what those of hflayers give with the same weights."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from neurosim.bridges.torch.hopfield import HopfieldAssociation  # noqa: E402

HERE = Path(__file__).resolve().parent
PYTHON = HERE.parent.parent / ".peers" / "hflayers" / "bin" / "python"

pytestmark = pytest.mark.skipif(not PYTHON.exists(), reason="python benchmarks/make_peers.py hflayers was not run")

SIZE, STORED_SIZE, HEADS = 6, 5, 2


def theirs(layer, folder, state, stored, values, padding, **options):
    """What a layer of hflayers gives with the weights of ``layer``."""
    given = {name: value.detach().numpy() for name, value in layer.state_dict().items()}
    shared = {"input_size": SIZE, "stored_pattern_size": STORED_SIZE, "pattern_projection_size": STORED_SIZE,
              "num_heads": HEADS, "pattern_projection_as_connected": False, **options}
    data = {"state": state, "stored": stored, "values": values, "padding": padding}
    np.savez(folder / "given.npz", options=json.dumps(shared), **given, **{k: v.numpy() for k, v in data.items()})
    done = subprocess.run([PYTHON, HERE / "hflayers_peer.py", folder / "given.npz", folder / "found.npy"],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return torch.tensor(np.load(folder / "found.npy"))


@pytest.mark.parametrize(
    ("ours", "their_options", "close"),
    [
        ({"updates": 0, "connect_values": False}, {"update_steps_max": 0}, 1e-12),
        ({"updates": 3, "connect_values": True},
         {"update_steps_max": 3, "pattern_projection_as_connected": True}, 1e-10),
        ({"updates": 2, "connect_values": False, "normalise_hidden": True, "add_zero": True},
         {"update_steps_max": 2, "normalize_hopfield_space": True, "add_zero_association": True}, 1e-10),
        # heads that stand still are kept as they were by one, and updated once more by the other
        ({"updates": None, "tolerance": 1e-6, "connect_values": False},
         {"update_steps_max": None, "update_steps_eps": 1e-6}, 1e-4),
    ],
)  # fmt: skip
def test_layers_with_the_same_weights_give_the_same(tmp_path, ours, their_options, close):
    torch.manual_seed(1)
    layer = HopfieldAssociation(SIZE, stored_size=STORED_SIZE, hidden_size=4, pattern_size=4, heads=HEADS, beta=2.0,
                                **ours).double()
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.copy_(torch.randn_like(parameter))
        for norm in layer.hidden_norms.values():  # theirs has one for both, left as it is made
            norm.reset_parameters()
    state, stored = torch.randn(3, 4, SIZE).double(), torch.randn(3, 7, STORED_SIZE).double()
    values = stored if ours["connect_values"] else torch.randn(3, 7, STORED_SIZE).double()
    padding = torch.zeros(3, 7, dtype=torch.bool)
    padding[1, 5:] = True
    options = {"hidden_size": 4, "pattern_size": 4, "scaling": 2.0, "update_steps_eps": 1e-14, **their_options}
    expected = theirs(layer, tmp_path, state, stored, values, padding, **options)
    torch.testing.assert_close(layer(state, stored, values, padding=padding), expected, atol=close, rtol=0)
