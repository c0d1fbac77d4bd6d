"""The text of a program's kernels and the order in which they are launched.

Kernels that need nothing of each other and have the same text, such as those of populations of one kind, are one
launch: what each is given stands in a table on the device, and each block looks up whose it is.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ...errors import BackendError
from ...program import (
    Compete,
    Diffuse,
    Events,
    Imprint,
    Map,
    MapEdges,
    MatMul,
    Operation,
    Play,
    Probe,
    Propagate,
    Reduce,
    Sweep,
)
from .emit_dense import emit_compete, emit_imprint, emit_matmul, emit_play, emit_reduce
from .emit_edges import emit_diffuse, emit_map_edges, emit_propagate, may_come_in_any_order
from .emit_maps import Step, emit_group, groups
from .emit_push import emit_push
from .emit_records import emit_probe, end_text, steps_at_once
from .emit_sweep import emit_sweep
from .flights import Arrival, Push, flights, planned
from .kernel import Kernel, Launch, Together, from_word
from .layout import Layout
from .loop import loop_text
from .translate import elementary_text

EMITTERS: Mapping[type, Callable[[Any, Layout], Kernel]] = {
    MapEdges: emit_map_edges, Diffuse: emit_diffuse, MatMul: emit_matmul, Reduce: emit_reduce, Compete: emit_compete,
    Play: emit_play, Imprint: emit_imprint, Sweep: emit_sweep,
}  # fmt: skip
MOST_NODES = 2048
"""Launches of one graph; more take long to build and are no faster to replay."""
BLOCKS_A_LAUNCH = 4
"""Blocks of work that one block does one after another in the time of a launch, about 2 µs."""
MOST_LAUNCHES = 160
"""Launches of a step that one kernel can do: what it is given for each must fit into 4 kB."""


@dataclass(frozen=True)
class Module:
    """Generated text and how to launch it.

    Parameters
    ----------
    text
        All kernels.
    parameters
        Of each kernel by name, as they are declared in C.
    launches
        Those of one step, in order; each takes the clock and how far its step is ahead of it first.
    steps
        Steps that are queued at once.
    end
        What the kernel ``end``, which stands once behind these steps, is given behind the clock.
    loop
        What goes from step to step: see ``CupyBackend``.
    """

    text: str
    parameters: Mapping[str, tuple[str, ...]]
    launches: tuple[Together, ...]
    steps: int
    end: tuple[str | int, ...]
    loop: str


def check_known(operations: Sequence[Operation]) -> None:
    """Refuse kinds of operations that have no kernel yet."""
    for op in operations:
        if type(op) not in EMITTERS and not isinstance(op, Map | Events | Propagate):
            raise BackendError(f"cupy: there is no kernel for {type(op).__name__} yet; use the backend 'numba'")


def make_module(probes: Sequence[Probe], layout: Layout, sums: str, loop: str | None = "graph") -> Module:
    """Everything that one program needs; ``sums`` says how it adds along edges, ``loop`` what goes through time."""
    step = planned(layout.program, flights(layout.program, sums))
    kernels = [_emit(group, layout, sums) for group in groups(step)]
    kernels += [emit_probe(n, probe, layout) for n, probe in enumerate(probes)]
    launches = joined([kernel.launch() for kernel in kernels])
    loop = loop or chosen_loop(launches)
    if loop != "graph" and len(launches) > MOST_LAUNCHES:
        raise BackendError(f"cupy: a loop of the kind {loop!r} takes at most {MOST_LAUNCHES} launches a step, and this "
                           f"program has {len(launches)}; use 'graph'")
    steps = max(1, steps_at_once(probes, layout))
    if loop == "graph":
        steps = max(1, min(steps, MOST_NODES // max(len(launches), 1)))
        texts, parameters = _entries(launches)
    else:
        texts, parameters = loop_text(launches)
    end, declared, given = end_text(probes, layout, steps)
    parameters["end"] = tuple(declared)
    text = "\n".join([prelude_text(layout.dtype.name), *_bodies(launches), *texts, end])
    if loop != "graph":  # what one launch writes another one reads in the same kernel
        text = text.replace("__restrict__ ", "")
    return Module(text, parameters, tuple(launches), steps, tuple(given), loop)


def chosen_loop(launches: Sequence[Together]) -> str:
    """What goes from step to step where nobody says it: one block, where that costs less than launches do."""
    blocks = sum(launch.blocks for together in launches for launch in together.members)
    return "block" if blocks <= BLOCKS_A_LAUNCH * len(launches) <= BLOCKS_A_LAUNCH * MOST_LAUNCHES else "graph"


def joined(launches: Sequence[Launch]) -> list[Together]:
    """Launches in rounds, in each of which those with one text are together.

    Each is in the earliest round that it can be in, or in a later one where its like are and nobody waits for it.
    """
    count = len(launches)
    later = [[m for m in range(n + 1, count) if launches[m].must_follow(launches[n])] for n in range(count)]
    rounds = [1] * count
    for n in range(count):
        for m in later[n]:
            rounds[m] = max(rounds[m], rounds[n] + 1)
    for n in reversed(range(count)):
        latest = min((rounds[m] - 1 for m in later[n]), default=max(rounds))
        like = [rounds[m] for m in range(count) if launches[m].text == launches[n].text and rounds[m] <= latest]
        rounds[n] = max([rounds[n], *like])
    found: dict[tuple[int, str], list[Launch]] = {}
    for number, launch in sorted(zip(rounds, launches, strict=True), key=lambda pair: pair[0]):
        found.setdefault((number, launch.text), []).append(launch)
    bodies = {text: f"body_{n}" for n, text in enumerate(dict.fromkeys(text for _, text in found))}
    return [Together(bodies[text], tuple(members), number) for (number, text), members in found.items()]


def _bodies(launches: Sequence[Together]) -> list[str]:
    """The functions that launches call, each once."""
    found = {together.body: together.members[0].text for together in launches}
    return [text.replace("NAME", body, 1) for body, text in found.items()]


def _entries(launches: Sequence[Together]) -> tuple[list[str], dict[str, tuple[str, ...]]]:
    """A kernel for each launch, and the parameters of each by name."""
    texts, parameters = [], {}
    for together in launches:
        if together.name not in parameters:
            text, parameters[together.name] = _entry(together)
            texts.append(text)
    return texts, parameters


@cache
def prelude_text(dtype: str) -> str:
    """What stands before the kernels, for a precision."""
    own = [Path(__file__).with_name(name).read_text(encoding="utf-8") for name in ("device.h", "poisson.h")]
    kind = {"float32": "float", "float64": "double"}[dtype]
    return "\n".join([f"typedef {kind} F;", own[0], elementary_text(), own[1]])


def _entry(together: Together) -> tuple[str, tuple[str, ...]]:
    """The kernel that calls a function, and its parameters: what the function is given, or a table of that."""
    types, table = together.members[0].types, together.is_table
    if table:
        parameters = ["const int* owner", "const u64* rows"]
        given = [from_word(kind, f"row[{n + 2}]") for n, kind in enumerate(types)]
        block, blocks = "blockIdx.x - i64(row[0])", "i64(row[1])"
    else:
        parameters = [f"{kind} x{n}" for n, kind in enumerate(types)]
        given = [f"x{n}" for n in range(len(types))]
        block, blocks = "blockIdx.x", "gridDim.x"
    parameters = ["i64* clock", "i64 ahead", *parameters]
    lines = [f'extern "C" __global__ void {together.name}({", ".join(parameters)}) {{',
             "    const i64 t = clock[0] + ahead;", "    if (t >= clock[1]) return;",
             *([f"    const u64* row = rows + owner[blockIdx.x] * {len(types) + 2};"] if table else []),
             f"    {together.body}({', '.join([block, blocks, 't', 'blockIdx.y', 'clock', *given])});", "}"]
    return "\n".join(lines) + "\n", tuple(parameters)


def _emit(group: Sequence[Step], layout: Layout, sums: str) -> Kernel:
    """The kernel of a group of operations."""
    first = group[0]
    if isinstance(first, Map | Events | Arrival):
        return emit_group(group, layout)  # type: ignore[arg-type]
    if isinstance(first, Push):
        return emit_push(first, layout)
    if isinstance(first, Propagate):
        return emit_propagate(first, layout, sums != "fast" or not may_come_in_any_order(first))
    return EMITTERS[type(first)](first, layout)
