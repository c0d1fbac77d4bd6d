"""Measure neurosim's sparse code memory against plain NumPy and against its bound: time for an item.

    python benchmarks/memories_sparse.py sparsey --json sparsey.json

Every tool runs as a process of its own, in turn (A B A B), on one thread: items are stored one after another, then all
are recalled. The bound is the time of counting the bits of the weights that an item needs. ``late / early`` is the
time of storing an item when nearly all are stored over that of the first ones; 1 is a time that does not grow.
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
from sparsey_rows import ROWS  # noqa: E402

TOOLS = ("neurosim", "numpy", "popcount")
FIELDS = ("build_s", "compile_s", "simulate_s", "store_us", "recall_us", "late_over_early", "rss_mib")
TIMES = ("build s", "compile s", "µs to store", "µs to recall", "late / early")
COLUMNS = ("row", "tool", *TIMES, "MiB", "bytes", "ratio", "remark")


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("rows", nargs="+", metavar="ROW", choices=list(ROWS), help=", ".join(ROWS))
    parser.add_argument("--json", type=Path, help="file for the records")
    parser.add_argument("--repeat", type=int, default=3, help="rounds; 3 if not given")
    asked = parser.parse_args(arguments)
    if asked.repeat < 1:
        parser.error(f"--repeat must be >= 1, got {asked.repeat}")
    return asked


def tools() -> list[Tool]:
    """neurosim, NumPy and the bound; all in this environment."""
    return [
        Tool(name=name, python=Path(sys.executable), script=HERE / "peers" / f"{name}_sparsey.py", threads=1,
             dtype="bits", caches=name == "neurosim")
        for name in TOOLS
    ]  # fmt: skip


def records(row: str, runs: Sequence[Measured], here: str) -> list[dict[str, Any]]:
    """One record a tool: medians over the rounds, and its time over neurosim's within each."""
    by_tool = {tool.name: own for tool, own in runs_by_tool(runs).items()}
    found = []
    for name, own in by_tool.items():
        answers = [one.answer for one in own]
        found.append({
            "row": row, "tool": name, "machine": here, "rounds": len(own), "rate_hz": None,
            **{key: answers[0][key] for key in ("version", "threads", "dtype", "bytes_read", "model_seconds")},
            **{field: median(answer[field] for answer in answers) for field in FIELDS},
            "disturbed": sum((one.other_load or 0.0) > QUIET for one in own),
            "ratio": ratio("simulate_s", own, by_tool["neurosim"]) if "neurosim" in by_tool else None,
        })  # fmt: skip
    return found


def cells(record: dict[str, Any]) -> list[str]:
    """The cells of one line of the table."""
    remark = f"{record['disturbed']} of {record['rounds']} rounds disturbed" if record["disturbed"] else ""
    numbers = ("build_s", "compile_s", "store_us", "recall_us", "late_over_early", "rss_mib", "bytes_read", "ratio")
    return [record["row"], f"{record['tool']} {record['version']}", *(cell(record[name]) for name in numbers), remark]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print the table, write JSON; the exit status is 1 where nothing could be measured."""
    from rich.console import Console

    asked, here = parse(arguments), machine()
    note = Console(stderr=True, highlight=False)
    made: list[dict[str, Any]] = []
    every: dict[str, list[Measured]] = {}
    for row in dict.fromkeys(asked.rows):
        every[row], _ = in_turn(tools(), [row], asked.repeat, lambda text: note.print(text, markup=False))
        made += records(row, every[row], here)
    return finish(table(COLUMNS, map(cells, made), here), made, every, asked.json)


if __name__ == "__main__":
    sys.exit(main())
