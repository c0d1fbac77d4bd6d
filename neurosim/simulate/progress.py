"""Telling how far a run is."""

import sys
from typing import Any, Protocol


class Progress(Protocol):
    """What is called during a run: with the model time done and to be done, ms; both count from its start."""

    def __call__(self, done: float, total: float) -> None:
        """Take note; the last call of a whole run has ``done == total``."""
        ...


class Bar:
    """A tqdm bar over ms of model time; what it shows at the end stays."""

    def __init__(self) -> None:
        self._bar: Any = None

    def __call__(self, done: float, total: float) -> None:
        if self._bar is None:
            from tqdm.auto import tqdm

            shape = "{l_bar}{bar}| {n:.0f}/{total:.0f} ms [{elapsed}<{remaining}]"
            self._bar = tqdm(total=total, bar_format=shape)
        self._bar.update(done - self._bar.n)

    def close(self) -> None:
        """Show the end and let go of the line."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None


def make_progress(progress: "bool | Progress") -> "Progress | None":
    """The callback for an argument: True is a bar in terminals and notebooks and nothing elsewhere."""
    if progress is True:
        return Bar() if _watched() else None
    return progress or None


def _watched() -> bool:
    """Whether somebody looks: standard error is a terminal, or this is a notebook's kernel."""
    return sys.stderr is not None and sys.stderr.isatty() or "ipykernel" in sys.modules
