"""What the README and the page of models say is what the catalog holds."""

import importlib.util
import re
import sys
from pathlib import Path

import pytest

from neurosim import catalog
from neurosim.catalog import Entry

ROOT = Path(__file__).resolve().parent.parent.parent
LARGEST = 40_000
"""Bytes of a small picture."""


@pytest.fixture(scope="module")
def make_models():
    spec = importlib.util.spec_from_file_location("make_models", ROOT / "docs" / "make_models.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["make_models"] = module
    spec.loader.exec_module(module)
    return module


def entry(paper: str) -> Entry:
    return Entry(title="An answer", paper=paper, family="numbers", build=lambda: None,
                 figure=lambda ax, recording=None: ax, claims=())


def test_the_readme_has_a_row_for_each_entry(make_models):
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert text == make_models.readme(text, catalog.entries()), "run python docs/make_models.py"


def test_each_entry_has_a_small_picture_and_each_picture_an_entry(make_models):
    sizes = {path.stem: path.stat().st_size for path in make_models.PICTURES.glob("*.png")}
    assert sorted(sizes) == catalog.names(), "run python docs/make_models.py --pictures NAME"
    assert {name: size for name, size in sizes.items() if size > LARGEST} == {}


def test_the_page_of_models_shows_every_entry_under_its_family(make_models):
    entries = catalog.entries()
    sections = re.split(r"^## ", make_models.page(entries), flags=re.MULTILINE)[1:]
    assert len(sections) == len({one.family for one in entries.values()})
    for name, one in entries.items():
        (section,) = (text for text in sections if text.lower().startswith(f"{one.family.lower()}\n"))
        assert f"figures/models/{name}.png" in section


@pytest.mark.parametrize(
    ("paper", "cited"),
    [
        ("Brunel, N. (2000). J. doi:10.1000/1", "[Brunel 2000](https://doi.org/10.1000/1)"),
        ("Wang, X.-J. & Buzsáki, G. (1996). J. doi:10.1000/1", "[Wang & Buzsáki 1996](https://doi.org/10.1000/1)"),
        ("Song, S., Miller, K. D. & Abbott, L. F. (2000). J. doi:10.1000/1",
         "[Song et al. 2000](https://doi.org/10.1000/1)"),
        ("Vo, Q. H. et al. (2023). J. doi:10.1000/1", "[Vo et al. 2023](https://doi.org/10.1000/1)"),
    ],
)  # fmt: skip
def test_a_paper_is_cited_by_its_authors_and_year(make_models, paper, cited):
    assert make_models.citation(entry(paper)) == cited
