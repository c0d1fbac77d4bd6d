"""Scans in NumPy, one step after another: what compiled scans must agree with."""

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from ...equations import evaluate, parse
from ...gradients import (
    Along,
    AlongOuter,
    Fold,
    Outer,
    Product,
    Ran,
    Scan,
    ScanRunner,
    Step,
    Winner,
    check_scan,
)
from ...gradients.running import Arrays, ends_of


class ReferenceScan(ScanRunner):
    """See ``ScanRunner``; float64, every value of every step kept."""

    def __init__(self, scan: Scan, keep: Collection[str] = ()):
        check_scan(scan)
        self.scan, self.keep = scan, {*keep, *scan.outputs}

    def run(self, inputs: Arrays, parameters: Arrays, starts: Arrays, steps: int, copies: int,
            events: Mapping[str, Any] | None = None) -> Ran:
        """Run all steps; everything is kept as numbers here, so there are no events to take."""
        scan = self.scan
        totals: dict[str, Any] = {n: np.zeros(scan.shape(n)) for n in scan.of_kind("total")}
        fixed = {n: np.asarray(parameters[n], float) for n in scan.of_kind("parameter", "matrix")}
        past = {c.final: np.asarray(starts[c.start], float) if c.start in starts
                else np.zeros((c.lag, copies, scan.size(c.start))) for c in scan.pasts()}
        rows: list[dict[str, Any]] = []
        for k in range(steps):
            t = steps - 1 - k if scan.reverse else k
            now: dict[str, Any] = dict(fixed)
            now |= {n: np.asarray(inputs[n][min(t, len(inputs[n]) - 1)], float) for n in scan.of_kind("input")}
            now |= {c.start: rows[k - c.lag][c.final] if k >= c.lag else past[c.final][k - c.lag] for c in scan.carries}
            for op in scan.work:
                self._do(op, now, totals, copies)
            rows.append(now)
        found = rows[::-1] if scan.reverse else rows
        shape = {n: (steps, copies, scan.size(n)) for n in scan.values}
        sequences = {n: np.array([np.broadcast_to(r[n], shape[n][1:]) for r in found]).reshape(shape[n])
                     for n in self.keep}
        ends = {c.start: ends_of(past[c.final], np.array([r[c.final] for r in rows]).reshape(shape[c.start]))
                for c in scan.pasts()}
        return Ran(sequences, ends, totals)

    def _do(self, op: Any, now: dict[str, Any], totals: dict[str, Any], copies: int) -> None:
        match op:
            case Step():
                self._step(op, now, totals, copies)
            case Product():
                weight = now[op.weight].T if op.transpose else now[op.weight]
                now[op.target] = now[op.source] @ weight
            case Outer():
                totals[op.total] += now[op.left].T @ now[op.right]
            case Along():
                self._along(op, now)
            case AlongOuter():
                edges = self.scan.edges[op.edges]
                found = (now[op.left][:, edges.sources] * now[op.right][:, edges.targets]).sum(axis=0)
                totals[op.total] += found if totals[op.total].ndim else found.sum()
            case Fold():
                source = now[op.source]
                length = source.shape[1] // self.scan.size(op.target)
                found = source.reshape(len(source), -1, length).sum(axis=2) * op.scale
                now[op.target] = found
            case Winner():
                source = now[op.source]
                now[op.target] = (np.arange(source.shape[1]) == source.argmax(axis=1)[:, None]).astype(float)

    def _along(self, op: Along, now: dict[str, Any]) -> None:
        edges = self.scan.edges[op.edges]
        sources, targets = (edges.targets, edges.sources) if op.transpose else (edges.sources, edges.targets)
        source = now[op.source]
        found = np.zeros((len(source), self.scan.size(op.target)))
        np.add.at(found, (slice(None), targets), source[:, sources] * now[op.weight])  # type: ignore[arg-type]
        now[op.target] = found

    def _step(self, op: Step, now: dict[str, Any], totals: dict[str, Any], copies: int) -> None:
        size = self.scan.spaces[op.space]
        env: dict[str, Any] = {"pi": np.pi}
        for name, value in op.reads.items():
            env[name] = now[value]
            if name in op.segments:
                env[name] = np.repeat(now[value], size // self.scan.size(value), axis=-1)
        for assign in op.body:
            found = evaluate(parse(assign.value), env)
            env[assign.target] = env[assign.target] + found if assign.op == "+=" else found
        for name, value in op.writes.items():
            now[value] = np.broadcast_to(np.asarray(env[name], float), (copies, size))
        for name, total in op.totals.items():
            found = np.broadcast_to(env[name], (copies, size)).sum(axis=0)
            totals[total] += found if totals[total].ndim else found.sum()
