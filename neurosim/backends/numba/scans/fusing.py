"""Which operations of a scanned stage share a loop."""

from collections.abc import Collection, Sequence

from ....gradients import Step, Work, made_by, read_by


def in_order(work: Sequence[Work], dense: Collection[int]) -> list[Work]:
    """The same operations with what goes row by row as early as it can, so that fewer loops are cut in two.

    ``dense`` holds the identities of the products that take all rows of a thread at once.
    """
    left, found = list(work), []
    made: set[str] = set()
    inside = {name for op in work for name in made_by(op)}
    while left:
        ready = [op for op in left if all(n in made or n not in inside for n in read_by(op))]
        op = next((op for op in ready if id(op) not in dense), ready[0])
        left = [other for other in left if other is not op]
        found.append(op)
        made |= set(made_by(op))
    return found


def loops(work: Sequence[Work]) -> list[list[Work]]:
    """Neighbouring elementwise operations on one space together, every other operation alone."""
    found: list[list[Work]] = []
    for op in work:
        if found and isinstance(op, Step) and _goes_on(found[-1], op):
            found[-1].append(op)
        else:
            found.append([op])
    return found


def _goes_on(loop: list[Work], op: Step) -> bool:
    last = loop[-1]
    if not isinstance(last, Step) or last.space != op.space:
        return False
    made = {name for other in loop for name in made_by(other)}
    return not any(op.reads[name] in made for name in op.segments)  # a segment's value must be whole before it is read


def segments(work: Sequence[Work], dense: Collection[int]) -> list[list[list[Work]]]:
    """Loops between the products of a step; ``dense`` as above."""
    found: list[list[list[Work]]] = []
    for loop in loops(in_order(work, dense)):
        alone = id(loop[0]) in dense
        if not found or alone or id(found[-1][0][0]) in dense:
            found.append([loop])
        else:
            found[-1].append(loop)
    return found
