"""Write what the pages say of the catalog: run ``python docs/make_models.py`` after an entry came or changed.

It writes the table of the README. With ``--pictures`` it also draws the small pictures of the page of models, of the
entries named behind it or of all. The page itself is written anew by each build of the documentation.
"""

import argparse
import os
import re
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from urllib.parse import quote

os.environ["MPLBACKEND"] = "Agg"  # before anything imports matplotlib

from neurosim import catalog, simulate  # noqa: E402
from neurosim.catalog import Entry  # noqa: E402

DOCS = Path(__file__).resolve().parent
README = DOCS.parent / "README.md"
PICTURES = DOCS / "figures" / "models"
BEGIN, END = "<!-- models -->\n", "<!-- /models -->\n"
STYLE = {"font.size": 7.0, "axes.titlesize": 7.0, "lines.linewidth": 1.0, "lines.markersize": 3.0,
         "legend.fontsize": 6.0}  # fmt: skip

OF_A_RUN = {"alleman_2024_geometry", "eshraghian_2023_snntorch", "hawkins_ahmad_2016",
            "khajehabdollahi_2024_timescales", "spieler_2024_elm", "zenke_vogels_2021"}
"""Entries whose own figure takes minutes: their picture is of the run that the command line makes."""


def families(entries: Mapping[str, Entry]) -> dict[str, dict[str, Entry]]:
    """The entries by family, both in alphabetical order."""
    found: dict[str, dict[str, Entry]] = {name: {} for name in sorted({one.family for one in entries.values()})}
    for name in sorted(entries):
        found[entries[name].family][name] = entries[name]
    return found


def citation(one: Entry) -> str:
    """Authors and year of the first paper, as a link to it."""
    authors, _, rest = one.paper.partition(" (")
    # initials end in a full stop, so that commas before surnames can be told from those behind
    surnames = [part.split(",")[0].strip() for part in re.split(r"\., | & ", authors)]
    several = len(surnames) > 2 or authors.endswith("et al.")
    names = f"{surnames[0]} et al." if several else " & ".join(surnames)
    return f"[{names} {rest.partition(')')[0]}]({quote(one.doi, safe=':/')})"


def table(entries: Mapping[str, Entry]) -> str:
    """The README's table."""
    rows = ["| family | model | shows | of |", "| --- | --- | --- | --- |"]
    for family, members in families(entries).items():
        rows += [f"| {family} | `{name}` | {one.title} | {citation(one)} |" for name, one in members.items()]
    return "\n".join(rows) + "\n"


def readme(text: str, entries: Mapping[str, Entry]) -> str:
    """The README with its table as the catalog is."""
    before, _, rest = text.partition(BEGIN)
    return before + BEGIN + table(entries) + END + rest.partition(END)[2]


def page(entries: Mapping[str, Entry]) -> str:
    """The page of models, with a picture of each."""
    lines = ["# Models\n", "Every entry of the [catalog](catalog.md) by family, with a small picture.",
             "`neurosim info NAME` shows its parameters and claims; the name leads to what its code says.\n"]
    for family, members in families(entries).items():
        lines += [f"## {family[0].upper()}{family[1:]}\n", "| | |", "| --- | --- |"]
        for name, one in members.items():
            seen = f"![{name}](figures/models/{name}.png)" if (PICTURES / f"{name}.png").exists() else ""
            claims = f"{len(one.claims)} claim{'s' * (len(one.claims) != 1)}"
            misses = sum(bool(claim.misses) for claim in one.claims)
            known = f", {misses} known not to hold" if misses else ""
            words = f"**{{py:mod}}`{name} <neurosim.models.{name}>`** {one.title}. {citation(one)}; {claims}{known}."
            lines.append(f"| {seen} | {words} |")
        lines.append("")
    return "\n".join(lines)


def draw(name: str, one: Entry) -> Path:
    """The small picture of an entry."""
    import matplotlib.pyplot as plt
    from PIL import Image

    recording = None
    if name in OF_A_RUN:
        recording = simulate(one.build(), one.duration, dt=one.dt, record=list(one.record), progress=False)
    # drawn large and saved with few dots, so that figures with panels and legends keep their shape
    with plt.rc_context(STYLE):
        drawn, ax = plt.subplots(figsize=(4.0, 2.6), layout="constrained")
        one.figure(ax, recording)
        PICTURES.mkdir(parents=True, exist_ok=True)
        held = BytesIO()
        drawn.savefig(held, dpi=80, bbox_inches="tight")
    plt.close(drawn)
    # sixty-four colours halve the file, and nobody sees it
    path = PICTURES / f"{name}.png"
    Image.open(held).convert("RGB").quantize(64).save(path, optimize=True)
    return path


def main() -> None:
    """The table, and the pictures asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--pictures", nargs="*", metavar="NAME", help="draw these, or all")
    asked = parser.parse_args()
    README.write_text(readme(README.read_text(encoding="utf-8"), catalog.entries()), encoding="utf-8")
    if asked.pictures is not None:
        for name in asked.pictures or catalog.names():
            print(f"wrote {draw(name, catalog.entry(name))}", flush=True)


if __name__ == "__main__":
    main()
