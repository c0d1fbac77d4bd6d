"""Linear systems with constant coefficients, solved exactly by a matrix exponential.

Variables, the inputs that enter linearly (they stand still for a step) and the constant 1 form one linear
system z' = M z, so a step is z -> exp(M dt) z. The exponential is taken of numbers, which makes equal
time constants no special case. Which of its entries can differ from zero follows from which of M do.
"""

import ast
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from . import trees
from .affine import affine
from .evaluator import evaluate
from .expressions import names, unparse
from .stages import held, locals_of
from .systems import HELD, System
from .text import Assign
from .updates import Hoist, Update, Values, assigned

_CONSTANT = ""  # the column of the constant 1
Entries = Mapping[tuple[str, str], ast.expr]


def linear_entries(system: System) -> Entries | str:
    """The entries of M by row and column, or the reason why there is no such matrix."""
    hoist = Hoist(system.constants)
    entries: dict[tuple[str, str], ast.expr] = {}
    for row, expr in system.equations.items():
        whole = system.inlined(expr)
        form = affine(whole, system.equations.keys() | system.inputs | system.sampled)
        if form is None:
            return f"d{row}/dt is not linear in the variables together"
        found = {name: form.coefficient(name) for name in form.terms} | {_CONSTANT: form.offset()}
        for column, entry in found.items():
            if not hoist.is_constant(entry):
                return f"d{row}/dt has coefficients that change with time ({unparse(entry)})"
            if trees.value_of(entry) != 0:
                entries[row, column] = entry
    return entries


@dataclass(frozen=True)
class _Matrix:
    """M, the rows that may move, and the coefficients to be read from its exponential."""

    entries: Entries
    columns: tuple[str, ...]
    rows: frozenset[str]
    names: Mapping[tuple[str, str], str]

    def reached(self) -> dict[str, frozenset[str]]:
        """For each column those that its value arrives at, itself included."""
        inside = [(r, c) for r, c in self.entries if r in self.rows]
        steps = {column: {r for r, c in inside if c == column} for column in self.columns}
        reached = {}
        for column in self.columns:
            seen, new = {column}, {column}
            while new:
                new = set().union(*(steps[c] for c in new)) - seen
                seen |= new
            reached[column] = frozenset(seen)
        return reached

    def exponentials(self, values: Values, dt: float) -> dict[str, Any]:
        from scipy.linalg import expm  # SciPy's linear algebra is slow to import

        size = len(self.columns)
        place = {name: k for k, name in enumerate(self.columns)}
        env = {**values, "dt": dt}
        inside = {key: expr for key, expr in self.entries.items() if key[0] in self.rows}
        numbers = {key: np.asarray(evaluate(expr, env), dtype=float) for key, expr in inside.items()}
        shape = np.broadcast_shapes(*(entry.shape for entry in numbers.values())) if numbers else ()
        matrix = np.zeros((*shape, size, size))
        for (row, column), entry in numbers.items():
            matrix[..., place[row], place[column]] = entry
        whole = expm(matrix * dt)
        reached = self.reached()
        found = {}
        for (row, column), name in self.names.items():
            entry = whole[..., place[row], place[column]]
            # arrays only where an array lies on a way from the column to the row
            on_way = [e for (r, c), e in numbers.items() if c in reached[column] and row in reached[r]]
            found[name] = entry if any(e.ndim for e in on_way) else float(entry.flat[0])
        return found


def exact(system: System, entries: Entries, reason: str) -> Update:
    """The update that multiplies by exp(M dt); while a variable that others read is held, by a second one."""
    columns = (*system.equations, *sorted({c for _, c in entries if c not in system.equations}))
    taken: set[str] = set()
    free = _matrix(entries, columns, frozenset(system.equations), "to", taken)
    rows = {row: _row(row, free) for row in system.equations}
    matrices = [free]
    moving = system.equations.keys() - system.held
    swayed = {row for row in moving if any((row, c) in free.names for c in system.held)}
    if swayed:
        still = _matrix(entries, columns, frozenset(moving), "held", taken)
        matrices.append(still)
    updates: dict[str, ast.expr] = {}
    for row in system.equations:
        if row in system.held:
            updates[row] = held(system, row, rows[row])
        elif row in swayed:
            updates[row] = trees.where(trees.name(HELD), rows[row], _row(row, matrices[-1]))
        else:
            updates[row] = rows[row]
    used = {name for expr in updates.values() for name in names(expr)}
    kept = [replace(m, names={k: n for k, n in m.names.items() if n in used}) for m in matrices]

    def compute(values: Values, dt: float) -> dict[str, Any]:
        return {name: value for matrix in kept for name, value in matrix.exponentials(values, dt).items()}

    lines = locals_of(system, assigned(updates))
    body = tuple(Assign(target, "=", unparse(expr)) for target, expr in lines)
    coefficients = tuple(n for m in kept for n in m.names.values())
    read = frozenset().union(*(names(entry) for entry in entries.values())) - {"dt"}
    return Update("exact", reason, body, coefficients, compute, tuple(sorted(read)))


def _matrix(
    entries: Entries, columns: tuple[str, ...], rows: frozenset[str], label: str, taken: set[str]
) -> _Matrix:
    bare = _Matrix(entries, columns, rows, {})
    found: dict[tuple[str, str], str] = {}
    for column, reached in bare.reached().items():
        for row in columns:
            if row in reached and row in rows:
                name = f"_m_{column or 'one'}_{label}_{row}"
                while name in taken:
                    name += "_"
                taken.add(name)
                found[row, column] = name
    return _Matrix(entries, columns, rows, found)


def _row(row: str, matrix: _Matrix) -> ast.expr:
    """The new value of a variable: its own old value first, the constant last."""
    columns = [row, *(c for c in matrix.columns if c not in (row, _CONSTANT)), _CONSTANT]
    terms = []
    for column in columns:
        if (row, column) in matrix.names:
            factor = trees.name(matrix.names[row, column])
            terms.append(factor if column == _CONSTANT else trees.mul(factor, trees.name(column)))
    return trees.total(terms)
