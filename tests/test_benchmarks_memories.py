"""The benchmark of memories: its tools do the same, and its records say so."""

import json

import numpy as np
import pytest
from benchmark_scripts import load

memories = load("memories")


def test_a_sweep_of_numpy_recalls_as_ours_does(tmp_path):
    out = tmp_path / "out.json"
    assert memories.main(["dense-hebbian", "--scale", "0.02", "--repeat", "2", "--json", str(out)]) == 0
    records = json.loads(out.read_text())["records"]
    assert [r["tool"] for r in records] == ["neurosim", "neurosim", "numpy", memories.MEMORY_ROW]
    assert [r["difference"] for r in records[:3]] == [0.0, 0.0, 0.0]
    assert records[0]["ratio"] == 1.0 and all(r["simulate_s"] > 0 for r in records)


def test_retrievals_of_all_tools_agree():
    pytest.importorskip("torch")
    found = [tool.run() for tool in memories.hopfield(50, 16, 5)]
    for other in found[1:]:
        np.testing.assert_allclose(other, found[0], atol=1e-5)


@pytest.mark.parametrize("arguments", [["hopfeld"], [], ["hopfield", "--repeat", "0"], ["hopfield", "--scale", "2"]])
def test_an_unusable_command_line_ends_with_status_2(arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        memories.parse(arguments)
    assert caught.value.code == 2
    assert "error" in capsys.readouterr().err
