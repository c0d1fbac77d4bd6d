"""One kernel that goes from step to step, in the place of a launch for each operation of each step.

Its blocks take the blocks of each launch in turn, and wait for one another where launches need something of each other.
One block waits for nobody; several have to be on the device at the same time.
"""

from collections.abc import Sequence

from .kernel import Together, from_word

NAME = "steps"


def loop_text(launches: Sequence[Together]) -> tuple[list[str], dict[str, tuple[str, ...]]]:
    """The kernel as texts, and its parameters by its name.

    It is given the clock, the number of steps, which launches to do (``first`` to before ``last``), the gates at which
    blocks meet, and for each launch its blocks, whose each block is, and what each member is given.
    """
    parameters = ["i64* clock", "i64 count", "i64 first", "i64 last", "u32* gates"]
    lines = ["    for (i64 ahead = 0; ahead < count; ++ahead) {", "        const i64 t = clock[0] + ahead;",
             "        if (t >= clock[1]) return;"]
    for n, together in enumerate(launches):
        parameters += [f"i64 blocks_{n}", f"const int* owner_{n}", f"const u64* rows_{n}"]
        lines += _launch(n, together)
        if n + 1 == len(launches) or launches[n + 1].round != together.round:
            lines.append("        meet(gates + blockIdx.y);")
    head = f'extern "C" __global__ void __launch_bounds__(TILE, 2) {NAME}({", ".join(parameters)}) {{'
    return ["\n".join([head, *lines, "    }", "}"]) + "\n"], {NAME: tuple(parameters)}


def _launch(n: int, together: Together) -> list[str]:
    """The blocks of a launch, in turn; what a block shares is free again once all its threads are through."""
    types = together.members[0].types
    given = [from_word(kind, f"row[{m + 2}]") for m, kind in enumerate(types)]
    call = ", ".join(["n - i64(row[0])", "i64(row[1])", "t", "blockIdx.y", "clock", *given])
    return [f"        for (i64 n = blockIdx.x; first <= {n} && {n} < last && n < blocks_{n}; n += gridDim.x) {{",
            f"            const u64* row = rows_{n} + owner_{n}[n] * {len(types) + 2};",
            f"            {together.body}({call});", "            __syncthreads();", "        }"]
