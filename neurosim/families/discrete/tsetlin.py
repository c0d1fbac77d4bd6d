"""A Tsetlin machine: clauses of propositional logic that learn by reward and penalty."""

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from typing import Any

import numpy as np

from ...connectivity.edges import Edges
from ...errors import DescriptionError, check_flag, check_positive, fields_by_name, take_count
from ...program import Compete, EdgeSpace, Reduce, Ref, Scope, Table
from ...units import DIMENSIONLESS, Dimension
from ..arrays import taken
from ..part import Part
from .writing import assignments, checked_bits, checked_labels

GRAIN = 1 << 24
"""Probabilities are whole multiples of 1 / GRAIN, so that every precision draws the same."""


@fields_by_name
@dataclass(frozen=True, eq=False, repr=False)
class TsetlinMachine(Part):
    r"""Teams of clauses vote for classes; each clause is the *and* of the literals that its automata include.

    A literal is a bit of the input or its negation, an automaton has 2 N states, and includes its literal above N.
    Clauses at even places of a class vote for it, those at odd places against it. The score is

    .. math:: v = \operatorname{clip}\!\left(\sum_j (-1)^j c_j, -T, T\right)

    In each step a sample is shown. Its class is taught with target 1 and one other, drawn evenly, with target 0: each
    clause gets feedback with probability (T - v) / 2T or (T + v) / 2T. Clauses that vote as they should are made to
    recognise the sample (type I): true literals of a clause that is 1 are strengthened with probability (s - 1) / s,
    all others weakened with probability 1 / s. Clauses that are 1 and vote as they should not (type II) take up
    every excluded literal that is false. Empty clauses are 1 while learning and 0 otherwise.

    A step is a sample; behind the last one nothing is learnt. ``learners.train`` runs the same machine, to the
    same bits, with clauses packed into words.

    Parameters
    ----------
    samples, labels
        Bits (n, F), and classes (n,); a label of -1 shows a sample without teaching it. One row a step.
    classes, clauses
        Number of classes, C, and of clauses of each, an even number.
    threshold
        T: how many votes are enough, a whole number.
    specificity
        s > 1; larger makes clauses longer. 1 / s is rounded to a multiple of :math:`2^{-24}`.
    states
        N: states for each action, at most 16,383.
    boost
        Whether true literals are always strengthened in type I feedback.
    automata
        States at the beginning, (C * clauses, 2 F) from 1 to 2 N, negations behind; None is N everywhere.

    States
    ------
    output : (C * clauses,) 1 where a clause holds
    automaton.state : (C * clauses * 2 F,) states, clause by clause
    score.v : (C,) scores, cut to [-T, T]
    score.win : (C,) 1 for the class predicted; the lowest of equals

    References
    ----------
    Granmo (2018), doi:10.48550/arXiv.1804.01508
    Berge et al. (2018), doi:10.48550/arXiv.1809.04547
    """

    samples: Any
    labels: Any
    _: KW_ONLY
    classes: int = 2
    clauses: int = 10
    threshold: int = 15
    specificity: float = 3.9
    states: int = 128
    boost: bool = False
    automata: Any = None

    def __post_init__(self) -> None:
        take_count(self, "classes", "clauses", "threshold", "states")
        check_positive(self, "specificity")
        check_flag(self, "boost")
        for name, fits, rule in (
            ("classes", 2 <= self.classes <= 256, "in 2..256"),
            ("clauses", self.clauses % 2 == 0, "even, half for and half against the class"),
            ("specificity", self.specificity > 1.0, "> 1"),
            ("states", self.states <= 16_383, "<= 16383"),
        ):
            if not fits:
                raise DescriptionError(f"TsetlinMachine.{name} must be {rule}, got {getattr(self, name)!r}")
        object.__setattr__(self, "samples", checked_bits(self.samples, "TsetlinMachine.samples"))
        labels = checked_labels(self.labels, len(self.samples), self.classes, "TsetlinMachine.labels")
        object.__setattr__(self, "labels", labels)
        object.__setattr__(self, "automata", self._automata())

    def _automata(self) -> np.ndarray | None:
        if self.automata is None:
            return None
        given = taken(self.automata, "TsetlinMachine.automata")
        shape = (self.size, 2 * self.samples.shape[1])
        if given.shape != shape or given.dtype.kind not in "iu":
            raise DescriptionError(
                f"TsetlinMachine.automata must be whole numbers {shape}, got {given.dtype} {given.shape}"
            )
        if given.min() < 1 or given.max() > 2 * self.states:
            raise DescriptionError(
                f"TsetlinMachine.automata must be in 1..{2 * self.states}, got {given.min()}..{given.max()}"
            )
        return given.astype(np.int32)

    @property
    def size(self) -> int:  # type: ignore[override]
        """Number of clauses of all classes."""
        return self.classes * self.clauses

    @property
    def dimensions(self) -> Mapping[str, Dimension]:
        """What each clause says."""
        return {"output": DIMENSIONLESS}

    @property
    def first_states(self) -> np.ndarray:
        """States of the automata at the beginning, (C * clauses, 2 F) int32."""
        if self.automata is not None:
            return self.automata
        return np.full((self.size, 2 * self.samples.shape[1]), self.states, np.int32)

    @property
    def weakening(self) -> float:
        """1 / s as it is drawn."""
        return round(GRAIN / self.specificity) / GRAIN

    def build(self, scope: Scope) -> None:
        """Literals, automata, clauses, scores and the teacher, each a space of its own."""
        literals = 2 * self.samples.shape[1]
        scope.space(self.size)
        literal, automaton, score, teacher = (
            Scope(scope.builder, scope.full(name)) for name in ("literal", "automaton", "score", "teacher")
        )
        for inner, size in (
            (literal, literals),
            (automaton, self.size * literals),
            (score, self.classes),
            (teacher, 1),
        ):
            inner.space(size)
        self._show(literal, teacher)
        self._evaluate(scope, literal, automaton, score)
        self._teach(scope, automaton, score, teacher)

    def _show(self, literal: Scope, teacher: Scope) -> None:
        """This step's sample and label."""
        bits = np.concatenate([self.samples, ~self.samples], axis=1)
        for inner, name, values in (
            (literal, "x", bits),
            # one row more, because the last one holds ever after
            (teacher, "label", np.append(self.labels, -1)[:, None]),
        ):
            inner.state(name, values[0].astype(float))
            table = Table(name=inner.full(f"{name}_table"), values=values.astype(float))
            inner.builder.add_schedule(table, inner.full(name), "arrive")

    def _evaluate(self, scope: Scope, literal: Scope, automaton: Scope, score: Scope) -> None:
        """Which clauses hold, and the scores."""
        builder = scope.builder
        automaton.state("state", self.first_states.ravel(), dtype="int")
        automaton.value("N_states", float(self.states))
        for name in ("x", "included", "blocks"):
            automaton.state(name)
        for name in ("output", "vote", "length", "blocked", "feedback"):
            scope.state(name)
        for name in ("total", "v", "win"):
            score.state(name)
        builder.add_edges(EdgeSpace(automaton.full("literals"), literal.prefix, automaton.prefix, self._routes()))
        automaton.diffuse(automaton.full("literals"), automaton.full("x"), "x", {"x": Ref(literal.full("x"), "source")})
        automaton.map(
            assignments("""
            included = 1 if state > N_states else 0
            blocks = included * (1 - x)
        """)
        )
        for source, target in (("included", "length"), ("blocks", "blocked")):
            builder.add("integrate", Reduce(source=automaton.full(source), target=scope.full(target)))
        label = {"label": Ref(scope.full("teacher.label"), "segment")}
        scope.map(
            assignments("""
            output = 1 if blocked < 0.5 and (length > 0.5 or label >= 0) else 0
            vote = output * (1 - 2 * (i % 2))
        """),
            extra=label,
        )
        builder.add("integrate", Reduce(source=scope.full("vote"), target=score.full("total")))
        score.value("T", float(self.threshold))
        score.map(assignments("v = clip(total, -T, T)"))
        builder.add("integrate", Compete(source=score.full("v"), target=score.full("win"), group=self.classes))

    def _teach(self, scope: Scope, automaton: Scope, score: Scope, teacher: Scope) -> None:
        """Whom to teach, which clauses get feedback, and what it does to their automata."""
        teacher.state("other")
        teacher.value("classes", float(self.classes))
        # 16 bits of a draw times a small whole number are exact in single precision, too
        teacher.map(
            assignments("""
            _shift = 1 + floor(floor(rand() * 65536) * (classes - 1) / 65536)
            other = -1 if label < 0 else (label + _shift) % classes
        """)
        )
        scope.value("clauses", float(self.clauses))
        scope.value("T", float(self.threshold))
        told = {"label": "teacher.label", "other": "teacher.other", "v": "score.v"}
        scope.map(
            assignments("""
                _class = floor(i / clauses)
                _target = 1 if _class == label else 0
                _taught = 1 if _class == label or _class == other else 0
                _chance = T - v if _target > 0.5 else T + v
                _drawn = 1 if floor(rand() * 65536) * 2 * T < _chance * 65536 else 0
                feedback = _taught * _drawn * (1 if _target == 1 - i % 2 else 2)
            """),
            extra={name: Ref(scope.full(place), "segment") for name, place in told.items()},
        )
        automaton.value("weakening", self.weakening)
        automaton.value("boost", float(self.boost))
        told = {"output": "output", "feedback": "feedback"}
        automaton.map(
            assignments("""
                _low = 1 if rand() < weakening else 0
                _seen = output * x
                _one = _seen * max(1 - _low, boost) - (1 - _seen) * _low
                _two = output * (1 - x) * (1 - included)
                _change = _one if feedback == 1 else (_two if feedback == 2 else 0)
                state = clip(state + _change, 1, 2 * N_states)
            """),
            phase="plastic",
            extra={name: Ref(scope.full(place), "segment") for name, place in told.items()},
        )

    def _routes(self) -> Edges:
        """One edge for each automaton, from its literal."""
        literals = 2 * self.samples.shape[1]
        target = np.arange(self.size * literals).reshape(self.size, literals).T.ravel()
        first = np.arange(literals + 1, dtype=np.int64) * self.size
        return Edges(
            sources=literals, targets=self.size * literals, first=first, target=target.astype(np.uint32), delay=1
        )
