"""Measuring claims from the command line."""

from collections.abc import Sequence
from typing import Any

from ..backends import available
from ..catalog import Result, check, costs_up_to, entry, names
from ..errors import BackendError
from .entries import interval
from .printing import coloured, print_json, print_table, printer


def run_checks(wanted: Sequence[str], cost: str, *, seed: int, backend: str, json: bool,
               allow_known: bool = False) -> bool:
    """Measure the claims of the entries (all where none is named); whether all hold, or with ``allow_known`` all but
    those that are known not to.
    """
    chosen = list(dict.fromkeys(wanted)) or names()
    found = {name: entry(name) for name in chosen}  # a wrong name is told before anything runs
    reason = available(backend)
    if reason:
        raise BackendError(reason)
    results: dict[str, list[Result]] = {}
    for name, one in found.items():
        measured = check(one, costs_up_to(cost), backend=backend, seed=seed)
        if json:
            results[name] = list(measured)
            continue
        out = printer()
        with out.status(f"measuring the claims of {name}"):  # nothing where it is no terminal
            results[name] = list(measured)
        out.print(name, style="bold")
        _show(results[name])
    everything = [result for several in results.values() for result in several]
    if json:
        print_json([_plain(name, result, seed, backend) for name, several in results.items() for result in several])
    else:
        seconds = sum(result.seconds for result in everything)
        printer().print(f"{len(everything)} claims measured in {seconds:.1f} s, {_verdict(everything)}")
    return all(result.holds or (allow_known and result.claim.misses) for result in everything)


def _verdict(results: Sequence[Result]) -> str:
    failed = [result for result in results if not result.holds]
    if not failed:
        return "all hold"
    known = sum(bool(result.claim.misses) for result in failed)
    said = f"{len(failed)} do not hold" if len(failed) > 1 else "1 does not hold"
    return f"{said}, {known} of which known" if known else said


def _show(results: Sequence[Result]) -> None:
    if not results:
        printer().print("  no claim of this cost")
        return
    rows = [
        [
            coloured("holds" if r.holds else "does not hold", r.holds),
            r.claim.text,
            "; ".join(filter(None, [r.error or f"{r.value:.4g}", "" if r.holds else r.claim.misses])),
            interval(r.claim.low, r.claim.high),
            f"{r.seconds:.1f}",
        ]
        for r in results
    ]
    print_table(["", "claim", "measured", "accepted", "s"], rows, wrap={1, 2}, right={4})


def _plain(name: str, result: Result, seed: int, backend: str) -> dict[str, Any]:
    claim = result.claim
    return {
        "entry": name, "claim": claim.text, "value": result.value, "low": claim.low, "high": claim.high,
        "holds": result.holds, "seconds": round(result.seconds, 3), "cost": claim.cost, "where": claim.where,
        "why": claim.why, "misses": claim.misses, "error": result.error, "seed": seed, "backend": backend,
    }
