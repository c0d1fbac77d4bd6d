"""Put what was measured into the pages of the documentation, between two marks that stay."""

from collections.abc import Iterable, Sequence
from pathlib import Path


def markdown(columns: Sequence[str], rows: Iterable[Sequence[str]], left: int = 1) -> str:
    """A table; all but the first ``left`` columns are aligned at the right."""
    rule = ["---" if place < left else "--:" for place in range(len(columns))]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in (columns, rule, *rows))


def marks(name: str) -> tuple[str, str]:
    """The two lines between which a page holds what is ``name``."""
    return f"<!-- {name} -->\n", f"<!-- /{name} -->\n"


def has_place(page: Path, name: str) -> bool:
    """Whether ``page`` is there and has the marks of ``name``."""
    return page.is_file() and all(mark in page.read_text(encoding="utf-8") for mark in marks(name))


def put(page: Path, name: str, text: str) -> None:
    """Write ``text`` between the marks of ``name``, in place of what was there."""
    begin, end = marks(name)
    before, _, rest = page.read_text(encoding="utf-8").partition(begin)
    page.write_text(before + begin + text + end + rest.partition(end)[2], encoding="utf-8")
