"""Generated functions: their parameters, their text, and how the time loop calls them.

A function's text names its parameters by what they are in the model (``a_v``, not ``a_exc__v``) and holds no number that
belongs to one part. So two populations of one kind give the same text, which is compiled once.
"""

from .layout import Layout, symbol


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

    def add(self, depth: int, *lines: str) -> None:
        """Append lines, indented by ``depth`` levels inside the function."""
        self.lines.extend("    " * (depth + 1) + line for line in lines)

    def need(self, local: str, source: str, longer: str = "") -> str:
        """The parameter that stands for ``source``, called ``local`` or, when that is taken, ``longer``."""
        if self._parameters.setdefault(local, source) == source:
            return local
        return self.need(longer or local + "_", source, longer + "_")

    def number(self, buffer: str) -> str:
        """A shared number."""
        return self._buffer("v_", buffer, f"numbers[r, {self.layout.numbers[buffer]}]")

    def array(self, buffer: str) -> str:
        """One replica's row of an array."""
        found = "a_" + symbol(buffer)
        row = "0" if self.layout.arrays[found].shape[0] == 1 else "r"
        return self._buffer("a_", buffer, f"{found}[{row}]")

    def out(self, buffer: str) -> str:
        """One replica's row of an array that is only added to, under a name that does not depend on the array's."""
        row = "0" if self.layout.arrays["a_" + symbol(buffer)].shape[0] == 1 else "r"
        return self.need("out", f"a_{symbol(buffer)}[{row}]")

    def events(self, name: str) -> tuple[str, str]:
        """The ring of an event list, (ring, N), and its counts, (ring, lanes)."""
        return tuple(self._buffer(kind, name, f"{kind}{symbol(name)}[r]") for kind in ("l_", "c_"))  # type: ignore

    def ranges(self, space: str, role: str = "ranges") -> str:
        """Where each thread's share of a space begins."""
        return self.need(role, "g_" + symbol(space), f"{role}_{symbol(space)}")

    def size(self, space: str, role: str = "size") -> str:
        """Number of indices of a space."""
        return self.need(role, f"sizes[{list(self.layout.program.spaces).index(space)}]", f"{role}_{symbol(space)}")

    def edges(self, kind: str, edges: str) -> str:
        """One of the arrays of an edge space, such as ``target``."""
        return self.need(kind, f"{kind}_{symbol(edges)}")

    def scratch(self, kind: str) -> str:
        """Scratch rows of this thread."""
        return self.need(kind, f"{kind}[worker]")

    def text(self, name: str) -> str:
        """The definition under a name."""
        head = f"@inner\ndef {name}({', '.join(self._parameters)}):\n    \"\"\"{self.doc}\"\"\"\n"
        return head + "\n".join(self.lines) + "\n"

    def call(self, name: str, views: dict[str, str]) -> str:
        """The call from the time loop; ``views`` gathers what to look up once, before the loop begins."""
        sources = self._parameters.values()
        given = [views.setdefault(s, f"view_{len(views)}") if "[" in s else s for s in sources]
        return f"{name}({', '.join(given)})"

    def symbols(self) -> list[str]:
        """The global symbols that the call mentions, in order."""
        found = (source.partition("[")[0] for source in self._parameters.values())
        return [s for s in found if not s.lstrip("-").isdigit()]

    def _buffer(self, kind: str, name: str, source: str) -> str:
        return self.need(kind + name.rpartition(".")[2], source, kind + symbol(name))
