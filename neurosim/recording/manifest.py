"""What a recording says of itself, in memory and on disk."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

import numpy as np

from ..errors import RecordingError
from .channel import Channel

FORMAT = "neurosim recording"
VERSION = 1

Pieces = dict[str, dict[str, list[np.ndarray]]]
"""Key, then column, to the arrays that make it up, one after another."""


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """The channels of a recording and the time it covers.

    Parameters
    ----------
    channels
        What was recorded.
    dt
        Time step, ms.
    start_step, stop_step
        Everything of the steps ``start_step <= k < stop_step`` is there.
    finished
        False when the run was interrupted, or is still going on.
    metadata
        How it came about: network, seed, backend, versions; plain values.
    segments
        Of each channel the files on disk, a name per column; empty for what lies in memory.
    """

    channels: tuple[Channel, ...]
    dt: float
    start_step: int
    stop_step: int
    finished: bool
    metadata: Mapping[str, Any] = field(default_factory=dict)
    segments: Mapping[str, list[dict[str, str]]] = field(default_factory=dict)

    def to_json(self) -> str:
        """The manifest as it stands in a file."""
        plain = {name: getattr(self, name) for name in ("dt", "start_step", "stop_step", "finished")}
        channels = [
            {**channel.to_dict(), "segments": self.segments.get(channel.key, [])} for channel in self.channels
        ]
        head = {"format": FORMAT, "version": VERSION}
        return json.dumps({**head, **plain, "metadata": dict(self.metadata), "channels": channels}, indent=1)

    @classmethod
    def from_json(cls, text: str, place: str) -> "Manifest":
        """Read back what ``to_json`` wrote; ``place`` is named when it is something else."""
        try:
            plain = json.loads(text)
        except ValueError as error:
            raise RecordingError(f"{place} is damaged: {error}") from None
        if not isinstance(plain, dict) or plain.pop("format", None) != FORMAT:
            raise RecordingError(f"{place} is not a recording of neurosim")
        version = plain.pop("version", None)
        if version != VERSION:
            raise RecordingError(
                f"{place} has format version {version!r}, and only version {VERSION} is known"
            )
        try:
            segments = {channel["key"]: channel.pop("segments") for channel in plain["channels"]}
            channels = tuple(Channel(**channel) for channel in plain.pop("channels"))
            return cls(channels=channels, segments=segments, **plain)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise RecordingError(f"{place} is damaged: {error}") from None


def plain_metadata(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """The metadata as it will be read back from JSON.

    Raises
    ------
    RecordingError
        When a value has no plain form.
    """
    try:
        return json.loads(json.dumps(dict(metadata), default=_plain))
    except (TypeError, ValueError) as error:
        raise RecordingError(f"the metadata of a recording must be plain values: {error}") from None


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    if isinstance(value, PurePath):
        return str(value)
    raise TypeError(f"{type(value).__name__} {value!r:.60}")


def check_pieces(channel: Channel, pieces: Mapping[str, list[np.ndarray]], place: str) -> None:
    """The arrays of a channel have the types and shapes that they must have."""
    kinds = {"steps": np.int64, "indices": np.int32, "replicas": np.int32}
    row = (channel.count,) if channel.replicas is None else (channel.replicas, channel.count)
    for parts in zip(*(pieces[column] for column in channel.columns), strict=True):
        for column, part in zip(channel.columns, parts, strict=True):
            right = part.shape[1:] == (row if column == "values" else ()) and len(part) == len(parts[0])
            if not right or (column in kinds and part.dtype != kinds[column]):
                raise RecordingError(
                    f"{place} is damaged: {column} of {channel.key!r} is {part.dtype} {part.shape}, "
                    f"which does not belong there"
                )
