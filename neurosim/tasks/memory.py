r"""Tasks that ask for what was shown some steps ago.

References
----------
Hochreiter & Schmidhuber (1997). Neural Comput 9, 1735-1780. doi:10.1162/neco.1997.9.8.1735 (adding, copying)
Khajehabdollahi et al. (2024). ICLR 2024, doi:10.48550/arXiv.2309.12927 (N-parity, N-delayed match to sample)
Gu et al. (2021). NeurIPS 2021, doi:10.48550/arXiv.2110.13985 (delay of a band-limited signal)
"""

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ..errors import DescriptionError, check_positive, check_probability, fields_by_name, take_count
from .task import Measure, Task, Trials, at_the_end, one_hot


def parity(bits: np.ndarray, n: int) -> np.ndarray:
    """(sum of the last ``n`` bits) mod 2 of (..., T) bits."""
    return np.asarray(bits[..., -n:].sum(axis=-1) % 2, np.int64)


def matches(bits: np.ndarray, n: int) -> np.ndarray:
    """1 where the last of (..., T) bits equals the one ``n - 1`` steps before it."""
    return np.asarray(bits[..., -n] == bits[..., -1], np.int64)


@dataclass(frozen=True, kw_only=True)
class _BitStream(Task):
    """Bits on one channel, of one length for all trials, and one question for each number in ``n``."""

    n: tuple[int, ...] = (2,)
    steps: int | None = None

    def __post_init__(self) -> None:
        owner = type(self).__name__
        n = (self.n,) if isinstance(self.n, int) else tuple(self.n)
        if not n or any(isinstance(one, bool) or not isinstance(one, int | np.integer) or one < 2 for one in n):
            raise DescriptionError(f"{owner}.n must be whole numbers >= 2, got {self.n!r}")
        object.__setattr__(self, "n", n)
        if self.steps is not None:
            take_count(self, "steps")
            if self.steps < max(n):
                raise DescriptionError(f"{owner}.steps must be >= max(n) ({max(n)}), got {self.steps!r}")

    @property
    def channels(self) -> int:
        """One."""
        return 1

    @property
    def classes(self) -> int:
        """Two, for each question."""
        return 2

    @abstractmethod
    def _bits(self, trials: int, steps: int, rng: np.random.Generator) -> np.ndarray:
        """(B, T) bits."""

    @abstractmethod
    def _answer(self, bits: np.ndarray, n: int) -> np.ndarray:
        """(B,) answers."""

    def _make(self, trials: int, rng: np.random.Generator) -> Trials:
        longest = max(self.n)
        steps = int(rng.integers(longest + 2, 4 * longest + 2)) if self.steps is None else self.steps
        bits = self._bits(trials, steps, rng)
        answers = np.stack([self._answer(bits, n) for n in self.n], axis=-1)
        return Trials(bits[..., None].astype(np.float32), answers, at_the_end(trials, steps))


@fields_by_name
@dataclass(frozen=True, kw_only=True)
class Parity(_BitStream):
    """N-parity: is the number of ones among the last n bits odd?

    Each trial draws the probability of a one from [0, 1], which makes even sums likelier: where n is even, the answer 0
    is right in a share of 1/2 + 1/(2n + 2).

    Parameters
    ----------
    n
        One question for each of these numbers, 2 or more; targets are (B, len(n)).
    steps
        Length of a trial; None draws one for all trials, from max(n) + 2 to 4 max(n) + 1.
    """

    @property
    def chance(self) -> float:
        """Mean over the questions of what the answer 0 reaches."""
        # E[(1 - 2p)^n] over p in [0, 1] is 1 / (n + 1) for even n, else 0
        return float(np.mean([0.5 + (0.5 / (n + 1) if n % 2 == 0 else 0.0) for n in self.n]))

    def _bits(self, trials: int, steps: int, rng: np.random.Generator) -> np.ndarray:
        return rng.random((trials, steps)) < rng.random((trials, 1))

    def _answer(self, bits: np.ndarray, n: int) -> np.ndarray:
        return parity(bits, n)


@fields_by_name
@dataclass(frozen=True, kw_only=True)
class DelayedMatchToSample(_BitStream):
    """N-DMS: is the last bit the same as the one n - 1 steps before? Ones and zeros are equally likely.

    Parameters
    ----------
    n
        One question for each of these numbers, 2 or more; targets are (B, len(n)).
    steps
        Length of a trial; None draws one for all trials, from max(n) + 2 to 4 max(n) + 1.
    """

    @property
    def chance(self) -> float:
        """One half."""
        return 0.5

    def _bits(self, trials: int, steps: int, rng: np.random.Generator) -> np.ndarray:
        return rng.random((trials, steps)) < 0.5

    def _answer(self, bits: np.ndarray, n: int) -> np.ndarray:
        return matches(bits, n)


@fields_by_name
@dataclass(frozen=True, kw_only=True)
class Adding(Task):
    """The adding problem: two of many numbers are marked; give their sum at the end.

    Channel 0 holds numbers drawn from [0, 1), channel 1 is 1 at one step of either half.

    Parameters
    ----------
    steps
        Length of a trial, 2 or more.
    """

    steps: int = 100
    measure: ClassVar[Measure] = "error"

    def __post_init__(self) -> None:
        take_count(self, "steps")
        if self.steps < 2:
            raise DescriptionError(f"Adding.steps must be >= 2, got {self.steps!r}")

    @property
    def channels(self) -> int:
        """Number and mark."""
        return 2

    @property
    def classes(self) -> int:
        """One value."""
        return 1

    @property
    def chance(self) -> float:
        """The variance of a sum of two, 1/6: the error of always saying 1."""
        return 1.0 / 6.0

    def _make(self, trials: int, rng: np.random.Generator) -> Trials:
        half, every = self.steps // 2, np.arange(trials)
        inputs = np.zeros((trials, self.steps, 2), np.float32)
        inputs[..., 0] = rng.random((trials, self.steps))
        first, second = rng.integers(0, half, trials), rng.integers(half, self.steps, trials)
        inputs[every, first, 1] = inputs[every, second, 1] = 1.0
        targets = inputs[every, first, 0] + inputs[every, second, 0]
        return Trials(inputs, targets[:, None], at_the_end(trials, self.steps), {"marks": np.stack([first, second], 1)})


@fields_by_name
@dataclass(frozen=True, kw_only=True)
class Copy(Task):
    """The copy task: say the symbols again, in order, once the cue has come.

    ``length`` symbols, ``delay`` blanks of which the last is a cue, then ``length`` blanks during which the answer
    counts. Channels are one-hot: symbols, blank, cue. Targets are (B, T); blank (class ``symbols``) before the cue.

    Parameters
    ----------
    symbols, length, delay
        How many different ones, how many are shown, and for how many steps they are kept.
    """

    symbols: int = 8
    length: int = 10
    delay: int = 100

    def __post_init__(self) -> None:
        take_count(self, "symbols", "length", "delay")

    @property
    def channels(self) -> int:
        """Symbols, blank and cue."""
        return self.symbols + 2

    @property
    def classes(self) -> int:
        """Symbols and blank."""
        return self.symbols + 1

    @property
    def chance(self) -> float:
        """One symbol of all."""
        return 1.0 / self.symbols

    @property
    def cross_entropy(self) -> float:
        """Mean cross-entropy over all steps, nats, of who knows when to answer but not what."""
        return self.length * float(np.log(self.symbols)) / (2 * self.length + self.delay)

    def _make(self, trials: int, rng: np.random.Generator) -> Trials:
        blank, cue, steps = self.symbols, self.symbols + 1, 2 * self.length + self.delay
        said = rng.integers(0, self.symbols, (trials, self.length))
        shown, targets = np.full((2, trials, steps), blank)
        shown[:, : self.length] = said
        shown[:, self.length + self.delay - 1] = cue
        targets[:, -self.length :] = said
        mask = np.zeros((trials, steps), bool)
        mask[:, -self.length :] = True
        return Trials(one_hot(shown, self.channels), targets, mask)


@fields_by_name
@dataclass(frozen=True, kw_only=True)
class DelayedMatch(Task):
    """A sample, a delay with distractors, and a cue: say what the sample was, or whether the probe is the same.

    Channels are one-hot: symbols, then the cue. With ``answer="match"`` the symbol of the probe is on at the cue.

    Parameters
    ----------
    symbols
        How many there are, 2 or more.
    delay
        Steps between sample and cue.
    distractors
        Chance that a step of the delay shows a symbol drawn at random.
    answer
        ``symbol`` (one of ``symbols`` classes) or ``match`` (two classes, equally often).
    """

    symbols: int = 8
    delay: int = 50
    distractors: float = 0.1
    answer: str = "symbol"

    def __post_init__(self) -> None:
        take_count(self, "symbols", "delay")
        check_probability(self, "distractors")
        if self.symbols < 2:
            raise DescriptionError(f"DelayedMatch.symbols must be >= 2, got {self.symbols!r}")
        if self.answer not in ("symbol", "match"):
            raise DescriptionError(f"DelayedMatch.answer must be one of match, symbol, got {self.answer!r}")

    @property
    def channels(self) -> int:
        """Symbols and cue."""
        return self.symbols + 1

    @property
    def classes(self) -> int:
        """The symbols, or no and yes."""
        return self.symbols if self.answer == "symbol" else 2

    @property
    def chance(self) -> float:
        """One of the classes."""
        return 1.0 / self.classes

    def _make(self, trials: int, rng: np.random.Generator) -> Trials:
        steps = self.delay + 2
        shown = rng.integers(0, self.symbols, (trials, steps))
        sample = shown[:, 0].copy()
        hidden = rng.random((trials, steps)) >= self.distractors
        hidden[:, 0] = False
        shown[hidden] = -1
        targets = sample
        if self.answer == "match":
            targets = rng.integers(0, 2, trials)
            other = (sample + rng.integers(1, self.symbols, trials)) % self.symbols
            shown[:, -1] = np.where(targets == 1, sample, other)
        else:
            shown[:, -1] = -1
        inputs = one_hot(shown, self.channels)
        inputs[:, -1, -1] = 1.0
        return Trials(inputs, targets, at_the_end(trials, steps), {"sample": sample})


@fields_by_name
@dataclass(frozen=True, kw_only=True)
class Delay(Task):
    """A slow signal is asked for as it was ``lag`` steps ago: Gaussian noise below ``cutoff``, of unit variance.

    Parameters
    ----------
    steps, lag
        Length of a trial and how far back, steps; the first ``lag`` steps do not count.
    cutoff
        Highest frequency, cycles per step, above 0 and up to 1/2.
    """

    steps: int = 6000
    lag: int = 100
    cutoff: float = 0.02
    measure: ClassVar[Measure] = "error"

    def __post_init__(self) -> None:
        take_count(self, "steps", "lag")
        check_positive(self, "cutoff")
        if self.lag >= self.steps:
            raise DescriptionError(f"Delay.lag must be < steps ({self.steps}), got {self.lag!r}")
        if not 1.0 / self.steps <= self.cutoff <= 0.5:
            raise DescriptionError(
                f"Delay.cutoff must be in [1 / steps, 0.5], here [{1.0 / self.steps:g}, 0.5], got {self.cutoff!r}"
            )

    @property
    def channels(self) -> int:
        """The signal."""
        return 1

    @property
    def classes(self) -> int:
        """One value."""
        return 1

    @property
    def chance(self) -> float:
        """The signal's variance: the error of always saying 0."""
        return 1.0

    def _make(self, trials: int, rng: np.random.Generator) -> Trials:
        kept = np.fft.rfftfreq(self.steps) <= self.cutoff
        kept[0] = False
        waves = np.fft.rfft(rng.standard_normal((trials, self.steps)), axis=1) * kept
        signal = np.fft.irfft(waves, self.steps, axis=1)
        signal /= signal.std(axis=1, keepdims=True)
        inputs = signal[..., None].astype(np.float32)
        targets = np.zeros_like(inputs)
        targets[:, self.lag :] = inputs[:, : -self.lag]
        mask = np.broadcast_to(np.arange(self.steps) >= self.lag, (trials, self.steps)).copy()
        return Trials(inputs, targets, mask)
