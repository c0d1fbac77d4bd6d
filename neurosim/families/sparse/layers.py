"""Operations over the several index spaces of one part."""

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np

from ...equations import Assign
from ...errors import DescriptionError, NetworkError, nearest
from ...program import Buffer, Imprint, Map, MatMul, Reduce, Ref, Scope
from ...program.buffers import DType


class Layers:
    """A part with spaces of different length, whose texts read the shorter ones by segment.

    Parameters
    ----------
    scope
        Of the part; its own space, under the key ``""``, is the longest.
    sizes
        Number of indices of each space, by the name behind the part's.
    """

    def __init__(self, scope: Scope, sizes: Mapping[str, int]):
        self.scope, self.builder = scope, scope.builder
        for name, size in sizes.items():
            self.builder.add_space(self.space(name), size)

    def space(self, name: str) -> str:
        """The full name of a space."""
        return f"{self.scope.prefix}.{name}" if name else self.scope.prefix

    def states(self, space: str, dtype: DType = "float", **initial: Any) -> None:
        """Variables over a space with their initial values."""
        for name, value in initial.items():
            self.scope.state(name, value, dtype=dtype, space=self.space(space))

    def constants(self, space: str, **values: Any) -> None:
        """Numbers for all, or one for each index of a space."""
        for name, value in values.items():
            if np.ndim(value):
                self.builder.add_buffer(
                    Buffer(
                        name=self.scope.full(name), space=self.space(space), kind="parameter", initial=np.asarray(value)
                    )
                )
            else:
                self.scope.value(name, value)

    def map(self, space: str, text: str, phase: str = "integrate", extra: Mapping[str, Ref] | None = None) -> None:
        """Update the indices of a space; a line of ``text`` is one assignment, and ``extra`` says what names mean."""
        lines = [line.split(" = ", 1) for line in map(str.strip, text.splitlines()) if line]
        body = tuple(Assign(target, "=", value) for target, value in lines)
        found = {**self.names(space, body, extra), **(extra or {})}
        self.builder.add(phase, Map(space=self.space(space), body=body, names=found))

    def names(self, space: str, body: tuple[Assign, ...], extra: Mapping[str, Ref] | None = None) -> dict[str, Ref]:
        """What the names of a body stand for, seen from ``space``."""
        found = {}
        for name, ref in self.scope.resolve(body, extra).items():
            on = self.builder.buffers[ref.buffer].space
            found[name] = Ref(ref.buffer, "own" if on in (None, self.space(space)) else "segment")
        return found

    def bits(self, name: str, rows: int, columns: int, given: np.ndarray | None = None) -> str:
        """A matrix of bits that learns, or a fixed one where it is ``given``; its full name."""
        full = self.scope.full(name)
        self.builder.add_space(full, rows * columns)
        initial: Any = False if given is None else np.asarray(given, bool).reshape(rows * columns)
        self.builder.add_buffer(
            Buffer(
                name=full,
                space=full,
                kind="state" if given is None else "parameter",
                dtype="bit",
                initial=initial,
                columns=columns,
            )
        )
        return full

    def product(self, source: str, target: str, weight: str, phase: str = "integrate", transpose: bool = False) -> None:
        """Sums over a matrix; the target is a variable of this part."""
        self.builder.add(
            phase, MatMul(source=source, target=self.scope.full(target), weight=weight, transpose=transpose)
        )

    def reduce(self, source: str, target: str, how: Literal["sum", "mean", "max"], phase: str = "integrate") -> None:
        """Sum, mean or greatest value over the segments of a longer space."""
        self.builder.add(phase, Reduce(source=self.scope.full(source), target=self.scope.full(target), how=how))

    def events(self, name: str, condition: str) -> None:
        """Collect the indices of the part where a condition holds."""
        body = (Assign("_condition", "=", condition),)
        self.scope.events(name, condition, extra=self.names("", body))

    def imprint(self, source: str, target: str, weight: str, mask: str | None, filled: str | None) -> None:
        """Let what is taught be learnt, behind everything else in the step."""
        full = self.scope.full
        self.builder.add(
            "plastic",
            Imprint(
                source=source,
                target=full(target),
                weight=weight,
                mask=mask,
                filled=None if filled is None else full(filled),
            ),
        )


def features_of(scope: Scope, part: str, field: str) -> tuple[str, int]:
    """The buffer of truth values that a part shows to others, and its size."""
    for name in ("win", "x"):
        found = scope.builder.buffers.get(f"{part}.{name}")
        if found is not None and found.dtype == "bool":
            return found.name, scope.builder.spaces[found.space or ""].size
    known = sorted({b.name.partition(".")[0] for b in scope.builder.buffers.values() if b.dtype == "bool"})
    raise NetworkError(
        f"{scope.prefix}: {field} must name a part that shows features and was added before, such as "
        f"Frames, SpikeFrames or Macs, got {part!r}{nearest(part, known)}"
    )


def steps_of(frame: float | None, scope: Scope, where: str) -> int:
    """How many steps a frame lasts; None is one step."""
    if frame is None:
        return 1
    steps = round(frame / scope.dt)
    if steps < 1 or abs(steps * scope.dt - frame) > 1e-6 * frame:
        raise DescriptionError(f"{where} must be a multiple of the time step {scope.dt:g} ms, got {frame:g} ms")
    return steps
