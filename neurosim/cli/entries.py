"""What the catalog holds, as tables or JSON."""

import inspect
from typing import Any

from ..catalog import COSTS, Entry, entries, entry
from .printing import bold, print_json, print_table, printer


def show_list(json: bool) -> None:
    """All entries by family, one a line."""
    found = entries()
    if json:
        print_json([_plain(name, one) for name, one in found.items()])
        return
    rows: list[list[Any]] = []
    for family in sorted({one.family for one in found.values()}):
        members = {name: one for name, one in found.items() if one.family == family}
        rows.append([bold(family), "", ""])
        rows += [[f"  {name}", one.title, str(len(one.claims))] for name, one in members.items()]
    print_table(["name", "what it shows", "claims"], rows, wrap={1}, right={2})
    printer().print("neurosim info NAME says more of an entry; neurosim run NAME runs it")


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
    rows = [[", ".join(group), ", ".join(repr(one.parameters[name]) for name in group), said]
            for group, said in parameters(one)]
    if rows:
        print_table(["parameter", "default", "is"], rows, title="Parameters, for run --set", wrap={1, 2})
    claims = [[c.text, interval(c.low, c.high), c.cost, c.where, c.why] for c in one.claims]
    if claims:
        print_table(["claim", "accepted", "cost", "where", "why"], claims, title="Claims", wrap={0, 3, 4})
    for claim in one.claims:
        if claim.misses:
            out.print(f"[bold]Known not to hold:[/] {_safe(claim.text)}. Measured here: {_safe(claim.misses)}")
    if one.differs:
        out.print(f"[bold]Differs from the paper:[/] {_safe(one.differs)}")


def parameters(one: Entry) -> list[tuple[list[str], str]]:
    """Parameters of ``build`` as its docstring groups them, and what it says of each group."""
    _, _, text = (inspect.getdoc(one.build) or "").partition("Parameters\n----------\n")
    groups: list[tuple[list[str], str]] = []
    for line in text.splitlines():
        if not line:  # the end of the section
            break
        if line.startswith(" "):
            names, said = groups.pop()
            groups.append((names, f"{said} {line.strip()}".strip().replace("``", "")))
        else:
            groups.append(([name for name in line.replace(",", " ").split() if name in one.parameters], ""))
    told = {name for names, _ in groups for name in names}
    return [*(group for group in groups if group[0]), *(([name], "") for name in one.parameters if name not in told)]


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
