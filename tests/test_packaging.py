"""What is installed is what lies in the folders."""

import configparser
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
HEAVY = ["cupy", "dask", "matplotlib", "neo", "numba", "pandas", "pint", "rich", "scipy", "sympy"]
HEAVY += ["torch", "tqdm", "typer", "xarray", "zarr"]
"""Packages that ``import neurosim`` must not load."""


@pytest.fixture(scope="module")
def setup() -> configparser.ConfigParser:
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg", encoding="utf-8")
    return parser


def lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip() and not line.strip().startswith("#")]


def python(code: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run ``code`` in a fresh interpreter."""
    return subprocess.run(
        [sys.executable, "-c", code], cwd=cwd, capture_output=True, text=True, timeout=120, check=False
    )


def test_the_package_list_is_what_lies_in_the_folders(setup):
    inside = {
        ".".join(path.parent.relative_to(ROOT).parts) for path in (ROOT / "neurosim").rglob("__init__.py")
    }
    beside = {
        ".".join(["neurosim", *path.parent.relative_to(ROOT).parts])
        for path in (ROOT / "models").rglob("__init__.py")
    }
    assert sorted(lines(setup["options"]["packages"])) == sorted(inside | beside)


def test_every_folder_with_code_is_a_package():
    folders = {path.parent for top in ("neurosim", "models") for path in (ROOT / top).rglob("*.py")}
    assert [folder for folder in sorted(folders) if not (folder / "__init__.py").exists()] == []


def test_the_models_are_imported_under_neurosim(tmp_path):
    done = python("import neurosim.models; print(neurosim.models.__file__)", tmp_path)
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()) == ROOT / "models" / "__init__.py"


def test_the_models_refuse_their_bare_name():
    done = python("import models", ROOT)
    assert done.returncode == 1
    assert "ImportError: this folder is imported as neurosim.models" in done.stderr


def test_the_import_loads_nothing_heavy(tmp_path):
    done = python("import json, sys, neurosim; print(json.dumps(sorted(sys.modules)))", tmp_path)
    assert done.returncode == 0, done.stderr
    assert set(json.loads(done.stdout)) & set(HEAVY) == set()


def test_the_version_is_written_once(setup):
    import neurosim
    from neurosim._version import __version__

    assert setup["metadata"]["version"] == "attr: neurosim._version.__version__"
    assert neurosim.__version__ == __version__


def test_the_citation_and_the_changelog_know_the_version():
    from neurosim._version import __version__

    released = __version__.split(".dev")[0]
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert re.search(rf"^version: {re.escape(__version__)}$", citation, re.MULTILINE)
    heading = "Unreleased" if ".dev" in __version__ else released
    assert f"## [{heading}]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_every_requirement_of_the_cpu_environment_is_pinned(setup):
    pins = {
        normal(line.split("==")[0]): line.split("==")[1]
        for line in lines((ROOT / "constraints.txt").read_text(encoding="utf-8"))
    }
    wanted = lines(setup["options"]["install_requires"])
    for extra, text in setup["options.extras_require"].items():
        if not extra.startswith("cuda"):
            wanted += lines(text)
    missing = {normal(requirement) for requirement in wanted} - set(pins)
    assert missing == set()
    assert tuple(map(int, pins["numpy"].split(".")[:2])) < (2, 4)  # Brian 2.9 needs it


def normal(requirement: str) -> str:
    """The name at the start of a requirement, as an index writes it."""
    name = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert name is not None, requirement
    return re.sub(r"[-_.]+", "-", name.group()).lower()


def test_the_core_brings_what_its_backends_need():
    from neurosim.backends import available

    assert {name: available(name) for name in ("reference", "numba")} == {"reference": None, "numba": None}
