"""From runs to records: medians, ratios, whether the dynamics agree; printed and written."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any

from measure import QUIET, Measured, Tool

QUANTITY = {"build": "build_s", "microcircuit-memory": "rss_mib"}
"""The field whose ratio a row shows, where it is not ``simulate_s``."""
WEIGHT_TOLERANCE = 0.02
"""Largest difference of mean and standard deviation of learnt weights, of the largest weight, of equal dynamics."""


@dataclass(frozen=True, kw_only=True)
class Record:
    """One tool in one row, as written to JSON.

    Parameters
    ----------
    row, tool, version, threads, dtype, machine
        What ran, and where.
    model_seconds
        Model time that was timed, s.
    build_s, compile_s
        From the description to the first step with nothing left to compile, and what compiling adds to
        that the first time ever, s.
    simulate_s
        Wall time of the run phase per second of model time; in the rows ``start-first`` and
        ``start-later`` of the whole process.
    rss_mib
        Largest resident memory until the end of the timed phase, MiB.
    rate_hz
        Mean rate of all neurons, Hz.
    ratio
        This tool's quantity over neurosim's fastest; above 1, neurosim is the better.
    """

    row: str
    tool: str
    version: str
    threads: int
    build_s: float | None
    compile_s: float | None
    simulate_s: float | None
    rss_mib: float | None
    rate_hz: float | None
    ratio: float | None = None
    dtype: str
    machine: str
    model_seconds: float


@dataclass(frozen=True, kw_only=True)
class Line:
    """A record and what the table says beside it.

    Parameters
    ----------
    compile_again_s
        Compiling at a later start, s.
    cv
        Mean coefficient of variation of the intervals between spikes.
    weights
        Mean and standard deviation of learnt weights at the end, of the largest weight; None where nothing learns.
    load
        How many runs something else disturbed, and whether they count.
    remark
        How the dynamics differ from neurosim's; empty where they agree.
    """

    record: Record
    compile_again_s: float | None
    cv: float | None
    weights: tuple[float, float] | None = None
    load: str = ""
    remark: str = ""


def quantity(row: str) -> str:
    """The field that a row compares."""
    return QUANTITY.get(row, "simulate_s")


def middle(values: Iterable[float | None]) -> float | None:
    """The median of what there is, None of nothing."""
    known = [value for value in values if value is not None]
    return median(known) if known else None


def counted(runs: Sequence[Measured]) -> list[Measured]:
    """The runs without other load; all of them where there is none."""
    quiet = [run for run in runs if run.other_load is None or run.other_load <= QUIET]
    return quiet or list(runs)


def to_first_step(run: Measured) -> float | None:
    """Building and compiling together, s."""
    known = [run.answer.get(name) for name in ("build_s", "compile_s")]
    return sum(value or 0.0 for value in known) if any(value is not None for value in known) else None


def compile_times(runs: Sequence[Measured]) -> tuple[float | None, float | None, float | None]:
    """Build, compile at the first start and compile at later ones, s.

    A tool that caches compiles in round 0 alone, and part of that may hide in what it calls building:
    what its first start takes longer than the later ones build is its compiling.
    """
    cold, warm = [r for r in runs if r.round == 0], [r for r in runs if r.round > 0]
    if not runs[0].tool.caches:
        each = middle(run.answer.get("compile_s") for run in runs)
        return middle(run.answer.get("build_s") for run in runs), each, each
    if not (cold and warm):
        return middle(run.answer.get("build_s") for run in runs), None, None
    build = middle(run.answer.get("build_s") for run in warm)
    first = to_first_step(cold[0])
    compiled = None if first is None or build is None else max(0.0, first - build)
    return build, compiled, middle(run.answer.get("compile_s") for run in warm)


def summary(row: str, runs: Sequence[Measured], machine: str) -> Line:
    """One line of the table from all runs of one tool; the ratio comes later."""
    used = counted(runs)
    build, compiled, again = compile_times(runs)
    answer = runs[0].answer
    record = Record(
        row=row,
        tool=answer["tool"],
        version=answer["version"],
        threads=answer["threads"],
        dtype=answer["dtype"],
        machine=machine,
        model_seconds=answer["model_seconds"],
        build_s=build,
        compile_s=compiled,
        simulate_s=middle(run.answer.get("simulate_s") for run in used),
        rss_mib=middle(run.answer.get("rss_mib") for run in runs),
        rate_hz=middle(run.answer.get("rate_hz") for run in runs),
    )
    cv = middle(run.answer.get("cv") for run in runs)
    return Line(record=record, compile_again_s=again, cv=cv, weights=learnt(runs), load=load_remark(runs))


def learnt(runs: Sequence[Measured]) -> tuple[float, float] | None:
    """Mean and standard deviation of the weights at the end, medians over the runs; None where nothing learns."""
    mean, deviation = (middle(run.answer.get(name) for run in runs) for name in ("weight_mean", "weight_sd"))
    return None if mean is None or deviation is None else (mean, deviation)


def load_remark(runs: Sequence[Measured]) -> str:
    """How many runs something else disturbed, and whether they count; empty if none."""
    disturbed = [load for run in runs if (load := run.other_load or 0.0) > QUIET]
    if not disturbed:
        return ""
    fate = "left out" if len(disturbed) < len(runs) else "counted all the same"
    return f"{len(disturbed)} of {len(runs)} runs beside other load (up to {max(disturbed):.1f}), {fate}"


def ratio(field: str, theirs: Sequence[Measured], ours: Sequence[Measured]) -> float | None:
    """Median over the rounds of their ``field`` over ours in the same round.

    Rounds with other load on either side do not count where there are others.
    """
    by_round = {run.round: run for run in ours}
    pairs = [(run, by_round[run.round]) for run in theirs if run.round in by_round]
    quiet = [pair for pair in pairs if all((run.other_load or 0.0) <= QUIET for run in pair)]
    quotients = []
    for theirs_run, ours_run in quiet or pairs:
        above, below = theirs_run.answer.get(field), ours_run.answer.get(field)
        if above is not None and below:
            quotients.append(above / below)
    return middle(quotients)


def difference(theirs: Line, ours: Line, rate_tolerance: float, cv_tolerance: float) -> str:
    """How their dynamics differ from ours beyond the tolerances; empty if they do not."""
    said = []
    if theirs.record.rate_hz is not None and ours.record.rate_hz:
        off = theirs.record.rate_hz / ours.record.rate_hz - 1.0
        if abs(off) > rate_tolerance:
            said.append(f"rate {off:+.0%}")
    if theirs.cv is not None and ours.cv is not None and abs(theirs.cv - ours.cv) > cv_tolerance:
        said.append(f"CV {theirs.cv - ours.cv:+.2f}")
    if theirs.weights is not None and ours.weights is not None:
        off = [mine - own for mine, own in zip(theirs.weights, ours.weights, strict=True)]
        if max(map(abs, off)) > WEIGHT_TOLERANCE:
            said.append(f"weights {off[0]:+.2f}, their sd {off[1]:+.2f}")
    return ", ".join(said)


def runs_by_tool(runs: Sequence[Measured]) -> dict[Tool, list[Measured]]:
    """The runs of each tool, in the order in which tools first come."""
    found: dict[Tool, list[Measured]] = {}
    for run in runs:
        found.setdefault(run.tool, []).append(run)
    return found


def lines(
    row: str, runs: Sequence[Measured], machine: str, *, rate_tolerance: float, cv_tolerance: float
) -> list[Line]:
    """The lines of one row, each with its ratio to the fastest way of running neurosim."""
    by_tool = runs_by_tool(runs)
    made = {tool: summary(row, own, machine) for tool, own in by_tool.items()}
    field = quantity(row)
    ours = {
        tool: getattr(line.record, field)
        for tool, line in made.items()
        if line.record.tool == "neurosim" and getattr(line.record, field) is not None
    }
    if not ours:
        return list(made.values())
    best = min(ours, key=ours.__getitem__)
    return [
        replace(
            line,
            record=replace(line.record, ratio=_rounded(_ratio_in(field, by_tool[tool], by_tool[best]))),
            remark=difference(line, made[best], rate_tolerance, cv_tolerance),
        )
        for tool, line in made.items()
    ]


def _ratio_in(field: str, theirs: Sequence[Measured], ours: Sequence[Measured]) -> float | None:
    if field == "build_s" and any(run.round for run in ours):
        # round 0 compiles, which is not building
        theirs, ours = [run for run in theirs if run.round], [run for run in ours if run.round]
    return ratio(field, theirs, ours)


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.4g}")


def cell(value: float | None) -> str:
    """A number at three significant digits; a dash where there is none."""
    if value is None:
        return "–"
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.3g}"


COLUMNS = (
    "row", "tool", "threads", "dtype", "build s", "compile s first / later", "simulate s", "MiB", "Hz", "CV",
    "ratio", "remark",
)  # fmt: skip


def cells(line: Line) -> list[str]:
    """The cells of one line of the table, in the order of ``COLUMNS``."""
    record = line.record
    weights = "weights {:.3f} ± {:.3f}".format(*line.weights) if line.weights else ""
    remarks = [f"not the same dynamics: {line.remark}" if line.remark else "", weights, line.load]
    return [
        record.row,
        f"{record.tool} {record.version}",
        str(record.threads),
        record.dtype,
        cell(record.build_s),
        f"{cell(record.compile_s)} / {cell(line.compile_again_s)}",
        cell(record.simulate_s),
        cell(record.rss_mib),
        cell(record.rate_hz),
        cell(line.cv),
        cell(record.ratio),
        "; ".join(filter(None, remarks)),
    ]


def table(columns: Sequence[str], rows: Iterable[Sequence[str]], machine: str) -> Any:
    """A rich table."""
    from rich.table import Table

    shown = Table(title=machine)
    for column in columns:
        shown.add_column(column, justify="left" if column in ("row", "tool", "dtype", "remark") else "right")
    for row in rows:
        shown.add_row(*row)
    return shown


def write(path: Path, records: Sequence[Mapping[str, Any]], runs: Mapping[str, Sequence[Measured]]) -> None:
    """Write the records, and under ``runs`` every single answer that they came from."""
    every = [
        run.answer | {"row": row, "round": run.round, "wall_s": run.wall_s, "other_load": run.other_load}
        for row, own in runs.items()
        for run in own
    ]
    path.write_text(json.dumps({"records": records, "runs": every}, indent=1) + "\n")


def finish(
    shown: Any, records: Sequence[Mapping[str, Any]], runs: Mapping[str, Sequence[Measured]], path: Path | None
) -> int:
    """Print a table, write its records; returns the exit status, 1 where nothing could be measured."""
    from rich.console import Console

    Console(width=None if sys.stdout.isatty() else 170).print(shown)
    if path:
        write(path, records, runs)
    return 0 if records else 1


def finish_lines(made: Sequence[Line], runs: Mapping[str, Sequence[Measured]], machine: str, path: Path | None) -> int:
    """``finish`` for lines of the usual columns."""
    shown = table(COLUMNS, [cells(line) for line in made], machine)
    return finish(shown, [asdict(line.record) for line in made], runs, path)
