"""Every notebook of ``notebooks/`` has landed executed and small, and runs again from the top."""

import json
from pathlib import Path
from typing import Any

import pytest

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"
CELL_LIMIT, BYTES = 600, 1_000_000  # s, bytes


def read(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8"))


def is_slow(notebook: dict[str, Any]) -> bool:
    """A notebook whose metadata say ``"slow": true`` takes more than some seconds."""
    return bool(notebook["metadata"].get("slow", False))


def flaws(notebook: dict[str, Any]) -> list[str]:
    """Code cells that were not run, not run in order, or that ended in an error."""
    found, expected = [], 0
    for position, cell in enumerate(notebook["cells"]):
        if cell["cell_type"] != "code" or not "".join(cell["source"]).strip():
            continue
        expected += 1
        if cell["execution_count"] != expected:
            found.append(f"cell {position}: execution count {cell['execution_count']}, expected {expected}")
        if any(output["output_type"] == "error" for output in cell["outputs"]):
            found.append(f"cell {position}: ends in an error")
    return found


def paths() -> list[Path]:
    return sorted(NOTEBOOKS.glob("*.ipynb"))


def notebooks() -> list:
    return [
        pytest.param(path, marks=[pytest.mark.slow] if is_slow(read(path)) else [], id=path.stem)
        for path in paths()
    ]


def test_the_folder_of_notebooks_exists():
    assert NOTEBOOKS.is_dir()


@pytest.mark.parametrize("path", paths(), ids=lambda path: path.stem)
def test_a_landed_notebook_was_executed_without_an_error(path):
    assert flaws(read(path)) == []


@pytest.mark.parametrize("path", paths(), ids=lambda path: path.stem)
def test_a_landed_notebook_is_small(path):
    assert path.stat().st_size < BYTES


@pytest.mark.parametrize("path", notebooks())
def test_a_notebook_runs_from_top_to_bottom(path, tmp_path, monkeypatch):
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    # history, profile and connection file would else be written into the home folder
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "runtime"))
    place = tmp_path / "here"
    place.mkdir()
    copy = nbformat.read(path, as_version=4)
    client = nbclient.NotebookClient(
        copy, timeout=CELL_LIMIT, kernel_name="python3", resources={"metadata": {"path": str(place)}}
    )
    client.execute()  # raises with the cell and its traceback
    assert flaws(copy) == []


def cell(count: int | None, *outputs: str) -> dict[str, Any]:
    shown = [{"output_type": kind} for kind in outputs]
    return {"cell_type": "code", "source": ["1 / 1"], "execution_count": count, "outputs": shown}


def test_a_flaw_of_a_notebook_is_seen():
    text = {"cell_type": "markdown", "source": ["words"]}
    assert flaws({"cells": [text, cell(1, "stream"), cell(2)]}) == []
    assert len(flaws({"cells": [cell(None)]})) == 1
    assert len(flaws({"cells": [cell(2)]})) == 1
    assert len(flaws({"cells": [cell(1, "error")]})) == 1
