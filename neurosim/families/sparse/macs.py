"""Macrocolumns that store sparse codes in one trial and find the best match in a time that does not grow."""

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import Any

import numpy as np

from ...errors import (
    DescriptionError,
    check_choice,
    check_flag,
    check_positive,
    check_probability,
    fields_by_name,
    take_count,
)
from ...program import Scope
from ...units import DIMENSIONLESS, TIME, Dimension, to_internal
from ..arrays import taken
from ..part import Part
from .mapping import Curve, Hypotheses, Logistic


@fields_by_name
@dataclass(frozen=True, eq=False, repr=False)
class Macs(Part):
    r"""Coding fields of Q winner-take-all modules with K binary cells: a code is one winner in each module.

    In each frame the support of a cell is the product of its normalised sums over binary weights from the present
    input (U), the last code of its mac and neighbours (H) and that of the level above (D),

    .. math:: V_i = U_i^{\lambda_U} H_i^{\lambda_H} D_i^{\lambda_D}, \qquad
        U_i = \min(1, \textstyle\sum_j x_j w_{ji} / N)

    over the signals that are there. The familiarity G of a mac is the mean over modules of the greatest V. While
    learning, winners are drawn with probabilities that its curve makes of V and G: familiar input brings its old code
    back, new input gets a new one, similar inputs similar codes. Then all weights between what was active and the
    winners are set, for good. Without learning the greatest V wins, equals with equal chance.

    Weights are matrices of bits, so a frame costs ``active inputs * cells / 64`` words, however much is stored.

    Parameters
    ----------
    inputs
        Name of the part whose features are seen: ``Frames``, ``SpikeFrames`` or ``Macs`` added before.
    modules, cells, macs
        Q, K, and the number of macs, M; the size is M Q K.
    fields
        Whether a mac sees a feature, (M, N); None where each sees all.
    recurrent
        Whether a mac hears its own last code. A cell never hears its own module.
    neighbours
        Whether a mac hears the last code of another, (M, M) by (listener, speaker); instead of ``recurrent``.
    above, above_fields
        Name of the part whose last code comes down, which may be added later, and whether a mac hears a cell of it,
        (M, cells above); None for all.
    learn
        Whether weights are set: one for all time, or (T,) by frame, the last one ever after.
    fewest, most
        A mac with less or more active features in its field is silent; a mac below gives Q features. None is no limit.
    normalise
        By what the bottom-up sum is divided: ``active``, the number of active features, which makes G blind to what
        is missing; or ``fewest``, which does not (the 2014 form, recalled).
    exponents, first
        Of U, H and D; and of U where neither H nor D is there.
    cut
        Normalised sums below the first number are raised to it, those above the second become 1.
    curve
        From V and G to win probabilities: ``Logistic``, ``Ratchet``, ``Generalised`` or ``Simple``.
    sure
        Familiarity from which on the best cells win while learning, too; None for never.
    hypotheses
        How strongly a mac with several competing codes sends; None sends 1 always.
    backoff
        Familiarities that three, two and one signals must reach to be used, when not learning; None uses all that
        are there. Of a level's combinations the most familiar one is taken; if none suffices, all signals.
    persistence
        Frames that a code lasts; nothing is chosen or learnt meanwhile.
    freeze, freeze_by
        Fraction of set bottom-up weights at which a ``mac``, or a ``cell``, stops learning, and a mac draws no more.
    replay
        Whether the bottom-up weights are also read backwards, to show what a code stands for.
    frame
        How long a frame is, ms; None for one step.

    States
    ------
    win : (M Q K,) the code
    V : (M Q K,) support
    G : (M,) familiarity
    active : (M,) whether a mac has a code
    a : (M,) active features in its field
    replayed : (N,) winners whose bottom-up weight from a feature is set, where ``replay``

    References
    ----------
    Rinkus (2014). Front Comput Neurosci 8, 160. doi:10.3389/fncom.2014.00160
    Rinkus (2010). Front Neuroanat 4, 17. doi:10.3389/fnana.2010.00017
    """

    inputs: str
    _: KW_ONLY
    modules: int
    cells: int
    macs: int = 1
    fields: Any = None
    recurrent: bool = False
    neighbours: Any = None
    above: str | None = None
    above_fields: Any = None
    learn: Any = True
    fewest: float = 1.0
    most: float | None = None
    normalise: str = "active"
    exponents: Any = (1.0, 1.0, 1.0)
    first: float = 1.0
    cut: Any = (0.0, 1.0)
    curve: Curve = field(default_factory=Logistic)
    sure: float | None = None
    hypotheses: Hypotheses | None = None
    backoff: Any = None
    persistence: int = 1
    freeze: float | None = None
    freeze_by: str = "mac"
    replay: bool = False
    frame: float | None = None

    def __post_init__(self) -> None:
        take_count(self, "modules", "cells", "macs", "persistence")
        check_positive(self, "fewest", "first")
        check_flag(self, "recurrent", "replay")
        if not isinstance(self.inputs, str):
            raise DescriptionError(f"Macs.inputs must be the name of a part, got {self.inputs!r:.80}")
        check_choice(self, "normalise", ("active", "fewest"))
        check_choice(self, "freeze_by", ("mac", "cell"))
        for name in ("sure", "freeze"):
            if getattr(self, name) is not None:
                check_probability(self, name)
        if self.most is not None and not (isinstance(self.most, int | float) and self.most >= self.fewest):
            raise DescriptionError(f"Macs.most must be >= fewest ({self.fewest!r}), got {self.most!r}")
        self._take_numbers("exponents", 3)
        self._take_numbers("cut", 2)
        if self.backoff is not None:
            self._take_numbers("backoff", 3)
        if not self.cut[0] < self.cut[1] <= 1:
            raise DescriptionError(f"Macs.cut must be (low, high) with low < high <= 1, got {self.cut!r}")
        self._take_masks()
        for name, kind in (("curve", Curve), ("hypotheses", Hypotheses | None)):
            if not isinstance(getattr(self, name), kind):
                raise DescriptionError(f"Macs.{name} must be of neurosim.families.sparse, got {getattr(self, name)!r}")
        if self.frame is not None:
            object.__setattr__(self, "frame", to_internal(self.frame, TIME, "Macs.frame"))
            check_positive(self, "frame")
        self._take_learn()

    def _take_numbers(self, name: str, count: int) -> None:
        values = getattr(self, name)
        try:
            numbers = tuple(float(value) for value in values)
        except (TypeError, ValueError):
            numbers = ()
        if len(numbers) != count or min(numbers) < 0 or not np.isfinite(numbers).all():
            raise DescriptionError(f"Macs.{name} must be {count} numbers >= 0, got {values!r}")
        object.__setattr__(self, name, numbers)

    def _take_masks(self) -> None:
        if self.neighbours is not None and self.recurrent:
            raise DescriptionError("Macs.recurrent must be False where neighbours say who hears whom, got True")
        if self.above_fields is not None and self.above is None:
            raise DescriptionError("Macs.above_fields needs above, got None")
        for name in ("fields", "neighbours", "above_fields"):
            given = getattr(self, name)
            if given is None:
                continue
            mask = taken(given, f"Macs.{name}")
            wanted = (self.macs, self.macs) if name == "neighbours" else (self.macs, mask.shape[-1] if mask.ndim else 0)
            if mask.shape != wanted or not np.isin(mask, (0, 1)).all():
                shape = f"({self.macs}, {'M' if name == 'neighbours' else 'n'})"
                raise DescriptionError(
                    f"Macs.{name} must be truth values, {shape}, got shape {mask.shape} of {mask.dtype}"
                )
            object.__setattr__(self, name, mask.astype(bool))

    def _take_learn(self) -> None:
        values = taken(self.learn, "Macs.learn")
        if values.ndim > 1 or not values.size or not np.isin(values, (0, 1)).all():
            raise DescriptionError(f"Macs.learn must be True, False or (T,) of them, got {self.learn!r:.60}")
        object.__setattr__(self, "learn", values.astype(bool) if values.ndim else bool(values))

    @property
    def size(self) -> int:  # type: ignore[override]
        """Number of cells, M Q K."""
        return self.macs * self.modules * self.cells

    @property
    def hears(self) -> np.ndarray | None:
        """Whether a mac hears the last code of another, (M, M); None where there is no H."""
        if self.neighbours is not None:
            return np.asarray(self.neighbours)
        return np.eye(self.macs, dtype=bool) if self.recurrent else None

    @property
    def dimensions(self) -> Mapping[str, Dimension]:
        """The variables that can be recorded."""
        return dict.fromkeys(("win", "V", "G", "active", "a"), DIMENSIONLESS)

    @property
    def spiking(self) -> bool:
        """A cell fires when it wins."""
        return True

    def build(self, scope: Scope) -> None:
        """Support, choice and learning."""
        from .lowering import lower  # the other half of this module, which imports it

        lower(self, scope)

    def link(self, scope: Scope) -> None:
        """What comes down from the level above."""
        from .lowering import lower_above

        lower_above(self, scope)


def shared_weights(part: Macs, features: int) -> int:
    """Number of bottom-up and horizontal weights of macs that see ``features`` features."""
    code = part.modules * part.cells
    seen = part.macs * features if part.fields is None else int(np.sum(part.fields))
    heard = 0 if part.hears is None else int(part.hears.sum()) * code**2
    own = 0 if part.hears is None else int(np.trace(part.hears)) * part.modules * part.cells**2
    return seen * code + heard - own
