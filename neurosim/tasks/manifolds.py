r"""Random smooth manifolds: classes that differ in nothing but the times of their spikes.

Each coordinate of a manifold is a product, over the intrinsic dimensions, of random Fourier series

.. math::
    f(x) = \sum_{k=0}^{K-1} \frac{a_k}{(k + 1)^\alpha} \sin\!\left(2\pi (k\, b_k x + c_k)\right),
    \qquad a_k, b_k, c_k \sim U(0, 1), \quad a_0 = 0

which ends where :math:`(k + 1)^{-\alpha}` falls below 0.001. A larger :math:`\alpha` makes it smoother. A point of the
manifold is read as spike times, one of each neuron.

References
----------
Zenke & Vogels (2021). Neural Comput 33, 899-925. doi:10.1162/neco_a_01367; generator: github.com/fzenke/randman
"""

from dataclasses import dataclass

import numpy as np

from ..errors import DescriptionError, check_positive, fields_by_name, take_count
from .task import Task, Trials, at_the_end, generator

PRECISION, MOST_TERMS = 1e-3, 1000


def manifold_points(x: np.ndarray, size: int, alpha: float, rng: np.random.Generator) -> np.ndarray:
    """Where (B, D) intrinsic coordinates lie in a random smooth manifold of ``size`` dimensions, (B, size)."""
    terms = min(int(np.ceil(PRECISION ** (-1.0 / alpha))), MOST_TERMS)
    a, b, c = rng.random((size, x.shape[1], 3, terms)).transpose(2, 0, 1, 3)
    a[..., 0] = 0.0
    k = np.arange(terms)
    a = a / (k + 1.0) ** alpha
    points = np.empty((len(x), size))
    for n in range(size):  # by coordinate, because all at once take B * size * D * K numbers
        phases = 2.0 * np.pi * (k * b[n] * x[:, :, None] + c[n])
        points[:, n] = (a[n] * np.sin(phases)).sum(axis=-1).prod(axis=-1)
    return points


@fields_by_name
@dataclass(frozen=True, kw_only=True)
class RandomManifolds(Task):
    """Tell from which of some random manifolds a volley of spikes was drawn.

    Each neuron fires ``spikes`` times in each trial, so rates say nothing. The manifolds are fixed by
    ``manifold_seed``: training and test trials of one task lie on the same ones. Times are scaled to the trial with the
    least and greatest of 1,000 points of the manifold, and cut there.

    Parameters
    ----------
    manifolds
        How many, one for each class.
    size
        Number of neurons, I.
    steps
        Length of a trial, T.
    dimension
        Intrinsic dimension of a manifold.
    alpha
        Smoothness; larger is smoother and easier. 1 or more.
    spikes
        Spikes of each neuron in a trial; each has a manifold of its own over the same coordinates.
    manifold_seed
        Seed of the manifolds themselves.
    """

    manifolds: int = 10
    size: int = 20
    steps: int = 100
    dimension: int = 1
    alpha: float = 2.0
    spikes: int = 1
    manifold_seed: int = 0

    def __post_init__(self) -> None:
        take_count(self, "manifolds", "size", "steps", "dimension", "spikes")
        check_positive(self, "alpha")
        if self.alpha < 1.0:
            raise DescriptionError(f"RandomManifolds.alpha must be >= 1, got {self.alpha!r}")
        generator("", self.manifold_seed)

    @property
    def channels(self) -> int:
        """One for each neuron."""
        return self.size

    @property
    def classes(self) -> int:
        """The manifolds."""
        return self.manifolds

    @property
    def chance(self) -> float:
        """One of the classes."""
        return 1.0 / self.manifolds

    def times(self, which: int, x: np.ndarray) -> np.ndarray:
        """Spike times of (B, dimension) points of manifold ``which``, in [0, 1], (B, spikes, size)."""
        name = f"RandomManifolds/{which}"
        scale = generator(f"{name}/scale", self.manifold_seed).random((1000, self.dimension))
        found = np.empty((len(x), self.spikes, self.size))
        for n in range(self.spikes):
            rng = generator(f"{name}/{n}", self.manifold_seed)
            points = manifold_points(np.concatenate([scale, x]), self.size, self.alpha, rng)
            low, high = points[:1000].min(axis=0), points[:1000].max(axis=0)
            found[:, n] = np.clip((points[1000:] - low) / np.where(high > low, high - low, 1.0), 0.0, 1.0)
        return found

    def _make(self, trials: int, rng: np.random.Generator) -> Trials:
        targets = rng.integers(0, self.manifolds, trials)
        x = rng.random((trials, self.dimension))
        inputs = np.zeros((trials, self.steps, self.size), np.float32)
        for which in np.unique(targets):
            mine = np.flatnonzero(targets == which)
            steps = np.minimum((self.times(int(which), x[mine]) * self.steps).astype(int), self.steps - 1)
            inputs[mine[:, None, None], steps, np.arange(self.size)] = 1.0
        return Trials(inputs, targets, at_the_end(trials, self.steps), {"x": x})
