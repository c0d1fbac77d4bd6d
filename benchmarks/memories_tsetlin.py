"""Measure neurosim's Tsetlin machine against tmu: noisy XOR and digits, seconds for an epoch.

    python benchmarks/memories_tsetlin.py tsetlin --peers tmu --json tsetlin.json

Every tool runs as a process of its own, in turn (A B A B). ``make_peers.py tmu`` makes the peer's environment; where it
is not there, it is left out. A tool counts only where it has learnt: its accuracy on the test samples is shown.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE / "peers")]

from measure import QUIET, Measured, Tool, in_turn, machine  # noqa: E402
from records import cell, finish, ratio, runs_by_tool, table  # noqa: E402
from tsetlin_rows import ROWS  # noqa: E402

GROUP = "tsetlin"
"""Stands for all rows."""
COLUMNS = ("row", "tool", "build s", "compile s", "s per epoch", "epochs per s", "MiB", "accuracy", "ratio", "remark")


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("rows", nargs="+", metavar="ROW", choices=[GROUP, *ROWS], help=f"{GROUP}, {', '.join(ROWS)}")
    parser.add_argument("--peers", default="tmu", help="tmu, or nothing for none")
    parser.add_argument("--json", type=Path, help="file for the records")
    parser.add_argument("--repeat", type=int, default=3, help="rounds; 3 if not given")
    parser.add_argument("--environments", type=Path, default=HERE.parent / ".peers", help="folder of the peers")
    asked = parser.parse_args(arguments)
    asked.rows = list(ROWS) if GROUP in asked.rows else list(dict.fromkeys(asked.rows))
    asked.peers = [name for name in asked.peers.split(",") if name]
    for name in asked.peers:
        if name != "tmu":
            parser.error(f"no peer {name!r}; there are: tmu")
    if asked.repeat < 1:
        parser.error(f"--repeat must be >= 1, got {asked.repeat}")
    return asked


def tools(asked: argparse.Namespace) -> list[Tool]:
    """neurosim first, then the peers that are there."""
    pythons = {"neurosim": Path(sys.executable)}
    pythons |= {name: asked.environments / name / "bin" / "python" for name in asked.peers}
    found = []
    for name, python in pythons.items():
        if not python.exists():
            print(f"{name} left out: {python} is not there; run make_peers.py {name}", file=sys.stderr)
            continue
        script = HERE / "peers" / f"{name}_tsetlin.py"
        found.append(Tool(name=name, python=python, script=script, threads=1, dtype="bits", caches=name == "neurosim"))
    return found


def records(row: str, runs: Sequence[Measured], here: str) -> list[dict[str, Any]]:
    """One record a tool: medians over the rounds, and its time over neurosim's within each."""
    by_tool = {tool.name: own for tool, own in runs_by_tool(runs).items()}
    found = []
    for name, own in by_tool.items():
        answers = [one.answer for one in own]
        middles = {field: median(answer[field] for answer in answers)
                   for field in ("build_s", "compile_s", "simulate_s", "rss_mib", "accuracy")}  # fmt: skip
        disturbed = sum((one.other_load or 0.0) > QUIET for one in own)
        found.append({
            "row": row, "tool": name, **{key: answers[0][key] for key in ("version", "threads", "dtype")}, **middles,
            "rate_hz": None, "model_seconds": answers[0]["model_seconds"], "machine": here,
            "learnt": all(answer["learnt"] for answer in answers), "disturbed": disturbed, "rounds": len(own),
            "ratio": ratio("simulate_s", own, by_tool["neurosim"]) if "neurosim" in by_tool else None,
        })  # fmt: skip
    return found


def cells(record: dict[str, Any]) -> list[str]:
    """The cells of one line of the table."""
    remarks = ["" if record["learnt"] else "has not learnt"]
    if record["disturbed"]:
        remarks.append(f"{record['disturbed']} of {record['rounds']} rounds disturbed")
    numbers = ("build_s", "compile_s", "simulate_s")
    return [
        record["row"],
        f"{record['tool']} {record['version']}",
        *(cell(record[name]) for name in numbers),
        cell(1.0 / record["simulate_s"]),
        cell(record["rss_mib"]),
        cell(record["accuracy"]),
        cell(record["ratio"]),
        "; ".join(filter(None, remarks)),
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print the table, write JSON; the exit status is 1 where nothing could be measured."""
    from rich.console import Console

    asked, here = parse(arguments), machine()
    note = Console(stderr=True, highlight=False)
    made: list[dict[str, Any]] = []
    every: dict[str, list[Measured]] = {}
    for row in dict.fromkeys(asked.rows):
        every[row], _ = in_turn(tools(asked), [row], asked.repeat, lambda text: note.print(text, markup=False))
        made += records(row, every[row], here)
    return finish(table(COLUMNS, map(cells, made), here), made, every, asked.json)


if __name__ == "__main__":
    sys.exit(main())
