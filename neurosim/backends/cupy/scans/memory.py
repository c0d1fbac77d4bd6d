"""The arrays of one run of a scan on a device."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ....errors import BackendError
from ....gradients import Carry, Ran, Scan
from ....gradients.running import Arrays
from .homes import Home
from .storage import OnDevice


class Memory:
    """Inputs, parameters, values and sums of one run.

    Parameters
    ----------
    scan, homes
        What is run, and where its values lie.
    edges
        For each kind of argument and edge space its array.
    storage, steps, copies
        Where arrays are made, and the numbers of steps and copies.
    """

    def __init__(self, scan: Scan, homes: Mapping[str, Home], edges: Mapping[tuple[str, str], Any], storage: OnDevice,
                 steps: int, copies: int):
        self.scan, self.homes, self._edges, self._storage = scan, homes, edges, storage
        self.steps, self.copies = steps, copies
        self.parameters: dict[str, Any] = {}
        self.totals: dict[str, Any] = {}
        self._arrays = {home.array: self._empty(name, home) for name, home in homes.items()
                        if home.kind not in ("input", "local") and not home.lag}
        self._sums: dict[str, tuple[int, Any]] = {}

    def take(self, inputs: Arrays, parameters: Arrays, starts: Arrays) -> None:
        """Take up what a run is given; a kernel would read beyond an array that is too small."""
        scan, storage = self.scan, self._storage
        for name in scan.of_kind("input"):
            values = storage.taken(name, inputs[name])
            row = self.copies * scan.size(name)
            if values.size not in (row, self.steps * row):
                wanted = (self.steps, self.copies, scan.size(name))
                raise BackendError(f"{name} must be {wanted}, got {tuple(values.shape)}")
            self._arrays[name] = values.reshape(-1, row)
        for name in scan.of_kind("parameter", "matrix"):
            values = storage.taken(name, parameters[name])
            if values.size != np.prod(scan.shape(name), dtype=np.int64):
                raise BackendError(f"{name} must be {scan.shape(name)}, got {tuple(values.shape)}")
            self.parameters[name] = values.reshape(scan.shape(name) or (1,))
        for carry in scan.pasts():
            self._begin(carry, starts.get(carry.start))

    def _empty(self, name: str, home: Home) -> Any:
        rows = {"sequence": self.steps + home.past, "ring": home.past + 1}.get(home.kind, 1)
        return self._storage.empty((rows, self.copies * self.scan.size(name)))

    def _begin(self, carry: Carry, given: Any) -> None:
        """The rows that a run begins with, in their places."""
        array, home, lag = self._arrays[carry.final], self.homes[carry.start], carry.lag
        rows = None
        if given is not None:
            rows = self._storage.taken(carry.start, given)
            if rows.size != lag * array.shape[1]:
                wanted = (lag, self.copies, self.scan.size(carry.start))
                raise BackendError(f"{carry.start} must be {wanted}, got {tuple(rows.shape)}")
            rows = rows.reshape(lag, -1)
        for k, place in enumerate(self._places(home, lag)):
            if rows is None:
                self._storage.device.clear(array[place])
            else:
                self._storage.device.copy(rows[k], array[place])

    def _places(self, home: Home, lag: int, done: int = 0) -> list[int]:
        """Where the last ``lag`` rows lie when ``done`` steps are done, in the order of running."""
        if home.kind == "held":
            return [0]
        if home.kind == "ring":
            return [(done + k - lag) % (home.past + 1) for k in range(lag)]
        if self.scan.reverse:
            return [self.steps - done + lag - 1 - k for k in range(lag)]
        return [home.past + done + k - lag for k in range(lag)]

    def sequence(self, name: str) -> Any:
        """All steps of a value, (T or 1, B N)."""
        home = self.homes[name]
        array = self._arrays[home.array]
        if home.kind == "input":
            return array
        first = home.lag if self.scan.reverse else home.past - home.lag
        return array[first : first + self.steps]

    def rows(self, name: str) -> Any:
        """All steps and copies of a value, (T B, N)."""
        values = self.sequence(name)
        if len(values) < self.steps:
            row, values = values, self._storage.empty((self.steps, values.size))
            self._storage.launch("spread", row.size, self.steps, row.size, row, values)
        return values.reshape(self.steps * self.copies, -1)

    def argument(self, kind: str, name: str, blocks: int) -> Any:
        """What an argument of a kernel of so many blocks stands for."""
        match kind:
            case "a":
                return self._arrays[name]
            case "n":
                return int(self.scan.spaces[name])
            case "at":
                return self._arrays[name].shape[1] if len(self._arrays[name]) > 1 else 0
            case "p":
                return self.parameters[name]
            case "w":
                weight, _, turned = name.partition(" ")
                return self._transposed(weight) if turned else self.parameters[weight]
            case "z":
                return self._sum(name, blocks)
        return self._edges[kind, name]

    def _transposed(self, weight: str) -> Any:
        matrix = self.parameters[weight]
        rows, columns = matrix.shape
        array = self._storage.empty((columns, rows))
        self._storage.launch("turn", matrix.size, rows, columns, matrix, array)
        return array

    def _sum(self, name: str, blocks: int) -> Any:
        """Sums of each copy and index, or for edges of each block and edge."""
        space = name.split(" ")[2]
        rows = blocks if space in self.scan.edges else self.copies
        array = self._storage.zeros((rows, self.scan.spaces[space]))
        self._sums[name] = rows, array
        return array

    def add_outer(self, left: Any, right: Any, total: str) -> None:
        """Add ``left.T @ right`` to a total."""
        found = self._storage.empty(self.scan.shape(total))
        self._storage.device.multiply(left.T, right, found)
        if total in self.totals:
            self._storage.add(found, self.totals[total])
        else:
            self.totals[total] = found

    def ran(self, keep: set[str]) -> Ran:
        """What came out."""
        sequences = {n: self.sequence(n).reshape(-1, self.copies, self.scan.size(n)) for n in sorted(keep)}
        ends = {c.start: self._end(c) for c in self.scan.pasts()}
        for name in self.scan.of_kind("total"):
            if name not in self.totals:
                self.totals[name] = self._storage.zeros(self.scan.shape(name))
        for name, (rows, array) in self._sums.items():
            self._storage.add_rows(array, rows, self.totals[name.split(" ")[0]])
        return Ran(sequences, ends, self.totals)

    def _end(self, carry: Carry) -> Any:
        array, home = self._arrays[carry.final], self.homes[carry.start]
        found = self._storage.empty((carry.lag, self.copies, self.scan.size(carry.start)))
        for k, place in enumerate(self._places(home, carry.lag, self.steps)):
            self._storage.device.copy(array[place], found[k])
        return found
