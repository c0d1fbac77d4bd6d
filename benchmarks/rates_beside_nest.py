"""Whether neurosim and NEST make the same rates: Brunel's four regimes and the cortical microcircuit, seed by seed.

    python benchmarks/rates_beside_nest.py --seeds 5 --scale 0.2 --json rates.json
    python benchmarks/rates_beside_nest.py --of rates.json --page docs/coming_from.md

Both run the same descriptions, of ``peers/workloads.py``, as processes of their own, and draw their networks and inputs
themselves; so what is compared are means over seeds. Two means agree where they differ by no more than twice the
standard deviation of a single run. The exit status is 0 where all do. Times do not matter here.
"""

import argparse
import json
import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import mean, stdev

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE / "peers")]

from measure import Measured, Tool, in_turn, machine  # noqa: E402
from pages import has_place, markdown, put  # noqa: E402
from records import table  # noqa: E402
from spiking import at_most_one, own_tools, peer_tools  # noqa: E402
from workloads import COMPARED  # noqa: E402

MARK = "rates beside NEST"
BOUND = 2.0
"""Largest difference of two means that agree, in standard deviations of a single run."""
LEAST_SEEDS = 3


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """One number of a network in both tools.

    Parameters
    ----------
    row, scale, quantity
        Network, its share of the published size, and what was measured, with its unit.
    ours, theirs
        neurosim's and NEST's value at each seed.
    """

    row: str
    scale: float
    quantity: str
    ours: tuple[float, ...]
    theirs: tuple[float, ...]

    @property
    def spread(self) -> float:
        """Standard deviation of a single run, of both tools together."""
        return math.sqrt((stdev(self.ours) ** 2 + stdev(self.theirs) ** 2) / 2.0)

    @property
    def difference(self) -> float:
        """neurosim's mean less NEST's."""
        return mean(self.ours) - mean(self.theirs)

    @property
    def agrees(self) -> bool:
        """Whether the means lie within the spread of seeds."""
        return abs(self.difference) <= BOUND * self.spread


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"all unless named: {', '.join(COMPARED)}")
    parser.add_argument("--seeds", type=int, default=5, help=f"how many, at least {LEAST_SEEDS}")
    parser.add_argument("--scale", type=at_most_one, default=0.2, help="of the networks, in (0, 1]")
    parser.add_argument("--json", type=Path, help="file for all values")
    parser.add_argument("--of", type=Path, nargs="+", default=[], help="show the values of these files and run nothing")
    parser.add_argument("--page", type=Path, help="page of the documentation to write the table into")
    parser.add_argument("--environments", type=Path, default=HERE.parent / ".peers")
    asked = parser.parse_args(arguments)
    asked.rows = list(dict.fromkeys(asked.rows or COMPARED))
    unknown = [row for row in asked.rows if row not in COMPARED]
    if unknown:
        parser.error(f"no row {unknown[0]!r}; there are: {', '.join(COMPARED)}")
    if asked.seeds < LEAST_SEEDS:
        parser.error(f"--seeds must be >= {LEAST_SEEDS}, got {asked.seeds}")
    if asked.json and not asked.json.resolve().parent.is_dir():
        parser.error(f"--json: there is no folder {asked.json.resolve().parent}")
    for file in asked.of:
        if not file.is_file():
            parser.error(f"--of: there is no file {file}")
    if asked.page and not has_place(asked.page, MARK):
        parser.error(f"--page: {asked.page} has no place for {MARK!r}")
    return asked


def compare(row: str, scale: float, runs: Sequence[Measured]) -> list[Comparison]:
    """The rate of each population and the CV of all neurons, at the seeds that both tools have run."""
    by_tool: dict[str, dict[int, Measured]] = {}
    for run in runs:
        by_tool.setdefault(run.tool.name, {})[run.round] = run
    ours, theirs = by_tool.get("neurosim", {}), by_tool.get("nest", {})
    seeds = sorted(ours.keys() & theirs.keys())
    if len(seeds) < LEAST_SEEDS:
        return []
    numbers: dict[str, Callable[[Measured], float]] = {
        f"{name}, Hz": lambda run, name=name: run.answer["rates"][name]  # type: ignore[misc]
        for name in ours[seeds[0]].answer["rates"]
    }
    if all(run.answer["cv"] is not None for tool in (ours, theirs) for run in tool.values()):
        numbers["CV"] = lambda run: run.answer["cv"]
    return [
        Comparison(row=row, scale=scale, quantity=quantity, ours=tuple(value(ours[seed]) for seed in seeds),
                   theirs=tuple(value(theirs[seed]) for seed in seeds))
        for quantity, value in numbers.items()
    ]  # fmt: skip


COLUMNS = ("network", "quantity", "scale", "seeds", "neurosim", "NEST", "difference", "in sd of a run", "agrees")


def cells(one: Comparison) -> list[str]:
    """One line of the table."""
    # two digits of the spread, as many places of the mean
    places = max(0, 1 - math.floor(math.log10(one.spread))) if one.spread > 0 else 3
    shown = [f"{mean(values):.{places}f} ± {stdev(values):.{places}f}" for values in (one.ours, one.theirs)]
    in_spread = f"{one.difference / one.spread:+.1f}" if one.spread > 0 else "–"
    part = one.difference / mean(one.theirs) if mean(one.theirs) else math.nan
    sizes = [f"{one.scale:g}", str(len(one.ours))]
    return [one.row, one.quantity, *sizes, *shown, f"{part:+.1%}", in_spread, "yes" if one.agrees else "no"]


def tools(environments: Path) -> list[Tool]:
    """neurosim in double precision, as NEST is, and NEST, one thread each."""
    return own_tools([1], ["float64"]) + peer_tools("brunel", "nest", [1], environments)


def ran(asked: argparse.Namespace) -> list[Comparison]:
    """All rows asked for, at all seeds; nothing where NEST is not there."""
    from rich.console import Console

    note, both = Console(stderr=True, highlight=False), tools(asked.environments)
    for tool in both:
        if not tool.python.exists():
            note.print(f"{tool.python} is not there; run make_peers.py", markup=False)
            return []
    found: list[Comparison] = []
    for row in asked.rows:
        arguments = [row, "--scale", str(asked.scale)]
        runs, _ = in_turn(both, arguments, asked.seeds, lambda text: note.print(text, markup=False))
        found += compare(row, asked.scale, runs)
    return found


def read(file: Path) -> list[Comparison]:
    """What ``--json`` wrote."""
    return [
        Comparison(row=one["row"], scale=one["scale"], quantity=one["quantity"], ours=tuple(one["ours"]),
                   theirs=tuple(one["theirs"]))
        for one in json.loads(file.read_text())
    ]  # fmt: skip


def summary(found: Sequence[Comparison]) -> str:
    """The table as it stands in a page."""
    agreeing = sum(one.agrees for one in found)
    return f"{markdown(COLUMNS, map(cells, found), left=2)}\n{agreeing} of {len(found)} agree.\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, print, write; the exit status is 1 where something differs or nothing could be compared."""
    from rich.console import Console

    asked = parse(arguments)
    found = [one for file in asked.of for one in read(file)] if asked.of else ran(asked)
    if not found:
        return 1
    Console(width=None if sys.stdout.isatty() else 130).print(table(COLUMNS, map(cells, found), machine()))
    if asked.json:
        asked.json.write_text(json.dumps([asdict(one) for one in found], indent=1) + "\n")
    if asked.page:
        put(asked.page, MARK, summary(found))
    return 0 if all(one.agrees for one in found) else 1


if __name__ == "__main__":
    sys.exit(main())
