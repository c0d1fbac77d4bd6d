"""Spike patterns that are told apart by when who fires.

``SpokenDigits`` stands in for the Spiking Heidelberg Digits where there are no files: classes are random bumps of
rates, jittered and drawn anew in every trial; two in a row make the adding task. Its recipe is that of the tests, not a
paper's.

References
----------
Maass, Natschlaeger & Markram (2002). Neural Comput 14, 2531-2560. doi:10.1162/089976602760407955 (templates, jitter)
Spieler et al. (2024). ICLR 2024, doi:10.48550/arXiv.2306.16922 (adding two spoken digits)
"""

from dataclasses import dataclass

import numpy as np

from ..errors import DescriptionError, check_not_negative, check_positive, check_probability, fields_by_name, take_count
from .task import Task, Trials, at_the_end, generator


@fields_by_name
@dataclass(frozen=True, kw_only=True)
class PoissonPatterns(Task):
    """Frozen Poisson spike trains, one template a class, shown with jitter and missing spikes.

    With ``equal_counts`` every channel fires equally often in all templates, so that counting spikes is at chance.
    At most one spike of a channel falls into a step. The templates are fixed by ``template_seed``.

    Parameters
    ----------
    patterns, size, steps
        Number of templates, of channels (I), and length (T).
    rate
        Mean number of spikes of a channel in a trial.
    jitter
        Standard deviation of each spike's shift, steps; at the ends shifts are folded back.
    deletion
        Chance that a spike is missing.
    equal_counts
        Whether all templates share the counts of the first.
    template_seed
        Seed of the templates themselves.
    """

    patterns: int = 8
    size: int = 64
    steps: int = 100
    rate: float = 3.0
    jitter: float = 2.0
    deletion: float = 0.1
    equal_counts: bool = True
    template_seed: int = 0

    def __post_init__(self) -> None:
        take_count(self, "patterns", "size", "steps")
        check_positive(self, "rate")
        check_not_negative(self, "jitter")
        check_probability(self, "deletion")
        if self.rate > self.steps / 4:
            raise DescriptionError(f"PoissonPatterns.rate must be <= steps / 4 ({self.steps / 4:g}), got {self.rate!r}")
        generator("", self.template_seed)

    @property
    def channels(self) -> int:
        """One for each channel."""
        return self.size

    @property
    def classes(self) -> int:
        """The templates."""
        return self.patterns

    @property
    def chance(self) -> float:
        """One of the classes."""
        return 1.0 / self.patterns

    def templates(self) -> np.ndarray:
        """(patterns, T, I), true where a spike is."""
        rng = generator("PoissonPatterns/templates", self.template_seed)
        counts = np.minimum(rng.poisson(self.rate, (self.patterns, self.size)), self.steps)
        if self.equal_counts:
            counts[:] = counts[0]
        # the steps with the smallest of random numbers: as many as wanted, no step twice
        order = rng.random((self.patterns, self.steps, self.size)).argsort(axis=1).argsort(axis=1)
        return order < counts[:, None, :]

    def _make(self, trials: int, rng: np.random.Generator) -> Trials:
        targets = rng.integers(0, self.patterns, trials)
        trial, step, channel = np.nonzero(self.templates()[targets])
        kept = rng.random(len(trial)) >= self.deletion
        shifted = np.rint(step + self.jitter * rng.standard_normal(len(trial))).astype(int)
        shifted = _folded(shifted, self.steps)
        inputs = np.zeros((trials, self.steps, self.size), np.float32)
        inputs[trial[kept], shifted[kept], channel[kept]] = 1.0
        return Trials(inputs, targets, at_the_end(trials, self.steps))


def _folded(step: np.ndarray, steps: int) -> np.ndarray:
    """Steps outside 0..steps - 1 mirrored at the ends, however far outside they are."""
    around = np.mod(step, 2 * steps)
    return np.minimum(around, 2 * steps - 1 - around)


@fields_by_name
@dataclass(frozen=True, kw_only=True)
class SpokenDigits(Task):
    """Bumps of Poisson spikes that stand for spoken digits; two in a row are to be added.

    Of each digit and channel: with probability 1/2 a Gaussian bump at a uniform time, with a standard deviation of 2
    bins and an amplitude from a gamma distribution (shape 2, scale 0.3), over a floor of 0.02. A trial shifts all bumps
    by up to ``jitter`` bins and draws Poisson counts. The digits are fixed by ``digit_seed``.

    Parameters
    ----------
    digits, size, steps
        How many digits, channels (I), and bins of one digit.
    spoken
        How many follow one another; the answer is the sum of their numbers, of ``spoken * (digits - 1) + 1`` classes.
    jitter
        Largest shift, bins.
    digit_seed
        Seed of the digits themselves.
    """

    digits: int = 5
    size: int = 20
    steps: int = 20
    spoken: int = 1
    jitter: int = 2
    digit_seed: int = 0

    def __post_init__(self) -> None:
        take_count(self, "digits", "size", "steps", "spoken")
        check_not_negative(self, "jitter")
        object.__setattr__(self, "jitter", int(self.jitter))
        generator("", self.digit_seed)

    @property
    def channels(self) -> int:
        """One for each channel."""
        return self.size

    @property
    def classes(self) -> int:
        """The sums."""
        return self.spoken * (self.digits - 1) + 1

    @property
    def chance(self) -> float:
        """Share of the commonest sum."""
        shares = np.ones(1)
        for _ in range(self.spoken):
            shares = np.convolve(shares, np.full(self.digits, 1.0 / self.digits))
        return float(shares.max())

    def rates(self) -> np.ndarray:
        """Mean counts of every digit without a shift, (digits, steps, size)."""
        height, centre = self._bumps()
        return _bump_rates(height, centre, self.steps)

    def _bumps(self) -> tuple[np.ndarray, np.ndarray]:
        rng = generator("SpokenDigits/digits", self.digit_seed)
        shape = (self.digits, self.size)
        height = rng.gamma(2.0, 0.3, shape) * (rng.random(shape) < 0.5)
        return height, rng.random(shape) * self.steps

    def _make(self, trials: int, rng: np.random.Generator) -> Trials:
        height, centre = self._bumps()
        said = rng.integers(0, self.digits, (trials, self.spoken))
        shift = rng.integers(-self.jitter, self.jitter + 1, (trials, self.spoken, 1))
        rates = _bump_rates(height[said], centre[said] + shift, self.steps)
        inputs = rng.poisson(rates).astype(np.float32).reshape(trials, self.spoken * self.steps, self.size)
        return Trials(inputs, said.sum(axis=1), at_the_end(trials, inputs.shape[1]), {"digits": said})


def _bump_rates(height: np.ndarray, centre: np.ndarray, steps: int) -> np.ndarray:
    """Rates (..., T, I) of bumps (..., I)."""
    distance = (np.arange(steps)[:, None] - centre[..., None, :]) / 2.0
    return 0.02 + height[..., None, :] * np.exp(-0.5 * distance**2)
