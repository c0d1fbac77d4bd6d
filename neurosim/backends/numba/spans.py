"""Parameters that say where a space lies and which part of it a thread owns."""

from ...program import Program
from .functions import Function
from .memory import symbol


def ranges(f: Function, space: str) -> str:
    """Where each thread's share of a space begins, in indices of its home."""
    return f.need("ranges", "g_" + symbol(space), f"ranges_{symbol(space)}")


def splits(f: Function, space: str) -> str:
    """Where each thread's share of the home of a space begins, and its entries in an event list."""
    return f.need("splits", "s_" + symbol(f.layout.place(space).home), "splits_")


def size(f: Function, space: str, role: str = "size") -> str:
    """Number of indices of a space."""
    return f.need(role, f"sizes[{list(f.layout.program.spaces).index(space)}]", f"{role}_{symbol(space)}")


def offset(f: Function, space: str) -> str:
    """First index of a space in its home."""
    return f.integer("offset", f.layout.place(space).offset, space)


def segments(f: Function, space: str, buffer: str) -> str:
    """For each index of a space that of its segment in the space of ``buffer``."""
    source = segments_symbol(f.layout.program, space, buffer)
    return f.need("segments", source, source)


def segments_symbol(program: Program, space: str, buffer: str) -> str:
    """The symbol of that array, which all smaller spaces of one size share."""
    size = program.size_of(space)
    return f"segments_{size}_{size // program.size_of(program.buffers[buffer].space or '')}"


def segment_length(f: Function, space: str, buffer: str) -> int:
    """How many indices of a space share one of the space of ``buffer``."""
    program = f.layout.program
    return program.size_of(space) // program.size_of(program.buffers[buffer].space or "")


def scratch(f: Function, kind: str) -> str:
    """Scratch rows of this thread."""
    return f.need(kind, f"{kind}[worker]")
