"""What the texts of all kernels of scans share: arguments, rows of values, and elementwise steps."""

from collections.abc import Mapping

from ....gradients import Scan, Step, made_by
from ..layout import symbol
from .homes import Home
from .parts import Part
from .text import StepText

_TYPES = {
    "p": "const F*", "w": "const F*", "z": "F*", "n": "i64", "at": "i64", "first": "const i64*", "last": "const int*",
    "edge": "const int*",
}  # fmt: skip


class PartText:
    """The text of one kernel while it is written.

    Parameters
    ----------
    scan, part, homes
        What to render, and where its values lie.
    number
        Of the kernel, which is called ``part_`` and that.
    bits
        Width of a float.
    """

    def __init__(self, scan: Scan, part: Part, homes: Mapping[str, Home], number: int, bits: int):
        self.scan, self.part, self.homes, self.number, self.bits = scan, part, homes, number, bits
        self.arguments: dict[str, tuple[str, str]] = {}
        self.head: dict[str, None] = {}
        self.made = {name for op in part.work for name in made_by(op)}
        self._written = {homes[name].array for name in self.made}

    @property
    def parameters(self) -> list[str]:
        """The declarations of the arguments in C."""
        return [f"{self._type(kind, name)} {called}" for called, (kind, name) in self.arguments.items()]

    def need(self, kind: str, name: str) -> str:
        """An argument; returns what it is called.

        Kinds: ``a`` array, ``p`` parameter, ``w`` weights (``w turned``: transposed), ``z`` sums, ``n`` size of a
        space, ``at`` numbers from row to row of an input; of edges (``edges turned``: by target) ``first`` of each
        index, ``last``, the index at the other end, and ``edge``, the number of the edge.
        """
        called = f"{kind}_{symbol(name).replace(' ', '_q')}"
        self.arguments.setdefault(called, (kind, name))
        return called

    def size(self, space: str | None) -> str:
        """The size of a space."""
        called = f"size_{symbol(space or '')}"
        self.head[f"const int {called} = int({self.need('n', space or '')});"] = None
        return called

    def array(self, value: str) -> str:
        """The array in which a value lies."""
        return self.need("a", self.homes[value].array)

    def row(self, value: str) -> str:
        """Where the row of this step begins in the array of a value."""
        home = self.homes[value]
        stride = f"copies * {self.size(self.scan.values[value].space)}"
        match home.kind:
            case "input":
                return f"t * {self.need('at', value)}"
            case "sequence":
                return f"(t + {home.lag if self.scan.reverse else home.past - home.lag}) * ({stride})"
            case "ring":
                return f"(k + {home.past + 1 - home.lag}) % {home.past + 1} * ({stride})"
        return "0"

    def step(self, op: Step, number: int, made: Mapping[str, str], elements: Mapping[str, str],
             sum_of: str) -> list[str]:
        """The lines of an elementwise step at index ``j`` of all copies, which is ``n`` of its space.

        ``made`` tells what the values that this loop has made already are called, ``elements`` those that it reads,
        ``sum_of`` where is added what goes to an array of sums.
        """
        read = {name: self._read(op, name, made, elements) for name in op.reads}
        text = StepText(read, self.bits)
        lines = [text.assign(assign, f"o{number}_{line}") for line, assign in enumerate(op.body)]
        lines += [f"const F v_{symbol(value)} = {text.float_of(name)};" for name, value in op.writes.items()]
        for name, total in op.totals.items():
            lines.append(f"{sum_of.format(self.sums(total, op.space))} += {text.float_of(name)};")
        return lines

    def sums(self, total: str, space: str) -> str:
        """The array for what each index of each copy adds to a total."""
        return self.need("z", f"{total} {self.number} {space}")

    def index(self, op: Step, name: str) -> str:
        """Which index of a value a name stands for."""
        value = self.scan.values[op.reads[name]]
        own = "n" if value.kind == "parameter" else "j"
        if name not in op.segments:
            return own
        return f"{own} / {self.scan.spaces[op.space] // self.scan.size(value.name)}"

    def _read(self, op: Step, name: str, made: Mapping[str, str], elements: Mapping[str, str]) -> str:
        value = op.reads[name]
        if value in made:
            return made[value]
        if self.scan.values[value].kind != "parameter":
            return f"{elements[value]}[{self.index(op, name)}]"
        if self.scan.values[value].space is None:
            called = f"one_{symbol(value)}"
            self.head[f"const F {called} = {self.need('p', value)}[0];"] = None
            return called
        return f"{self.need('p', value)}[{self.index(op, name)}]"

    def _type(self, kind: str, name: str) -> str:
        found = _TYPES[kind] if kind != "a" else "F*" if name in self._written else "const F*"
        return f"{found} __restrict__" if "*" in found else found
