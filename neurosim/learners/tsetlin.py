"""Train a ``TsetlinMachine``, ask it, and read its clauses."""

from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from ..errors import DescriptionError
from ..families.arrays import taken
from ..families.discrete import TsetlinMachine
from ..families.discrete.writing import checked_bits
from ..kernels.loader import load, prelude_text, source_text
from ..kernels.philox import stream_number

GRAIN_BITS = 24


@dataclass(frozen=True)
class Clause:
    """What one clause says.

    Parameters
    ----------
    of, sign
        Class, and 1 where it votes for the class, -1 where against it.
    true, false
        Features that must be 1, and features that must be 0.
    """

    of: int
    sign: int
    true: tuple[int, ...]
    false: tuple[int, ...]

    def __str__(self) -> str:
        literals = [*(f"x{k}" for k in self.true), *(f"not x{k}" for k in self.false)]
        return f"{'+' if self.sign > 0 else '-'}{self.of}: {' and '.join(literals) or 'empty'}"


def train(
    machine: TsetlinMachine, *, epochs: int = 1, seed: int = 0, step: int = 0, name: str = "machine"
) -> TsetlinMachine:
    """The machine after it was shown its samples, in order, ``epochs`` times.

    The states are those that ``simulate(Network({name: machine}), ...)`` with this seed reaches after as many steps as
    samples were shown, in double precision; in single precision, too, as long as T is at most 128.

    Parameters
    ----------
    machine
        With samples and labels; it is left as it is.
    epochs
        How often each sample is shown.
    seed
        Of all draws.
    step
        Step at which it begins: for going on, how many samples were shown before.
    name
        Under which name the machine would stand in a network; its draws hang on it.
    """
    _check_machine(machine)
    for field, value, least in (("epochs", epochs, 1), ("step", step, 0), ("seed", seed, 0)):
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
            raise DescriptionError(f"{field} must be a whole number >= {least}, got {value!r}")
    if step + epochs * len(machine.samples) >= 1 << 47:
        raise DescriptionError(f"step + epochs * samples must be < 2**47, got {step + epochs * len(machine.samples)}")
    states = np.array(machine.first_states, np.int32)
    literals = _literals(machine.samples)
    included = np.zeros((len(states), -(-literals.shape[1] // 64)), np.uint64)
    kernel, bound = _kernel(), np.int32(machine.states)
    kernel.pack_all(states, included, bound)
    streams = np.array([stream_number(f"{name}{place}/0") for place in (".teacher", "", ".automaton")], np.uint64)
    longest = max(literals.shape[1], machine.clauses)
    kernel.train_packed(
        states, included, literals, _words(~literals.view(bool)), machine.labels, int(epochs), int(step), streams,
        np.uint64(seed & 0xFFFFFFFF), np.uint64(seed >> 32), machine.classes, machine.threshold, bound,
        np.int32(round(machine.weakening * (1 << GRAIN_BITS))), np.int32(machine.boost),
        np.zeros((2, (longest // 64 + 2) * 64), np.uint32), np.zeros(machine.clauses, np.int32),
    )  # fmt: skip
    return replace(machine, automata=states)


def scores(machine: TsetlinMachine, samples: Any) -> np.ndarray:
    """Scores of (n, F) bits, (n, C) from -T to T."""
    _check_machine(machine)
    bits = taken(samples, "samples")
    features = machine.samples.shape[1]
    if bits.ndim != 2 or bits.shape[1] != features:
        raise DescriptionError(f"samples must be (n, {features}), got an array of shape {bits.shape}")
    bits = checked_bits(bits, "samples") if bits.size else bits.astype(bool)
    states = np.ascontiguousarray(machine.first_states, np.int32)
    included = np.zeros((len(states), -(-2 * features // 64)), np.uint64)
    kernel, found = _kernel(), np.zeros((len(bits), machine.classes), np.int64)
    kernel.pack_all(states, included, np.int32(machine.states))
    false = _words(~_literals(bits).view(bool))
    kernel.score_packed(included, false, machine.classes, machine.threshold, found)
    return found


def predict(machine: TsetlinMachine, samples: Any) -> np.ndarray:
    """The class with the highest score, (n,); the lowest of equals."""
    return scores(machine, samples).argmax(axis=1)


def clauses(machine: TsetlinMachine) -> list[Clause]:
    """What the clauses say, class by class."""
    _check_machine(machine)
    features = machine.samples.shape[1]
    found = []
    for clause, included in enumerate(machine.first_states > machine.states):
        sign = 1 - 2 * (clause % machine.clauses % 2)
        parts = (tuple(map(int, np.flatnonzero(part))) for part in (included[:features], included[features:]))
        found.append(Clause(clause // machine.clauses, sign, *parts))
    return found


def _check_machine(machine: TsetlinMachine) -> None:
    if not isinstance(machine, TsetlinMachine):
        raise DescriptionError(f"machine must be a TsetlinMachine, got {type(machine).__name__}")


@cache
def _kernel() -> ModuleType:
    return load("tsetlin", prelude_text(), source_text(Path(__file__).with_name("packed_clauses.py")))


def _literals(bits: np.ndarray) -> np.ndarray:
    """Features and their negations, (n, 2 F) uint8."""
    return np.ascontiguousarray(np.concatenate([bits, ~bits], axis=1)).view(np.uint8)


def _words(bits: np.ndarray) -> np.ndarray:
    """Bits (n, L) as words (n, W) uint64, the first in the lowest bit."""
    padded = np.zeros((len(bits), -(-bits.shape[1] // 64) * 64), bool)
    padded[:, : bits.shape[1]] = bits
    return np.packbits(padded, axis=1, bitorder="little").view("<u8").astype(np.uint64)
