"""The adjoint of a scan: the same operations backwards, from gradients of outputs to gradients of what went in."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace

from ..equations import Assign
from ..errors import DescriptionError, listing
from .adjoint_step import StepAdjoint
from .scan import Along, AlongOuter, Carry, Fold, Outer, Product, Scan, Step, Value, Winner, Work, made_by, read_by


@dataclass(frozen=True, kw_only=True)
class Adjoint:
    """A scan and the scan that gives its gradients.

    Parameters
    ----------
    forward, backward
        What runs from the first step to the last, and back.
    tape
        For each input of the backward scan that is a value of the forward one: its name there.
    seeds
        For each output of the forward scan: the input of the backward one that takes its gradient.
    inputs
        For each wanted input of the forward scan: the value that is its gradient.
    totals
        For each wanted parameter or matrix: the total that is its gradient.
    starts
        For each carry of the forward scan by its start: the carry of the backward one, by its start, that ends as the
        gradient of the initial value, and begins as that of the last; ``past`` puts those of one value together.
    """

    forward: Scan
    backward: Scan
    tape: dict[str, str]
    seeds: dict[str, str]
    inputs: dict[str, str]
    totals: dict[str, str]
    starts: dict[str, str]


def adjoint(scan: Scan, wanted: Iterable[str]) -> Adjoint:
    """Differentiate a scan.

    Parameters
    ----------
    scan
        What is run forwards.
    wanted
        Inputs, parameters and matrices whose gradients are asked for.

    Raises
    ------
    DescriptionError
        When one of them is not there, or an operation on the way has no derivative.
    """
    wanted = tuple(wanted)
    known = scan.of_kind("input", "parameter", "matrix")
    for name in wanted:
        if name not in known:
            raise DescriptionError(f"no input or parameter {name!r} to differentiate by; there are: {listing(known)}")
    carried = {c.start for c in scan.carries}
    while True:
        walk = _Walk(scan, wanted, carried)
        walk.run()
        if walk.reached >= carried:
            return walk.finish()
        carried &= walk.reached


@dataclass
class _Walk:
    """One walk over the operations from last to first; ``carried`` are the starts that are taken to have a gradient."""

    scan: Scan
    wanted: tuple[str, ...]
    carried: set[str]
    values: dict[str, Value] = field(default_factory=dict)
    work: list[Work] = field(default_factory=list)
    gradient: dict[str, str] = field(default_factory=dict)
    tape: dict[str, str] = field(default_factory=dict)
    totals: dict[str, str] = field(default_factory=dict)
    seeds: dict[str, str] = field(default_factory=dict)
    starts: dict[str, str] = field(default_factory=dict)
    reached: set[str] = field(default_factory=set)
    kept: set[str] = field(default_factory=set)

    def run(self) -> None:
        self.active = _active(self.scan, self.wanted)
        self.kept = set(self.scan.outputs)
        for name in self.scan.outputs:
            if name in self.active:
                seed = self.new(f"seed.{name}", self.scan.values[name].space, "input")
                self.seeds[name] = seed
                self.add(name, seed)
        for carry in self.scan.carries:
            if carry.start in self.carried and carry.start in self.active:
                start = self.new(f"later.{carry.start}", self.scan.values[carry.start].space, "carry")
                self.starts[carry.start] = start
                self.add(carry.final, start)
        for op in reversed(self.scan.work):
            if any(name in self.gradient for name in made_by(op)):
                self._back(op)
        # what a run ends with may have a gradient of its own, also where none flows on through the steps
        for carry in self.scan.pasts():
            if carry.start in self.starts and carry.start not in self.gradient:
                self.gradient[carry.start] = self._nothing(carry.start)
        self.reached = {c.start for c in self.scan.carries if c.start in self.gradient}

    def finish(self) -> Adjoint:
        carries = tuple(Carry(self.starts[c.start], self._own(c.start), c.lag)
                        for c in self.scan.carries if c.start in self.starts)
        inputs = {n: self.gradient[n] for n in self.wanted if n in self.gradient}
        backward = Scan(
            spaces=self.scan.spaces, values=self.values, work=tuple(self.work), carries=carries,
            outputs=tuple(dict.fromkeys(inputs.values())), edges=self.scan.edges, reverse=True,
        )
        return Adjoint(forward=self.scan, backward=_pruned(backward), tape=self.tape, seeds=self.seeds, inputs=inputs,
                       totals=self.totals, starts=self.starts)

    def _nothing(self, name: str) -> str:
        space = self.scan.values[name].space
        new = self.new(f"d.{name}", space)
        self.work.append(Step(space=space or "", body=(Assign("_zero", "=", "0"),), reads={}, writes={"_zero": new}))
        return new

    def _own(self, start: str) -> str:
        """The gradient of a start as a value that no other shares, so that each is carried by itself."""
        g = self.gradient[start]
        others = [v for n, v in self.gradient.items() if n != start]
        if g not in others and self.values[g].kind == "step":
            return g
        space = self.values[g].space
        self.gradient[start] = new = self.new(f"d.{start}", space)
        self.work.append(Step(space=space or "", body=(Assign("_same", "=", "_g"),), reads={"_g": g},
                              writes={"_same": new}))
        return new

    def _back(self, op: Work) -> None:
        match op:
            case Step():
                StepAdjoint(self, op).emit()
            case Product(source=source, weight=weight, target=target, transpose=turned, cut=cut):
                g = self.gradient.pop(target)
                if weight in self.wanted:
                    pair = (g, self.taped(source)) if turned else (self.taped(source), g)
                    self.work.append(Outer(left=pair[0], right=pair[1], total=self.total(weight)))
                if source in self.active and not cut:
                    new = self.new(f"d.{source}", self.scan.values[source].space)
                    self.work.append(Product(source=g, weight=self.same(weight), target=new, transpose=not turned))
                    self.add(source, new)
            case Along(edges=edges, source=source, weight=weight, target=target, transpose=turned, cut=cut):
                g = self.gradient.pop(target)
                if weight in self.wanted:
                    pair = (g, self.taped(source)) if turned else (self.taped(source), g)
                    self.work.append(AlongOuter(edges=edges, left=pair[0], right=pair[1], total=self.total(weight)))
                if source in self.active and not cut:
                    new = self.new(f"d.{source}", self.scan.values[source].space)
                    self.work.append(Along(edges=edges, source=g, weight=self.same(weight), target=new,
                                           transpose=not turned))
                    self.add(source, new)
            case Fold(source=source, target=target, scale=scale):
                g = self.gradient.pop(target)
                if source in self.active:
                    self._spread(source, g, scale)
            case Winner(target=target):
                self.gradient.pop(target)

    def _spread(self, source: str, g: str, scale: float) -> None:
        """The gradient of a sum over segments: the same for each index of a segment."""
        space = self.scan.values[source].space
        new = self.new(f"d.{source}", space)
        body = (Assign("_new", "=", f"_g * {scale!r}" if scale != 1.0 else "_g"),)
        self.work.append(Step(space=space or "", body=body, reads={"_g": g}, writes={"_new": new},
                              segments=frozenset({"_g"})))
        self.add(source, new)

    def add(self, name: str, g: str) -> None:
        """Add the value ``g`` to the gradient of ``name``."""
        old = self.gradient.get(name)
        if old is None:
            self.gradient[name] = g
            return
        space = self.scan.values[name].space
        new = self.new(f"d.{name}", space)
        self.work.append(Step(space=space or "", body=(Assign("_sum", "=", "_a + _b"),),
                              reads={"_a": old, "_b": g}, writes={"_sum": new}))
        self.gradient[name] = new

    def new(self, stem: str, space: str | None, kind: str = "step", rows: str | None = None) -> str:
        """A new value of the backward scan."""
        name, number = stem, 1
        while name in self.values:
            number += 1
            name = f"{stem}.{number}"
        self.values[name] = Value(name, space, kind, rows)  # type: ignore[arg-type]
        return name

    def same(self, name: str) -> str:
        """A parameter or matrix, under its own name in both scans."""
        self.values.setdefault(name, self.scan.values[name])
        return name

    def taped(self, name: str) -> str:
        """A value of the forward scan as an input of the backward one."""
        value = self.scan.values[name]
        if value.kind in ("parameter", "matrix"):
            return self.same(name)
        here = f"tape.{name}"
        if here not in self.values:
            self.values[here] = Value(here, value.space, "input", binary=value.binary)
            self.tape[here] = name
            self.kept.add(self.scan.origin(name)[0])
        return here

    def total(self, name: str) -> str:
        """Where the gradient of a parameter or matrix is added up."""
        if name not in self.totals:
            value = self.scan.values[name]
            self.totals[name] = self.new(f"total.{name}", value.space, "total", value.rows)
        return self.totals[name]


def _active(scan: Scan, wanted: Collection[str]) -> frozenset[str]:
    """Values that depend on something wanted, or on what the scan begins with."""
    found = {*wanted, *(c.start for c in scan.carries)}
    for op in scan.work:
        if any(name in found for name in read_by(op)):
            found |= set(made_by(op))
    return frozenset(found)


def _pruned(scan: Scan) -> Scan:
    """Without operations that nothing asked for depends on."""
    needed = {*scan.outputs, *(c.final for c in scan.carries)}
    kept: list[Work] = []
    for op in reversed(scan.work):
        adds = isinstance(op, Outer | AlongOuter) or (isinstance(op, Step) and op.totals)
        if adds or any(name in needed for name in made_by(op)):
            kept.append(op)
            needed |= set(read_by(op))
    used = needed | {n for op in kept for n in made_by(op)} | set(scan.of_kind("total", "carry"))
    return replace(scan, work=tuple(reversed(kept)), values={n: v for n, v in scan.values.items() if n in used})
