"""Generated functions: their parameters, their text, and how the time loop calls them.

A function's text names its parameters by what they are in the model (``a_v``, not ``a_exc_pv``) and holds no number
that belongs to one part. So two populations of one kind give the same text, which is compiled once.
"""

from .layout import Layout
from .memory import symbol


class Function:
    """One generated function.

    Parameters
    ----------
    layout
        Where the arrays are.
    doc
        Its docstring.
    """

    def __init__(self, layout: Layout, doc: str):
        self.layout, self.doc = layout, doc
        self.lines: list[str] = []
        self._parameters: dict[str, str] = {"t": "t", "q": "q"}
        self._integers: dict[str, str] = {}

    def add(self, depth: int, *lines: str) -> None:
        """Append lines, indented by ``depth`` levels inside the function."""
        self.lines.extend("    " * (depth + 1) + line for line in lines)

    def need(self, local: str, source: str, longer: str = "") -> str:
        """The parameter that stands for ``source``, called ``local`` or, when that is taken, ``longer``."""
        if self._parameters.setdefault(local, source) == source:
            return local
        return self.need(longer or local + "_", source, longer + "_")

    def integer(self, local: str, value: int, key: str = "") -> str:
        """A whole number that belongs to the part and not to the text, such as an offset; ``key`` tells them apart."""
        key = f"{local} {key}"
        if key not in self._integers:
            self.layout.integers.append(value)
            self._integers[key] = self.need(local, f"integers[{len(self.layout.integers) - 1}]")
        return self._integers[key]

    def number(self, buffer: str) -> str:
        """A shared number."""
        return self._buffer("v_", buffer, f"numbers[r, {self.layout.numbers[buffer]}]")

    def array(self, buffer: str, local: str = "") -> str:
        """One replica's row of an array, the whole home's.

        Under a ``local`` name that does not depend on the buffer's, operations of one shape share a function.
        """
        return self.need(local, self._row(buffer)) if local else self._buffer("a_", buffer, self._row(buffer))

    def out(self, buffer: str, space: str) -> str:
        """The part of an array that lies on ``space``, under a name that does not depend on the array's."""
        start, stop = self.layout.span(space)
        row = self._row(buffer)
        if self.layout.is_alone(space) or self.layout.place(space).home == space:
            return self.need("out", row)
        low, high = (self.layout.integers.append(v) or len(self.layout.integers) - 1 for v in (start, stop))  # type: ignore
        return self.need("out", f"{row[:-1]}, integers[{low}]:integers[{high}]]")

    def events(self, name: str) -> tuple[str, str]:
        """The ring of an event list, (ring, N), and its counts, (ring, lanes)."""
        at = self.layout.list_symbol(name)
        return tuple(self._buffer(kind, name, f"{kind}{at}[r]") for kind in ("l_", "c_"))  # type: ignore

    def text(self, name: str) -> str:
        """The definition under a name."""
        head = f"@inner\ndef {name}({', '.join(self._parameters)}):\n    \"\"\"{self.doc}\"\"\"\n"
        return head + "    stay_apart()\n" + "\n".join(self.lines) + "\n"

    def call(self, name: str, views: dict[str, str]) -> str:
        """The call from the time loop; ``views`` gathers what to look up once, before the loop begins."""
        sources = self._parameters.values()
        given = [views.setdefault(s, f"view_{len(views)}") if "[" in s else s for s in sources]
        return f"{name}({', '.join(given)})"

    def symbols(self) -> list[str]:
        """The global symbols that the call mentions, in order."""
        heads = [source.partition("[")[0] for source in self._parameters.values()]
        return [*heads, *(["integers"] if any("integers[" in s for s in self._parameters.values()) else [])]

    def _row(self, buffer: str) -> str:
        found = self.layout.array_symbol(buffer)
        return f"{found}[{0 if self.layout.arrays[found].shape[0] == 1 else 'r'}]"

    def _buffer(self, kind: str, name: str, source: str) -> str:
        return self.need(kind + name.rpartition(".")[2], source, kind + symbol(name))
