"""Running an entry from the command line."""

import json
import types
import typing
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .._version import __version__
from ..catalog import Entry, entry
from ..errors import DescriptionError, NeurosimError, RecordingError, listing, nearest
from .printing import printer

if TYPE_CHECKING:
    from ..recording import Recording

FIGURE_INCHES = (9.0, 6.0)


def run_entry(
    name: str, settings: Sequence[str], *, duration: float | None, dt: float | None, seed: int, backend: str,
    folder: Path, overwrite: bool,
) -> None:
    """Build the entry with its settings, run it, and write what came of it into the folder."""
    from ..simulate import simulate

    model = entry(name)
    parameters = parse_settings(model, settings)
    duration = model.duration if duration is None else duration
    dt = model.dt if dt is None else dt
    network = _built(name, model, parameters)
    check_folder(folder, overwrite)
    out = printer()
    out.print(f"{name}: {duration:g} ms in steps of {dt:g} ms on {backend}, seed {seed}")
    try:
        recording = simulate(network, duration, dt=dt, backend=backend, seed=seed, record=list(model.record))
    except NeurosimError:
        if not any(folder.iterdir()):
            folder.rmdir()
        raise
    about = {"entry": name, "parameters": parameters, "duration": duration, "dt": dt, "seed": seed,
             "backend": backend, "version": __version__}
    written = write_results(folder, model, recording, about)
    out.print(repr(recording), markup=False)
    for path in written:
        out.print(f"wrote {path}", markup=False)


def _built(name: str, model: Entry, parameters: Mapping[str, Any]) -> Any:
    """The network; what a value given makes impossible is told in a line, too."""
    try:
        return model.build(**parameters)
    except NeurosimError:
        raise
    except (ArithmeticError, LookupError, MemoryError, TypeError, ValueError) as error:
        if not parameters:
            raise
        given = ", ".join(f"{key}={value!r}" for key, value in parameters.items())
        raise DescriptionError(f"--set: {name} cannot be built with {given}: {error}") from error


def parse_settings(model: Entry, settings: Sequence[str]) -> dict[str, Any]:
    """``name=value`` texts as values of the types that the entry's ``build`` declares.

    Raises
    ------
    DescriptionError
        When a text has no ``=``, names no parameter or one twice, or has a value of the wrong type.
    """
    hints = typing.get_type_hints(model.build)
    found: dict[str, Any] = {}
    for text in settings:
        name, equals, value = text.partition("=")
        name = name.strip()
        if not equals or not name:
            raise DescriptionError(f"--set takes NAME=VALUE, got {text!r}")
        if name not in model.parameters:
            raise DescriptionError(
                f"--set: no parameter {name!r}{nearest(name, model.parameters)}; "
                f"there are: {listing(model.parameters)}"
            )
        if name in found:
            raise DescriptionError(f"--set: {name!r} is given twice")
        found[name] = _value(name, value.strip(), hints.get(name, type(model.parameters[name])))
    return found


def _value(name: str, text: str, hint: Any) -> Any:
    union = typing.get_origin(hint) in (typing.Union, types.UnionType)
    kinds = typing.get_args(hint) if union else (hint,)
    words = {"true": True, "false": False}
    if type(None) in kinds and text.lower() == "none":
        return None
    if bool in kinds and text.lower() in words:
        return words[text.lower()]
    for kind in (int, float):
        if kind in kinds:
            try:
                number = kind(text)
            except ValueError:
                continue
            if number == number:  # NaN is no number
                return number
    if str in kinds:
        return text
    spoken = {int: "a whole number", float: "a number", bool: "true or false", type(None): "none"}
    choices = " or ".join(spoken.get(kind, str(kind)) for kind in kinds)
    raise DescriptionError(f"--set: {name} must be {choices}, got {text!r}")


def check_folder(folder: Path, overwrite: bool) -> None:
    """Refuse a folder that cannot be written to, or holds an earlier run, before anything is run."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".writable"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise RecordingError(f"cannot write into {folder}: {error.strerror}") from None
    if not overwrite and (folder / "recording").exists():
        raise DescriptionError(f"{folder} holds an earlier run; give another --out, or --overwrite")


def write_results(folder: Path, model: Entry, recording: "Recording", about: Mapping[str, Any]) -> list[Path]:
    """The recording, the figure where matplotlib is there, and how they came about; the paths written."""
    paths = [recording.save(folder / "recording", overwrite=True)]
    figure = draw(model, recording, folder / "figure.png")
    if figure is not None:
        paths.append(figure)
    paths.append(folder / "run.json")
    paths[-1].write_text(json.dumps(dict(about), indent=2) + "\n", encoding="utf-8")
    return paths


def draw(model: Entry, recording: "Recording", path: Path) -> Path | None:
    """The entry's figure of the recording as a PNG; None, with a word why, without matplotlib."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        printer().print("no figure: install matplotlib (pip install 'neurosim\\[plot]')")
        return None
    # without pyplot no window can open, and no state is left behind
    figure = Figure(figsize=FIGURE_INCHES, layout="constrained")
    FigureCanvasAgg(figure)
    model.figure(figure.add_subplot(), recording)
    figure.savefig(path, dpi=130)
    return path
