"""Units that change one after another, through their overlaps with stored patterns.

One visit reads one row of the patterns, a byte an entry, and that is the bound: units times patterns bytes a sweep.
With entries of -1, 0 and 1 the response to an overlap m is needed at m - 1 and m + 1 only. Both are kept for every
pattern and found anew when a unit changes its state, so a visit that changes nothing is a product of the row with two
vectors that stay in the cache.

Several threads share one replica by looking ahead: the sums of the next visits are made side by side, each whole by one
thread, and hold as long as no unit turns; then all threads make the same choices from them, one after another. From the
first unit that turns on, the sums are made again. So nothing is added up in another order, and the bits are those of
one thread.
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
AHEAD = 64
"""Most visits that are prepared at once."""
LEAST_SHARED = 2048
"""Patterns below which one thread makes all visits: a meeting of threads costs more than the half of a row."""
ORDER_DRAW, STATE_DRAW = 0, 1
# threads that share a replica have tables in common, those of the first; threads that share out replicas their own
SCRATCH = {
    "order": "sweep_order[worker]", "words": "sweep_words[worker]", "lanes": "sweep_lanes[worker]",
    "sums": "sweep_sums[worker - q]",
}  # fmt: skip
TABLES = {"mean": "sweep_tables[worker - q, 0]", "half": "sweep_tables[worker - q, 1]"}


def sweep_scratch(program: Program, layout: Layout, workers: int) -> dict[str, np.ndarray]:
    """Where there is a ``Sweep``: per thread order and words of the units, responses, sums; and for meetings."""
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
        "sweep_sums": np.zeros((workers, 2, AHEAD), layout.dtype),
        "sweep_arrivals": np.zeros(8, np.int64),
        "sweep_phase": np.zeros((workers, 8), np.int64),
    }


def emit_sweep(op: Sweep, layout: Layout) -> Function:
    """All visits of one step, by the threads of a replica or, where patterns are few, by the first alone."""
    f = Function(layout, f"Sweep, {op.order}")
    text = Text(f, op.names)
    _begin(f, op)
    units, spins, tabled = _units(f, op), f.array(op.spins), op.entries != "numbers"
    f.add(0, "turned, who, new = True, -1, F(0)", "n, ahead, side = 0, 1, 0", f"while n < {units}:", "    if turned:")
    if tabled:
        _emit_tables(f, 2, op, text)
    _emit_meeting(f, 2)
    _emit_turned(f, 2, op)
    if op.entries == "signs":  # what the squares of the entries leave of the second table is one number
        f.add(2, *_CLEAR, "for b in range(0, count, 64):", "    for k in range(min(count - b, 64)):",
              "        lanes[k] += half[b + k]", *_ADD_UP, "all_down = total")
    f.add(1, f"some = min(ahead, {units} - n)", "for place in range(q, some, crew):", "    j = order[n + place]",
          f"    state = {spins}[j]", f"    row = {f.array(op.patterns)}[j * count:j * count + count]")
    if tabled:
        _emit_product(f, op)
    else:
        _emit_responses(f, op, text)
    f.add(2, "sums[side, place] = x__sum")
    _emit_meeting(f, 1)
    f.add(1, "turned = False", "for place in range(some):", "    j = order[n + place]", f"    state = {spins}[j]",
          "    x__sum = sums[side, place]")
    for name, ref in op.names.items():
        if name in Text.names(op.field) | Text.names(op.temperature) and not layout.is_number(ref.buffer):
            f.add(2, f"x_{name} = {load(text, name, f'{f.array(ref.buffer)}[j]')}")
    f.add(2, f"field, heat, new = {text.value(op.field)}, {text.value(op.temperature)}, state")
    _emit_choice(f, op)
    f.add(2, "if new != state:", f"    row = {f.array(op.patterns)}[j * count:j * count + count]",
          "    change, who, turned = new - state, j, True")
    _emit_turn(f, 3, op)
    f.add(3, "break")
    f.add(1, "n, side = n + place + 1, 1 - side", "if crew > 1:",
          f"    ahead = crew if turned else min(2 * ahead, {AHEAD})")
    f.add(0, "if turned:")
    _emit_meeting(f, 1)
    _emit_turned(f, 1, op)
    f.add(0, "meetings[0] = phase")
    return f


def _emit_meeting(f: Function, depth: int) -> None:
    """Wait for all threads that share the visits."""
    f.add(depth, "if crew > 1:", "    phase += 1", f"    meet({f.need('arrivals', 'sweep_arrivals')}, crew, phase)")


def _emit_turned(f: Function, depth: int, op: Sweep) -> None:
    """Write down the unit that has turned, by one thread, now that no other reads its old state."""
    f.add(depth, "if q == 0 and who >= 0:", f"    {f.array(op.spins)}[who] = new", f"    {f.array(op.seen)}[who] = new")


def _units(f: Function, op: Sweep) -> str:
    return spans.size(f, f.layout.program.buffers[op.spins].space or "", "units")


def _bits(f: Function) -> int:
    return 8 * f.layout.dtype.itemsize


def _begin(f: Function, op: Sweep) -> None:
    """Scratch, overlaps brought up to date, random words and the order of visits."""
    units, spins, seen = _units(f, op), f.array(op.spins), f.array(op.seen)
    for local, source in (SCRATCH | (TABLES if op.entries != "numbers" else {})).items():
        f.need(local, source)
    stored = spans.size(f, f.layout.program.buffers[op.overlaps[0]].space or "", "stored")
    f.add(0, "no_overlap()", f"count, width = {stored}, {f.array(op.overlaps[0])}.size",
          f"crew = {f.need('threads', 'lanes')} if count >= {LEAST_SHARED} else 1", "if q >= crew:", "    return",
          f"phase = {f.need('meetings', 'sweep_phase[worker]')}[0]",
          "low, high = (width >> 6) * q // crew << 6, (width >> 6) * (q + 1) // crew << 6")
    texts = [op.field, op.temperature, *(a.value for a in op.response)]
    if any(Text.names(text) & {"t", "dt"} for text in texts):
        dt = f.need("dt", "dt")
        f.add(0, f"x_t, x_dt = F(t * {dt}), F({dt})")
    f.add(0, f"for j in range({units}):", f"    change = {spins}[j] - {seen}[j]", "    if change != F(0):",
          f"        row = {f.array(op.patterns)}[j * count:j * count + count]")
    _emit_turn(f, 2, op)
    _emit_meeting(f, 0)
    f.add(0, "if q == 0:", f"    for j in range({units}):", f"        {seen}[j] = {spins}[j]")
    key, stream = f.need("key", "keys[r]"), f.integer("stream", op.stream)
    f.add(0, f"for row in range({1 + _bits(f) // 32}):",
          f"    number = {ORDER_DRAW} if row == 0 else {STATE_DRAW} if row == 1 else {STATE_DRAW + SECOND_WORD}",
          f"    for b in range(0, {units}, 64):",
          f"        philox_block(b >> 6, t, number, {stream}, {key}[0], {key}[1], words[row, b:b + 64])")
    f.add(0, f"for n in range({units}):", "    order[n] = n")
    if op.order == "random":
        f.add(0, f"for n in range({units} - 1, 0, -1):", "    other = bounded(words[0, n], n + 1)",
              "    order[n], order[other] = order[other], order[n]")


def _emit_turn(f: Function, depth: int, op: Sweep) -> None:
    """Add to the overlaps that a thread owns what a ``change`` of the unit of ``row`` does to them."""
    f.add(depth, "entries = row[low:min(high, count)]")
    for n, name in enumerate(op.overlaps):
        f.add(depth, f"own{n} = {f.array(name)}[low:high]")
    f.add(depth, "for k in range(entries.size):", "    power = F(entries[k])")
    for n in range(len(op.overlaps)):
        f.add(depth + 1, *(["power = power * F(entries[k]) * F(entries[k])"] if n else []),
              f"own{n}[k] += power * change")


def _emit_tables(f: Function, depth: int, op: Sweep, text: Text) -> None:
    """Mean and half the difference of the response at m - 1 and m + 1, for each pattern that a thread owns."""
    own = f.array(op.overlaps[0])
    if _reads(op, "_top"):
        _emit_meeting(f, depth)
    _emit_top(f, depth, op)
    f.add(depth, "for b in range(low, high, 64):", f"    m, up, down = {own}[b:b + 64], mean[b:b + 64], half[b:b + 64]")
    _emit_views(f, depth + 1, op, "64")
    f.add(depth + 1, "for k in range(64):")
    _emit_loads(f, depth + 2, op, text)
    for sign, result in (("-", "below"), ("+", "above")):
        f.add(depth + 2, f"x__p1 = m[k] {sign} F(1)", *map(text.statement, op.response), f"{result} = x__response")
    f.add(depth + 2, "up[k] = (below + above) * F(0.5)", "down[k] = (below - above) * F(0.5)")


def _emit_product(f: Function, op: Sweep) -> None:
    """The sum from the tables, four blocks at a time: a lane is loaded and stored once for four of its patterns."""
    term = "F({x}[k]) * {up}[k]"
    if op.entries == "ternary":
        term = "F({x}[k]) * ({up}[k] + (state * F({x}[k])) * {down}[k])"
    f.add(2, *_CLEAR, "for b in range(0, count - 255, 256):")
    parts = [{kind: f"{kind}{n}" for kind in ("x", "up", "down")} for n in range(4)]
    for n, names in enumerate(parts):
        start = f"b + {64 * n}:b + {64 * n + 64}"
        f.add(3, f"{names['x']}, {names['up']}, {names['down']} = row[{start}], mean[{start}], half[{start}]")
    f.add(3, "for k in range(64):", "    total = lanes[k]", *(f"    total += {term.format(**n)}" for n in parts),
          "    lanes[k] = total")
    plain = {kind: f"{kind}0" for kind in ("x", "up", "down")}
    f.add(2, "for b in range(count - count % 256, count, 64):", "    last = min(count - b, 64)",
          "    x0, up0, down0 = row[b:b + last], mean[b:b + last], half[b:b + last]",
          "    for k in range(last):", f"        lanes[k] += {term.format(**plain)}")
    f.add(2, *_ADD_UP, "x__sum = total" if op.entries == "ternary" else "x__sum = total + state * all_down")


_CLEAR = ("for k in range(64):", "    lanes[k] = F(0)")
_ADD_UP = ("total = F(0)", "for k in range(64):", "    total += lanes[k]")


def _emit_responses(f: Function, op: Sweep, text: Text) -> None:
    """The sum from the overlaps themselves: whole blocks in a loop of fixed length, which vectorises, and the rest."""
    _emit_top(f, 2, op)
    f.add(2, *_CLEAR, "for b in range(0, count, 64):", "    last = min(count - b, 64)", "    x = row[b:b + last]")
    for n, name in enumerate(op.overlaps):
        f.add(3, f"m{n} = {f.array(name)}[b:b + last]")
    _emit_views(f, 3, op, "last")
    for head, length in (("if last == 64:", "64"), ("else:", "last")):
        f.add(3, head, f"    for k in range({length}):", "        e = F(x[k])", "        x__x, power = e, e")
        for n in range(len(op.overlaps)):
            f.add(5, *(["power = power * e * e"] if n else []), f"x__p{2 * n + 1} = m{n}[k] - power * state")
        _emit_loads(f, 5, op, text)
        f.add(5, *map(text.statement, op.response), "lanes[k] += e * x__response")
    f.add(2, *_ADD_UP, "x__sum = total")


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
    f.add(2, "if heat > F(0):", f"    above = F(1) / (F(1) + exp{bits}(F(-2) * field / heat))",
          f"    new = F(1) if uniform{bits}({taken}) < above else F(-1)", "elif field > F(0):", "    new = F(1)",
          "elif field < F(0):", "    new = F(-1)")
