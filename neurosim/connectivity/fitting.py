"""Whether a rule fits the two populations that it connects; known before anything is drawn."""

from typing import Any

import numpy as np

from ..errors import DescriptionError
from .plans import Task, excludes
from .rules import FixedInDegree, FixedOutDegree, FixedTotal, FromArrays, FromMatrix, OneToOne


def check_fit(rule: Any, task: Task) -> None:
    """Refuse a rule that cannot be drawn for these sizes."""
    match rule:
        case OneToOne() if task.sources != task.targets:
            wanted = "as many sources as targets"
            raise DescriptionError(f"OneToOne needs {wanted}, got {task.sources} and {task.targets}")
        case FixedOutDegree():
            _check_degree(rule, "degree", task.targets - excludes(rule, task), "targets")
        case FixedInDegree():
            _check_degree(rule, "degree", task.sources - excludes(rule, task), "sources")
        case FixedTotal():
            shared = len(task.shared) if excludes(rule, task) else 0
            if 0 < shared < task.sources:
                raise DescriptionError(
                    "FixedTotal.self_connections must be True where some of the sources alone are targets, too: "
                    f"{shared} of {task.sources}"
                )
            _check_degree(rule, "count", task.sources * task.targets - shared, "pairs")
        case FromMatrix():
            shape = tuple(rule.matrix.shape)
            if shape != (task.sources, task.targets):
                wanted = f"the shape ({task.sources}, {task.targets})"
                raise DescriptionError(f"FromMatrix.matrix must have {wanted}, got {shape}")
        case FromArrays():
            _check_indices("FromArrays.source", rule.source, task.sources)
            _check_indices("FromArrays.target", rule.target, task.targets)


def _check_degree(rule: Any, field: str, possible: int, what: str) -> None:
    value = getattr(rule, field)
    name = f"{type(rule).__name__}.{field}"
    if possible == 0:
        raise DescriptionError(f"{name} cannot be {value}: there are no {what} without self-connections")
    if not rule.multiple and value > possible:
        raise DescriptionError(f"{name} must be <= {possible} ({what}) without multiple edges, got {value}")


def _check_indices(name: str, indices: np.ndarray, size: int) -> None:
    """Each index names one of ``size`` neurons."""
    wrong = np.flatnonzero((indices < 0) | (indices >= size))
    if wrong.size:
        where = int(wrong[0])
        raise DescriptionError(f"{name}[{where}] must be in [0, {size}), got {int(indices[where])}")
