r"""Cells whose answers to synaptic inputs were recorded, for who fits a neuron to them; nothing is downloaded.

References
----------
Beniaguev et al. (2021). Neuron 109, 2727-2739. doi:10.1016/j.neuron.2021.07.002 (NeuronIO: a layer 5 pyramidal cell)
Spieler et al. (2024). ICLR 2024, doi:10.48550/arXiv.2306.16922, and the authors' code (how it is cut and scaled)
"""

import pickle
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import DescriptionError
from .files import existing
from .task import Trials, generator

CUT, REST, SCALE = -55.0, -67.7, 0.1
"""What voltages are cut at, mV, what is taken off them, mV, and what they are multiplied with, 1/mV, as targets."""

ALLOWED = {
    *((f"numpy.{core}.{name}", what) for core in ("core", "_core") for name, what in
      (("multiarray", "_reconstruct"), ("multiarray", "scalar"), ("numeric", "_frombuffer"))),
    ("numpy", "ndarray"), ("numpy", "dtype"), ("_codecs", "encode"), ("__builtin__", "bytes"), ("builtins", "bytes"),
}
"""What a pickle may call: arrays and numbers of NumPy, and nothing that could do anything."""


@dataclass(frozen=True, eq=False, kw_only=True)
class CellRecordings:
    """What a cell was given and what it did, ms by ms, in several simulations.

    Parameters
    ----------
    inputs
        (n, T, I) signed: 1 where an excitatory input fired, -1 where an inhibitory one did.
    spikes
        (n, T), 1 in the ms of a spike.
    voltage
        (n, T) somatic voltage, mV.
    """

    inputs: np.ndarray
    spikes: np.ndarray
    voltage: np.ndarray

    def __post_init__(self) -> None:
        if self.inputs.ndim != 3 or not self.inputs.shape[:2] == self.spikes.shape == self.voltage.shape:
            raise DescriptionError(f"CellRecordings.inputs must be (n, T, I), spikes and voltage (n, T), got "
                                   f"{self.inputs.shape}, {self.spikes.shape} and {self.voltage.shape}")

    def __len__(self) -> int:
        return len(self.inputs)

    @property
    def channels(self) -> int:
        """Number of inputs, I."""
        return self.inputs.shape[2]

    @property
    def counts(self) -> np.ndarray:
        """Spikes of each simulation, (n,)."""
        return np.asarray(self.spikes.sum(axis=1), np.int64)

    def of(self, which: Any) -> "CellRecordings":
        """Some of the simulations; the paper tests on those with at most 24 spikes: ``of(counts <= 24)``."""
        return CellRecordings(inputs=self.inputs[which], spikes=self.spikes[which], voltage=self.voltage[which])

    def draw(self, trials: int, *, seed: int, steps: int = 500, skip: int = 500) -> Trials:
        """Windows at random places of simulations drawn at random.

        Targets are (B, T, 2): the spike, and the voltage cut at -55 mV, less -67.7 mV, in tens of mV. The paper's
        windows are 500 ms long and leave out the first 500 ms of a simulation; it trains on all steps of a window, and
        tests on those from 150 on.
        """
        length = self.inputs.shape[1]
        if not 0 < steps <= length - skip or skip < 0:
            raise DescriptionError(f"windows need 0 < steps <= {length} - skip and skip >= 0, got steps {steps!r} and "
                                   f"skip {skip!r}")
        rng = generator("CellRecordings", seed)
        which = rng.integers(0, len(self), trials)
        begin = rng.integers(skip, length - steps + 1, trials)
        rows, columns = which[:, None], begin[:, None] + np.arange(steps)
        voltage = SCALE * (np.minimum(self.voltage[rows, columns], CUT) - REST)
        targets = np.stack([self.spikes[rows, columns], voltage], axis=-1).astype(np.float32)
        about = {"simulation": which, "begin": begin}
        return Trials(self.inputs[rows, columns].astype(np.float32), targets, np.ones((trials, steps), bool), about)


def read_neuron_io(files: str | Path | Iterable[str | Path]) -> CellRecordings:
    """Simulations of one or more files of NeuronIO, ``sim__*.p`` as published on Kaggle.

    A file holds 128 simulations of 6 s, which take about 1 GB as (128, 6000, 1278) bytes. Inputs are first excitatory,
    then inhibitory, each segment by segment. The files are pickles of Python 2; what is in them is not run: all but
    arrays, numbers, texts, lists and dicts is refused.

    Raises
    ------
    DescriptionError
        Where a file is not there, is no such pickle, or lacks what belongs to the format.
    """
    paths = [files] if isinstance(files, str | Path) else list(files)
    if not paths:
        raise DescriptionError("read_neuron_io needs at least one file, got none")
    found = [_simulation(one, path) for path in paths for one in _results(Path(path))]
    return CellRecordings(**{name: np.stack([one[name] for one in found]) for name in found[0]})


def _results(file: Path) -> list[tuple[Mapping[str, Any], int, int]]:
    """The simulations of a file, each with its segments and its duration, ms."""
    path = existing(file, "a sim__*.p file of NeuronIO, from kaggle.com/selfishgene")
    try:
        with open(path, "rb") as content:
            # Python 2 wrote arrays as texts of bytes
            held = _Plain(content, encoding="latin1").load()
        segments = len(held["Params"]["allSegmentsType"])
        duration = int(held["Params"]["totalSimDurationInSec"] * 1000)
        found = [(one, segments, duration) for one in held["Results"]["listOfSingleSimulationDicts"]]
    except (pickle.UnpicklingError, EOFError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise DescriptionError(f"{path} must be a pickle of NeuronIO, with Params and Results: {error!r}") from None
    if not found:
        raise DescriptionError(f"{path} must hold simulations, found none")
    return found


def _simulation(given: tuple[Mapping[str, Any], int, int], path: str | Path) -> dict[str, np.ndarray]:
    held, segments, duration = given
    inputs, spikes = np.zeros((duration, 2 * segments), np.int8), np.zeros(duration, np.int8)
    try:
        for first, sign, name in ((0, 1, "exInputSpikeTimes"), (segments, -1, "inhInputSpikeTimes")):
            for segment, times in held[name].items():
                if not 0 <= segment < segments:
                    raise DescriptionError(f"{path}: {name} must be of segments 0..{segments - 1}, got {segment!r}")
                inputs[np.asarray(times, np.int64), first + segment] = sign
        # a time is that of the peak; the authors count it to the ms in which the half ms before lies
        spikes[(np.asarray(held["outputSpikeTimes"], float) - 0.5).astype(np.int64)] = 1
        voltage = np.asarray(held["somaVoltageLowRes"], np.float32)
    except KeyError as error:
        raise DescriptionError(f"{path}: a simulation must hold {error}") from None
    except IndexError:
        raise DescriptionError(f"{path} must have times within its {duration} ms") from None
    if voltage.shape != (duration,):
        raise DescriptionError(f"{path}: somaVoltageLowRes must have a value for each of {duration} ms, got "
                               f"{voltage.shape}")
    return {"inputs": inputs, "spikes": spikes, "voltage": voltage}


class _Plain(pickle.Unpickler):
    """Reads plain data and arrays; a pickle that asks for anything else is refused."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in ALLOWED:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}, which is neither data nor an array")
        return super().find_class(module.replace("numpy.core", "numpy._core"), name)
