"""Hebbian memories: Hopfield's network and its dense relatives, in which P units interact at once."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...equations import Assign
from ...errors import DescriptionError, fields_by_name
from ..arrays import taken
from .patterns import Examples
from .responses import distinct, even_sums, unit_of
from .spins import Energy, Entries, SpinMemory, warn_beyond

LEARNING = ("stored", "supervised", "unsupervised")
WIDEST_SUM = 127
"""Examples whose sum fits into eight bits."""


@fields_by_name
@dataclass(frozen=True, eq=False, repr=False)
class Hopfield(SpinMemory):
    r"""Hopfield's memory, in which pairs of units interact.

    .. math::
        E = -\frac{1}{2N} \sum_\mu \sum_{i \ne j} \xi_i^\mu \xi_j^\mu s_i s_j - \sum_i d_i s_i

    Units change one at a time. At temperature 0 each takes the sign of its field, and the energy never rises.

    Parameters
    ----------
    patterns
        What is stored, (K, N) of -1 and 1, or ``RandomPatterns``.
    temperature
        T, in units of the field that a retrieved pattern makes: a number, one for each unit, (N,), or for each unit of
        each replica, (replicas, N), or a text in ``t`` (ms) such as ``"max(1 - t/50, 0)"`` for annealing.
    start
        Number of a pattern, states (N,) or (replicas, N), or ``random``.
    drive
        External field d, a number, (N,) or (replicas, N): where the variable ``drive`` begins.
    order
        ``random``, drawn anew for each sweep, or ``ascending``.

    States
    ------
    s : (N,) states of the units, -1 or 1
    drive, temperature : (N,) external field and temperature; the latter unless it is a text
    overlap : (K,) sum over units of pattern times state

    References
    ----------
    Hopfield (1982). PNAS 79, 2554-2558. doi:10.1073/pnas.79.8.2554
    """

    def __post_init__(self) -> None:
        super().__post_init__()
        from ...theory import storage_limit

        warn_beyond(self, self.count, storage_limit(2) * self.size, "0.138 N")

    def energy(self) -> Energy:
        """The response to an overlap is the overlap."""
        return Energy(rows=self.by_unit, entries="signs", response=(Assign("_response", "=", "_p1"),),
                      gain=1.0 / self.size, overlaps=1, values={})


@fields_by_name
@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class DenseHebbian(SpinMemory):
    r"""A dense Hebbian memory, :math:`E = -\frac{N}{2} \frac{P!}{N^P} \sum_\mu e_P(\zeta^\mu s) - \sum_i d_i s_i`.

    :math:`e_P` is the sum over all sets of P distinct units of the product of their entries, so no unit comes twice in
    a product. Stored patterns are their own :math:`\zeta`. From examples :math:`\eta` of each pattern a teacher makes
    :math:`\zeta = \bar\eta / \sqrt{R}`; without one each example counts as a pattern of weight
    :math:`1 / (M R^{P/2})`. :math:`R = r^2 + (1 - r^2) / M`, estimated where the quality r is not given. With P = 2 and
    blank entries this is the multitasking network, which retrieves several patterns at once.

    Parameters
    ----------
    patterns
        The archetypes, (K, N) of -1 and 1 (and 0 if ``diluted``), or ``RandomPatterns``.
    degree
        P, even.
    examples
        Noisy examples to learn from: ``Examples``, or (K, M, N) of the entries' kind.
    learning
        ``stored``, or from examples ``supervised`` or ``unsupervised``.
    diluted
        Whether entries may be blank, 0.
    temperature, start, drive, order
        As for ``Hopfield``; T is in units of N times the energy above per unit, where a retrieved pattern of P = 2
        makes a field of 1.

    States
    ------
    s : (N,) states of the units, -1 or 1
    drive, temperature : (N,) external field and temperature; the latter unless it is a text
    overlap : (K,) or (K M,) sum over units of what is stored times state; with a teacher of the sum of the examples

    References
    ----------
    Agliari et al. (2023). Physica A 626, 129076. doi:10.1016/j.physa.2023.129076 (supervised)
    Agliari et al. (2023). Physica A 627, 129143. doi:10.1016/j.physa.2023.129143 (unsupervised)
    Agliari et al. (2023). J Stat Mech 113303. doi:10.1088/1742-5468/ad0a86 (diluted, P = 2)

    Their normalisations of energy and temperature differ by constant factors.
    """

    degree: int = 4
    examples: Any = None
    learning: str = "stored"
    diluted: bool = False

    def __post_init__(self) -> None:
        degree = self.degree
        if isinstance(degree, bool) or not isinstance(degree, int | np.integer) or degree < 2 or degree % 2:
            raise DescriptionError(f"DenseHebbian.degree must be an even whole number >= 2, got {degree!r}")
        if not isinstance(self.diluted, bool):
            raise DescriptionError(f"DenseHebbian.diluted must be True or False, got {self.diluted!r}")
        super().__post_init__()
        if degree > self.size:
            raise DescriptionError(f"DenseHebbian.degree must be at most the {self.size} units, got {degree!r}")
        if self.learning not in LEARNING:
            raise DescriptionError(f"DenseHebbian.learning must be one of {', '.join(LEARNING)}, got {self.learning!r}")
        if (self.learning == "stored") != (self.examples is None):
            raise DescriptionError("DenseHebbian.examples must be given where learning is supervised or unsupervised, "
                                   f"and only there, got learning={self.learning!r}")
        object.__setattr__(self, "examples", self._taken_examples())
        if not self.diluted:
            self._warn()

    def energy(self) -> Energy:
        """The response to an overlap is the symmetric polynomial of the other units, up to a factor."""
        rows, weight = self._rows()
        entries: Entries = "signs"
        largest = 1
        if self.learning == "supervised":
            entries, largest = "numbers", max(int(np.abs(rows).max()), 1)
        elif self.diluted:
            entries = "ternary"
        unit = unit_of(self.size, largest)
        values: dict[str, Any] = {"unit": unit}
        if entries == "numbers":
            values |= even_sums(rows, self.degree, unit)
        else:
            others = np.count_nonzero(rows, axis=0) - 1.0 if self.diluted else self.size - 1.0
            values["others"] = others
        gain = 0.5 * self.degree * weight * (self.size * unit) ** (1 - self.degree)
        return Energy(rows=rows, entries=entries, response=distinct(self.degree, entries), gain=gain, values=values,
                      overlaps=self.degree // 2 if entries == "numbers" else 1)

    def drawn_examples(self) -> np.ndarray:
        """The examples, (K, M, N) int8."""
        return self.examples.draw(self.archetypes) if isinstance(self.examples, Examples) else self.examples

    def _rows(self) -> tuple[np.ndarray, float]:
        """What is stored unit by unit, and the weight of its products."""
        if self.learning == "stored":
            return self.by_unit, 1.0
        examples = self.drawn_examples()
        number = examples.shape[1]
        if isinstance(self.examples, Examples):
            square = self.examples.quality**2 + (1.0 - self.examples.quality**2) / number
        else:
            means = examples.mean(axis=1)
            square = float((means**2).sum() / np.count_nonzero(examples[:, 0]))
        if self.learning == "unsupervised":
            rows = examples.reshape(-1, self.size)
            return np.ascontiguousarray(rows.T), square ** (-self.degree / 2) / number
        sums = examples.sum(axis=1, dtype=np.int64).T
        kind = np.int8 if number <= WIDEST_SUM else np.float64
        return np.ascontiguousarray(sums, dtype=kind), (number * math.sqrt(square)) ** -self.degree

    def _taken_examples(self) -> Any:
        if self.examples is None or isinstance(self.examples, Examples):
            return self.examples
        examples = taken(self.examples, "DenseHebbian.examples")
        allowed = (-1, 0, 1) if self.diluted else (-1, 1)
        shape = (self.count, "M", self.size)
        if examples.ndim != 3 or (examples.shape[0], examples.shape[2]) != shape[::2] or not examples.shape[1]:
            raise DescriptionError(f"DenseHebbian.examples must be ({self.count}, M, {self.size}) with M >= 1, got "
                                   f"shape {examples.shape}")
        if not np.isin(examples, allowed).all():
            raise DescriptionError(f"DenseHebbian.examples must be {' or '.join(map(str, allowed))}, got "
                                   f"{examples[~np.isin(examples, allowed)].flat[0]}")
        if not examples.any(axis=2).all():
            raise DescriptionError("DenseHebbian.examples must not be blank at every unit")
        return examples.astype(np.int8)

    def _warn(self) -> None:
        from ...theory import load, storage_limit

        limit = storage_limit(self.degree)
        most = limit * self.count / load(self.count, self.size, self.degree)
        warn_beyond(self, self.count, most, f"a load of {limit:.3g} for P = {self.degree}", depth=6)
