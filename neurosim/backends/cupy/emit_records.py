"""What probes catch, kept on the device until a chunk is over."""

from collections.abc import Sequence

import numpy as np

from ...program import Probe
from .emit_dense import OWN
from .kernel import Kernel
from .layout import Layout, tiles

MOST_STEPS = 1 << 14
"""Steps of a chunk at the most: the room for how many events each step had."""
EVENT_BYTES, SAMPLE_BYTES = 64 << 20, 32 << 20
MOST_AT_ONCE = 64
"""Steps between two looks at the room that is left, which are the steps of a graph."""


def lay_records(layout: Layout, probes: Sequence[Probe]) -> None:
    """Room for what each probe catches in a chunk."""
    replicas = layout.program.replicas
    for n, probe in enumerate(probes):
        if probe.kind == "events":
            size = layout.size(layout.program.lists[probe.source].space)
            room = max(size, min(size * MOST_STEPS, EVENT_BYTES // (4 * replicas)))
            layout.add(f"which_{n}", (replicas, room), np.int32)
            layout.add(f"filled_{n}", (replicas,), np.int64)
            layout.add(f"until_{n}", (replicas, MOST_STEPS), np.int64)
            continue
        buffer = layout.program.buffers[probe.source]
        size = 1 if buffer.space is None else layout.size(buffer.space)
        pick = np.arange(size) if probe.indices is None else np.asarray(probe.indices)
        kind = layout.dtype if buffer.space is None else layout.element_type(buffer)
        width = replicas * max(len(pick), 1) * np.dtype(kind).itemsize
        rows = int(np.clip(SAMPLE_BYTES // width, 1, MOST_STEPS))
        layout.add(f"rows_{n}", (rows, replicas, len(pick)), kind)
        layout.keep(f"pick_{n}", pick.astype(np.int64))


def emit_probe(number: int, probe: Probe, layout: Layout) -> Kernel:
    """Copies what a probe sees after a step behind what it saw before."""
    return (_emit_events if probe.kind == "events" else _emit_samples)(number, probe, layout)


def _emit_events(number: int, probe: Probe, layout: Layout) -> Kernel:
    kernel = Kernel(layout, "record events")
    list_, count = kernel.entry(probe.source, "t")
    which = kernel.pointer("which", f"which_{number}", writes=True)
    filled = kernel.pointer("filled", f"filled_{number}", writes=True)
    until = kernel.pointer("until", f"until_{number}", writes=True)
    room = kernel.whole("room", layout.arrays[f"which_{number}"].shape[1])
    steps = kernel.whole("steps", MOST_STEPS)
    kernel.add(0, f"const i64 begun = {filled}[r], count = {count};", f"const int* now = {list_};",
               f"for (i64 n = threadIdx.x; n < count; n += blockDim.x) {which}[r * {room} + begun + n] = now[n];",
               "__syncthreads();",
               "if (threadIdx.x == 0) {", f"    {filled}[r] = begun + count;",
               f"    {until}[r * {steps} + t - clock[2]] = begun + count;", "}")
    return kernel


def _emit_samples(number: int, probe: Probe, layout: Layout) -> Kernel:
    kernel = Kernel(layout, "record samples")
    _, replicas, width = layout.arrays[f"rows_{number}"].shape
    kernel.blocks = tiles(width)
    every = kernel.whole("every", probe.every)
    rows, pick = kernel.pointer("rows", f"rows_{number}", writes=True), kernel.pointer("pick", f"pick_{number}")
    copies, size = kernel.whole("replicas", replicas), kernel.whole("size", width)
    single = layout.program.buffers[probe.source].space is None
    value = kernel.number(probe.source) if single else f"{kernel.array(probe.source)}[{pick}[k]]"
    kernel.add(0, f"if ((t + 1) % {every} != 0) return;",
               f"const i64 row = (t + 1) / {every} - clock[2] / {every} - 1;", OWN.format(size),
               f"    {rows}[(row * {copies} + r) * {size} + k] = {value};", "}")
    return kernel




def steps_at_once(probes: Sequence[Probe], layout: Layout) -> int:
    """Steps that can be made without a look at the room for events, even when everybody fires."""
    sizes = {n: layout.size(layout.program.lists[p.source].space) for n, p in enumerate(probes) if p.kind == "events"}
    return min([layout.arrays[f"which_{n}"].shape[1] // max(2 * size, 1) for n, size in sizes.items()]
               + [MOST_AT_ONCE], default=MOST_AT_ONCE) or 1


def end_text(probes: Sequence[Probe], layout: Layout, steps: int) -> tuple[str, list[str], list[str | int]]:
    """The kernel at the end of ``steps`` steps, its parameters behind the clock, and what it is given for them.

    The next steps begin, unless they might catch more events than there is room for.
    """
    caught = [n for n, probe in enumerate(probes) if probe.kind == "events"]
    parameters = ["i64* clock", "i64 steps", "i64 replicas"]
    lines = ["    const i64 next = least(clock[0] + steps, clock[1]);", "    int full = 0;"]
    arguments: list[str | int] = [steps, layout.program.replicas]
    for n in caught:
        parameters += [f"const i64* filled_{n}", f"i64 most_{n}"]
        size = layout.size(layout.program.lists[probes[n].source].space)
        arguments += [f"filled_{n}", layout.arrays[f"which_{n}"].shape[1] - steps * size]
        lines.append(f"    for (i64 b = threadIdx.x; b < replicas; b += blockDim.x) full |= filled_{n}[b] > most_{n};")
    lines += ["    full = __syncthreads_or(full);", "    if (threadIdx.x == 0) {", "        clock[0] = next;",
              "        if (full) clock[1] = next;", "    }"]
    head = f'extern "C" __global__ void end({", ".join(parameters)}) {{'
    return "\n".join([head, *lines, "}"]) + "\n", parameters, arguments
