"""Bits for learners of propositions.

References
----------
Granmo (2018), doi:10.48550/arXiv.1804.01508 (noisy XOR)
"""

from dataclasses import dataclass

import numpy as np

from ..errors import DescriptionError, check_probability, fields_by_name, take_count
from .task import Task, Trials, at_the_end


@fields_by_name
@dataclass(frozen=True, kw_only=True)
class NoisyXor(Task):
    """The exclusive or of the first two of some random bits; labels are flipped now and then.

    Parameters
    ----------
    size
        Number of bits, 2 or more.
    flipped
        Share of the labels that are wrong; 0 for a test.
    """

    size: int = 12
    flipped: float = 0.4

    def __post_init__(self) -> None:
        take_count(self, "size")
        check_probability(self, "flipped")
        if self.size < 2:
            raise DescriptionError(f"NoisyXor.size must be >= 2, got {self.size!r}")

    @property
    def channels(self) -> int:
        """The bits."""
        return self.size

    @property
    def classes(self) -> int:
        """Two."""
        return 2

    @property
    def chance(self) -> float:
        """One half."""
        return 0.5

    def _make(self, trials: int, rng: np.random.Generator) -> Trials:
        bits = rng.integers(0, 2, (trials, self.size))
        clean = bits[:, 0] ^ bits[:, 1]
        targets = clean ^ (rng.random(trials) < self.flipped)
        return Trials(bits[:, None, :].astype(np.float32), targets, at_the_end(trials, 1), {"clean": clean})


def thresholded(values: np.ndarray, thresholds: np.ndarray | list[float]) -> np.ndarray:
    """Bits that say which thresholds each of (B, F) values lies above, (B, F * n), bool, one feature after another."""
    values, bounds = np.asarray(values), np.asarray(thresholds)
    if values.ndim != 2 or bounds.ndim != 1:
        raise DescriptionError(f"values must be (B, F) and thresholds (n,), got {values.shape} and {bounds.shape}")
    return (values[:, :, None] > bounds).reshape(len(values), -1)
