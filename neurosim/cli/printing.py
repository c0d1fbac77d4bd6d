"""Tables for people and JSON for programs."""

import json
import math
import sys
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

WIDE = 160
"""Columns where nobody looks: a table in a file or a pipe is not squeezed into 80."""


def printer() -> "Console":
    """Standard output for people."""
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else WIDE, highlight=False, soft_wrap=False)


def print_table(
    heads: Sequence[str], rows: Sequence[Sequence[Any]], *, title: str = "", wrap: Collection[int] = (),
    right: Collection[int] = ()
) -> None:
    """A table; columns in ``wrap`` may break their lines, those in ``right`` stand to the right."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD)
    for number, head in enumerate(heads):
        table.add_column(head, no_wrap=number not in wrap, justify="right" if number in right else "left",
                         overflow="fold")
    for row in rows:
        # what is text already has its colour; all else is taken as it is, brackets too
        table.add_row(*(cell if isinstance(cell, Text) else Text(str(cell)) for cell in row))
    out = printer()
    if title:  # rich would squeeze a long title into a narrow table
        out.print(title, style="bold", markup=False)
    out.print(table)


def coloured(text: str, good: bool) -> Any:
    """Green or red text for a table."""
    from rich.text import Text

    return Text(text, style="green" if good else "bold red")


def bold(text: str) -> Any:
    """Bold text for a table."""
    from rich.text import Text

    return Text(text, style="bold")


def print_json(value: Any) -> None:
    """JSON on standard output; what is not finite becomes null."""
    print(json.dumps(_finite(value), indent=2, ensure_ascii=False))


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _finite(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(one) for one in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)
