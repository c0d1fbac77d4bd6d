"""Make the pictures of the README and of these pages: run ``python docs/make_figures.py``.

The Python of a page writes the pictures that the page shows, so a picture is what its code makes.
"""

import os
import re
import shutil
import sys
import tempfile
from pathlib import Path

os.environ["MPLBACKEND"] = "Agg"  # before anything imports matplotlib

DOCS = Path(__file__).resolve().parent
FIGURES = DOCS / "figures"
PYTHON = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
PICTURE = re.compile(r"!\[[^\]]*\]\((?:docs/)?figures/([\w.]+)\)")


def make(page: Path) -> list[str]:
    """Run the Python of a page in an empty folder and keep the pictures that the page shows; their names."""
    text = page.read_text(encoding="utf-8")
    code, shown = "\n".join(PYTHON.findall(text)), PICTURE.findall(text)
    if not code or not shown:
        return []
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            exec(compile(code, str(page), "exec"), {"__name__": "page"})
            for name in shown:
                shutil.copyfile(name, FIGURES / name)
        finally:
            os.chdir(before)
    return shown


def main() -> None:
    """The pages named as arguments, or all of them."""
    FIGURES.mkdir(exist_ok=True)
    pages = [Path(name).resolve() for name in sys.argv[1:]]
    for page in pages or [DOCS.parent / "README.md", *sorted(DOCS.glob("*.md"))]:
        for name in make(page):
            print(f"wrote {FIGURES / name}")


if __name__ == "__main__":
    main()
