"""Measure neurosim against Brian 2 on networks of neurons and astrocytes.

    python benchmarks/astrocytes.py network --peers brian2 --json astrocytes.json

``network`` is figure 6 of Stimberg et al. (2019), ``sheet`` are 100,000 astrocytes with ten million tripartite
synapses, which neurosim runs alone. See README.md.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE / "peers")]

from astrocyte_workloads import ROWS  # noqa: E402
from measure import Measured, Tool, in_turn, machine  # noqa: E402
from records import Line, finish_lines, lines  # noqa: E402
from spiking import above_zero, numbers, precisions  # noqa: E402

SCRIPTS = HERE / "peers"
TOLERANCES = {"rate_tolerance": 0.1, "cv_tolerance": 0.1}
"""Astrocytes end the stimulated activity at a moment that seeds move, so rates differ more than in other networks."""


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("rows", nargs="+", metavar="ROW", choices=list(ROWS), help=", ".join(ROWS))
    parser.add_argument("--peers", choices=["brian2", ""], default="brian2")
    parser.add_argument("--json", type=Path, help="file for the records")
    parser.add_argument("--repeat", type=int, default=3, help="rounds; the medians are of these")
    parser.add_argument("--threads", type=numbers, default="1,2", help="each tool runs at each of these")
    parser.add_argument("--seconds", type=above_zero, help="timed model time, s; each row has its own")
    parser.add_argument("--dtype", type=precisions, default="float32", help="of neurosim alone")
    parser.add_argument("--environments", type=Path, default=HERE.parent / ".peers")
    asked = parser.parse_args(arguments)
    if asked.repeat < 1:
        parser.error(f"--repeat must be >= 1, got {asked.repeat}")
    if asked.json and not asked.json.resolve().parent.is_dir():
        parser.error(f"--json: there is no folder {asked.json.resolve().parent}")
    return asked


def tools(row: str, asked: argparse.Namespace, say: Callable[[str], None]) -> list[Tool]:
    """Everything that runs in a row, neurosim first; a peer that is not made is reported and left out."""
    found = [
        Tool(name="neurosim", python=Path(sys.executable), script=SCRIPTS / "neurosim_astrocytes.py", threads=count,
             dtype=dtype, options=("--dtype", dtype), caches=True)
        for dtype in asked.dtype
        for count in asked.threads
    ]  # fmt: skip
    python = asked.environments / "brian2" / "bin" / "python"
    if asked.peers and row == "network":
        if not python.exists():
            say(f"brian2-cpp left out: {python} is not there; run make_peers.py")
            return found
        script = SCRIPTS / "brian2_astrocytes.py"
        shared = {"name": "brian2-cpp", "python": python, "script": script, "dtype": "float64"}
        found += [Tool(threads=count, **shared) for count in asked.threads]
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print the table, write JSON; the exit status is 1 where nothing could be measured."""
    from rich.console import Console

    asked, here = parse(arguments), machine()
    note = Console(stderr=True, highlight=False)

    def say(text: str) -> None:
        note.print(text, markup=False)

    every: dict[str, list[Measured]] = {}
    made: list[Line] = []
    for row in dict.fromkeys(asked.rows):
        options = [row, *(["--seconds", str(asked.seconds)] if asked.seconds is not None else [])]
        every[row], _ = in_turn(tools(row, asked, say), options, asked.repeat, say)
        made += lines(row, every[row], here, **TOLERANCES)
    return finish_lines(made, every, here, asked.json)


if __name__ == "__main__":
    sys.exit(main())
