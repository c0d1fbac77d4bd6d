"""How time and memory grow with neurons, with synapses onto each, with their rate and with threads.

    python benchmarks/growth.py --json growth.json                          # measure: about five minutes
    python benchmarks/growth.py --of growth.json --figure docs/figures/growth.png --page docs/speed.md

One thing grows at a time; each point is a process of its own, all run in turn, and then all again. An exponent is the
slope of a line through the logarithms: 1 is in proportion. See README.md.
"""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE / "peers")]

from growth_points import Point, axes  # noqa: E402
from measure import QUIET, Measured, Tool, machine, run_once  # noqa: E402
from pages import has_place, markdown, put  # noqa: E402
from records import cell, counted, table  # noqa: E402
from spiking import above_zero, at_most_one  # noqa: E402

MARK = "growth"
SEEN = "Time of a model second and memory against neurons, synapses, rate and threads, with fitted lines"
MEANING = {"neurons": "neurons", "synapses": "synapses onto each neuron", "rate": "rate (Hz)", "threads": "threads"}
OF_AXIS = {"neurons": "neurons", "synapses": "indegree", "rate": "rate_hz", "threads": "threads"}
"""What each axis is called, and the field of a record that grows along it."""
GROWING = {"simulate_s": "time of a model second", "build_s": "time to build", "network_mib": "memory"}


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--json", type=Path, help="file for the records")
    parser.add_argument("--of", type=Path, help="show the records of this file and measure nothing")
    parser.add_argument("--figure", type=Path, help="file for the figure")
    parser.add_argument("--page", type=Path, help="page of the documentation to write the tables into")
    parser.add_argument("--repeat", type=int, default=3, help="rounds; the medians are of these")
    parser.add_argument("--seconds", type=above_zero, default=1.0, help="timed model time of a point, s")
    parser.add_argument("--scale", type=at_most_one, default=1.0, help="of neurons and synapses, for a quick look")
    asked = parser.parse_args(arguments)
    if asked.repeat < 1:
        parser.error(f"--repeat must be >= 1, got {asked.repeat}")
    for name in ("json", "figure"):
        place = getattr(asked, name)
        if place and not place.resolve().parent.is_dir():
            parser.error(f"--{name}: there is no folder {place.resolve().parent}")
    if asked.of and not asked.of.is_file():
        parser.error(f"--of: there is no file {asked.of}")
    if asked.page and not has_place(asked.page, MARK):
        parser.error(f"--page: {asked.page} has no place for {MARK!r}")
    return asked


def tool(point: Point) -> Tool:
    """How a point is run."""
    options = {"neurons": point.neurons, "indegree": point.indegree, "ratio": point.ratio}
    words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    return Tool(name=f"{point.neurons:,} neurons, {point.indegree:,} synapses each, drive {point.ratio:g}",
                python=Path(sys.executable), script=HERE / "peers" / "neurosim_growth.py", threads=point.threads,
                dtype="float32", options=tuple(words), caches=True)  # fmt: skip


def measure(points: Sequence[Point], asked: argparse.Namespace) -> dict[Point, list[Measured]]:
    """The runs of every point; what is compiled in the first round is there in the later ones."""
    from rich.console import Console

    note = Console(stderr=True, highlight=False)
    found: dict[Point, list[Measured]] = {point: [] for point in points}
    with tempfile.TemporaryDirectory() as cache:
        for turn in range(asked.repeat):
            for point, runs in found.items():
                note.print(f"{tool(point).label}, round {turn + 1} of {asked.repeat}", markup=False)
                arguments = ["--seconds", str(asked.seconds), "--seed", str(turn + 1)]
                runs.append(run_once(tool(point), arguments, Path(cache), turn))
    return found


def record(axis: str, point: Point, runs: Sequence[Measured]) -> dict[str, Any]:
    """Medians of one point; ``network_mib`` is what its process takes beyond one with a tiny network."""
    numbers = {name: median(run.answer[name] for run in counted(runs)) for name in ("build_s", "simulate_s", "rate_hz")}
    numbers["peak_mib"] = median(run.answer["peak_mib"] for run in runs)
    numbers["network_mib"] = median(run.answer["peak_mib"] - run.answer["before_mib"] for run in runs)
    events = point.neurons * point.indegree * numbers["rate_hz"]
    per_event = 1e9 * numbers["simulate_s"] / events if events else None
    return {"axis": axis, **asdict(point), **numbers, "ns_per_event": per_event,
            "disturbed": sum((run.other_load or 0.0) > QUIET for run in runs), "runs": len(runs)}  # fmt: skip


def exponent(x: Sequence[float], y: Sequence[float]) -> float | None:
    """Slope of the straight line through the logarithms; None where there are not two points above 0."""
    usable = [(one, other) for one, other in zip(x, y, strict=True) if one > 0 and other > 0]
    if len({one for one, _ in usable}) < 2:
        return None
    logs = np.log(np.array(usable))
    return float(np.polyfit(logs[:, 0], logs[:, 1], 1)[0])


def fits(records: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Exponents of time and memory along each axis: over all points, and between the two largest."""
    found = []
    for axis, field in OF_AXIS.items():
        own = sorted((one for one in records if one["axis"] == axis), key=lambda one: one[field])
        for name in GROWING:
            x, y = [one[field] for one in own], [one[name] for one in own]
            found.append({"axis": axis, "of": name, "exponent": exponent(x, y), "last": exponent(x[-2:], y[-2:])})
    return found


COLUMNS = ("grows", "neurons", "synapses each", "rate Hz", "threads", "build s", "simulate s", "ns / event", "MiB")


def cells(one: dict[str, Any]) -> list[str]:
    """One line of the table of points."""
    measured = (cell(one[name]) for name in ("build_s", "simulate_s", "ns_per_event", "network_mib"))
    sizes = [f"{one['neurons']:,}", f"{one['indegree']:,}"]
    return [MEANING[one["axis"]], *sizes, cell(one["rate_hz"]), str(one["threads"]), *measured]


FIT_COLUMNS = ("with", "time of a model second", "time to build", "memory")


def fit_cells(found: Sequence[dict[str, Any]]) -> list[list[str]]:
    """The table of exponents: over all points, and in brackets between the two largest."""
    shown = {(one["axis"], one["of"]): f"{_two(one['exponent'])} ({_two(one['last'])})" for one in found}
    return [[MEANING[axis], *(shown[axis, name] for name in GROWING)] for axis in OF_AXIS]


def _two(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def page(content: dict[str, Any], picture: str) -> str:
    """What stands in the documentation: the figure, exponents, points, and how they were measured."""
    records = content["records"]
    disturbed, runs = sum(one["disturbed"] for one in records), sum(one["runs"] for one in records)
    rounds = records[0]["runs"]
    beside = f" {disturbed} of {runs} runs had other load beside them." if disturbed else ""
    seen = f"![{SEEN}]({picture})\n\n" if picture else ""
    return (
        f"{seen}{markdown(FIT_COLUMNS, fit_cells(content['fits']))}\n{markdown(COLUMNS, map(cells, records))}\n"
        f"{content['machine']}, single precision, {rounds} round{'s' * (rounds > 1)} of "
        f"{content['model_seconds']:g} model s, medians.{beside}\n"
    )


def draw(content: dict[str, Any], file: Path) -> None:
    """Time above and memory below, one column an axis, both axes logarithmic, with the fitted lines."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    from matplotlib.ticker import NullFormatter, NullLocator

    slopes = {(one["axis"], one["of"]): one["exponent"] for one in content["fits"]}
    shown = {"simulate_s": "s per model second", "network_mib": "MiB"}
    figure, grid = plt.subplots(2, len(OF_AXIS), figsize=(10, 4.6), sharey="row", layout="constrained")
    for column, (axis, field) in enumerate(OF_AXIS.items()):
        own = [one for one in content["records"] if one["axis"] == axis]
        x = np.array([one[field] for one in own], dtype=float)
        for row, (name, label) in enumerate(shown.items()):
            ax, y, slope = grid[row, column], np.array([one[name] for one in own]), slopes[axis, name]
            ax.loglog(x, y, "o", color="#0072B2", markersize=5)
            if slope is not None:
                middle = np.exp(np.log(x).mean()), np.exp(np.log(y[y > 0]).mean())
                ends = np.array([x.min(), x.max()])
                ax.loglog(ends, middle[1] * (ends / middle[0]) ** slope, "--", color="0.5", linewidth=1.0)
                ax.set_title(f"exponent {slope:.2f}", fontsize="small")
            ax.set(xlabel=MEANING[axis] if row else "", ylabel=label if column == 0 else "")
            ax.spines[["top", "right"]].set_visible(False)
        for ax in grid[:, column]:  # names of the smaller ticks would lie over each other
            ax.set_xticks(x, [f"{value:,.0f}" for value in x], fontsize="x-small")
            ax.xaxis.set_minor_locator(NullLocator())
            ax.yaxis.set_minor_formatter(NullFormatter())
    figure.savefig(file, dpi=120)
    plt.close(figure)


def measured(asked: argparse.Namespace) -> dict[str, Any]:
    """Everything that is written to JSON; a point of several axes is measured once."""
    points = axes(asked.scale, os.cpu_count() or 1)
    runs = measure([point for own in points.values() for point in own], asked)
    records = [record(axis, point, runs[point]) for axis, own in points.items() for point in own]
    return {"machine": machine(), "model_seconds": asked.seconds, "records": records, "fits": fits(records)}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, or read what was measured; print the tables, write what is asked for."""
    from rich.console import Console

    asked = parse(arguments)
    content = json.loads(asked.of.read_text()) if asked.of else measured(asked)
    console = Console(width=None if sys.stdout.isatty() else 130)
    console.print(table(COLUMNS, map(cells, content["records"]), content["machine"]))
    console.print(table(FIT_COLUMNS, fit_cells(content["fits"]), "exponents (between the two largest points)"))
    if asked.json:
        asked.json.write_text(json.dumps(content, indent=1) + "\n")
    if asked.figure:
        draw(content, asked.figure)
    if asked.page:
        picture = os.path.relpath(asked.figure, asked.page.parent) if asked.figure else ""
        put(asked.page, MARK, page(content, picture))
    return 0


if __name__ == "__main__":
    sys.exit(main())
