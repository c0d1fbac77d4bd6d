"""The text of a program's module: one function per group of operations, and the time loop."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ...kernels.loader import prelude_text, source_text
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
    Program,
    Propagate,
    Reduce,
    Sweep,
)
from . import spans
from .dataflow import waits
from .emit_bits import emit_bit_product, emit_imprint
from .emit_dense import emit_compete, emit_matmul, emit_play, emit_reduce
from .emit_edges import emit_diffuse, emit_map_edges, emit_propagate
from .emit_maps import emit_group
from .emit_sweep import emit_sweep
from .functions import Function
from .layout import Layout

CHECK_EVERY = 64
"""Steps between two looks at the space left for recorded events."""

EMITTERS = {
    Propagate: emit_propagate, MapEdges: emit_map_edges, Diffuse: emit_diffuse, MatMul: emit_matmul,
    Reduce: emit_reduce, Compete: emit_compete, Sweep: emit_sweep, Play: emit_play, Imprint: emit_imprint,
}


@dataclass(frozen=True)
class Module:
    """Generated text, the symbols that ``run`` takes behind its fixed arguments, and how often threads wait (steps)."""

    text: str
    symbols: tuple[str, ...]
    wait_every: int


def groups(operations: Sequence[Operation]) -> list[list[Operation]]:
    """Elementwise operations on one space together, every other operation alone.

    An elementwise operation moves up past those on other spaces, with which it shares nothing.
    """
    found: list[list[Operation]] = []
    for op in operations:
        place = _place(op, found) if isinstance(op, Map | Events) else None
        if place is None:
            found.append([op])
        else:
            found[place].append(op)
    return found


def _place(op: Map | Events, found: list[list[Operation]]) -> int | None:
    """The number of the group that an operation may join, or None."""
    for place in range(len(found) - 1, -1, -1):
        first = found[place][0]
        if not isinstance(first, Map | Events):
            return None
        if first.space == op.space:
            return place if _may_follow(op, found[place]) else None
        refs = [ref for o in (op, *found[place]) for ref in o.names.values()]  # type: ignore[union-attr]
        if any(ref.side != "own" for ref in refs):
            return None  # it may read what the others write, or they what it writes
    return None


def _may_follow(op: Map | Events, group: Sequence[Operation]) -> bool:
    """Whether ``op`` may end a group, which visits the lists that it did not fill behind everything else."""
    filled = {o.into for o in group if isinstance(o, Events)}
    visits = [isinstance(o, Map) and o.at is not None and o.at not in filled for o in (*group, op)]
    return visits[-1] or not any(visits)


def make_module(program: Program, probes: Sequence[Probe], layout: Layout) -> Module:
    """Everything that one program needs, as one self-contained text."""
    joined = groups(program.operations)
    functions = [_emit(group, layout) for group in joined]
    writers = [_emit_probe(n, probe, layout) for n, probe in enumerate(probes)]
    texts: dict[str, str] = {}  # the text of a function under a neutral name: the name under which it stands
    for f in [*functions, *writers]:
        texts.setdefault(f.text("_"), f"part_{len(texts)}")
    named = {f: texts[f.text("_")] for f in [*functions, *writers]}
    symbols = dict.fromkeys(s for f in named for s in f.symbols())
    for fixed in ("t", "q", "r", "dt", "lanes"):
        symbols.pop(fixed, None)
    waiting = waits(joined, layout)
    loop = _loop(functions, writers, named, waiting.before, list(symbols))
    head = f"F = np.{layout.dtype.name}\n"
    runtime = source_text(Path(__file__).with_name("runtime.py"))
    definitions = {named[f]: f.text(named[f]) for f in named}
    return Module("\n\n".join([prelude_text(), runtime, head, *definitions.values(), loop]), tuple(symbols),
                  waiting.every)


def _emit(group: list[Operation], layout: Layout) -> Function:
    if isinstance(group[0], Map | Events):
        return emit_group(group, layout)  # type: ignore[arg-type]
    if isinstance(group[0], MatMul) and layout.program.buffers[group[0].weight].dtype == "bit":
        return emit_bit_product(group[0], layout)
    return EMITTERS[type(group[0])](group[0], layout)  # type: ignore[operator]


def _emit_probe(number: int, probe: Probe, layout: Layout) -> Function:
    """Copies what a probe sees after a step into its own rows."""
    if probe.kind == "events":
        f = Function(layout, "record events")
        ring, counts = f.events(probe.source)
        space = layout.program.lists[probe.source].space
        low, high = (f.integer(k, v) for k, v in zip(("low", "high"), layout.span(space), strict=True))
        when, which, filled = (f.need(k, f"{k}_{number}") for k in ("when", "which", "filled"))
        row = f"{f.need('r', 'r')} * {f.need('lanes', 'lanes')} + q"
        f.add(0, f"slot, row = t & ({ring}.shape[0] - 1), {row}", f"base = {filled}[row]",
              f"start = {spans.splits(f, space)}[q]", f"for n in range({counts}[slot, q]):",
              f"    k = {ring}[slot, start + n]",
              f"    if {low} <= k < {high}:",
              f"        {when}[row, base], {which}[row, base] = t, k - {low}", "        base += 1",
              f"{filled}[row] = base")
        return f
    f = Function(layout, "record samples")
    rate, base, rows, pick, place, share = (f.need(k, f"{k}_{number}")
                                            for k in ("rate", "base", "rows", "pick", "place", "share"))
    number_of = layout.program.buffers[probe.source].space is None
    value = f.number(probe.source) if number_of else f"{f.array(probe.source)}[{pick}[n]]"
    f.add(0, f"if (t + 1) % {rate} == 0:", f"    row = (t + 1) // {rate} - {base}",
          f"    for n in range({share}[q], {share}[q + 1]):",
          f"        {rows}[row, {f.need('r', 'r')}, {place}[n]] = {value}")
    return f


def _loop(functions: list[Function], writers: list[Function], named: dict[Function, str], before: frozenset[int],
          symbols: list[str]) -> str:
    """The time loop of one thread over its replicas."""
    calls: list[str] = []
    views: dict[str, str] = {}  # taking a view of an array inside the loop would count references at every step
    wait = ["if lanes > 1 and t % wait_every == 0:", "    phase += 1", "    wait_for_all(arrivals, lanes, phase)"]
    for n, f in enumerate(functions):
        calls += [*(wait if n in before else []), f.call(named[f], views)]
    calls += wait if len(functions) in before else []
    calls += [w.call(named[w], views) for w in writers]
    body = "\n".join("            " + line for line in calls) or "            pass"
    filled = [s for s in symbols if s.startswith("filled_")]
    fullness = "\n".join(
        f"                full = full or {s}[r * lanes + q] + room_{s[7:]}[q] > when_{s[7:]}.shape[1]" for s in filled
    )
    symbols += [f"room_{s[7:]}" for s in filled]
    check = _CHECK.format(every=CHECK_EVERY, fullness=fullness) if filled else ""
    looks = "".join(f"        {name} = {source}\n" for source, name in views.items())
    return _RUN.format(symbols=", ".join(symbols), views=looks, check=check, body=body)


_CHECK = """\
            if t % {every} == 0 and t > begun:
                full = False
{fullness}
                if lanes > 1:
                    side = (t // {every}) & 1
                    leaving[side, q] = full
                    phase += 1
                    wait_for_all(arrivals, lanes, phase)
                    for other in range(lanes):
                        full = full or leaving[side, other] != 0
                if full:
                    break
"""

_RUN = '''\
@compiled
def run(worker, q, lanes, first_replica, last_replica, stop, reached, arrivals, leaving, wait_every, dt, {symbols}):
    """Step replicas first_replica..last_replica-1 from where each is to ``stop``, or to where its records are full."""
    mode = ftz_on()
    for r in range(first_replica, last_replica):
        begun = reached[r, q]
        t = begun
        phase = 0
{views}        while t < stop:
{check}{body}
            t += 1
        reached[r, q] = t
    ftz_restore(mode)
'''
