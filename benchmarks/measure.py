"""Run each tool as a process of its own, in turn, and watch what else uses the machine."""

import json
import os
import platform
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

QUIET = 0.1
"""Mean number of processors busy with something else above which a run does not count."""


@dataclass(frozen=True, kw_only=True)
class Tool:
    """One way of running a row.

    Parameters
    ----------
    name
        As printed: ``neurosim``, ``nest``, ``brian2-cpp``.
    python, script
        The interpreter of its environment and the script that it runs.
    threads, dtype
        Number of threads; precision of the states.
    options
        Further arguments of the script.
    caches
        Whether it keeps compiled code for later starts.
    """

    name: str
    python: Path
    script: Path
    threads: int
    dtype: str
    options: tuple[str, ...] = ()
    caches: bool = False

    @property
    def label(self) -> str:
        """Name, threads and precision in one line."""
        return f"{self.name}, {self.threads} thread{'s' * (self.threads > 1)}, {self.dtype}"


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What one process said.

    Parameters
    ----------
    tool, round
        Who, and in which turn, from 0.
    answer
        The fields of its line; ``simulate_s`` is per model second.
    wall_s
        Time of the whole process, s.
    other_load
        Processors busy with something else meanwhile, on average; None where this cannot be known.
    """

    tool: Tool
    round: int
    answer: dict[str, Any] = field(default_factory=dict)
    wall_s: float
    other_load: float | None


class PeerError(RuntimeError):
    """A tool's process failed or said nothing."""


def busy_seconds(stat: str) -> float:
    """Processor time that was not idle since the machine started, s, from the text of ``/proc/stat``."""
    counts = [int(word) for word in stat.splitlines()[0].split()[1:9]]
    return (sum(counts) - counts[3] - counts[4]) / os.sysconf("SC_CLK_TCK")


def _busy_now() -> float | None:
    try:
        return busy_seconds(Path("/proc/stat").read_text())
    except OSError:
        return None


def machine() -> str:
    """Processor, number of processors and Python, in one line."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    model = names[0] if names else platform.processor() or platform.machine()
    return f"{model}, {os.cpu_count()} processors, Python {platform.python_version()}"


def answer_of(output: str) -> dict[str, Any]:
    """The last line of ``output`` that is a JSON object."""
    for line in reversed(output.splitlines()):
        if line.startswith("{"):
            answer = json.loads(line)
            if isinstance(answer, dict):
                return answer
    raise PeerError("no line of JSON in its output")


def run_once(tool: Tool, arguments: Sequence[str], cache: Path, turn: int) -> Measured:
    """Start ``tool`` once with its compiled code in ``cache`` and wait for its line.

    Raises
    ------
    PeerError
        With the last lines of what the process complained of.
    """
    command = [str(tool.python), str(tool.script), *arguments, "--threads", str(tool.threads), *tool.options]
    environment = os.environ | {"NEUROSIM_CACHE_DIR": str(cache), "OMP_NUM_THREADS": str(tool.threads)}
    begin, busy, own = time.perf_counter(), _busy_now(), sum(os.times()[:4])
    done = subprocess.run(
        [*command, "--cache", str(cache)], capture_output=True, text=True, check=False, env=environment
    )
    wall, busy_after = time.perf_counter() - begin, _busy_now()
    if done.returncode:
        raise PeerError(f"{tool.label} failed:\n" + "\n".join(done.stderr.strip().splitlines()[-5:]))
    # os.times counts the child and what it waited for, so that its compilers are not others
    others = None
    if busy is not None and busy_after is not None:
        others = max(0.0, busy_after - busy - (sum(os.times()[:4]) - own)) / wall
    return Measured(tool=tool, round=turn, answer=answer_of(done.stdout), wall_s=wall, other_load=others)


def in_turn(
    tools: Sequence[Tool],
    arguments: Sequence[str],
    rounds: int,
    say: Callable[[str], None],
    *,
    twice: bool = False,
) -> tuple[list[Measured], list[Measured]]:
    """Run all tools once, then all again: A B A B; each round has a seed of its own.

    Parameters
    ----------
    arguments
        The row and its options.
    rounds
        How often each tool runs.
    twice
        Start each tool two times in each round, first with nothing compiled.

    Returns
    -------
    The runs and, where ``twice``, the second starts. A tool that fails is reported to ``say`` and left out.
    """
    first: list[Measured] = []
    later: list[Measured] = []
    failed: set[Tool] = set()
    with tempfile.TemporaryDirectory() as caches:
        for turn in range(rounds):
            for number, tool in enumerate(tools):
                if tool in failed:
                    continue
                cache = Path(caches) / (f"{number}-{turn}" if twice else str(number))
                cache.mkdir(exist_ok=True)
                seeded = [*arguments, "--seed", str(turn + 1)]
                say(f"{arguments[0]}: {tool.label}, round {turn + 1} of {rounds}")
                try:
                    first.append(run_once(tool, seeded, cache, turn))
                    if twice:
                        later.append(run_once(tool, seeded, cache, turn))
                except PeerError as error:
                    failed.add(tool)
                    say(str(error))
    return first, later
