"""Saving a simulation and taking it up again, to the bit."""

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import CheckpointError

FORMAT, VERSION = "neurosim checkpoint", 1
HEADER = "header.json"


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """What a saved simulation holds.

    Parameters
    ----------
    network
        The network as plain data.
    dt, seed, replicas, dtype
        Time step (ms), seed, number of copies and precision of the run.
    step
        Steps done.
    state
        Everything that the further run depends on, by name.
    """

    network: Mapping[str, Any]
    dt: float
    seed: int
    replicas: int
    dtype: str
    step: int
    state: Mapping[str, np.ndarray]


def write_checkpoint(path: Any, checkpoint: Checkpoint) -> None:
    """Write to a temporary name and rename, so that a file of this name is always whole.

    Raises
    ------
    CheckpointError
        When the file cannot be written; what was there before is untouched.
    """
    path = Path(path)
    plain = {name: value for name, value in vars(checkpoint).items() if name != "state"}
    header = {"format": FORMAT, "version": VERSION, "digest": digest(plain, checkpoint.state), **plain}
    text = np.frombuffer(json.dumps(header).encode(), dtype=np.uint8)
    temporary = None
    try:
        with tempfile.NamedTemporaryFile(
            dir=path.parent, prefix=path.name, suffix=".part", delete=False
        ) as file:
            temporary = file.name
            np.savez(file, **{HEADER: text}, **checkpoint.state)  # type: ignore[arg-type]
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        raise CheckpointError(f"{path} cannot be written: {error.strerror or error}") from None
    finally:
        if temporary is not None and os.path.exists(temporary):
            os.unlink(temporary)


def read_checkpoint(path: Any) -> Checkpoint:
    """Read a saved simulation and make sure that it is whole.

    Raises
    ------
    CheckpointError
        When the file is missing, damaged, or not of neurosim.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        header = json.loads(arrays.pop(HEADER).tobytes())
    except FileNotFoundError:
        raise CheckpointError(f"there is no file {path}") from None
    # a changed byte may ask zipfile and NumPy for anything: another compression, a password, too much memory
    except Exception as error:
        reason = str(error) or type(error).__name__
        raise CheckpointError(f"{path} is damaged or no checkpoint of neurosim ({reason})") from None
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        raise CheckpointError(f"{path} is no checkpoint of neurosim")
    if header.get("version") != VERSION:
        raise CheckpointError(
            f"{path} has version {header.get('version')} of the format; this neurosim reads {VERSION}"
        )
    plain = {name: value for name, value in header.items() if name not in ("format", "version", "digest")}
    if digest(plain, arrays) != header.get("digest"):
        raise CheckpointError(f"{path} is damaged: its contents do not match its digest")
    try:
        return Checkpoint(**plain, state=arrays)
    except TypeError as error:
        raise CheckpointError(f"{path} is no checkpoint of this neurosim ({error})") from None


def digest(plain: Mapping[str, Any], state: Mapping[str, np.ndarray]) -> str:
    """SHA-256 over everything in a checkpoint."""
    found = hashlib.sha256(json.dumps(plain, sort_keys=True).encode())
    for name in sorted(state):
        array = np.ascontiguousarray(state[name])
        found.update(f"{name} {array.dtype.str} {array.shape}".encode())
        found.update(array.tobytes())
    return found.hexdigest()
