"""Edges and their numbers drawn on the device, so that the host never holds them.

Rows are dealt out to blocks. What a block needs beside its row (marks of whom it has chosen, room to sort a row that is
long) is there for each block, and as many blocks run as that leaves room for.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from ...kernels.recipes import ValueRecipe
from ...program.buffers import PendingEdges
from .layout import C_TYPES, TILE, Layout, Stored
from .loader import Device, Launcher
from .module import prelude_text

NEAR = 4096
"""Edges of a row that are sorted in the memory that a block shares; ``connect.h`` has the same number."""
WORKING = 256 << 20
"""Bytes that all blocks may have beside their rows, but for one block that needs more."""


@dataclass(frozen=True)
class Drawing:
    """One kernel of a join: how many blocks, and what it is given, arrays by name."""

    kernel: str
    blocks: int
    arguments: tuple[str | int | float, ...]


def working_bytes(layout: Layout, busy: int) -> int:
    """What drawing takes on a device beside what it leaves there; ``busy`` blocks keep the device busy."""
    needed = [0]
    for name, pending in layout.pending.items():
        needed.append(sum(stored.nbytes for stored in room_of(pending, busy).values()))
        needed.append(4 * pending.targets if "colfirst_" + name in layout.arrays else 0)
    return sum(sorted(needed)[-2:])  # one may still be there when the next begins


def draw_on(layout: Layout, device: Device, arrays: Mapping[str, Any]) -> None:
    """Fill the arrays of a layout that stand empty for edges and their numbers."""
    if not layout.pending and not layout.recipes:
        return
    kernels = device.compile(connect_text(layout), connect_parameters())
    for name, pending in layout.pending.items():
        room = room_of(pending, device.busy)
        named = {at: device.allocate(stored) for at, stored in room.items()}
        named |= {kind: arrays[f"{kind}_{name}"] for kind in ("first", "target", "bounds")}
        for drawing in drawings(pending, room, device.busy):
            given = [named[a] if isinstance(a, str) else a for a in drawing.arguments]
            kernels[drawing.kernel](drawing.blocks, 1, TILE, given)
        if "colfirst_" + name in arrays:
            _fill_columns(name, pending, kernels, device, arrays)
    for at, recipe in layout.recipes.items():
        copies, count = layout.arrays[at].shape
        kernel, numbers = _of_values(recipe)
        kernels[kernel](device.busy, copies, TILE, [count, *numbers, arrays[at]])


def connect_text(layout: Layout) -> str:
    """All kernels, for the types of a layout."""
    kinds = {"T": layout.target_type, "B": _type_of("bounds_", layout, "u2"), "N": _type_of("coledge_", layout, "i4")}
    types = (f"typedef {C_TYPES[dtype.name]} {short};" for short, dtype in kinds.items())
    return "\n".join([prelude_text(layout.dtype.name), *types, _header()])


@cache
def connect_parameters() -> dict[str, list[str]]:
    """The parameters of each kernel as they are declared."""
    found = re.findall(r"__global__ void (\w+)\(([^)]*)\)", _header())
    return {name: [" ".join(one.split()) for one in declared.split(",")] for name, declared in found}


def room_of(pending: PendingEdges, busy: int) -> dict[str, Stored]:
    """What the kernels of a join need beside what they fill."""
    recipe, room = pending.recipe, {}
    if recipe.distinct:
        words = max(-(-recipe.size // 32), 1)
        room["marks"] = Stored((_blocks(4 * words, busy), words), np.dtype(np.uint32))
    if recipe.kind == "columns":
        room["taken"] = Stored((pending.sources,), np.dtype(np.uint32))
        room.setdefault("marks", Stored((busy, 1), np.dtype(np.uint32)))
    if recipe.thresholds.size:
        longest = int(np.diff(pending.first).max(initial=0))
        longest = longest if longest > NEAR else 1
        room["keys"] = Stored((_blocks(8 * longest, busy), longest), np.dtype(np.uint64))
        for name, values in (("thresholds", recipe.thresholds), ("late", pending.delays - recipe.low)):
            room[name] = Stored(values.shape, values.dtype, lambda values=values: values)  # type: ignore[misc]
    return room


def drawings(pending: PendingEdges, room: Mapping[str, Stored], busy: int) -> list[Drawing]:
    """What draws the edges of a join, in order."""
    recipe = pending.recipe
    key, avoid = (recipe.target_draw, *recipe.key), int(recipe.avoid)
    head = ("first", pending.targets if recipe.kind == "columns" else pending.sources, avoid)
    marked = room["marks"].shape[0] if "marks" in room else busy
    match recipe.kind:
        case "columns":
            own = (recipe.size, recipe.degree, int(recipe.distinct), *key, "marks", "taken")
            found = [Drawing("connect_columns", marked, (*head, *own, "target"))]
        case "rows" if recipe.distinct:
            found = [Drawing("connect_rows_once", marked, (*head, recipe.size, *key, "marks", "target"))]
        case "rows":
            found = [Drawing("connect_rows", busy, (*head, recipe.size, *key, "target"))]
        case "gaps":
            found = [Drawing("connect_gaps", busy, (*head, recipe.size, float(recipe.inverse_log), *key, "target"))]
        case _:
            found = [Drawing("connect_all", busy, (*head, int(recipe.kind == "one"), "target"))]
    if recipe.kind == "columns" or recipe.kind == "rows" and not recipe.distinct:
        found.append(Drawing("connect_sort", busy, ("first", pending.sources, "target")))
    if recipe.thresholds.size:
        blocks, longest = room["keys"].shape
        late = ("thresholds", recipe.thresholds.size, "late", len(pending.delays))
        key = (recipe.delay_draw, *recipe.key)
        given = ("first", pending.sources, *late, *key, "keys", longest, "target", "bounds")
        found.append(Drawing("connect_delays", blocks, given))
    return found


def _fill_columns(name: str, pending: PendingEdges, kernels: Mapping[str, Launcher], device: Device,
                  arrays: Mapping[str, Any]) -> None:
    """The edges of a join by target."""
    first, target, colfirst, coledge, colsource = (
        arrays[f"{kind}_{name}"] for kind in ("first", "target", "colfirst", "coledge", "colsource"))
    count, targets, blocks = pending.count, pending.targets, device.busy
    taken = device.allocate(Stored((targets,), np.dtype(np.uint32)))
    kernels["column_count"](blocks, 1, TILE, [count, target, taken])
    device.write(colfirst, np.concatenate([[0], np.cumsum(device.read(taken), dtype=np.int64)]))
    kernels["column_fill"](blocks, 1, TILE, [count, target, colfirst, taken, coledge])
    kernels["column_sort"](blocks, 1, TILE, [colfirst, targets, coledge])
    kernels["column_source"](blocks, 1, TILE, [count, first, pending.sources, coledge, colsource])


def _type_of(kind: str, layout: Layout, otherwise: str) -> np.dtype:
    """The type that all arrays of a kind have."""
    return next((stored.dtype for at, stored in layout.arrays.items() if at.startswith(kind)), np.dtype(otherwise))


def _blocks(bytes_each: int, busy: int) -> int:
    """Blocks that there is room for."""
    return int(np.clip(WORKING // bytes_each, 1, busy))


def _of_values(recipe: ValueRecipe | float) -> tuple[str, tuple[float | int, ...]]:
    """The kernel that draws or sets numbers along edges, and what it is given of them."""
    if not isinstance(recipe, ValueRecipe):
        return "value_same", (recipe,)
    numbers, drawn = map(float, recipe.numbers), (float(recipe.step), recipe.draw, *recipe.key)
    if recipe.kind in ("normal", "lognormal"):
        return "value_normal", (*numbers, int(recipe.kind == "lognormal"), *drawn)
    return f"value_{recipe.kind}", (*numbers, *drawn)


@cache
def _header() -> str:
    return Path(__file__).with_name("connect.h").read_text(encoding="utf-8")
