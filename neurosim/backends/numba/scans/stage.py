"""The text of one scanned stage: a function that takes one thread's copies through all steps."""

from collections.abc import Collection, Sequence

import numpy as np

from ....gradients import (
    Along,
    AlongOuter,
    Fold,
    Outer,
    Product,
    Scan,
    Stage,
    Step,
    Winner,
    Work,
    added_by,
    made_by,
    read_by,
)
from ..memory import symbol
from .fusing import segments
from .homes import Home, by_events, dense_products, together
from .text import StepText


class StageText:
    """The function of one stage.

    Parameters
    ----------
    scan, stage, homes
        What to render, and where its values lie.
    dtype
        Precision of the run.
    events
        Values whose products run over events, and which are noted as events.
    """

    def __init__(self, scan: Scan, stage: Stage, homes: dict[str, Home], dtype: np.dtype, events: Collection[str]):
        self.scan, self.stage, self.homes, self.dtype, self.events = scan, stage, homes, dtype, events
        self.arguments: dict[str, tuple[str, str]] = {}
        self.made = {v for op in stage.work for v in made_by(op) if v in events}

    def emit(self, name: str) -> str:
        """The definition."""
        body: list[tuple[int, str]] = []
        used = dict.fromkeys(v for op in self.stage.work for v in (*read_by(op), *made_by(op)))
        as_numbers = {v for op in self.stage.work for v in (*read_by(op), *made_by(op)) if v != self._spikes(op)}
        rows = [v for v in used if v in as_numbers and v in self.homes and self.homes[v].kind != "local"]
        for v in rows:
            body.append((2, f"c_{symbol(v)} = {self._array(v)}[{self._row(v)}]"))
        dense = dense_products(self.scan, self.stage, self.events)
        for segment in segments(self.stage.work, dense):
            op = segment[0][0]
            if isinstance(op, Product) and id(op) in dense:
                body += self._product(op)
            else:
                body += self._rows(segment)
        order = "steps - 1 - k" if self.scan.reverse else "k"
        noted = [f"    e_{symbol(v)} = {self._need('ep', v)}[q]" for v in sorted(self.made)]
        head = [
            f"@{'backwards' if self.scan.reverse else 'scanned'}",
            f"def {name}(q, lanes, steps, copies, {', '.join(self.arguments)}):",
            "    no_overlap()", "    lo, hi = copies * q // lanes, copies * (q + 1) // lanes",
            *(["    mode = ftz_on()"] if self.scan.reverse else []),
            *noted,
            "    for k in range(steps):", f"        t = {order}",
        ]
        tail = [f"    {self._need('ep', v)}[q] = e_{symbol(v)}" for v in sorted(self.made)]
        tail += ["    ftz_restore(mode)"] if self.scan.reverse else []
        return "\n".join([*head, *("    " * depth + line for depth, line in body), *tail]) + "\n"

    def _need(self, kind: str, name: str) -> str:
        """An argument, ``kind_name``; returns what it is called."""
        called = f"{kind}_{symbol(name).replace(' ', '_q')}"
        self.arguments.setdefault(called, (kind, name))
        return called

    def _array(self, value: str) -> str:
        return self._need("a", self.homes[value].array)

    def _row(self, value: str) -> str:
        """Which row of its array a value is in this step."""
        home = self.homes[value]
        match home.kind:
            case "input":
                return f"min(t, {self._array(value)}.shape[0] - 1)"
            case "sequence":
                return f"t + {home.lag}" if self.scan.reverse else f"t + {home.past - home.lag}"
            case "ring":
                return f"(k + {home.past + 1 - home.lag}) % {home.past + 1}"
            case "own":
                return "q"
        return "0"

    def _rows(self, segment: list[list[Work]]) -> list[tuple[int, str]]:
        """Loops that go through the copies one by one, or some at a time where rows are short."""
        work = [op for loop in segment for op in loop]
        spaces = {op.space for op in work if isinstance(op, Step)}
        alone = len(segment) == 1 and len(spaces) == 1 and not self.made.intersection(
            v for op in work for v in made_by(op))
        group = together(self.scan, next(iter(spaces))) if alone else 1
        lines = [(2, f"for b in range(lo, hi, {group}):"), (3, f"g = min({group}, hi - b)")]
        values = dict.fromkeys(v for op in work for v in (*read_by(op), *made_by(op)) if v != self._spikes(op))
        for v in values:
            if v in self.homes and self.homes[v].kind != "local":
                lines.append((3, f"r_{symbol(v)} = {self._slice(v)}"))
        for v in dict.fromkeys(v for op in work if not isinstance(op, Outer) for v in added_by(op)):
            lines.append((3, f"z_{symbol(v)} = {self._need('s', v)}[q]"))
        for loop in segment:
            lines += self._loop(loop)
            for v in (v for op in loop for v in made_by(op) if v in self.events):
                lines += self._note(v)
        return lines

    def _spikes(self, op: Work) -> str | None:
        return by_events(self.scan, op, self.events)

    def _note(self, v: str) -> list[tuple[int, str]]:
        """Note the indices at which the row just made is not 0."""
        array, start, stop = (self._need(kind, v) for kind in ("ei", "es", "ez"))
        size, past = self._need("n", self.scan.values[v].space or ""), self.scan.history(v)
        s = symbol(v)
        return [
            (3, f"{start}[(t + {past}) * copies + b] = e_{s}"), (3, "n = 0"),
            (3, f"while n + 16 <= {size}:"), (4, f"left = nonzero_bits(r_{s}, n)"), (4, "while left != 0:"),
            (5, f"{array}[q, e_{s}] = n + ctz(left)"), (5, f"e_{s} += 1"), (5, "left &= left - 1"), (4, "n += 16"),
            (3, f"while n < {size}:"), (4, f"if r_{s}[n] != F(0):"), (5, f"{array}[q, e_{s}] = n"), (5, f"e_{s} += 1"),
            (4, "n += 1"), (3, f"{stop}[(t + {past}) * copies + b] = e_{s}"),
        ]

    def _row_of_events(self, name: str) -> tuple[str, str, str, str]:
        """Array of indices, where those of this row start and stop in it, and the row's number."""
        v, lag = self.scan.origin(name)
        past = self.scan.history(v) - lag
        return (*(self._need(kind, v) for kind in ("ei", "es", "ez")), f"(t + {past}) * copies + b")  # type: ignore

    def _gather(self, op: Product) -> list[tuple[int, str]]:
        """A product with few ones: the rows of the weights at which they stand, four at a time."""
        index, start, stop, row = self._row_of_events(op.source)
        size = self._need("n", self.scan.values[op.target].space or "")
        weight = self._need("wr", f"{op.weight}{' turned' if op.transpose else ''}")
        out = f"r_{symbol(op.target)}"
        return [
            (3, f"for n in range({size}):"), (4, f"{out}[n] = F(0)"),
            (3, f"j, last = {start}[{row}], {stop}[{row}]"), (3, "while j + 4 <= last:"),
            *((4, f"w{m} = {weight}[{index}[q, j + {m}]]") for m in range(4)),
            (4, f"for n in range({size}):"), (5, f"{out}[n] += (w0[n] + w1[n]) + (w2[n] + w3[n])"), (4, "j += 4"),
            (3, "while j < last:"), (4, f"w0 = {weight}[{index}[q, j]]"), (4, f"for n in range({size}):"),
            (5, f"{out}[n] += w0[n]"), (4, "j += 1"),
        ]

    def _scatter(self, op: Outer) -> list[tuple[int, str]]:
        """An outer product with few ones: a row added at each."""
        spikes = self._spikes(op) or ""
        index, start, stop, row = self._row_of_events(spikes)
        other = op.right if spikes == op.left else op.left
        total = self._need("so", f"{op.total}{'' if spikes == op.left else ' turned'}")
        return [
            (3, f"for j in range({start}[{row}], {stop}[{row}]):"), (4, f"w0 = {total}[q, {index}[q, j]]"),
            (4, f"for n in range({self._need('n', self.scan.values[other].space or '')}):"),
            (5, f"w0[n] += r_{symbol(other)}[n]"),
        ]

    def _slice(self, v: str) -> str:
        size = self._need("n", self.scan.values[v].space or "")
        if self.homes[v].kind == "own":
            return f"c_{symbol(v)}[:g * {size}]"
        return f"c_{symbol(v)}[b * {size}:(b + g) * {size}]"

    def _loop(self, loop: Sequence[Work]) -> list[tuple[int, str]]:
        match loop[0]:
            case Step(space=space):
                return self._elementwise(space, [op for op in loop if isinstance(op, Step)])
            case Product() as op:
                return self._gather(op)
            case Outer() as op:
                return self._scatter(op)
            case Fold() as op:
                return self._fold(op)
            case Along() as op:
                return self._along(op)
            case AlongOuter() as op:
                return self._along_outer(op)
            case Winner() as op:
                return self._winner(op)
        raise TypeError(f"{type(loop[0]).__name__} is not done row by row")

    def _elementwise(self, space: str, work: list[Step]) -> list[tuple[int, str]]:
        lines = [(3, f"for n in range(g * {self._need('n', space)}):")]
        made: set[str] = set()
        for number, op in enumerate(work):
            text = StepText({name: self._read(value, name in op.segments, space, made)
                             for name, value in op.reads.items()}, self.dtype)
            for line, assign in enumerate(op.body):
                lines.append((4, text.assign(assign, f"o{number}_{line}")))
            for name, value in op.writes.items():
                lines.append((4, f"v_{symbol(value)} = {text.float_of(name)}"))
                made.add(value)
                if self.homes[value].kind != "local":
                    lines.append((4, f"r_{symbol(value)}[n] = v_{symbol(value)}"))
            for name, total in op.totals.items():
                lines.append((4, f"z_{symbol(total)}[n] += {text.float_of(name)}"))
        return lines

    def _read(self, value: str, segmented: bool, space: str, made: set[str]) -> str:
        """What a value is called inside the loop."""
        found = self.scan.values[value]
        if value in made:
            return f"v_{symbol(value)}"
        if found.kind == "parameter":
            return self._need("p", value) + ("" if found.space is None else f"[{self._index(value, segmented, space)}]")
        return f"r_{symbol(value)}[{self._index(value, segmented, space)}]"

    def _index(self, value: str, segmented: bool, space: str) -> str:
        if not segmented:
            return "n"
        length = self.scan.spaces[space] // self.scan.size(value)
        return f"n // {length}"

    def _fold(self, op: Fold) -> list[tuple[int, str]]:
        length = self.scan.size(op.source) // self.scan.size(op.target)
        source, target = f"r_{symbol(op.source)}", f"r_{symbol(op.target)}"
        total = f"total * F({op.scale!r})" if op.scale != 1.0 else "total"
        return [
            (3, f"for n in range({self._need('n', self.scan.values[op.target].space or '')}):"), (4, "total = F(0)"),
            (4, f"for j in range(n * {length}, (n + 1) * {length}):"), (5, f"total += {source}[j]"),
            (4, f"{target}[n] = {total}"),
        ]

    def _winner(self, op: Winner) -> list[tuple[int, str]]:
        size = self._need("n", self.scan.values[op.target].space or "")
        source, target = f"r_{symbol(op.source)}", f"r_{symbol(op.target)}"
        return [(3, "first = 0"), (3, f"for n in range(1, {size}):"), (4, f"if {source}[n] > {source}[first]:"),
                (5, "first = n"), (3, f"for n in range({size}):"), (4, f"{target}[n] = F(0)"),
                (3, f"{target}[first] = F(1)")]

    def _along(self, op: Along) -> list[tuple[int, str]]:
        first, target = self._need("first", op.edges), self._need("targets", op.edges)
        x, y = f"r_{symbol(op.source)}", f"r_{symbol(op.target)}"
        per_edge = self.scan.values[op.weight].space is not None
        weight = self._need("p", op.weight) + ("[e]" if per_edge else "")
        lines = [(3, f"for n in range({self._need('n', self.scan.values[op.target].space or '')}):"),
                 (4, f"{y}[n] = F(0)"), (3, f"for i in range({first}.size - 1):")]
        if op.transpose:
            return [*lines, (4, "total = F(0)"), (4, f"for e in range({first}[i], {first}[i + 1]):"),
                    (5, f"total += {weight} * {x}[{target}[e]]"), (4, f"{y}[i] += total")]
        return [*lines, (4, f"x = {x}[i]"), (4, "if x != F(0):"),
                (5, f"for e in range({first}[i], {first}[i + 1]):"), (6, f"{y}[{target}[e]] += {weight} * x")]

    def _along_outer(self, op: AlongOuter) -> list[tuple[int, str]]:
        first, target = self._need("first", op.edges), self._need("targets", op.edges)
        left, right, total = (f"{k}_{symbol(v)}" for k, v in (("r", op.left), ("r", op.right), ("z", op.total)))
        at = "[e]" if self.scan.values[op.total].space is not None else "[0]"
        return [(3, f"for i in range({first}.size - 1):"), (4, f"x = {left}[i]"), (4, "if x != F(0):"),
                (5, f"for e in range({first}[i], {first}[i + 1]):"), (6, f"{total}{at} += x * {right}[{target}[e]]")]

    def _product(self, op: Product) -> list[tuple[int, str]]:
        """One matrix product over this thread's copies."""
        rows, columns = (self._need("n", self.scan.values[v].space or "") for v in (op.source, op.target))
        weight = self._need("wp", f"{op.weight}{' turned' if op.transpose else ''}")
        return [(2, f"multiply_rows(lo, hi, {rows}, {columns}, c_{symbol(op.source)}, {weight}, c_{symbol(op.target)}, "
                    f"{self._need('spare', '')}[q])")]
