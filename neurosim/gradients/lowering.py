"""From a program, which changes buffers and keeps lists of events, to a scan, which has values and numbers."""

import ast
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ..equations import Assign, names, parse, substitute, trees, unparse
from ..errors import BackendError, DescriptionError, listing, nearest
from ..program import (
    Diffuse,
    EdgeSpace,
    Events,
    Map,
    MatMul,
    Operation,
    Play,
    Program,
    Propagate,
    Reduce,
    Ref,
)
from .scan import Edges, Scan
from .surrogates import surrogate_tree
from .thresholds import spike_text
from .unrolling import Unrolling

Reset = Literal["attached", "detached"] | Collection[str]


@dataclass(frozen=True)
class Unrolled:
    """A program as a scan, with what it begins with.

    Parameters
    ----------
    scan
        Inputs and parameters have the names of their buffers, outputs stand in the order asked for.
    parameters
        For each parameter its value in the program, (), (N,), (E,) or, for all-to-all edges, (M, N).
    starts
        For each past by its start: (lag, N).
    """

    scan: Scan
    parameters: dict[str, np.ndarray]
    starts: dict[str, np.ndarray]


def unrolled(program: Program, *, inputs: Sequence[str], outputs: Sequence[str], surrogate: str = "arctan",
             reset: Reset = "attached") -> Unrolled:
    """Write a program as a scan.

    Parameters
    ----------
    program
        One step of a network.
    inputs
        Variables (``exc.i``) or spikes (``source.spikes``) that are given for each step; what else would write them
        is left out. A spike given for step k arrives after its delay, as in a simulation.
    outputs
        Variables or spikes wanted for each step, as they are at its end.
    surrogate
        Slope of thresholds, see ``SURROGATES``.
    reset
        Whether gradients flow through resets by the spikes that cause them: ``attached``, ``detached``, or the names of
        the variables, as they stand in the texts of resets, for which they do.

    Raises
    ------
    BackendError
        When an operation has no adjoint: plasticity, random draws, competitions, schedules that are no input.
    DescriptionError
        When a name is unknown.
    """
    if isinstance(reset, str) and reset not in ("attached", "detached"):
        raise DescriptionError(f"reset must be 'attached', 'detached' or a list of variables, got {reset!r}")
    surrogate_tree(surrogate)  # a wrong one is refused here, and not by the first gradient
    known = [*program.buffers, *program.lists]
    for name in (*inputs, *outputs):
        if name not in known:
            raise DescriptionError(f"no variable {name!r}{nearest(name, known)}; there are: {listing(known)}")
    work = _Lowering(program, inputs, surrogate, reset)
    for op in program.operations:
        work.lower(op)
    unknown = sorted(set() if isinstance(reset, str) else {*reset} - work.resets)
    if unknown:
        changed = listing(sorted(work.resets))
        raise DescriptionError(f"reset: no spike changes {unknown[0]!r}; what they change: {changed}")
    return work.finish(outputs)


class _Lowering:
    def __init__(self, program: Program, inputs: Sequence[str], surrogate: str, reset: Reset):
        self.program, self.inputs, self.surrogate, self.reset = program, inputs, surrogate, reset
        spaces = {s.name: s.size for s in program.spaces.values()}
        self.made = Unrolling(spaces)
        self.parameters: dict[str, np.ndarray] = {}
        self.written = {n for op in program.operations for n in _written(op)}
        self.known: set[str] = set()
        self.begun: dict[str, np.ndarray] = {}
        self.resets: set[str] = set()
        for name in inputs:
            self._input(name)

    def _input(self, name: str) -> None:
        program = self.program
        if name in program.lists:
            self.made.input(name, program.lists[name].space, binary=True)
        else:
            space = program.buffers[name].space
            if space is None:
                raise DescriptionError(f"{name} is a number that all share, and cannot be an input for each step")
            self.made.input(name, space)
        self.known.add(name)

    def lower(self, op: Operation) -> None:
        """Add one operation."""
        match op:
            case Map() if self._overwrites_inputs(op):
                return
            case Map():
                self._map(op)
            case Events():
                self._events(op)
            case Propagate():
                self._propagate(op)
            case MatMul():
                self._product(op)
            case Reduce():
                self._reduce(op)
            case Diffuse():
                self._diffuse(op)
            case Play(into=into) if into in self.inputs:
                return
            case _:
                raise BackendError(f"{_place(op)} has no adjoint" + _advice(op))

    def finish(self, outputs: Sequence[str]) -> Unrolled:
        """The scan and what it begins with."""
        for name in outputs:
            self._know(name)
        scan = self.made.finish(outputs)
        starts = {}
        for past in scan.pasts():
            begun = self.begun.get(past.start)
            size = scan.size(past.start)
            starts[past.start] = np.zeros((past.lag, size)) if begun is None else np.broadcast_to(begun, (1, size))
        parameters = {n: self.parameters[n] for n in scan.of_kind("parameter", "matrix")}
        return Unrolled(scan, parameters, starts)

    def _know(self, name: str) -> None:
        """Declare a buffer when it is first met: as a state when an operation writes it, else as a parameter."""
        if name in self.known or name in self.program.lists:
            return
        self.known.add(name)
        buffer = self.program.buffer(name)
        if name in self.written and buffer.space is not None:
            self.made.state(name, buffer.space, binary=buffer.dtype == "bool")
            self.begun[f"{name}.before"] = np.asarray(buffer.initial, float)
            return
        if np.ndim(buffer.initial) > 1:
            raise BackendError(f"{name} differs between copies, which a parameter that is trained cannot")
        self.made.parameter(name, buffer.space)
        size = () if buffer.space is None else (self.program.size_of(buffer.space),)
        self.parameters[name] = np.broadcast_to(np.asarray(buffer.initial, float), size)

    def _overwrites_inputs(self, op: Map) -> bool:
        """Whether all that it does is to give inputs another value, as where input lines are cleared."""
        written = set(_written(op))
        read = {n for a in op.body for n in names(parse(a.value))} | {a.target for a in op.body if a.op == "+="}
        return bool(written) and written <= set(self.inputs) and not written & {
            op.names[n].buffer for n in read if n in op.names}

    def _map(self, op: Map) -> None:
        if op.draws:
            raise BackendError(f"{_place(op)} draws random numbers, which have no adjoint; give them as an input")
        body = tuple(Assign(a.target, a.op, self._plain(a.value, op.space)) for a in op.body)
        refs = self._refs(op.names)
        if op.at is None:
            self._step(op.space, body, refs, op.names)
        elif op.at in self.known:
            self.resets |= {a.target for a in op.body if a.target in op.names}
            self._step(op.space, _masked(body, self.reset), {**refs, "_spike": op.at}, op.names)
        else:
            raise BackendError(f"{_place(op)} follows the events {op.at}, which this step has not found yet")

    def _events(self, op: Events) -> None:
        if op.into in self.inputs:
            return
        if op.draws:
            raise BackendError(f"{_place(op)} draws random numbers, which have no adjoint")
        text = spike_text(self._plain(op.condition, op.space))
        refs = self._refs(op.names)
        self.known.add(op.into)
        self._step(op.space, (Assign("spikes", "=", text),), {**refs, "spikes": op.into}, op.names)

    def _propagate(self, op: Propagate) -> None:
        edges = self.program.edges[op.edges]
        if len(edges.delays) > 1:
            raise BackendError(f"{op.edges} has {len(edges.delays)} different delays; gradients need one for all edges")
        if not edges.size:
            return
        arriving = f"{op.edges}.arriving"
        space = self.program.lists[op.events].space
        self.made.delayed(op.events, int(edges.delays[0]), arriving, space=space, binary=True)
        weight, test = _weight(op)
        buffer = op.names[weight].buffer
        target, total = op.target, f"{op.edges}.total"
        self._know(target)
        if self._is_matrix(edges) and self.program.buffers[buffer].space is not None:
            self._as_matrix(buffer, edges.source, edges.target)
            self.made.product(arriving, buffer, total)
        else:
            self._know(buffer)
            self._declare_edges(edges)
            self.made.product(arriving, buffer, total, edges=op.edges)
        refs = {"_arriving": total, "_target": target}
        if test is None:
            value = "_target + _arriving"
        else:
            refs |= self._refs({n: r for n, r in op.names.items() if n in names(test)})
            masked = trees.where(test, trees.name("_arriving"), trees.ZERO)
            value = f"_target + ({unparse(masked)})"
        self.made.step(edges.target, [Assign("target", "=", value)], known={**refs, "target": target})

    def _product(self, op: MatMul) -> None:
        for name in (op.source, op.target):
            self._know(name)
        sizes = [self.program.buffers[n].space or "" for n in (op.source, op.target)]
        self._as_matrix(op.weight, *(sizes[::-1] if op.transpose else sizes))
        if not op.accumulate:
            self.made.product(op.source, op.weight, op.target, transpose=op.transpose)
            return
        more = f"{op.target}.more"
        self.made.product(op.source, op.weight, more, transpose=op.transpose)
        self.made.step(sizes[1], [Assign("new", "=", "_old + _more")],
                       known={"_old": op.target, "_more": more, "new": op.target})

    def _reduce(self, op: Reduce) -> None:
        if op.how == "max":
            raise BackendError(f"{_place(op)} has no adjoint: use 'sum' or 'mean'")
        self._know(op.source)
        longer, space = (self.program.buffers[n].space or "" for n in (op.source, op.target))
        self.known.add(op.target)
        share = self.program.size_of(space) / self.program.size_of(longer)
        self.made.fold(op.source, op.target, space, scale=share if op.how == "mean" else 1.0)

    def _diffuse(self, op: Diffuse) -> None:
        """Coupling that is linear in what it reads at the source: one weight times one variable of the source."""
        edges = self.program.edges[op.edges]
        found = _linear(op)
        if found is None:
            wanted = "a weight times a variable of the source"
            raise BackendError(f"{_place(op)}: gradients need {wanted}, got {op.value!r}")
        weight, source = (op.names[name].buffer for name in found)
        self._know(source)
        self.known.add(op.target)
        whole = edges.edges.sources > 1 and self._is_matrix(edges)  # a single line has edges, as any routing of lines
        if whole and self.program.buffers[weight].space is not None:
            self._as_matrix(weight, edges.source, edges.target)
            self.made.product(source, weight, op.target)
            return
        self._know(weight)
        self._declare_edges(edges)
        self.made.product(source, weight, op.target, edges=op.edges)

    def _step(self, space: str, body: Iterable[Assign], known: dict[str, str], refs: dict[str, Ref] | object) -> None:
        segments = [n for n, r in refs.items() if r.side == "segment"]  # type: ignore[union-attr]
        self.made.step(space, body, known=known, segments=segments, surrogate=self.surrogate)

    def _refs(self, refs: object) -> dict[str, str]:
        found = {name: ref.buffer for name, ref in refs.items()}  # type: ignore[attr-defined]
        for buffer in found.values():
            self._know(buffer)
        return found

    def _plain(self, text: str, space: str) -> str:
        """The text with the step and the size written as numbers."""
        tree = parse(text)
        for name in ("t", "i"):
            if name in names(tree):
                raise BackendError(f"{space}: {name!r} in {text!r} has no place in a scan; give it as an input")
        numbers = {"dt": trees.number(self.program.dt), "N": trees.number(self.program.spaces[space].size)}
        return unparse(substitute(tree, numbers))

    def _is_matrix(self, edges: EdgeSpace) -> bool:
        count = edges.edges.sources * edges.edges.targets
        if edges.size != count:
            return False
        rows = edges.edges.target.reshape(edges.edges.sources, edges.edges.targets)
        return bool((rows == np.arange(edges.edges.targets)).all())

    def _as_matrix(self, buffer: str, rows: str, columns: str) -> None:
        """Declare a buffer as weights from ``rows`` to ``columns`` when it is first met."""
        if buffer in self.known:
            return
        self.known.add(buffer)
        self.made.parameter(buffer, columns, rows=rows)
        shape = (self.program.size_of(rows), self.program.size_of(columns))
        values = np.asarray(self.program.buffers[buffer].initial, float)
        self.parameters[buffer] = np.broadcast_to(values, (shape[0] * shape[1],)).reshape(shape)

    def _declare_edges(self, edges: EdgeSpace) -> None:
        if edges.name not in self.made.edges:
            arrays = edges.edges
            sources = np.repeat(np.arange(arrays.sources), np.diff(arrays.first))
            self.made.along(edges.name, Edges(edges.source, edges.target, sources, arrays.target))


def _masked(body: Sequence[Assign], reset: Reset) -> tuple[Assign, ...]:
    """A body that holds where there was a spike, as one for every index; the bits are those of a choice."""
    now: dict[str, ast.expr] = {}
    found, last = [], []
    for number, assign in enumerate(body):
        tree = substitute(parse(assign.value), now)
        if assign.op == "+=":
            tree = ast.BinOp(now.get(assign.target, trees.name(assign.target)), ast.Add(), tree)
        local = f"_after_{number}"
        found.append(Assign(local, "=", unparse(tree)))
        now[assign.target] = trees.name(local)
    for name, after in now.items():
        if name.startswith("_"):
            continue
        new = unparse(after)
        attached = reset == "attached" if isinstance(reset, str) else name in reset
        # multiplied by exactly 1 and 0, a number keeps its bits, and the spike gets its share of the gradient
        text = f"_spike*{new} + (1 - _spike)*{name}" if attached else f"{new} if _spike > 0 else {name}"
        last.append(Assign(name, "=", text))
    return (*found, *last)


def _weight(op: Propagate) -> tuple[str, ast.expr | None]:
    """The weight of what arrives, and the test at the target under which it counts."""
    tree = parse(op.value)
    match tree:
        case ast.Name(id=name) if name in op.names and op.names[name].side in ("edge", "own"):
            return name, None
        case ast.IfExp(test=test, body=ast.Name(id=name), orelse=orelse) if trees.value_of(orelse) == 0:
            if name in op.names and all(op.names[n].side == "target" for n in names(test) if n in op.names):
                return name, test
    raise BackendError(f"{op.edges}: gradients need a weight alone, such as on_pre='g += w', got {op.value!r}")


def _linear(op: Diffuse) -> tuple[str, str] | None:
    """Names of the weight and the variable in ``weight * variable``."""
    match parse(op.value):
        case ast.BinOp(left=ast.Name(id=a), op=ast.Mult(), right=ast.Name(id=b)):
            for weight, source in ((a, b), (b, a)):
                if weight in op.names and source in op.names and (
                        op.names[source].side == "source" and op.names[weight].side in ("edge", "own")):
                    return weight, source
    return None


def _written(op: Operation) -> Iterable[str]:
    """The buffers that an operation changes."""
    match op:
        case Map(body=body, names=refs):
            return [refs[a.target].buffer for a in body if a.target in refs]
        case Propagate(target=target) | MatMul(target=target) | Reduce(target=target) | Diffuse(target=target):
            return [target]
        case Play(into=into):
            return [into]
    return []


def _place(op: Operation) -> str:
    where = next((getattr(op, n) for n in ("space", "edges", "target", "into") if hasattr(op, n)), "")
    return f"{type(op).__name__} of {where}"


def _advice(op: Operation) -> str:
    return "; make what it plays into an input" if isinstance(op, Play) else ""
