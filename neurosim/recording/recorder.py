"""What a simulation writes into."""

import tempfile
import time
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np

from ..errors import RecordingError, listing, nearest
from .channel import Channel
from .files import Folder
from .manifest import Manifest, Pieces, plain_metadata
from .memory import available_memory
from .recording import Recording
from .spikes import sort_events

SEGMENT_BYTES = 16 << 20
SECONDS_AT_RISK = 5.0
"""How much of a run, in wall-clock seconds, a crash may cost."""


class Recorder:
    """Collects events and samples; in memory, and on disk once they grow too large or a folder is given.

    Parameters
    ----------
    plan
        What will be recorded.
    dt
        Time step, ms.
    start_step
        The first step of the run.
    metadata
        How the run came about; plain values.
    memory_limit
        Bytes to hold in memory before the rest goes to a temporary folder, which lives as long as the
        recording; ``auto`` is a quarter of what is available now, None sets no limit.
    path
        Folder to stream to from the beginning. ``Recording.load`` reads it at any time, also after a crash.
    overwrite
        Whether a recording that ``path`` already holds may be replaced.
    """

    def __init__(
        self,
        plan: Sequence[Channel],
        *,
        dt: float,
        start_step: int = 0,
        metadata: Mapping[str, Any] | None = None,
        memory_limit: int | None | Literal["auto"] = "auto",
        path: str | Path | None = None,
        overwrite: bool = False,
    ):
        keys = [channel.key for channel in plan]
        for key in keys:
            if keys.count(key) > 1:
                raise RecordingError(f"{key!r} stands twice in the plan of a recording")
        self._channels = {channel.key: channel for channel in plan}
        self._dt, self._start = float(dt), int(start_step)
        self._metadata = plain_metadata(metadata or {})
        self._pending: Pieces = {
            key: {c: [] for c in channel.columns} for key, channel in self._channels.items()
        }
        self._last = dict.fromkeys(keys, self._start - 1)
        self._reached: int | None = None
        self._bytes = 0
        self._finished = self._closed = False
        self._folder = None if path is None else Folder(Path(path), overwrite=overwrite)
        self._flushed_at = time.monotonic()
        memory = available_memory()
        self._limit = (memory // 4 if memory else None) if memory_limit == "auto" else memory_limit
        if self._folder is not None:
            self._folder.commit(self._manifest(self._start, False))

    def events(
        self, key: str, steps: np.ndarray, indices: np.ndarray, replicas: np.ndarray | None = None
    ) -> None:
        """Append events: (n,) steps, past all that ``key`` was given before, (n,) indices and replicas."""
        channel = self._channel(key, "events")
        columns: dict[str, np.ndarray] = {
            "steps": np.array(steps, np.int64),
            "indices": np.array(indices, np.int32),
        }
        if channel.replicas is not None:
            copies = np.zeros(len(columns["steps"])) if replicas is None else replicas
            columns["replicas"] = np.array(copies, np.int32)
        self._append(channel, sort_events(columns))

    def samples(self, key: str, steps: np.ndarray, values: np.ndarray) -> None:
        """Append samples, internal units: (T,) steps and the (T, n) or (T, B, n) values at their end."""
        channel = self._channel(key, "samples")
        row = (channel.count,) if channel.replicas is None else (channel.replicas, channel.count)
        # multiplied now, where a copy is due anyway: later the array may be a mapped file
        kept = np.array(values) if channel.factor == 1.0 else np.asarray(values) * channel.factor
        if kept.ndim == 0 or kept.size != len(kept) * int(np.prod(row)) or len(kept) != len(steps):
            raise RecordingError(f"samples of {key!r} must be (T,) steps and {('T', *row)}, got {kept.shape}")
        self._append(channel, {"steps": np.array(steps, np.int64), "values": kept.reshape(len(kept), *row)})

    def reached(self, step: int) -> None:
        """Everything before ``step`` is handed over; called between chunks it bounds what a crash costs."""
        self._reached = int(step)
        if self._folder is not None and time.monotonic() - self._flushed_at >= SECONDS_AT_RISK:
            self._flush()

    def snapshot(self, stop_step: int | None = None, finished: bool | None = None) -> Recording:
        """What was recorded so far, until ``stop_step`` or as far as is known; writes nothing.

        ``finished`` says whether the run got as far as it was asked to; by default what ``finish`` was told.
        """
        stop = self._complete() if stop_step is None else int(stop_step)
        whole = self._finished if finished is None else finished
        return Recording(self._manifest(stop, whole), self._pieces(), self._folder)

    def finish(self, stop_step: int, finished: bool = True) -> Recording:
        """Close the recorder and give the recording; ``finished`` is False for a run that was interrupted."""
        self._reached = int(stop_step)
        if self._folder is not None:
            self._flush()
            manifest = self._manifest(self._reached, bool(finished))
            self._folder.commit(manifest)
            self._folder.merge(manifest)
        self._finished, self._closed = bool(finished), True
        return self.snapshot(stop_step)

    def _channel(self, key: str, kind: str) -> Channel:
        if self._closed:
            raise RecordingError(f"the recorder is closed: nothing more can be recorded under {key!r}")
        channel = self._channels.get(key)
        if channel is None:
            hint = nearest(key, self._channels)
            raise RecordingError(f"no channel {key!r}; there are: {listing(self._channels)}{hint}")
        if channel.kind != kind:
            raise RecordingError(f"channel {key!r} takes {channel.kind}, not {kind}")
        return channel

    def _append(self, channel: Channel, columns: dict[str, np.ndarray]) -> None:
        steps = columns["steps"]
        if not steps.size:
            return
        if steps.ndim != 1 or any(len(column) != len(steps) for column in columns.values()):
            raise RecordingError(f"the columns of {channel.key!r} must be as long as its steps")
        gap = 1 if channel.kind == "samples" else 0
        if steps[0] <= self._last[channel.key] or np.any(np.diff(steps) < gap):
            raise RecordingError(
                f"the steps of {channel.key!r} must ascend past {self._last[channel.key]}, "
                f"got {steps[0]} to {steps[-1]}"
            )
        for name, size in (("indices", channel.size), ("replicas", channel.replicas)):
            column = columns.get(name)
            if column is not None and (column.min() < 0 or column.max() >= size):
                raise RecordingError(
                    f"the {name} of {channel.key!r} must be >= 0 and < {size}, "
                    f"got {column.min()} to {column.max()}"
                )
        self._last[channel.key] = int(steps[-1])
        for name, column in columns.items():
            self._pending[channel.key][name].append(column)
            self._bytes += column.nbytes
        self._relieve()

    def _relieve(self) -> None:
        """Move what was collected to disk when it is too much, or has lain too long."""
        if self._folder is None:
            if self._limit is None or self._bytes <= self._limit:
                return
            self._folder = Folder(Path(tempfile.mkdtemp(prefix="neurosim-recording-")), temporary=True)
            warnings.warn(
                f"the recording passed its memory limit of {self._limit:,} bytes and goes on in "
                f"{self._folder.path}, which is removed with it; give a path to keep it on disk",
                stacklevel=4,
            )
        too_much = SEGMENT_BYTES if self._limit is None else min(SEGMENT_BYTES, self._limit)
        if self._bytes > too_much or time.monotonic() - self._flushed_at >= SECONDS_AT_RISK:
            self._flush()

    def _flush(self) -> None:
        """Write everything collected; what cannot be written stays in memory."""
        folder = self._folder
        if folder is None:
            return
        for number, (key, channel) in enumerate(self._channels.items()):
            pending = self._pending[key]
            if not pending["steps"]:
                continue
            folder.add(number, channel, pending)
            self._bytes -= sum(piece.nbytes for pieces in pending.values() for piece in pieces)
            self._pending[key] = {column: [] for column in channel.columns}
        folder.commit(self._manifest(self._complete(), False))
        self._flushed_at = time.monotonic()

    def _complete(self) -> int:
        """The step until which everything is there: what was said, else the last one seen."""
        last = max(self._last.values(), default=self._start - 1)
        return last + 1 if self._reached is None else self._reached

    def _manifest(self, stop: int, finished: bool) -> Manifest:
        return Manifest(
            channels=tuple(self._channels.values()),
            dt=self._dt,
            start_step=self._start,
            stop_step=max(stop, self._start),
            finished=finished,
            metadata=self._metadata,
        )

    def _pieces(self) -> Pieces:
        """What lies on disk, then what lies in memory."""
        folder = self._folder
        return {
            key: {
                column: [*written.get(column, []), *self._pending[key][column]] for column in channel.columns
            }
            for key, channel in self._channels.items()
            for written in [folder.pieces(channel) if folder else {}]
        }
