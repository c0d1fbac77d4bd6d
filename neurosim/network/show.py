"""How a network prints."""

from html import escape
from typing import Any

from ..families.plain import text_of

TYPESET = 400
"""Longest equations, in characters, that are typeset in a notebook."""


def as_text(network: Any) -> str:
    """Parts, joins and drives, one a line."""
    lines = ["Network"]
    for name, part in network.parts.items():
        lines.append(f"  {name}: {part.size} {type(part).__name__}{_method(part)}")
    for name, join in network.joins.items():
        lines.append(f"  {name}: {' -> '.join(join.between)}, {_join(join)}")
    for name, drive in network.drives.items():
        lines.append(f"  {name}: {drive.count} x {_rate(drive)} onto {drive.part}, {drive.on_event}")
    return "\n".join(lines) if len(lines) > 1 else "Network (empty)"


def as_html(network: Any) -> str:
    """Tables of parts, joins and drives for a notebook; short equations typeset."""
    parts = [
        [name, str(part.size), type(part).__name__, _method(part).strip(", "), _equations(part)]
        for name, part in network.parts.items()
    ]
    joins = [
        [name, " → ".join(join.between), escape(_join(join))] for name, join in network.joins.items()
    ]
    drives = [
        [name, drive.part, escape(f"{drive.count} x {_rate(drive)}, {drive.on_event}")]
        for name, drive in network.drives.items()
    ]
    return "".join(
        [
            _table("Parts", ["name", "size", "family", "method", "equations"], parts),
            _table("Joins", ["name", "from → to", "what"], joins),
            _table("Drives", ["name", "part", "what"], drives),
        ]
    )


def _method(part: Any) -> str:
    update = getattr(part, "update", None)
    return f", {update.method}" if update is not None and update.body else ""


def _join(join: Any) -> str:
    texts = [
        text.strip().replace("\n", "; ")
        for text in (join.on_pre, join.on_post, join.couple or "")
        if text.strip()
    ]
    values = [f"{name}={text_of(value)}" for name, value in join.values.items()]
    delay = [] if join.couple and join.delay is None else [f"delay {_delay(join.delay)}"]
    structure = [] if join.structure is None else [text_of(join.structure)]
    return ", ".join([text_of(join.rule), *texts, *values, *delay, *structure])


def _delay(delay: Any) -> str:
    if delay is None:
        return "one step"
    if isinstance(delay, str):
        return delay
    return f"{delay:g} ms" if isinstance(delay, int | float) else f"{text_of(delay)} ms"


def _rate(drive: Any) -> str:
    return f"{drive.rate:g} Hz" if isinstance(drive.rate, int | float) else text_of(drive.rate)


def _equations(part: Any) -> str:
    text = getattr(part, "equations", "")
    if not text:
        return ""
    if len(text) <= TYPESET:
        latex = getattr(part, "_repr_latex_", lambda: None)()
        if latex:
            return str(latex)
    return f"<pre>{escape(text.strip())}</pre>"


def _table(title: str, head: list[str], rows: list[list[str]]) -> str:
    if not rows:
        return ""
    cells = "".join(f"<th>{name}</th>" for name in head)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><caption>{title}</caption><thead><tr>{cells}</tr></thead><tbody>{body}</tbody></table>"
