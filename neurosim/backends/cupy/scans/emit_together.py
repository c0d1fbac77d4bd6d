"""Kernels in which a block takes some copies through all steps, and its threads meet after each loop over indices."""

from collections.abc import Sequence

from ....gradients import Along, AlongOuter, Fold, Product, Step, Winner, Work, made_by, read_by
from ..layout import symbol
from .kernel import PartText


def emit_together(text: PartText) -> list[str]:
    """The kernel; a block has copies ``low`` to ``low + count - 1``."""
    values = dict.fromkeys(v for op in text.part.work for v in (*read_by(op), *made_by(op)))
    rows = [v for v in values if v in text.homes and text.homes[v].kind != "local"]
    body = [f"auto* r_{symbol(v)} = {text.array(v)} + {text.row(v)};" for v in rows]
    for loop in text.part.loops:
        body += [*_loop(text, loop), "__syncthreads();"]
    shift = {text.array(v): text.size(text.scan.values[v].space) for v in rows}
    for op in (op for op in text.part.work if isinstance(op, Step)):
        shift |= {text.sums(total, op.space): text.size(op.space) for total in op.totals.values()}
    time = "steps - 1 - k" if text.scan.reverse else "k"
    lines = [
        *text.head, "const int low = int(copies * blockIdx.x / gridDim.x);",
        "const int count = int(copies * (blockIdx.x + 1) / gridDim.x) - low;",
        *(f"{array} += i64(low) * {size};" for array, size in shift.items()),
        "for (i64 k = 0; k < steps; ++k) {", f"    const i64 t = {time};", *("    " + line for line in body), "}",
    ]
    head = ", ".join(["i64 steps", "i64 copies", *text.parameters])
    return [f'extern "C" __global__ void part_{text.number}({head}) {{', *("    " + line for line in lines), "}"]


def _loop(text: PartText, loop: Sequence[Work]) -> list[str]:
    match loop[0]:
        case Step(space=space):
            return _elementwise(text, space, [op for op in loop if isinstance(op, Step)])
        case Product() as op:
            return _product(text, op)
        case Fold() as op:
            return _fold(text, op)
        case Along() as op:
            return _along(text, op)
        case AlongOuter() as op:
            return _along_outer(text, op)
        case Winner(source=source, target=target):
            size = text.size(text.scan.values[source].space)
            return [f"winner(r_{symbol(source)}, r_{symbol(target)}, count, {size});"]
    raise TypeError(f"{type(loop[0]).__name__} is no part of a loop over steps")


def _elementwise(text: PartText, space: str, work: Sequence[Step]) -> list[str]:
    made: dict[str, str] = {}
    body: list[str] = []
    for number, op in enumerate(work):
        body += text.step(op, number, made, {v: f"r_{symbol(v)}" for v in op.reads.values()}, "{}[j]")
        made |= {value: f"v_{symbol(value)}" for value in op.writes.values()}
        body += [f"r_{symbol(v)}[j] = v_{symbol(v)};" for v in op.writes.values() if text.homes[v].kind != "local"]
    size = text.size(space)
    return [f"EACH(j, count * {size}) {{", f"    const int n = j % {size};", *("    " + line for line in body), "}"]


def _product(text: PartText, op: Product) -> list[str]:
    values = text.scan.values
    spikes = "true" if values[op.source].binary else "false"
    weight = text.need("w", f"{op.weight}{' turned' if op.transpose else ''}")
    rows, columns = (text.size(values[v].space) for v in (op.source, op.target))
    return [f"product<{spikes}>(r_{symbol(op.source)}, {weight}, r_{symbol(op.target)}, count, {rows}, {columns});"]


def _fold(text: PartText, op: Fold) -> list[str]:
    length = text.scan.size(op.source) // text.scan.size(op.target)
    scale = f" * F({op.scale!r})" if op.scale != 1.0 else ""
    return [
        f"EACH(j, count * {text.size(text.scan.values[op.target].space)}) {{", "    F total = F(0);",
        f"    for (i64 i = 0; i < {length}; ++i) total += r_{symbol(op.source)}[i64(j) * {length} + i];",
        f"    r_{symbol(op.target)}[j] = total{scale};", "}",
    ]


def _along(text: PartText, op: Along) -> list[str]:
    """Each target adds up along its edges, first to last."""
    values = text.scan.values
    rows, columns = (text.size(values[v].space) for v in (op.source, op.target))
    by = f"{op.edges}{'' if op.transpose else ' turned'}"
    first, last, edge = (text.need(kind, by) for kind in ("first", "last", "edge"))
    weight = f"{text.need('p', op.weight)}[{f'{edge}[e]' if values[op.weight].space is not None else '0'}]"
    return [
        f"EACH(j, count * {columns}) {{", f"    const int n = j % {columns};",
        f"    const auto* x = r_{symbol(op.source)} + i64(j / {columns}) * {rows};", "    F total = F(0);",
        f"    for (i64 e = {first}[n]; e < {first}[n + 1]; ++e) total += {weight} * x[{last}[e]];",
        f"    r_{symbol(op.target)}[j] = total;", "}",
    ]


def _along_outer(text: PartText, op: AlongOuter) -> list[str]:
    """A thread for each index at which edges begin, and a sum of each block for each edge."""
    values = text.scan.values
    rows, columns = (text.size(values[v].space) for v in (op.left, op.right))
    first, last = (text.need(kind, op.edges) for kind in ("first", "last"))
    sums = text.need("z", f"{op.total} {text.number} {op.edges}")
    return [
        f"EACH(i, {rows})", f"    for (i64 e = {first}[i]; e < {first}[i + 1]; ++e) {{", "        F total = F(0);",
        "        for (int b = 0; b < count; ++b)",
        f"            total += r_{symbol(op.left)}[i64(b) * {rows} + i] * "
        f"r_{symbol(op.right)}[i64(b) * {columns} + {last}[e]];",
        f"        {sums}[blockIdx.x * {text.size(op.edges)} + e] += total;", "    }",
    ]
