"""Every module imports, and every example in a docstring or a page gives what it says."""

import doctest
import importlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
OPTIONAL = {"brian2", "cupy", "matplotlib", "neo", "snntorch", "torch", "xarray", "zarr"}
"""Packages of the extras: a module that needs one is skipped where it is not installed."""


def module_names() -> list[str]:
    """Every module by the name under which it is imported; pytest would take ``models/`` by another."""
    names = []
    for folder, prefix in ((ROOT / "neurosim", "neurosim"), (ROOT / "models", "neurosim.models")):
        for path in sorted(folder.rglob("*.py")):
            parts = path.relative_to(folder).with_suffix("").parts
            names.append(".".join([prefix, *(part for part in parts if part != "__init__")]))
    return [name for name in names if not name.endswith("__main__")]


def pages() -> list[Path]:
    """The README and the pages of the documentation that show Python."""
    found = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    return [page for page in found if page.exists() and blocks(page.read_text(encoding="utf-8"))]


def blocks(text: str) -> list[str]:
    """The Python blocks of a Markdown page, in order."""
    return re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("name", module_names())
def test_a_module_imports_and_its_examples_hold(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and error.name.split(".")[0] in OPTIONAL:
            pytest.skip(f"{error.name} is not installed")
        raise
    found = doctest.testmod(module, optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    assert found.failed == 0


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
def test_the_python_of_a_page_runs_from_top_to_bottom(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code = "\n".join(blocks(page.read_text(encoding="utf-8")))
    exec(compile(code, str(page), "exec"), {"__name__": "page"})


def test_a_block_is_found_between_its_fences():
    page = "text\n```python\na = 1\n```\n```sh\nls\n```\n```python\nb = a\n```\n"
    assert blocks(page) == ["a = 1\n", "b = a\n"]
