"""Measure associative memories: one retrieval of a modern Hopfield network, one sweep of a dense Hebbian one.

    python benchmarks/memories.py dense-hebbian hopfield --repeat 5 --json memories.json

Tools take turns (A B A B) on the same data, within one process but for hflayers, which has an environment of its own
(``make_peers.py hflayers``) and is measured where that stands; medians of the rounds are shown. See README.md.
"""

import argparse
import atexit
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE / "peers")]

from make_peers import python_of  # noqa: E402
from measure import machine  # noqa: E402

MEMORY_ROW = "read-patterns"
"""What a sweep cannot be faster than: reading every entry of the patterns once."""


@dataclass(frozen=True, kw_only=True)
class Tool:
    """One way to do a row's work; ``run`` does it once and returns what can be compared."""

    name: str
    version: str
    threads: int
    dtype: str
    build_s: float
    run: Callable[[], Any]
    compile_s: float | None = None


@dataclass(frozen=True, kw_only=True)
class Record:
    """One tool in one row; times in s, ``ratio`` is its time over neurosim's."""

    row: str
    tool: str
    version: str
    threads: int
    dtype: str
    build_s: float
    compile_s: float | None
    simulate_s: float
    rss_mib: float
    ratio: float
    difference: float
    machine: str


def dense_hebbian(units: int, stored: int) -> list[Tool]:
    """One asynchronous sweep of P = 4 from an archetype at temperature 0, sweep after sweep."""
    from neurosim import DenseHebbian, Network, RandomPatterns, Simulation, __version__

    patterns = RandomPatterns(stored, units, seed=1)
    tools = []
    for dtype in ("float32", "float64"):
        begun = time.perf_counter()
        session = Simulation(Network({"m": DenseHebbian(patterns)}), dt=1.0, dtype=dtype, threads=1, progress=False)
        session.run(2.0)  # the first finds the overlaps

        def sweep(session: Any = session) -> np.ndarray:
            session.run(1.0)
            return np.asarray(session.get("m.s"))

        tools.append(Tool(name="neurosim", version=__version__, threads=1, dtype=dtype, run=sweep,
                          build_s=time.perf_counter() - begun))
    begun = time.perf_counter()
    by_unit = patterns.by_unit()
    built = time.perf_counter() - begun
    state = by_unit[:, 0].astype(np.float32)
    overlaps = state @ by_unit.astype(np.float32)
    tools.append(Tool(name="numpy", version=np.__version__, threads=1, dtype="float32", build_s=built,
                      run=lambda: numpy_sweep(by_unit, state, overlaps)))
    words = by_unit.reshape(-1).view(np.int64) if by_unit.size % 8 == 0 else by_unit.reshape(-1)
    tools.append(Tool(name=MEMORY_ROW, version=np.__version__, threads=1, dtype="int8", build_s=built, run=words.sum))
    return tools


def numpy_sweep(by_unit: np.ndarray, state: np.ndarray, overlaps: np.ndarray) -> np.ndarray:
    """The same sweep with a loop over units, each visit vectorised over patterns."""
    size = np.float32(3 * len(state) - 5)
    for j in np.random.default_rng(0).permutation(len(state)):
        x = by_unit[j].astype(np.float32)
        others = overlaps - x * state[j]
        field = x @ (others * (others * others - size))
        new = np.sign(field) if field else state[j]
        if new != state[j]:
            overlaps += x * (new - state[j])
            state[j] = new
    return state.copy()


def hopfield(stored: int, size: int, batch: int, hflayers: Path | None = None) -> list[Tool]:
    """One update of a batch of cues; what is read out is the patterns themselves.

    ``hflayers`` is the interpreter of an environment that has it, where there is one.
    """
    import torch
    from hopfield_rows import BETA, workload

    from neurosim import __version__
    from neurosim.bridges.torch.association import associate

    patterns, cues = workload(stored, size, batch)
    shared = {"threads": torch.get_num_threads(), "dtype": "float32", "build_s": 0.0}

    def attention() -> np.ndarray:
        fused = torch.nn.functional.scaled_dot_product_attention
        with torch.no_grad():
            return fused(cues[None], patterns[None], patterns[None], scale=BETA)[0].numpy()

    def ours() -> np.ndarray:
        with torch.no_grad():
            return associate(cues[None], patterns[None], patterns[None], BETA)[0][0].numpy()

    def plain() -> np.ndarray:
        scores = BETA * (cues.numpy() @ patterns.numpy().T)
        scores = np.exp(scores - scores.max(axis=1, keepdims=True))
        return scores / scores.sum(axis=1, keepdims=True) @ patterns.numpy()

    tools = [Tool(name="neurosim", version=__version__, run=ours, **shared),
             Tool(name="torch attention", version=torch.__version__, run=attention, **shared),
             Tool(name="numpy", version=np.__version__, run=plain, **shared)]
    return tools if hflayers is None else [*tools, hopfield_of_hflayers(hflayers, stored, size, batch, **shared)]


def hopfield_of_hflayers(python: Path, stored: int, size: int, batch: int, **shared: Any) -> Tool:
    """The same in a process of its own that waits for its turn; what it retrieves is read back once."""
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder) / "retrieved.npy"
        numbers = map(str, (stored, size, batch, shared["threads"]))
        other = subprocess.Popen([python, HERE / "peers" / "hflayers_hopfield.py", *numbers, result], text=True,
                                 stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        asked, answers = other.stdin, other.stdout
        assert asked is not None and answers is not None
        version = answers.readline().strip()
        if not version:
            raise RuntimeError(f"hflayers failed in {python}: see what it printed above")
        retrieved = np.load(result)
    atexit.register(other.terminate)

    def theirs() -> np.ndarray:
        asked.write("again\n")
        asked.flush()
        if not answers.readline():
            raise RuntimeError("the process of hflayers has ended")
        return retrieved

    return Tool(name="hflayers", version=version, run=theirs, **shared)


def environment_of_hflayers(folder: Path) -> Path | None:
    """The interpreter of the environment that ``make_peers.py hflayers`` makes, if it is there."""
    python = python_of(folder / "hflayers")
    return python if python.exists() else None


ROWS: dict[str, Callable[[float, Path], list[Tool]]] = {
    "dense-hebbian": lambda scale, _: dense_hebbian(round(5000 * scale), round(20_000 * scale)),
    "hopfield": lambda scale, peers: hopfield(round(100_000 * scale), 1024, 256, environment_of_hflayers(peers)),
}


def measured(row: str, tools: Sequence[Tool], repeat: int) -> list[Record]:
    """Rounds in which each tool runs once, in turn; medians."""
    times: dict[int, list[float]] = {n: [] for n in range(len(tools))}
    results: dict[int, Any] = {}
    for _ in range(repeat):
        for n, tool in enumerate(tools):
            begun = time.perf_counter()
            results[n] = tool.run()
            times[n].append(time.perf_counter() - begun)
    rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0
    # the ratio of medians would let a slow minute of the machine count for one tool only
    ratios = {n: median(t / own for t, own in zip(times[n], times[0], strict=True)) for n in times}
    return [Record(row=row, tool=tool.name, version=tool.version, threads=tool.threads, dtype=tool.dtype,
                   build_s=tool.build_s, compile_s=tool.compile_s, simulate_s=median(times[n]), rss_mib=rss,
                   ratio=ratios[n], difference=_difference(results[n], results[0]), machine=machine())
            for n, tool in enumerate(tools)]


def _difference(found: Any, ours: Any) -> float:
    """Greatest difference from neurosim's result; NaN where there is nothing to compare."""
    return float(np.abs(found - ours).max()) if np.shape(found) == np.shape(ours) and np.ndim(found) else float("nan")


def table(records: Sequence[Record]) -> Any:
    """The records as a table."""
    from rich.table import Table

    shown = Table("row", "tool", "threads", "dtype", "seconds", "ratio", "difference", title=records[0].machine)
    for r in records:
        numbers = f"{r.simulate_s:.4g}", f"{r.ratio:.2f}", f"{r.difference:.1g}"
        shown.add_row(r.row, r.tool, str(r.threads), r.dtype, *numbers)
    return shown


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("rows", nargs="+", metavar="ROW", choices=list(ROWS), help=", ".join(ROWS))
    parser.add_argument("--repeat", type=int, default=5, help="rounds")
    parser.add_argument("--scale", type=float, default=1.0, help="of units and patterns, in (0, 1]")
    parser.add_argument("--environments", type=Path, default=HERE.parent / ".peers", help="folder of the peers")
    parser.add_argument("--json", type=Path, help="file for the records")
    asked = parser.parse_args(arguments)
    if asked.repeat < 1 or not 0.0 < asked.scale <= 1.0:
        parser.error(f"--repeat must be >= 1 and --scale in (0, 1], got {asked.repeat} and {asked.scale}")
    return asked


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print the table, write JSON."""
    from rich.console import Console

    asked = parse(arguments)
    records = [r for row in dict.fromkeys(asked.rows)
               for r in measured(row, ROWS[row](asked.scale, asked.environments), asked.repeat)]
    Console(width=None if sys.stdout.isatty() else 150).print(table(records))
    if asked.json:
        asked.json.write_text(json.dumps({"records": [asdict(r) for r in records]}, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
