"""Units that change one after another, through their overlaps with stored patterns.

One visit reads one row of the patterns, a byte an entry, and that is the bound: units times patterns bytes a sweep.
With entries of -1, 0 and 1 the response to an overlap m is needed at m - 1 and m + 1 only. Both are kept for every
pattern and found anew when a unit changes its state, so a visit that changes nothing is a product of the row with two
vectors that stay in the cache.
"""

import numpy as np

from ...kernels.constants import SECOND_WORD
from ...program import Program, Sweep
from . import spans
from .functions import Function
from .layout import Layout
from .memory import padded
from .text import Text, load

LANES = 64
ORDER_DRAW, STATE_DRAW = 0, 1
SCRATCH = {"order": "sweep_order[worker]", "words": "sweep_words[worker]", "lanes": "sweep_lanes[worker]"}


def sweep_scratch(program: Program, layout: Layout, workers: int) -> dict[str, np.ndarray]:
    """Per thread, where there is a ``Sweep``: order and words of the units, responses of the patterns, sums."""
    found = [op for op in program.operations if isinstance(op, Sweep)]
    if not found:
        return {}
    units, stored = (max(padded(program.size_of(program.buffers[name].space or "")) for name in names)
                     for names in ([op.spins for op in found], [op.overlaps[0] for op in found]))
    return {
        "sweep_order": np.zeros((workers, units), np.int32),
        "sweep_words": np.zeros((workers, 3, units), np.uint32),
        "sweep_tables": np.zeros((workers, 2, stored), layout.dtype),
        "sweep_lanes": np.zeros((workers, LANES), layout.dtype),
    }


def emit_sweep(op: Sweep, layout: Layout) -> Function:
    """All visits of one step, by the first thread; the others wait behind it."""
    f = Function(layout, f"Sweep, {op.order}")
    text = Text(f, op.names)
    _begin(f, op)
    f.add(0, "turned = True", f"for n in range({_units(f, op)}):")
    if op.entries != "numbers":
        f.add(1, "if turned:")
        _emit_tables(f, 2, op, text)
        f.add(2, "turned = False")
    f.add(0, "    j = order[n]", f"    state = {f.array(op.spins)}[j]",
          f"    row = {f.array(op.patterns)}[j * count:j * count + count]")
    if op.entries == "numbers":
        _emit_responses(f, op, text)
    else:
        _emit_product(f, op)
    for name, ref in op.names.items():
        if name in Text.names(op.field) | Text.names(op.temperature) and not layout.is_number(ref.buffer):
            f.add(1, f"x_{name} = {load(text, name, f'{f.array(ref.buffer)}[j]')}")
    f.add(1, f"field, heat, new = {text.value(op.field)}, {text.value(op.temperature)}, state")
    _emit_choice(f, op)
    f.add(1, "if new != state:", f"    {f.array(op.spins)}[j] = new", f"    {f.array(op.seen)}[j] = new",
          "    change, turned = new - state, True")
    _emit_turn(f, 2, op)
    return f


def _units(f: Function, op: Sweep) -> str:
    return spans.size(f, f.layout.program.buffers[op.spins].space or "", "units")


def _bits(f: Function) -> int:
    return 8 * f.layout.dtype.itemsize


def _begin(f: Function, op: Sweep) -> None:
    """Scratch, overlaps brought up to date, random words and the order of visits."""
    units, spins, seen = _units(f, op), f.array(op.spins), f.array(op.seen)
    for local, source in SCRATCH.items():
        f.need(local, source)
    f.add(0, "no_overlap()", "if q != 0:", "    return",
          f"count = {spans.size(f, f.layout.program.buffers[op.overlaps[0]].space or '', 'stored')}",
          f"width = {f.array(op.overlaps[0])}.size")
    texts = [op.field, op.temperature, *(a.value for a in op.response)]
    if any(Text.names(text) & {"t", "dt"} for text in texts):
        dt = f.need("dt", "dt")
        f.add(0, f"x_t, x_dt = F(t * {dt}), F({dt})")
    f.add(0, f"for j in range({units}):", f"    change = {spins}[j] - {seen}[j]", "    if change != F(0):",
          f"        row = {f.array(op.patterns)}[j * count:j * count + count]", f"        {seen}[j] = {spins}[j]")
    _emit_turn(f, 2, op)
    key, stream = f.need("key", "keys[r]"), f.integer("stream", op.stream)
    f.add(0, f"for row in range({1 + _bits(f) // 32}):",
          f"    number = {ORDER_DRAW} if row == 0 else {STATE_DRAW} if row == 1 else {STATE_DRAW + SECOND_WORD}",
          f"    for b in range(0, {units}, 64):",
          f"        philox_block(b >> 6, t, number, {stream}, {key}[0], {key}[1], words[row, b:b + 64])")
    f.add(0, f"for n in range({units}):", "    order[n] = n")
    if op.order == "random":
        f.add(0, f"for n in range({units} - 1, 0, -1):", "    other = bounded(words[0, n], n + 1)",
              "    order[n], order[other] = order[other], order[n]")
    if op.entries != "numbers":
        f.need("mean", "sweep_tables[worker, 0]")
        f.need("half", "sweep_tables[worker, 1]")


def _emit_turn(f: Function, depth: int, op: Sweep) -> None:
    """Add to the overlaps what a ``change`` of the unit of ``row`` does to them."""
    f.add(depth, "for k in range(count):", "    power = F(row[k])")
    for n, name in enumerate(op.overlaps):
        f.add(depth + 1, *(["power = power * F(row[k]) * F(row[k])"] if n else []),
              f"{f.array(name)}[k] += power * change")


def _emit_tables(f: Function, depth: int, op: Sweep, text: Text) -> None:
    """Mean and half the difference of the response at m - 1 and m + 1, for each pattern."""
    own = f.array(op.overlaps[0])
    _emit_top(f, depth, op)
    f.add(depth, "for b in range(0, width, 64):", f"    m, up, down = {own}[b:b + 64], mean[b:b + 64], half[b:b + 64]")
    _emit_views(f, depth + 1, op, "64")
    f.add(depth + 1, "for k in range(64):")
    _emit_loads(f, depth + 2, op, text)
    for sign, result in (("-", "below"), ("+", "above")):
        f.add(depth + 2, f"x__p1 = m[k] {sign} F(1)", *map(text.statement, op.response), f"{result} = x__response")
    f.add(depth + 2, "up[k] = (below + above) * F(0.5)", "down[k] = (below - above) * F(0.5)")
    if op.entries == "signs":  # what the squares of the entries leave of the second table is one number
        f.add(depth, *_CLEAR, "for b in range(0, count, 64):", "    for k in range(min(count - b, 64)):",
              "        lanes[k] += half[b + k]", *_ADD_UP, "all_down = total")


def _emit_product(f: Function, op: Sweep) -> None:
    """The sum from the tables, four blocks at a time: a lane is loaded and stored once for four of its patterns."""
    term = "F({x}[k]) * {up}[k]"
    if op.entries == "ternary":
        term = "F({x}[k]) * ({up}[k] + (state * F({x}[k])) * {down}[k])"
    f.add(1, *_CLEAR, "for b in range(0, count - 255, 256):")
    parts = [{kind: f"{kind}{n}" for kind in ("x", "up", "down")} for n in range(4)]
    for n, names in enumerate(parts):
        start = f"b + {64 * n}:b + {64 * n + 64}"
        f.add(2, f"{names['x']}, {names['up']}, {names['down']} = row[{start}], mean[{start}], half[{start}]")
    f.add(2, "for k in range(64):", "    total = lanes[k]", *(f"    total += {term.format(**n)}" for n in parts),
          "    lanes[k] = total")
    plain = {kind: f"{kind}0" for kind in ("x", "up", "down")}
    f.add(1, "for b in range(count - count % 256, count, 64):", "    last = min(count - b, 64)",
          "    x0, up0, down0 = row[b:b + last], mean[b:b + last], half[b:b + last]",
          "    for k in range(last):", f"        lanes[k] += {term.format(**plain)}")
    f.add(1, *_ADD_UP, "x__sum = total" if op.entries == "ternary" else "x__sum = total + state * all_down")


_CLEAR = ("for k in range(64):", "    lanes[k] = F(0)")
_ADD_UP = ("total = F(0)", "for k in range(64):", "    total += lanes[k]")


def _emit_responses(f: Function, op: Sweep, text: Text) -> None:
    """The sum from the overlaps themselves: whole blocks in a loop of fixed length, which vectorises, and the rest."""
    _emit_top(f, 1, op)
    f.add(1, *_CLEAR, "for b in range(0, count, 64):", "    last = min(count - b, 64)", "    x = row[b:b + last]")
    for n, name in enumerate(op.overlaps):
        f.add(2, f"m{n} = {f.array(name)}[b:b + last]")
    _emit_views(f, 2, op, "last")
    for head, length in (("if last == 64:", "64"), ("else:", "last")):
        f.add(2, head, f"    for k in range({length}):", "        e = F(x[k])", "        x__x, power = e, e")
        for n in range(len(op.overlaps)):
            f.add(4, *(["power = power * e * e"] if n else []), f"x__p{2 * n + 1} = m{n}[k] - power * state")
        _emit_loads(f, 4, op, text)
        f.add(4, *map(text.statement, op.response), "lanes[k] += e * x__response")
    f.add(1, *_ADD_UP, "x__sum = total")


def _emit_top(f: Function, depth: int, op: Sweep) -> None:
    """The greatest overlap, where the response asks for it."""
    if _reads(op, "_top"):
        own = f.array(op.overlaps[0])
        f.add(depth, f"x__top = {own}[0]", "for k in range(1, count):", f"    x__top = max(x__top, {own}[k])")


def _emit_views(f: Function, depth: int, op: Sweep, length: str) -> None:
    for buffer in _of_patterns(f, op).values():
        f.add(depth, f"s{f.array(buffer)} = {f.array(buffer)}[b:b + {length}]")


def _emit_loads(f: Function, depth: int, op: Sweep, text: Text) -> None:
    for name, buffer in _of_patterns(f, op).items():
        f.add(depth, f"x_{name} = {load(text, name, f's{f.array(buffer)}[k]')}")


def _of_patterns(f: Function, op: Sweep) -> dict[str, str]:
    """What the response reads of the patterns' side, beside numbers."""
    return {name: ref.buffer for name, ref in op.names.items() if _reads(op, name)
            and not f.layout.is_number(ref.buffer)}


def _reads(op: Sweep, name: str) -> bool:
    return any(name in Text.names(assign.value) for assign in op.response)


def _emit_choice(f: Function, op: Sweep) -> None:
    """The new state: drawn above a temperature of 0, else the sign of the field."""
    bits = _bits(f)
    taken = ", ".join(f"words[{row + 1}, j]" for row in range(bits // 32))
    f.add(1, "if heat > F(0):", f"    above = F(1) / (F(1) + exp{bits}(F(-2) * field / heat))",
          f"    new = F(1) if uniform{bits}({taken}) < above else F(-1)", "elif field > F(0):", "    new = F(1)",
          "elif field < F(0):", "    new = F(-1)")
