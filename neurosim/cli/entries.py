"""What the catalog holds, as tables or JSON."""

from typing import Any

from ..catalog import COSTS, Entry, entries, entry
from .printing import print_json, print_table, printer


def show_list(json: bool) -> None:
    """All entries, one a line."""
    found = entries()
    if json:
        print_json([_plain(name, one) for name, one in found.items()])
        return
    rows = [[name, one.family, one.title, str(len(one.claims))] for name, one in found.items()]
    print_table(["name", "family", "what it shows", "claims"], rows, wrap={2})


def show_entry(name: str) -> None:
    """Everything about one entry."""
    one = entry(name)
    out = printer()
    out.print(f"[bold]{name}[/]: {_safe(one.title)}")
    out.print(_safe(one.paper))
    out.print(one.doi, style="blue")
    out.print()
    out.print(f"family {one.family}; by default a run of {one.duration:g} ms in steps of {one.dt:g} ms")
    out.print()
    rows = [[parameter, repr(default)] for parameter, default in one.parameters.items()]
    if rows:
        print_table(["parameter", "default"], rows, title="Parameters, for run --set")
    claims = [[c.text, interval(c.low, c.high), c.cost, c.where, c.why] for c in one.claims]
    if claims:
        print_table(["claim", "accepted", "cost", "where", "why"], claims, title="Claims", wrap={0, 3, 4})
    if one.differs:
        out.print(f"[bold]Differs from the paper:[/] {_safe(one.differs)}")


def interval(low: float, high: float) -> str:
    """The interval as text, with three digits."""
    return f"{low:.3g} to {high:.3g}"


def _safe(text: str) -> str:
    from rich.markup import escape

    return escape(text)


def _plain(name: str, one: Entry) -> dict[str, Any]:
    costs = {cost: sum(claim.cost == cost for claim in one.claims) for cost in COSTS}
    return {"name": name, "title": one.title, "family": one.family, "paper": one.paper, "doi": one.doi,
            "parameters": dict(one.parameters), "claims": costs, "differs": one.differs}
