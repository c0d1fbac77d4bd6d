"""Kernels in which each thread takes one index of one copy through all steps, with what it carries in registers."""

from ....gradients import Step
from ..layout import symbol
from .kernel import PartText

UNROLLED = 4
"""Steps that are written out, so that what they read is on its way at once."""


def emit_alone(text: PartText) -> list[str]:
    """The kernel; indices of all copies lie one after another, ``width`` of them belong to a block."""
    (loop,) = text.part.loops
    work = [op for op in loop if isinstance(op, Step)]
    held = _held(text)
    made = {c.start: f"h_{symbol(c.final)}" for c in text.scan.carries if c.final in held and c.lag == 1}
    body: list[str] = []
    for number, op in enumerate(work):
        elements = {v: _element(text, v) for v in op.reads.values() if v in text.homes and v not in made}
        body += text.step(op, number, made, elements, "sum_{}")
        made |= {value: f"v_{symbol(value)}" for value in op.writes.values()}
        body += [f"{_element(text, v)}[j] = v_{symbol(v)};" for v in op.writes.values() if _is_stored(text, v)]
    body += [f"h_{symbol(v)} = v_{symbol(v)};" for v in held]
    starts = {c.final: c.start for c in text.scan.carries if c.lag == 1}
    begin = [f"F h_{symbol(v)} = {_element(text, starts[v])}[j];" for v in held]
    sums = dict.fromkeys(text.sums(total, op.space) for op in work for total in op.totals.values())
    begin += [f"F sum_{array} = F(0);" for array in sums]
    end = [f"{_element(text, v)}[j] = h_{symbol(v)};" for v in held if text.homes[v].kind == "held"]
    end += [f"{array}[j] = sum_{array};" for array in sums]
    size = text.size(work[0].space)
    first, on = ("steps - 1", "--t") if text.scan.reverse else ("0", "++t")
    lines = [
        *text.head, f"const int items = int(copies) * {size};",
        "for (int j = int(blockIdx.x * width) + threadIdx.x; j < least(items, (blockIdx.x + 1) * width); "
        "j += blockDim.x) {",
        f"    const int n = j % {size};", f"    i64 k = 0, t = {first};", *("    " + line for line in begin),
        f"#pragma unroll {UNROLLED}", f"    for (; k < steps; ++k, {on}) {{", *("        " + line for line in body),
        "    }", *("    " + line for line in end), "}",
    ]
    return _kernel(text, ["i64 width"], lines)


def _held(text: PartText) -> list[str]:
    """Values of the step before that are kept in a register: those that this kernel makes and reads, or hands on."""
    found = {c.final for c in text.scan.carries if c.lag == 1 and c.final in text.made}
    return sorted(found)


def _is_stored(text: PartText, value: str) -> bool:
    return text.homes[value].kind not in ("local", "held")


def _element(text: PartText, value: str) -> str:
    return f"({text.array(value)} + {text.row(value)})"


def _kernel(text: PartText, more: list[str], lines: list[str]) -> list[str]:
    head = ", ".join(["i64 steps", "i64 copies", *more, *text.parameters])
    return [f'extern "C" __global__ void part_{text.number}({head}) {{', *("    " + line for line in lines), "}"]
