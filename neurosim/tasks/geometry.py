r"""Labelled clusters whose geometry is known: how far do inputs and targets agree?

P conditions, all parities of their log2 P bits as the columns of a matrix H of +1 and -1, and the first k columns as
targets. Each column, scaled by the root of its weight, is one direction of the inputs; how much weight lies on the
columns of the targets sets their alignment. Zero weight is XOR-like: no target can be read off linearly.

References
----------
Alleman, Lindsey & Fusi (2024). ICLR 2024, doi:10.48550/arXiv.2401.13558
"""

from dataclasses import dataclass

import numpy as np

from ..errors import DescriptionError, check_not_negative, fields_by_name, take_count
from .task import Task, Trials, at_the_end, generator


def parities(conditions: int) -> np.ndarray:
    """H, (P, P - 1) of +1 and -1: every parity of the bits of 0..P-1, those of few bits first; columns orthogonal."""
    bits = conditions.bit_length() - 1
    if conditions < 2 or conditions != 1 << bits:
        raise DescriptionError(f"conditions must be a power of two >= 2, got {conditions!r}")
    masks = sorted(range(1, conditions), key=lambda mask: (mask.bit_count(), mask))
    odd = [[(row & mask).bit_count() & 1 for mask in masks] for row in range(conditions)]
    return np.where(np.array(odd) == 1, 1.0, -1.0)


def alignment(one: np.ndarray, other: np.ndarray) -> float:
    """Centred kernel alignment of two kernels over the same conditions, (P, P) each; 1 where they are alike."""
    first, second = (_centred(kernel) for kernel in (one, other))
    return float((first * second).sum() / (np.linalg.norm(first) * np.linalg.norm(second)))


def _centred(kernel: np.ndarray) -> np.ndarray:
    means = kernel.mean(axis=0, keepdims=True)
    return kernel - means - kernel.mean(axis=1, keepdims=True) + kernel.mean()


@fields_by_name
@dataclass(frozen=True, kw_only=True)
class LabelledClusters(Task):
    """Noisy points around P condition means, with k binary targets.

    Parameters
    ----------
    conditions
        P, a power of two.
    targets
        k, from 1 to log2 P: the first bits.
    signal
        :math:`s = c^2 (P - 1) / k` with c the alignment of inputs and targets, from 0 to (P - 1) / k. At 0 the targets
        carry no variance of their own (XOR), at 1 all columns weigh the same, at most inputs are the targets.
    rank
        Number of random directions, with random weights, that share what the targets leave; None takes the
        other parities, all with the same weight. How the paper draws its random kernels is inferred.
    size
        Number of input channels, P - 1 or more.
    noise
        Standard deviation of each input.
    embedding_seed
        Seed of the random rotation into the input channels.
    """

    conditions: int = 4
    targets: int = 1
    signal: float = 0.5
    size: int = 100
    noise: float = 0.1
    rank: int | None = None
    embedding_seed: int = 0

    def __post_init__(self) -> None:
        take_count(self, "conditions", "targets", "size")
        check_not_negative(self, "noise", "signal")
        bits, rest = parities(self.conditions).shape[0].bit_length() - 1, self.conditions - 1 - self.targets
        if self.targets > bits:
            raise DescriptionError(f"LabelledClusters.targets must be <= log2 P ({bits}), got {self.targets!r}")
        if self.size < self.conditions - 1:
            raise DescriptionError(f"LabelledClusters.size must be >= P - 1 ({self.conditions - 1}), got {self.size!r}")
        most = (self.conditions - 1) / self.targets
        if self.signal > most or (rest == 0 and self.signal != most):
            rule = f"in [0, (P - 1) / k = {most:g}]" if rest else f"(P - 1) / k = {most:g}, where nothing else is left"
            raise DescriptionError(f"LabelledClusters.signal must be {rule}, got {self.signal!r}")
        if self.rank is not None:
            take_count(self, "rank")
            if self.rank > rest:
                raise DescriptionError(f"LabelledClusters.rank must be <= P - 1 - k ({rest}), got {self.rank!r}")
        generator("", self.embedding_seed)

    @property
    def channels(self) -> int:
        """The dimension of the inputs."""
        return self.size

    @property
    def classes(self) -> int:
        """Two, for each target."""
        return 2

    @property
    def chance(self) -> float:
        """One half."""
        return 0.5

    @property
    def labels(self) -> np.ndarray:
        """Targets of every condition, (P, k), 0 or 1."""
        return (parities(self.conditions)[:, : self.targets] > 0).astype(np.int64)

    def means(self) -> np.ndarray:
        """The condition means, (P, size); total variance 1."""
        columns = parities(self.conditions)
        rng = generator("LabelledClusters/embedding", self.embedding_seed)
        own, others = columns[:, : self.targets], columns[:, self.targets :]
        spread = np.ones(others.shape[1])
        if self.rank is not None:
            # a random basis of what is orthogonal to the targets
            mixed, _ = np.linalg.qr(rng.standard_normal((others.shape[1], self.rank)))
            others, spread = others @ mixed, rng.exponential(size=self.rank)
        weights = self._weights(spread)
        directions = np.concatenate([own, others], axis=1) * np.sqrt(weights)
        rotation, _ = np.linalg.qr(rng.standard_normal((self.size, directions.shape[1])))
        return directions @ rotation.T

    def _weights(self, spread: np.ndarray) -> np.ndarray:
        """Variance along the targets and along the other directions, which share theirs as ``spread`` says; sum 1."""
        k = self.targets
        squared = self.signal * k / (self.conditions - 1)  # c ** 2
        # c ** 2 = k a ** 2 / (k a ** 2 + b ** 2 sum(spread ** 2))
        a, b = np.sqrt(squared / k), np.sqrt(max(1.0 - squared, 0.0) / max((spread**2).sum(), 1e-300))
        weights = np.concatenate([np.full(k, a), b * spread])
        return weights / weights.sum()

    def input_target_alignment(self) -> float:
        r"""Centred kernel alignment of condition means and targets."""
        means, signs = self.means(), 2.0 * self.labels - 1.0
        return alignment(means @ means.T, signs @ signs.T)

    def _make(self, trials: int, rng: np.random.Generator) -> Trials:
        which = rng.integers(0, self.conditions, trials)
        noise = self.noise * rng.standard_normal((trials, self.size))
        inputs = (self.means()[which] + noise)[:, None, :].astype(np.float32)
        return Trials(inputs, self.labels[which], at_the_end(trials, 1), {"condition": which})


@fields_by_name
@dataclass(frozen=True, kw_only=True)
class Circle(Task):
    """Gaussian classes on a circle, shown a few classes at a time: what is forgotten?

    Points of unit variance around ``classes_on_circle`` centres at ``radius``.

    Parameters
    ----------
    classes_on_circle
        Number of classes.
    radius
        Distance of the centres from 0, in standard deviations of a class.
    """

    classes_on_circle: int = 8
    radius: float = 10.0

    def __post_init__(self) -> None:
        take_count(self, "classes_on_circle")
        check_not_negative(self, "radius")

    @property
    def channels(self) -> int:
        """The plane."""
        return 2

    @property
    def classes(self) -> int:
        """The centres."""
        return self.classes_on_circle

    @property
    def chance(self) -> float:
        """One of the classes."""
        return 1.0 / self.classes_on_circle

    def stages(self, each: int, per_class: int, *, seed: int) -> list[Trials]:
        """Trials of ``each`` classes at a time, ``per_class`` of each class, one stage after another."""
        rng = generator("Circle/stages", seed)
        if self.classes_on_circle % each:
            raise DescriptionError(f"each must divide the number of classes ({self.classes_on_circle}), got {each!r}")
        order = np.arange(self.classes_on_circle).reshape(-1, each)
        return [self._around(np.repeat(classes, per_class), rng) for classes in order]

    def _make(self, trials: int, rng: np.random.Generator) -> Trials:
        return self._around(rng.integers(0, self.classes_on_circle, trials), rng)

    def _around(self, targets: np.ndarray, rng: np.random.Generator) -> Trials:
        angle = 2.0 * np.pi * targets / self.classes_on_circle
        points = self.radius * np.stack([np.cos(angle), np.sin(angle)], -1) + rng.standard_normal((len(targets), 2))
        return Trials(points[:, None, :].astype(np.float32), targets, at_the_end(len(targets), 1))
