"""How Sphinx builds these pages; those in ``docs/api``, and ``docs/models.md``, are written anew by each build."""

import importlib
import importlib.util
import inspect
import pkgutil
import re
import sys
from pathlib import Path
from types import ModuleType

from sphinx.application import Sphinx

import neurosim
from neurosim import catalog
from neurosim._version import __version__

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import make_models  # noqa: E402

ROOMS = ["errors", "units", "connectivity", "families", "network", "simulate", "recording", "analysis"]
ROOMS += ["plots", "tasks", "theory", "learners", "gradients", "training", "catalog", "studies", "bridges", "models"]
"""Rooms whose names a user meets, in reading order; one that is not there yet is left out."""

project = "neurosim"
author = "neurosim developers"
copyright = "2026, neurosim developers"
release = version = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.mathjax", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = f"neurosim {release}"

myst_enable_extensions = ["colon_fence", "dollarmath"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "description"
# a type stands beside a parameter that the docstring describes, and makes no entry of its own
autodoc_typehints_description_target = "documented"
napoleon_google_docstring = False
napoleon_use_rtype = False
napoleon_custom_sections = [("States", "params_style")]


def public_modules(room: str) -> list[str]:
    """The room and its public modules, by the names under which they are imported."""
    name = f"neurosim.{room}"
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:  # a folder without code is found, but from nowhere
        return []
    package = importlib.import_module(name)
    inner = pkgutil.walk_packages(getattr(package, "__path__", []), f"{name}.")
    return [name, *sorted(found.name for found in inner if "._" not in found.name)]


def write_api_pages(app: Sphinx) -> None:
    """One page for each public module, and their table of contents."""
    folder = HERE / "api"
    folder.mkdir(exist_ok=True)
    pages = [page for room in ROOMS for page in public_modules(room)]
    wanted = {f"{page}.md": module_page(page) for page in pages}
    contents = ["```{toctree}", ":maxdepth: 1\n", *pages, "```\n"]
    wanted["index.md"] = "\n".join(["# Reference\n", *public_names(neurosim), *contents])
    for path in folder.glob("*.md"):
        if path.name not in wanted:
            path.unlink()
    for name, text in wanted.items():
        write(folder / name, text)


def write_models_page(app: Sphinx) -> None:
    """The entries of the catalog, with their pictures."""
    write(HERE / "models.md", make_models.page(catalog.entries()))


def write(path: Path, text: str) -> None:
    """Write a page; one that did not change keeps its time, so that Sphinx does not read it again."""
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


def public_names(package: ModuleType) -> list[str]:
    """A table of the names that a package gathers, each with the first sentence about it."""
    rows = []
    for name in sorted(set(getattr(package, "__all__", [])) - {"__version__"}):
        thing = getattr(package, name)
        home = f"{getattr(thing, '__module__', package.__name__)}.{name}"
        first = (inspect.getdoc(thing) or "").split("\n\n")[0].replace("\n", " ").replace("|", "\\|")
        rows.append(f"| {{py:obj}}`{name} <{home}>` | {rst_to_myst(first)} |")
    return ["| name | is |", "| --- | --- |", *rows, ""] if rows else []


def rst_to_myst(text: str) -> str:
    """The two marks that a first sentence carries: formulas and code."""
    return re.sub(r":math:`([^`]*)`", r"$\1$", text).replace("``", "`")


def module_page(name: str) -> str:
    """The page of one module, in MyST; a package has a table, since each thing is described at home."""
    module = importlib.import_module(name)
    names = public_names(module) if hasattr(module, "__path__") else []
    options = [] if names else ["   :members:", "   :show-inheritance:"]
    directive = ["```{eval-rst}", f".. automodule:: {name}", *options, "```"]
    return "\n".join([f"# {name}\n", *directive, "", *names])


def setup(app: Sphinx) -> None:
    app.connect("builder-inited", write_api_pages)
    app.connect("builder-inited", write_models_page)
