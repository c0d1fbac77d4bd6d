"""Measure training in neurosim against snnTorch, SpikingJelly, Norse and loops of torch: seconds for an iteration.

    python benchmarks/training.py train-feedforward train-recurrent train-elm --json training.json

An iteration is a forward run, the loss and all gradients. Every tool runs as a process of its own, in turn;
``make_peers.py torch`` makes the peers' environment. MiB is what a process needs beyond the input.
"""

import argparse
import sys
from collections.abc import Collection, Sequence
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE / "peers")]

from measure import Tool, in_turn, machine  # noqa: E402
from records import Line, finish_lines, lines  # noqa: E402

SPIKING = ("train-feedforward", "train-feedforward-lively", "train-recurrent", "train-recurrent-lively")
ROWS = (*SPIKING, "train-elm")
OURS = ("events", "dense", "recompute")
PEERS = ("snntorch", "snntorch-hoisted", "spikingjelly", "norse")


def parser_of(purpose: str | None, rows: Collection[str]) -> argparse.ArgumentParser:
    """What every script on training is asked."""
    parser = argparse.ArgumentParser(description=(purpose or "").splitlines()[0])
    parser.add_argument("rows", nargs="+", metavar="ROW", choices=rows, help=", ".join(rows))
    parser.add_argument("--peers", default=",".join(PEERS), help=f"of {', '.join(PEERS)}; torch always runs train-elm")
    parser.add_argument("--json", type=Path, help="file for the records")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--environments", type=Path, default=HERE.parent / ".peers")
    return parser


def checked(parser: argparse.ArgumentParser, arguments: Sequence[str] | None) -> argparse.Namespace:
    """The command line, read; it ends here where it cannot be used."""
    asked = parser.parse_args(arguments)
    asked.peers = [name for name in asked.peers.split(",") if name]
    for name in asked.peers:
        if name not in PEERS:
            parser.error(f"no peer {name!r}; there are: {', '.join(PEERS)}")
    for name, value in vars(asked).items():
        if name in ("repeat", "threads") and value < 1:
            parser.error(f"--{name} must be >= 1, got {value}")
    return asked


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = parser_of(__doc__, ROWS)
    parser.add_argument("--repeat", type=int, default=3, help="rounds; the medians are of these")
    return checked(parser, arguments)


def tools(row: str, asked: argparse.Namespace) -> list[Tool]:
    """neurosim's ways of running a row, then the peers that are there."""
    own, python = Path(sys.executable), asked.environments / "torch" / "bin" / "python"
    ours = OURS if row in SPIKING else ("dense", "recompute")
    found = [_tool("neurosim", own, "neurosim_training.py", mode, asked) for mode in ours]
    peers = asked.peers if row in SPIKING else ["torch"]
    if "recurrent" not in row:
        peers = [name for name in peers if name != "snntorch-hoisted"]
    if not python.exists():
        print(f"peers left out: {python} is not there; run make_peers.py torch", file=sys.stderr)
        return found
    return found + [_tool(name, python, "torch_training.py", name, asked) for name in peers]


def _tool(name: str, python: Path, script: str, mode: str, asked: argparse.Namespace) -> Tool:
    return Tool(name=name, python=python, script=HERE / "peers" / script, threads=asked.threads, dtype="float32",
                options=("--mode", mode), caches=name == "neurosim")  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print the table, write JSON; the exit status is 1 where nothing could be measured."""
    from rich.console import Console

    asked, here = parse(arguments), machine()
    note = Console(stderr=True, highlight=False)
    made: list[Line] = []
    every = {}
    for row in dict.fromkeys(asked.rows):
        every[row], _ = in_turn(tools(row, asked), [row], asked.repeat, lambda text: note.print(text, markup=False))
        made += lines(row, every[row], here, rate_tolerance=1.0, cv_tolerance=1.0)
    return finish_lines(made, every, here, asked.json)


if __name__ == "__main__":
    sys.exit(main())
