r"""Strings of the Reber grammar: which of them are right?

Edges of the standard graph, from node to node: B, then T to 1 or P to 2; from 1 S stays, X to 3; from 2 T stays, V to
4; from 3 X to 2, S to the end; from 4 P to 3, V to the end; then E. How long strings are cut and how wrong ones are
made is inferred from the published strings, which have 11 to 53 letters.

References
----------
Reber (1967). J Verbal Learn Verbal Behav 6, 855-863. doi:10.1016/S0022-5371(67)80149-X
Darji (2024), doi:10.48550/arXiv.2407.20601 (acceptance of strings as a task)
"""

from dataclasses import dataclass

import numpy as np

from ..errors import check_probability, fields_by_name
from .task import Range, Task, Trials, at_the_end, check_range, one_hot

LETTERS = "BTSXVPE"
GRAPH: dict[str, tuple[tuple[str, str], ...]] = {
    "start": (("B", "0"),),
    "0": (("T", "1"), ("P", "2")),
    "1": (("S", "1"), ("X", "3")),
    "2": (("T", "2"), ("V", "4")),
    "3": (("X", "2"), ("S", "5")),
    "4": (("P", "3"), ("V", "5")),
    "5": (("E", "end"),),
}
"""The letters that may follow at each node, and where they lead."""


def accepts(text: str) -> bool:
    """Whether the grammar makes this string."""
    node = "start"
    for letter in text:
        following = dict(GRAPH.get(node, ()))
        if letter not in following:
            return False
        node = following[letter]
    return node == "end"


@fields_by_name
@dataclass(frozen=True, kw_only=True)
class ReberGrammar(Task):
    """Say at the last step whether the string was made by the grammar; half of them were.

    Strings are one-hot letters, padded **behind** with zeros to the longest length, so that the answer has to outlast
    the padding. Wrong strings are right ones with one letter replaced, or, in a share ``scrambled``, letters at random
    of the same length.

    Parameters
    ----------
    length
        Fewest and most letters of a string.
    scrambled
        Share of the wrong strings whose letters are all random.
    """

    length: Range = Range(11, 53)
    scrambled: float = 0.5

    def __post_init__(self) -> None:
        check_range(self, "length", 5)
        check_probability(self, "scrambled")

    @property
    def channels(self) -> int:
        """One for each letter."""
        return len(LETTERS)

    @property
    def classes(self) -> int:
        """Wrong and right."""
        return 2

    @property
    def chance(self) -> float:
        """One half."""
        return 0.5

    def valid(self, rng: np.random.Generator) -> str:
        """A string of the grammar with an allowed length; both letters of a node are equally likely."""
        while True:
            text, node = "", "start"
            while node != "end" and len(text) <= self.length.high:
                choices = GRAPH[node]
                letter, node = choices[int(rng.integers(len(choices)))]
                text += letter
            if node == "end" and self.length.low <= len(text) <= self.length.high:
                return text

    def invalid(self, rng: np.random.Generator) -> str:
        """A string with an allowed length that the grammar does not make."""
        base = self.valid(rng)
        while True:
            letters = list(base)
            if rng.random() < self.scrambled:
                letters = [LETTERS[k] for k in rng.integers(0, len(LETTERS), len(base))]
            else:
                letters[int(rng.integers(len(base)))] = LETTERS[int(rng.integers(len(LETTERS)))]
            text = "".join(letters)
            if not accepts(text):
                return text

    def _make(self, trials: int, rng: np.random.Generator) -> Trials:
        targets = rng.integers(0, 2, trials)
        texts = [self.valid(rng) if right else self.invalid(rng) for right in targets]
        letters = np.full((trials, self.length.high), -1)
        for row, text in enumerate(texts):
            letters[row, : len(text)] = [LETTERS.index(letter) for letter in text]
        mask = at_the_end(trials, self.length.high)
        return Trials(one_hot(letters, len(LETTERS)), targets, mask, {"text": np.array(texts)})
