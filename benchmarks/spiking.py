"""Measure neurosim against NEST and Brian 2 on spiking networks.

    python benchmarks/spiking.py coba cuba --peers nest,brian2 --json spiking.json

Every tool runs as a process of its own, in turn, so that a slow minute of the machine is everybody's. The
peers' environments are made by ``make_peers.py``; a peer that is not there is left out. See README.md.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE / "peers")]

from measure import Measured, Tool, in_turn, machine  # noqa: E402
from records import Line, finish_lines, lines  # noqa: E402
from workloads import WORKLOADS, workload  # noqa: E402

SCRIPTS = HERE / "peers"
BRIAN_ROWS = ("coba", "cuba", "cuba10", "cobahh", "brunel", "stdp", "start")
GROUPS = {"nest": ("nest",), "brian2": ("brian2-cython", "brian2-cpp")}
ALSO = {"microcircuit": ("build", "microcircuit-memory")}
"""Rows that the runs of another row answer too."""


def names_of(peers: str) -> list[str]:
    """The tools behind a list such as ``nest,brian2`` or ``brian2-cpp``; none for an empty text."""
    known = [name for group in GROUPS.values() for name in group]
    found: list[str] = []
    for peer in filter(None, peers.split(",")):
        if peer not in GROUPS and peer not in known:
            choices = ", ".join(dict.fromkeys([*GROUPS, *known]))
            raise argparse.ArgumentTypeError(f"no peer {peer!r}; there are: {choices}")
        found += [name for name in GROUPS.get(peer, (peer,)) if name not in found]
    return found


def numbers(text: str) -> list[int]:
    """Thread counts such as ``1,2``."""
    try:
        found = [int(word) for word in text.split(",")]
    except ValueError:
        found = []
    if not found or min(found) < 1:
        raise argparse.ArgumentTypeError(f"must be whole numbers >= 1 with commas between, got {text!r}")
    return list(dict.fromkeys(found))


def precisions(text: str) -> list[str]:
    """Precisions such as ``float32,float64``."""
    found = text.split(",")
    for word in found:
        if word not in ("float32", "float64"):
            raise argparse.ArgumentTypeError(f"must be float32, float64 or both, got {word!r}")
    return list(dict.fromkeys(found))


def above_zero(text: str) -> float:
    """A number above 0."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"must be > 0, got {text!r}")
    return value


def at_most_one(text: str) -> float:
    """A number in (0, 1]."""
    value = above_zero(text)
    if value > 1.0:
        raise argparse.ArgumentTypeError(f"must be in (0, 1], got {text!r}")
    return value


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("rows", nargs="+", metavar="ROW", choices=list(WORKLOADS), help=", ".join(WORKLOADS))
    parser.add_argument("--peers", type=names_of, default="nest,brian2", help="or brian2-cython, brian2-cpp")
    parser.add_argument("--json", type=Path, help="file for the records")
    parser.add_argument("--repeat", type=int, default=3, help="rounds; the medians are of these")
    parser.add_argument("--threads", type=numbers, default="1,2", help="each tool runs at each of these")
    parser.add_argument("--seconds", type=above_zero, help="timed model time, s; each row has its own")
    parser.add_argument("--scale", type=at_most_one, default=1.0, help="of brunel and microcircuit, in (0, 1]")
    parser.add_argument("--dtype", type=precisions, default="float32", help="of neurosim alone")
    parser.add_argument("--without-neurosim", action="store_true", help="measure the peers alone")
    parser.add_argument("--environments", type=Path, default=HERE.parent / ".peers")
    asked = parser.parse_args(arguments)
    if asked.repeat < 1:
        parser.error(f"--repeat must be >= 1, got {asked.repeat}")
    if asked.json and not asked.json.resolve().parent.is_dir():
        parser.error(f"--json: there is no folder {asked.json.resolve().parent}")
    return asked


def own_tools(threads: Sequence[int], dtypes: Sequence[str]) -> list[Tool]:
    """neurosim, in this very environment."""
    script = SCRIPTS / "neurosim_spiking.py"
    return [
        Tool(
            name="neurosim",
            python=Path(sys.executable),
            script=script,
            threads=count,
            dtype=dtype,
            options=("--dtype", dtype),
            caches=True,
        )
        for dtype in dtypes
        for count in threads
    ]


def peer_tools(row: str, name: str, threads: Sequence[int], environments: Path) -> list[Tool]:
    """The ways of running one peer in a row; none where it cannot."""
    peer, _, mode = name.partition("-")
    if peer == "brian2" and row not in BRIAN_ROWS:
        return []
    return [
        Tool(
            name=name,
            python=environments / peer / "bin" / "python",
            script=SCRIPTS / f"{peer}_spiking.py",
            threads=count,
            dtype="float64",
            options=("--mode", mode) if mode else (),
            caches=mode == "cython",
        )
        for count in ([1] if mode == "cython" else threads)
    ]


def tools(row: str, asked: argparse.Namespace, say: Callable[[str], None]) -> list[Tool]:
    """Everything that runs in a row, neurosim first; a peer that is not made is reported and left out."""
    # a start is dominated by what is not threaded
    threads = [min(asked.threads)] if row == "start" else asked.threads
    found = [] if asked.without_neurosim else own_tools(threads, asked.dtype)
    for name in asked.peers:
        for tool in peer_tools(row, name, threads, asked.environments):
            if tool.python.exists():
                found.append(tool)
            else:
                say(f"{tool.label} left out: {tool.python} is not there; run make_peers.py")
    return found


def started(runs: Sequence[Measured]) -> list[Measured]:
    """The same runs with the time of the whole process as what is compared."""
    length = WORKLOADS["start"].observe
    return [
        replace(run, answer=run.answer | {"simulate_s": run.wall_s / length, "model_seconds": length})
        for run in runs
    ]


def measure(row: str, asked: argparse.Namespace, say: Callable[[str], None]) -> dict[str, list[Measured]]:
    """The runs of one row, under the names of all rows that they answer."""
    arguments = [row, "--scale", str(asked.scale)]
    if asked.seconds is not None:
        arguments += ["--seconds", str(asked.seconds)]
    first, later = in_turn(tools(row, asked, say), arguments, asked.repeat, say, twice=row == "start")
    if row == "start":
        return {"start-first": started(first), "start-later": started(later)}
    return {name: first for name in (row, *ALSO.get(row, ()))}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print the table, write JSON; the exit status is 1 where nothing could be measured."""
    from rich.console import Console

    asked, here = parse(arguments), machine()
    note = Console(stderr=True, highlight=False)
    every: dict[str, list[Measured]] = {}
    made: list[Line] = []
    for row in dict.fromkeys(asked.rows):
        run = workload(row)
        measured = measure(row, asked, lambda text: note.print(text, markup=False))
        for name, runs in measured.items():
            if name not in every:
                every[name] = runs
                limits = {"rate_tolerance": run.rate_tolerance, "cv_tolerance": run.cv_tolerance}
                made += lines(name, runs, here, **limits)
    return finish_lines(made, every, here, asked.json)


if __name__ == "__main__":
    sys.exit(main())
