"""The arrays of one run of a scan."""

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from ....errors import BackendError
from ....gradients import Carry, Ran, Scan
from ....gradients.running import Arrays
from .homes import Home, together
from .lending import lend
from .notes import EventRows
from .panels import PANEL_BYTES, TILE, panels


class Memory:
    """Inputs, parameters, values and sums of one run.

    Parameters
    ----------
    scan, homes, keep
        What is run, where its values lie, and which sequences are handed out.
    edges
        First edges and targets of each edge space.
    dtype, lanes, steps, copies
        Precision, and the numbers of threads, steps and copies.
    """

    def __init__(self, scan: Scan, homes: Mapping[str, Home], keep: Collection[str], edges: Mapping[str, Any],
                 dtype: np.dtype, lanes: int, steps: int, copies: int):
        self.scan, self.homes, self.keep, self.edges, self.dtype = scan, homes, keep, edges, dtype
        self.lanes, self.steps, self.copies = lanes, steps, copies
        self.arrays = {home.array: self._empty(name, home) for name, home in homes.items()
                       if home.kind not in ("input", "local") and not home.lag}
        self.inputs: dict[str, np.ndarray] = {}
        self.parameters: dict[str, np.ndarray] = {}
        self.events: dict[str, EventRows] = {}
        self.sums: dict[str, np.ndarray] = {}
        self.outers: dict[str, np.ndarray] = {}
        self.totals = {n: np.zeros(scan.shape(n), dtype) for n in scan.of_kind("total")}
        self.multiplied: set[str] = set()

    def take(self, inputs: Arrays, parameters: Arrays, starts: Arrays) -> None:
        """Take up what a run is given."""
        for name in self.scan.of_kind("input"):
            if name in inputs:
                values = np.ascontiguousarray(inputs[name], self.dtype)
                self.inputs[name] = values.reshape(len(values), self.copies * self.scan.size(name))
        for name in self.scan.of_kind("parameter", "matrix"):
            self.parameters[name] = np.asarray(parameters[name], self.dtype, order="C")
        for carry in self.scan.pasts():
            self._begin(carry, starts.get(carry.start))

    def _empty(self, name: str, home: Home) -> np.ndarray:
        size, space = self.scan.size(name), self.scan.values[name].space or ""
        shape = {
            "sequence": (self.steps + home.past, self.copies * size), "ring": (home.past + 1, self.copies * size),
            "whole": (1, self.copies * size), "own": (self.lanes, together(self.scan, space) * size),
        }[home.kind]
        return lend(shape, self.dtype)  # type: ignore[arg-type]

    def _begin(self, carry: Carry, given: np.ndarray | None) -> None:
        """The rows that a run begins with, in their places."""
        home = self.homes[carry.start]
        if home.kind in ("local", "own"):
            return
        array = self.arrays[home.array]
        for k in range(carry.lag):
            row = 0.0 if given is None else np.reshape(given[k], -1)
            if home.kind == "ring":
                array[(k - carry.lag) % (home.past + 1)] = row
            elif self.scan.reverse:
                array[self.steps + carry.lag - 1 - k] = row
            else:
                array[home.past - carry.lag + k] = row

    def sequence(self, name: str) -> np.ndarray:
        """All steps of a value, (T, B N)."""
        home = self.homes[name]
        if home.kind == "input":
            return self.inputs[name]
        first = home.lag if self.scan.reverse else home.past - home.lag
        return self.arrays[home.array][first : first + self.steps]

    def rows(self, name: str) -> np.ndarray:
        """All steps and copies of a value, (T B, N)."""
        values = self.sequence(name)
        if len(values) < self.steps:
            values = np.repeat(values, self.steps, axis=0)
        return values.reshape(self.steps * self.copies, -1)

    def argument(self, kind: str, name: str) -> Any:
        """What an argument of a generated function stands for."""
        match kind:
            case "a":
                return self.inputs[name] if name in self.inputs else self.arrays[name]
            case "n":
                return self.scan.spaces[name]
            case "w":
                return self.parameters[name]
            case "wr":
                return np.ascontiguousarray(self._matrix(name))
            case "wp":
                return panels(self._matrix(name))
            case "spare":
                return np.empty((self.lanes, TILE * PANEL_BYTES // self.dtype.itemsize), self.dtype)
            case "p":
                return self._parameter(name)
            case "s":
                return self.sums.setdefault(name, self._sum(name))
            case "so":
                return self.outers.setdefault(name, self._outer(name))
            case "ei" | "es" | "ez" | "ep":
                found = self.events[name]
                return {"ei": found.index, "es": found.start, "ez": found.stop, "ep": found.filled}[kind]
            case "first" | "targets":
                return self.edges[name][kind == "targets"]
        raise BackendError(f"a generated function asks for {kind!r}, which a run does not have")

    def _matrix(self, name: str) -> np.ndarray:
        weight, _, turned = name.partition(" ")
        return self.parameters[weight].T if turned else self.parameters[weight]

    def _parameter(self, name: str) -> Any:
        values, space = self.parameters[name], self.scan.values[name].space
        if space is None:
            return self.dtype.type(values)
        return values if space in self.scan.edges else np.tile(values, together(self.scan, space))

    def _sum(self, name: str) -> np.ndarray:
        """One sum per thread and index, so that no two threads add to the same place."""
        space = self.scan.values[name].space
        if space is not None and space in self.scan.edges:
            return np.zeros((self.lanes, self.scan.spaces[space]), self.dtype)
        # a number is added up index by index too, in whatever space it is read
        spaces = [s for s in self.scan.spaces if s not in self.scan.edges] if space is None else [space]
        size = max(self.scan.spaces[s] * together(self.scan, s) for s in spaces)
        return np.zeros((self.lanes, size), self.dtype)

    def _outer(self, name: str) -> np.ndarray:
        total, _, turned = name.partition(" ")
        shape = self.scan.shape(total)
        return np.zeros((self.lanes, *(shape[::-1] if turned else shape)), self.dtype)

    def ran(self) -> Ran:
        """What came out."""
        sequences = {n: self.sequence(n).reshape(-1, self.copies, self.scan.size(n)) for n in self.keep}
        ends = {c.start: self._end(c) for c in self.scan.pasts()}
        for name, sums in self.sums.items():
            total = self.totals[name]
            total += sums.sum() if not total.ndim else sums.reshape(-1, total.size).sum(axis=0)
        for name, sums in self.outers.items():
            into, _, turned = name.partition(" ")
            found = sums.sum(axis=0)
            self.totals[into] += found.T if turned else found
        return Ran(sequences, ends, self.totals, dict(self.events))

    def _end(self, carry: Carry) -> np.ndarray:
        home, shape = self.homes[carry.start], (carry.lag, self.copies, self.scan.size(carry.start))
        if home.kind in ("local", "own"):
            found = self.events[self.scan.origin(carry.start)[0]]
            last = self.steps + found.past
            return found.dense(last - carry.lag, last, self.copies, self.dtype)
        array = self.arrays[home.array]
        if home.kind == "ring":
            slots = [(self.steps - carry.lag + j) % (home.past + 1) for j in range(carry.lag)]
            return array[slots].reshape(shape)
        rows = array[: carry.lag][::-1] if self.scan.reverse else array[len(array) - carry.lag :]
        return rows.copy().reshape(shape)
