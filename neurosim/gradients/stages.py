"""Which operations need time one step after another, and which can be done for all steps at once.

Operations that depend on each other through earlier steps form a component and are scanned. A product or outer
product outside every component is one large matrix product over all steps. Everything elementwise stays in a scan.
"""

from collections.abc import Collection
from dataclasses import dataclass

from .scan import Outer, Product, Scan, Work, made_by, read_by


@dataclass(frozen=True)
class Stage:
    """Operations that are done together: scanned step by step, or one product ``bulk`` over all steps."""

    work: tuple[Work, ...]
    bulk: bool


def stages(scan: Scan, inside: Collection[int] = ()) -> list[Stage]:
    """The stages of a scan in the order in which they run.

    Parameters
    ----------
    scan
        What to cut into stages.
    inside
        Positions in ``scan.work`` of products that stay inside a scan although they need not, because they run over
        events.
    """
    after = _after(scan)
    components = _components(after)
    bulk = {
        k for k, op in enumerate(scan.work)
        if isinstance(op, Product | Outer) and k not in inside and len(components[k]) == 1 and k not in after[k]
    }
    level = _levels(len(scan.work), after, components, bulk)
    found = []
    for n in range(max(level, default=-1) + 1):
        own = [k for k in range(len(scan.work)) if level[k] == n]
        if n % 2:
            found += [Stage((scan.work[k],), True) for k in own]
        elif own:
            found.append(Stage(tuple(scan.work[k] for k in own), False))
    return found


def _after(scan: Scan) -> list[set[int]]:
    """For each operation those that read what it makes, in the same step or a later one."""
    maker = {name: k for k, op in enumerate(scan.work) for name in made_by(op)}
    found: list[set[int]] = [set() for _ in scan.work]
    for k, op in enumerate(scan.work):
        for name in read_by(op):
            made, _ = scan.origin(name)
            if made in maker:
                found[maker[made]].add(k)
    return found


def _components(after: list[set[int]]) -> list[set[int]]:
    """For each operation the operations that it depends on and that depend on it (itself included)."""
    reach = [set(a) for a in after]
    changed = True
    while changed:
        changed = False
        for own in reach:
            more = set().union(*(reach[k] for k in own)) - own
            own.update(more)
            changed = changed or bool(more)
    return [{k} | {j for j in own if k in reach[j]} for k, own in enumerate(reach)]


def _levels(count: int, after: list[set[int]], components: list[set[int]], bulk: set[int]) -> list[int]:
    """Even levels are scans, odd ones are products; each operation as early as what it reads allows."""
    level = [1 if k in bulk else 0 for k in range(count)]
    changed = True
    while changed:
        changed = False
        for k in range(count):
            for j in after[k]:
                least = level[k]
                if j in bulk or k in bulk:
                    least += 1 if (j in bulk) != (k in bulk) else 2
                if level[j] < least:
                    level[j] = least
                    changed = True
            together = max(level[j] for j in components[k])
            if level[k] < together:
                level[k] = together
                changed = True
    return level


