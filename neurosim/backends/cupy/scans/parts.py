"""What is one kernel: the operations of a scanned stage that depend on each other."""

from collections.abc import Sequence
from dataclasses import dataclass

from ....gradients import Outer, Product, Scan, Stage, Step, Work, made_by, read_by, stages
from ...numba.scans.fusing import in_order, loops


@dataclass(frozen=True)
class Part:
    """Operations that one kernel takes through all steps.

    Parameters
    ----------
    loops
        Operations that share a loop over indices, in order.
    alone
        Whether nothing crosses from one index to another: then each thread takes one index of one copy through all
        steps and waits for nobody. Else a block owns copies, and its threads meet after each loop.
    """

    loops: tuple[tuple[Work, ...], ...]
    alone: bool

    @property
    def work(self) -> list[Work]:
        """All operations."""
        return [op for loop in self.loops for op in loop]


def plan(scan: Scan) -> list[Part | Product | Outer]:
    """Kernels, and products over all steps at once, in the order in which they run."""
    found: list[Part | Product | Outer] = []
    for stage in stages(scan):
        if stage.bulk:
            found += stage.work  # type: ignore[arg-type]
        else:
            found += [_part(scan, work) for work in _apart(scan, stage)]
    return found


def _apart(scan: Scan, stage: Stage) -> list[list[Work]]:
    """Operations of a stage that need nothing of each other, in no step, apart from each other."""
    work = stage.work
    maker = {name: k for k, op in enumerate(work) for name in made_by(op)}
    group = list(range(len(work)))
    for k, op in enumerate(work):
        for name in read_by(op):
            made = maker.get(scan.origin(name)[0])
            if made is not None:
                group = [group[k] if g == group[made] else g for g in group]
    return [[op for k, op in enumerate(work) if group[k] == number] for number in dict.fromkeys(group)]


def _part(scan: Scan, work: Sequence[Work]) -> Part:
    steps = [op for op in work if isinstance(op, Step)]
    made = {name for op in work for name in made_by(op)}
    across = any(scan.origin(op.reads[name])[0] in made for op in steps for name in op.segments)
    alone = len(steps) == len(work) and len({op.space for op in steps}) == 1 and not across
    ordered = in_order(work, {id(op) for op in work if not isinstance(op, Step)})
    return Part(tuple(tuple(loop) for loop in loops(ordered)), alone)
