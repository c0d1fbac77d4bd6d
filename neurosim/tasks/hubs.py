"""Who drives whom? A graph with a few hubs, known in full, and scores for those who guess it from spikes.

The network itself is in the catalog, ``antoniades_2024``; how the paper made its own is not known.

References
----------
Antoniades et al. (2024). ICLR 2024, doi:10.48550/arXiv.2311.00136
"""

from dataclasses import dataclass

import numpy as np

from ..errors import DescriptionError, check_probability, fields_by_name, take_count
from .task import Range, check_range, generator


@fields_by_name
@dataclass(frozen=True, kw_only=True)
class HubGraph:
    """Hubs that project to some neurons each, and weak edges anywhere else.

    Parameters
    ----------
    size
        Number of neurons; the hubs are the first ones.
    hubs, targets
        Number of hubs, and how many neurons each projects to.
    weak
        Chance of a weak edge between two neurons without a strong one.
    delay
        Shortest and longest delay of an edge, ms, in whole ms.
    seed
        Of the edges and delays.
    """

    size: int = 50
    hubs: int = 3
    targets: int = 15
    weak: float = 0.05
    delay: Range = Range(5, 15)
    seed: int = 0

    def __post_init__(self) -> None:
        take_count(self, "size", "hubs", "targets")
        check_probability(self, "weak")
        check_range(self, "delay", 0)
        if self.targets > self.size - self.hubs:
            raise DescriptionError(
                f"HubGraph.targets must be <= size - hubs ({self.size - self.hubs}), got {self.targets!r}"
            )
        generator("", self.seed)

    def edges(self) -> tuple[np.ndarray, np.ndarray]:
        """Strong edges and all edges, (N, N) each, true from row to column; hubs drive no hubs."""
        rng = generator("HubGraph/edges", self.seed)
        strong = np.zeros((self.size, self.size), bool)
        for hub in range(self.hubs):
            strong[hub, self.hubs + rng.permutation(self.size - self.hubs)[: self.targets]] = True
        weak = (rng.random(strong.shape) < self.weak) & ~strong & ~np.eye(self.size, dtype=bool)
        return strong, strong | weak

    def delays(self) -> np.ndarray:
        """Delay of each pair, ms, (N, N)."""
        rng = generator("HubGraph/delays", self.seed)
        return rng.integers(self.delay.low, self.delay.high + 1, (self.size, self.size)).astype(float)

    def area(self, guess: np.ndarray) -> float:
        """Area under the curve of strong edges among all ordered pairs, by a score for each, (N, N); 1/2 is chance."""
        strong, _ = self.edges()
        pairs = ~np.eye(self.size, dtype=bool)
        ranks = _ranks(np.asarray(guess, float)[pairs])
        right = strong[pairs]
        count = int(right.sum())
        return float((ranks[right].sum() - count * (count + 1) / 2) / (count * (len(right) - count)))

    def direction(self, guess: np.ndarray) -> float:
        """Share of the strong edges that get more than the opposite pair; equals count one half."""
        strong, _ = self.edges()
        guess = np.asarray(guess, float)
        ahead = guess[strong] - guess.T[strong]
        return float(np.mean((ahead > 0) + 0.5 * (ahead == 0)))

    def hubs_found(self, guess: np.ndarray) -> float:
        """Share of the hubs among as many neurons with the greatest sum of outgoing scores."""
        out = np.where(np.eye(self.size, dtype=bool), 0.0, np.asarray(guess, float)).sum(axis=1)
        return float(np.mean(np.argsort(-out, kind="stable")[: self.hubs] < self.hubs))


def _ranks(values: np.ndarray) -> np.ndarray:
    """Ranks from 1; equal values share the mean of theirs."""
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    return (last - (count - 1) / 2)[place]


def lagged_correlation(counts: np.ndarray, lags: range) -> np.ndarray:
    """The greatest correlation of each pair over lags, (N, N): of row n now with column m so many bins later.

    Parameters
    ----------
    counts
        Spikes in bins, (T, N).
    lags
        Bins, 0 or more; ``range(1)`` is the plain correlation, which is symmetric.
    """
    if not len(lags) or min(lags) < 0 or max(lags) >= len(counts):
        raise DescriptionError(f"lags must be in 0..T - 1 ({len(counts) - 1}), got {lags!r}")
    values = np.asarray(counts, float)
    steps, size = values.shape
    neuron, when = np.nonzero(values.T)  # by neuron; few bins hold a spike, so a list is shorter than a product
    first = np.searchsorted(neuron, np.arange(size))
    mean, spread = values.mean(axis=0), values.std(axis=0)
    scale = np.outer(spread, spread)
    scale[scale == 0.0] = np.inf
    best = np.full((size, size), -np.inf)
    for lag in lags:
        inside = when < steps - lag
        rows = np.zeros((len(when) + 1, size))  # one more, because a list may begin behind the last spike
        rows[:-1][inside] = values[when[inside] + lag] * values[when[inside], neuron[inside], None]
        together = np.add.reduceat(rows, first, axis=0)
        together[np.bincount(neuron, minlength=size) == 0] = 0.0
        early, late = values[: steps - lag].sum(axis=0), values[lag:].sum(axis=0)
        product = together - np.outer(early, mean) - np.outer(mean, late) + (steps - lag) * np.outer(mean, mean)
        if lag == 0:  # rounding must not tell the two directions apart
            product = 0.5 * (product + product.T)
        best = np.maximum(best, product / steps / scale)
    return best
