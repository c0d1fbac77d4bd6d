"""The commands and their options."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from .._version import __version__
from ..errors import DescriptionError, NeurosimError

HELP = "Simulate brain-inspired systems, and check the models of the catalog against their papers."
WRONG_USAGE, FAILED = 2, 1

app = typer.Typer(
    help=HELP, no_args_is_help=True, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False
)

Json = Annotated[bool, typer.Option("--json", help="print JSON, for programs")]
Backend = Annotated[str, typer.Option(help="where to run: numba, cupy or reference")]
Seed = Annotated[int, typer.Option(help="of everything drawn", min=0)]


def main(arguments: list[str] | None = None) -> None:
    """Run the command line; an error of ours is one line on standard error, never a traceback.

    The exit status is 2 for wrong usage, and 1 where a run fails or a claim does not hold that is not known to miss.
    """
    try:
        app(arguments, prog_name="neurosim")
    except DescriptionError as error:
        _end(error, WRONG_USAGE)
    except NeurosimError as error:
        _end(error, FAILED)
    except OSError as error:
        where = f": {error.filename}" if error.filename else ""
        _end(f"{error.strerror or error}{where}", FAILED)


def _end(error: Any, status: int) -> None:
    print(f"neurosim: {error}", file=sys.stderr)
    sys.exit(status)


def _version(asked: bool) -> None:
    if asked:
        print(f"neurosim {__version__}")
        raise typer.Exit


@app.callback()
def _top(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="show the version and leave")
    ] = False,
) -> None:
    pass


@app.command("list")
def list_entries(json: Json = False) -> None:
    """List the published models of the catalog."""
    from . import entries

    entries.show_list(json)


@app.command()
def info(name: Annotated[str, typer.Argument(help="name of an entry; see list")]) -> None:
    """Show an entry: paper, parameters, claims, and what differs."""
    from . import entries

    entries.show_entry(name)


@app.command()
def run(
    name: Annotated[str, typer.Argument(help="name of an entry; see list")],
    set_: Annotated[list[str], typer.Option("--set", metavar="NAME=VALUE", help="a parameter; repeatable")] = [],  # noqa: B006
    duration: Annotated[float | None, typer.Option(help="model time, ms; the entry has its own")] = None,
    dt: Annotated[float | None, typer.Option(help="time step, ms; the entry has its own")] = None,
    seed: Seed = 0,
    backend: Backend = "numba",
    out: Annotated[Path | None, typer.Option(help="folder for the results; NAME_output by default")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="replace what an earlier run left there")] = False,
) -> None:
    """Run an entry; write its recording and its figure into a folder."""
    from . import running

    folder = out if out is not None else Path(f"{name}_output")
    running.run_entry(
        name, set_, duration=duration, dt=dt, seed=seed, backend=backend, folder=folder, overwrite=overwrite
    )


@app.command()
def check(
    names: Annotated[list[str] | None, typer.Argument(help="names of entries; see list")] = None,
    all_: Annotated[bool, typer.Option("--all", help="every entry")] = False,
    quick: Annotated[bool, typer.Option("--quick", help="claims that take seconds (the default)")] = False,
    slow: Annotated[bool, typer.Option("--slow", help="those that take minutes too")] = False,
    full: Annotated[bool, typer.Option("--full", help="those at the paper's own size too")] = False,
    allow_known: Annotated[bool, typer.Option("--allow-known", help="exit with 0 if only known misses fail")] = False,
    seed: Seed = 0,
    backend: Backend = "numba",
    json: Json = False,
) -> None:
    """Measure what the papers claim; exit with 1 where a claim does not hold."""
    from . import checking

    if bool(names) == all_:
        raise typer.BadParameter("give the names of entries, or --all")
    if quick + slow + full > 1:
        raise typer.BadParameter("give one of --quick, --slow and --full; each includes those before it")
    cost = "full" if full else "slow" if slow else "quick"
    if not checking.run_checks(names or [], cost, seed=seed, backend=backend, json=json, allow_known=allow_known):
        raise typer.Exit(FAILED)


@app.command()
def doctor(json: Json = False) -> None:
    """Say what this machine has, and whether every backend works here."""
    from . import health

    if not health.show(json):
        raise typer.Exit(FAILED)


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="folder for the results")] = Path("demo_output"),
    scale: Annotated[float, typer.Option(help="share of the circuit's neurons and inputs")] = 0.2,
    seed: Seed = 0,
) -> None:
    """Run a cortical microcircuit; show rates beside those published."""
    from . import demonstration

    demonstration.run_demo(out, scale, seed)
