"""Measure what a sequence takes of memory while a network is trained on it, in neurosim and its peers.

    python benchmarks/training_memory.py train-feedforward train-recurrent train-elm --json memory.json

A tool runs as a process of its own on sequences of 2 steps, of the row's, and of four times as many. What the process
takes at its peak beyond that of 2 steps is what the sequence takes, its input left out: libraries, compiled code and
weights are in both. Compiled code of neurosim is in its cache before. Other load does not disturb it.
"""

import math
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE / "peers")]

from measure import Measured, PeerError, Tool, machine, run_once  # noqa: E402
from records import cell, finish, table  # noqa: E402
from training import checked, parser_of, tools  # noqa: E402

LEAST, LONGER = 2, 4
"""Steps that are compared with, and how many times the row's steps the long sequence has."""
STEPS = {"train-feedforward": 100, "train-recurrent": 250, "train-elm": 500}
COLUMNS = ("row", "tool", "MiB", "MiB, four times the steps", "growth", "ratio")


def taken(tool: Tool, row: str, cache: Path) -> tuple[list[Measured], list[float]]:
    """The runs of a tool, and the MiB that a sequence of the row's length and one of four times as many takes."""
    lengths = [*([LEAST] * tool.caches), LEAST, STEPS[row], LONGER * STEPS[row]]  # the first one compiles
    runs = [run_once(tool, [row, "--steps", str(steps), "--iterations", "1"], cache, turn)
            for turn, steps in enumerate(lengths)]
    base, usual, long = (run.answer["rss_mib"] for run in runs[-3:])
    return runs, [usual - base, long - base]


def records(row: str, found: Sequence[tuple[Tool, Sequence[Measured], Sequence[float]]]) -> list[dict[str, Any]]:
    """A record for each tool; ``growth`` is the power of the number of steps with which its memory grows."""
    ours = min((usual for tool, _, (usual, _) in found if tool.caches), default=math.nan)
    return [{"row": row, "tool": tool.name, "version": runs[-1].answer["version"], "threads": tool.threads,
             "sequence_mib": usual, "longer_mib": long, "growth": math.log(long / usual) / math.log(LONGER),
             "ratio": usual / ours} for tool, runs, (usual, long) in found]  # fmt: skip


def measured(
    row: str, wanted: Sequence[Tool], say: Callable[[str], None]
) -> list[tuple[Tool, list[Measured], list[float]]]:
    """What each tool takes; one that fails is reported and left out."""
    found = []
    for tool in wanted:
        say(f"{row}: {tool.label}, {' '.join(tool.options)}")
        with tempfile.TemporaryDirectory() as cache:
            try:
                found.append((tool, *taken(tool, row, Path(cache))))
            except PeerError as error:
                say(str(error))
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print the table, write JSON; the exit status is 1 where nothing could be measured."""
    from rich.console import Console

    asked, note = checked(parser_of(__doc__, STEPS), arguments), Console(stderr=True, highlight=False)
    made: list[dict[str, Any]] = []
    every = {}
    for row in dict.fromkeys(asked.rows):
        found = measured(row, tools(row, asked), lambda text: note.print(text, markup=False))
        made += records(row, found)
        every[row] = [run for _, runs, _ in found for run in runs]
    shown = table(COLUMNS, [[one["row"], f"{one['tool']} {one['version']}", *(
        cell(one[key]) for key in ("sequence_mib", "longer_mib", "growth", "ratio"))] for one in made], machine())
    return finish(shown, made, every, asked.json)


if __name__ == "__main__":
    sys.exit(main())
