"""Finding infinity and not-a-number in the state of a run."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..backends import Runner
from ..errors import NonFiniteError
from ..program import Program

KEPT = 64_000_000
"""Largest state, in bytes, of which a copy is kept to find the exact step."""
LOOKED_AT = 20_000_000
"""Longest variable that is looked at; only edges are longer."""


class Nowhere:
    """A sink for what nobody wants to keep."""

    def events(
        self, key: str, steps: np.ndarray, indices: np.ndarray, replicas: np.ndarray | None = None
    ) -> None:
        """Drop events."""

    def samples(self, key: str, steps: np.ndarray, values: np.ndarray) -> None:
        """Drop samples."""


class FiniteCheck:
    """Looks after each chunk of a run whether every state variable is finite.

    Parameters
    ----------
    program, runner
        What runs. Variables of more than ``LOOKED_AT`` edges are not looked at.
    """

    def __init__(self, program: Program, runner: Runner):
        self.program, self.runner = program, runner
        sizes = {b.name: 1 if b.space is None else program.size_of(b.space) for b in program.buffers.values()}
        changing = [b.name for b in program.buffers.values() if b.kind == "state" and b.dtype == "float"]
        self.names = [name for name in changing if sizes[name] <= LOOKED_AT]
        self.keeps = 8 * sum(sizes[name] for name in changing) * program.replicas <= KEPT
        self._before: tuple[int, Mapping[str, np.ndarray]] | None = None

    def before(self) -> None:
        """Remember the state from which the next chunk starts, where it is small enough."""
        if self.keeps:
            self._before = self.runner.step, self.runner.state()

    def found(self) -> tuple[str, np.ndarray] | None:
        """A variable that is not finite, and where; None when all is well."""
        for name in self.names:
            values = self.runner.read(name)
            bad = ~np.isfinite(values)
            if bad.any():
                return name, np.argwhere(np.atleast_1d(bad))[0]
        return None

    def locate(self) -> tuple[int, NonFiniteError]:
        """The step in which the state ceased to be finite and an error that says so.

        The runner is left with the last finite state, or where it is when no copy was kept.
        """
        found = self.found()
        if self._before is None or found is None:
            return self.runner.step, self._error(found, self.runner.step, exact=False)
        (low, state), high = self._before, self.runner.step
        while high - low > 1:
            self.runner.restore(low, state)
            middle = (low + high) // 2
            while self.runner.step < middle:
                self.runner.advance(middle, Nowhere())
            later = self.found()
            if later is None:
                low, state = middle, self.runner.state()
            else:
                high, found = middle, later
        self.runner.restore(low, state)
        while self.runner.step < high:
            self.runner.advance(high, Nowhere())
        found = self.found() or found
        error = self._error(found, high, exact=True)
        self.runner.restore(low, state)
        return high, error

    def _error(self, found: Any, step: int, exact: bool) -> NonFiniteError:
        name, place = found
        part, _, variable = name.partition(".")
        value = np.atleast_1d(self.runner.read(name))[tuple(place)]
        copy = f" of replica {place[0]}" if len(place) > 1 else ""
        when = f"{'at' if exact else 'before'} t = {step * self.program.dt:g} ms"
        return NonFiniteError(
            f"{variable!r} of {part!r} became {value} at index {place[-1]}{copy} {when}; "
            f"a smaller dt, another method or smaller inputs may help"
        )
