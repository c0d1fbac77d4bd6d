"""Readers of data sets that the user has: nothing is downloaded.

References
----------
Cramer et al. (2022). IEEE Trans Neural Netw Learn Syst 33, 2744-2757. doi:10.1109/TNNLS.2020.3044364 (SHD, SSC)
Orchard et al. (2015). Front Neurosci 9, 437. doi:10.3389/fnins.2015.00437 (N-MNIST, N-Caltech101)
"""

from pathlib import Path
from typing import Any

import numpy as np

from ..errors import DescriptionError
from .events import EVENT, EventSet

SHD_CHANNELS = 700
N_MNIST_SENSOR = (34, 34, 2)
AEDAT_HEADER, AEDAT_POLARITY = 28, 1


def read_shd(file: str | Path, *, channels: int = SHD_CHANNELS) -> EventSet:
    """Spiking Heidelberg Digits or Spiking Speech Commands: ``shd_train.h5`` and the like, unpacked.

    Times are seconds in the file and µs here, cut to whole ones. ``about`` has the speaker where the file has it.

    Raises
    ------
    DescriptionError
        Where the file is not there, is no HDF5 file, lacks what belongs to the format, or h5py is not installed.
    """
    path = existing(file, "shd_train.h5, from zenkelab.org/datasets, unpacked")
    h5py = _h5py()
    try:
        with h5py.File(path, "r") as content:
            times, units = content["spikes"]["times"][:], content["spikes"]["units"][:]
            labels = np.asarray(content["labels"][:], np.int64)
            about = {"speaker": content["extra"]["speaker"][:]} if "speaker" in content.get("extra", {}) else {}
    except (OSError, KeyError) as error:
        raise DescriptionError(
            f"{path} must be an HDF5 file with spikes/times, spikes/units and labels: {error}"
        ) from None
    if not len(times) == len(units) == len(labels):
        raise DescriptionError(
            f"{path}: spikes/times, spikes/units and labels must have one entry a recording, "
            f"got {len(times)}, {len(units)} and {len(labels)}"
        )
    samples = [
        _shd_events(t, u, channels, f"{path}: recording {k}") for k, (t, u) in enumerate(zip(times, units, strict=True))
    ]
    classes = int(labels.max(initial=0)) + 1
    return EventSet(samples, labels, (channels, 1, 1), classes, about)


def _h5py() -> Any:
    try:
        import h5py
    except ImportError:
        raise DescriptionError("reading HDF5 files needs h5py: pip install 'neurosim[interop]'") from None
    return h5py


def _shd_events(times: np.ndarray, units: np.ndarray, channels: int, where: str) -> np.ndarray:
    if np.shape(times) != np.shape(units):
        raise DescriptionError(f"{where} must have a unit for each time, got {np.shape(units)} and {np.shape(times)}")
    if len(units) and not 0 <= int(np.min(units)) <= int(np.max(units)) < channels:
        raise DescriptionError(f"{where} must have units in 0..{channels - 1}, got {np.min(units)}..{np.max(units)}")
    found = np.zeros(len(times), EVENT)
    # half-precision seconds are widened first: their grain is up to 0.5 ms, and 1e6 overflows float16
    found["t"], found["x"] = np.asarray(times, np.float64) * 1e6, units
    return found


def read_n_mnist(folder: str | Path, *, sensor: tuple[int, int, int] = N_MNIST_SENSOR) -> EventSet:
    """N-MNIST as it is published: a folder ``Train`` or ``Test`` with a folder of ``.bin`` files for each class.

    Raises
    ------
    DescriptionError
        Where the folder or its files are not there, or a file does not fit the format.
    """
    path = existing(folder, "the folder Train or Test of N-MNIST, unpacked")
    classes = sorted(entry for entry in path.iterdir() if entry.is_dir())
    files = [(file, label) for label, entry in enumerate(classes) for file in sorted(entry.glob("*.bin"))]
    if not files:
        raise DescriptionError(f"{path} must hold folders of .bin files, one for each class; found none")
    samples = [read_atis(file, sensor=sensor) for file, _ in files]
    about = {"file": np.array([str(file.relative_to(path)) for file, _ in files])}
    labels = np.array([label for _, label in files], np.int64)
    return EventSet(samples, labels, sensor, len(classes), about)


def read_atis(file: str | Path, *, sensor: tuple[int, int, int] = N_MNIST_SENSOR) -> np.ndarray:
    """Events of one ``.bin`` file of N-MNIST: five bytes each, x, y, polarity in the highest bit, 23 bits of µs.

    Events with y = 240 mark that the counter of 2**13 µs has gone round, and are taken out.
    """
    path = existing(file, "a .bin file of N-MNIST")
    raw = np.fromfile(path, np.uint8)
    if len(raw) % 5:
        raise DescriptionError(f"{path} must have a multiple of 5 bytes, got {len(raw)}")
    x, y, high, middle, low = raw.reshape(-1, 5).T.astype(np.int64)
    found = np.zeros(len(x), EVENT)
    found["x"], found["y"], found["p"] = x, y, high >> 7
    time = (high & 0x7F) << 16 | middle << 8 | low
    rounds = y == 240
    found["t"] = time + np.cumsum(rounds) * (1 << 13)
    return _inside(found[~rounds], sensor, path)


def read_aedat3(file: str | Path, *, sensor: tuple[int, int, int] = (128, 128, 2)) -> np.ndarray:
    """Polarity events of an AEDAT 3.1 file, such as those of DVS128 Gesture; other kinds of events are passed over.

    Raises
    ------
    DescriptionError
        Where the file is not there, is of another version, or ends within a packet.
    """
    path = existing(file, "an .aedat file of version 3.1")
    raw = path.read_bytes()
    if not raw.startswith(b"#!AER-DAT3"):
        raise DescriptionError(f"{path} must begin with #!AER-DAT3, got {raw[:12]!r}")
    place = 0
    while raw[place : place + 1] == b"#":
        place = raw.find(b"\n", place) + 1
        if place == 0:
            raise DescriptionError(f"{path} must have a header that ends")
    parts = []
    while place < len(raw):
        kind, size, number, overflow = _packet(raw, place, path)
        place += AEDAT_HEADER
        if kind == AEDAT_POLARITY and size == 8:
            parts.append(_polarities(np.frombuffer(raw, "<u4", 2 * number, place).reshape(-1, 2), overflow))
        place += size * number
    found = np.concatenate(parts) if parts else np.zeros(0, EVENT)
    return _inside(found, sensor, path)


def _packet(raw: bytes, place: int, path: Path) -> tuple[int, int, int, int]:
    """Kind, bytes of an event, capacity and overflow of the clock of the packet at ``place``."""
    if len(raw) - place < AEDAT_HEADER:
        raise DescriptionError(f"{path} must end with a whole packet; {len(raw) - place} bytes are left over")
    kind, _ = np.frombuffer(raw, "<u2", 2, place)
    size, _, overflow, capacity, _, _ = np.frombuffer(raw, "<u4", 6, place + 4)
    if len(raw) - place - AEDAT_HEADER < int(size) * int(capacity):
        raise DescriptionError(f"{path} must end with a whole packet; the one at byte {place} is cut")
    return int(kind), int(size), int(capacity), int(overflow)


def _polarities(words: np.ndarray, overflow: int) -> np.ndarray:
    """Events that are marked as valid: bit 0; polarity is bit 1, y the 15 bits from 2 on, x those from 17 on."""
    data, time = words[words[:, 0] & 1 == 1].T
    found = np.zeros(len(data), EVENT)
    found["p"], found["y"], found["x"] = data >> 1 & 1, data >> 2 & 0x7FFF, data >> 17 & 0x7FFF
    found["t"] = time.astype(np.int64) + (overflow << 31)
    return found


def _inside(events: np.ndarray, sensor: tuple[int, int, int], path: Path) -> np.ndarray:
    for name, size in zip(("x", "y", "p"), sensor, strict=True):
        if (events[name] >= size).any():
            raise DescriptionError(f"{path} must have {name} in 0..{size - 1}, got {events[name].max()}")
    return events


def existing(file: str | Path, what: str) -> Path:
    """The path, where something is there."""
    path = Path(file).expanduser()
    if not path.exists():
        raise DescriptionError(f"there is no {path}: it must be {what}; neurosim downloads nothing")
    return path
