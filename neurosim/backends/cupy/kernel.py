"""Generated kernels: their parameters, their text, and what they are launched with.

A kernel's text names its parameters by what they are in the model (``a_v``, not ``a_exc_pv``) and holds no number
that belongs to one part, so two populations of one kind give the same text, which is compiled once.
"""

from dataclasses import dataclass

from .layout import C_TYPES, TILE, Layout, symbol

SPREAD = 0
"""In the place of a number of blocks: as many as keep the device busy, because the work is not known beforehand."""
FIXED = "i64 block, i64 blocks, i64 t, i64 r, const i64* clock"
"""What every kernel's function is given first: its block of how many, the step, the replica, and the clock."""
REPLICAS_MOST = 65535
"""Blocks along the second axis of a grid."""


@dataclass(frozen=True)
class Launch:
    """One kernel for one part of the model.

    Parameters
    ----------
    text
        Of its function, under a neutral name.
    types
        Of its parameters in C.
    arguments
        Symbols of arrays, or numbers.
    blocks, threads
        Blocks for one replica (or ``SPREAD``) and threads of a block.
    reads, writes, adds
        Symbols of arrays; what is added to by atomic additions alone is neither read nor written.
    """

    text: str
    types: tuple[str, ...]
    arguments: tuple[str | int | float, ...]
    blocks: int
    threads: int
    reads: frozenset[str]
    writes: frozenset[str]
    adds: frozenset[str]

    def must_follow(self, other: "Launch") -> bool:
        """Whether this one has to wait for the other, which stands before it."""
        mine, theirs = self.reads | self.writes, other.reads | other.writes
        return bool(self.writes & (theirs | other.adds) or other.writes & (mine | self.adds)
                    or self.adds & theirs or other.adds & mine)


@dataclass(frozen=True)
class Together:
    """Launches that are one.

    Parameters
    ----------
    body
        Name of the function that all call.
    members
        What each is given.
    round
        Launches of one round need nothing of each other.
    """

    body: str
    members: tuple[Launch, ...]
    round: int

    @property
    def name(self) -> str:
        """Of the kernel that launches them."""
        return f"{'table' if self.is_table else 'part'}_{self.body}"

    @property
    def is_table(self) -> bool:
        """Whether what members are given stands in a table."""
        return len(self.members) > 1


class Kernel:
    """One generated kernel. Blocks along the second axis of the grid are the replicas.

    Parameters
    ----------
    layout
        What lies on the device.
    doc
        What it does, for who reads the text.
    """

    def __init__(self, layout: Layout, doc: str):
        self.layout, self.doc = layout, doc
        self.lines: list[str] = []
        self.blocks, self.threads = 1, TILE
        self._head: list[str] = []
        self._parameters: dict[str, tuple[str, str | int | float]] = {}  # name: type in C, argument
        self._keys: dict[tuple[str, str], str] = {}
        self._written: set[str] = set()
        self._added: set[str] = set()

    def add(self, depth: int, *lines: str) -> None:
        """Append lines, indented by ``depth`` levels inside the kernel."""
        self.lines.extend("    " * (depth + 1) + line for line in lines)

    def pointer(self, local: str, at: str, *, writes: bool = False, adds: bool = False) -> str:
        """The parameter for the array under a symbol, called ``local``, or longer when that is taken."""
        if writes:
            self._written.add(at)
        if adds:
            self._added.add(at)
        kind = C_TYPES[self.layout.arrays[at].dtype.name]
        return self._need(local, kind, at, ("array", at))

    def whole(self, local: str, value: int, key: str = "") -> str:
        """A whole number that belongs to the part and not to the text; ``key`` tells apart what is called alike."""
        return self._need(local, "i64", int(value), (local, key))

    def real(self, local: str, value: float) -> str:
        """A number in double precision."""
        return self._need(local, "double", float(value), (local, ""))

    def number(self, buffer: str) -> str:
        """A number that all indices share."""
        numbers = self.pointer("numbers", "numbers")
        at = self.whole("at_" + short(buffer), self.layout.numbers[buffer], buffer)
        width = self.whole("numbers_width", self.layout.arrays["numbers"].shape[1])
        local = "v_" + at.removeprefix("at_")
        self._at_head(f"const F {local} = {numbers}[r * {width} + {at}];")
        return local

    def array(self, buffer: str, *, local: str = "", writes: bool = False, adds: bool = False) -> str:
        """This replica's row of an array, called by its variable, or ``local`` where it has no name yet."""
        at = "a_" + symbol(buffer)
        local = self.pointer(local or "a_" + short(buffer), at, writes=writes, adds=adds)
        rows, size = self.layout.arrays[at].shape
        stride = self.whole("row_" + local, size if rows > 1 else 0)
        self._at_head(f"{local} += r * {stride};")
        return local

    def events(self, name: str, *, writes: bool = False) -> tuple[str, str, str]:
        """The ring of an event list, its counts, and what masks a step into a slot; both begin at this replica."""
        at = symbol(name)
        ring = self.pointer("l_" + short(name), "l_" + at, writes=writes)
        counts = self.pointer("c_" + short(name), "c_" + at, writes=writes)
        slots = self.layout.ring(name)
        mask = self.whole("mask_" + ring.removeprefix("l_"), slots - 1)
        size = self.whole("size_" + ring, self.layout.arrays["l_" + at].shape[2])
        self._at_head(f"{ring} += r * ({mask} + 1) * {size};")
        self._at_head(f"{counts} += r * ({mask} + 1);")
        return ring, counts, mask

    def entry(self, name: str, step: str, *, writes: bool = False) -> tuple[str, str]:
        """Expressions for the events of a list at a step, and for their number."""
        ring, counts, mask = self.events(name, writes=writes)
        return f"({ring} + (({step}) & {mask}) * size_{ring})", f"{counts}[({step}) & {mask}]"

    def time(self, names: set[str]) -> None:
        """``x_t`` and ``x_dt`` where a text reads them."""
        if names & {"t", "dt"}:
            dt = self.real("dt", self.layout.program.dt)
            self._at_head(f"const F x_t = F(double(t) * {dt}), x_dt = F({dt});")

    def launch(self) -> Launch:
        """The kernel as it is, with its text and what it is launched with."""
        arrays = {at for _, at in self._parameters.values() if isinstance(at, str)}
        types, names = [], []
        for local, (kind, at) in self._parameters.items():
            constant = isinstance(at, str) and at not in self._written | self._added
            types.append(f"{'const ' if constant else ''}{kind}{'*' if isinstance(at, str) else ''}")
            names.append(f"{'__restrict__ ' if isinstance(at, str) else ''}{local}")
        head = ", ".join(f"{kind} {name}" for kind, name in zip(types, names, strict=True))
        lines = [f"// {self.doc}", f"DEVICE void NAME({FIXED}{', ' + head if head else ''}) {{",
                 *("    " + line for line in self._head), *self.lines, "}"]
        return Launch("\n".join(lines) + "\n", tuple(types), tuple(at for _, at in self._parameters.values()),
                      self.blocks, self.threads, frozenset(arrays - self._written - self._added),
                      frozenset(self._written), frozenset(self._added - self._written))

    def _need(self, local: str, kind: str, at: str | int | float, key: tuple[str, str]) -> str:
        if key in self._keys:
            return self._keys[key]
        while local in self._parameters:
            local += "_"
        self._parameters[local] = (kind, at)
        self._keys[key] = local
        return local

    def _at_head(self, line: str) -> None:
        if line not in self._head:
            self._head.append(line)


def from_word(kind: str, word: str) -> str:
    """A parameter from a word of 64 bits."""
    if "*" in kind:
        return f"({kind}){word}"
    return f"f64_of_bits(i64({word}))" if kind == "double" else f"i64({word})"


def short(name: str) -> str:
    """The last part of a name."""
    return name.rpartition(".")[2]
